"""`make soak`, for a few seconds: verdicts are right although a fifth of all answers is faulty, and wrong ones show."""

from __future__ import annotations

import sys

import pytest
from stacks import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import soak


@pytest.mark.newest
def test_verdicts_are_right_however_many_answers_are_faulty() -> None:
    """Every scenario is there, about a fifth of the polls was faulty, and no thread is left."""
    found = soak.run(0.1, 40)
    assert found.wrong == []
    assert {scenario for scenario, _ in found.verdicts} == set(soak.VERDICTS)
    assert found.polls > 1000
    assert 0.15 < found.faulty / found.polls < 0.25
    assert "0 wrong verdicts" in soak.report(found)


def test_a_wrong_verdict_and_growth_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either makes the run fail."""
    wrong = soak.Soak(wrong=["fails: Complete"], samples=[(50.0, 9, 3)] * 7)
    growing = soak.Soak(samples=[(50.0 + 5 * number, 9, 3) for number in range(7)])
    for found, code in ((wrong, 1), (growing, 1), (soak.Soak(samples=[(50.0, 9, 3)] * 7), 0)):
        monkeypatch.setattr(soak, "run", lambda *_arguments, found=found: found)
        assert soak.main(["1"]) == code
    assert "wrong: fails: Complete" in capsys.readouterr().out
