"""Credentials: secret id, secret key and token, and the vendor's default chain where no setting names them."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import field
from typing import TYPE_CHECKING, Any, NoReturn

from pulumi_cosjob._clock import CANCELLED
from pulumi_cosjob._errors import ConfigurationError, RequestError, TimeLimitError, no_thread
from pulumi_cosjob._records import Record

if TYPE_CHECKING:
    from pulumi_cosjob._messages import Message

__all__ = ["CredentialSource", "Credentials", "VendorChain"]

# On a machine without a metadata service, the vendor's request for it can hang. The limit is shorter than that of an
# attempt, so that the error names the chain and not the service.
_CHAIN_TIME_LIMIT = 8.0
# Until a hanging lookup is so old, further requests wait for it; then another one begins, with twice the time. So few
# threads hang.
_FIRST_SHARE_SECONDS = 60.0


class Credentials(Record):
    """A secret id and a secret key, with the token of temporary credentials. Neither shown nor pickled."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Show that there are credentials, and not which."""
        return "Credentials(…)"

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would carry the secret key out of the process."""
        raise TypeError("credentials are never pickled")


CredentialSource = Callable[[float], Credentials]
"""Returns the credentials to use now, within so many seconds. Called for each request, so temporary ones stay valid."""


class VendorChain:
    """The vendor's default chain: its credentials files, then the roles of the machine and of the pod. Never pickled.

    Args:
        hint: What to do where it finds nothing, for the error.
    """

    def __init__(self, hint: str | Message) -> None:
        self._hint = hint
        self._lock = threading.Lock()
        self._found: Any = None
        self._lookup: futures.Future[Any] | None = None
        self._share_seconds = _FIRST_SHARE_SECONDS
        self._shared_until = 0.0

    def __reduce__(self) -> NoReturn:
        """Refuse: the vendor's library holds credentials in plain attributes."""
        raise TypeError("credentials are never pickled")

    def __call__(self, seconds: float) -> Credentials:
        """Return the credentials that the chain finds: temporary ones are renewed, a file is read each time.

        Raises:
            ConfigurationError: It finds none, or does not end.
            TimeLimitError: It had not ended after `seconds`.
            RequestError: It was cancelled, or no thread can be started.
        """
        limit = min(seconds, _CHAIN_TIME_LIMIT)
        try:
            result = self._join().result(limit)
        except futures.CancelledError:
            raise RequestError(CANCELLED) from None
        except futures.TimeoutError:
            if limit < _CHAIN_TIME_LIMIT:
                raise TimeLimitError(f"no credentials came within {limit:.3g} s", hint=self._hint) from None
            raise self._not_found(f"no response in {limit:g} s") from None
        if isinstance(result, str):
            raise self._not_found(result)
        secret_id, secret_key, token = result
        if not secret_id or not secret_key:
            raise self._not_found("they have no secret id or no secret key")
        if not all(re.fullmatch(r"[!-~]+", each) for each in (secret_id, secret_key, token) if each):
            raise self._not_found("they hold characters other than printable ASCII")
        return Credentials(secret_id, secret_key, token or None)

    def abort(self) -> None:
        """Cancel the lookup that is under way for all that wait for it."""
        with self._lock:
            if self._lookup is not None:
                self._lookup.cancel()

    def _join(self) -> futures.Future[Any]:
        """Return the lookup that is under way, or begin one."""
        with self._lock:
            under_way = self._lookup is not None and not self._lookup.done()
            now = time.monotonic()
            if self._lookup is None or not under_way or now >= self._shared_until:
                lookup: futures.Future[Any] = futures.Future()
                try:
                    threading.Thread(target=self._run, args=(lookup,), name="cosjob-credentials", daemon=True).start()
                except RuntimeError as error:
                    raise no_thread(error) from None
                self._lookup = lookup
                self._share_seconds = self._share_seconds * 2 if under_way else _FIRST_SHARE_SECONDS
                self._shared_until = now + self._share_seconds
            return self._lookup

    def _run(self, lookup: futures.Future[Any]) -> None:
        """Walk the chain; the result is credentials as a tuple, or a text with the reason why there are none."""
        result: Any
        try:
            found = self._found or _default_credential()
            # Credentials of a file are not kept, as the file may be rewritten; all others renew themselves.
            self._found = None if type(found) is _plain_credential() else found
            result = found.get_credential_info()
        except Exception as error:  # noqa: BLE001  the library raises anything, such as for a file it cannot read
            result = _reason(error)
        with contextlib.suppress(futures.InvalidStateError):  # cancelled meanwhile
            lookup.set_result(result)

    def _not_found(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"no credentials were found (the default chain: {reason})", hint=self._hint)


def _default_credential() -> Any:
    from pulumi_cosjob._service import default_chain  # noqa: PLC0415  loaded only where no setting names credentials

    return default_chain.find()


def _plain_credential() -> type[Any]:
    from tencentcloud.common import credential  # noqa: PLC0415  as above

    plain: type[Any] = credential.Credential
    return plain


def _reason(error: Exception) -> str:
    """Return why there are no credentials: a reason of ours, or else only the class of the error."""
    from pulumi_cosjob._service.default_chain import NoCredentialsError, unreadable_variable  # noqa: PLC0415  as above

    if isinstance(error, NoCredentialsError):
        return str(error)
    return (isinstance(error, OSError) and unreadable_variable(error)) or type(error).__name__
