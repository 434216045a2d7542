"""Converts elements to plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pulumi_cosjob._model.element import Element, FieldType, element_builder, element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobProperties

__all__ = ["from_plain", "to_plain"]

# The engine's numbers are doubles: larger whole numbers would lose digits.
_LARGEST_EXACT_DOUBLE = 2**53


def to_plain(value: Any, *, exact: bool = True) -> Any:
    """Convert an element into dicts, lists, texts, numbers and booleans, without absent fields.

    Args:
        value: The element.
        exact: Whether whole numbers beyond 2**53 become text. `from_plain` converts them back.
    """
    if isinstance(value, str):  # as most values are
        return value
    if isinstance(value, dict):
        return {name: to_plain(child, exact=exact) for name, child in value.items() if child is not None}
    if isinstance(value, (list, tuple)):
        return [to_plain(child, exact=exact) for child in value]
    if exact and isinstance(value, int) and abs(value) > _LARGEST_EXACT_DOUBLE:
        return str(value)
    return value


_E = TypeVar("_E", bound=Element)


def from_plain(cls: type[_E], plain: Mapping[str, Any]) -> _E:
    """Build an element from the result of `to_plain`, with lists as lists; fields of later versions are left out.

    A required field that is absent is None: users' mocks need not return it.
    """
    fields, values = element_fields(cls), {}
    for name, child in plain.items():
        field = fields.get(name)
        if child is not None and field is not None:
            values[name] = [_value(field, each) for each in child] if field.item else _value(field, child)
    if issubclass(cls, JobProperties):
        values.update({name: list(plain[name]) for name in BEYOND_SCHEMA if plain.get(name) is not None})
    element: _E = element_builder(cls)(values)
    return element


def _value(field: FieldType, plain: Any) -> Any:
    if field.type is str or field.type is bool:  # as most are
        return plain
    return int(plain) if field.type is int else from_plain(field.type, plain)
