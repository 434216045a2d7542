"""`make soak`: thousands of waits on a turned clock, over real HTTP, while a fifth of all answers is faulty.

Every verdict has to be right, and memory, open files and threads have to stay where they were: from one round of waits
to the next, and within a wait that goes on for thousands of looks, in the command line's way and in the plugin's.

Without MALLOC_ARENA_MAX=1, glibc keeps apart the memory of threads, which fills up for a while and looks like growth.
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
from typing import Any

import requests

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._plugin.accounts import Account, AccountPool
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._waiting.loop import Report, wait_for_jobs
from pulumi_cosjob._waiting.policy import PollState, WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from turned import TurnedTime

APPID = "1250000000"
DAY = 24 * 3600.0
GATES = 200
FAULTY = 0.2
# What a wait for each scenario has to come to, and what the wait is told.
VERDICTS: Mapping[str, tuple[str, WaitOptions]] = {
    "completes": ("Complete", WaitOptions(DAY)),
    "completes-with-failed-tasks": ("JobFailedError", WaitOptions(DAY, max_failed_tasks=3)),
    "fails": ("JobFailedError", WaitOptions(DAY)),
    "cancelled": ("JobFailedError", WaitOptions(DAY)),
    "waits-for-confirmation": ("JobSuspendedError", WaitOptions(DAY, fail_when_suspended=True)),
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
    """What came of it.

    Attributes:
        verdicts: How many waits came to what, by scenario.
        wrong: Those that came to anything else than they should.
        polls: Questions that were asked.
        faulty: Those of them that met a fault.
        samples: What there was after each round.
        within: What there was while a long wait went on, by the way of waiting.
        looks: How many looks there were in each of those.
    """

    verdicts: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    polls: int = 0
    faulty: int = 0
    samples: list[Sample] = field(default_factory=list)
    within: dict[str, list[Sample]] = field(default_factory=dict)
    looks: collections.Counter[str] = field(default_factory=collections.Counter)

    def growths(self) -> dict[str, Sample]:
        """Return how many times the first figures the last ones are, for the rounds and within each long wait."""
        return {name: growth(samples) for name, samples in {"rounds": self.samples, **self.within}.items()}

    def has_grown(self) -> bool:
        """Tell whether anything is more than it should be."""
        return any(more > most for each in self.growths().values() for more, most in zip(each, MOST, strict=True))


def growth(samples: Sequence[Sample]) -> Sample:
    """Return how many times the first samples the last ones are, after the very first one."""
    settled = samples[1:] or samples or [(1.0, 1, 1)]
    part = max(1, len(settled) // 3)

    def times(number: int) -> Any:
        last, first = (statistics.median(each[number] for each in some) for some in (settled[-part:], settled[:part]))
        return last / first

    return times(0), times(1), times(2)


async def round_of_waits(gates: int, seed: int, soak: Soak) -> None:
    """Let gates wait for jobs of all scenarios, at the same time."""
    chance = random.Random(seed)  # noqa: S311  that can be repeated
    turned = TurnedTime(gates)
    with CosBatchEmulator(clock=turned.clock, seed=seed) as service:
        service.inject(*(_often(fault) for fault in FAULTS))
        jobs = [
            (service.create_job(scenario, seconds=chance.choice((0, 10, 100, 1000))), scenario)
            for scenario in itertools.islice(itertools.cycle(VERDICTS), gates)
        ]
        variables = service.environment()
        config = {
            "cosjob:endpoint": variables["COSJOB_ENDPOINT"],
            "cosjob:secretId": variables["TENCENTCLOUD_SECRET_ID"],
            "cosjob:secretKey": variables["TENCENTCLOUD_SECRET_KEY"],
        }
        accounts = AccountPool(config.get, turned.clock, turned.sleep)
        waits = [asyncio.ensure_future(_verdict(accounts.get({}), *job)) for job in jobs]
        for wait in waits:
            wait.add_done_callback(turned.done)
        for (_, scenario), verdict in zip(jobs, await asyncio.gather(*waits), strict=True):
            soak.verdicts[scenario, verdict] += 1
            if verdict != VERDICTS[scenario][0]:
                soak.wrong.append(f"{scenario}: {verdict}")
        accounts.close()
        await asyncio.to_thread(_count, service, soak)


def _count(service: CosBatchEmulator, soak: Soak) -> None:
    told = requests.get(f"{service.endpoint}/_emulator/statistics", timeout=10).json()
    soak.polls += told["requests"]
    soak.faulty += told["faulty"]


def _often(fault: Fault) -> Fault:
    values: dict[str, Any] = {name: getattr(fault, name) for name in Fault.__slots__}
    # They are tried one after the other: each meets its share of what the ones before have left.
    return Fault(**{**values, "times": None, "probability": 1 - (1 - FAULTY) ** (1 / len(FAULTS))})


async def _verdict(account: Account, job_id: str, scenario: str) -> str:
    try:
        done = await account.wait_for_jobs([job_id], APPID, VERDICTS[scenario][1], lambda *_: None)
    except CosJobError as error:
        return type(error).__name__ if error.job_id == job_id else f"{type(error).__name__} of another job"
    return done[job_id].status if done[job_id].job_id == job_id else "another job"


# Longer than any long wait, which this tool ends.
ENDLESS = WaitOptions(10 * 365 * DAY)
LONG_JOBS = 32
SAMPLES = 60
# How many times the first samples the last ones may be: memory, open files, threads. Of the files that are open within
# a wait, some are connections that just then are being made anew.
MOST = (1.05, 1.25, 1.05)


class _TimeIsUp(Exception):  # noqa: N818  nothing went wrong
    """Ends a long wait."""


Passed = Callable[[int], float]
"""Returns how much of a long wait is over after so many looks; at 1 it ends."""


def by_time(seconds: float) -> Passed:
    """Let a wait go on for so many real seconds."""
    started = time.monotonic()
    return lambda _looks: (time.monotonic() - started) / seconds


class DeadlineConnection:
    """Counts the looks of a long wait, takes samples as it goes, and ends it once time is up."""

    def __init__(self, way: str, soak: Soak, passed: Passed) -> None:
        self._way, self._soak, self._passed = way, soak, passed
        self._samples = soak.within.setdefault(way, [])

    def look(self, _job_id: str, _history: PollState, _now: float) -> None:
        """Take note of a look."""
        self._soak.looks[self._way] += 1
        passed = self._passed(self._soak.looks[self._way])
        if passed >= (len(self._samples) + 1) / SAMPLES:
            self._samples.append(sample())
        if passed >= 1:
            raise _TimeIsUp


Wait = Callable[[CosBatchClient, Sequence[str], TurnedTime, Report], Mapping[str, JobDescription]]


def _by_gates(client: CosBatchClient, job_ids: Sequence[str], turned: TurnedTime, report: Report) -> Any:
    return wait_for_jobs(client, job_ids, APPID, ENDLESS, report=report, clock=turned.clock)


def _by_account(client: CosBatchClient, job_ids: Sequence[str], turned: TurnedTime, report: Report) -> Any:
    async def wait() -> Mapping[str, JobDescription]:
        account = Account(client, turned.clock, turned.sleep)
        try:
            return await account.wait_for_jobs(job_ids, APPID, ENDLESS, report)
        finally:
            account.close()

    return asyncio.run(wait())


WAYS: Mapping[str, Wait] = {"one wait": _by_gates, "one wait of the plugin": _by_account}


def long_wait(way: str, passed: Passed, soak: Soak) -> None:
    """Wait for jobs that never end, until enough of it is over."""
    turned = TurnedTime()
    with CosBatchEmulator(clock=turned.clock) as service:
        # Ten thousand requests are kept for tests to look at: while those become more, nothing else can be seen.
        records = service._service.request_log  # noqa: SLF001  as above
        records._requests = collections.deque(maxlen=1)  # noqa: SLF001  as above
        service.inject(*(_often(fault) for fault in FAULTS))
        job_ids = [service.create_job("never-ends") for _ in range(LONG_JOBS)]
        watched = DeadlineConnection(way, soak, passed)
        keys: dict[str, Any] = {"secret_id": "emulator-id", "secret_key": "emulator-key"}
        with CosBatchClient(endpoint=service.endpoint, clock=turned.clock, **keys) as client:
            try:
                WAYS[way](client, job_ids, turned, watched.look)
                verdict = "ended"
            except _TimeIsUp:
                verdict = "goes on"
            except CosJobError as error:
                verdict = str(error)
        soak.verdicts[way, verdict] += 1
        if verdict != "goes on":
            soak.wrong.append(f"{way}: {verdict}")
        _count(service, soak)


def sample() -> Sample:
    """Return the megabytes, open files and threads of this process."""
    gc.collect()
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def run(seconds: float, gates: int, say: Any = lambda _text: None) -> Soak:
    """Let rounds of gates wait, one after the other, and then single long waits go on, for so many real seconds."""
    soak, started, seed = Soak(), time.monotonic(), 0
    while time.monotonic() - started < seconds / 2:
        asyncio.run(round_of_waits(gates, seed, soak))
        soak.samples.append(sample())
        seed += 1
        say(_line(f"{seed * gates:6,} waits", soak.samples[-1], started, soak))
    for way in WAYS:
        long_wait(way, by_time(seconds / 2 / len(WAYS)), soak)
        say(_line(f"{soak.looks[way]:6,} looks in {way}", soak.within[way][-1], started, soak))
    return soak


def _line(done: str, last: Sample, started: float, soak: Soak) -> str:
    megabytes, files, threads = last
    return (
        f"{time.monotonic() - started:5.0f} s  {done}  {soak.polls:8,} polls  "
        f"{len(soak.wrong)} wrong  {megabytes:4.0f} MB  {files} files  {threads} threads"
    )


def report(soak: Soak) -> str:
    """Return the figures."""
    lines = [f"{scenario:28} {verdict:18} {count:7,}" for (scenario, verdict), count in sorted(soak.verdicts.items())]
    share = soak.faulty / max(1, soak.polls)
    lines += [
        "",
        f"{sum(soak.verdicts.values()):,} waits, {soak.polls:,} polls, {share:.0%} of the answers faulty",
        f"{len(soak.wrong)} wrong verdicts",
        *(
            f"{name}: memory x {megabytes:.3f}, open files x {files:.3f}, threads x {threads:.3f} from first to last"
            for name, (megabytes, files, threads) in soak.growths().items()
        ),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run for so many seconds, 600 by default; return 1 for a wrong verdict or for growth."""
    soak = run(float(arguments[0]) if arguments else 600, GATES, lambda text: print(text, flush=True))
    print(f"\n{report(soak)}")
    for wrong in soak.wrong[:20]:
        print(f"wrong: {wrong}")
    return 1 if soak.wrong or soak.has_grown() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
