"""Who is asking: one key pair with its token, and where it comes from when nobody names it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pulumi_cosjob._errors import ConfigurationError

__all__ = ["CredentialSource", "Credentials", "VendorChain"]

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
        """Return what the chain finds; temporary credentials are renewed by the vendor's library.

        Raises:
            ConfigurationError: It finds nothing.
        """
        with self._lock:
            if self._found is None:
                self._found = self._within_time_limit(_default_credential)
            secret_id, secret_key, token = self._within_time_limit(self._found.get_credential_info)
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

    return credential.DefaultCredentialProvider().get_credential()
