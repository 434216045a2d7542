"""Waiting for events: no test depends on real time, and one that hangs fails in the end.

Real time depends more on the machine than on the code. A test about computing measures CPU time
(`time.process_time`); a test about an event waits for the event.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

__all__ = ["HANGS", "moved_by_requests", "new_threads", "until"]

HANGS = 240.0
"""No step of a test takes so many seconds, however busy the machine is, unless it hangs."""


def until(condition: Callable[[], object], message: Callable[[], str] = str) -> None:
    """Wait until a condition holds.

    Args:
        condition: Returns whether it holds.
        message: Returns the message of the failure if it never holds.
    """
    ends = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < ends, message()
        time.sleep(0.02)


@contextlib.contextmanager
def moved_by_requests(*services: CosBatchEmulator, seconds: float = 1.0) -> Iterator[None]:
    """Advance the jobs' held clock by so many seconds with each request, so that no job ends before it was seen to run.

    Args:
        services: The emulators, each with its own clock.
        seconds: How far a request advances it.
    """
    ended = threading.Event()
    seen = {service: len(service.requests) for service in services}

    def move() -> None:
        while not ended.wait(0.02):
            for service in services:
                sent = len(service.requests)
                service.clock.advance(seconds * (sent - seen[service]))
                seen[service] = sent

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        ended.set()
        mover.join()


def new_threads(before: Collection[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that run now and did not before.

    A number of threads shows nothing: those of earlier tests may end at any time.

    Args:
        before: What `threading.enumerate` returned then.
    """
    return [thread for thread in threading.enumerate() if thread not in before]
