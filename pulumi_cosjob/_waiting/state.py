"""The state of one wait: what it knows of its polls so far. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pulumi_cosjob._errors import (
    CosJobError,
    InvalidResponseError,
    NoSuchJobError,
    ServiceError,
    UnavailableError,
    is_refusal,
)
from pulumi_cosjob._records import Record

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = ["PollResult", "PollState", "is_refused"]


class PollResult(Record):
    """The result of one poll: a description or an error.

    Attributes:
        at: When the poll ended, in seconds of the monotonic clock.
        description: The job, if there was a valid response.
        error: The error, if there was none.
        service_time: The service's own time of the response, in seconds since the epoch.
        seconds: How long the poll took.
    """

    at: float
    description: JobDescription | None = None
    error: CosJobError | None = None
    service_time: float | None = None
    seconds: float = 0.0

    @property
    def began(self) -> float:
        """When the poll began, by the clock of `at`."""
        return self.at - self.seconds


class Streak(Record):
    """Consecutive polls that failed with one kind of error.

    Attributes:
        since: When the first of them failed.
        error: The error of the first: later ones may be consequences.
    """

    since: float
    error: CosJobError


class Progress(NamedTuple):
    """The progress of an Active job.

    Attributes:
        at: When it was first seen, by the clock of the polls.
        done: Tasks that had succeeded or failed.
        total: Tasks in all.
    """

    at: float
    done: int
    total: int


class PollState(Record):
    """What a wait knows of its polls so far. Its size does not grow with the number of polls.

    Attributes:
        started: When the wait began.
        polls: The number of polls.
        last: The latest poll.
        description: The job as of the latest valid response.
        status_since: When the status of that response was first seen.
        initial_age: Seconds from the job's creation to the start of the wait, by the service's clock.
        failures: Failed polls since the latest valid response.
        first_error: The first error, while there has been no valid response.
        reached: Whether anything has ever responded, even with a refusal.
        missing: Consecutive polls for which the service did not know the job.
        refused: Consecutive polls that were refused.
        unusable: Consecutive polls that were refused or had an invalid response.
        unresolved: Consecutive polls for which the endpoint's name was not found.
        first_progress: The progress that was seen first since the job is Active.
        latest_progress: The progress in the latest valid response, since its number of tasks was first seen.
        estimated_end: When the job is expected to end; None if unknown.
    """

    started: float
    polls: int = 0
    last: PollResult | None = None
    description: JobDescription | None = None
    status_since: float = 0.0
    initial_age: float = 0.0
    failures: int = 0
    first_error: CosJobError | None = None
    reached: bool = False
    missing: Streak | None = None
    refused: Streak | None = None
    unusable: Streak | None = None
    unresolved: Streak | None = None
    first_progress: Progress | None = None
    latest_progress: Progress | None = None
    estimated_end: float | None = None

    def add(self, result: PollResult) -> PollState:
        """Return the state after one more poll."""
        if result.description is None:
            return self._with_error(result, result.error)
        return self._with_response(result, result.description)

    def _with_error(self, result: PollResult, error: CosJobError | None) -> PollState:
        refused = is_refused(error)
        return replace(
            self,
            polls=self.polls + 1,
            last=result,
            failures=self.failures + 1,
            first_error=self.first_error or (error if self.description is None else None),
            reached=self.reached or getattr(error, "http_status", None) is not None,
            missing=_streak(self.missing, result, continues=isinstance(error, NoSuchJobError)),
            refused=_streak(self.refused, result, continues=refused),
            unusable=_streak(self.unusable, result, continues=refused or isinstance(error, InvalidResponseError)),
            unresolved=_streak(self.unresolved, result, continues=_is_unresolved(error)),
        )

    def _with_response(self, result: PollResult, description: JobDescription) -> PollState:
        progress = _progress(result.at, description)
        first = self.first_progress if progress else None
        return replace(
            self,
            polls=self.polls + 1,
            last=result,
            description=description,
            status_since=self.status_since if description.status == self.status else result.at,
            initial_age=self._initial_age(result, description),
            failures=0,
            first_error=None,
            reached=True,
            missing=None,
            refused=None,
            unusable=None,
            unresolved=None,
            first_progress=first or progress,
            latest_progress=self.latest_progress if _is_same(self.latest_progress, progress) else progress,
            estimated_end=_estimate_end(first, progress),
        )

    def _initial_age(self, result: PollResult, description: JobDescription) -> float:
        created = description.creation_datetime
        if created is None or result.service_time is None:
            return self.initial_age
        return max(0.0, result.service_time - created.timestamp() - (result.at - self.started))

    @property
    def status(self) -> str | None:
        """The status in the latest valid response; None if there was none."""
        return self.description.status if self.description else None

    @property
    def last_error(self) -> CosJobError | None:
        """The error of the latest poll; None if it had a valid response."""
        return self.last.error if self.last else None

    def age(self, now: float) -> float:
        """Return the least age of the job, in seconds."""
        return now - self.started + self.initial_age

    def tasks(self) -> tuple[int, int] | None:
        """Return how many tasks have succeeded or failed, and how many there are; None if the service reports none."""
        return _tasks(self.description) if self.description else None

    def share_done(self) -> float | None:
        """Return the share of the tasks that have succeeded or failed, from 0 to 1; None if there are none."""
        tasks = self.tasks()
        return None if tasks is None else tasks[0] / tasks[1]

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds until the expected end of the job; None if unknown."""
        return None if self.estimated_end is None else max(0.0, self.estimated_end - now)


def _streak(before: Streak | None, result: PollResult, *, continues: bool) -> Streak | None:
    """Return a streak after one more poll; None if that poll ends it."""
    if not continues or result.error is None:
        return None
    return before or Streak(result.at, result.error)


def _tasks(description: JobDescription) -> tuple[int, int] | None:
    summary = description.progress_summary
    if summary is None or not summary.total_number_of_tasks:
        return None
    done = (summary.number_of_tasks_succeeded or 0) + (summary.number_of_tasks_failed or 0)
    return min(done, summary.total_number_of_tasks), summary.total_number_of_tasks


def _progress(at: float, description: JobDescription) -> Progress | None:
    """Return the progress of a job; None unless it is Active."""
    tasks = _tasks(description)
    return None if tasks is None or description.status != "Active" else Progress(at, *tasks)


def _is_same(before: Progress | None, after: Progress | None) -> bool:
    return before is not None and after is not None and before.done == after.done


def _estimate_end(first: Progress | None, latest: Progress | None) -> float | None:
    """Extrapolate from the mean speed since progress was first seen."""
    if first is None or latest is None or latest.at <= first.at or latest.done <= first.done:
        return None
    return latest.at + (latest.total - latest.done) * (latest.at - first.at) / (latest.done - first.done)


def is_refused(error: CosJobError | None) -> bool:
    """Return whether the service, or a proxy before it, refused the request."""
    if error is None or isinstance(error, (InvalidResponseError, NoSuchJobError, UnavailableError)):
        return False
    return isinstance(error, ServiceError) or is_refusal(error.http_status)


def _is_unresolved(error: CosJobError | None) -> bool:
    """Return whether a name lookup failed, or did not end."""
    return getattr(error, "name_not_found", False) or getattr(error, "in_lookup", False)
