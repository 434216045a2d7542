"""Checks of values that become HTTP headers or XML, as control requests may hold anything."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["check_header", "check_integer", "check_name", "check_text", "format_value"]

# All characters that XML 1.0 allows, line breaks included. Half of a surrogate pair is not a character.
_XML_TEXT = re.compile("[\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]*")
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_LONGEST_VALUE = 80


def format_value(value: object) -> str:
    """Return a value for a message, truncated if it is long."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_VALUE:
        return "a number of many digits"
    text = ascii(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def check_text(what: str, value: Any) -> str:
    """Return text that an XML document can hold.

    Raises:
        TypeError: The value is not text.
        ValueError: It has characters that XML does not allow.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, not {format_value(value)}")
    if not _XML_TEXT.fullmatch(value):
        raise ValueError(f"{what} holds a character that XML does not allow: {format_value(value)}")
    return value


def check_name(value: str) -> str:
    """Return the name of an element.

    Raises:
        ValueError: XML allows no such name.
    """
    if not _XML_NAME.fullmatch(value):
        raise ValueError(f"no element can have the name {format_value(value)}")
    return value


def check_header(what: str, value: Any) -> str:
    """Return text that the value of an HTTP header can hold.

    Raises:
        TypeError: The value is not text.
        ValueError: It has line breaks or characters that are not ASCII.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, not {format_value(value)}")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"{what} holds a character that no HTTP header can carry: {format_value(value)}")
    return value


def check_integer(what: str, value: Any, least: int, most: int) -> int:
    """Return a whole number.

    Raises:
        TypeError: The value is not a whole number.
        ValueError: It is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be a whole number, not {format_value(value)}")
    if not least <= value <= most:
        raise ValueError(f"{what} must lie between {least} and {most}, not at {format_value(value)}")
    return value
