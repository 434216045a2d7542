"""What HTTP and XML can carry, and how a value is shown that they cannot: control requests may hold anything."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["check_header", "check_integer", "check_name", "check_text", "shown"]

# All that XML 1.0 takes, line breaks included; half of a surrogate pair is no character.
_XML_TEXT = re.compile("[\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]*")
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_SHOWN = 80


def shown(value: object) -> str:
    """Return a value for a message, cut off where it is long."""
    text = ascii(value) if not isinstance(value, int) or abs(value) < 10**_SHOWN else "a number of many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def check_text(what: str, value: Any) -> str:
    """Return text that an XML document can hold.

    Raises:
        TypeError: It is no text.
        ValueError: It has characters that XML does not know.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} is text, not {shown(value)}")
    if not _XML_TEXT.fullmatch(value):
        raise ValueError(f"{what} holds a character that XML does not know: {shown(value)}")
    return value


def check_name(value: str) -> str:
    """Return the name of an element.

    Raises:
        ValueError: XML knows no such name.
    """
    if not _XML_NAME.fullmatch(value):
        raise ValueError(f"no element can have the name {shown(value)}")
    return value


def check_header(what: str, value: Any) -> str:
    """Return text that the value of an HTTP header can hold.

    Raises:
        TypeError: It is no text.
        ValueError: It has characters that end the line, or that are not ASCII.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} is text, not {shown(value)}")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"{what} holds a character that no HTTP header carries: {shown(value)}")
    return value


def check_integer(what: str, value: Any, least: int, most: int) -> int:
    """Return a whole number.

    Raises:
        TypeError: It is none.
        ValueError: It is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is a whole number, not {shown(value)}")
    if not least <= value <= most:
        raise ValueError(f"{what} lies between {least} and {most}, not at {shown(value)}")
    return value
