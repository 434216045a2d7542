"""The progress of a wait on standard error: a bar for each job on a terminal, plain lines elsewhere."""

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

# More bars do not fit on a screen. For more jobs there is one bar, or one line, for all of them.
_MOST_BARS = 12


class BestEffortStream:
    """Standard error without its errors: a full disk or a closed terminal does not end a wait."""

    def __init__(self) -> None:
        self._stream = sys.stderr  # the stream of this moment: the progress bars replace `sys.stderr`

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
def progress(job_ids: Sequence[str], write_line: Callable[[str], None]) -> Iterator[Report]:
    """Show the progress of jobs; yields the report for `wait_for_jobs`.

    Args:
        job_ids: The jobs, each once.
        write_line: Writes a line on standard error.
    """
    if sys.stderr.isatty():
        with _bars(job_ids) as report:
            yield report
    else:
        yield _lines(job_ids, write_line)


def _lines(job_ids: Sequence[str], write_line: Callable[[str], None]) -> Report:
    """Write the lines that are due: those of each job, or those of all jobs together if there are many."""
    together = ProgressLines(len(job_ids))
    each_job = {job_id: ProgressLines() for job_id in job_ids}

    def report(job_id: str, state: PollState, now: float) -> None:
        if len(job_ids) > _MOST_BARS:
            texts = [line.text for line in together.add(job_id, state, now)]
        else:
            lines = each_job[job_id].add(job_id, state, now)
            texts = [line.text if line.stays else f"{job_id}: {line.text}" for line in lines if _is_due(line, state)]
        for text in texts:
            write_line(text)

    return report


def _is_due(line: Line, state: PollState) -> bool:
    """Return whether to show a line. What a person has to do is part of the progress line already."""
    return not line.stays or state.status not in ATTENTION


@contextlib.contextmanager
def _bars(job_ids: Sequence[str]) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415  needed on a terminal only
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415  as above
    from rich.table import Column  # noqa: PLC0415  as above

    together = len(job_ids) > _MOST_BARS
    names = ["all jobs"] if together else [_short(job_id) for job_id in job_ids]
    width = max(map(len, names))
    stream: Any = BestEffortStream()
    columns = (
        TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, min_width=width)),
        BarColumn(12, table_column=Column(min_width=12)),
        TextColumn("{task.fields[line]}", markup=False),
    )
    with Progress(*columns, console=Console(file=stream, highlight=False), transient=False) as display:
        bars = [display.add_task("", total=1.0, name=name, line="no response yet") for name in names]
        all_jobs, lines = JobsSum(len(job_ids)), ProgressLines(len(job_ids))

        def report(job_id: str, state: PollState, now: float) -> None:
            for line in lines.add(job_id, state, now):
                if line.stays and _is_due(line, state):
                    display.console.print(line.text, markup=False)
            if together:
                all_jobs.add(job_id, state)
                display.update(bars[0], completed=all_jobs.share_done, line=all_jobs.line(now))
            else:
                share = 1.0 if state.status == "Complete" else state.share_done() or 0.0
                bar = bars[job_ids.index(job_id)]
                display.update(bar, completed=share, line=progress_line(state, now, brief=True))

        yield report


def _short(job_id: str) -> str:
    """Return the beginning and the end of an id: numbered ids differ at the end only."""
    return job_id if len(job_id) <= 13 else f"{job_id[:8]}…{job_id[-4:]}"
