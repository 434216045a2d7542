"""How waiting looks in a shell: a bar for each job on a terminal, plain lines elsewhere; both on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._waiting import progress_line

if TYPE_CHECKING:
    from pulumi_cosjob._gates import Report
    from pulumi_cosjob._waiting import History

__all__ = ["progress"]

# More bars than this do not fit on a screen: then there is one for all jobs together.
_MOST_BARS = 12


class _Courtesy:
    """Standard error for what may as well not be said: a full disk, or a terminal that has gone, ends no wait."""

    def __init__(self) -> None:
        self._stream = sys.stderr  # as it is now: what draws the bars takes its place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


@contextlib.contextmanager
def progress(job_ids: Sequence[str], tell: Callable[[str], None]) -> Iterator[Report]:
    """Show how jobs are doing; gives the report for `wait_for_jobs`.

    Args:
        job_ids: The jobs, each once.
        tell: Writes a line on standard error.
    """
    if sys.stderr.isatty():
        with _bars(job_ids) as report:
            yield report
    else:
        yield _lines(tell)


def _lines(tell: Callable[[str], None]) -> Report:
    """Print a line where the status of a job has changed, or a tenth of its tasks has been done."""
    told: dict[str, object] = {}

    def report(job_id: str, history: History, now: float) -> None:
        trouble = history.last.error.what if history.last and history.last.error else None
        share = history.share_done()
        state = (history.status, None if share is None else int(share * 10), trouble)
        if told.get(job_id) != state:
            told[job_id] = state
            tell(f"{job_id}: {progress_line(history, now)}")

    return report


@contextlib.contextmanager
def _bars(job_ids: Sequence[str]) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415  needed on a terminal only
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415  as above
    from rich.table import Column  # noqa: PLC0415  as above

    together = len(job_ids) > _MOST_BARS
    names = ["all jobs"] if together else [_short(job_id) for job_id in job_ids]
    width = max(map(len, names))
    courtesy: Any = _Courtesy()
    columns = (
        TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, min_width=width)),
        BarColumn(12, table_column=Column(min_width=12)),
        TextColumn("{task.fields[line]}", markup=False),
    )
    with Progress(*columns, console=Console(file=courtesy, highlight=False), transient=False) as shown:
        bars = [shown.add_task("", total=1.0, name=name, line="asking") for name in names]
        shares = dict.fromkeys(job_ids, 0.0)
        complete: set[str] = set()

        def report(job_id: str, history: History, now: float) -> None:
            shares[job_id] = 1.0 if history.status == "Complete" else history.share_done() or 0.0
            if history.status == "Complete":
                complete.add(job_id)
            if together:
                line = f"{len(complete)} of {len(job_ids)} jobs Complete"
                shown.update(bars[0], completed=sum(shares.values()) / len(job_ids), line=line)
            else:
                bar = bars[job_ids.index(job_id)]
                shown.update(bar, completed=shares[job_id], line=progress_line(history, now, brief=True))

        yield report


def _short(job_id: str) -> str:
    """Shorten an id to its beginning and its end: ids that were counted up differ at the end only."""
    return job_id if len(job_id) <= 13 else f"{job_id[:8]}…{job_id[-4:]}"
