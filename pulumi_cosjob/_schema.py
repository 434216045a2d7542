"""The schema, loaded once: validates answers and decodes them into a `JobDescription`."""

from __future__ import annotations

import dataclasses
import functools
import io
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from xml.etree import ElementTree as ET

from pulumi_cosjob import _job
from pulumi_cosjob._errors import (
    CosJobWarning,
    InvalidArgumentError,
    NotXmlError,
    Problem,
    SchemaError,
    shorten,
)
from pulumi_cosjob._job import Element, JobDescription

if TYPE_CHECKING:
    import xmlschema

__all__ = ["VALIDATIONS", "Validation", "find_problems", "parse_describe_job_result", "schema_path"]

Validation = Literal["strict", "lenient"]
VALIDATIONS: tuple[Validation, ...] = ("strict", "lenient")

_FILE = "describe_job_result.xsd"
_JOB = "/DescribeJobResult/Job"
_REQUIRED = frozenset({"DescribeJobResult", "Job", "JobId", "Status"})
_loading = threading.Lock()
_E = TypeVar("_E", bound=Element)


def schema_path() -> Path:
    """Return where the schema lies: inside the installed package, or in the project's own tree."""
    package = Path(__file__).parent
    installed = package / _FILE
    return installed if installed.exists() else package.parent / "schema" / _FILE


@functools.cache
def _load() -> xmlschema.XMLSchema11:
    import xmlschema  # noqa: PLC0415  a quarter of a second, paid where an answer is read and nowhere else

    return xmlschema.XMLSchema11(schema_path(), allow="local", defuse="always")


def _schema() -> xmlschema.XMLSchema11:
    with _loading:
        return _load()


# --------------------------------------------------------------------------------------------------------- documents


def read_xml(document: bytes) -> ET.Element:
    """Read an untrusted XML document, without DTDs or entities; a default namespace of the root is taken off.

    Raises:
        NotXmlError: It is no XML document, or one that may not be read.
    """
    import xmlschema  # noqa: PLC0415  as in _load

    if not document.strip():
        raise NotXmlError("the answer is empty")
    try:
        root: ET.Element = xmlschema.XMLResource(io.BytesIO(document), defuse="always", allow="none").root
    except (ET.ParseError, xmlschema.XMLSchemaException, ValueError, LookupError) as error:
        reason = " ".join(str(error).partition(" for XMLResource")[0].split())
        raise NotXmlError(
            f"the answer cannot be read as XML: {reason}; it begins with {_beginning(document)}"
        ) from None
    if root.tag.startswith("{"):
        namespace = root.tag[: root.tag.index("}") + 1]
        for element in root.iter():
            element.tag = element.tag.removeprefix(namespace)
    return root


def _beginning(document: bytes) -> str:
    return shorten(" ".join(document[:200].decode("utf-8", "replace").split()))


# -------------------------------------------------------------------------------------------------------- validation


@dataclasses.dataclass(frozen=True)
class _Violation:
    """A problem, with the element that has to go for the rest to be valid."""

    problem: Problem
    culprit: ET.Element


def _violations(root: ET.Element) -> Iterator[_Violation]:
    import xmlschema  # noqa: PLC0415  as in _load

    if root.tag != "DescribeJobResult":
        rule = f"the document must be a DescribeJobResult, not {shorten(root.tag)}"
        yield _Violation(Problem(f"/{root.tag}", None, rule), root)
        return
    seen = set()
    # The schema hints of a document are nobody's business but its author's: they could name a file or a host.
    for error in _schema().iter_errors(root, use_location_hints=False):
        element = error.elem if isinstance(error.elem, ET.Element) else root
        path, culprit, value = error.path or f"/{root.tag}", element, None
        if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
            rule = _children_rule(error)
            if error.invalid_child is not None:
                culprit = error.invalid_child
        else:
            rule = _rule(error, path)
            value = None if len(element) else shorten(element.text or "")
        if (path, rule) not in seen:
            seen.add((path, rule))
            yield _Violation(Problem(path, value, rule), culprit)


def _children_rule(error: xmlschema.XMLSchemaChildrenValidationError) -> str:
    if error.invalid_tag is not None:
        if len([child for child in error.elem or () if child.tag == error.invalid_tag]) > 1:
            return f"must hold {error.invalid_tag} only once"
        return f"must not hold {error.invalid_tag} here"
    missing = ", ".join(str(getattr(each, "local_name", each)) for each in error.expected or ())
    return f"must hold {missing}" if missing else str(error.reason)


def _rule(error: xmlschema.XMLSchemaValidationError, path: str) -> str:
    """Say what should have been: in the schema's own words where it has some, else in the validator's."""
    declared = getattr(_schema().find(_without_positions(path)), "type", None)
    for component in (error.validator, declared):
        annotation = getattr(component, "annotation", None)
        words = [str(each.text) for each in getattr(annotation, "documentation", ()) if each.text]
        if words and words[0].startswith("must "):
            return words[0]
    return " ".join(str(error.reason or error.message).split())


def _without_positions(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def find_problems(document: bytes) -> list[Problem]:
    """Return every place where an answer breaks the schema.

    Args:
        document: The answer, in any encoding that XML knows.

    Raises:
        NotXmlError: The answer is no XML document.
    """
    return [violation.problem for violation in _violations(read_xml(document))]


def parse_describe_job_result(document: bytes, *, validation: Validation = "strict") -> JobDescription:
    """Validate the answer of a DescribeJob request and return the job that it describes.

    Args:
        document: The answer's body, in any encoding that XML knows.
        validation: `strict` refuses an answer that breaks the schema. `lenient` warns, leaves out the elements that
            break it and returns the rest, as long as JobId and Status could be read.

    Raises:
        NotXmlError: The answer is no XML document.
        SchemaError: The answer breaks the schema; all problems are in the error.
    """
    if not isinstance(document, (bytes, bytearray)):
        raise InvalidArgumentError("document", f"must be bytes, not {type(document).__name__}")
    if validation not in VALIDATIONS:
        raise InvalidArgumentError("validation", f"must be one of {', '.join(VALIDATIONS)}, not {validation!r}")
    return describe(read_xml(bytes(document)), validation=validation)


def describe(root: ET.Element, *, validation: Validation = "strict") -> JobDescription:
    """Do what `parse_describe_job_result` does, from a document that was read already."""
    violations = list(_violations(root))
    if violations and validation == "strict":
        hint = _STRICT_HINT if root.tag == "DescribeJobResult" else _FOREIGN_HINT
        raise SchemaError([each.problem for each in violations], hint=hint)
    if violations:
        _prune(root, violations)
        problems = "; ".join(str(each.problem) for each in violations)
        warnings.warn(
            f"parts of the answer break the schema and were left out: {problems}", CosJobWarning, stacklevel=3
        )
    job = root.find("Job")
    assert job is not None  # noqa: S101  the schema requires it
    unknown = [f"/DescribeJobResult/{child.tag}" for child in root if child is not job]
    described = _decode(JobDescription, job, _JOB, unknown.append)
    return dataclasses.replace(described, unknown_elements=tuple(dict.fromkeys(unknown)))


_STRICT_HINT = (
    "Report this answer if it came from the service itself; until then, validation=lenient (setting cosjob:validation) "
    "reads what can be read."
)
_FOREIGN_HINT = "Check the endpoint: this is no answer of COS Batch."


def _prune(root: ET.Element, violations: list[_Violation]) -> None:
    """Take out of the document what breaks the schema, until it is valid.

    Raises:
        SchemaError: That cannot be done without losing JobId or Status.
    """
    found = [each.problem for each in violations]
    for element in root.iter():
        element.attrib.clear()
        if len(element):
            element.text = None
            for child in element:
                child.tail = None
    violations = list(_violations(root))
    while violations:
        parents = {child: parent for parent in root.iter() for child in parent}
        for violation in violations:
            parent = parents.get(violation.culprit)
            known = parent is root or (parent is not None and parents.get(parent) is root)
            if parent is None or (known and violation.culprit.tag in _REQUIRED):
                raise SchemaError(found, hint="Even lenient validation needs one JobId and one Status.")
            if violation.culprit in list(parent):
                parent.remove(violation.culprit)
        violations = list(_violations(root))


# ---------------------------------------------------------------------------------------------------------- decoding


@dataclasses.dataclass(frozen=True)
class _Plan:
    """How one child element becomes the value of a field."""

    field: str
    type: type[Any]
    item: str | None
    collapse: bool


@functools.cache
def _plans(cls: type[Element], path: str) -> Mapping[str, _Plan]:
    """Return the plan for each child of an element of this class, by the child's name."""
    plans = {}
    for name, field in _job.element_fields(cls).items():
        tag = _job.xml_name(name)
        leaf = "/".join(filter(None, (path, tag, field.item)))
        declared: Any = _schema().find(leaf)
        collapse = getattr(declared.type, "white_space", None) == "collapse"
        plans[tag] = _Plan(name, field.type, field.item, collapse)
    return plans


def _decode(cls: type[_E], element: ET.Element, path: str, unknown: Callable[[str], None]) -> _E:
    plans = _plans(cls, path)
    values: dict[str, Any] = {}
    for child in element:
        plan = plans.get(child.tag)
        where = f"{path}/{child.tag}"
        if plan is None:
            unknown(where)
        elif plan.item is None:
            values[plan.field] = _value(plan, child, where, unknown)
        else:
            items = []
            for item in child:
                if item.tag == plan.item:
                    items.append(_value(plan, item, f"{where}/{plan.item}", unknown))
                else:
                    unknown(f"{where}/{item.tag}")
            values[plan.field] = tuple(items)
    return cls(**values)


def _value(plan: _Plan, element: ET.Element, path: str, unknown: Callable[[str], None]) -> Any:
    if issubclass(plan.type, Element):
        return _decode(plan.type, element, path, unknown)
    text = element.text or ""
    if plan.collapse:
        text = text.strip(" \t\r\n")
    if plan.type is bool:
        return text in ("true", "1")
    return int(text) if plan.type is int else text
