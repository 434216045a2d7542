"""Requests at the rate that the service accepts: all threads of a client slow down together, and speed up again.

How many requests may be under way is a pure function of the responses (`AimdState`): it halves when the service asks to
slow down, and grows by one for each round of responses, as TCP does. `RateLimiter` is the edge, where threads wait.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_cosjob._clock import CALLED_OFF
from pulumi_cosjob._errors import CosJobError, RequestError, UnavailableError

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock

__all__ = ["AimdState", "RateLimiter", "asks_to_slow_down"]

_CODES = frozenset({"SlowDown", "RequestLimitExceeded"})
# However long the service asks one request to wait, all others of the client are held up for so many seconds at most.
_LONGEST = 60.0


def asks_to_slow_down(error: BaseException) -> bool:
    """Tell whether the service answered that it is asked too often, rather than that it cannot answer."""
    return isinstance(error, CosJobError) and (error.code in _CODES or error.http_status == 429)


@dataclass(frozen=True)
class AimdState:
    """How fast to ask.

    Attributes:
        most: How many questions may be under way; without end until the service asks to slow down.
        not_before: When the next one may be asked, by the clock that never goes back.
        slowed_at: When it was last slowed down.
    """

    most: float = math.inf
    not_before: float = 0.0
    slowed_at: float = -math.inf

    def slowed(self, now: float, *, asked_at: float, under_way: int, seconds: float) -> AimdState:
        """Return the pace after the service asked to slow down.

        Args:
            now: The time.
            asked_at: When the question was asked: of those that were under way together only one halves the pace.
            under_way: How many there were, this one included.
            seconds: For how long to ask nothing.
        """
        later = replace(self, not_before=max(self.not_before, now + min(seconds, _LONGEST)))
        if asked_at < self.slowed_at:
            return later
        return replace(later, most=max(1.0, min(self.most, under_way) / 2), slowed_at=now)

    def answered(self) -> AimdState:
        """Return the pace after any other answer."""
        return self if math.isinf(self.most) else replace(self, most=self.most + 1 / self.most)


class RateLimiter:
    """Lets threads ask, at the pace; one for each client.

    Args:
        clock: What time limits and pauses go by.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed = False
        self._reset()
        _ALL.add(self)

    def _reset(self) -> None:
        """Begin at full pace, with nothing under way."""
        self.pace = AimdState()
        self._under_way = 0
        self._changed = threading.Condition()

    def close(self) -> None:
        """Let nobody ask any more, not even who waits for a turn."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextlib.contextmanager
    def turn(self, deadline: float, seconds: float) -> Iterator[None]:
        """Wait for a turn to ask; the question is asked, and its answer judged, in the body.

        Args:
            deadline: Until when to wait at the most, by the clock that never goes back.
            seconds: For how long nobody is to ask, where the service asks to slow down and does not say for how long.

        Raises:
            UnavailableError: No turn came in time.
            RequestError: There are no more turns.
        """
        self._enter(deadline)
        asked_at = self._clock.monotonic()
        slowed = None
        try:
            yield
        except CosJobError as error:
            slowed = error if asks_to_slow_down(error) else None
            raise
        finally:
            with self._changed:
                if slowed is None:
                    self.pace = self.pace.answered()
                else:
                    self.pace = self.pace.slowed(
                        self._clock.monotonic(),
                        asked_at=asked_at,
                        under_way=self._under_way,
                        seconds=getattr(slowed, "retry_after", None) or seconds,
                    )
                self._under_way -= 1
                self._changed.notify_all()

    def _enter(self, deadline: float) -> None:
        while True:
            with self._changed:
                if self._closed:
                    raise RequestError(CALLED_OFF)
                now = self._clock.monotonic()
                if now >= self.pace.not_before and self._under_way + 1 <= self.pace.most:
                    self._under_way += 1
                    return
                pause = self.pace.not_before - now
                if max(now, self.pace.not_before) >= deadline:
                    raise UnavailableError(
                        "the service asks to slow down, and no turn to ask came in time",
                        hint="Ask less often, or later.",
                        retry_after=max(0.0, pause),
                    )
                if pause <= 0:
                    # Wait until a question under way ends. The timeout uses the machine's clock, not the injected one.
                    self._changed.wait(deadline - now)
            if pause > 0:
                self._clock.sleep(pause)


_ALL: weakref.WeakSet[RateLimiter] = weakref.WeakSet()


def _after_fork() -> None:
    """Reset all turnstiles of a child process: the threads that hold their locks and turns exist in the parent only."""
    for each in list(_ALL):
        each._reset()  # noqa: SLF001  its own


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
