"""Which lines of progress are due while jobs are waited for. Pure: the time is given.

The engine does not report whether it draws on a terminal or writes to a log, in which every line stays. One rule serves
both: a line when something has changed that a person needs to know, otherwise one a minute.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pulumi_cosjob._details import confirm_command
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._waiting.notices import ATTENTION, progress_line, time_left

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.state import PollState

__all__ = ["HEARTBEAT_SECONDS", "JobsSum", "Line", "ProgressLines"]

HEARTBEAT_SECONDS = 60.0
"""A poll so long after the latest line always has one: it shows in a log that the wait goes on."""

# The line about many jobs begins with the number of those.
_FIRST = {**ATTENTION, **{status: status for status in ("Failed", "Failing", "Cancelled", "Cancelling")}}
_NO_RESPONSE = "without a response"
# Warnings about unknown statuses, so that a service with a new status at each poll does not cause one for each.
_MAX_UNKNOWN = 8


class Line(NamedTuple):
    """A line that is due.

    Attributes:
        text: The line.
        stays: Whether it is a warning, which stays. A line of progress replaces the one before.
    """

    text: str
    stays: bool = False


class ProgressLines:
    """Decides after each poll which lines are due.

    A line about one job is due when its status, the number of tenths of its tasks that are done, or the kind of error
    has changed. Many jobs have one line in common. It is due when another tenth of the tasks or of the jobs is done,
    when the slowest job has reached another status, or when the number of jobs that need a person has changed.
    Otherwise a line is due a minute after the one before.

    Args:
        jobs: The number of jobs that are waited for.
        heartbeat: Seconds after which a line is due although nothing has changed; infinite for never.
    """

    def __init__(self, jobs: int = 1, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self._sum = JobsSum(jobs)
        self._interval = heartbeat
        self._news: tuple[object, ...] | None = None
        self._heartbeat = 0.0
        self._unknown: set[str] = set()

    def add(self, job_id: str, state: PollState, now: float) -> list[Line]:
        """Return the lines that are due after a poll.

        Warnings come first: one each time a job comes to need a person, and one for each status that this version does
        not know, once in a wait whatever the number of jobs with that status.

        Args:
            job_id: The job that was polled.
            state: Its polls up to this one.
            now: The time, by the clock of the polls.
        """
        before = self._sum.status(job_id)
        self._sum.add(job_id, state)
        lines = []
        job = state.description
        if job is not None and job.status in ATTENTION and job.status != before:
            text = f"job {job_id} {job.state.meaning} ({confirm_command(job_id)}); the wait goes on"
            lines.append(Line(text, stays=True))
        if job is not None and job.status not in STATES and self._is_new(job.status):
            text = f"job {job_id} has the status {job.status!r}, which this version does not know; the wait goes on"
            lines.append(Line(text, stays=True))
        news = _news(state) if self._sum.jobs == 1 else self._sum.news()
        if self._is_due(news, now):
            lines.append(Line(progress_line(state, now) if self._sum.jobs == 1 else self._sum.line(now)))
        return lines

    def _is_new(self, status: str) -> bool:
        """Record an unknown status; return whether it is worth a warning."""
        if status in self._unknown or len(self._unknown) == _MAX_UNKNOWN:
            return False
        self._unknown.add(status)
        return True

    def _is_due(self, news: tuple[object, ...], now: float) -> bool:
        if news != self._news:
            self._news, self._heartbeat = news, now + self._interval
            return True
        if now < self._heartbeat:
            return False
        # Polls do not come on the minute; that does not delay the heartbeats after this one.
        self._heartbeat += self._interval * (1 + (now - self._heartbeat) // self._interval)
        return True


def _news(state: PollState) -> tuple[object, ...]:
    """Return what makes a line about one job due when it changes."""
    return state.status, _tenths(state.share_done() or 0.0), type(state.last_error)


def _tenths(share: float) -> int:
    """Return the number of tenths that are done, with a margin as sums of shares are not exact."""
    return int(10 * share + 1e-6)


class JobsSum:
    """The progress of many jobs in sum, counted with each poll: there may be thousands of jobs.

    Args:
        jobs: The number of jobs.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._states: dict[str, PollState] = {}
        self._statuses: Counter[str] = Counter()
        self._without_response = 0
        self._done = 0.0

    def add(self, job_id: str, state: PollState) -> None:
        """Count a job as of its latest poll."""
        before = self._states.get(job_id)
        if before is not None:
            self._count(before, -1)
        self._count(state, 1)
        self._states[job_id] = state

    def _count(self, state: PollState, one: int) -> None:
        self._statuses[state.status or _NO_RESPONSE] += one
        self._without_response += one if state.last_error is not None else 0
        self._done += one * (1.0 if state.status == "Complete" else state.share_done() or 0.0)

    def status(self, job_id: str) -> str | None:
        """Return the status of a job in its latest valid response."""
        return self._states[job_id].status if job_id in self._states else None

    @property
    def share_done(self) -> float:
        """The share of all jobs that is done, from 0 to 1; each job has the same weight."""
        return self._done / self.jobs

    def news(self) -> tuple[object, ...]:
        """Return what makes a line due when it changes. Each value has few steps, whatever the number of jobs."""
        needing = tuple(-(-10 * self._statuses[status] // self.jobs) for status in _FIRST)
        complete = 10 * self._statuses["Complete"] // self.jobs
        polled = len(self._states) == self.jobs
        slowest = next((status for status in STATES if self._statuses[status]), None)
        return polled, needing, complete, _tenths(self.share_done), slowest, self._has_no_responses()

    def _has_no_responses(self) -> bool:
        return 0 < self._without_response == len(self._states) - self._statuses["Complete"]

    def line(self, now: float) -> str:
        """Describe the jobs in one line that begins with what a person needs most."""
        complete = self._statuses["Complete"]
        going = complete < self.jobs
        rest = sorted(set(self._statuses) - {*_FIRST, "Complete"})
        parts = [
            *(f"{self._statuses[status]} {words}" for status, words in _FIRST.items() if self._statuses[status]),
            "no response" if self._has_no_responses() else None,
            f"{int(100 * self.share_done + 1e-6)} %" if going else None,
            self._time_left(now),
            f"{complete} of {self.jobs} jobs Complete",
            *(f"{self._statuses[status]} {status}" for status in rest if self._statuses[status]),
        ]
        return ", ".join(part for part in parts if part)

    def _time_left(self, now: float) -> str | None:
        """Return the time until the expected end of the last job; None unless it is known of each unfinished job."""
        left = [state.seconds_left(now) for state in self._states.values() if state.status != "Complete"]
        known = [seconds for seconds in left if seconds is not None]
        polled = len(self._states) == self.jobs
        return time_left(max(known)) if polled and known and len(known) == len(left) else None
