"""The state of the waits for many jobs, for whichever loop polls: it never blocks, and the time is given."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pulumi_cosjob._errors import CosJobError, JobsFailedError, TimeLimitError, WaitError
from pulumi_cosjob._records import Record
from pulumi_cosjob._waiting.policy import Completed, Failed, WaitOptions, next_step
from pulumi_cosjob._waiting.state import PollResult, PollState

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.location import Location

__all__ = ["JobWaiter", "Outcome", "Report", "raise_failed"]

# The last poll begins when the time is up, and may take so long.
_LAST_POLL_SECONDS = 5.0

_NO_RESPONSE = "no response came before the time was up"
_NOT_SENT = "no request was sent in time, as too many others came first"
_OTHER_FAILED = "the wait ended before the job did, as another job failed"

Report = Callable[[str, PollState, float], None]
"""Called after each poll with the job's id, the state of its wait and the time."""


class Outcome(Record):
    """How the wait for one job ended.

    Attributes:
        description: The job as it was last read; None if there was no valid response.
        error: Why the wait failed, or ended before the job did; None if the job has completed.
    """

    description: JobDescription | None
    error: CosJobError | None


class JobWaiter:
    """The state of the waits for many jobs; the caller polls, sleeps and knows the time.

    Once a job has failed, the others are polled once more, so that the error names all that have failed by then.

    Args:
        job_ids: The jobs; each is waited for once.
        options: What the wait accepts, for each job.
        started: The time.
        report: Called after each poll.
        fail_fast: Whether it is so. Otherwise the waits for the other jobs go on until each has ended.

    Attributes:
        job_ids: The jobs, each once.
    """

    def __init__(
        self, job_ids: Sequence[str], options: WaitOptions, started: float, report: Report, *, fail_fast: bool = True
    ) -> None:
        self.job_ids = list(dict.fromkeys(job_ids))
        self._options, self._report, self._fail_fast = options, report, fail_fast
        self._last_response_at = started + options.timeout + _LAST_POLL_SECONDS
        self._states = {job_id: PollState(started) for job_id in self.job_ids}
        self._scheduled = [(started, position, job_id) for position, job_id in enumerate(self.job_ids)]
        self._completed: dict[str, JobDescription] = {}
        self._failed: dict[str, CosJobError] = {}

    @property
    def has_scheduled_polls(self) -> bool:
        """Whether jobs are to be polled, now or later."""
        return bool(self._scheduled)

    @property
    def _is_ending(self) -> bool:
        return self._fail_fast and bool(self._failed)

    def take_due(self, now: float) -> list[str]:
        """Return the jobs that are to be polled now; the caller records the result of each."""
        due = []
        while self._scheduled and (self._scheduled[0][0] <= now or self._is_ending):
            due.append(heapq.heappop(self._scheduled)[2])
        return due

    def seconds_until_next(self, now: float) -> float:
        """Return the seconds for which there is nothing to do unless a response comes."""
        next_at = min(self._scheduled[0][0] if self._scheduled else math.inf, self._last_response_at)
        return max(0.0, next_at - now)

    def is_overdue(self, now: float) -> bool:
        """Return whether polls that are still in progress come too late."""
        return now >= self._last_response_at

    def record_timeout(self, job_id: str, *, sent: bool, now: float) -> None:
        """Record a poll without a response in time.

        Args:
            job_id: The job.
            sent: Whether a request was sent: if there are many polls, only some are in progress.
            now: The time.
        """
        self.record(job_id, PollResult(now, error=TimeLimitError(_NO_RESPONSE if sent else _NOT_SENT)), now)

    def record(self, job_id: str, result: PollResult, now: float) -> None:
        """Record a poll, and schedule the next one if the wait for the job goes on."""
        state = self._states[job_id] = self._states[job_id].add(result)
        self._report(job_id, state, now)
        step = next_step(state, now, self._options, random.random())  # noqa: S311  jitter, no secret
        if isinstance(step, Completed):
            self._completed[job_id] = step.description
        elif isinstance(step, Failed):
            self._failed[job_id] = step.error
        elif not self._is_ending:
            heapq.heappush(self._scheduled, (now + step.after, state.polls, job_id))

    def result(self, location: Location, appid: str | None) -> Mapping[str, JobDescription]:
        """Return the final descriptions by job id.

        Args:
            location: Where the requests were sent, for messages.
            appid: APPID that the requests named, for messages.

        Raises:
            CosJobError: One job has failed.
            JobsFailedError: Several jobs have.
        """
        raise_failed(self._failed, len(self.job_ids), location, appid)
        return {job_id: self._completed[job_id] for job_id in self.job_ids}

    def outcomes(self) -> Mapping[str, Outcome]:
        """Return how the wait for each job ended, by job id, once no poll is left."""
        return {job_id: self._outcome(job_id) for job_id in self.job_ids}

    def _outcome(self, job_id: str) -> Outcome:
        description = self._states[job_id].description
        if job_id in self._completed:
            return Outcome(description, None)
        error = self._failed.get(job_id) or WaitError(_OTHER_FAILED, description=description)
        error.job_id = error.job_id or job_id
        return Outcome(description, error)


def raise_failed(failed: Mapping[str, CosJobError], jobs: int, location: Location, appid: str | None) -> None:
    """Raise the errors of jobs, if there are any.

    Args:
        failed: The errors by job id.
        jobs: The number of jobs in all.
        location: Where the requests were sent, for messages.
        appid: APPID that the requests named, for messages.

    Raises:
        CosJobError: The only error.
        JobsFailedError: Several errors.
    """
    for job_id, error in failed.items():
        error.job_id = error.job_id or job_id
        location.complete(error, appid)
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        raise JobsFailedError(list(failed.values()), jobs)
