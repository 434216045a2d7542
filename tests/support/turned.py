"""Time for many waits on an event loop: nobody really sleeps."""

from __future__ import annotations

import asyncio
import heapq

from pulumi_cosjob.testing import ManualClock


class TurnedTime:
    """A clock for many waits: once all of them sleep, it is turned to the first that is due.

    Args:
        waits: How many there are.
    """

    def __init__(self, waits: int = 1) -> None:
        self.clock = ManualClock()
        self._waits = waits
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = 0

    async def sleep(self, seconds: float) -> None:
        """Sleep, by this clock."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slept += 1
        heapq.heappush(self._asleep, (self.clock.monotonic() + seconds, self._slept, woken))
        self._turn()
        await woken

    def done(self, _task: object = None) -> None:
        """Take note that one of the waits is over."""
        self._waits -= 1
        self._turn()

    def _turn(self) -> None:
        if self._asleep and len(self._asleep) >= self._waits:
            due, _, woken = heapq.heappop(self._asleep)
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            if not woken.done():
                woken.set_result(None)
