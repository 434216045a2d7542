"""Builds responses for tests: a whole document around the one element that a test is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.naming import xml_name
from servers import reply

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

JOB_ID = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
_REQUIRED = {"JobId": JOB_ID, "Status": "New"}


def job(inside: str, **instead: str | None) -> bytes:
    """Return a response: the required elements (replaced or left out by name), then the given content of the Job."""
    leaves = {**_REQUIRED, **instead}
    required = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in leaves.items() if text is not None)
    return f"<DescribeJobResult><Job>{required}{inside}</Job></DescribeJobResult>".encode()


def within(path: str, text: str) -> bytes:
    """Return a response in which the element at a path below Job, such as `Report/Bucket`, holds a text."""
    if path in _REQUIRED:
        return job("", **{path: text})
    return job(wrapped(path, escape(text)))


def wrapped(path: str, inside: str) -> str:
    """Return XML inside the elements of a path."""
    for tag in reversed(path.split("/")):
        inside = f"<{tag}>{inside}</{tag}>"
    return inside


def emptied(document: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a response once for each of its elements, with that element emptied, and the element's path."""
    paths = list(_walk(ET.fromstring(document), ""))  # noqa: S314  our own document
    for position, path in enumerate(paths[1:], 1):
        root = ET.fromstring(document)  # noqa: S314  our own document
        element = list(root.iter())[position]
        element[:], element.text = [], None
        yield path, ET.tostring(root, "utf-8")


def _walk(element: ET.Element, above: str) -> Iterator[str]:
    """Yield the paths of an element and all below it, in the document's order."""
    path = f"{above}/{element.tag}"
    yield path
    for child in element:
        yield from _walk(child, path)


def value_at(described: JobDescription, path: str) -> object:
    """Return the value at a path below Job, through the first item of each list."""
    value: object = described
    for tag in path.split("/"):
        if isinstance(value, (tuple, list)):
            (value,) = value
        else:
            assert isinstance(value, dict)
            value = value[{"ETag": "etag", "SSEAlgorithm": "sse_algorithm"}.get(tag) or _field(tag)]
    return value


def _field(tag: str) -> str:
    tag = tag.replace("COS", "Cos").replace("UnM", "Unm")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in tag).removeprefix("_")


def walk(element: Element, path: str = "") -> list[tuple[str, Element]]:
    """Return an element and all elements below it, with their paths."""
    found = [(path, element)]
    for name, value in element.items():
        for index, each in enumerate(value) if isinstance(value, Sequence) and not isinstance(value, str) else ():
            if isinstance(each, Element):
                found += walk(each, f"{path}.{name}.{index}")
        if isinstance(value, Element):
            found += walk(value, f"{path}.{name}")
    return found


def written(described: JobDescription) -> bytes:
    """Return a response that holds exactly what a description holds."""
    root = ET.Element("DescribeJobResult")
    _write(described, ET.SubElement(root, "Job"))
    return ET.tostring(root, "unicode").encode()


def _write(element: Element, into: ET.Element) -> None:
    for name, field in element_fields(type(element)).items():
        value = element[name]
        if value is None:
            continue
        child = ET.SubElement(into, xml_name(name))
        for each in value if field.item else [value]:
            leaf = ET.SubElement(child, field.item) if field.item else child
            if isinstance(each, Element):
                _write(each, leaf)
            else:
                leaf.text = str(each).lower() if isinstance(each, bool) else str(each)


# Makes `html.unescape` fail, which is used to find echoed secrets.
ENDLESS_REFERENCE = f"&#{'9' * 5000};"
UNPARSABLE = {
    "page": reply(f"<html><br>{ENDLESS_REFERENCE}".encode()),
    "page with 403": reply(f"<html><br>{ENDLESS_REFERENCE}".encode(), status="403 Forbidden"),
    "message": reply(f"<Error><Message>{escape(ENDLESS_REFERENCE)}</Message></Error>".encode(), status="404 No"),
    "code": reply(f"<Error><Code>{escape(ENDLESS_REFERENCE)}</Code></Error>".encode(), status="404 No"),
    "header": reply(b"<Error/>", f"x-cos-request-id: {ENDLESS_REFERENCE}", status="404 No"),
    "value": reply(
        job(
            f"<ProgressSummary><NumberOfTasksFailed>{escape(ENDLESS_REFERENCE)}</NumberOfTasksFailed></ProgressSummary>"
        )
    ),
}
"""Whole HTTP responses that hold it at each place that messages quote."""
