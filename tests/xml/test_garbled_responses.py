"""A response that was cut off or garbled never becomes a final status."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from documents import job
from pulumi_cosjob._errors import (
    CosJobWarning,
    InvalidResponseError,
)
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from schema_reference import (
    FULL,
)

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription


def outcome(document: bytes) -> JobDescription | None:
    """Return what an answer says, or None where it is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CosJobWarning)
            return parse_describe_job_result(document)
    except InvalidResponseError:
        return None


def test_an_answer_that_was_cut_off_is_never_read() -> None:
    """Wherever the full answer ends too early, it is refused."""
    whole = FULL.rstrip()
    assert outcome(whole) is not None
    assert {outcome(whole[:length]) for length in range(len(whole))} == {None}


COMPLETE = FULL.replace(b"<Status>Active</Status>", b"<Status>Complete</Status>")


@settings(max_examples=300)
@given(st.integers(0, len(FULL) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_garbled_answer_never_becomes_complete(position: int, inserted: bytes, removed: int) -> None:
    """Bytes changed, added or lost at any place make no final status: the job is refused, or goes on."""
    described = outcome(FULL[:position] + inserted + FULL[position + removed :])
    assert described is None or not described.state.final


def test_every_single_byte_can_be_wrong() -> None:
    """With any one byte of the status replaced, the answer is refused, says the same or has no final status."""
    start = COMPLETE.index(b"<Status>")
    end = COMPLETE.index(b"</Status>") + len(b"</Status>")
    for position in range(start, end):
        for byte in b"\x00 <>/&aCct\xa0\xff":
            described = outcome(COMPLETE[:position] + bytes([byte]) + COMPLETE[position + 1 :])
            assert described is None or described.status == "Complete" or not described.state.final


def test_complete_somewhere_else_is_not_the_status() -> None:
    """The word in an unknown element, a comment, an attribute or another element says nothing about the job."""
    document = job(
        "<NewThing><Status>Complete</Status></NewThing><!-- <Status>Complete</Status> --><Description>Complete"
        "</Description><Old Status='Complete'/><status>Complete</status>",
        Status="Active",
    )
    assert parse_describe_job_result(document).status == "Active"
