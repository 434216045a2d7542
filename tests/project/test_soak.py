"""`make soak`, for a few seconds: outcomes are right although a fifth of all responses is faulty."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading

import pytest

import soak
from patience import HANGS, new_threads
from places import PYTHONPATH


@pytest.mark.newest
def test_outcomes_are_right_although_responses_are_faulty() -> None:
    """Every scenario is there, and about a fifth of the responses was faulty."""
    found = soak.run(0.1, 3 * len(soak.OUTCOMES))
    assert found.wrong == []
    assert {scenario for scenario, _ in found.outcomes} == {*soak.OUTCOMES, *soak.KINDS}
    assert found.requests > 1000
    assert 0.15 < found.faulty / found.requests < 0.25
    assert "0 wrong outcomes" in soak.report(found)
    assert [found.outcomes[kind, "goes on"] for kind in soak.KINDS] == [1, 1]
    assert all(found.polls[kind] > 0 for kind in soak.KINDS)
    assert [f"{name}: memory x " in soak.report(found) for name in ("rounds", *soak.KINDS)] == [True] * 3


def test_unknown_values_and_elements_come_on_the_way() -> None:
    """A service that gains words sends what the schema does not list, and the wait completes."""
    found, before = soak.Soak(), threading.enumerate()
    asyncio.run(soak.round_of_waits(len(soak.OUTCOMES), 0, found))
    soak.join_polling_threads()
    assert new_threads(before) == []
    assert found.wrong == []
    assert found.outcomes["gains-a-word", "Complete with unknown parts"] == 1


RETAINING = """
import sys
import soak
from pulumi_cosjob._waiting.loop import JobWaiter

record = JobWaiter.record

def record_and_keep(waiter, *arguments):
    kept = waiter.__dict__.setdefault("kept", [])
    kept.append(bytes([len(kept) % 256]) * 500_000)
    record(waiter, *arguments)

JobWaiter.record = record_and_keep
soak.SAMPLES = 6
found = soak.Soak()
soak.long_wait(sys.argv[1], lambda polls: polls / 300, found)
print(found.wrong, found.growths()[sys.argv[1]][0] > soak.MAX_GROWTH[0], found.has_grown())
"""


@pytest.mark.newest
@pytest.mark.parametrize("kind", soak.KINDS)
def test_growth_within_a_wait_is_noticed(kind: str) -> None:
    """A wait that keeps memory with each poll has grown; in a process of its own, which has no memory to spare."""
    command = [sys.executable, "-c", RETAINING, kind]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=HANGS)
    assert done.stdout.strip() == "[] True True", done.stderr


def test_a_wrong_outcome_and_growth_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either makes the run fail."""
    wrong = soak.Soak(wrong=["fails: Complete"], samples=[(50.0, 9, 3)] * 7)
    growing = soak.Soak(samples=[(50.0 + 5 * number, 9, 3) for number in range(7)])
    within = soak.Soak(samples=[(50.0, 9, 3)] * 7, within={"one wait": growing.samples})
    for found, code in ((wrong, 1), (growing, 1), (within, 1), (soak.Soak(samples=[(50.0, 9, 3)] * 7), 0)):
        monkeypatch.setattr(soak, "run", lambda *_arguments, found=found: found)
        assert soak.main(["1"]) == code
    assert "wrong: fails: Complete" in capsys.readouterr().out
