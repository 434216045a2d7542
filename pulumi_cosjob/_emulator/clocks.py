"""Clocks that tests advance: one that stands still, and one for the jobs of the emulator."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock

__all__ = ["JobClock", "ManualClock"]

_NEW_YEAR_2024 = 1_704_067_200.0
# The end of the year 9999: no later date can be written.
_LATEST = 253_402_300_799.0


def _check_forward(seconds: float) -> float:
    """Return the seconds; refuse those that would set a clock back."""
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"a clock advances by a finite number of seconds from 0, not by {seconds!r}")
    return seconds


def _check_reachable(now: float, seconds: float) -> float:
    """Return the seconds; refuse those that would advance a clock beyond the last date."""
    if now + _check_forward(seconds) > _LATEST:
        raise ValueError("the jobs' clock advances to the end of the year 9999, no further")
    return seconds


class ManualClock:
    """A clock that stands still until it is advanced; sleeping advances it at once, so that no test waits.

    It fits wherever the package takes a clock. Any thread may advance it.

    Args:
        start: The wall time at the start, in seconds since the epoch.
    """

    def __init__(self, start: float = _NEW_YEAR_2024) -> None:
        self._lock = threading.Lock()
        self._start = start
        self._passed = 0.0

    def now(self) -> float:
        """Return the wall time in seconds since the epoch."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return by how many seconds this clock has been advanced."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Advance the clock by that many seconds, at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Advance the clock.

        Args:
            seconds: By how many seconds.

        Raises:
            ValueError: The number is negative or not finite.
        """
        with self._lock:
            self._passed += _check_forward(seconds)


class JobClock:
    """The clock of the jobs: the service's clock plus the seconds by which it was advanced, unless it is held.

    Advancing it moves the jobs and nothing else. Signatures are verified by the service's own clock, so a client
    with the right time is still accepted.

    Args:
        service: The service's clock.
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
        """Return the same time as `now`: only `reset` sets this clock back."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Sleep by the service's clock."""
        self._service.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Advance the jobs' clock, held or not.

        Args:
            seconds: By how many seconds.

        Raises:
            ValueError: The number is negative, not finite, or leads beyond the year 9999.
        """
        with self._lock:
            forward = _check_reachable(self._unlocked_now(), seconds)
            if self._held_at is None:
                self._ahead += forward
            else:
                self._held_at += forward

    def hold(self) -> None:
        """Stop the jobs' clock where it is."""
        with self._lock:
            self._held_at = self._unlocked_now()

    def release(self) -> None:
        """Let the jobs' clock run on from where it was held."""
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
