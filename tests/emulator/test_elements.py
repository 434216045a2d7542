"""The elements of a description, and values that replace the usual ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from emulator_client import Bench, bench
from pulumi_cosjob._emulator.element_values import snake_case
from pulumi_cosjob._emulator.elements import JOB, Group, Members
from pulumi_cosjob.testing import CosBatchEmulator, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_cosjob._emulator.elements import Kind

__all__ = ["bench"]


def _paths(kind: Kind, path: str = "") -> Iterator[str]:
    """Yield the path of every element below a kind of the table."""
    children = dict(kind.children) if isinstance(kind, Group) else {}
    if isinstance(kind, Members):
        children = {kind.name: kind.kind}
    for name, child in children.items():
        yield f"{path}{name}"
        yield from _paths(child, f"{path}{name}/")


def test_every_element_of_the_reference_is_shown(bench: Bench) -> None:
    """The scenarios together show each element of the table, except those of other operations."""
    shown: set[str] = set()
    for scenario in Scenario:
        job_id = bench.emulator.create_job(scenario)
        bench.clock.advance(100)
        reply = bench.describe(job_id)
        shown |= {path for path in _paths(JOB) if reply.text(f"Job/{path}") is not None}
    others = ("COSPutObjectTagging", "COSDeleteObject")
    expected = {path for path in _paths(JOB) if not any(other in path for other in others)}
    assert shown == expected


def test_etag_keeps_its_quotes(bench: Bench) -> None:
    """The double quotes belong to the text of an ETag."""
    etag = bench.describe(bench.emulator.create_job()).text("Job/Manifest/Location/ETag") or ""
    assert etag[0] == etag[-1] == '"'


def test_overrides(bench: Bench) -> None:
    """Any element can be set by its Python name, by its own name, or as XML, or be left out."""
    element = ET.Element("Report")
    ET.SubElement(element, "Enabled").text = "perhaps"
    job_id = bench.emulator.create_job(
        description="<ä & ö>",
        priority=3,
        confirmation_required=True,
        status="Dreaming",
        failure_reasons=[{"failure_code": "A"}, {"failure_code": "B", "failure_reason": ""}],
        manifest={"location": {"etag": '"x"', "object_version_id": None}, "Spec": {"fields": ["Key"]}},
        operation="<COSWeigh><Unit>kg</Unit></COSWeigh>",
        report=element,
        role_arn=None,
        Colour="red",
    )
    reply = bench.describe(job_id)
    assert reply.text("Job/Description") == "<ä & ö>"
    assert reply.text("Job/Priority") == "3"
    assert reply.text("Job/ConfirmationRequired") == "true"
    assert reply.text("Job/Status") == "Dreaming"
    assert [code.text for code in reply.root.iter("FailureCode")] == ["A", "B"]
    assert [reason.text for reason in reply.root.iter("FailureReason")] == [None]
    assert reply.text("Job/Manifest/Location/ETag") == '"x"'
    assert reply.text("Job/Manifest/Location/ObjectVersionId") is None
    assert reply.text("Job/Manifest/Spec/Fields/member") == "Key"
    assert reply.text("Job/Operation/COSWeigh/Unit") == "kg"
    assert reply.text("Job/Report/Enabled") == "perhaps"
    assert reply.text("Job/RoleArn") is None
    assert reply.text("Job/Colour") == "red"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenario": "explodes"}, "there is no scenario 'explodes'; the scenarios are: cancelled, completes"),
        ({"descripton": "x"}, "there is no element 'descripton'; the elements are: client_request_token"),
        ({"manifest": {"etag": "x"}}, "there is no element 'etag'; the elements are: location, spec"),
        ({"operation": "<open>"}, "the XML given for Operation cannot be read"),
        ({"job_id": "a b"}, "'a b' is no job id"),
        ({"job_id": "taken"}, "there is a job 'taken' already"),
        ({"seconds": -1}, "seconds must be a finite number from 0, not -1"),
        ({"seconds": float("nan")}, "seconds must be a finite number"),
        ({"tasks": -1}, "tasks must be a whole number from 0 to 9223372036854775807, not -1"),
        ({"tasks": 1.5}, "tasks must be a whole number from 0 to 9223372036854775807, not 1.5"),
        ({"tasks": 10**400}, "not a number of many digits"),
        ({"starts": "later"}, "starts must be now or first-request, not 'later'"),
        ({"appid": "1" * 65}, "appid must have 1 to 64 characters, not 65"),
        ({"appid": "1\r\n"}, "appid holds a character that no HTTP header can carry"),
        ({"job_id": "\ud800"}, "job_id holds a character that XML does not allow"),
        ({"description": "\x00"}, "Description holds a character that XML does not allow"),
        ({"A b": "x"}, "no element can have the name 'A b'"),
    ],
)
def test_create_job_by_hand_explains_mistakes(arguments: dict[str, object], message: str) -> None:
    """An impossible job is refused; the message names the mistake."""
    emulator = CosBatchEmulator()
    emulator.create_job(job_id="taken")
    with pytest.raises(ValueError, match=message):
        emulator.create_job(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("ETag", "etag"),
        ("RoleArn", "role_arn"),
        ("COSPutObjectCopy", "cos_put_object_copy"),
        ("SSEAlgorithm", "sse_algorithm"),
        ("UnModifiedSinceConstraint", "unmodified_since_constraint"),
        ("ObjectVersionId", "object_version_id"),
    ],
)
def test_python_names(name: str, python: str) -> None:
    """Elements have the same Python names as in the package."""
    assert snake_case(name) == python


def test_overrides_of_all_types(bench: Bench) -> None:
    """A datetime gets the service's format; a value that no element can hold is a TypeError."""
    when = datetime(2019, 12, 19, 19, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    job_id = bench.emulator.create_job(suspended_date=when)
    assert bench.describe(job_id).text("Job/SuspendedDate") == "2019-12-19T18:00:30Z"
    with pytest.raises(TypeError, match=r"an element Description cannot hold b'x'"):
        bench.emulator.create_job(description=b"x")
