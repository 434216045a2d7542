"""Secrets that a response echoes: a service may name an id that it does not know, a proxy may return whole requests."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

__all__ = ["contains_secret", "redact"]

_REDACTED = "[secret]"

# A shorter text is no secret, and a shorter part of a secret is not searched for: it may be part of a word.
_SHORTEST_SECRET = 8
_RUN = _SHORTEST_SECRET
# Every run contains a whole piece of this length that begins at a multiple of it, wherever the run begins.
_PIECE = _RUN // 2
# A text that was escaped more often than this is not readable any more.
_MOST_ESCAPED = 6
# Secrets consist of printable ASCII. NULs of UTF-16, line breaks and the like between their characters are ignored.
_NOT_IN_SECRETS = re.compile(r"[^!-~]+")
_TAG = re.compile(r"<[^<>]*>")
_ZEROS = re.compile(r"&#(x?)0+(?=[0-9a-f])")
_TOO_LARGE = re.compile(r"&#[0-9]{8,};?")
_CODE_POINT = re.compile(r"\\(?:u00|x)([0-9a-f]{2})")


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """Return a text without secrets. To be called before the text is quoted or truncated.

    Args:
        text: The text, decoded as its sender meant it.
        secrets: Secret ids, secret keys and tokens; None and short ones are ignored.

    Returns:
        The text, with `[secret]` for each complete secret, in upper or lower case. Where the text holds a secret in
        another form, or a part of one, `[secret]` alone.
    """
    searched = _searched(secrets)
    for secret in searched:
        if secret.lower() in text.lower():
            text = re.sub(re.escape(secret), _REDACTED, text, flags=re.IGNORECASE)
    return _REDACTED if contains_secret(text, searched) else text


def contains_secret(text: str, secrets: Iterable[str | None]) -> bool:
    """Return whether a text contains a secret, or eight consecutive characters of one.

    They are found in upper and lower case, split up, and escaped as in XML, JSON and URLs.
    """
    runs, pieces = _runs(tuple(_searched(secrets)))
    return bool(runs) and any(_contains_run(form, runs, pieces) for form in _forms(text))


def _searched(secrets: Iterable[str | None]) -> list[str]:
    """Return the secrets that are long enough, the longest first, as a shorter one may be part of it."""
    return sorted({secret for secret in secrets if secret and len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)


@functools.lru_cache(maxsize=4)
def _runs(secrets: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return all runs of secrets in all forms, and all pieces, of which each run contains some."""
    forms = [form for secret in secrets for form in _forms(secret) if len(form) >= _RUN]

    def parts(length: int) -> frozenset[str]:
        return frozenset(form[at : at + length] for form in forms for at in range(len(form) - length + 1))

    return parts(_RUN), parts(_PIECE)


def _contains_run(form: str, runs: frozenset[str], pieces: frozenset[str]) -> bool:
    """Return whether a text contains one of the runs; in linear time, as only each fourth position is compared."""
    return any(
        form[at : at + _PIECE] in pieces
        and any(form[begin : begin + _RUN] in runs for begin in range(max(0, at - _PIECE), at + 1))
        for at in range(0, len(form) - _PIECE + 1, _PIECE)
    )


def _forms(text: str) -> Iterator[str]:
    """Yield a text in lower case as it is, unescaped, unescaped twice, and so on, each also without markup."""
    import html  # noqa: PLC0415  most of it is a table of entities, and few texts need it

    for _ in range(_MOST_ESCAPED):
        text = _NOT_IN_SECRETS.sub("", text.lower())
        yield text
        if "<" in text:
            yield _without_markup(text)
        unescaped = html.unescape(_with_short_references(unquote(text)))
        unescaped = _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), unescaped).replace("\\", "")
        if unescaped == text:
            return
        text = unescaped


def _with_short_references(text: str) -> str:
    """Return a text whose character references Python can parse: XML has no limit for their digits."""
    return _TOO_LARGE.sub("&#0;", _ZEROS.sub(r"&#\1", text))


def _without_markup(text: str) -> str:
    first, *others = text.replace("<![cdata[", "").replace("]]>", "").split("<!--")
    return _TAG.sub("", first + "".join(other.partition("-->")[2] for other in others))
