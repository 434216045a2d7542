"""The classes of a job's elements, held to the schema field by field."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import output_types
import pulumi_cosjob
from pulumi_cosjob._model import job as job_module
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import (
    JobDescription,
    Report,
)
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._xml.schema import schema_path
from schema_comparison import CLASSES, XS, Schema, class_fields, declared_attributes, differences, snake_case


@pytest.fixture
def schema_tree() -> ET.Element:
    """Return the schema as a tree that a test may change."""
    return ET.parse(schema_path()).getroot()  # noqa: S314  our own file


def found_differences(root: ET.Element, classes: dict[str, type[Element]] | None = None) -> list[str]:
    """Compare the classes with a schema."""
    return sorted(differences(Schema(root), classes or CLASSES))


def added_differences(root: ET.Element, classes: dict[str, type[Element]] | None = None) -> list[str]:
    """Return what a change adds: a difference of the schema itself fails `test_fields_match_elements` alone."""
    before = found_differences(ET.parse(schema_path()).getroot())  # noqa: S314  our own file
    return [each for each in found_differences(root, classes) if each not in before]


def test_fields_match_elements(schema_tree: ET.Element) -> None:
    """Names, kinds and items of all fields, at every depth, are those of the schema, in both directions."""
    differences = found_differences(schema_tree)
    assert not differences, "\n".join(differences)


def test_classes_match_complex_types(schema_tree: ET.Element) -> None:
    """Each class is a complex type of the schema, and each complex type has a class or is a list."""
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
def test_an_added_element_is_reported(
    schema_tree: ET.Element, complex_type: str, name: str, kind: str, expected: str
) -> None:
    """The comparison reports an element without a field at the top, nested, in a list and in an empty type."""
    group = schema_tree.find(f"{XS}complexType[@name='{complex_type}']/{XS}all")
    assert group is not None
    ET.SubElement(group, f"{XS}element", name=name, type=kind, minOccurs="0")
    (only,) = added_differences(schema_tree)
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
def test_a_removed_element_is_reported(
    schema_tree: ET.Element, complex_type: str, name: str, expected: list[str]
) -> None:
    """The comparison reports a field without an element, wherever its class is used."""
    group = schema_tree.find(f"{XS}complexType[@name='{complex_type}']/{XS}all")
    element = schema_tree.find(f".//{XS}complexType[@name='{complex_type}']//{XS}element[@name='{name}']")
    assert group is not None
    assert element is not None
    group.remove(element)
    assert added_differences(schema_tree) == expected


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
def test_an_element_of_another_type_is_reported(schema_tree: ET.Element, name: str, kind: str, expected: str) -> None:
    """The comparison reports a field whose type differs from the schema."""
    element = schema_tree.find(f".//{XS}element[@name='{name}']")
    assert element is not None
    element.set("type", kind)
    assert added_differences(schema_tree) == [expected]


def test_items_of_another_name_are_reported(schema_tree: ET.Element) -> None:
    """The comparison reports a list whose items have another name in the field."""
    element = schema_tree.find(f".//{XS}element[@name='JobFailure']")
    assert element is not None
    element.set("name", "Failure")
    assert added_differences(schema_tree) == [
        "Job/FailureReasons: is list of Failure (JobFailure), but the field is list of JobFailure (JobFailure)"
    ]


def _longer(cls: type[Element], name: str) -> Any:
    """Return a class of the same name with one more field."""
    return type(cls.__name__, (cls,), {"__annotations__": {name: str | None}, name: None})


def test_an_added_field_is_reported(schema_tree: ET.Element) -> None:
    """The comparison reports a field of a class, nested or not, that has no element."""
    report = _longer(Report, "extra")
    job = _longer(JobDescription, "colour")
    assert added_differences(schema_tree, {**CLASSES, "Report": report}) == [
        "Job/Report: the field extra has no element"
    ]
    assert added_differences(schema_tree, {**CLASSES, "Job": job}) == ["Job: the field colour has no element"]


@pytest.mark.parametrize("cls", CLASSES.values())
def test_element_fields_match_annotations(cls: type[Element]) -> None:
    """The decoder's type of a field is that of its annotation and its item."""
    read = {name: (each.type.__name__, each.item) for name, each in element_fields(cls).items()}
    assert read == {name: (kind.of, kind.item) for name, kind in class_fields(cls).items()}


@pytest.mark.parametrize("cls", CLASSES.values())
def test_no_field_hides_a_method_of_dict(cls: type[Element]) -> None:
    """Elements are dicts; a field called `items` or `get` would break them."""
    assert not set(element_fields(cls)) & set(dir(dict))


@pytest.mark.parametrize("complex_type", CLASSES)
def test_docstrings_match_the_schema(schema_tree: ET.Element, complex_type: str) -> None:
    """Editors show for each field the documentation of the schema and the known values."""
    expected = {snake_case(tag): text for tag, text in Schema(schema_tree).meanings(complex_type).items()}
    declared = declared_attributes(Path(job_module.__file__), CLASSES[complex_type].__name__)
    beyond = {field.name for field in dataclasses.fields(CLASSES[complex_type]) if field.metadata.get("beyond_schema")}
    assert all(declared.pop(name).text for name in beyond)
    assert {name: each.text for name, each in declared.items()} == expected


def test_meanings_by_value(schema_tree: ET.Element) -> None:
    """Documentation and known values are read, of an element with a list of values and of one without."""
    meanings = Schema(schema_tree).meanings("Report")
    assert meanings["ReportScope"] == "Which tasks are reported. Known values: `AllTasks`, `FailedTasksOnly`."
    assert meanings["Enabled"] == "Whether a report is written."


@pytest.mark.parametrize("complex_type", CLASSES)
def test_each_field_is_declared_as_an_output(complex_type: str) -> None:
    """Type checkers see each field as an output, with its name, type and text, at every depth."""
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


def test_the_output_types_are_up_to_date() -> None:
    """`make docs` was run after the last change of the classes."""
    module = output_types.MODULE.read_text(encoding="utf-8")
    assert output_types.with_declarations(module) == module, "run `make docs`"


def test_public_names_are_the_same_objects() -> None:
    """The description and the table that users import are those of the model."""
    assert pulumi_cosjob.JobDescription is JobDescription
    assert pulumi_cosjob.STATES is STATES
