"""Reads an untrusted XML document: without DTDs or entities, and within limits."""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import InvalidResponseError, NotXmlError
from pulumi_cosjob._text import quoted

__all__ = ["MOST_BYTES", "read_xml"]

# The largest answer that is read, from wherever it comes.
MOST_BYTES = 1024 * 1024

_DEEPEST = 100
_CHUNK_SIZE = 32
_LONGEST_PROLOG = 4096
# Where the root has a namespace, an element without one is not of the schema, whatever its name.
_NO_NAMESPACE = "{no namespace}"
# How a document in UTF-8 usually begins, whether it says that it is or not.
_USUAL_BEGINNING = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'][Uu][Tt][Ff]-8["'])?\s*\?>)?\s*<[A-Za-z]"""
)


def read_xml(document: bytes) -> ET.Element:
    """Read an untrusted XML document, without DTDs or entities; a default namespace of the root is taken off.

    Raises:
        NotXmlError: It is no XML document, or one that may not be read.
        InvalidResponseError: It is too large.
    """
    if len(document) > MOST_BYTES:
        raise InvalidResponseError(f"the answer is larger than {MOST_BYTES} bytes")
    if not document.strip():
        raise NotXmlError("the answer is empty")
    try:
        root = _parse(document)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotXmlError(f"the answer cannot be read as XML: {error}; it begins with {_beginning(document)}") from None
    if root.tag.startswith("{"):
        namespace = root.tag[: root.tag.index("}") + 1]
        for element in root.iter():
            own = element.tag.startswith((namespace, "{"))
            element.tag = element.tag.removeprefix(namespace) if own else f"{_NO_NAMESPACE}{element.tag}"
    return root


def _parse(document: bytes) -> ET.Element:
    """Read a document with no more care than it needs."""
    builder = None if _is_harmless(document) else _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  the builder refuses
    start = 0
    while builder is not None and not builder.begun and start < len(document):
        # What the builder refuses comes to light only when the parser has dealt with all that it was fed: so it gets
        # nothing that a document type could make to grow.
        if start >= _LONGEST_PROLOG:
            raise ValueError(f"no element begins in the first {_LONGEST_PROLOG} bytes")
        parser.feed(document[start : start + _CHUNK_SIZE])
        start += _CHUNK_SIZE
    parser.feed(document[start:])
    root: ET.Element = parser.close()
    return root


def _is_harmless(document: bytes) -> bool:
    """Tell, before it is read, whether a document has nothing to refuse: the parser's own builder then will do.

    It is faster. A document type begins with `<!`, and to be nested a hundred deep takes two hundred tags.
    """
    few_tags = document.count(b"<") <= 2 * _DEEPEST
    return few_tags and b"<!" not in document and _USUAL_BEGINNING.match(document) is not None


class _Builder(ET.TreeBuilder):
    """Refuses document types, and with them all entities and external files, and bottomless nesting.

    Attributes:
        begun: Whether the root has begun: no document type can follow.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self.begun = False

    def doctype(self, *_declared: object) -> NoReturn:
        raise ValueError("a document type declaration is not allowed")

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self.begun = True
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"elements are nested more than {_DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _beginning(document: bytes) -> str:
    return quoted(" ".join(document[:200].decode("utf-8", "replace").split()))
