"""A simulated year of jobs: how soon their ends are noticed, and by how many polls, against fixed intervals.

No clock runs here: a policy returns how long to pause, and time is a number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from pulumi_cosjob._model.job import JobDescription, ProgressSummary
from pulumi_cosjob._waiting.policy import PollAgain, WaitOptions, next_step
from pulumi_cosjob._waiting.state import PollResult, PollState

# Seconds that one request takes.
LATENCY = 0.06
YEAR = 365 * 24 * 3600.0
_EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
_NEVER = 30 * 24 * 3600.0

Curve = Callable[[float], float]


@dataclass(frozen=True)
class Job:
    """The timeline of a job: its phases with their lengths, and the progress of its tasks while it is Active."""

    kind: str
    phases: tuple[tuple[str, float], ...]
    curve: Curve
    tasks: int

    @property
    def length(self) -> float:
        """Seconds from the creation of the job to its end."""
        return sum(seconds for _, seconds in self.phases)

    def at(self, age: float) -> tuple[str, float | None]:
        """Return the status at an age, and the share of the tasks that is done; None before there are any."""
        for status, seconds in self.phases:
            if age < seconds:
                if status == "Active":
                    return status, self.curve(age / seconds)
                return status, 1.0 if status == "Completing" else None
            age -= seconds
        return "Complete", 1.0


def _steps(rng: random.Random) -> Curve:
    """Return a curve of progress in steps of very different speed."""
    weights = [rng.choice((0.0, 1.0, 20.0)) + 0.01 for _ in range(rng.randint(3, 40))]
    done = [0.0]
    for weight in weights:
        done.append(done[-1] + weight / math.fsum(weights))

    def curve(share: float) -> float:
        step = min(int(share * len(weights)), len(weights) - 1)
        return done[step] + (done[step + 1] - done[step]) * (share * len(weights) - step)

    return curve


CURVES: dict[str, Callable[[random.Random], Curve]] = {
    "even": lambda _rng: lambda share: share,
    "bursty": _steps,
    # Sixty per cent are done early; then there is no progress for long, then the rest at once.
    "stalled": lambda _rng: lambda share: min(share * 2, 0.6) if share < 0.95 else 0.6 + (share - 0.95) * 8,
    # The progress predicts an end that is twenty times too late.
    "sudden": lambda _rng: lambda share: share / 19 if share < 0.95 else 0.05 + (share - 0.95) * 19,
}


def year_of_jobs(seed: int, jobs: int) -> list[Job]:
    """Return jobs of every kind, of 3 s to 3 days, as many short as long."""
    rng = random.Random(seed)  # noqa: S311  a simulation
    made = []
    for number in range(jobs):
        kind = [*CURVES][number % len(CURVES)]
        active = math.exp(rng.uniform(math.log(3), math.log(3 * 24 * 3600)))
        queue = rng.choice((0.0, 0.0, active * rng.random()))
        phases = (
            ("New", min(active * 0.1, rng.uniform(0.5, 20))),
            ("Preparing", min(active * 0.1, rng.uniform(0.5, 60))),
            ("Ready", queue),
            ("Active", active),
            ("Completing", min(active * 0.1, rng.uniform(0.5, 10))),
        )
        made.append(Job(kind, phases, CURVES[kind](rng), rng.randint(50, 10**7)))
    return made


def target(length: float) -> float:
    """Return the seconds within which the end of a job has to be noticed."""
    return 2.0 if length < 60 else min(30.0, 0.05 * length)


@dataclass(frozen=True)
class Noticed:
    """How the end of one job was noticed."""

    job: Job
    requests: int
    late: float

    @property
    def share_of_target(self) -> float:
        """The delay as a share of what is allowed."""
        return self.late / target(self.job.length)


def poll(job: Job, age: float, latency: float = LATENCY) -> PollResult:
    """Return the result of a poll that begins at this age."""
    status, share = job.at(age)
    summary = None
    if share is not None:
        done = min(int(share * job.tasks), job.tasks)
        summary = ProgressSummary(0, done, job.tasks)
    description = JobDescription("job", status, creation_time="2026-01-01T00:00:00Z", progress_summary=summary)
    return PollResult(age + latency, description, service_time=_EPOCH + age + latency, seconds=latency)


def by_policy(job: Job, rng: random.Random) -> Noticed:
    """Wait as the package does, from the creation of the job."""
    state, age = PollState(0.0), 0.0
    while True:
        state = state.add(poll(job, age))
        age += LATENCY
        step = next_step(state, age, WaitOptions(YEAR), rng.random())
        if not isinstance(step, PollAgain):
            return Noticed(job, state.polls, age - job.length)
        age += step.after


def by_interval(job: Job, seconds: float) -> Noticed:
    """Wait with a fixed interval, from the creation of the job."""
    interval = seconds + LATENCY
    pauses = math.ceil(job.length / interval)
    return Noticed(job, pauses + 1, pauses * interval + LATENCY - job.length)


def polls_of_endless_job(until: float, latency: float = LATENCY, jitter: float = 1.0) -> Iterator[float]:
    """Yield the ages at which a job that never ends is polled, up to the first after an age."""
    job = Job("never ends", (("Active", math.inf),), lambda _share: 0.0, 100)
    state, age = PollState(0.0), 0.0
    while True:
        yield age
        if age > until:
            return
        state = state.add(poll(job, age, latency))
        step = next_step(state, age + latency, WaitOptions(math.inf), jitter)
        if not isinstance(step, PollAgain):
            return
        age += latency + step.after


def requests_of_endless_job(interval: float | None) -> int:
    """Return the number of requests for a job that never ends, in thirty days."""
    if interval is not None:
        return math.ceil(_NEVER / (interval + LATENCY))
    return sum(1 for _ in polls_of_endless_job(_NEVER))


def policies(jobs: list[Job]) -> Iterator[tuple[str, list[Noticed], int]]:
    """Yield each policy with what it noticed, and its requests for a job that never ends."""
    rng = random.Random(1)  # noqa: S311  a simulation
    yield "pulumi-cosjob", [by_policy(job, rng) for job in jobs], requests_of_endless_job(None)
    # 1.88 s keeps the promise if no response takes longer than here; 1.84 s has the margin of our own schedule.
    for seconds in (1.0, 1.84, 1.88, 5.0, 10.0, 30.0, 60.0):
        found = [by_interval(job, seconds) for job in jobs]
        yield f"every {seconds:g} s", found, requests_of_endless_job(seconds)
