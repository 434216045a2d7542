"""Values, durations and lists as messages show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = [
    "QUOTED_LENGTH",
    "duration",
    "escaped",
    "format_value",
    "join_words",
    "kind_of",
    "quoted",
    "reason_of",
    "truncate",
]


QUOTED_LENGTH = 60
"""The characters that messages show of a text, by default."""


def quoted(text: str, limit: int = QUOTED_LENGTH) -> str:
    """Return a text in quotes: control characters are escaped, and the middle of a long text is cut out."""
    return repr(_cut(text, limit))


def escaped(text: str, limit: int | None = None) -> str:
    """Return a text as `quoted` writes it between the quotes; without a limit at full length."""
    text = text if limit is None else _cut(text, limit)
    # `repr` puts a text with both kinds of quotes in single ones.
    has_both_quotes = "'" in text and '"' in text
    if text.isprintable() and "\\" not in text and not has_both_quotes:
        return text
    return "".join(
        "\\'" if each == "'" and has_both_quotes else each if each.isprintable() and each != "\\" else _escaped(each)
        for each in text
    )


def truncate(text: str, limit: int = QUOTED_LENGTH) -> str:
    """Return a text as `quoted` does, without the quotes: for part of a sentence."""
    return "".join(each if each.isprintable() else _escaped(each) for each in _cut(text, limit))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _cut(text: str, limit: int) -> str:
    return f"{text[: limit // 2]}…{text[-limit // 4 :]}" if len(text) > limit else text


def kind_of(value: object) -> str:
    """Return the kind of a value in words that fit every language."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)


def format_value(value: Any, limit: int = QUOTED_LENGTH) -> str:
    """Return any value as text for a message, a string as `quoted` does. Never fails."""
    if isinstance(value, str):
        return quoted(value, limit)
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  an int of 5,000 digits raises, and the repr of a class may raise anything
        return f"a value of type {type(value).__name__}"
    text = _cut(text, limit)
    return text if text.isprintable() else repr(text)


def reason_of(error: Exception) -> str:
    """Return the operating system's text for an error, as part of a sentence; the error's class if it has none."""
    words = (error.strerror or "") if isinstance(error, OSError) else ""
    return words[:1].lower() + words[1:] if words else type(error).__name__


def duration(seconds: float) -> str:
    """Return a duration in its two largest units, such as `2 h 5 min`."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (whole, "s")]
    first = next((position for position, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2] if count) or "0 s"


def join_words(words: Iterable[str], conjunction: str = "and") -> str:
    """Return words as a sentence lists them: `a, b and c`. There has to be one at least."""
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last
