"""Rows of `make bench`: a value against its floor, measured in alternating pairs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_A = TypeVar("_A")
_B = TypeVar("_B")


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: What is measured.
        compared_with: The floor that it is compared with.
        unit: The unit of both: `s`, `ms`, `kB` or `MB`.
        pairs: Our value and that of the floor, measured one after the other.
        target: The largest accepted median ratio; None if there is no target.
        note: Further figures.
    """

    what: str
    compared_with: str
    unit: str
    pairs: Sequence[tuple[float, float]]
    target: float | None = None
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """The ratio of our value to the floor, for each pair, in ascending order."""
        return sorted(ours / floor for ours, floor in self.pairs)

    @property
    def ratio(self) -> float:
        """The median ratio."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The best and the worst ratio; of ten or more pairs, without the tenth at either end."""
        ratios = self.ratios
        cut = len(ratios) // 10
        return ratios[cut], ratios[-1 - cut]

    @property
    def missed(self) -> bool:
        """Whether the row is over its target."""
        return self.target is not None and not self.ratio <= self.target

    def medians(self) -> tuple[float, float]:
        """Return the median of our values and that of the floor."""
        ours, floors = zip(*self.pairs, strict=True)
        return statistics.median(ours), statistics.median(floors)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a run; a test that every row works has smaller ones.

    Attributes:
        pairs: Pairs of whole processes.
        many_pairs: Pairs of measurements that take long.
        few_pairs: Pairs of measurements that take longer.
        some: Jobs of a program of usual size.
        jobs: Jobs of a large program.
        reads: Reads of one provider process before the first and before the second sample of its memory.
        steps: Numbers of jobs for which growth is measured.
        dynamic_gates: Gates of the dynamic provider beside those of the plugin.
        jobs_of_a_gate: Jobs of one very large gate.
        seconds: Seconds for which the jobs of gates are Active.
        repeats: Repeats of measurements that take a millisecond.
    """

    pairs: int = 9
    many_pairs: int = 3
    few_pairs: int = 2
    some: int = 200
    jobs: int = 1000
    reads: tuple[int, int] = (1000, 10_000)
    steps: tuple[int, ...] = (1, 10, 100, 1000)
    dynamic_gates: int = 20
    jobs_of_a_gate: int = 10_000
    seconds: float = 36
    repeats: int = 200


SMALL = Sizes(
    pairs=1,
    many_pairs=1,
    few_pairs=1,
    some=3,
    jobs=6,
    reads=(20, 60),
    steps=(1, 2, 4),
    dynamic_gates=2,
    jobs_of_a_gate=60,
    seconds=1,
    repeats=3,
)


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def alternate(pairs: int, ours: Callable[[], _A], floor: Callable[[], _B]) -> list[tuple[_A, _B]]:
    """Measure both, one after the other, and each first in every second pair; return the pairs of results."""
    found = []
    for number in range(pairs):
        if number % 2:
            second = floor()
            found.append((ours(), second))
        else:
            found.append((ours(), floor()))
    return found


def time_alternately(pairs: int, ours: Callable[[], object], floor: Callable[[], object]) -> list[tuple[float, float]]:
    """Return the seconds that both take, measured alternately."""
    return alternate(pairs, lambda: timed(ours), lambda: timed(floor))
