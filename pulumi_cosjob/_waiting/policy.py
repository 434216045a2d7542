"""The next step of a wait, as a pure function of the polls so far and the time.

Nothing here makes a request, sleeps or reads a clock: `next_step` is given all that it decides by, so tests simulate
years of waiting in a second. The promise: the end of a job is noticed within 2 s if the job took less than a minute,
otherwise within 5 % of the job's length and at most 30 s. Any job may end right after any poll, so the next poll is
never further away than the promise allows for a job of that age, whatever its status and progress. Jobs under a minute
are polled at the longest interval that keeps the promise: no other schedule takes fewer polls. Where progress predicts
the end, the polls until then are shared out evenly, so that one of them is at that time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    CosJobError,
    InvalidArgumentError,
    JobFailedError,
    JobSuspendedError,
    NoSuchJobError,
    TlsError,
    WaitTimeoutError,
)
from pulumi_cosjob._model.job import contradiction
from pulumi_cosjob._records import Record
from pulumi_cosjob._waiting.state import PollState, is_refused

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._waiting.state import PollResult

__all__ = [
    "Completed",
    "Failed",
    "PollAgain",
    "Step",
    "WaitOptions",
    "check_completion",
    "never_completes",
    "next_step",
]

# Seconds from the beginning of a poll to that of the next one. The end of a job under a minute is noticed within 2 s,
# of which a tenth of a second is for the response.
_MIN_INTERVAL = 1.9
_MAX_INTERVAL = 28.0
_SHARE_OF_AGE = 0.046
# Up to this age, a job may have taken less than a minute: the service writes times to the second.
_SHORT_AGE = 61.0
# The least pause after a response, however long it took.
_MIN_PAUSE = 0.9
# The part of an interval that is left out at random, at most.
_JITTER = 0.1
# Seconds after an expected end at which it is polled.
_AFTER_END = 0.3
# The longest Retry-After that is honoured.
_MAX_RETRY_AFTER = 300.0

# Seconds for which an error may last before it ends the wait.
# The service does not know the job: it may just have been created.
_MISSING_GRACE = 30.0
# The service refuses requests that it accepted before (a policy is being rolled out, or a token renewed), or the
# endpoint has never sent a valid response (the service is being set up).
_REFUSED_GRACE = 300.0
# The endpoint's name is not found, and never was.
_UNRESOLVED_GRACE = 30.0
# HTTP statuses that are about the caller: they end a wait at once if there has been no valid response.
_DENIAL_STATUSES = (400, 401, 403, 407)


class WaitOptions(Record):
    """What a wait accepts.

    Attributes:
        timeout: Seconds after which the wait fails.
        max_failed_tasks: Failed tasks that a complete job may have; None for any number.
        fail_when_suspended: Whether the wait fails when the job waits for a person.
    """

    timeout: float
    max_failed_tasks: int | None = 0
    fail_when_suspended: bool = False


class Completed(Record):
    """The job has completed, with no more failed tasks than accepted."""

    description: JobDescription


class Failed(Record):
    """The wait has failed."""

    error: CosJobError


class PollAgain(Record):
    """The wait goes on: poll again.

    Attributes:
        after: Seconds until the next poll.
    """

    after: float


Step = Completed | Failed | PollAgain


def next_step(state: PollState, now: float, options: WaitOptions, jitter: float = 1.0) -> Step:
    """Return the next step of a wait.

    Args:
        state: The polls so far, at least one.
        now: The time, by the clock of the polls.
        options: What the wait accepts.
        jitter: From 0 to 1, at random, so that waits that began together do not poll together. It shortens the first
            pause, as waits that are apart then stay apart, and the pauses after failed polls. It never delays a poll.

    Returns:
        Completed, only if the latest poll itself had a valid response with that status; Failed, with the reason; or
        PollAgain.
    """
    result = state.last
    assert result is not None  # noqa: S101  the caller has polled
    final = _final_step(state, result, now, options)
    if final is not None:
        return final
    left = state.started + options.timeout - now
    if left <= 0:
        return Failed(WaitTimeoutError(options.timeout, state.description, state.last_error, state.first_error))
    # The last poll is when the time is up, so that no end before it is missed.
    return PollAgain(min(_pause(state, result, now, jitter), left))


def never_completes(result: PollResult, options: WaitOptions, *, preview: bool) -> CosJobError | None:
    """Return the error if a poll before any wait shows that the job will never complete, else None.

    Args:
        result: The poll.
        options: What the wait would accept.
        preview: Whether nothing is waited for afterwards. In an update, a job that is missing may still appear.
    """
    step = next_step(PollState(result.at).add(result), result.at, options)
    if isinstance(step, Failed):
        return step.error
    final = (AccessDeniedError, InvalidArgumentError, ConfigurationError, *((NoSuchJobError,) if preview else ()))
    return result.error if isinstance(result.error, final) else None


def _final_step(state: PollState, result: PollResult, now: float, options: WaitOptions) -> Completed | Failed | None:
    """Return how the wait ends; None if it goes on."""
    if result.description is None:
        return _final_step_after_error(state, result.error, now)
    description = result.description
    if description.state.final:
        return check_completion(description, options.max_failed_tasks)
    if description.status == "Suspended" and options.fail_when_suspended:
        return Failed(JobSuspendedError(description))
    return None


def check_completion(description: JobDescription, max_failed_tasks: int | None) -> Completed | Failed:
    """Return whether a job that has ended completed with few enough failed tasks.

    Args:
        description: The job.
        max_failed_tasks: Failed tasks that it may have; None for any number. With a limit, the check fails if the
            response does not state how many tasks failed, or if its counts contradict each other.
    """
    failed = description.failed_tasks
    accepted = max_failed_tasks is None or (failed is not None and failed <= max_failed_tasks)
    if description.status == "Complete" and accepted:
        return Completed(description)
    summary = description.progress_summary
    return Failed(JobFailedError(description, max_failed_tasks, contradiction(summary) if summary else ""))


def _final_step_after_error(state: PollState, error: CosJobError | None, now: float) -> Failed | None:
    """Return how the wait ends after a failed poll; None if the problem may pass."""
    if error is None:
        return None
    if isinstance(error, InvalidArgumentError):
        return Failed(error)
    never_valid = state.description is None
    if never_valid and (isinstance(error, (ConfigurationError, TlsError)) or _is_denial(error)):
        return Failed(error)
    for streak, grace, counts in (
        (state.missing, _MISSING_GRACE, True),
        (state.refused, _REFUSED_GRACE, True),
        (state.unusable, _REFUSED_GRACE, never_valid),
        (state.unresolved, _UNRESOLVED_GRACE, not state.reached),
    ):
        if streak is not None and counts and now - streak.since >= grace:
            return Failed(streak.error)
    return None


def _is_denial(error: CosJobError) -> bool:
    """Return whether the request was refused for its caller or its form."""
    return is_refused(error) and (isinstance(error, AccessDeniedError) or error.http_status in _DENIAL_STATUSES)


def _pause(state: PollState, result: PollResult, now: float, jitter: float) -> float:
    """Return the seconds until the next poll, before the time limit."""
    usual = _usual_interval(state.age(result.began))
    share = 1.0 - _JITTER * (1.0 - jitter) if state.polls == 1 or state.failures else 1.0
    if result.description is None:
        retry_after = getattr(result.error, "retry_after", None) or 0.0
        growing = 2.0 ** min(state.failures - 1, 10)
        pause = min(growing, usual) if state.missing is None else _MIN_INTERVAL
        return max(share * pause, min(retry_after, _MAX_RETRY_AFTER))
    interval = min(usual, _interval_near_end(state, usual, result.began))
    return max(_MIN_PAUSE, result.began + share * interval - now)


def _usual_interval(age: float) -> float:
    """Return the longest interval with which any end is noticed in time."""
    return _MIN_INTERVAL if age < _SHORT_AGE else min(age * _SHARE_OF_AGE, _MAX_INTERVAL)


def _interval_near_end(state: PollState, usual: float, began: float) -> float:
    """Return the interval by what is known of the job's end; it may be longer than the usual one."""
    if state.status in ("Completing", "Failing", "Cancelling"):
        return max(_MIN_INTERVAL, 0.1 * (began - state.status_since))
    left = state.seconds_left(began)
    if left is None:
        return usual
    # If the expected end does not come, as the last tasks hang or what follows them, polls get less frequent again.
    stalled = began - state.latest_progress.at if state.latest_progress is not None else 0.0
    left += _AFTER_END
    return max(_MIN_INTERVAL, left / math.ceil(left / usual), 0.1 * stalled)
