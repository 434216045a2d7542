"""The description of a job: held to the schema element by element, frozen, and able to travel."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

import output_types
import pulumi_cosjob
from pulumi_cosjob._model import job as job_module
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import (
    BEYOND_SCHEMA,
    COSDeleteObject,
    COSPutObjectCopy,
    COSTag,
    JobDescription,
    JobFailure,
    ManifestSpec,
    NewObjectMetadata,
    Operation,
    ProgressSummary,
    Report,
    UserMetadataMember,
)
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._model.states import STATES, JobState
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.schema import schema_path
from schema_comparison import XS, Schema, class_fields, declared_attributes, differences, snake_case

CLASSES: dict[str, type[Element]] = {
    cls.__name__: cls
    for cls in vars(job_module).values()
    if isinstance(cls, type) and issubclass(cls, Element) and cls is not Element
}
# The one class that is not called as its type in the schema is.
CLASSES["Job"] = CLASSES.pop("JobDescription")
JOB = JobDescription("job-1", "Active")


@pytest.fixture
def schema_tree() -> ET.Element:
    """Return the schema as a tree that a test may change."""
    return ET.parse(schema_path()).getroot()  # noqa: S314  our own file


def found_differences(root: ET.Element, classes: dict[str, type[Element]] | None = None) -> list[str]:
    """Compare the classes with a schema."""
    return sorted(differences(Schema(root), classes or CLASSES))


# ------------------------------------------------------------------------------------------------- field by field


def test_every_element_has_its_field_and_every_field_its_element(schema_tree: ET.Element) -> None:
    """Names, kinds and items of all fields, at every depth, are those of the schema, in both directions."""
    assert found_differences(schema_tree) == []


def test_every_class_is_reached(schema_tree: ET.Element) -> None:
    """No class stands for nothing: each is a complex type of the schema, and each complex type has one or is a list."""
    schema = Schema(schema_tree)
    complex_types = {each.get("name", "") for each in schema_tree.iter(f"{XS}complexType")} - {"DescribeJobResult"}
    lists = {"FailureReasons", "ManifestFields", "AccessControlGrants", "UserMetadata", "TagList"}
    assert complex_types - lists == CLASSES.keys()
    assert all(len(schema.elements(each)) == 1 for each in lists)


ADDITIONS = [
    ("Job", "NewThing", "xs:string", "Job/NewThing: the element has no field new_thing"),
    ("Report", "Retries", "TaskCount", "Job/Report/Retries: the element has no field retries"),
    (
        "JobFailure",
        "TaskId",
        "xs:string",
        "Job/FailureReasons/JobFailure/TaskId: the element has no field task_id",
    ),
    ("Grantee", "Extra", "xs:string", "Job/Operation/COSPutObjectCopy/AccessControlGrants/COSGrant/Grantee/Extra:"),
    ("COSDeleteObject", "Quiet", "xs:boolean", "Job/Operation/COSDeleteObject/Quiet: the element has no field quiet"),
]


@pytest.mark.parametrize(("complex_type", "name", "kind", "expected"), ADDITIONS)
def test_an_element_that_is_added_is_missed(
    schema_tree: ET.Element, complex_type: str, name: str, kind: str, expected: str
) -> None:
    """The comparison reports an element without a field at the top, nested, in a list and in an empty type."""
    group = schema_tree.find(f"{XS}complexType[@name='{complex_type}']/{XS}all")
    assert group is not None
    ET.SubElement(group, f"{XS}element", name=name, type=kind, minOccurs="0")
    (only,) = found_differences(schema_tree)
    assert only.startswith(expected)


REMOVALS = [
    ("Job", "Priority", ["Job: the field priority has no element"]),
    ("ManifestLocation", "ETag", ["Job/Manifest/Location: the field etag has no element"]),
    (
        "COSTag",
        "Value",
        [
            "Job/Operation/COSPutObjectCopy/NewObjectTagging/COSTag: the field value has no element",
            "Job/Operation/COSPutObjectTagging/TagSet/COSTag: the field value has no element",
        ],
    ),
]


@pytest.mark.parametrize(("complex_type", "name", "expected"), REMOVALS)
def test_an_element_that_is_removed_is_missed(
    schema_tree: ET.Element, complex_type: str, name: str, expected: list[str]
) -> None:
    """The comparison reports a field whose element is gone, wherever its class is used."""
    group = schema_tree.find(f"{XS}complexType[@name='{complex_type}']/{XS}all")
    element = schema_tree.find(f".//{XS}complexType[@name='{complex_type}']//{XS}element[@name='{name}']")
    assert group is not None
    assert element is not None
    group.remove(element)
    assert found_differences(schema_tree) == expected


CHANGES = [
    ("Priority", "xs:string", "Job/Priority: is str, but the field is int"),
    ("Description", "TaskCount", "Job/Description: is int, but the field is str"),
    ("Enabled", "xs:string", "Job/Report/Enabled: is str, but the field is bool"),
    ("SuspendedDate", "EpochSeconds", "Job/SuspendedDate: is int, but the field is str"),
    ("Manifest", "Report", "Job/Manifest: is Report, but the field is Manifest"),
    ("Fields", "xs:string", "Job/Manifest/Spec/Fields: is str, but the field is list of member (str)"),
    (
        "UserMetadata",
        "TagList",
        (
            "Job/Operation/COSPutObjectCopy/NewObjectMetadata/UserMetadata: "
            "is list of COSTag (COSTag), but the field is list of member (UserMetadataMember)"
        ),
    ),
]


@pytest.mark.parametrize(("name", "kind", "expected"), CHANGES)
def test_an_element_of_another_type_is_missed(schema_tree: ET.Element, name: str, kind: str, expected: str) -> None:
    """The comparison reports a field that is read as something else than the schema says."""
    element = schema_tree.find(f".//{XS}element[@name='{name}']")
    assert element is not None
    element.set("type", kind)
    assert found_differences(schema_tree) == [expected]


def test_a_list_with_items_of_another_name_is_missed(schema_tree: ET.Element) -> None:
    """The comparison reports a list whose items the field calls otherwise."""
    element = schema_tree.find(f".//{XS}element[@name='JobFailure']")
    assert element is not None
    element.set("name", "Failure")
    assert found_differences(schema_tree) == [
        "Job/FailureReasons: is list of Failure (JobFailure), but the field is list of JobFailure (JobFailure)"
    ]


def test_a_field_that_is_added_is_missed(schema_tree: ET.Element) -> None:
    """The comparison reports a field of a class, nested or not, that no element stands behind."""
    report = dataclasses.make_dataclass("Report", [("extra", str | None, None)], bases=(Report,), frozen=True, eq=False)
    job = dataclasses.make_dataclass(
        "JobDescription", [("colour", int | None, None)], bases=(JobDescription,), frozen=True, eq=False
    )
    assert found_differences(schema_tree, {**CLASSES, "Report": report}) == [
        "Job/Report: the field extra has no element"
    ]
    assert found_differences(schema_tree, {**CLASSES, "Job": job}) == ["Job: the field colour has no element"]


def test_xml_names_lead_back_to_every_element(schema_tree: ET.Element) -> None:
    """The name of each element follows from the name of its field."""
    schema = Schema(schema_tree)
    names = {tag for name in CLASSES for tag in schema.elements(name)}
    assert {tag: xml_name(snake_case(tag)) for tag in names} == {tag: tag for tag in names}
    assert len(names) > 60


@pytest.mark.parametrize(
    ("field", "element"),
    [
        ("etag", "ETag"),
        ("sse_algorithm", "SSEAlgorithm"),
        ("cos_put_object_copy", "COSPutObjectCopy"),
        ("unmodified_since_constraint", "UnModifiedSinceConstraint"),
        ("http_expires_date", "HttpExpiresDate"),
        ("role_arn", "RoleArn"),
    ],
)
def test_xml_names_by_value(field: str, element: str) -> None:
    """Names whose words have several capitals come out as the API writes them."""
    assert xml_name(field) == element


@pytest.mark.parametrize("cls", CLASSES.values())
def test_fields_are_read_as_they_are_annotated(cls: type[Element]) -> None:
    """What decoding believes of a field is what its annotation and its item say."""
    read = {name: (each.type.__name__, each.item) for name, each in element_fields(cls).items()}
    assert read == {name: (kind.of, kind.item) for name, kind in class_fields(cls).items()}


@pytest.mark.parametrize("cls", CLASSES.values())
def test_no_field_hides_a_method_of_dict(cls: type[Element]) -> None:
    """Elements are dicts; a field called `items` or `get` would break them."""
    assert not set(element_fields(cls)) & set(dir(dict))


@pytest.mark.parametrize("complex_type", CLASSES)
def test_each_field_says_what_the_schema_says(schema_tree: ET.Element, complex_type: str) -> None:
    """An editor shows of each field what the schema has in its documentation, and the values that it lists."""
    expected = {snake_case(tag): text for tag, text in Schema(schema_tree).meanings(complex_type).items()}
    declared = declared_attributes(Path(job_module.__file__), CLASSES[complex_type].__name__)
    beyond = {field.name for field in dataclasses.fields(CLASSES[complex_type]) if field.metadata.get("beyond_schema")}  # type: ignore[arg-type]
    assert all(declared.pop(name).text for name in beyond)
    assert {name: each.text for name, each in declared.items()} == expected


def test_an_element_says_what_it_means(schema_tree: ET.Element) -> None:
    """Documentation and listed values are read, of an element with a list of its own and of one without."""
    meanings = Schema(schema_tree).meanings("Report")
    assert meanings["ReportScope"] == "Which tasks are reported. Known values: `AllTasks`, `FailedTasksOnly`."
    assert meanings["Enabled"] == "Whether a report is written."


@pytest.mark.parametrize("complex_type", CLASSES)
def test_each_field_is_declared_as_an_output(complex_type: str) -> None:
    """Type checkers see the fields as outputs, by their names, with their types and texts, at every depth."""
    source, cls = Path(job_module.__file__).parents[1] / "_program" / "output_types.py", CLASSES[complex_type]
    declared = declared_attributes(source, "JobFields" if cls is JobDescription else f"{cls.__name__}Output")
    fields = declared_attributes(Path(job_module.__file__), cls.__name__)
    assert {name: each.text for name, each in declared.items()} == {name: each.text for name, each in fields.items()}
    for name, field in element_fields(cls).items():
        of, annotation = field.type.__name__, fields[name].annotation
        if not issubclass(field.type, Element):
            assert declared[name].annotation == f"pulumi.Output[{annotation}]"
        elif field.item:
            assert declared[name].annotation == f"ListOutput[{of}, {of}Output]"
        else:
            assert declared[name].annotation == f"{of}Output"


def test_the_types_of_fields_are_up_to_date() -> None:
    """`make docs` was run after the classes had changed."""
    module = output_types.MODULE.read_text(encoding="utf-8")
    assert output_types.with_declarations(module) == module


def test_states_are_those_of_the_schema(schema_tree: ET.Element) -> None:
    """Every status that the schema allows has its row in the table of states, and no other does."""
    assert sorted(STATES) == sorted(Schema(schema_tree).enumeration("Status"))
    assert all(state.status == status for status, state in STATES.items())


def test_a_state_means_what_the_schema_says(schema_tree: ET.Element) -> None:
    """The table of states has the schema's words, as they stand inside a sentence."""
    documented = Schema(schema_tree).value_meanings("Status")
    assert {f"{state.meaning[0].upper()}{state.meaning[1:]}.": status for status, state in STATES.items()} == {
        meaning: status for status, meaning in documented.items()
    }


def test_the_table_of_states_by_value() -> None:
    """Three states are final, one of them a success; two wait for a person; each says what it means."""
    assert {each.status for each in STATES.values() if each.final} == {"Complete", "Failed", "Cancelled"}
    assert {each.status for each in STATES.values() if each.succeeded} == {"Complete"}
    assert {each.status for each in STATES.values() if each.needs_person} == {"Suspended"}
    assert len({each.meaning for each in STATES.values()}) == len(STATES)


def test_a_description_knows_its_state() -> None:
    """`state` is the row of the table for the status."""
    assert JobDescription("a", "Failed").state is STATES["Failed"]


def test_a_state_that_is_not_known_is_not_final() -> None:
    """A service may gain statuses: one says that it is not known, and that the job may go on."""
    state = JobDescription("a", "Archiving").state
    assert state == JobState("Archiving", "a status that this version does not know")
    assert {state.final, state.succeeded, state.needs_person} == {False}


def test_the_table_of_states_cannot_be_changed() -> None:
    """Nobody can teach the process another state."""
    with pytest.raises(TypeError):
        STATES["Lost"] = STATES["Failed"]  # type: ignore[index]


# --------------------------------------------------------------------------------------------- frozen, equal, hashed


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
    """Neither as attributes nor as items, and a refused change leaves no trace."""
    job = JobDescription("job-1", "Active")
    with pytest.raises((TypeError, dataclasses.FrozenInstanceError)):
        change(job)
    assert job.status == job["status"] == "Active"
    assert dict(job) == dict(JOB)


def test_a_decoded_description_is_frozen_through_and_through(full_response: bytes) -> None:
    """Its lists are tuples, so the whole can be hashed and shared."""
    job = parse_describe_job_result(full_response)
    assert isinstance(job.failure_reasons, tuple)
    assert isinstance(hash(job), int)


def test_equal_elements_have_equal_hashes() -> None:
    """Elements are equal by value, as dicts are, and what is equal has one hash."""
    assert COSTag("a", "b") == COSTag("a", "b")
    assert COSTag("a", "b") != COSTag("a", "c")
    member, tag = UserMetadataMember("a", "b"), COSTag("a", "b")
    assert (member == tag) <= (hash(member) == hash(tag))
    assert len({COSTag("a", "b"), COSTag("a", "b"), COSTag("a", None)}) == 2


def test_a_change_at_any_depth_makes_another_description(full_response: bytes) -> None:
    """Two answers that differ in one grantee are two descriptions."""
    other = full_response.replace(b"archive readers", b"archive writers")
    assert parse_describe_job_result(full_response) == parse_describe_job_result(full_response)
    assert parse_describe_job_result(full_response) != parse_describe_job_result(other)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])  # noqa: S301
def test_copies_are_descriptions_too(again: Callable[[JobDescription], JobDescription], full_response: bytes) -> None:
    """A copy or a pickle comes back with its class, its value and its items, at every depth."""
    job = parse_describe_job_result(full_response)
    other = again(job)
    assert type(other) is JobDescription
    assert other == job
    assert type(other.operation) is Operation
    assert other.operation.cos_put_object_copy is not None
    assert type(other.operation.cos_put_object_copy) is COSPutObjectCopy
    assert other["operation"]["cos_put_object_copy"] == other.operation.cos_put_object_copy


def test_items_and_attributes_are_the_same(full_response: bytes) -> None:
    """Every field can be read either way, absent ones as None."""
    job = parse_describe_job_result(full_response)
    for field in dataclasses.fields(job):
        assert job[field.name] is getattr(job, field.name)
    assert JOB.manifest is None
    assert JOB["manifest"] is None
    with pytest.raises(AttributeError):
        job.colour  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(KeyError):
        job["colour"]


def test_a_description_prints_its_fields() -> None:
    """The representation names class and fields."""
    assert repr(COSTag("a", None)) == "COSTag(key='a', value=None)"


def test_the_full_answer_is_decoded_by_value(full_response: bytes) -> None:
    """Texts, numbers, booleans, lists and what is empty come out as they stand in the answer."""
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


def test_the_full_answer_leaves_no_field_out(full_response: bytes) -> None:
    """The example really has every element, so that tests on it mean every element."""
    absent = {f"{path}.{name}" for path, each in walk(parse_describe_job_result(full_response)) for name in nones(each)}
    assert absent == {
        ".operation.cos_delete_object",
        ".operation.cos_initiate_restore_object",
        ".operation.cos_put_object_tagging",
        ".operation.cos_put_object_copy.access_control_grants.1.grantee.display_name",
    }


def walk(element: Element, path: str = "") -> list[tuple[str, Element]]:
    """Return an element and all below it, with their paths."""
    found = [(path, element)]
    for name, value in element.items():
        for index, each in enumerate(value) if isinstance(value, Sequence) and not isinstance(value, str) else ():
            if isinstance(each, Element):
                found += walk(each, f"{path}.{name}.{index}")
        if isinstance(value, Element):
            found += walk(value, f"{path}.{name}")
    return found


def nones(element: Element) -> list[str]:
    """Return the names of absent fields."""
    return [name for name, value in element.items() if value is None]


# ------------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-12-19T18:00:30Z", datetime(2019, 12, 19, 18, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30", datetime(2019, 12, 19, 18, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30+08:00", datetime(2019, 12, 19, 10, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30-11:30", datetime(2019, 12, 20, 5, 30, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30+14:00", datetime(2019, 12, 19, 4, 0, 30, tzinfo=timezone.utc)),
        ("2020-02-29T00:00:00-00:00", datetime(2020, 2, 29, tzinfo=timezone.utc)),
        (" 2020-02-29T00:00:00Z\n", datetime(2020, 2, 29, tzinfo=timezone.utc)),
        ("1000-01-01T00:00:00Z", datetime(1000, 1, 1, tzinfo=timezone.utc)),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_times_by_value(text: str | None, expected: datetime | None) -> None:
    """Offsets count, UTC stands in for a missing one, and what is empty or absent is no time; all are aware."""
    job = JobDescription("a", "New", creation_time=text, suspended_date=text, termination_date=text)
    for read in (job.creation_datetime, job.suspended_datetime, job.termination_datetime):
        assert read == expected
        assert read is None or read.tzinfo is not None


def test_an_offset_is_kept() -> None:
    """The time is the same instant, in the offset in which the service wrote it."""
    read = JobDescription("a", "New", creation_time="2019-12-19T18:00:30+08:00").creation_datetime
    assert read is not None
    assert read.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("digits", range(1, 10))
@pytest.mark.parametrize("offset", ["", "Z", "+05:45"])
def test_fractions_of_any_length(digits: int, offset: str) -> None:
    """One to nine digits of a fraction are read; what is smaller than a microsecond is cut off."""
    fraction = "123456789"[:digits]
    read = JobDescription("a", "New", creation_time=f"2019-12-19T18:00:30.{fraction}{offset}").creation_datetime
    assert read is not None
    assert read.microsecond == int(f"{fraction:0<6}"[:6])


# ------------------------------------------------------------------------------------------------------ plain values


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
def test_plain_values_lead_back(job: Element) -> None:
    """What was taken apart is put together again as it was, class by class and value by value."""
    again = from_plain(JobDescription, to_plain(job))
    assert again == job
    assert [(path, type(each)) for path, each in walk(again)] == [(path, type(each)) for path, each in walk(job)]


@given(elements(JobDescription))
def test_plain_values_are_plain(job: Element) -> None:
    """Only dicts, lists, texts, booleans and numbers that a double can hold are left, and no None."""

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
def test_numbers_too_large_for_a_double_travel_as_text(number: int, plain: object) -> None:
    """No digit is lost on the way through the engine, and the number comes back as one."""
    summary = ProgressSummary(number_of_tasks_failed=number)
    assert to_plain(summary) == {"number_of_tasks_failed": plain}
    assert from_plain(ProgressSummary, to_plain(summary)).number_of_tasks_failed == number


def test_numbers_that_the_engine_made_doubles_are_whole_again() -> None:
    """The engine hands numbers back as floats; they come out as int."""
    read = from_plain(ProgressSummary, {"number_of_tasks_failed": 3.0})
    assert read.number_of_tasks_failed == 3
    assert type(read.number_of_tasks_failed) is int


def test_what_is_absent_and_what_is_empty_stay_apart() -> None:
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
    """A state that a newer version wrote can be read by this one."""
    plain = {"job_id": "a", "status": "New", "colour": "red", "report": {"bucket": "b", "shape": "round"}}
    assert from_plain(JobDescription, plain) == JobDescription("a", "New", report=Report(bucket="b"))


def test_new_object_metadata_lists_are_found_by_item_name() -> None:
    """A list of elements is built item by item, in order."""
    read = from_plain(NewObjectMetadata, {"user_metadata": [{"key": "b"}, {"key": "a", "value": ""}]})
    assert list(read.user_metadata or ()) == [UserMetadataMember("b"), UserMetadataMember("a", "")]


def test_public_names_are_the_same_objects() -> None:
    """The description and the table that users import are these."""
    assert pulumi_cosjob.JobDescription is JobDescription
    assert pulumi_cosjob.STATES is STATES
