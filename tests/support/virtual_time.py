"""Virtual time for many waits on an event loop: no wait really sleeps."""

from __future__ import annotations

import asyncio
import heapq

from pulumi_cosjob.testing import ManualClock


class VirtualTime:
    """A clock for many waits: once all of them sleep, it advances to the end of the shortest sleep.

    Args:
        waits: The number of waits.
    """

    def __init__(self, waits: int = 1) -> None:
        self.clock = ManualClock()
        self._waits = waits
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._sleeps = 0

    async def sleep(self, seconds: float) -> None:
        """Sleep, by this clock."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeps += 1
        heapq.heappush(self._asleep, (self.clock.monotonic() + seconds, self._sleeps, woken))
        self._advance()
        await woken

    def done(self, _task: object = None) -> None:
        """Record the end of one of the waits."""
        self._waits -= 1
        self._advance()

    def _advance(self) -> None:
        if self._asleep and len(self._asleep) >= self._waits:
            due, _, woken = heapq.heappop(self._asleep)
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            if not woken.done():
                woken.set_result(None)
