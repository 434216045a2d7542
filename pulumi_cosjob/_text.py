"""Values and durations as messages show them."""

from __future__ import annotations

from typing import Any

__all__ = ["QUOTED_LENGTH", "duration", "escaped", "format_value", "kind_of", "quoted", "reason_of", "truncate"]


QUOTED_LENGTH = 60
"""The characters that messages show of a text, by default."""


def quoted(text: str, limit: int = QUOTED_LENGTH) -> str:
    """Quote a text for a message: control characters escaped, the middle cut out where it is long."""
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


def truncate(text: str, limit: int = 60) -> str:
    """Do as `quoted`, without the quotes: for a text that is a part of a sentence."""
    return "".join(each if each.isprintable() else _escaped(each) for each in _cut(text, limit))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _cut(text: str, limit: int) -> str:
    return f"{text[: limit // 2]}…{text[-limit // 4 :]}" if len(text) > limit else text


def kind_of(value: object) -> str:
    """Name the kind of a value in the words of every language."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)


def format_value(value: Any, limit: int = 60) -> str:
    """Show any value in a message, a text as `quoted` does; whatever it is, this does not fail."""
    if isinstance(value, str):
        return quoted(value, limit)
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  an int of 5,000 digits raises, and a class may do anything
        return f"a value of type {type(value).__name__}"
    text = _cut(text, limit)
    return text if text.isprintable() else repr(text)


def reason_of(error: Exception) -> str:
    """Return what the operating system says, to stand within a sentence; the error's kind where it says nothing."""
    words = (error.strerror or "") if isinstance(error, OSError) else ""
    return words[:1].lower() + words[1:] if words else type(error).__name__


def duration(seconds: float) -> str:
    """Write a duration for people: its two largest units."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (whole, "s")]
    first = next((position for position, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2] if count) or "0 s"
