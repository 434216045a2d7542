"""The checks of `make fuzz`, with random mutations instead of coverage guidance."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fuzz
import invariants
import mutations
from documents import job
from invariants import BrokenInvariantError
from places import RESPONSES
from pulumi_cosjob import JobDescription
from pulumi_cosjob._xml import decoder, readers, validation

DOCUMENTS = [path.read_bytes() for path in sorted(RESPONSES.glob("*.xml"))]
FULL = (RESPONSES / "full.xml").read_bytes()


@settings(max_examples=300)
@given(st.sampled_from(DOCUMENTS), st.integers(0, 2**64))
def test_no_mutation_breaks_an_invariant(document: bytes, seed: int) -> None:
    """All errors are the package's own, and all values read are those that plain parsing and the processor read."""
    invariants.check(mutations.mutate(document, random.Random(seed)))  # noqa: S311  reproducible


@settings(max_examples=200)
@given(st.binary(max_size=300))
@example(b"<Error><Other/></Error>")
def test_no_bytes_break_an_invariant(document: bytes) -> None:
    """Any bytes, alone and in the middle of a response."""
    assert invariants.check(document) is None
    invariants.check(FULL[:500] + document + FULL[500:])


LONG = "a" * 9000
XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"


@pytest.mark.parametrize(
    "document",
    [
        job(f"<ConfirmationRequired {LONG}=''>1</ConfirmationRequired>"),
        job(f"<ConfirmationRequired {XSI} xsi:type='{LONG}'>1</ConfirmationRequired>"),
        f"<{LONG}/>".encode(),
    ],
    ids=["attribute", "type", "root"],
)
def test_a_long_name_makes_no_long_message(document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer's documents are long enough to detect a message that is not truncated."""
    assert len(document) < 16384
    assert invariants.check(document) is None
    monkeypatch.setattr(validation, "truncate", lambda text, _limit: text)
    with pytest.raises(BrokenInvariantError, match="too long"):
        invariants.check(document)


def test_mutations_are_read_and_refused() -> None:
    """Many mutations are refused, and many are read: both cases are covered."""
    outcomes = [invariants.check(mutations.mutate(FULL, random.Random(seed))) for seed in range(200)]  # noqa: S311
    assert 20 < sum(outcome is None for outcome in outcomes) < 195


WRONG = {
    "a status that the document lacks": JobDescription("j", "Complete"),
    "another job": JobDescription("the-requested-job", "New"),
    "a field that the document lacks": JobDescription("j", "New", description="x"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_description_is_detected(wrong: JobDescription, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that returns values from elsewhere breaks an invariant."""
    document = job("", JobId="j")
    assert invariants.check(document) == "New"
    monkeypatch.setattr(decoder, "parse_describe_job_result", lambda *_args, **_kwargs: wrong)
    with pytest.raises(BrokenInvariantError):
        invariants.check(document)


def test_an_unlisted_unknown_status_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown status has to be among the unknown values."""
    document = job("", JobId="j", Status="Archiving")
    assert invariants.check(document) == "Archiving"
    wrong = JobDescription("j", "Archiving")
    monkeypatch.setattr(decoder, "parse_describe_job_result", lambda *_args, **_kwargs: wrong)
    with pytest.raises(BrokenInvariantError, match="a known status is listed, or an unknown one is not"):
        invariants.check(document)


def test_too_lax_a_check_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that the compiled checks accept and the processor refuses breaks an invariant."""
    document = job("<Priority>9999999999</Priority>")
    assert invariants.check(document) is None
    monkeypatch.setattr(readers.Found, "doubt", lambda _found: None)
    with pytest.raises(BrokenInvariantError, match="the processor refuses an accepted document"):
        invariants.check(document)


def test_single_files_are_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A finding of the fuzzer can be checked again without the fuzzer."""
    (tmp_path / "crash").write_bytes(b"<a>")
    (tmp_path / "fine").write_bytes(job(""))
    assert fuzz.main([str(tmp_path / "crash"), str(tmp_path / "fine")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/crash: refused\n{tmp_path}/fine: New\n"
