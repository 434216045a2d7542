"""A reader for XML from clients: no document types, no entities, bounded depth."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from pulumi_cosjob._emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse", "parse_fragment"]

_DEEPEST = 32


class _Reader:
    """The handlers that expat calls while it reads."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ServiceError("MalformedXML", f"The elements are nested more than {_DEEPEST} deep.")
        self._tree.start(name, dict(attributes))

    def end(self, name: str) -> None:
        """Close an element."""
        self._depth -= 1
        self._tree.end(name)

    def text(self, data: str) -> None:
        """Add text between tags."""
        self._tree.data(data)

    def refuse(self, *_: object) -> None:
        """Refuse a document type, which could define entities and refer to other files."""
        raise ServiceError("MalformedXML", "A document type declaration is not allowed.")

    def close(self) -> Element:
        """Return the root."""
        return self._tree.close()


def parse(document: bytes) -> Element:
    """Read a document.

    Args:
        document: Its bytes.

    Returns:
        The root element.

    Raises:
        ServiceError: MalformedXML.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ServiceError("MalformedXML", f"The XML is not well-formed: {error}.") from error
    except (LookupError, ValueError) as error:
        # Expat leaves the encoding to Python, which does not know it, or for which it has several bytes a character.
        raise ServiceError("MalformedXML", f"The XML cannot be decoded: {error}.") from error
    return reader.close()


def parse_fragment(name: str, content: str) -> Element:
    """Read the content of an element.

    Args:
        name: The name of the element.
        content: Tags and text.

    Returns:
        The element with that content.

    Raises:
        ValueError: The content is not well-formed.
    """
    try:
        return parse(f"<{name}>{content}</{name}>".encode())
    except ServiceError as error:
        raise ValueError(f"the XML given for {name} cannot be read: {error.message}") from error
