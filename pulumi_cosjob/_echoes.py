"""Keys that an answer echoes: a service may name the one that it does not know, a proxy send back whole requests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

__all__ = ["hide", "holds"]

HIDDEN = "[secret]"

# What is shorter is no key, and may be part of a word.
_SHORTEST_KEY = 8
# What was escaped more often than this is nothing that anybody reads.
_MOST_ESCAPED = 6
# Keys are made of nothing else; NULs of UTF-16, line breaks and the like may stand in between.
_NOT_IN_KEYS = re.compile(r"[^!-~]+")
_TAG = re.compile(r"<[^<>]*>")
_CODE_POINT = re.compile(r"\\(?:u00|x)([0-9a-f]{2})")


def hide(text: str, secrets: Iterable[str | None]) -> str:
    """Rid a text of keys before it is quoted, and before it is shortened.

    Args:
        text: The text, decoded as its sender meant it.
        secrets: The keys.

    Returns:
        The text; with `[secret]` for each key that stands in it plainly, whatever its capitals, and nothing but
        `[secret]` where one stands there in any other form.
    """
    keys = _keys(secrets)
    for key in keys:
        if key.lower() in text.lower():
            text = re.sub(re.escape(key), HIDDEN, text, flags=re.IGNORECASE)
    return HIDDEN if holds(text, keys) else text


def holds(text: str, secrets: Iterable[str | None]) -> bool:
    """Tell whether a key stands in a text: in any capitals, split up, or escaped as XML, JSON and URLs do it."""
    wanted = {form for key in _keys(secrets) for form in _forms(key) if len(form) >= _SHORTEST_KEY}
    return bool(wanted) and any(key in form for form in _forms(text) for key in wanted)


def _keys(secrets: Iterable[str | None]) -> list[str]:
    """Return what is worth to be looked for; the longest first, as a shorter one may be part of it."""
    return sorted({key for key in secrets if key and len(key) >= _SHORTEST_KEY}, key=len, reverse=True)


def _forms(text: str) -> Iterator[str]:
    """Yield a text as it is, unescaped, unescaped twice, and so on, each also without markup; all in small letters."""
    for _ in range(_MOST_ESCAPED):
        text = _NOT_IN_KEYS.sub("", text.lower())
        yield text
        if "<" in text:
            yield _without_markup(text)
        unescaped = html.unescape(unquote(text))
        unescaped = _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), unescaped).replace("\\", "")
        if unescaped == text:
            return
        text = unescaped


def _without_markup(text: str) -> str:
    first, *others = text.replace("<![cdata[", "").replace("]]>", "").split("<!--")
    return _TAG.sub("", first + "".join(other.partition("-->")[2] for other in others))
