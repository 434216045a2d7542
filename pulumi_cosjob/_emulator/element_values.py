"""Elements from Python names and values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from xml.etree.ElementTree import Element

from pulumi_cosjob._emulator.checks import check_name, check_text, format_value
from pulumi_cosjob._emulator.elements import Group, Kind, Members, Text
from pulumi_cosjob._emulator.xml import parse_fragment

__all__ = ["element", "snake_case", "timestamp", "xml_name"]

_SPELT_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Names whose capitals do not mark the beginnings of words.
_IRREGULAR = {"ETag": "etag", "UnModifiedSinceConstraint": "unmodified_since_constraint"}


def timestamp(when: float) -> str:
    """Return a time in the service's format, such as `2019-12-19T18:00:30Z`.

    Args:
        when: Seconds since the epoch.
    """
    return datetime.fromtimestamp(int(when), tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def snake_case(name: str) -> str:
    """Return the Python name of an element."""
    return _IRREGULAR.get(name) or _SPELT_APART.sub("_", name).lower()


def xml_name(name: str, kind: Kind) -> str:
    """Return the name of the element that a Python name stands for.

    Args:
        name: The name in snake case, or the element's own name. An unknown name that begins with a capital is returned
            as it is.
        kind: The kind of the parent element.

    Returns:
        The element's own name.

    Raises:
        ValueError: There is no such element.
    """
    known = kind.children if isinstance(kind, Group) else {}
    for candidate in known:
        if name in (candidate, snake_case(candidate)):
            return candidate
    if name[:1].isupper():
        return name
    names = ", ".join(sorted(snake_case(candidate) for candidate in known)) or "none here"
    raise ValueError(f"there is no element {format_value(name)}; the elements are: {names}")


def element(name: str, value: Any, kind: Kind | None) -> Element:
    """Convert a Python value to an element.

    Args:
        name: The element's name.
        value: Text, a number, a bool or a datetime. For an element with children: a mapping, a sequence, or its
            content as XML text. An `Element` is returned as it is.
        kind: The kind of the element; None if it is unknown.

    Returns:
        The element.

    Raises:
        ValueError: The value names an unknown element, or is XML that is not well-formed.
        TypeError: No element can hold such a value.
    """
    if isinstance(value, Element):
        return value
    if isinstance(value, str) and isinstance(kind, (Group, Members)):
        return parse_fragment(check_name(name), check_text(name, value))
    node = Element(check_name(name))
    if isinstance(value, Mapping):
        node.extend(_children(value, kind))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        member = kind if isinstance(kind, Members) else Members("member", Text())
        node.extend([element(member.name, item, member.kind) for item in value])
    else:
        node.text = _text(name, value)
    return node


def _children(values: Mapping[str, Any], kind: Kind | None) -> list[Element]:
    """Convert the entries of a mapping to elements; leave out those that are None."""
    group = kind if isinstance(kind, Group) else Group({})
    named = [(xml_name(key, group), value) for key, value in values.items() if value is not None]
    return [element(name, value, group.children.get(name)) for name, value in named]


def _text(name: str, value: Any) -> str:
    """Return the text of a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value.timestamp())
    if isinstance(value, (str, int, float)):
        return check_text(name, str(value))
    raise TypeError(f"an element {name} cannot hold {format_value(value)}")
