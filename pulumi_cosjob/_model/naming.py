"""How the names of elements, fields and properties follow from each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["camel_name", "in_camel_case", "in_snake_case", "snake_name", "xml_name"]

# Words that the API does not write with one capital letter.
_XML_WORDS = {"cos": "COS", "etag": "ETag", "sse": "SSE", "unmodified": "UnModified"}
_CAPITAL = re.compile("[A-Z]")


def xml_name(field_name: str) -> str:
    """Return the name of the XML element that a field stands for."""
    return "".join(_XML_WORDS.get(word) or word.capitalize() for word in field_name.split("_"))


def camel_name(name: str) -> str:
    """Return a name as languages in camel case write it: `progressSummary`, `cosPutObjectCopy`, `sseAlgorithm`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def snake_name(name: str) -> str:
    """Return the name that `camel_name` was made of."""
    return _CAPITAL.sub(lambda match: "_" + match[0].lower(), name)


def in_camel_case(plain: Any) -> Any:
    """Return plain values with the names of all fields in camel case."""
    return _renamed(plain, camel_name)


def in_snake_case(plain: Any) -> Any:
    """Return plain values with the names of all fields as they are here."""
    return _renamed(plain, snake_name)


def _renamed(plain: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(plain, Mapping):
        return {rename(name): _renamed(child, rename) for name, child in plain.items()}
    return [_renamed(child, rename) for child in plain] if isinstance(plain, (list, tuple)) else plain
