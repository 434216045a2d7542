"""The promise of the policy in a simulated year of jobs, against fixed intervals."""

from __future__ import annotations

import bisect
import itertools
import math
import random
import statistics

import pytest

import simulation

pytestmark = pytest.mark.newest


@pytest.fixture(scope="module")
def jobs() -> list[simulation.Job]:
    """A year of jobs of all lengths and kinds."""
    return simulation.year_of_jobs(seed=7, jobs=240)


def test_every_end_in_a_year_is_noticed_in_time(jobs: list[simulation.Job]) -> None:
    """Even, bursty, stalled and sudden jobs: within 2 s, or 5 % of the length, at most 30 s."""
    rng = random.Random(3)  # noqa: S311  a simulation
    noticed = [simulation.by_policy(each, rng) for each in jobs]
    assert {each.job.kind for each in noticed} == {"even", "bursty", "stalled", "sudden"}
    assert [each for each in noticed if each.share_of_target > 1.0] == []


def test_no_fixed_interval_notices_as_fast_with_fewer_requests(jobs: list[simulation.Job]) -> None:
    """An interval that keeps the promise for all jobs takes many times the requests; one with as few breaks it."""
    (_, ours, endless), *fixed = simulation.policies(jobs)
    requests = sum(each.requests for each in ours)
    for name, theirs, theirs_endless in fixed:
        keeps = all(each.share_of_target <= 1.0 for each in theirs)
        mean = statistics.fmean(each.share_of_target for each in theirs)
        as_fast = keeps or mean <= statistics.fmean(each.share_of_target for each in ours)
        if as_fast:
            assert sum(each.requests for each in theirs) > 5 * requests, name
            assert theirs_endless > 5 * endless, name
    assert any(all(each.share_of_target <= 1.0 for each in theirs) for _, theirs, _ in fixed)


@pytest.mark.parametrize("latency", [0.0, 0.06, 0.1])
def test_an_end_right_after_any_poll_is_noticed_in_time(latency: float) -> None:
    """Also an end that nothing announces, at any age up to three days, if responses take up to a tenth of a second."""
    for jitter in (0.0, 0.5, 1.0):
        polls = list(simulation.polls_of_endless_job(3 * 24 * 3600.0, latency, jitter))
        late = [(at, after + latency - at - simulation.target(at)) for at, after in itertools.pairwise(polls)]
        assert [each for each in late if each[1] > 1e-6] == []


def test_no_schedule_takes_fewer_polls_for_a_job_under_a_minute() -> None:
    """One at the start, and one for each 2 s less a response: with fewer, some end would be noticed too late."""
    latency = 0.1
    polls = list(simulation.polls_of_endless_job(60.0, latency))
    for length in (number / 10 + 0.05 for number in range(600)):
        least = 1 + math.ceil(length / (2.0 - latency))
        assert bisect.bisect_left(polls, length) + 1 == least, length
