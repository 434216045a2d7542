"""Waiting for events: nothing here is judged by the clock on the wall, and what hangs fails in the end.

How long something takes says more of the machine than of what runs on it. Where computing is the point, a test takes
CPU time (`time.process_time`); where an event is, it waits for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["HANGS", "until"]

HANGS = 240.0
"""No step of a test takes so many seconds, however busy the machine is; one that does has got stuck."""


def until(condition: Callable[[], object], told: Callable[[], str] = str) -> None:
    """Wait for something to be so.

    Args:
        condition: Tells whether it is.
        told: What to say where it never is.
    """
    ends = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < ends, told()
        time.sleep(0.02)
