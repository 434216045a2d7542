"""Time, as something that can be handed in: a clock owns both "now" and "sleep"."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


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
    """The machine's own clock."""

    def now(self) -> float:
        """Return the machine's wall time."""
        return time.time()

    def monotonic(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
