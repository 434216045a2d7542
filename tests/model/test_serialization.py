"""Descriptions as plain values, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import walk
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import (
    BEYOND_SCHEMA,
    COSDeleteObject,
    JobDescription,
    NewObjectMetadata,
    Operation,
    ProgressSummary,
    Report,
    UserMetadataMember,
)
from pulumi_cosjob._model.serialization import from_plain, to_plain


def elements(cls: type[Element]) -> st.SearchStrategy[Element]:
    """Return a strategy for elements of a class, all the way down."""
    leaves: dict[type, st.SearchStrategy[Any]] = {
        str: st.text(max_size=8),
        int: st.integers(min_value=0, max_value=2**64 - 1),
        bool: st.booleans(),
    }
    fields = {}
    for name, field in element_fields(cls).items():
        one = elements(field.type) if issubclass(field.type, Element) else leaves[field.type]
        value = st.lists(one, max_size=3) if field.item else one
        fields[name] = value if name in {"job_id", "status"} else st.none() | value
    if cls is JobDescription:
        fields.update({name: st.lists(st.text(max_size=5), max_size=2) for name in BEYOND_SCHEMA})
    return st.builds(cls, **fields)


@given(elements(JobDescription))
def test_plain_values_round_trip(job: Element) -> None:
    """`from_plain` returns what `to_plain` converted, with every class and value."""
    again = from_plain(JobDescription, to_plain(job))
    assert again == job
    assert [(path, type(each)) for path, each in walk(again)] == [(path, type(each)) for path, each in walk(job)]


@given(elements(JobDescription))
def test_plain_values_are_plain(job: Element) -> None:
    """Plain values are dicts, lists, texts, booleans and numbers that a double can hold, and never None."""

    def check(value: Any) -> None:
        assert type(value) in {dict, list, str, bool, int}
        assert type(value) is not int or float(value) == value
        for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(child)

    check(to_plain(job))


@pytest.mark.parametrize(
    ("number", "plain"),
    [(0, 0), (2**53, 2**53), (2**53 + 1, "9007199254740993"), (2**64 - 1, "18446744073709551615")],
)
def test_numbers_too_large_for_a_double_become_text(number: int, plain: object) -> None:
    """No digit is lost on the way through the engine, and the text becomes a number again."""
    summary = ProgressSummary(number_of_tasks_failed=number)
    assert to_plain(summary) == {"number_of_tasks_failed": plain}
    assert from_plain(ProgressSummary, to_plain(summary)).number_of_tasks_failed == number


def test_doubles_become_whole_numbers() -> None:
    """The engine returns numbers as floats; fields are int."""
    read = from_plain(ProgressSummary, {"number_of_tasks_failed": 3.0})
    assert read.number_of_tasks_failed == 3
    assert type(read.number_of_tasks_failed) is int


def test_absent_and_empty_stay_distinct() -> None:
    """None is left out of plain values; an empty text, list or element is not."""
    job = JobDescription(
        "a", "New", description="", failure_reasons=(), operation=Operation(cos_delete_object=COSDeleteObject())
    )
    plain = to_plain(job)
    assert plain == {
        "job_id": "a",
        "status": "New",
        "description": "",
        "failure_reasons": [],
        "operation": {"cos_delete_object": {}},
        "unknown_elements": [],
        "unknown_values": [],
    }
    again = from_plain(JobDescription, plain)
    assert (again.description, list(again.failure_reasons or ()), again.priority) == ("", [], None)
    assert again.operation == job.operation


def test_fields_of_later_versions_are_left_out() -> None:
    """This version can read a state that a newer version wrote."""
    plain = {"job_id": "a", "status": "New", "colour": "red", "report": {"bucket": "b", "shape": "round"}}
    assert from_plain(JobDescription, plain) == JobDescription("a", "New", report=Report(bucket="b"))


def test_lists_of_elements_keep_their_order() -> None:
    """A list of elements is built item by item."""
    read = from_plain(NewObjectMetadata, {"user_metadata": [{"key": "b"}, {"key": "a", "value": ""}]})
    assert list(read.user_metadata or ()) == [UserMetadataMember("b"), UserMetadataMember("a", "")]
