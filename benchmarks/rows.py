"""Rows of `make bench`: a value against its floor, measured in alternating pairs, and what they show."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = [
    "MET",
    "MISSED",
    "SMALL",
    "TOO_BUSY",
    "Alternating",
    "Measurement",
    "Row",
    "Sizes",
    "alternately",
    "quartiles",
    "seconds_of",
    "verdict",
]

_T = TypeVar("_T")

MET, MISSED, TOO_BUSY = "met", "MISSED", "too busy to judge"
"""The verdicts on a row that has a target."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        name: Its name on the command line.
        what: What is measured.
        compared_with: The floor that it is compared with.
        unit: The unit of both: `s`, `ms`, `kB`, `MB`, or nothing for a number of things.
        pairs: Our value and that of the floor, measured one after the other.
        target: The largest accepted median ratio; None if there is no target.
        note: Further figures.
    """

    name: str
    what: str
    compared_with: str
    unit: str
    pairs: Sequence[tuple[float, float]]
    target: float | None = None
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """The ratio of our value to the floor, for each pair."""
        return [ours / floor for ours, floor in self.pairs]

    @property
    def ratio(self) -> float:
        """The median ratio."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the largest ratio of the middle half of the pairs."""
        return quartiles(self.ratios)

    @property
    def verdict(self) -> str | None:
        """What the pairs show about the target; None without one."""
        return None if self.target is None else verdict(self.ratios, self.target)

    def medians(self) -> tuple[float, float]:
        """Return the median of our values and that of the floor."""
        ours, floors = zip(*self.pairs, strict=True)
        return statistics.median(ours), statistics.median(floors)


def quartiles(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper quartile."""
    if len(ratios) < 2:
        return ratios[0], ratios[0]
    lower, _, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return lower, upper


def verdict(ratios: Sequence[float], target: float) -> str:
    """Return what ratios show: a median over the target counts only where it is further away than the spread is wide.

    Args:
        ratios: The ratio of each pair.
        target: The largest accepted median.
    """
    over = statistics.median(ratios) - target
    if over <= 0:
        return MET
    lower, upper = quartiles(ratios)
    return TOO_BUSY if upper - lower > over else MISSED


@dataclass(frozen=True)
class Measurement:
    """How the values of a row are measured, with all that this needs set up.

    Attributes:
        pair: Measures the pair of a number, counted from 0: our value and that of the floor.
        note: Returns further figures, after the last pair.
    """

    pair: Callable[[int], tuple[float, float]]
    note: Callable[[], str] = str


@dataclass(frozen=True)
class Sizes:
    """The sizes of a run; a test that every row works has smaller ones.

    Attributes:
        most_pairs: The largest number of pairs of any row.
        further: How many times as many pairs again are measured where a row does not meet its target, at most.
        some: Jobs of a program of usual size.
        jobs: Jobs of a large program.
        first_reads: Reads of one provider process before the first sample of its memory.
        reads: Reads before the second one.
        listed: Jobs of the account whose jobs are listed.
        steps: The five numbers of jobs for which growth is measured.
        dynamic_gates: Gates of the dynamic provider beside those of the plugin.
        jobs_of_a_gate: Jobs of one very large gate.
        seconds: Seconds for which the jobs of gates are Active.
    """

    most_pairs: int = 1000
    further: int = 2
    some: int = 200
    jobs: int = 1000
    first_reads: int = 1000
    reads: int = 10_000
    listed: int = 10_000
    steps: tuple[int, int, int, int, int] = (1, 10, 100, 1000, 5000)
    dynamic_gates: int = 20
    jobs_of_a_gate: int = 10_000
    seconds: int = 36


SMALL = Sizes(
    most_pairs=1,
    further=0,
    some=3,
    jobs=6,
    first_reads=20,
    reads=60,
    listed=20,
    steps=(1, 2, 3, 4, 6),
    dynamic_gates=2,
    jobs_of_a_gate=60,
    seconds=1,
)


def seconds_of(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


class Alternating(Generic[_T]):
    """Our results and those of the floor: one after the other, each first in every second pair, and each pair once.

    Several rows may share it.

    Args:
        ours: Measures once.
        floor: Measures the floor once.
    """

    def __init__(self, ours: Callable[[], _T], floor: Callable[[], _T]) -> None:
        self._ours, self._floor = ours, floor
        self._pairs: list[tuple[_T, _T]] = []

    def pair(self, number: int) -> tuple[_T, _T]:
        """Return the pair of a number, counted from 0; pairs that have not been measured yet are."""
        while len(self._pairs) <= number:
            if len(self._pairs) % 2:
                floor = self._floor()
                self._pairs.append((self._ours(), floor))
            else:
                self._pairs.append((self._ours(), self._floor()))
        return self._pairs[number]

    @property
    def last(self) -> tuple[_T, _T]:
        """The pair that was measured last."""
        return self._pairs[-1]


def alternately(ours: Callable[[], float], floor: Callable[[], float], note: Callable[[], str] = str) -> Measurement:
    """Return a measurement of a value and its floor by turns."""
    return Measurement(Alternating(ours, floor).pair, note)
