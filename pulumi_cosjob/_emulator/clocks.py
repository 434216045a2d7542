"""Clocks that can be turned: the hand-turned one for tests, and the one by which jobs live."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock

__all__ = ["JobClock", "ManualClock"]

_NEW_YEAR_2024 = 1_704_067_200.0


# No date is written after the year 9999.
_LATEST = 253_402_300_799.0


def _forward(seconds: float) -> float:
    """Return the seconds, or refuse those that would turn a clock back."""
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"a clock goes forward by a finite number of seconds, not by {seconds!r}")
    return seconds


def _reachable(now: float, seconds: float) -> float:
    """Return the seconds, or refuse those that would turn a clock beyond the last date."""
    if now + _forward(seconds) > _LATEST:
        raise ValueError("the jobs' clock goes to the end of the year 9999, no further")
    return seconds


class ManualClock:
    """A clock that stands still until it is turned; sleeping turns it, so that nothing really waits.

    It fits wherever the package takes a clock. It may be turned from any thread.

    Args:
        start: The wall time to begin with, in seconds since the epoch.
    """

    def __init__(self, start: float = _NEW_YEAR_2024) -> None:
        self._lock = threading.Lock()
        self._start = start
        self._passed = 0.0

    def now(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return the seconds that have passed on this clock."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Turn the clock on by that many seconds, at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Turn the clock on.

        Args:
            seconds: How far.

        Raises:
            ValueError: The number is negative or not finite.
        """
        with self._lock:
            self._passed += _forward(seconds)


class JobClock:
    """Time as the jobs live it: the service's clock, plus what it was turned on by, unless held.

    Turning it moves the jobs and nothing else: signatures are judged by the service's own clock, so a client
    whose clock nobody turned goes on being accepted.

    Args:
        service: The clock underneath.
    """

    def __init__(self, service: Clock) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._ahead = 0.0
        self._held_at: float | None = None

    def now(self) -> float:
        """Return the wall time of the jobs."""
        with self._lock:
            return self._unlocked_now()

    def monotonic(self) -> float:
        """Return the same time as `now`: this clock never goes back, except by `reset`."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Let the service's clock sleep."""
        self._service.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Turn the jobs' time on, held or not.

        Args:
            seconds: How far.

        Raises:
            ValueError: The number is negative, not finite, or leads beyond the year 9999.
        """
        with self._lock:
            forward = _reachable(self._unlocked_now(), seconds)
            if self._held_at is None:
                self._ahead += forward
            else:
                self._held_at += forward

    def hold(self) -> None:
        """Stop the jobs' time where it is."""
        with self._lock:
            self._held_at = self._unlocked_now()

    def release(self) -> None:
        """Let the jobs' time go on from where it was held."""
        with self._lock:
            if self._held_at is not None:
                self._ahead = self._held_at - self._service.now()
                self._held_at = None

    def reset(self) -> None:
        """Return to the service's clock."""
        with self._lock:
            self._ahead = 0.0
            self._held_at = None

    def _unlocked_now(self) -> float:
        return self._service.now() + self._ahead if self._held_at is None else self._held_at
