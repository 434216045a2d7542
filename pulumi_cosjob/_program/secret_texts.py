"""Finds secret texts in other texts, in one pass over a text, however many secrets there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pulumi_cosjob._text import QUOTED_LENGTH, escaped

__all__ = ["SecretTexts"]

_HIDDEN = "[secret]"


class SecretTexts:
    """Redacts secrets in messages and finds them in values.

    A secret is found as it is, escaped, and truncated as messages truncate values. A gate may have thousands of secret
    job ids and a message for each of them: so the secrets are in a set, instead of being searched for one by one.

    Args:
        secrets: The secrets. Empty texts are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = (form for text in set(secrets) for form in (text, escaped(text), escaped(text, QUOTED_LENGTH)))
        self._forms = frozenset(filter(None, forms))
        self._lengths = sorted({len(form) for form in self._forms}, reverse=True)
        # The beginnings of all secrets, in one length: at most positions of a text, one look-up in this set is enough.
        self._shortest = self._lengths[-1] if self._lengths else 0
        self._beginnings = frozenset(form[: self._shortest] for form in self._forms)

    def redact(self, text: str) -> str:
        """Return a text with `[secret]` in place of each secret; overlapping secrets are replaced together."""
        pieces, after = [], 0
        for start, end in self._found(text):
            pieces += [text[after:start], _HIDDEN]
            after = end
        return "".join([*pieces, text[after:]]) if pieces else text

    def are_in(self, text: str) -> bool:
        """Return whether a text contains a secret."""
        if len(self._forms) <= len(text):
            return any(form in text for form in self._forms)
        return next(self._found(text), None) is not None

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the start and end of each secret; overlapping secrets are one range."""
        found: tuple[int, int] | None = None
        for start in range(len(text) - self._shortest + 1) if self._forms else ():
            if text[start : start + self._shortest] not in self._beginnings:
                continue
            end = start + self._length_at(text, start)
            if end == start:
                continue
            if found is not None and start < found[1]:
                found = found[0], max(end, found[1])
                continue
            if found is not None:
                yield found
            found = start, end
        if found is not None:
            yield found

    def _length_at(self, text: str, start: int) -> int:
        """Return the length of the longest secret that begins at a position; 0 if none does."""
        return next((length for length in self._lengths if text[start : start + length] in self._forms), 0)
