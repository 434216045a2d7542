"""Time as an argument: a clock has both "now" and "sleep", so that tests can replace the machine's."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from pulumi_cosjob._errors import RequestError

__all__ = ["CANCELLED", "Clock", "SystemClock", "is_cancelled"]

CANCELLED = "the request was cancelled"


class Clock(Protocol):
    """What the package needs to know about time; tests pass a clock that they advance."""

    def now(self) -> float:
        """Return the wall time in seconds since the epoch, as signatures and jobs use it."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, as time limits use them."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


class SystemClock:
    """The machine's own clock.

    Args:
        ended: Once this event is set, every sleep ends with an error.
    """

    def __init__(self, ended: threading.Event | None = None) -> None:
        self.ended = ended or threading.Event()

    def now(self) -> float:
        """Return the machine's wall time."""
        return time.time()

    def monotonic(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread.

        Raises:
            RequestError: The sleep was cancelled.
        """
        if self.ended.wait(seconds):
            raise RequestError(CANCELLED)


def is_cancelled(clock: Clock) -> bool:
    """Return whether every sleep by a clock fails, as its client was aborted or its engine has exited."""
    return isinstance(clock, SystemClock) and clock.ended.is_set()
