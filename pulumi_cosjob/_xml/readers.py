"""Reads elements by the checks compiled from the schema: each element is checked and decoded in the same pass.

A reader is a function, made once for each element that the schema declares. So the reading of a response makes no
decision that follows from the schema or from the classes of the description alone.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._model.element import Element, FieldType, element_builder, element_fields
from pulumi_cosjob._model.job import JobDescription, JobProperties
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._records import Record
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared, Simple
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, LIST_JOBS, Document, compiled_schema

__all__ = ["ElementReader", "Found", "UnrecognisedError", "document_reader", "root_reader"]

# Limits on `unknown_values`. Of a longer value, only the length is listed.
_MOST_UNKNOWN_VALUES = 100
_LONGEST_UNKNOWN_VALUE = 64
_SPACES = re.compile(f"[{XML_SPACE}]+")
_ROOTS: Mapping[str, Mapping[str, FieldType]] = {
    DESCRIBE_JOB.root: {"job": FieldType(JobDescription, None)},
    LIST_JOBS.root: {"jobs": FieldType(JobSummary, "member"), "next_token": FieldType(str, None)},
}
_CONVERSIONS: Mapping[type[Any], Callable[[str], Any]] = {
    bool: frozenset(("true", "1")).__contains__,
    int: int,
    str: str,  # returns the same text
}


class UnrecognisedError(Exception):
    """The checks do not recognise a document: the XSD processor has to decide whether it is valid."""


class Found:
    """What a reading finds beyond the schema, in the order of the document.

    Args:
        is_valid: Whether the XSD processor has accepted the document. Then what the checks do not recognise is read all
            the same; otherwise it ends the reading.

    Attributes:
        elements: Paths of the elements that the schema does not list.
        values: Values that it does not list, each with the path of its element.
    """

    def __init__(self, *, is_valid: bool = False) -> None:
        self.is_valid = is_valid
        self.elements: dict[str, None] = {}
        self.values: dict[str, None] = {}

    def add_value(self, path: str, value: str) -> None:
        if len(self.values) < _MOST_UNKNOWN_VALUES:
            # Never truncated: if the response echoes a secret, a part of the secret would not be redacted.
            listed = value if len(value) <= _LONGEST_UNKNOWN_VALUE else f"a text of {len(value)} characters"
            self.values[f"{path}: {listed}"] = None

    def doubt(self) -> None:
        """Note that the checks do not recognise a part of the document.

        Raises:
            UnrecognisedError: Nor has the XSD processor accepted it.
        """
        if not self.is_valid:
            raise UnrecognisedError


_Read = Callable[[ET.Element, Found], Any]


class ElementReader(Record):
    """How an element that the schema declares is read.

    Attributes:
        read: Returns the value that an element stands for, and adds to what was found; raises an `UnrecognisedError`.
        children: The readers of the declared children, by name.
    """

    read: _Read
    children: Mapping[str, ElementReader] = dataclasses.field(default_factory=dict)

    def find(self, path: str) -> ElementReader:
        """Return the reader of the elements at a path below this one, such as `Job/JobId`."""
        found = self
        for name in path.split("/"):
            found = found.children[name]
        return found

    def accepts(self, element: ET.Element) -> bool:
        """Return whether an element, with everything below it, is recognised as valid."""
        try:
            self.read(element, Found())
        except UnrecognisedError:
            return False
        return True

    def recognised_parts(self, element: ET.Element) -> Iterator[ET.Element]:
        """Yield the elements below an element that are recognised as valid; nothing below one of them."""
        for child in element:
            reader = self.children.get(child.tag)
            if reader is not None and reader.accepts(child):
                yield child
            elif reader is not None:
                yield from reader.recognised_parts(child)


@functools.cache
def document_reader(document: Document) -> ElementReader:
    """Return the reader of a response's root: of a job, or of a page of jobs. It reads a dict of their fields."""
    return root_reader(document.root, compiled_schema(document))


def root_reader(name: str, declared: Declared) -> ElementReader:
    """Return the reader of a root.

    Args:
        name: Its name.
        declared: The schema.
    """
    return _parent(declared, f"/{name}", _ROOTS[name], dict)


def _reader(declared: Declared, path: str, field: FieldType) -> ElementReader:
    """Return the reader of an element.

    Args:
        declared: What the schema declares of it.
        path: Its path.
        field: The field that it becomes.
    """
    if field.item is not None:
        return _list(declared, path, field.item, field.type)
    if declared.simple is not None:
        return ElementReader(_leaf(declared.simple, path, field.type))
    cls: type[Element] = field.type
    if issubclass(cls, JobProperties):
        return _job(declared, path, cls)
    return _parent(declared, path, element_fields(cls), element_builder(cls))


def _parent(
    declared: Declared, path: str, fields: Mapping[str, FieldType], build: Callable[[dict[str, Any]], Any]
) -> ElementReader:
    """Return the reader of an element with a field for each child.

    Args:
        declared: What the schema declares of it.
        path: Its path.
        fields: The fields, by name.
        build: Makes the value from those of the fields.
    """
    names = {xml_name(name): name for name in fields}
    children = {tag: _reader(child, f"{path}/{tag}", fields[names[tag]]) for tag, child in declared.children.items()}
    known = {tag: (names[tag], reader.read) for tag, reader in children.items()}
    required = {names[tag] for tag in declared.required}
    one_of = declared.one_of

    def read(element: ET.Element, found: Found) -> Any:
        text = element.text
        if element.keys() or (text and text.strip(XML_SPACE)):  # a key may be xsi:type or xsi:nil
            found.doubt()
        values: dict[str, Any] = {}
        undeclared = 0
        for child in element:
            tail = child.tail
            # This is the white space of XML: a document has no other control characters. It takes half of a `strip`.
            if tail and not (tail.isspace() and tail.isascii()):
                found.doubt()
            field = known.get(child.tag)
            if field is None:
                undeclared += 1
                found.elements[f"{path}/{child.tag}"] = None
            else:
                name, read_child = field
                values[name] = read_child(child, found)
        is_repeated = len(values) + undeclared < len(element)
        if is_repeated or (required and not required <= values.keys()) or (one_of and len(values) > 1):
            found.doubt()
        return build(values)

    return ElementReader(read, children)


def _job(declared: Declared, path: str, cls: type[Element]) -> ElementReader:
    """Return the reader of a job, which lists what was found beyond the schema."""
    parts = _parent(declared, path, element_fields(cls), dict)
    build = element_builder(cls)

    def read(element: ET.Element, found: Found) -> Any:
        values = parts.read(element, found)
        values["unknown_elements"], values["unknown_values"] = tuple(found.elements), tuple(found.values)
        return build(values)

    return ElementReader(read, parts.children)


def _list(declared: Declared, path: str, tag: str, cls: type[Any]) -> ElementReader:
    """Return the reader of an element with any number of children of one name.

    Args:
        declared: What the schema declares of it.
        path: Its path.
        tag: The name of the children.
        cls: The class of their values.
    """
    item = _reader(declared.children[tag], f"{path}/{tag}", FieldType(cls, None))
    # Each job of a page lists what it holds itself beyond the schema.
    apart = issubclass(cls, JobProperties)

    def read(element: ET.Element, found: Found) -> tuple[Any, ...]:
        text = element.text
        if element.keys() or (text and text.strip(XML_SPACE)):  # a key may be xsi:type or xsi:nil
            found.doubt()
        values = []
        for child in element:
            tail = child.tail
            if tail and not (tail.isspace() and tail.isascii()):
                found.doubt()
            if child.tag == tag:
                value = item.read(child, Found(is_valid=found.is_valid) if apart else found)
                # An empty item stays: items are columns.
                values.append("" if value is None else value)
            else:
                found.elements[f"{path}/{child.tag}"] = None
        return tuple(values)

    return ElementReader(read, {tag: item})


def _leaf(simple: Simple, path: str, cls: type[Any]) -> _Read:
    """Return what reads an element with a text.

    Args:
        simple: The type of the text.
        path: Its path.
        cls: The class of its value: `str`, `bool` or `int`.
    """
    accepts, has_checks, known, convert = simple.accepts, bool(simple.checks), simple.known, _CONVERSIONS[cls]

    def read_text(element: ET.Element, found: Found) -> str:
        text = element.text or ""
        if element.keys() or len(element) or (has_checks and not accepts(text)):
            found.doubt()
        return text

    def read_word(element: ET.Element, found: Found) -> str | None:
        text = element.text or ""
        if element.keys() or len(element) or (has_checks and text not in known and not accepts(text)):
            found.doubt()
        if text in known:
            return text
        # No known word has a space in it.
        text = _SPACES.sub(" ", text.strip(XML_SPACE))
        if text and text not in known:
            found.add_value(path, text)
        return text or None

    def read_value(element: ET.Element, found: Found) -> Any:
        text = element.text or ""
        if element.keys() or len(element) or (has_checks and not accepts(text)):
            found.doubt()
        text = text.strip(XML_SPACE)
        return convert(text) if text else None

    return read_value if not known and simple.collapse else read_word if simple.collapse else read_text
