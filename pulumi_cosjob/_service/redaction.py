"""Keys that an answer echoes: a service may name the one that it does not know, a proxy send back whole requests."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

__all__ = ["contains_secret", "redact"]

HIDDEN = "[secret]"

# What is shorter is no key, and no part of one that is looked for: it may be part of a word.
_SHORTEST_KEY = 8
_RUN = _SHORTEST_KEY
# Wherever a run begins, there is a whole piece of this length in it that begins at a multiple of it.
_PIECE = _RUN // 2
# What was escaped more often than this is nothing that anybody reads.
_MOST_ESCAPED = 6
# Keys are made of nothing else; NULs of UTF-16, line breaks and the like may stand in between.
_NOT_IN_KEYS = re.compile(r"[^!-~]+")
_TAG = re.compile(r"<[^<>]*>")
_ZEROS = re.compile(r"&#(x?)0+(?=[0-9a-f])")
_TOO_LARGE = re.compile(r"&#[0-9]{8,};?")
_CODE_POINT = re.compile(r"\\(?:u00|x)([0-9a-f]{2})")


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """Rid a text of keys before it is quoted, and before it is shortened.

    Args:
        text: The text, decoded as its sender meant it.
        secrets: The keys.

    Returns:
        The text; with `[secret]` for each key that stands in it whole and plainly, whatever its capitals, and nothing
        but `[secret]` where one, or a part of it, stands there in any other form.
    """
    keys = _keys(secrets)
    for key in keys:
        if key.lower() in text.lower():
            text = re.sub(re.escape(key), HIDDEN, text, flags=re.IGNORECASE)
    return HIDDEN if contains_secret(text, keys) else text


def contains_secret(text: str, secrets: Iterable[str | None]) -> bool:
    """Tell whether a key, or eight characters of one in a row, stand in a text.

    They are found in any capitals, split up, and escaped as XML, JSON and URLs do it.
    """
    runs, pieces = _runs(tuple(_keys(secrets)))
    return bool(runs) and any(_meets(form, runs, pieces) for form in _forms(text))


def _keys(secrets: Iterable[str | None]) -> list[str]:
    """Return what is worth to be looked for; the longest first, as a shorter one may be part of it."""
    return sorted({key for key in secrets if key and len(key) >= _SHORTEST_KEY}, key=len, reverse=True)


@functools.lru_cache(maxsize=4)
def _runs(keys: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return all runs of keys in all forms, and the pieces of which one is in each of them."""
    forms = [form for key in keys for form in _forms(key) if len(form) >= _RUN]

    def cut(length: int) -> frozenset[str]:
        return frozenset(form[at : at + length] for form in forms for at in range(len(form) - length + 1))

    return cut(_RUN), cut(_PIECE)


def _meets(form: str, runs: frozenset[str], pieces: frozenset[str]) -> bool:
    """Tell whether one of the runs stands in a text; in linear time, and looking at each fourth place alone."""
    return any(
        form[at : at + _PIECE] in pieces
        and any(form[begin : begin + _RUN] in runs for begin in range(max(0, at - _PIECE), at + 1))
        for at in range(0, len(form) - _PIECE + 1, _PIECE)
    )


def _forms(text: str) -> Iterator[str]:
    """Yield a text as it is, unescaped, unescaped twice, and so on, each also without markup; all in small letters."""
    for _ in range(_MOST_ESCAPED):
        text = _NOT_IN_KEYS.sub("", text.lower())
        yield text
        if "<" in text:
            yield _without_markup(text)
        unescaped = html.unescape(_with_short_references(unquote(text)))
        unescaped = _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), unescaped).replace("\\", "")
        if unescaped == text:
            return
        text = unescaped


def _with_short_references(text: str) -> str:
    """Leave no reference that Python would not read: XML sets no limit to its digits."""
    return _TOO_LARGE.sub("&#0;", _ZEROS.sub(r"&#\1", text))


def _without_markup(text: str) -> str:
    first, *others = text.replace("<![cdata[", "").replace("]]>", "").split("<!--")
    return _TAG.sub("", first + "".join(other.partition("-->")[2] for other in others))
