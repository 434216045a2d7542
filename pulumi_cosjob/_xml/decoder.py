"""Decodes a response into a `JobDescription` or a `JobPage`, validated against its schema."""

from __future__ import annotations

import dataclasses
import functools
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

from pulumi_cosjob._checks import check_choice
from pulumi_cosjob._errors import CosJobWarning, InvalidArgumentError, Problem, SchemaError
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobPage, JobSummary
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._text import kind_of
from pulumi_cosjob._xml.fast_validator import XML_SPACE
from pulumi_cosjob._xml.lenient import prune, warnings_of
from pulumi_cosjob._xml.modes import DEFAULT_VALIDATION, VALIDATIONS, Validation
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, DOCUMENTS, LIST_JOBS, Document, compiled_schema
from pulumi_cosjob._xml.validation import collect_problems
from pulumi_cosjob._xml.xml_reader import read_xml

__all__ = ["describe", "describe_page", "parse_describe_job_result", "parse_list_jobs_result"]

# Limits on `unknown_values`. Of a longer value, only the length is listed.
_MOST_UNKNOWN_VALUES = 100
_LONGEST_UNKNOWN_VALUE = 64
_SPACES = re.compile(f"[{XML_SPACE}]+")
_STRICT_HINT = Message(
    "Report this response if it came from the service itself. {validation}=lenient, the default, reads all parts "
    "that are valid; it is set by {validation:places}."
)
_FOREIGN_HINT = "Check the endpoint: this is not a response of COS Batch."
_JOB, _MEMBER = (f"/{each.root}/{each.job}" for each in (DESCRIBE_JOB, LIST_JOBS))
_J = TypeVar("_J", JobDescription, JobSummary)


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
    described, left_out = describe(_read(document, validation), validation=validation)
    for text in warnings_of(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return described


def parse_list_jobs_result(document: bytes, *, validation: Validation = DEFAULT_VALIDATION) -> JobPage:
    """Validate the response to a ListJobs request and return the page of jobs that it holds.

    Args:
        document: The response's body, in UTF-8, UTF-16 or the encoding that it declares.
        validation: `strict` refuses a response that violates the schema. `lenient` leaves out the elements that violate
            it, with a warning for each element and rule, and returns the rest, all jobs among it. Neither accepts a
            job without one JobId, one Status and counts of tasks that are whole numbers, or a repeated element.

    Returns:
        The jobs in the order of the response, and the token of the next page.

    Raises:
        NotXmlError: The response is not an XML document.
        SchemaError: The response violates the schema; all problems are in the error.
        InvalidResponseError: The response is too large.
    """
    page, left_out = describe_page(_read(document, validation), validation=validation)
    for text in warnings_of(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return page


def _read(document: bytes, validation: Validation) -> ET.Element:
    """Check the arguments of a parser, and parse the document."""
    if not isinstance(document, (bytes, bytearray)):
        raise InvalidArgumentError("document", f"must be bytes, not {kind_of(document)}")
    check_choice("validation", validation, VALIDATIONS)
    return read_xml(bytes(document))


def describe(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, redact: Callable[[str], str] = str
) -> tuple[JobDescription, Sequence[Problem]]:
    """Validate and decode the parsed response to a DescribeJob request, without warnings.

    Args:
        root: The document. Lenient validation removes from it what violates the schema.
        validation: As for `parse_describe_job_result`.
        redact: Removes secrets from a text of the document before it is quoted.

    Returns:
        The job, and the problems for which something was left out. `warnings_of` makes warnings of them.

    Raises:
        SchemaError: The document violates the schema; with lenient validation, in a part that cannot be left out.
    """
    problems = _validate(root, DESCRIBE_JOB, validation, redact)
    job = root.find("Job")
    assert job is not None  # noqa: S101  the schema requires it
    beside = [f"/{root.tag}/{child.tag}" for child in root if child is not job]
    return _decode_job(JobDescription, job, _JOB, beside), problems


def describe_page(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, redact: Callable[[str], str] = str
) -> tuple[JobPage, Sequence[Problem]]:
    """Do as `describe` with the parsed response to a ListJobs request."""
    problems = _validate(root, LIST_JOBS, validation, redact)
    jobs = tuple(_decode_job(JobSummary, member, _MEMBER, ()) for member in root.iterfind(LIST_JOBS.job))
    token = (root.findtext("NextToken") or "").strip(XML_SPACE)
    paths = [*(child.tag for child in root), *(f"Jobs/{child.tag}" for child in root.iterfind("Jobs/*"))]
    beside = dict.fromkeys(f"/{root.tag}/{path}" for path in paths if path not in LIST_JOBS.skeleton)
    return JobPage(jobs, token or None, tuple(beside)), problems


def _validate(
    root: ET.Element, document: Document, validation: Validation, redact: Callable[[str], str]
) -> Sequence[Problem]:
    """Return the problems for which lenient validation left something out; raise if a document cannot be decoded."""
    problems: Sequence[Problem] = collect_problems(root, document, redact)
    if problems and root.tag != document.root:
        raise SchemaError(problems, document=document.root, hint=_FOREIGN_HINT)
    if problems and validation == "strict":
        raise SchemaError(problems, document=document.root, hint=_STRICT_HINT)
    return prune(root, document, problems, redact) if problems else problems


@dataclasses.dataclass(frozen=True)
class _Plan:
    """How one child element becomes the value of a field.

    Attributes:
        field: Name of the field.
        type: `str`, `bool`, `int` or the class of an element.
        path: Path of the child, or of the elements in it where the field is a list.
        item: Name of the elements in a list; None if the field is no list.
        is_element: Whether the type is the class of an element.
        collapse: Whether white space around a value is removed.
        known: The values that the schema lists; empty if it lists none.
    """

    field: str
    type: type[Any]
    path: str
    item: str | None
    is_element: bool
    collapse: bool
    known: frozenset[str]


@dataclasses.dataclass
class _Beyond:
    """What a response holds beyond the schema, in the order of the document."""

    elements: dict[str, None]
    values: dict[str, None] = dataclasses.field(default_factory=dict)

    def add_element(self, path: str) -> None:
        self.elements[path] = None

    def add_value(self, path: str, value: str) -> None:
        if len(self.values) < _MOST_UNKNOWN_VALUES:
            # Never truncated: if the response echoes a secret, a part of the secret would not be redacted.
            listed = value if len(value) <= _LONGEST_UNKNOWN_VALUE else f"a text of {len(value)} characters"
            self.values[f"{path}: {listed}"] = None


@functools.cache
def _plans(cls: type[Element], path: str) -> Mapping[str, _Plan]:
    """Return the plan for each child of an element, by the child's name.

    Args:
        cls: Class of the element.
        path: Path of the element, such as `/DescribeJobResult/Job/Report`.
    """
    _, root, *steps = path.split("/")
    plans = {}
    for name, field in element_fields(cls).items():
        tag = xml_name(name)
        leaf = [tag, field.item] if field.item else [tag]
        simple = compiled_schema(DOCUMENTS[root]).find("/".join([*steps, *leaf])).simple
        collapse, known = (False, frozenset()) if simple is None else (simple.collapse, simple.known)
        is_element = issubclass(field.type, Element)
        plans[tag] = _Plan(name, field.type, "/".join([path, *leaf]), field.item, is_element, collapse, known)
    return plans


def _decode_job(cls: type[_J], element: ET.Element, path: str, beside: Iterable[str]) -> _J:
    """Decode a job, and list what the response holds beyond the schema.

    Args:
        cls: Class of the job.
        element: Its element.
        path: Path of the element.
        beside: Paths of undeclared elements beside it.
    """
    beyond = _Beyond(dict.fromkeys(beside))
    values = _values(cls, element, path, beyond)
    return cls(**values, unknown_elements=tuple(beyond.elements), unknown_values=tuple(beyond.values))


def _values(cls: type[Element], element: ET.Element, path: str, beyond: _Beyond) -> dict[str, Any]:
    """Return the values of an element's fields by name."""
    plans = _plans(cls, path)
    values: dict[str, Any] = {}
    for child in element:
        plan = plans.get(child.tag)
        if plan is None:
            beyond.add_element(f"{path}/{child.tag}")
        elif plan.item is None:
            values[plan.field] = _value(plan, child, beyond)
        else:
            items = []
            for item in child:
                if item.tag == plan.item:
                    value = _value(plan, item, beyond)
                    # An empty item stays: items are columns.
                    items.append("" if value is None else value)
                else:
                    beyond.add_element(f"{path}/{child.tag}/{item.tag}")
            values[plan.field] = tuple(items)
    return values


def _value(plan: _Plan, element: ET.Element, beyond: _Beyond) -> Any:
    if plan.is_element:
        return plan.type(**_values(plan.type, element, plan.path, beyond))
    text = element.text or ""
    if not plan.collapse:
        return text
    text = text.strip(XML_SPACE)
    if not text:
        return None
    if plan.known and text not in plan.known:
        # No known word has a space in it, nor has a number, a boolean or a time.
        text = _SPACES.sub(" ", text)
        beyond.add_value(plan.path, text)
    if plan.type is bool:
        return text in ("true", "1")
    return int(text) if plan.type is int else text
