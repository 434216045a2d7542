"""`make soak`, for a few seconds: verdicts are right although a fifth of all answers is faulty, and wrong ones show."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

import soak
from patience import HANGS
from places import PYTHONPATH


@pytest.mark.newest
def test_verdicts_are_right_however_many_answers_are_faulty() -> None:
    """Every scenario is there, about a fifth of the polls was faulty, and no thread is left."""
    found = soak.run(0.1, 3 * len(soak.VERDICTS))
    assert found.wrong == []
    assert {scenario for scenario, _ in found.verdicts} == {*soak.VERDICTS, *soak.WAYS}
    assert found.polls > 1000
    assert 0.15 < found.faulty / found.polls < 0.25
    assert "0 wrong verdicts" in soak.report(found)
    assert [found.verdicts[way, "goes on"] for way in soak.WAYS] == [1, 1]
    assert all(found.looks[way] > 0 for way in soak.WAYS)
    assert [f"{way}: memory x " in soak.report(found) for way in ("rounds", *soak.WAYS)] == [True] * 3


def test_unknown_values_and_elements_come_on_the_way() -> None:
    """A service that gains words sends what the schema does not list, and the wait completes."""
    found = soak.Soak()
    asyncio.run(soak.round_of_waits(len(soak.VERDICTS), 0, found))
    assert found.wrong == []
    assert found.verdicts["gains-a-word", "Complete with unknown parts"] == 1


RETAINING = """
import sys
import soak
from pulumi_cosjob._waiting.loop import JobWaiter

judge = JobWaiter.judge

def judge_and_keep(waits, *arguments):
    kept = waits.__dict__.setdefault("kept", [])
    kept.append(bytes([len(kept) % 256]) * 500_000)
    judge(waits, *arguments)

JobWaiter.judge = judge_and_keep
soak.SAMPLES = 6
found = soak.Soak()
soak.long_wait(sys.argv[1], lambda looks: looks / 300, found)
print(found.wrong, found.growths()[sys.argv[1]][0] > soak.MOST[0], found.has_grown())
"""


@pytest.mark.newest
@pytest.mark.parametrize("way", soak.WAYS)
def test_what_a_wait_keeps_of_each_look_is_noticed(way: str) -> None:
    """While the wait goes on; in a process of its own, which has no memory to spare."""
    command = [sys.executable, "-c", RETAINING, way]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=HANGS)
    assert done.stdout.strip() == "[] True True", done.stderr


def test_a_wrong_verdict_and_growth_are_told(
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
