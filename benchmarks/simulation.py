"""A simulated year of jobs: how soon their ends are noticed, and by how many questions, against fixed intervals.

No clock runs here: a policy says how long to pause, and time is a number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from pulumi_cosjob._model.job import JobDescription, ProgressSummary
from pulumi_cosjob._waiting.policy import PollAgain, PollResult, PollState, WaitOptions, next_step

# One question takes so long.
LATENCY = 0.06
YEAR = 365 * 24 * 3600.0
_EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
_NEVER = 30 * 24 * 3600.0

Curve = Callable[[float], float]


@dataclass(frozen=True)
class Job:
    """A job's life: phases with their lengths, and how its tasks get done while it is Active."""

    kind: str
    phases: tuple[tuple[str, float], ...]
    curve: Curve
    tasks: int

    @property
    def length(self) -> float:
        """Seconds from its creation to its end."""
        return sum(seconds for _, seconds in self.phases)

    def at(self, age: float) -> tuple[str, float | None]:
        """Return its status at an age, and the share of its tasks that is done."""
        for status, seconds in self.phases:
            if age < seconds:
                return status, self.curve(
                    age / seconds
                ) if status == "Active" else 1.0 if status == "Completing" else None
            age -= seconds
        return "Complete", 1.0


def _steps(rng: random.Random) -> Curve:
    """Return progress in steps of very different speed."""
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
    # Sixty per cent are done early, then nothing for long, then the rest at once.
    "stalled": lambda _rng: lambda share: min(share * 2, 0.6) if share < 0.95 else 0.6 + (share - 0.95) * 8,
    # Foretells an end that is twenty times too late.
    "sudden": lambda _rng: lambda share: share / 19 if share < 0.95 else 0.05 + (share - 0.95) * 19,
}


def year_of_jobs(seed: int, jobs: int) -> list[Job]:
    """Return jobs of 3 s to 3 days, as many short as long, of every kind."""
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
    """Return within how many seconds the end of a job has to be noticed."""
    return 2.0 if length < 60 else min(30.0, 0.05 * length)


@dataclass(frozen=True)
class Noticed:
    """How one job's end was noticed."""

    job: Job
    requests: int
    late: float

    @property
    def share_of_target(self) -> float:
        """How late, as a share of what is allowed."""
        return self.late / target(self.job.length)


def look(job: Job, age: float) -> PollResult:
    """Return what a question at this age brings."""
    status, share = job.at(age)
    summary = None
    if share is not None:
        done = min(int(share * job.tasks), job.tasks)
        summary = ProgressSummary(0, done, job.tasks)
    description = JobDescription("job", status, creation_time="2026-01-01T00:00:00Z", progress_summary=summary)
    return PollResult(age + LATENCY, description, service_time=_EPOCH + age + LATENCY)


def by_decide(job: Job, rng: random.Random) -> Noticed:
    """Wait as the package does, from the job's creation."""
    history, age = PollState(0.0), 0.0
    while True:
        history = history.add(look(job, age))
        age += LATENCY
        verdict = next_step(history, age, WaitOptions(YEAR), rng.random())
        if not isinstance(verdict, PollAgain):
            return Noticed(job, history.looks, age - job.length)
        age += verdict.seconds


def by_interval(job: Job, seconds: float) -> Noticed:
    """Wait by a fixed interval, from the job's creation."""
    step = seconds + LATENCY
    pauses = math.ceil(job.length / step)
    return Noticed(job, pauses + 1, pauses * step + LATENCY - job.length)


def requests_of_endless_job(interval: float | None) -> int:
    """Count the questions about a job that never ends, in thirty days."""
    if interval is not None:
        return math.ceil(_NEVER / (interval + LATENCY))
    job = Job("never ends", (("Active", math.inf),), lambda _share: 0.0, 100)
    history, age, rng = PollState(0.0), 0.0, random.Random(0)  # noqa: S311  a simulation
    while True:
        history = history.add(look(job, age))
        verdict = next_step(history, age + LATENCY, WaitOptions(_NEVER), rng.random())
        if not isinstance(verdict, PollAgain):
            return history.looks
        age += LATENCY + verdict.seconds


def policies(jobs: list[Job]) -> Iterator[tuple[str, list[Noticed], int]]:
    """Yield each policy with what it noticed, and its questions about a job that never ends."""
    rng = random.Random(1)  # noqa: S311  a simulation
    yield "pulumi-cosjob", [by_decide(job, rng) for job in jobs], requests_of_endless_job(None)
    for seconds in (1.0, 1.88, 5.0, 10.0, 30.0, 60.0):
        found = [by_interval(job, seconds) for job in jobs]
        yield f"every {seconds:g} s", found, requests_of_endless_job(seconds)
