"""The types of the plugin's schema: those of jobs come from the two XSDs, with their texts and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.naming import camel_name, xml_name
from pulumi_cosjob._plugin.package_schema.parts import Property, enumeration, list_of, property_of, reference
from pulumi_cosjob._service.settings import MISSING, SITES
from pulumi_cosjob._xml.modes import VALIDATIONS
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, LIST_JOBS, Document, schema_path

__all__ = ["JOB", "REQUIRED_OF_JOB", "SUMMARY", "jobs_by_id", "types"]

JOB, SUMMARY = "JobDescription", "JobSummary"
REQUIRED_OF_JOB = ["jobId", "status", *map(camel_name, BEYOND_SCHEMA)]

_XS = "{http://www.w3.org/2001/XMLSchema}"
# In some languages an integer has 32 bits.
_TYPES: Mapping[type | str, str] = {str: "string", int: "integer", bool: "boolean", "xs:unsignedLong": "number"}
_OPEN = "Known values: an output may have others, which `unknownValues` lists."

_BEYOND_SCHEMA = {
    "unknownElements": list_of(
        {"type": "string"}, "Paths of the elements of the response that its schema does not list."
    ),
    "unknownValues": list_of(
        {"type": "string"},
        "Values of the response that its schema does not list, at most 100, each with the path of its element, "
        "such as `/DescribeJobResult/Job/Status: Archiving`.",
    ),
}
_BEYOND_LIST = {
    "unknownElements": list_of({"type": "string"}, "Paths of the elements of this job that the schema does not list."),
    "unknownValues": list_of(
        {"type": "string"},
        "Values of this job that the schema does not list, each with the path of its element, such as "
        "`/ListJobsResult/Jobs/member/Status: Archiving`.",
    ),
}

_ENUMERATIONS = {
    "Validation": enumeration(
        "How to treat a response that violates the schema.",
        dict(
            zip(
                VALIDATIONS,
                ("The request fails.", "The elements that violate it are left out, with a warning."),
                strict=True,
            )
        ),
    ),
    "Site": enumeration(
        "A site of the vendor. Each has accounts of its own.",
        dict(zip(SITES, ("The site in China.", "The international site."), strict=True)),
    ),
    "Missing": enumeration(
        "How to treat a job that the service does not know.",
        dict(zip(MISSING, ("The request fails.", "The job is left out, and listed."), strict=True)),
    ),
}


def types() -> dict[str, Property]:
    """Return the types of the schema by name, a job and a job of a list among them."""
    xsd, list_xsd = _Xsd(DESCRIBE_JOB), _Xsd(LIST_JOBS)
    job = {
        "type": "object",
        "description": "A job as the service described it. Fields that the response lacks are absent; times are text.",
        "properties": {**xsd.properties(JobDescription, "Job"), **_BEYOND_SCHEMA},
        "required": REQUIRED_OF_JOB,
    }
    summary = {
        "type": "object",
        "description": "A job as a list shows it. Fields that the response lacks are absent; times are text.",
        "properties": {**list_xsd.properties(JobSummary, "JobSummary"), **_BEYOND_LIST},
        "required": REQUIRED_OF_JOB,
    }
    # Values of a list have the types of a job's: a test compares the two XSDs.
    return {JOB: job, SUMMARY: summary, **list_xsd.types, **xsd.types, **_ENUMERATIONS}


def jobs_by_id(description: str) -> Property:
    """Return a property with jobs by job id."""
    return property_of("object", description, additionalProperties=reference(JOB))


class _Xsd:
    """Reads elements, types and their documentation from an XSD.

    Args:
        document: The kind of response that it is about.

    Attributes:
        types: The types that the properties returned so far refer to, by name.
    """

    def __init__(self, document: Document) -> None:
        root = ET.parse(schema_path(document.root)).getroot()  # noqa: S314  our own file
        self._named = {part.get("name", ""): part for part in root}
        self.types: dict[str, Property] = {}

    def _element(self, type_name: str, name: str) -> ET.Element:
        found = self._named[type_name].find(f".//{_XS}element[@name='{name}']")
        assert found is not None, f"{type_name} has no {name}"  # noqa: S101  a test compares the model with the XSD
        return found

    def properties(self, cls: type[Element], type_name: str) -> dict[str, Property]:
        """Return the fields of an element as properties, and add the types that they refer to."""
        return {
            camel_name(name): self._property(field.type, field.item, self._element(type_name, xml_name(name)))
            for name, field in element_fields(cls).items()
        }

    def _property(self, type_: type[Any], item: str | None, element: ET.Element) -> Property:
        leaf = element if item is None else self._element(element.get("type", ""), item)
        values = self._known_values(leaf.get("type", ""))
        known = f" Known values: {', '.join(f'`{each}`' for each in values)}." if values else ""
        value, description = self._value(type_, leaf), f"{_documentation(element)}{known}"
        return {**value, "description": description} if item is None else list_of(value, description)

    def _value(self, type_: type[Any], element: ET.Element) -> Property:
        declared = element.get("type", "")
        if issubclass(type_, Element):
            if declared not in self.types:
                properties = self.properties(type_, declared)
                self.types[declared] = {
                    "type": "object",
                    "description": _documentation(element),
                    "properties": properties,
                }
            return reference(declared)
        values = self._known_values(declared)
        if values:
            # For comparisons in programs. No property has this type: SDKs raise for values that it does not list.
            self.types[declared] = enumeration(f"{_documentation(self._named[declared])} {_OPEN}", values)
        return {"type": _TYPES.get(self._base(declared)) or _TYPES[type_]}

    def _known_values(self, declared: str) -> Mapping[str, str]:
        """Return the descriptions of the values that a type lists, by value."""
        return {each.get("value", ""): _documentation(each) for each in self._parts(declared, "enumeration")}

    def _parts(self, declared: str, name: str) -> list[ET.Element]:
        return self._named[declared].findall(f".//{_XS}{name}") if declared in self._named else []

    def _base(self, declared: str) -> str:
        return next((each.get("base", "") for each in self._parts(declared, "restriction")), declared)


def _documentation(element: ET.Element) -> str:
    return element.findtext(f"{_XS}annotation/{_XS}documentation", "")
