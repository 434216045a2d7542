"""`make soak`: thousands of waits in virtual time, over real HTTP, while a fifth of all responses is faulty.

Every outcome has to be right, and memory, open files and threads must not grow: neither from one round of waits to the
next, nor within a wait of thousands of polls, both on the threads of the command line and on the plugin's event loop.

Without MALLOC_ARENA_MAX=1, glibc keeps the memory of each thread apart. That fills up for a while and looks like
growth.
"""

from __future__ import annotations

import asyncio
import collections
import gc
import itertools
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._plugin.accounts import Account, AccountPool
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._waiting.loop import Report, wait_for_jobs
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from virtual_time import VirtualTime

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.state import PollState

APPID = "1250000000"
DAY = 24 * 3600.0
GATES = 200
FAULTY = 0.2
# The outcome that the waits for each scenario must have, and their options.
OUTCOMES: Mapping[str, tuple[str, WaitOptions]] = {
    "completes": ("Complete", WaitOptions(DAY)),
    "completes-with-failed-tasks": ("JobFailedError", WaitOptions(DAY, max_failed_tasks=3)),
    "fails": ("JobFailedError", WaitOptions(DAY)),
    "cancelled": ("JobFailedError", WaitOptions(DAY)),
    "waits-for-confirmation": ("JobSuspendedError", WaitOptions(DAY, fail_when_suspended=True)),
    # On the way, the service sends values and elements that the schema does not know.
    "gains-a-word": ("Complete with unknown parts", WaitOptions(DAY)),
    "never-ends": ("WaitTimeoutError", WaitOptions(2 * 3600.0)),
}
FAULTS = (
    Fault("reset"),
    Fault("reset-in-body"),
    Fault("truncated"),
    Fault("empty"),
    Fault("html"),
    Fault("redirect"),
    Fault("other-job"),
    Fault("error", code="SlowDown", status=503, retry_after=2),
    Fault("error", code="InternalError", status=500),
    Fault("error", code="RequestLimitExceeded", status=429),
    Fault("raw", body=b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": 1}'),
    Fault("raw", body=b"no HTTP at all"),
    Fault("wrong-length"),
)


Sample = tuple[float, int, int]
"""Megabytes, open files, threads."""


@dataclass
class Soak:
    """The figures of a run.

    Attributes:
        outcomes: The number of waits by scenario and outcome.
        wrong: The waits with a wrong outcome.
        requests: Requests in all.
        faulty: Requests with a faulty response.
        samples: A sample after each round.
        within: Samples within each long wait, by its kind.
        polls: The number of polls of each long wait, by its kind.
    """

    outcomes: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    requests: int = 0
    faulty: int = 0
    samples: list[Sample] = field(default_factory=list)
    within: dict[str, list[Sample]] = field(default_factory=dict)
    polls: collections.Counter[str] = field(default_factory=collections.Counter)

    def growths(self) -> dict[str, Sample]:
        """Return the growth over the rounds and within each long wait."""
        return {name: growth(samples) for name, samples in {"rounds": self.samples, **self.within}.items()}

    def has_grown(self) -> bool:
        """Return whether any growth is over its limit."""
        return any(more > most for each in self.growths().values() for more, most in zip(each, MAX_GROWTH, strict=True))


def growth(samples: Sequence[Sample]) -> Sample:
    """Return the ratio of the last third of the samples to the first third, without the very first sample."""
    settled = samples[1:] or samples or [(1.0, 1, 1)]
    part = max(1, len(settled) // 3)

    def ratio(number: int) -> Any:
        last, first = (statistics.median(each[number] for each in some) for some in (settled[-part:], settled[:part]))
        return last / first

    return ratio(0), ratio(1), ratio(2)


async def round_of_waits(gates: int, seed: int, soak: Soak) -> None:
    """Wait for jobs of all scenarios at the same time."""
    chance = random.Random(seed)  # noqa: S311  repeatable
    virtual = VirtualTime(gates)
    with CosBatchEmulator(clock=virtual.clock, seed=seed) as service:
        service.inject(*(_often(fault) for fault in FAULTS))
        jobs = [
            (service.create_job(scenario, seconds=chance.choice((0, 10, 100, 1000))), scenario)
            for scenario in itertools.islice(itertools.cycle(OUTCOMES), gates)
        ]
        variables = service.environment()
        config = {
            "cosjob:endpoint": variables["COSJOB_ENDPOINT"],
            "cosjob:secretId": variables["TENCENTCLOUD_SECRET_ID"],
            "cosjob:secretKey": variables["TENCENTCLOUD_SECRET_KEY"],
            "cosjob:validation": "lenient",
        }
        accounts = AccountPool(config.get, virtual.clock, virtual.sleep)
        waits = [asyncio.ensure_future(_outcome(accounts.get({}), *job)) for job in jobs]
        for wait in waits:
            wait.add_done_callback(virtual.done)
        for (_, scenario), outcome in zip(jobs, await asyncio.gather(*waits), strict=True):
            soak.outcomes[scenario, outcome] += 1
            if outcome != OUTCOMES[scenario][0]:
                soak.wrong.append(f"{scenario}: {outcome}")
        accounts.close()
        await asyncio.to_thread(_count, service, soak)


def _count(service: CosBatchEmulator, soak: Soak) -> None:
    counts = requests.get(f"{service.endpoint}/_emulator/statistics", timeout=10).json()
    soak.requests += counts["requests"]
    soak.faulty += counts["faulty"]


def _often(fault: Fault) -> Fault:
    values: dict[str, Any] = {name: getattr(fault, name) for name in Fault.__slots__}
    # The emulator tries faults one after the other: each applies to a share of the requests that the earlier ones left.
    return Fault(**{**values, "times": None, "probability": 1 - (1 - FAULTY) ** (1 / len(FAULTS))})


async def _outcome(account: Account, job_id: str, scenario: str) -> str:
    try:
        done = await account.wait_for_jobs([job_id], APPID, OUTCOMES[scenario][1], lambda *_: None)
    except CosJobError as error:
        return type(error).__name__ if error.job_id == job_id else f"{type(error).__name__} of another job"
    job = done[job_id]
    if job.job_id != job_id:
        return "another job"
    return f"{job.status} with unknown parts" if job.unknown_elements and job.unknown_values else job.status


# Longer than any long wait: the run ends those.
ENDLESS = WaitOptions(10 * 365 * DAY)
LONG_JOBS = 32
SAMPLES = 60
# The largest accepted growth of memory, open files and threads. Within a wait, some of the open files are connections
# that are just being replaced.
MAX_GROWTH = (1.05, 1.25, 1.05)
_JOIN_SECONDS = 10.0


class _TimeIsUp(Exception):  # noqa: N818  no error
    """Ends a long wait."""


Passed = Callable[[int], float]
"""Returns the share of a long wait that is over after so many polls; at 1 it ends."""


def by_time(seconds: float) -> Passed:
    """Return a measure that ends a wait after so many real seconds."""
    started = time.monotonic()
    return lambda _polls: (time.monotonic() - started) / seconds


class Sampler:
    """Counts the polls of a long wait, takes samples, and ends the wait once its time is up."""

    def __init__(self, kind: str, soak: Soak, passed: Passed) -> None:
        self._kind, self._soak, self._passed = kind, soak, passed
        self._samples = soak.within.setdefault(kind, [])

    def record(self, _job_id: str, _state: PollState, _now: float) -> None:
        """Count a poll; it is the report of the wait."""
        self._soak.polls[self._kind] += 1
        passed = self._passed(self._soak.polls[self._kind])
        if passed >= (len(self._samples) + 1) / SAMPLES:
            self._samples.append(sample())
        if passed >= 1:
            raise _TimeIsUp


Wait = Callable[[CosBatchClient, Sequence[str], VirtualTime, Report], Mapping[str, JobDescription]]


def _on_threads(client: CosBatchClient, job_ids: Sequence[str], virtual: VirtualTime, report: Report) -> Any:
    return wait_for_jobs(client, job_ids, APPID, ENDLESS, report=report, clock=virtual.clock)


def _on_a_loop(client: CosBatchClient, job_ids: Sequence[str], virtual: VirtualTime, report: Report) -> Any:
    async def wait() -> Mapping[str, JobDescription]:
        account = Account(client, virtual.clock, virtual.sleep)
        try:
            return await account.wait_for_jobs(job_ids, APPID, ENDLESS, report)
        finally:
            account.close()

    return asyncio.run(wait())


KINDS: Mapping[str, Wait] = {"one wait": _on_threads, "one wait of the plugin": _on_a_loop}


def long_wait(kind: str, passed: Passed, soak: Soak) -> None:
    """Wait for jobs that never end, until the measure is 1."""
    virtual = VirtualTime()
    with CosBatchEmulator(clock=virtual.clock) as service:
        # The emulator keeps ten thousand requests for tests: their growth would hide any other.
        records = service._service.request_log  # noqa: SLF001  as above
        records._requests = collections.deque(maxlen=1)  # noqa: SLF001  as above
        service.inject(*(_often(fault) for fault in FAULTS))
        job_ids = [service.create_job("never-ends") for _ in range(LONG_JOBS)]
        sampler = Sampler(kind, soak, passed)
        credentials: dict[str, Any] = {"secret_id": "emulator-id", "secret_key": "emulator-key"}
        with CosBatchClient(endpoint=service.endpoint, clock=virtual.clock, **credentials) as client:
            try:
                KINDS[kind](client, job_ids, virtual, sampler.record)
                outcome = "ended"
            except _TimeIsUp:
                outcome = "goes on"
            except CosJobError as error:
                outcome = str(error)
        soak.outcomes[kind, outcome] += 1
        if outcome != "goes on":
            soak.wrong.append(f"{kind}: {outcome}")
        _count(service, soak)


def sample() -> Sample:
    """Return the megabytes, open files and threads of this process."""
    gc.collect()
    listed = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
    return int(listed.stdout) / 1024, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def join_polling_threads() -> None:
    """Wait for the threads of closed accounts, which end on their own after `close`; not for those that never end."""
    for thread in threading.enumerate():
        if thread.name.startswith("cosjob-"):
            thread.join(_JOIN_SECONDS)


def run(seconds: float, gates: int, show: Any = lambda _text: None) -> Soak:
    """Run rounds of waits, one after the other, and then single long waits, for so many real seconds in all."""
    soak, started, seed = Soak(), time.monotonic(), 0
    while time.monotonic() - started < seconds / 2:
        asyncio.run(round_of_waits(gates, seed, soak))
        join_polling_threads()
        soak.samples.append(sample())
        seed += 1
        show(_line(f"{seed * gates:6,} waits", soak.samples[-1], started, soak))
    for kind in KINDS:
        long_wait(kind, by_time(seconds / 2 / len(KINDS)), soak)
        show(_line(f"{soak.polls[kind]:6,} polls in {kind}", soak.within[kind][-1], started, soak))
    return soak


def _line(done: str, last: Sample, started: float, soak: Soak) -> str:
    megabytes, files, threads = last
    return (
        f"{time.monotonic() - started:5.0f} s  {done}  {soak.requests:8,} requests  "
        f"{len(soak.wrong)} wrong  {megabytes:4.0f} MB  {files} files  {threads} threads"
    )


def report(soak: Soak) -> str:
    """Return the figures."""
    lines = [f"{scenario:28} {outcome:28} {count:7,}" for (scenario, outcome), count in sorted(soak.outcomes.items())]
    share = soak.faulty / max(1, soak.requests)
    lines += [
        "",
        f"{sum(soak.outcomes.values()):,} waits, {soak.requests:,} requests, {share:.0%} of the responses faulty",
        f"{len(soak.wrong)} wrong outcomes",
        *(
            f"{name}: memory x {megabytes:.3f}, open files x {files:.3f}, threads x {threads:.3f} from first to last"
            for name, (megabytes, files, threads) in soak.growths().items()
        ),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run for so many seconds, 600 by default; return 1 for a wrong outcome or for growth."""
    soak = run(float(arguments[0]) if arguments else 600, GATES, lambda text: print(text, flush=True))
    print(f"\n{report(soak)}")
    for wrong in soak.wrong[:20]:
        print(f"wrong: {wrong}")
    return 1 if soak.wrong or soak.has_grown() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
