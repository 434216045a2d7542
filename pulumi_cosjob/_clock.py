"""Time, as something that can be handed in: a clock owns both "now" and "sleep"."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from pulumi_cosjob._errors import RequestError

__all__ = ["CALLED_OFF", "Clock", "SystemClock", "is_cancelled"]

CALLED_OFF = "the request was called off"


class Clock(Protocol):
    """What the edges of the package ask about time; tests hand in one that they turn by hand."""

    def now(self) -> float:
        """Return the wall time in seconds since the epoch, as signatures and jobs use it."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, as time limits use them."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


class SystemClock:
    """The machine's own clock.

    Args:
        ended: Ends all sleeps once it is set.
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
            RequestError: What it sleeps for was called off.
        """
        if self.ended.wait(seconds):
            raise RequestError(CALLED_OFF)


def is_cancelled(clock: Clock) -> bool:
    """Tell whether nobody is to sleep by a clock any more."""
    return isinstance(clock, SystemClock) and clock.ended.is_set()
