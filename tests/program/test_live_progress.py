"""Live progress on the real engine, without a terminal: which lines, how many, and for which resource."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from patience import until
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi_cosjob, pulumi_cosjob.native

job_ids = iter({job_ids!r})
for module in (pulumi_cosjob, pulumi_cosjob.native):
    short = module.__name__.rpartition(".")[2]
    module.JobCompletion(f"{{short}}-job", job_id=next(job_ids), appid="1250000000", timeout="10m")
    both = [next(job_ids), next(job_ids)]
    module.AllJobsCompletion(f"{{short}}-all", job_ids=both, appid="1250000000", timeout="10m")
"""
ROW = re.compile(r" \+ +(\S+) (\S+) creating \(\d+s\) (.+)")
STEPS = 25


def polls(service: CosBatchEmulator, job_ids: list[str]) -> dict[str, int]:
    """Return the number of polls of each job."""
    return {job_id: sum(job_id in request.path for request in service.requests) for job_id in job_ids}


def until_all_are_polled(service: CosBatchEmulator, job_ids: list[str], times: int = 1) -> None:
    """Wait until every job has been polled `times` more times."""
    before = polls(service, job_ids)
    until(lambda: all(now - before[job_id] >= times for job_id, now in polls(service, job_ids).items()))


def test_one_line_for_each_tenth_and_each_status(tmp_path: Path) -> None:
    """Of all four gates, each on its own row: polls that find less progress print no line."""
    with CosBatchEmulator() as service:
        service.clock.hold()
        job_ids = [service.create_job("completes", seconds=100) for _ in range(6)]
        stack = Stack(tmp_path / "stack", PROGRAM.format(job_ids=job_ids), service.environment())
        with stack.running("up", "--yes", "--skip-preview", "--parallel", "16") as up:
            until_all_are_polled(service, job_ids, times=2)  # once before the wait
            service.clock.advance(3)
            for _ in range(STEPS):
                until_all_are_polled(service, job_ids)
                service.clock.advance(100 / STEPS)
            until_all_are_polled(service, job_ids)
            service.clock.advance(1)
            run = up.wait().ok()
    lines: dict[str, list[str]] = defaultdict(list)
    for row in filter(None, map(ROW.fullmatch, run.text.splitlines())):
        assert row[1].endswith("AllJobsCompletion" if row[2].endswith("-all") else "JobCompletion"), row[0]
        lines[row[2]].append(row[3])
    assert set(lines) == {"pulumi_cosjob-job", "pulumi_cosjob-all", "native-job", "native-all"}, run.text
    tenths = [f"{percent} %, " for percent in (0, 12, 20, 32, 40, 52, 60, 72, 80, 92)]
    for name, found in lines.items():
        active = [line for line in found if "Active" in line]
        if name.endswith("-job"):
            ends = ["Completing, 100 %, 100 of 100 tasks", "Complete, 100 %, 100 of 100 tasks"]
            assert [line.partition("%, ")[0] + "%, " for line in active] == tenths
            assert found == ["New", *active, *ends]
        else:
            # Its two jobs are not polled at the same moment.
            assert len(active) <= 12, found
            assert {int(line.partition(" %")[0]) // 10 for line in active} >= set(range(10)), found
            assert found[-1] == "2 of 2 jobs Complete"
            assert len(found) <= 12 + 5, found
        assert all(re.match(r"\d+ %, (\d+ min )?\d+ s left, ", line[:30]) for line in active[2:]), active
