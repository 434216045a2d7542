"""The next step of a wait: a pure function of the polls so far and the time.

Nothing here makes a request, sleeps or reads a clock: `next_step` gets all that it decides by, so tests simulate years
of waiting in a second. The promise: a wait notices the end of a job within 2 s where the job took less than a minute,
else within 5 % of the job's length and at most 30 s. How: the next poll is never further away than that share of the
job's age, whatever the job does. Where its progress predicts the end, the poll is at that time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    CosJobError,
    InvalidArgumentError,
    InvalidResponseError,
    JobFailedError,
    JobSuspendedError,
    NoSuchJobError,
    ServiceError,
    TlsError,
    UnavailableError,
    WaitTimeoutError,
    is_refusal,
)
from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._model.job import contradiction
from pulumi_cosjob._text import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_cosjob._model.job import JobDescription, ProgressSummary

__all__ = [
    "ATTENTION",
    "Completed",
    "Failed",
    "PollAgain",
    "PollResult",
    "PollState",
    "Verdict",
    "WaitOptions",
    "check_completion",
    "never_completes",
    "next_step",
    "opening_notice",
    "preview_notice",
    "progress_line",
    "time_left",
]

# A job under a minute is noticed within 2 s: what is left of them is for the request itself.
_SHORTEST = 1.8
_LONGEST = 28.0
_SHARE_OF_AGE = 0.046
# How long a job may be unknown to the service: it may just have been made.
_GRACE = 30.0
# How long the service may refuse what it has answered before (a policy is rolled out, or a token renewed), and how long
# something may answer that is not the service, where it never was (it is being set up).
_REFUSED_GRACE = 300.0
# How long the name of the endpoint may not be found where it never was.
_UNRESOLVED_GRACE = 30.0
# Statuses that are about who is polling: they end a wait at once where it never had an answer.
_DENIALS = (400, 401, 403, 407)
# Near the end, as far as it can be foretold, questions may follow each other this closely.
_NEAR = 1.2


@dataclass(frozen=True)
class WaitOptions:
    """What a wait accepts.

    Attributes:
        timeout: Seconds after which it gives up.
        max_failed_tasks: Failed tasks that a complete job may have; None for any number.
        fail_when_suspended: Whether to give up when the job waits for a person.
    """

    timeout: float
    max_failed_tasks: int | None = 0
    fail_when_suspended: bool = False


@dataclass(frozen=True)
class PollResult:
    """One question and what came of it.

    Attributes:
        at: When the answer was there, in seconds of the clock that never goes back.
        description: The job, where there was a valid answer.
        error: What went wrong, where there was none.
        service_time: The service's own time of the answer, in seconds since the epoch.
    """

    at: float
    description: JobDescription | None = None
    error: CosJobError | None = None
    service_time: float | None = None


@dataclass(frozen=True)
class Streak:
    """Looks in a row that had an error of one kind.

    Attributes:
        since: When the first of them had it.
        error: That first error: later ones may be consequences.
    """

    since: float
    error: CosJobError


@dataclass(frozen=True)
class PollState:
    """The looks so far, as far as they matter: of one size, however long the wait.

    Attributes:
        started: When the wait began.
        looks: How many looks there were.
        last: The latest of them.
        seen: The latest that had an answer.
        status_since: When the status of that answer was first seen.
        age_offset: Seconds that the job was old when the wait began, by the service's own clock.
        failures: Looks without an answer since the latest that had one.
        first_error: What went wrong first, while there was no answer.
        reached: Whether anything has ever answered, be it a refusal.
        missing: Looks in a row at a job that the service does not know.
        refused: Looks in a row that were refused.
        unusable: Looks in a row that were refused, or had a response that is no answer of the service.
        unresolved: Looks in a row for which the name of the endpoint was not found.
        working_since: When tasks were first seen being done, and how many were done then.
        progress: When so many tasks as in the latest answer were first seen done, and how many those are.
        likely_end: When the job is likely to end, where that can be said.
    """

    started: float
    looks: int = 0
    last: PollResult | None = None
    seen: PollResult | None = None
    status_since: float = 0.0
    age_offset: float = 0.0
    failures: int = 0
    first_error: CosJobError | None = None
    reached: bool = False
    missing: Streak | None = None
    refused: Streak | None = None
    unusable: Streak | None = None
    unresolved: Streak | None = None
    working_since: tuple[float, int] | None = None
    progress: tuple[float, int] | None = None
    likely_end: float | None = None

    def add(self, look: PollResult) -> PollState:
        """Return the history with one more look."""
        if look.description is None:
            refused = _is_refusal(look.error)
            return replace(
                self,
                looks=self.looks + 1,
                last=look,
                failures=self.failures + 1,
                first_error=self.first_error or (look.error if self.seen is None else None),
                reached=self.reached or getattr(look.error, "http_status", None) is not None,
                missing=_streak(self.missing, look, goes_on=isinstance(look.error, NoSuchJobError)),
                refused=_streak(self.refused, look, goes_on=refused),
                unusable=_streak(self.unusable, look, goes_on=refused or isinstance(look.error, InvalidResponseError)),
                unresolved=_streak(self.unresolved, look, goes_on=_is_unresolved(look.error)),
            )
        working_since, likely_end = self._estimate(look.at, look.description)
        return replace(
            self,
            looks=self.looks + 1,
            last=look,
            seen=look,
            status_since=self.status_since if look.description.status == self.status else look.at,
            age_offset=self._age_offset(look, look.description),
            failures=0,
            first_error=None,
            reached=True,
            missing=None,
            refused=None,
            unusable=None,
            unresolved=None,
            working_since=working_since,
            progress=self._progress(look.at, look.description),
            likely_end=likely_end,
        )

    @property
    def status(self) -> str | None:
        """The status that was seen last."""
        return self.seen.description.status if self.seen and self.seen.description else None

    def _age_offset(self, look: PollResult, description: JobDescription) -> float:
        created = description.creation_datetime
        if created is None or look.service_time is None:
            return self.age_offset
        return max(0.0, look.service_time - created.timestamp() - (look.at - self.started))

    def _estimate(self, at: float, description: JobDescription) -> tuple[tuple[float, int] | None, float | None]:
        """Go by how fast tasks have been done since they were first seen being done."""
        tasks = _tasks(description.progress_summary)
        if tasks is None or description.status != "Active":
            return None, None
        done, total = tasks
        if self.working_since is None:
            return (at, done), None
        first_at, first_done = self.working_since
        if at <= first_at or done <= first_done:
            return self.working_since, None
        return self.working_since, at + (total - done) * (at - first_at) / (done - first_done)

    def _progress(self, at: float, description: JobDescription) -> tuple[float, int] | None:
        tasks = _tasks(description.progress_summary)
        if tasks is None or description.status != "Active":
            return None
        return self.progress if self.progress is not None and self.progress[1] == tasks[0] else (at, tasks[0])

    def age(self, now: float) -> float:
        """Return how old the job is at the least."""
        return now - self.started + self.age_offset

    def share_done(self) -> float | None:
        """Return which share of the tasks is done, well or not, from 0 to 1, where there are any."""
        tasks = _tasks(self.seen.description.progress_summary if self.seen and self.seen.description else None)
        return None if tasks is None else tasks[0] / tasks[1]

    def seconds_left(self, now: float) -> float | None:
        """Return after how many seconds the job is likely to end, where that can be said."""
        return None if self.likely_end is None else max(0.0, self.likely_end - now)


def _streak(before: Streak | None, look: PollResult, *, goes_on: bool) -> Streak | None:
    """Return a streak with one more look; none where that look ends it."""
    if not goes_on or look.error is None:
        return None
    return before or Streak(look.at, look.error)


def _tasks(summary: ProgressSummary | None) -> tuple[int, int] | None:
    """Return how many tasks are done, well or not, and how many there are."""
    if summary is None or not summary.total_number_of_tasks:
        return None
    done = (summary.number_of_tasks_succeeded or 0) + (summary.number_of_tasks_failed or 0)
    return min(done, summary.total_number_of_tasks), summary.total_number_of_tasks


@dataclass(frozen=True)
class Completed:
    """The job has completed, with no more failed tasks than accepted."""

    description: JobDescription


@dataclass(frozen=True)
class Failed:
    """The wait is over, and not well."""

    error: CosJobError


@dataclass(frozen=True)
class PollAgain:
    """Ask again after so many seconds."""

    seconds: float


Verdict = Completed | Failed | PollAgain


def next_step(history: PollState, now: float, limits: WaitOptions, jitter: float = 1.0) -> Verdict:
    """Say what to do next.

    Args:
        history: The looks so far; one at least.
        now: The time, by the clock of the looks.
        limits: What the wait accepts.
        jitter: From 0 to 1, at random, so that many waits do not ask at once. It only ever brings a question forward.

    Returns:
        Done, only if this very look's valid answer says so; Failed with the reason; or when to ask again.
    """
    look = history.last
    assert look is not None  # noqa: S101  the caller has looked
    over = _judge(history, look, now, limits)
    if over is not None:
        return over
    left = history.started + limits.timeout - now
    if left <= 0:
        return Failed(_timed_out(history, limits))
    # The last question is asked when time is up, so that no end goes unnoticed before it.
    return PollAgain(min(_pause(history, look, now) * (0.9 + 0.1 * jitter), left))


def never_completes(look: PollResult, limits: WaitOptions, *, preview: bool) -> CosJobError | None:
    """Return the error if a look before any wait shows that a job will never complete.

    Args:
        look: The look.
        limits: What the wait would accept.
        preview: Whether it is only asked what would be done: in an update a job that is missing may still appear.
    """
    verdict = next_step(PollState(look.at).add(look), look.at, limits)
    if isinstance(verdict, Failed):
        return verdict.error
    ends = (AccessDeniedError, InvalidArgumentError, ConfigurationError, *((NoSuchJobError,) if preview else ()))
    return look.error if isinstance(look.error, ends) else None


def _judge(history: PollState, look: PollResult, now: float, limits: WaitOptions) -> Completed | Failed | None:
    """Return how the wait ends, None where it goes on."""
    if look.description is None:
        return _judge_error(history, look.error, now)
    description = look.description
    if description.state.final:
        return check_completion(description, limits.max_failed_tasks)
    if description.status == "Suspended" and limits.fail_when_suspended:
        return Failed(JobSuspendedError(description))
    return None


def check_completion(description: JobDescription, max_failed_tasks: int | None) -> Completed | Failed:
    """Say whether a job that has ended did what it was to.

    Args:
        description: The job.
        max_failed_tasks: Failed tasks that it may have; None for any number. Where there is a limit, an answer that
            does not tell how many have failed is not accepted; nor is one whose counts contradict each other.
    """
    failed = description.failed_tasks
    accepted = max_failed_tasks is None or (failed is not None and failed <= max_failed_tasks)
    if description.status == "Complete" and accepted:
        return Completed(description)
    summary = description.progress_summary
    return Failed(JobFailedError(description, max_failed_tasks, contradiction(summary) if summary else ""))


def _judge_error(history: PollState, error: CosJobError | None, now: float) -> Failed | None:
    """Return how the wait ends for what went wrong, None where it may heal."""
    if error is None:
        return None
    if isinstance(error, InvalidArgumentError):
        return Failed(error)
    never_seen = history.seen is None
    if never_seen and (isinstance(error, (ConfigurationError, TlsError)) or _is_denial(error)):
        return Failed(error)
    for streak, grace, counts in (
        (history.missing, _GRACE, True),
        (history.refused, _REFUSED_GRACE, True),
        (history.unusable, _REFUSED_GRACE, never_seen),
        (history.unresolved, _UNRESOLVED_GRACE, not history.reached),
    ):
        if streak is not None and counts and now - streak.since >= grace:
            return Failed(streak.error)
    return None


def _is_refusal(error: CosJobError | None) -> bool:
    """Tell whether the service, or a proxy before it, has refused the request."""
    if error is None or isinstance(error, (InvalidResponseError, NoSuchJobError, UnavailableError)):
        return False
    return isinstance(error, ServiceError) or is_refusal(error.http_status)


def _is_denial(error: CosJobError) -> bool:
    """Tell whether it has refused who is asking, or how."""
    return _is_refusal(error) and (isinstance(error, AccessDeniedError) or error.http_status in _DENIALS)


def _is_unresolved(error: CosJobError | None) -> bool:
    """Tell whether the lookup of a name failed, or did not end."""
    return getattr(error, "name_not_found", False) or getattr(error, "in_lookup", False)


def _timed_out(history: PollState, limits: WaitOptions) -> WaitTimeoutError:
    seen = history.seen.description if history.seen else None
    error = history.last.error if history.last else None
    return WaitTimeoutError(limits.timeout, seen, error, history.first_error)


def _pause(history: PollState, look: PollResult, now: float) -> float:
    """Return how long to pause, before jitter and the time limit."""
    age = history.age(now)
    usual = min(max(_SHORTEST, age * _SHARE_OF_AGE), _LONGEST)
    if look.description is None:
        asked_for = getattr(look.error, "retry_after", None) or 0.0
        growing = 2.0 ** min(history.failures - 1, 10)
        return max(min(growing, usual) if history.missing is None else _SHORTEST, min(asked_for, 300.0))
    if look.description.status in ("Completing", "Failing", "Cancelling"):
        return min(usual, max(_NEAR, 0.1 * (now - history.status_since)))
    left = history.seconds_left(now)
    if left is None:
        return usual
    # An end that is foretold within the usual pause is met where it is expected. One that does not come, as the last
    # tasks or what comes after them hang, is not asked after as closely for ever.
    stalled = now - history.progress[0] if history.progress is not None else 0.0
    return min(usual, max(_NEAR, left + 0.3, 0.1 * stalled))


# ------------------------------------------------------------------------------------------------------- in words


ATTENTION = {"Suspended": "NEEDS CONFIRMATION"}
"""Statuses that a person has to end, and how they are shown."""

# From here on, the seconds of an estimate are noise.
_WHOLE_MINUTES = 300.0


def progress_line(history: PollState, now: float, *, brief: bool = False) -> str:
    """Describe in one line how the job is doing; briefly where a bar stands beside it.

    What a person needs stands first: of a line, the engine shows what a terminal has room for, which may be ten
    characters. While the job is Active that is the share of its tasks and the time left, else the status.
    """
    seen = history.seen.description if history.seen else None
    trouble = history.last.error if history.last else None
    if seen is None:
        return f"no answer yet: {trouble.what}" if trouble else "asking"
    tasks = _tasks(seen.progress_summary)
    failed = seen.progress_summary and seen.progress_summary.number_of_tasks_failed
    active = seen.status == "Active"
    parts = [
        ATTENTION.get(seen.status),
        "no answer just now" if trouble else None,
        seen.status if not active else None,
        f"{100 * tasks[0] // tasks[1]} %" if tasks and (active or not brief) else None,
        time_left(history.seconds_left(now)) if active else None,
        f"{failed:,} failed" if failed else None,
        "Active" if active and not (brief and tasks) else None,
        f"{tasks[0]:,} of {tasks[1]:,}{'' if brief else ' tasks'}" if tasks else None,
    ]
    line = ", ".join(part for part in parts if part)
    return f"{line}: {trouble.what}" if trouble else line


_RESTORED = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
# So many jobs are named, of those that a line is about.
_MOST_NAMED = 3


def opening_notice(jobs: Mapping[str, JobDescription]) -> str | None:
    """Return what a person has to know when a gate opens; None where its completed jobs are what they seem.

    Args:
        jobs: The jobs by their ids.
    """
    restoring = [job_id for job_id, job in jobs.items() if job.operation and job.operation.cos_initiate_restore_object]
    if not restoring:
        return None
    if len(restoring) == 1:
        return f"job {restoring[0]} restores objects: {_RESTORED}"
    named, more = ", ".join(restoring[:_MOST_NAMED]), len(restoring) - _MOST_NAMED
    return f"{len(restoring)} jobs restore objects ({named}{f' and {more} more' if more > 0 else ''}): {_RESTORED}"


def preview_notice(failed: Mapping[str, CosJobError | None], jobs: int, audience: Audience = PYTHON) -> str | None:
    """Return what a person has to know of a preview that could not poll; None where it could poll all jobs.

    Args:
        failed: What went wrong with each job that had no valid response; None where none came in time.
        jobs: How many jobs were to be polled.
        audience: Who reads it.
    """
    if not failed:
        return None
    job_id, error = next(iter(failed.items()))
    which = f"job {job_id}" if jobs == 1 else f"{len(failed)} of {jobs} jobs, the first of them job {job_id}"
    told = "none came in time." if error is None else error.render(audience)
    return f"the preview has no valid response about {which}: {told} The update polls again."


def time_left(seconds: float | None) -> str | None:
    """Write for how long jobs are likely to go on; None where that cannot be said."""
    if seconds is None or seconds < 1:
        return None
    return f"{duration(60 * round(seconds / 60) if seconds >= _WHOLE_MINUTES else seconds)} left"
