"""How waiting looks in a shell: a bar for each job on a terminal, plain lines elsewhere; both on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._waiting.notices import ATTENTION, progress_line
from pulumi_cosjob._waiting.progress import JobsSum, Line, ProgressLines

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.loop import Report
    from pulumi_cosjob._waiting.state import PollState

__all__ = ["progress"]

# More bars than this do not fit on a screen: then there is one for all jobs together, and no line for each either.
_MOST_BARS = 12


class BestEffortStream:
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
        yield _lines(job_ids, tell)


def _lines(job_ids: Sequence[str], tell: Callable[[str], None]) -> Report:
    """Print the lines that are due: of each job, where there are not too many; else of all together."""
    together = ProgressLines(len(job_ids))
    apart = {job_id: ProgressLines() for job_id in job_ids}

    def report(job_id: str, history: PollState, now: float) -> None:
        if len(job_ids) > _MOST_BARS:
            texts = [line.text for line in together.add(job_id, history, now)]
        else:
            lines = apart[job_id].add(job_id, history, now)
            texts = [line.text if line.stays else f"{job_id}: {line.text}" for line in lines if _is_due(line, history)]
        for text in texts:
            tell(text)

    return report


def _is_due(line: Line, history: PollState) -> bool:
    """Leave out what the line of progress itself begins with: what a person is to do."""
    return not line.stays or history.status not in ATTENTION


@contextlib.contextmanager
def _bars(job_ids: Sequence[str]) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415  needed on a terminal only
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415  as above
    from rich.table import Column  # noqa: PLC0415  as above

    together = len(job_ids) > _MOST_BARS
    names = ["all jobs"] if together else [_short(job_id) for job_id in job_ids]
    width = max(map(len, names))
    courtesy: Any = BestEffortStream()
    columns = (
        TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, min_width=width)),
        BarColumn(12, table_column=Column(min_width=12)),
        TextColumn("{task.fields[line]}", markup=False),
    )
    with Progress(*columns, console=Console(file=courtesy, highlight=False), transient=False) as shown:
        bars = [shown.add_task("", total=1.0, name=name, line="polling") for name in names]
        all_jobs, lines = JobsSum(len(job_ids)), ProgressLines(len(job_ids))

        def report(job_id: str, history: PollState, now: float) -> None:
            for line in lines.add(job_id, history, now):
                if line.stays and _is_due(line, history):
                    shown.console.print(line.text, markup=False)
            if together:
                all_jobs.add(job_id, history)
                shown.update(bars[0], completed=all_jobs.share_done, line=all_jobs.line(now))
            else:
                share = 1.0 if history.status == "Complete" else history.share_done() or 0.0
                bar = bars[job_ids.index(job_id)]
                shown.update(bar, completed=share, line=progress_line(history, now, brief=True))

        yield report


def _short(job_id: str) -> str:
    """Shorten an id to its beginning and its end: ids that were counted up differ at the end only."""
    return job_id if len(job_id) <= 13 else f"{job_id[:8]}…{job_id[-4:]}"
