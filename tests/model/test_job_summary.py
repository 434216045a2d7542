"""The classes of a list's jobs, held to the list's schema; what they share with the description of a job."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import pulumi_cosjob
from list_documents import FULL_PAGE
from pulumi_cosjob import types
from pulumi_cosjob._model import job as job_module
from pulumi_cosjob._model import job_summary as summary_module
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription, ProgressSummary
from pulumi_cosjob._model.job_summary import JobSummary, ListedProgressSummary
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._xml.decoder import parse_list_jobs_result
from pulumi_cosjob._xml.schema import DOCUMENTS, LIST_JOBS, schema_path
from schema_comparison import (
    CLASSES_OF_LISTS,
    XS,
    Schema,
    class_fields,
    declared_attributes,
    differences,
    snake_case,
)


def tree(document: str = LIST_JOBS.root) -> ET.Element:
    """Return a schema as a tree that a test may change."""
    return ET.parse(schema_path(document)).getroot()  # noqa: S314  our own file


def found_differences(root: ET.Element) -> list[str]:
    """Compare the classes with a schema of lists."""
    return sorted(differences(Schema(root), CLASSES_OF_LISTS, "JobSummary", "member"))


def test_the_fields_of_a_summary_match_the_elements() -> None:
    """Names and kinds of all fields are those of the list's schema, in both directions."""
    assert found_differences(tree()) == []
    complex_types = {each.get("name", "") for each in tree().iter(f"{XS}complexType")}
    assert complex_types - {"ListJobsResult", "JobSummaries"} == CLASSES_OF_LISTS.keys()


@pytest.mark.parametrize(
    ("complex_type", "name", "expected"),
    [
        ("JobSummary", "RoleArn", "member/RoleArn: the element has no field role_arn"),
        ("ListedProgressSummary", "Extra", "member/ProgressSummary/Extra: the element has no field extra"),
    ],
)
def test_an_element_added_to_a_summary_is_reported(complex_type: str, name: str, expected: str) -> None:
    """The comparison reports an element without a field, in a member and below it."""
    root = tree()
    group = root.find(f"{XS}complexType[@name='{complex_type}']/{XS}all")
    assert group is not None
    ET.SubElement(group, f"{XS}element", name=name, type="xs:string", minOccurs="0")
    assert found_differences(root) == [expected]


def test_the_types_of_values_are_those_of_a_job() -> None:
    """Both files are complete by themselves: each simple type of the list's is the same in the other."""
    ours, theirs = (
        {
            each.get("name", ""): ET.canonicalize(ET.tostring(each), strip_text=True)
            for each in tree(name).findall(f"{XS}simpleType")
        }
        for name in (LIST_JOBS.root, "DescribeJobResult")
    )
    assert ours.keys() >= {"JobId", "Status", "Priority", "TaskCount", "Timestamp"}
    assert {name: text for name, text in ours.items() if theirs.get(name) != text} == {}


def test_texts_and_values_of_a_list_are_those_of_a_job() -> None:
    """An element that a job and a list have both is documented in the same words, but for Operation."""
    job, summary = Schema(tree("DescribeJobResult")).meanings("Job"), Schema(tree()).meanings("JobSummary")
    assert {name for name, text in summary.items() if job[name] != text} == {"Operation"}


@pytest.mark.parametrize("cls", CLASSES_OF_LISTS.values())
def test_the_docstrings_of_a_summary_match_the_schema(cls: type[Element]) -> None:
    """Editors show for each field the documentation of the schema and the known values."""
    expected = {snake_case(tag): text for tag, text in Schema(tree()).meanings(cls.__name__).items()}
    declared = declared_attributes(Path(summary_module.__file__), cls.__name__)
    if issubclass(cls, ProgressSummary):
        declared |= declared_attributes(Path(job_module.__file__), "ProgressSummary")
    assert all(declared.pop(name).text for name in BEYOND_SCHEMA if name in declared)
    assert {name: each.text for name, each in declared.items()} == expected
    read = {name: (each.type.__name__, each.item) for name, each in element_fields(cls).items()}
    assert read == {name: (kind.of, kind.item) for name, kind in class_fields(cls).items()}


def test_every_element_of_a_list_is_documented() -> None:
    """Each has a documentation that ends as a sentence does, and texts name their limits."""
    elements = list(tree().iter(f"{XS}element"))
    texts = [(each.get("name"), each.findtext(f"{XS}annotation/{XS}documentation") or "") for each in elements]
    assert len(texts) == 16
    assert [name for name, text in texts if not text.endswith(".") or not text[0].isupper()] == []
    limits = {"JobId": "1 to 64 bytes", "Description": "0 to 256 bytes", "NextToken": "1 to 64 bytes"}
    assert {name for name, text in texts if limits.get(name or "", "none") in text} == limits.keys()


def test_each_schema_has_a_path() -> None:
    """The file is named by the document's root; a job's is the default, and another name is refused."""
    assert schema_path() == schema_path("DescribeJobResult")
    for name in DOCUMENTS:
        assert f'<xs:element name="{name}"' in schema_path(name).read_text(encoding="utf-8")
    with pytest.raises(pulumi_cosjob.InvalidArgumentError, match="one of DescribeJobResult, ListJobsResult"):
        schema_path("ListJobs")


def test_a_summary_has_the_properties_of_a_description() -> None:
    """State, failed tasks and times are those that a description with the same elements has."""
    [summary, bare] = parse_list_jobs_result(FULL_PAGE).jobs
    assert summary.progress_summary is not None
    counts = {name: summary.progress_summary[name] for name in element_fields(ProgressSummary)}
    job = JobDescription(
        summary.job_id,
        summary.status,
        creation_time=summary.creation_time,
        progress_summary=ProgressSummary(**counts),
        termination_date=summary.termination_date,
    )
    for name in ("state", "failed_tasks", "creation_datetime", "termination_datetime"):
        assert getattr(summary, name) == getattr(job, name) is not None, name
    assert summary.failed_tasks == 1
    assert summary.progress_summary.auto_manifest_status == "Failed"
    assert (bare.failed_tasks, bare.creation_datetime, bare.state.final) == (None, None, False)


def test_a_summary_is_an_element_like_others() -> None:
    """It is frozen, can be pickled, and goes to plain values and back with every field."""
    [summary, bare] = parse_list_jobs_result(FULL_PAGE).jobs
    beyond = dataclasses.replace(bare, unknown_elements=["/x"], unknown_values=["/y: z"])
    for job in (summary, bare, beyond):
        assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301  our own bytes
        again = from_plain(JobSummary, to_plain(job))
        assert {**again, "unknown_elements": 0, "unknown_values": 0} == {
            **job,
            "unknown_elements": 0,
            "unknown_values": 0,
        }
        assert [*again.unknown_elements] == [*job.unknown_elements]
        assert type(again.progress_summary) is type(job.progress_summary)
    with pytest.raises(TypeError, match="JobSummary cannot be changed"):
        summary["status"] = "Active"


def test_the_classes_of_lists_are_public() -> None:
    """Annotations can name them."""
    assert pulumi_cosjob.JobSummary is types.JobSummary is JobSummary
    assert types.ListedProgressSummary is ListedProgressSummary
