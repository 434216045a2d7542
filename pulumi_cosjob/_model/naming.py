"""Converts the names of fields: to XML elements, to camel case, and back."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["camel_name", "in_camel_case", "in_snake_case", "snake_name", "xml_name"]

# Words that XML names do not write with one capital letter.
_XML_WORDS = {"cos": "COS", "etag": "ETag", "sse": "SSE", "unmodified": "UnModified"}
# The fields of all elements are about a hundred.
_NAMES = 256
_CAPITAL = re.compile("[A-Z]")


def xml_name(field_name: str) -> str:
    """Return the name of the XML element that a field stands for."""
    return "".join(_XML_WORDS.get(word) or word.capitalize() for word in field_name.split("_"))


@functools.lru_cache(_NAMES)
def camel_name(name: str) -> str:
    """Return the name of a field in camel case, such as `progressSummary`, `cosPutObjectCopy` or `sseAlgorithm`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@functools.lru_cache(_NAMES)
def snake_name(name: str) -> str:
    """Return the name of a field from its camel case: the inverse of `camel_name`."""
    return _CAPITAL.sub(lambda match: "_" + match[0].lower(), name)


def in_camel_case(plain: Any) -> Any:
    """Return plain values with all names in camel case."""
    return _renamed(plain, camel_name)


def in_snake_case(plain: Any) -> Any:
    """Return plain values with all names in snake case."""
    return _renamed(plain, snake_name)


def _renamed(plain: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(plain, Mapping):
        return {rename(name): _renamed(child, rename) for name, child in plain.items()}
    return [_renamed(child, rename) for child in plain] if isinstance(plain, (list, tuple)) else plain
