"""Credentials that occur nowhere else, and a search for them in all forms in which they may be written."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import re
import secrets
import string
import time
from collections import Counter

__all__ = ["MarkedCredentials", "Search", "references"]


def _random(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


@dataclasses.dataclass(frozen=True)
class MarkedCredentials:
    """Random credentials. JSON, URLs and shells escape the characters around their random parts."""

    secret_id: str = dataclasses.field(default_factory=lambda: f"AKID{_random(32)}")
    secret_key: str = dataclasses.field(default_factory=lambda: f"key+/{_random(24)}=\"<&'")
    token: str = dataclasses.field(default_factory=lambda: f"token+/{_random(40)}=\"<&'")

    def cores(self) -> dict[str, bytes]:
        """Return the part of each credential that no format escapes, by name."""
        cores = {}
        for name in ("secret_id", "secret_key", "token"):
            cores[name.replace("_", " ")] = max(re.findall(r"\w+", getattr(self, name)), key=len).encode()
        return cores


# Also within more digits.
_DIGEST = re.compile(rb"(?=([0-9a-f]{40}))")


class Search:
    """Finds credentials in bytes, in any form.

    Args:
        credentials: The credentials.
        started: The time of their first use, in seconds since 1970: signing keys are derived from it.
    """

    def __init__(self, credentials: MarkedCredentials, started: float) -> None:
        self._secret_key = credentials.secret_key.encode()
        self._next = int(started) - 2
        self._derived: set[bytes] = set()
        self._forms = {
            f"{name}{form}": written
            for name, core in credentials.cores().items()
            for form, written in _written(core).items()
        }

    def find(self, data: bytes) -> Counter[str]:
        """Return how often each form of each credential occurs."""
        found: Counter[str] = Counter()
        for name, forms in self._forms.items():
            count = sum(data.count(form) for form in forms)
            if count:
                found[name] = count
        # A signing key is derived from the secret key for the time of a request: during that time it can sign too.
        for derived in self._signing_keys().intersection(_DIGEST.findall(data)):
            found["signing key"] += data.count(derived)
        return found

    def _signing_keys(self) -> set[bytes]:
        """Return the signing keys of all requests since the start."""
        while self._next < time.time() + 2:
            times = f"{self._next - 60};{self._next + 600}".encode()
            self._derived.add(hmac.new(self._secret_key, times, hashlib.sha1).hexdigest().encode())
            self._next += 1
        return self._derived


def _written(core: bytes) -> dict[str, set[bytes]]:
    """Return the forms in which letters and digits may be written, by their suffix in results."""
    encoded: set[bytes] = set()
    for before in range(3):
        # The bytes before and after are not known: only complete groups between them are.
        text = base64.b64encode(bytes(before) + core)
        groups = text[4 if before else 0 : len(text) // 4 * 4 - 4]
        encoded |= {groups, groups.translate(bytes.maketrans(b"+/", b"-_"))}
    wide = core.decode().encode("utf-16-le")
    hexadecimal = {core.hex().encode(), core.hex().upper().encode()}
    return {
        "": {core, core.lower(), core.upper()},
        " in Base64": encoded,
        " in hex": hexadecimal,
        " in UTF-16": {wide},
        " in references": {references(core.decode()).encode()},
    }


def references(text: str) -> str:
    """Return a text as character references of XML."""
    return "".join(f"&#{ord(each)};" for each in text)
