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
    """Return the description; None if the response is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CosJobWarning)
            return parse_describe_job_result(document)
    except InvalidResponseError:
        return None


def test_a_truncated_response_is_refused() -> None:
    """The full response is refused wherever it is cut off."""
    whole = FULL.rstrip()
    assert outcome(whole) is not None
    assert {outcome(whole[:length]) for length in range(len(whole))} == {None}


COMPLETE = FULL.replace(b"<Status>Active</Status>", b"<Status>Complete</Status>")


@settings(max_examples=300)
@given(st.integers(0, len(FULL) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_garbled_response_never_becomes_complete(position: int, inserted: bytes, removed: int) -> None:
    """Bytes changed, added or lost make no final status: the response is refused, or its status is not final."""
    described = outcome(FULL[:position] + inserted + FULL[position + removed :])
    assert described is None or not described.state.final


def test_any_wrong_byte_of_the_status() -> None:
    """With one byte of the status replaced, the response is refused, has the same status or one that is not final."""
    start = COMPLETE.index(b"<Status>")
    end = COMPLETE.index(b"</Status>") + len(b"</Status>")
    for position in range(start, end):
        for byte in b"\x00 <>/&aCct\xa0\xff":
            described = outcome(COMPLETE[:position] + bytes([byte]) + COMPLETE[position + 1 :])
            assert described is None or described.status == "Complete" or not described.state.final


def test_complete_somewhere_else_is_not_the_status() -> None:
    """The word in an unknown element, a comment, an attribute or another element does not count as the status."""
    document = job(
        "<NewThing><Status>Complete</Status></NewThing><!-- <Status>Complete</Status> --><Description>Complete"
        "</Description><Old Status='Complete'/><status>Complete</status>",
        Status="Active",
    )
    assert parse_describe_job_result(document).status == "Active"
