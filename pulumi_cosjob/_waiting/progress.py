"""Which lines about jobs that are waited for are due, and what they say: pure, the time is given.

The engine does not report whether it draws on a terminal or writes to a log, in which every line stays. One rule serves
both: a line where something has changed that a person needs to know, else one a minute.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._waiting.policy import ATTENTION, progress_line, time_left

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.policy import PollState

__all__ = ["HEARTBEAT_SECONDS", "JobsSum", "Line", "ProgressLines"]

HEARTBEAT_SECONDS = 60.0
"""A poll so long after the last line has one in any case: a log shows by it that the wait goes on."""

# Of many jobs, the number of those comes first.
_FIRST = {**ATTENTION, **{status: status for status in ("Failed", "Failing", "Cancelled", "Cancelling")}}
_NO_ANSWER = "no answer"
# A service that has a new status at each poll is not warned of for ever.
_MOST_UNKNOWN = 8


class Line(NamedTuple):
    """A line that is due.

    Attributes:
        text: The line.
        stays: Whether it is a warning, which stays; progress takes the place of the line before.
    """

    text: str
    stays: bool = False


class ProgressLines:
    """Decides after each poll which lines are due.

    A line about one job is due when its status, the tenth of its tasks that is done, or the kind of the error has
    changed. Many jobs are summed up: a line is due when another tenth of the tasks or of the jobs is done, when the
    slowest of them has got to another status, or when the number of jobs that need a person has changed. Otherwise one
    is due a minute after the one before.

    Args:
        jobs: How many jobs are waited for.
    """

    def __init__(self, jobs: int = 1) -> None:
        self._sum = JobsSum(jobs)
        self._news: tuple[object, ...] | None = None
        self._heartbeat = 0.0
        self._unknown: set[str] = set()

    def add(self, job_id: str, history: PollState, now: float) -> list[Line]:
        """Return the lines that are due after a poll: first a warning, once, where a job has come to need a person.

        So has a status that this version does not know: once in a wait, whatever the number of jobs that have it.

        Args:
            job_id: The job that was polled.
            history: Its polls up to this one.
            now: The time, by the clock of the polls.
        """
        before = self._sum.status(job_id)
        self._sum.add(job_id, history)
        lines = []
        seen = history.seen.description if history.seen else None
        if seen is not None and seen.status in ATTENTION and seen.status != before:
            lines.append(Line(f"job {job_id} {seen.state.meaning}; the wait goes on", stays=True))
        if seen is not None and seen.status not in STATES and self._is_new(seen.status):
            text = f"job {job_id} has the status {seen.status!r}, which this version does not know; the wait goes on"
            lines.append(Line(text, stays=True))
        news = _news(history) if self._sum.jobs == 1 else self._sum.news()
        if self._is_due(news, now):
            lines.append(Line(progress_line(history, now) if self._sum.jobs == 1 else self._sum.line(now)))
        return lines

    def _is_new(self, status: str) -> bool:
        """Note a status that is not known; return whether it is worth a warning."""
        if status in self._unknown or len(self._unknown) == _MOST_UNKNOWN:
            return False
        self._unknown.add(status)
        return True

    def _is_due(self, news: tuple[object, ...], now: float) -> bool:
        if news != self._news:
            self._news, self._heartbeat = news, now + HEARTBEAT_SECONDS
            return True
        if now < self._heartbeat:
            return False
        # Polls do not come on the minute; the heartbeats after this one are not late for that.
        self._heartbeat += HEARTBEAT_SECONDS * (1 + (now - self._heartbeat) // HEARTBEAT_SECONDS)
        return True


def _news(history: PollState) -> tuple[object, ...]:
    """Return what has a line of its own when it changes, about one job."""
    error = history.last.error if history.last else None
    return history.status, _tenths(history.share_done() or 0.0), type(error)


def _tenths(share: float) -> int:
    """Return how many tenths are done; sums of shares are not exact."""
    return int(10 * share + 1e-6)


class JobsSum:
    """How many jobs are doing, counted as polls come in: there may be thousands.

    Args:
        jobs: How many jobs there are.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._histories: dict[str, PollState] = {}
        self._statuses: Counter[str] = Counter()
        self._without_answer = 0
        self._done = 0.0

    def add(self, job_id: str, history: PollState) -> None:
        """Count a job as it is after its latest poll."""
        before = self._histories.get(job_id)
        if before is not None:
            self._count(before, -1)
        self._count(history, 1)
        self._histories[job_id] = history

    def _count(self, history: PollState, one: int) -> None:
        self._statuses[history.status or _NO_ANSWER] += one
        self._without_answer += one if history.last is not None and history.last.error is not None else 0
        self._done += one * (1.0 if history.status == "Complete" else history.share_done() or 0.0)

    def status(self, job_id: str) -> str | None:
        """Return the status of a job that was seen last."""
        return self._histories[job_id].status if job_id in self._histories else None

    @property
    def share_done(self) -> float:
        """The share that is done of all jobs, each counted alike, from 0 to 1."""
        return self._done / self.jobs

    def news(self) -> tuple[object, ...]:
        """Return what has a line of its own when it changes; each in few steps, however many jobs there are."""
        needing = tuple(-(-10 * self._statuses[status] // self.jobs) for status in _FIRST)
        complete = 10 * self._statuses["Complete"] // self.jobs
        polled = len(self._histories) == self.jobs
        slowest = next((status for status in STATES if self._statuses[status]), None)
        return polled, needing, complete, _tenths(self.share_done), slowest, self._has_no_answers()

    def _has_no_answers(self) -> bool:
        return 0 < self._without_answer == len(self._histories) - self._statuses["Complete"]

    def line(self, now: float) -> str:
        """Describe the jobs in one line, what a person needs first."""
        complete = self._statuses["Complete"]
        going = complete < self.jobs
        rest = sorted(set(self._statuses) - {*_FIRST, "Complete"})
        parts = [
            *(f"{self._statuses[status]} {shown}" for status, shown in _FIRST.items() if self._statuses[status]),
            "no answer just now" if self._has_no_answers() else None,
            f"{int(100 * self.share_done + 1e-6)} %" if going else None,
            self._time_left(now),
            f"{complete} of {self.jobs} jobs Complete",
            *(f"{self._statuses[status]} {status}" for status in rest if self._statuses[status]),
        ]
        return ", ".join(part for part in parts if part)

    def _time_left(self, now: float) -> str | None:
        """Write when the last job is likely to end, where that can be said of each that goes on."""
        left = [history.seconds_left(now) for history in self._histories.values() if history.status != "Complete"]
        known = [seconds for seconds in left if seconds is not None]
        polled = len(self._histories) == self.jobs
        return time_left(max(known)) if polled and known and len(known) == len(left) else None
