"""Requests at the rate that the service accepts: all threads of a client slow down together, and speed up again.

How many requests may be under way is a pure function of the responses (`AimdState`): it halves when the service
throttles requests, and grows by one for each round of responses, as in TCP (additive increase, multiplicative
decrease). `RateLimiter` is the edge, where threads wait.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_cosjob._clock import CANCELLED
from pulumi_cosjob._errors import CosJobError, RequestError, UnavailableError
from pulumi_cosjob._records import Record

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock

__all__ = ["AimdState", "RateLimiter", "is_throttling"]

_CODES = frozenset({"SlowDown", "RequestLimitExceeded"})
# All requests of a client are held up for so many seconds at most, even if one of them has to wait longer.
_LONGEST_PAUSE = 60.0


def is_throttling(error: BaseException) -> bool:
    """Return whether an error means that there are too many requests, rather than that the service failed."""
    return isinstance(error, CosJobError) and (error.code in _CODES or error.http_status == 429)


class AimdState(Record):
    """How many requests may be under way, and from when on.

    Attributes:
        limit: How many requests may be under way; infinite until the service throttles requests.
        not_before: When the next request may begin, by the monotonic clock.
        slowed_at: When the limit was last lowered.
    """

    limit: float = math.inf
    not_before: float = 0.0
    slowed_at: float = -math.inf

    def after_throttling(self, now: float, *, sent_at: float, under_way: int, seconds: float) -> AimdState:
        """Return the state after the service has throttled a request.

        Args:
            now: The time.
            sent_at: When the request was sent: of requests that were under way together, one halves the limit.
            under_way: How many requests there were, this one included.
            seconds: How long to send nothing.
        """
        later = replace(self, not_before=max(self.not_before, now + min(seconds, _LONGEST_PAUSE)))
        if sent_at < self.slowed_at:
            return later
        return replace(later, limit=max(1.0, min(self.limit, under_way) / 2), slowed_at=now)

    def after_response(self) -> AimdState:
        """Return the state after any other response."""
        return self if math.isinf(self.limit) else replace(self, limit=self.limit + 1 / self.limit)


class RateLimiter:
    """Lets the threads of one client send requests, at the rate of its state.

    Args:
        clock: The clock of time limits and pauses.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed = False
        self._reset()
        _ALL.add(self)

    def _reset(self) -> None:
        """Begin without a limit, and with no request under way."""
        self.state = AimdState()
        self._under_way = 0
        self._changed = threading.Condition()

    def close(self) -> None:
        """Refuse further requests, also to threads that wait for a slot."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextlib.contextmanager
    def slot(self, deadline: float, seconds: float) -> Iterator[None]:
        """Wait for a slot, and hold it for the body, which sends the request and parses the response.

        Args:
            deadline: How long to wait at most, as a time of the monotonic clock.
            seconds: How long to send nothing where the service throttles requests without a Retry-After header.

        Raises:
            UnavailableError: No slot was free before the deadline.
            RequestError: The limiter is closed.
        """
        self._enter(deadline)
        sent_at = self._clock.monotonic()
        slowed = None
        try:
            yield
        except CosJobError as error:
            slowed = error if is_throttling(error) else None
            raise
        finally:
            with self._changed:
                if slowed is None:
                    self.state = self.state.after_response()
                else:
                    self.state = self.state.after_throttling(
                        self._clock.monotonic(),
                        sent_at=sent_at,
                        under_way=self._under_way,
                        seconds=getattr(slowed, "retry_after", None) or seconds,
                    )
                self._under_way -= 1
                self._changed.notify_all()

    def _enter(self, deadline: float) -> None:
        while True:
            with self._changed:
                if self._closed:
                    raise RequestError(CANCELLED)
                now = self._clock.monotonic()
                if now >= self.state.not_before and self._under_way + 1 <= self.state.limit:
                    self._under_way += 1
                    return
                pause = self.state.not_before - now
                if max(now, self.state.not_before) >= deadline:
                    raise UnavailableError(
                        "the service throttles requests, and this one could not be sent in time",
                        hint="Make requests less often, or try again later.",
                        retry_after=max(0.0, pause),
                    )
                if pause <= 0:
                    # Wait until a request under way ends. The timeout uses the machine's clock, not the injected one.
                    self._changed.wait(deadline - now)
            if pause > 0:
                self._clock.sleep(pause)


_ALL: weakref.WeakSet[RateLimiter] = weakref.WeakSet()


def _after_fork() -> None:
    """Reset all limiters in a child process: the threads that hold their locks and slots exist in the parent only."""
    for each in list(_ALL):
        each._reset()  # noqa: SLF001  of this module


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
