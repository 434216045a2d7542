"""What is reported of a document that violates the schema."""

from __future__ import annotations

import io

import pytest

from documents import job, wrapped
from pulumi_cosjob._errors import (
    MOST_PROBLEMS,
    InvalidArgumentError,
    SchemaError,
)
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from schema_reference import (
    strict,
)


def test_all_problems_at_once() -> None:
    """Every place is reported with its path, its value and its rule."""
    document = job(
        "<Priority>-1</Priority><Report><Enabled>maybe</Enabled></Report>"
        "<FailureReasons><JobFailure/><JobFailure>text</JobFailure>"
        "</FailureReasons><CreationTime>yesterday</CreationTime>",
        Status="x" * 65,
    )
    with pytest.raises(SchemaError) as caught:
        strict(document)
    found = {problem.path.removeprefix("/DescribeJobResult/Job/"): problem for problem in caught.value.problems}
    assert {path: problem.value for path, problem in found.items()} == {
        "Priority": "'-1'",
        "Report/Enabled": "'maybe'",
        "FailureReasons/JobFailure[2]": "'text'",
        "CreationTime": "'yesterday'",
        "Status": "'" + "x" * 30 + "…" + "x" * 15 + "'",
    }
    assert found["Priority"].rule == "must be a whole number from 0 to 2147483647, or nothing"
    assert found["Status"].rule == "must be 1 to 64 printable characters of ASCII"
    assert "2019-12-19T18:00:30Z" in found["CreationTime"].rule
    assert "validation=lenient" in caught.value.hint


def test_another_document_is_named() -> None:
    """An answer of something else is refused with what it is, and a look at the endpoint is suggested."""
    with pytest.raises(SchemaError, match="must be a DescribeJobResult, not 'ListJobsResult'") as caught:
        parse_describe_job_result(b"<ListJobsResult/>")
    assert "endpoint" in caught.value.hint


@pytest.mark.parametrize("document", ["<x/>", None, 7, memoryview(b"<x/>"), io.BytesIO(b"<x/>")])
def test_an_answer_is_bytes(document: object) -> None:
    """Text has lost the encoding that the answer declared, so only bytes are taken."""
    with pytest.raises(InvalidArgumentError, match="document must be bytes"):
        parse_describe_job_result(document)  # type: ignore[arg-type]


@pytest.mark.parametrize("validation", ["", "Strict", "none", None, ["strict"]])
def test_validation_is_one_of_two_words(validation: object) -> None:
    """A misspelt mode is refused, and never means no validation at all."""
    with pytest.raises(InvalidArgumentError, match="validation must be one of strict, lenient"):
        parse_describe_job_result(job(""), validation=validation)  # type: ignore[arg-type]


def test_a_bytearray_is_taken_and_left_alone() -> None:
    """A buffer that the caller goes on using is not touched."""
    document = bytearray(job(""))
    assert parse_describe_job_result(document).status == "New"  # type: ignore[arg-type]
    assert document == job("")


def test_a_message_lists_a_hundred_problems_and_says_that_there_are_more() -> None:
    """A thousand broken elements make an error of a hundred lines."""
    document = job(wrapped("Manifest/Spec/Fields", "<member><a/></member>" * 1000))
    with pytest.raises(SchemaError, match=r"in 100 places or more") as caught:
        strict(document)
    assert len(caught.value.problems) == len(set(caught.value.problems)) == MOST_PROBLEMS
