"""Reads untrusted XML documents: no DTDs, no entities, and limits on size and depth."""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import InvalidResponseError, NotXmlError
from pulumi_cosjob._text import quoted

__all__ = ["MOST_BYTES", "read_xml"]

# The largest response that is read, from a service or from a file.
MOST_BYTES = 1024 * 1024

_DEEPEST = 100
_TOO_DEEP = f"elements are nested more than {_DEEPEST} deep"
_CHUNK_SIZE = 32
_LONGEST_PROLOG = 4096
# Put before the names of elements without a namespace if the root has one: they are not elements of the schema.
_NO_NAMESPACE = "{no namespace}"
# The usual beginning of a document in UTF-8, with or without a declaration.
_USUAL_BEGINNING = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'][Uu][Tt][Ff]-8["'])?\s*\?>)?\s*<[A-Za-z]"""
)


def read_xml(document: bytes) -> ET.Element:
    """Parse an untrusted XML document; remove the namespace of the root from it and from the elements that share it.

    Raises:
        NotXmlError: The document is not XML, has a document type declaration or is nested too deep.
        InvalidResponseError: The document is larger than `MOST_BYTES`.
    """
    if len(document) > MOST_BYTES:
        raise InvalidResponseError(f"the response is larger than {MOST_BYTES} bytes")
    if not document.strip():
        raise NotXmlError("the response is empty")
    try:
        root = _parse(document)
    except (ET.ParseError, ValueError, LookupError) as error:
        what = f"the response cannot be read as XML: {error}; it begins with {_beginning(document)}"
        raise NotXmlError(what) from None
    if root.tag.startswith("{"):
        namespace = root.tag[: root.tag.index("}") + 1]
        for element in root.iter():
            own = element.tag.startswith((namespace, "{"))
            element.tag = element.tag.removeprefix(namespace) if own else f"{_NO_NAMESPACE}{element.tag}"
    return root


def _parse(document: bytes) -> ET.Element:
    """Parse a document: by the parser's own builder if it can have no document type, otherwise by `_Builder`."""
    if _has_no_doctype(document):
        root = ET.fromstring(document)  # noqa: S314  without a document type there are no entities
        _check_depth(root, document)
        return root
    builder = _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  the builder refuses document types
    start = 0
    while not builder.begun and start < len(document):
        # An error of the builder is raised only after the parser has processed the whole chunk. So chunks stay small
        # until the root begins: no entity of a document type can expand before the error.
        if start >= _LONGEST_PROLOG:
            raise ValueError(f"no element begins in the first {_LONGEST_PROLOG} bytes")
        parser.feed(document[start : start + _CHUNK_SIZE])
        start += _CHUNK_SIZE
    parser.feed(document[start:])
    built: ET.Element = parser.close()
    return built


def _has_no_doctype(document: bytes) -> bool:
    """Return whether a document can have no document type, which begins with `<!`, by its bytes alone."""
    # The first search is for a single byte, which is faster by far.
    return (b"!" not in document or b"<!" not in document) and _USUAL_BEGINNING.match(document) is not None


def _check_depth(root: ET.Element, document: bytes) -> None:
    """Raise a `ValueError` where elements are nested too deep. Nesting a hundred deep takes two hundred tags."""
    if document.count(b"<") <= 2 * _DEEPEST:
        return
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    if level:
        raise ValueError(_TOO_DEEP)


class _Builder(ET.TreeBuilder):
    """Refuses document types, and with them all entities and external files, and deep nesting.

    Attributes:
        begun: Whether the root has begun. No document type can follow.
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
            raise ValueError(_TOO_DEEP)
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _beginning(document: bytes) -> str:
    return quoted(" ".join(document[:200].decode("utf-8", "replace").split()))
