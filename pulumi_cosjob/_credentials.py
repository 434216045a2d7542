"""Who is asking: one key pair with its token, and where it comes from when nobody names it."""

from __future__ import annotations

import configparser
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from pulumi_cosjob._errors import ConfigurationError

__all__ = ["CredentialSource", "Credentials", "VendorChain"]

# Where the vendor's library looks, the first that is there alone.
_FILES = ("~/.tencentcloud/credentials", "/etc/tencentcloud/credentials")
# A machine without a metadata service can leave the vendor's request for it without any answer.
_CHAIN_TIME_LIMIT = 10.0


@dataclass(frozen=True, repr=False)
class Credentials:
    """A key pair, with the token that temporary ones have. Neither shown nor pickled."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Show that there are some, and not which."""
        return "Credentials(…)"

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would carry the key out of the process."""
        raise TypeError("credentials are never pickled")


CredentialSource = Callable[[], Credentials]
"""Returns the credentials to use now; asked again for each request, so that temporary ones stay fresh."""


class VendorChain:
    """The vendor's own default chain: its credentials files, then the roles of the machine. Never pickled."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._lock = threading.Lock()
        self._found: Any = None

    def __reduce__(self) -> NoReturn:
        """Refuse: what the vendor's library has found is kept in the open there."""
        raise TypeError("credentials are never pickled")

    def __call__(self) -> Credentials:
        """Return what the chain finds: temporary credentials renewed by the vendor's library, a file read afresh.

        Raises:
            ConfigurationError: It finds nothing.
        """
        with self._lock:
            found = self._found or self._within_time_limit(_default_credential)
            # A plain key pair is what stood in a file, which may be rewritten; all others renew themselves.
            self._found = None if type(found) is _plain_credential() else found
            secret_id, secret_key, token = self._within_time_limit(found.get_credential_info)
        if not secret_id or not secret_key:
            raise self._nothing("they hold no key")
        if not all(re.fullmatch(r"[!-~]+", each) for each in (secret_id, secret_key, token) if each):
            raise self._nothing("they hold other than printable ASCII")
        return Credentials(secret_id, secret_key, token or None)

    def _within_time_limit(self, ask: Callable[[], Any]) -> Any:
        answers: list[Any] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                answers.append(ask())
            except Exception as error:  # noqa: BLE001  the library lets anything through, even for a file it cannot read
                failures.append(error)

        thread = threading.Thread(target=run, name="cosjob-credentials", daemon=True)
        thread.start()
        thread.join(_CHAIN_TIME_LIMIT)
        if answers:
            return answers[0]
        raise self._nothing(type(failures[0]).__name__ if failures else f"no answer in {_CHAIN_TIME_LIMIT:g} s")

    def _nothing(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"no credentials were found (the default chain: {reason})", hint=self._hint)


def _default_credential() -> Any:
    from tencentcloud.common import credential  # noqa: PLC0415  loaded only where nothing nearer names credentials

    return _from_file() or credential.DefaultCredentialProvider().get_credential()


def _plain_credential() -> type[Any]:
    from tencentcloud.common import credential  # noqa: PLC0415  as above

    plain: type[Any] = credential.Credential
    return plain


def _from_file() -> Any:
    """Return temporary keys from the vendor's file, if it holds some: the vendor's library passes over their token."""
    there = [path for path in (Path(each).expanduser() for each in _FILES) if path.exists()]
    file = configparser.ConfigParser(interpolation=None)
    file.read(there[:1], encoding="utf-8")
    keys = [file.get("default", name, fallback="").strip() for name in ("secret_id", "secret_key", "token")]
    return _plain_credential()(*keys) if all(keys) else None
