"""The problems that are reported of a document that violates the schema."""

from __future__ import annotations

import io

import pytest

from documents import job, wrapped
from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import (
    InvalidArgumentError,
    SchemaError,
)
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from schema_reference import (
    strict,
)


def test_all_problems_are_reported_at_once() -> None:
    """Every problem has its path, its value and its rule."""
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
    """A response with another root is refused by its name, with a hint at the endpoint."""
    with pytest.raises(SchemaError, match="must be a DescribeJobResult, not 'ListJobsResult'") as caught:
        parse_describe_job_result(b"<ListJobsResult/>")
    assert "endpoint" in caught.value.hint


@pytest.mark.parametrize("document", ["<x/>", None, 7, memoryview(b"<x/>"), io.BytesIO(b"<x/>")])
def test_a_document_has_to_be_bytes(document: object) -> None:
    """Text has lost the encoding that the response declared."""
    with pytest.raises(InvalidArgumentError, match="document must be bytes"):
        parse_describe_job_result(document)  # type: ignore[arg-type]


@pytest.mark.parametrize("validation", ["", "Strict", "none", None, ["strict"]])
def test_validation_is_one_of_two_words(validation: object) -> None:
    """A misspelt mode is refused; it never means no validation."""
    with pytest.raises(InvalidArgumentError, match="validation must be one of strict, lenient"):
        parse_describe_job_result(job(""), validation=validation)  # type: ignore[arg-type]


def test_a_bytearray_is_accepted_and_not_changed() -> None:
    """The caller may go on using the buffer."""
    document = bytearray(job(""))
    assert parse_describe_job_result(document).status == "New"  # type: ignore[arg-type]
    assert document == job("")


def test_a_message_lists_at_most_a_hundred_problems() -> None:
    """A thousand invalid elements make an error of a hundred lines, which mentions that there are more."""
    document = job(wrapped("Manifest/Spec/Fields", "<member><a/></member>" * 1000))
    with pytest.raises(SchemaError, match=r"in 100 places or more") as caught:
        strict(document)
    assert len(caught.value.problems) == len(set(caught.value.problems)) == MOST_PROBLEMS
