"""The clocks of tests."""

from __future__ import annotations

import threading

import pytest

from pulumi_cosjob.testing import ManualClock


def test_manual_clock() -> None:
    """The clock stands still until it is advanced; sleeping advances it; it cannot be set back."""
    clock = ManualClock(start=100.0)
    clock.advance(5)
    clock.sleep(2.5)
    assert (clock.now(), clock.monotonic()) == (107.5, 7.5)
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a clock advances"):
            clock.advance(seconds)


def test_manual_clock_is_advanced_from_many_threads() -> None:
    """No second is lost if many threads advance the clock."""
    clock = ManualClock(start=0.0)

    def work() -> None:
        for _ in range(1000):
            clock.sleep(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
