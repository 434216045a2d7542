"""Texts that are secret, found in other texts: one pass over a text, however many secrets there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pulumi_cosjob._text import quoted

__all__ = ["SecretTexts"]

_HIDDEN = "[secret]"


class SecretTexts:
    """Hides secrets in messages and finds them in values.

    A secret is found as it is, quoted, and shortened as messages shorten values. A gate may have thousands of secret
    job ids and a message for each of them, so the secrets are held in a set rather than tried one after the other.

    Args:
        secrets: The secrets; empty ones are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = (form for text in set(secrets) for form in (text, repr(text)[1:-1], quoted(text)[1:-1]))
        self._forms = frozenset(filter(None, forms))
        self._lengths = sorted({len(form) for form in self._forms}, reverse=True)
        # Every secret begins with one of these, which have one length: at most places one look-up is enough.
        self._shortest = self._lengths[-1] if self._lengths else 0
        self._beginnings = frozenset(form[: self._shortest] for form in self._forms)

    def redact(self, text: str) -> str:
        """Return a text with `[secret]` in place of each secret; of those that overlap, nothing is left."""
        pieces, after = [], 0
        for start, end in self._found(text):
            pieces += [text[after:start], _HIDDEN]
            after = end
        return "".join([*pieces, text[after:]]) if pieces else text

    def are_in(self, text: str) -> bool:
        """Tell whether a secret stands in a text."""
        if len(self._forms) <= len(text):
            return any(form in text for form in self._forms)
        return next(self._found(text), None) is not None

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where secrets begin and end, as one place where they overlap."""
        place: tuple[int, int] | None = None
        for start in range(len(text) - self._shortest + 1) if self._forms else ():
            if text[start : start + self._shortest] not in self._beginnings:
                continue
            end = start + self._length_at(text, start)
            if end == start:
                continue
            if place is not None and start < place[1]:
                place = place[0], max(end, place[1])
                continue
            if place is not None:
                yield place
            place = start, end
        if place is not None:
            yield place

    def _length_at(self, text: str, start: int) -> int:
        """Return the length of the longest secret that begins at a place, 0 where none does."""
        return next((length for length in self._lengths if text[start : start + length] in self._forms), 0)
