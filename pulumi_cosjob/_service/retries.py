"""Which errors are retried, how long to pause between attempts, and when they end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pulumi_cosjob._errors import (
    ConnectionFailedError,
    CosJobError,
    TimeLimitError,
    UnavailableError,
    is_refusal,
)

if TYPE_CHECKING:
    import tenacity

    from pulumi_cosjob._clock import Clock

__all__ = ["FIRST_PAUSE", "RetryPolicy", "is_retryable", "pause"]

_T = TypeVar("_T")

FIRST_PAUSE = 0.5
"""The longest pause before the second attempt, in seconds."""

_LONGEST_PAUSE = 10.0
# Attempts end after so long where none of them has found the name of the endpoint.
_UNRESOLVED_SECONDS = 5.0
_LONGEST_UNRESOLVED_PAUSE = 1.0


def is_retryable(error: BaseException) -> bool:
    """Return whether the same request may succeed a little later."""
    if isinstance(error, ConnectionFailedError):
        return not is_refusal(error.http_status)  # the status of a proxy
    return isinstance(error, (TimeLimitError, UnavailableError))


def pause(attempts: int, retry_after: float | None, jitter: float) -> float:
    """Return how many seconds to pause before the next attempt.

    Args:
        attempts: How many there were, 1 or more.
        retry_after: Seconds in the Retry-After header, which the pause is never shorter than; None without one.
        jitter: A random number from 0 to 1, so that many clients do not come back at the same moment.
    """
    longest = min(_LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts - 1, 30))
    drawn = longest * (0.5 + jitter / 2)
    return drawn if retry_after is None else retry_after + drawn * 0.2


class RetryPolicy:
    """When the attempts of one request end, and the pauses between them, in the terms of `tenacity`.

    Args:
        clock: The clock of the client.
        deadline: When the request ends, by the monotonic time of that clock.
        once: Whether there is only one attempt.
    """

    def __init__(self, clock: Clock, deadline: float, *, once: bool) -> None:
        self._clock = clock
        self._deadline = deadline
        self._once = once
        self._unresolved_deadline = min(deadline, clock.monotonic() + _UNRESOLVED_SECONDS)
        self._was_resolved = False

    def run(self, attempt: Callable[[], _T]) -> _T:
        """Make an attempt, and as many more as may help; return what the last one returns.

        Raises:
            CosJobError: The last attempt failed; their number is part of the error.
        """
        try:
            return attempt()
        except CosJobError as error:
            failed = [error]
        try:
            # Only from here on: nearly every request takes one attempt, a tenth of whose time would be the library's.
            import tenacity  # noqa: PLC0415  as above
        except (ImportError, OSError):  # what made the attempt fail, such as too many open files, may prevent this too
            raise failed.pop() from None

        def next_attempt() -> _T:
            if failed:
                raise failed.pop()
            return attempt()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_retryable),
            wait=self.seconds,
            stop=self.is_over,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(next_attempt)
        except CosJobError as error:
            error.attempts = retrying.statistics["attempt_number"]
            raise

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        """Return whether the last attempt was the last one, as the next would begin after the deadline."""
        self._was_resolved = self._was_resolved or not _is_unresolved(state)
        deadline = self._deadline if self._was_resolved else self._unresolved_deadline
        return self._once or self._clock.monotonic() + state.upcoming_sleep >= deadline

    def seconds(self, state: tenacity.RetryCallState) -> float:
        """Return the pause before the next attempt."""
        wanted = getattr(_error_of(state), "retry_after", None)
        drawn = pause(state.attempt_number, wanted, random.random())  # noqa: S311  jitter, no secret
        return min(drawn, _LONGEST_UNRESOLVED_PAUSE) if _is_unresolved(state) else drawn


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _is_unresolved(state: tenacity.RetryCallState) -> bool:
    """Return whether the attempt failed because a name was not found."""
    return getattr(_error_of(state), "name_not_found", False)
