"""Elements as plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pulumi_cosjob._model.element import Element, FieldType, element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription

__all__ = ["from_plain", "to_plain"]

# Larger whole numbers would lose digits on their way through the engine, whose numbers are doubles.
_LARGEST_EXACT_DOUBLE = 2**53


def to_plain(value: Any, *, exact: bool = True) -> Any:
    """Turn an element into dicts, lists, texts, numbers and booleans, absent fields left out.

    Args:
        value: The element.
        exact: Whether whole numbers beyond 2**53 become text, which `from_plain` reads back.
    """
    if isinstance(value, dict):
        return {name: to_plain(child, exact=exact) for name, child in value.items() if child is not None}
    if isinstance(value, (list, tuple)):
        return [to_plain(child, exact=exact) for child in value]
    if exact and isinstance(value, int) and abs(value) > _LARGEST_EXACT_DOUBLE:
        return str(value)
    return value


_E = TypeVar("_E", bound=Element)


def from_plain(cls: type[_E], plain: Mapping[str, Any]) -> _E:
    """Build an element from what `to_plain` made of it, lists as lists; fields of later versions are left out."""
    values: dict[str, Any] = {}
    for name, field in element_fields(cls).items():
        child = plain.get(name)
        if child is not None:
            values[name] = [_value(field, each) for each in child] if field.item else _value(field, child)
    if issubclass(cls, JobDescription):
        values.update({name: list(plain[name]) for name in BEYOND_SCHEMA if plain.get(name) is not None})
    return cls(**values)


def _value(field: FieldType, plain: Any) -> Any:
    if issubclass(field.type, Element):
        return from_plain(field.type, plain)
    return int(plain) if field.type is int else plain
