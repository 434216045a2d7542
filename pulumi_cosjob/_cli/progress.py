"""The progress of a wait on standard error: a bar for each job on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_cosjob._waiting.notices import ATTENTION, progress_line
from pulumi_cosjob._waiting.progress import JobsSum, Line, ProgressLines

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._waiting.loop import Tick
    from pulumi_cosjob._waiting.state import PollState
    from pulumi_cosjob._waiting.waiter import Report

__all__ = ["Display", "Lines", "progress"]

# More bars do not fit on a screen. For more jobs there is one bar, or one line, for all of them.
_MOST_BARS = 12
# A bar with its name takes half of that.
_LEAST_COLUMNS = 40


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


class Display(NamedTuple):
    """What shows the progress of a wait.

    Attributes:
        report: To be called after each poll.
        tick: To be called between polls.
    """

    report: Report
    tick: Tick


@contextlib.contextmanager
def progress(
    job_ids: Sequence[str], write_line: Callable[[str], None], heartbeat: float, clock: Clock
) -> Iterator[Display]:
    """Show the progress of jobs.

    Args:
        job_ids: The jobs, each once.
        write_line: Writes a line on standard error.
        heartbeat: Seconds without a line after which there is one; infinite for never. Bars have none.
        clock: The clock of the wait.
    """
    if _can_draw():
        with _bars(job_ids) as report:
            yield Display(report, lambda _now: math.inf)
    else:
        lines = Lines(job_ids, write_line, heartbeat, clock)
        yield Display(lines.report, lines.tick)


def _can_draw() -> bool:
    """Return whether standard error is a terminal that moves its cursor, and wide enough for bars."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        return False
    columns = os.environ.get("COLUMNS")
    try:
        width = int(columns) if columns else os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        width = 0
    # A terminal that does not know its width has none.
    return (width or 80) >= _LEAST_COLUMNS


class Lines:
    """Progress as lines of a log: those of each job, or those of all jobs together if there are many.

    Each line begins with the time in UTC and the time since the wait began.

    Args:
        job_ids: The jobs, each once.
        write_line: Writes a line.
        heartbeat: Seconds without a line after which there is one about the jobs under way; infinite for never.
        clock: The clock of the wait.
    """

    def __init__(
        self, job_ids: Sequence[str], write_line: Callable[[str], None], heartbeat: float, clock: Clock
    ) -> None:
        self._write_line, self._heartbeat, self._clock = write_line, heartbeat, clock
        self._started = self._written = clock.monotonic()
        self._under_way: dict[str, PollState | None] = dict.fromkeys(job_ids)
        self._sum = JobsSum(len(job_ids))
        self._together = ProgressLines(len(job_ids), math.inf) if len(job_ids) > _MOST_BARS else None
        self._each = {job_id: ProgressLines(heartbeat=math.inf) for job_id in job_ids}

    def report(self, job_id: str, state: PollState, now: float) -> None:
        """Write the lines that are due after a poll."""
        self._sum.add(job_id, state)
        if state.description is not None and state.description.state.final and state.last_error is None:
            self._under_way.pop(job_id, None)
        else:
            self._under_way[job_id] = state
        if self._together is not None:
            texts = [line.text for line in self._together.add(job_id, state, now)]
        else:
            lines = self._each[job_id].add(job_id, state, now)
            texts = [line.text if line.stays else f"{job_id}: {line.text}" for line in lines if _is_due(line, state)]
        for text in texts:
            self._write(text, now)

    def tick(self, now: float) -> float:
        """Write a line about the jobs under way if one is due; return the seconds until the next one would be."""
        if not self._under_way:
            return math.inf
        if now >= self._written + self._heartbeat:
            self._write(self._line(now), now)
        return self._written + self._heartbeat - now

    def _line(self, now: float) -> str:
        if len(self._under_way) > 1:
            return self._sum.line(now)
        job_id, state = next(iter(self._under_way.items()))
        return f"{job_id}: {progress_line(state, now) if state else 'no response yet'}"

    def _write(self, text: str, now: float) -> None:
        self._written = now
        time = datetime.fromtimestamp(self._clock.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        minutes, seconds = divmod(int(now - self._started), 60)
        self._write_line(f"{time} [{minutes // 60}:{minutes % 60:02}:{seconds:02}] {text}")


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
