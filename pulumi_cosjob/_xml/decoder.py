"""Decodes a response into a `JobDescription`, validated against the schema."""

from __future__ import annotations

import dataclasses
import functools
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import CosJobWarning, InvalidArgumentError, Problem, SchemaError
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._text import format_value, kind_of
from pulumi_cosjob._xml.fast_validator import XML_SPACE
from pulumi_cosjob._xml.lenient import prune, warnings_of
from pulumi_cosjob._xml.schema import compiled_schema
from pulumi_cosjob._xml.validation import DEFAULT_VALIDATION, VALIDATIONS, Validation, collect_problems
from pulumi_cosjob._xml.xml_reader import read_xml

__all__ = ["describe", "parse_describe_job_result"]

# Limits on `unknown_values`. Of a longer value, only the length is listed.
_MOST_UNKNOWN_VALUES = 100
_LONGEST_UNKNOWN_VALUE = 64
_SPACES = re.compile(f"[{XML_SPACE}]+")
_STRICT_HINT = Message(
    "Report this response if it came from the service itself. {validation}=lenient, the default, reads all parts "
    "that are valid; it is set by {validation:places}."
)
_FOREIGN_HINT = "Check the endpoint: this is not a response of COS Batch."
_E = TypeVar("_E", bound=Element)


def parse_describe_job_result(document: bytes, *, validation: Validation = DEFAULT_VALIDATION) -> JobDescription:
    """Validate the response to a DescribeJob request and return the job that it describes.

    Args:
        document: The response's body, in UTF-8, UTF-16 or the encoding that it declares.
        validation: `strict` refuses a response that violates the schema. `lenient` leaves out the elements that violate
            it, with a warning for each, and returns the rest. Neither accepts a response without one job, one JobId,
            one Status and counts of tasks that are whole numbers, or with a repeated element.

    Raises:
        NotXmlError: The response is not an XML document.
        SchemaError: The response violates the schema; all problems are in the error.
        InvalidResponseError: The response is too large.
    """
    if not isinstance(document, (bytes, bytearray)):
        raise InvalidArgumentError("document", f"must be bytes, not {kind_of(document)}")
    if validation not in VALIDATIONS:
        what = f"must be one of {', '.join(VALIDATIONS)}, not {format_value(validation)}"
        raise InvalidArgumentError("validation", what)
    described, left_out = describe(read_xml(bytes(document)), validation=validation)
    for text in warnings_of(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return described


def describe(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, redact: Callable[[str], str] = str
) -> tuple[JobDescription, Sequence[Problem]]:
    """Validate and decode a parsed document, without warnings.

    Args:
        root: The document. Lenient validation removes from it what violates the schema.
        validation: As for `parse_describe_job_result`.
        redact: Removes secrets from a text of the document before it is quoted.

    Returns:
        The job, and the problems for which something was left out. `warnings_of` makes warnings of them.

    Raises:
        SchemaError: The document violates the schema; with lenient validation, in a part that cannot be left out.
    """
    problems: Sequence[Problem] = collect_problems(root, redact)
    if problems and root.tag != "DescribeJobResult":
        raise SchemaError(problems, hint=_FOREIGN_HINT)
    if problems and validation == "strict":
        raise SchemaError(problems, hint=_STRICT_HINT)
    if problems:
        problems = prune(root, problems)
    job = root.find("Job")
    assert job is not None  # noqa: S101  the schema requires it
    beyond = _Beyond()
    for child in root:
        if child is not job:
            beyond.add_element(child.tag)
    described = _decode(JobDescription, job, "Job", beyond)
    listed = dataclasses.replace(
        described, unknown_elements=tuple(beyond.elements), unknown_values=tuple(beyond.values)
    )
    return listed, problems


@dataclasses.dataclass(frozen=True)
class _Plan:
    """How one child element becomes the value of a field.

    Attributes:
        field: Name of the field.
        type: `str`, `bool`, `int` or the class of an element.
        item: Name of the elements in a list; None if the field is no list.
        collapse: Whether white space around a value is removed.
        known: The values that the schema lists; empty if it lists none.
    """

    field: str
    type: type[Any]
    item: str | None
    collapse: bool
    known: frozenset[str]


@dataclasses.dataclass
class _Beyond:
    """What a response holds beyond the schema, in the order of the document."""

    elements: dict[str, None] = dataclasses.field(default_factory=dict)
    values: dict[str, None] = dataclasses.field(default_factory=dict)

    def add_element(self, path: str) -> None:
        self.elements[f"/DescribeJobResult/{path}"] = None

    def add_value(self, path: str, value: str) -> None:
        if len(self.values) < _MOST_UNKNOWN_VALUES:
            # Never truncated: if the response echoes a secret, a part of the secret would not be redacted.
            listed = value if len(value) <= _LONGEST_UNKNOWN_VALUE else f"a text of {len(value)} characters"
            self.values[f"/DescribeJobResult/{path}: {listed}"] = None


@functools.cache
def _plans(cls: type[Element], path: str) -> Mapping[str, _Plan]:
    """Return the plan for each child of an element, by the child's name.

    Args:
        cls: Class of the element.
        path: Path of the element, such as `Job/Report`.
    """
    plans = {}
    for name, field in element_fields(cls).items():
        tag = xml_name(name)
        leaf = "/".join(filter(None, (path, tag, field.item)))
        simple = compiled_schema().find(leaf).simple
        collapse, known = (False, frozenset()) if simple is None else (simple.collapse, simple.known)
        plans[tag] = _Plan(name, field.type, field.item, collapse, known)
    return plans


def _decode(cls: type[_E], element: ET.Element, path: str, beyond: _Beyond) -> _E:
    plans = _plans(cls, path)
    values: dict[str, Any] = {}
    for child in element:
        plan = plans.get(child.tag)
        where = f"{path}/{child.tag}"
        if plan is None:
            beyond.add_element(where)
        elif plan.item is None:
            values[plan.field] = _value(plan, child, where, beyond)
        else:
            items = []
            for item in child:
                if item.tag == plan.item:
                    value = _value(plan, item, f"{where}/{plan.item}", beyond)
                    # An empty item stays: items are columns.
                    items.append("" if value is None else value)
                else:
                    beyond.add_element(f"{where}/{item.tag}")
            values[plan.field] = tuple(items)
    return cls(**values)


def _value(plan: _Plan, element: ET.Element, path: str, beyond: _Beyond) -> Any:
    if issubclass(plan.type, Element):
        return _decode(plan.type, element, path, beyond)
    text = element.text or ""
    if not plan.collapse:
        return text
    text = text.strip(XML_SPACE)
    if not text:
        return None
    if plan.known and text not in plan.known:
        # No known word has a space in it, nor has a number, a boolean or a time.
        text = _SPACES.sub(" ", text)
        beyond.add_value(path, text)
    if plan.type is bool:
        return text in ("true", "1")
    return int(text) if plan.type is int else text
