"""Waiting for events: no test depends on real time, and one that hangs fails in the end.

Real time depends more on the machine than on the code. A test about computing measures CPU time
(`time.process_time`); a test about an event waits for the event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

__all__ = ["HANGS", "new_threads", "until"]

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


def new_threads(before: Collection[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that run now and did not before.

    A number of threads shows nothing: those of earlier tests may end at any time.

    Args:
        before: What `threading.enumerate` returned then.
    """
    return [thread for thread in threading.enumerate() if thread not in before]
