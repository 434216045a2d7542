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
    """Parse a document: by the parser's own builder if it is harmless, otherwise by `_Builder`."""
    builder = None if _is_harmless(document) else _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  the builder refuses document types
    start = 0
    while builder is not None and not builder.begun and start < len(document):
        # An error of the builder is raised only after the parser has processed the whole chunk. So chunks stay small
        # until the root begins: no entity of a document type can expand before the error.
        if start >= _LONGEST_PROLOG:
            raise ValueError(f"no element begins in the first {_LONGEST_PROLOG} bytes")
        parser.feed(document[start : start + _CHUNK_SIZE])
        start += _CHUNK_SIZE
    parser.feed(document[start:])
    root: ET.Element = parser.close()
    return root


def _is_harmless(document: bytes) -> bool:
    """Return whether a document can have no document type and no deep nesting, so that the faster builder is safe.

    A document type begins with `<!`, and nesting a hundred deep takes two hundred tags.
    """
    few_tags = document.count(b"<") <= 2 * _DEEPEST
    return few_tags and b"<!" not in document and _USUAL_BEGINNING.match(document) is not None


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
            raise ValueError(f"elements are nested more than {_DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _beginning(document: bytes) -> str:
    return quoted(" ".join(document[:200].decode("utf-8", "replace").split()))
