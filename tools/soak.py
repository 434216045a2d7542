"""`make soak`: thousands of waits on a turned clock, over real HTTP, while a fifth of all answers is faulty.

Every verdict has to be right, and memory, open files and threads have to stay where they were.
"""

from __future__ import annotations

import asyncio
import collections
import gc
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from turned import TurnedTime

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._plugin._asking import Account, Accounts
from pulumi_cosjob._waiting import Limits
from pulumi_cosjob.testing import CosBatchEmulator, Fault

APPID = "1250000000"
DAY = 24 * 3600.0
GATES = 200
FAULTY = 0.2
# What a wait for each scenario has to come to, and what the wait is told.
VERDICTS: Mapping[str, tuple[str, Limits]] = {
    "completes": ("Complete", Limits(DAY)),
    "completes-with-failed-tasks": ("JobFailedError", Limits(DAY, max_failed_tasks=3)),
    "fails": ("JobFailedError", Limits(DAY)),
    "cancelled": ("JobFailedError", Limits(DAY)),
    "waits-for-confirmation": ("JobSuspendedError", Limits(DAY, fail_when_suspended=True)),
    "never-ends": ("WaitTimeoutError", Limits(2 * 3600.0)),
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


@dataclass
class Soak:
    """What came of it.

    Attributes:
        verdicts: How many waits came to what, by scenario.
        wrong: Those that came to anything else than they should.
        polls: Questions that were asked.
        faulty: Those of them that met a fault.
        samples: After each round: megabytes, open files, threads.
    """

    verdicts: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    polls: int = 0
    faulty: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)

    def growth(self) -> list[float]:
        """Return how many times the first rounds' figures the last ones' are, after the very first round."""
        settled = self.samples[1:] or self.samples
        part = max(1, len(settled) // 3)
        return [
            statistics.median(each[number] for each in settled[-part:])
            / statistics.median(each[number] for each in settled[:part])
            for number in range(3)
        ]


async def round_of_waits(gates: int, seed: int, soak: Soak) -> None:
    """Let gates wait for jobs of all scenarios, at the same time."""
    chance = random.Random(seed)  # noqa: S311  that can be repeated
    turned = TurnedTime(gates)
    with CosBatchEmulator(clock=turned.clock, seed=seed) as service:
        service.inject(*(_often(fault) for fault in FAULTS))
        jobs = []
        for _ in range(gates):
            scenario = chance.choice(sorted(VERDICTS))
            jobs.append((service.create_job(scenario, seconds=chance.choice((0, 10, 100, 1000))), scenario))
        variables = service.environment()
        config = {
            "cosjob:endpoint": variables["COSJOB_ENDPOINT"],
            "cosjob:secretId": variables["TENCENTCLOUD_SECRET_ID"],
            "cosjob:secretKey": variables["TENCENTCLOUD_SECRET_KEY"],
        }
        accounts = Accounts(config.get, turned.clock, turned.sleep)
        waits = [asyncio.ensure_future(_verdict(accounts.get({}), *job)) for job in jobs]
        for wait in waits:
            wait.add_done_callback(turned.done)
        for (_, scenario), verdict in zip(jobs, await asyncio.gather(*waits), strict=True):
            soak.verdicts[scenario, verdict] += 1
            if verdict != VERDICTS[scenario][0]:
                soak.wrong.append(f"{scenario}: {verdict}")
        accounts.close()
        told = await asyncio.to_thread(requests.get, f"{service.endpoint}/_emulator/statistics", timeout=10)
        soak.polls += told.json()["requests"]
        soak.faulty += told.json()["faulty"]


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


def sample() -> tuple[float, int, int]:
    """Return the megabytes, open files and threads of this process."""
    gc.collect()
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024, len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def run(seconds: float, gates: int, say: Any = lambda _text: None) -> Soak:
    """Let rounds of gates wait, one after the other, for so many real seconds."""
    soak, started, seed = Soak(), time.monotonic(), 0
    while time.monotonic() - started < seconds:
        asyncio.run(round_of_waits(gates, seed, soak))
        soak.samples.append(sample())
        seed += 1
        megabytes, files, threads = soak.samples[-1]
        say(
            f"{time.monotonic() - started:5.0f} s  {seed * gates:6,} waits  {soak.polls:8,} polls  "
            f"{len(soak.wrong)} wrong  {megabytes:4.0f} MB  {files} files  {threads} threads"
        )
    return soak


def report(soak: Soak) -> str:
    """Return the figures."""
    lines = [f"{scenario:28} {verdict:18} {count:7,}" for (scenario, verdict), count in sorted(soak.verdicts.items())]
    share = soak.faulty / max(1, soak.polls)
    megabytes, files, threads = soak.growth()
    lines += [
        "",
        f"{sum(soak.verdicts.values()):,} waits, {soak.polls:,} polls, {share:.0%} of the answers faulty",
        f"{len(soak.wrong)} wrong verdicts",
        f"memory x {megabytes:.3f}, open files x {files:.3f}, threads x {threads:.3f} from first to last rounds",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run for so many seconds, 600 by default; return 1 for a wrong verdict or for growth."""
    soak = run(float(arguments[0]) if arguments else 600, GATES, lambda text: print(text, flush=True))
    print(f"\n{report(soak)}")
    for wrong in soak.wrong[:20]:
        print(f"wrong: {wrong}")
    return 1 if soak.wrong or max(soak.growth()) > 1.05 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
