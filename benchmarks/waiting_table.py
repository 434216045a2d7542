"""The table of `make bench` about waiting: the policy of the package in a simulated year, beside fixed intervals."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import simulation

__all__ = ["Waiting", "missed", "waiting"]


@dataclass(frozen=True)
class Waiting:
    """The results of one policy in the simulated year."""

    policy: str
    in_time: float
    latest: float
    mean: float
    under_a_minute: float
    under_ten_minutes: float
    under_two_hours: float
    longer: float
    never_ending: int


def waiting(jobs: int) -> list[Waiting]:
    """Wait with each policy for the same year of jobs; the first is that of the package."""
    return [
        Waiting(
            name,
            in_time=statistics.fmean(each.share_of_target <= 1 for each in noticed),
            latest=max(each.share_of_target for each in noticed),
            mean=statistics.fmean(each.share_of_target for each in noticed),
            under_a_minute=_requests(noticed, 0, 60),
            under_ten_minutes=_requests(noticed, 60, 600),
            under_two_hours=_requests(noticed, 600, 7200),
            longer=_requests(noticed, 7200, float("inf")),
            never_ending=endless,
        )
        for name, noticed, endless in simulation.policies(simulation.year_of_jobs(seed=2026, jobs=jobs))
    ]


def _requests(noticed: list[simulation.Noticed], least: float, most: float) -> float:
    return statistics.fmean(each.requests for each in noticed if least <= each.job.length < most)


def missed(found: Sequence[Waiting]) -> int:
    """Return how many promises are broken: every end in time, and no interval that is as good with fewer requests."""
    if not found:
        return 0
    ours, *intervals = found
    cheaper = any(each.in_time == 1 and each.longer <= ours.longer for each in intervals)
    return (ours.in_time < 1) + cheaper
