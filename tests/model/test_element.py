"""A description is frozen, compared by value, copied and pickled; all of it is decoded."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from documents import walk
from pulumi_cosjob._model.element import Element, element_builder
from pulumi_cosjob._model.job import (
    COSDeleteObject,
    COSPutObjectCopy,
    COSTag,
    JobDescription,
    JobFailure,
    ManifestSpec,
    Operation,
    ProgressSummary,
    UserMetadataMember,
)
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._xml.decoder import parse_describe_job_result

JOB = JobDescription("job-1", "Active")


CHANGERS: list[Callable[[Any], object]] = [
    lambda job: setattr(job, "status", "Complete"),
    lambda job: delattr(job, "status"),
    lambda job: job.__setitem__("status", "Complete"),
    lambda job: job.__delitem__("status"),
    lambda job: job.update(status="Complete"),
    lambda job: job.setdefault("other", 1),
    lambda job: job.pop("status"),
    lambda job: job.popitem(),
    lambda job: job.clear(),
    lambda job: job.__ior__({"status": "Complete"}),
]


@pytest.mark.parametrize("change", CHANGERS)
def test_a_description_cannot_be_changed(change: Callable[[Any], object]) -> None:
    """Neither attributes nor items can be set, and a failed change has no effect."""
    job = JobDescription("job-1", "Active")
    with pytest.raises((TypeError, dataclasses.FrozenInstanceError)):
        change(job)
    assert job.status == job["status"] == "Active"
    assert dict(job) == dict(JOB)


def test_a_decoded_description_is_hashable(full_response: bytes) -> None:
    """Its lists are tuples, so that the whole can be hashed and shared."""
    job = parse_describe_job_result(full_response)
    assert isinstance(job.failure_reasons, tuple)
    assert isinstance(hash(job), int)


@pytest.mark.parametrize("cls", [COSTag, COSDeleteObject, ManifestSpec, JobDescription, JobSummary])
def test_an_element_is_built_as_its_class_builds_it(cls: type[Element]) -> None:
    """The fast way to build an element differs from a call of its class in nothing but time."""
    names = [field.name for field in dataclasses.fields(cls)]
    for given in (names, [name for name in names if name in ("key", "format", "job_id", "status")]):
        values = {name: f"a {name}" for name in reversed(given)}
        fast, usual = element_builder(cls)(values), cls(**values)
        assert type(fast) is cls
        assert fast == usual
        assert (repr(fast), hash(fast), vars(fast), list(fast)) == (repr(usual), hash(usual), vars(usual), list(usual))
        assert pickle.dumps(fast) == pickle.dumps(usual)
        with pytest.raises(dataclasses.FrozenInstanceError):
            fast.other = 1  # type: ignore[attr-defined]


def test_equal_elements_have_equal_hashes() -> None:
    """Elements are equal by value, as dicts are, and equal elements have equal hashes."""
    assert COSTag("a", "b") == COSTag("a", "b")
    assert COSTag("a", "b") != COSTag("a", "c")
    member, tag = UserMetadataMember("a", "b"), COSTag("a", "b")
    assert (member == tag) <= (hash(member) == hash(tag))
    assert len({COSTag("a", "b"), COSTag("a", "b"), COSTag("a", None)}) == 2


def test_descriptions_differ_at_any_depth(full_response: bytes) -> None:
    """Two responses that differ in one grantee are two descriptions."""
    other = full_response.replace(b"archive readers", b"archive writers")
    assert parse_describe_job_result(full_response) == parse_describe_job_result(full_response)
    assert parse_describe_job_result(full_response) != parse_describe_job_result(other)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])  # noqa: S301
def test_copies_keep_class_and_value(again: Callable[[JobDescription], JobDescription], full_response: bytes) -> None:
    """A copy or a pickle has the same class, value and items, at every depth."""
    job = parse_describe_job_result(full_response)
    other = again(job)
    assert type(other) is JobDescription
    assert other == job
    assert type(other.operation) is Operation
    assert other.operation.cos_put_object_copy is not None
    assert type(other.operation.cos_put_object_copy) is COSPutObjectCopy
    assert other["operation"]["cos_put_object_copy"] == other.operation.cos_put_object_copy


def test_items_and_attributes_are_the_same(full_response: bytes) -> None:
    """Every field can be read as an attribute and as an item; absent ones are None."""
    job = parse_describe_job_result(full_response)
    for field in dataclasses.fields(job):
        assert job[field.name] is getattr(job, field.name)
    assert JOB.manifest is None
    assert JOB["manifest"] is None
    with pytest.raises(AttributeError):
        job.colour  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(KeyError):
        job["colour"]


def test_the_representation_names_class_and_fields() -> None:
    """The representation is the call that builds the element."""
    assert repr(COSTag("a", None)) == "COSTag(key='a', value=None)"


def test_the_full_response_is_decoded_by_value(full_response: bytes) -> None:
    """Texts, numbers, booleans, lists and empty elements have the values of the document."""
    job = parse_describe_job_result(full_response)
    assert job.job_id == "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
    assert job.confirmation_required is True
    assert job.description == "Kopie für das Archiv 存档"
    assert job.priority == 2147483647
    assert job.failure_reasons == (
        JobFailure("ManifestReadError", "line 17 of the manifest has no key"),
        JobFailure("", ""),
    )
    assert job.manifest is not None
    assert job.manifest.location is not None
    assert job.manifest.location.etag == '"a7ba0ad1f1a5d7e5f5b5a1c6d6e7f809"'
    assert job.manifest.spec == ManifestSpec(("Bucket", "Key", "VersionId", "Ignore"), "COSBatchOperations_CSV_V1")
    assert job.progress_summary == ProgressSummary(3, 2**53 + 1, 2**64 - 1)
    assert job.report is not None
    assert job.report.enabled is True
    assert job.operation is not None
    assert job.operation.cos_delete_object is None
    copying = job.operation.cos_put_object_copy
    assert copying is not None
    assert copying.prefix_replace is False
    assert copying.unmodified_since_constraint == "1798000000"
    assert copying.new_object_metadata is not None
    assert copying.new_object_metadata.user_metadata == (
        UserMetadataMember("x-cos-meta-team", "archive"),
        UserMetadataMember("x-cos-meta-note", ""),
    )
    assert job.unknown_elements == ()
    assert job.unknown_values == ()


def test_the_full_response_has_every_element(full_response: bytes) -> None:
    """Tests that use the example cover every element."""
    absent = {f"{path}.{name}" for path, each in walk(parse_describe_job_result(full_response)) for name in nones(each)}
    expected = {
        ".operation.cos_delete_object",
        ".operation.cos_initiate_restore_object",
        ".operation.cos_put_object_tagging",
        ".operation.cos_put_object_copy.access_control_grants.1.grantee.display_name",
    }
    assert absent == expected, f"tests/responses/full.xml lacks {sorted(absent - expected)}"


def nones(element: Element) -> list[str]:
    """Return the names of absent fields."""
    return [name for name, value in element.items() if value is None]


def test_a_class_has_the_defaults_of_its_fields() -> None:
    """As those of a dataclass: documentation tools and editors show them."""
    assert ManifestSpec.fields is None
    assert list(JobDescription.unknown_elements) == []
    assert not hasattr(JobDescription, "status")


def test_a_subclass_overrides_fields() -> None:
    """By a property, by a field that is required as before, and by another default."""

    class Own(JobDescription):
        @property  # type: ignore[misc]
        def status(self) -> str:
            return str(self["status"]).upper()

    class Again(JobDescription):
        status: str
        description: str | None = "none"

    assert (Own("a", "New").status, Own("a", "New")["status"]) == ("NEW", "New")
    assert (Again("a", "New").status, Again("a", "New").description) == ("New", "none")
    with pytest.raises(TypeError, match="needs status"):
        Again("a")  # type: ignore[call-arg]


def test_an_element_without_values_lacks_the_attributes() -> None:
    """Debuggers and copies look at such objects: no other error than an AttributeError."""
    assert getattr(COSTag.__new__(COSTag), "key", "absent") == "absent"
