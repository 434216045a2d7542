"""Who is asking: one key pair with its token, and where it comes from when nobody names it."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pulumi_cosjob._clock import CALLED_OFF
from pulumi_cosjob._errors import ConfigurationError, RequestError, TimeLimitError, no_thread

if TYPE_CHECKING:
    from pulumi_cosjob._messages import Message

__all__ = ["CredentialSource", "Credentials", "VendorChain"]

# A machine without a metadata service can leave the vendor's request for it without any answer. Less than one try of a
# question has, so that it is told which of the two hangs.
_CHAIN_TIME_LIMIT = 8.0
# A lookup that hangs is waited for by all until it is this old, and the one after it twice as long: few threads hang.
_PATIENCE = 60.0


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


CredentialSource = Callable[[float], Credentials]
"""Returns within so many seconds the credentials to use now; asked for each request, so that temporary ones stay fresh.
"""


class VendorChain:
    """The vendor's own default chain: its credentials files, then the roles of the machine. Never pickled."""

    def __init__(self, hint: str | Message) -> None:
        self._hint = hint
        self._lock = threading.Lock()
        self._found: Any = None
        self._lookup: futures.Future[Any] | None = None
        self._patience = _PATIENCE
        self._patient_until = 0.0

    def __reduce__(self) -> NoReturn:
        """Refuse: what the vendor's library has found is kept in the open there."""
        raise TypeError("credentials are never pickled")

    def __call__(self, seconds: float) -> Credentials:
        """Return what the chain finds: temporary credentials renewed by the vendor's library, a file read afresh.

        Raises:
            ConfigurationError: It finds nothing, or has no answer.
            TimeLimitError: It had no answer yet when the time was over.
            RequestError: It was called off, or nothing can be looked up.
        """
        limit = min(seconds, _CHAIN_TIME_LIMIT)
        try:
            answer = self._join().result(limit)
        except futures.CancelledError:
            raise RequestError(CALLED_OFF) from None
        except futures.TimeoutError:
            if limit < _CHAIN_TIME_LIMIT:
                raise TimeLimitError(f"no credentials came within {limit:.3g} s", hint=self._hint) from None
            raise self._nothing(f"no answer in {limit:g} s") from None
        if isinstance(answer, str):
            raise self._nothing(answer)
        secret_id, secret_key, token = answer
        if not secret_id or not secret_key:
            raise self._nothing("they hold no key")
        if not all(re.fullmatch(r"[!-~]+", each) for each in (secret_id, secret_key, token) if each):
            raise self._nothing("they hold other than printable ASCII")
        return Credentials(secret_id, secret_key, token or None)

    def abort(self) -> None:
        """Let nobody wait for an answer any more."""
        with self._lock:
            if self._lookup is not None:
                self._lookup.cancel()

    def _join(self) -> futures.Future[Any]:
        """Return the lookup that is under way, or begin one."""
        with self._lock:
            under_way = self._lookup is not None and not self._lookup.done()
            now = time.monotonic()
            if self._lookup is None or not under_way or now >= self._patient_until:
                lookup: futures.Future[Any] = futures.Future()
                try:
                    threading.Thread(target=self._look, args=(lookup,), name="cosjob-credentials", daemon=True).start()
                except RuntimeError as error:
                    raise no_thread(error) from None
                self._lookup = lookup
                self._patience = self._patience * 2 if under_way else _PATIENCE
                self._patient_until = now + self._patience
            return self._lookup

    def _look(self, lookup: futures.Future[Any]) -> None:
        """Walk the chain; what comes of it are the keys, or why there are none."""
        answer: Any
        try:
            found = self._found or _default_credential()
            # A plain key pair is what stood in a file, which may be rewritten; all others renew themselves.
            self._found = None if type(found) is _plain_credential() else found
            answer = found.get_credential_info()
        except Exception as error:  # noqa: BLE001  the library lets anything through, even for a file it cannot read
            answer = _why(error)
        with contextlib.suppress(futures.InvalidStateError):  # called off
            lookup.set_result(answer)

    def _nothing(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"no credentials were found (the default chain: {reason})", hint=self._hint)


def _default_credential() -> Any:
    from pulumi_cosjob._service import default_chain  # noqa: PLC0415  loaded only where nothing nearer names credentials

    return default_chain.find()


def _plain_credential() -> type[Any]:
    from tencentcloud.common import credential  # noqa: PLC0415  as above

    plain: type[Any] = credential.Credential
    return plain


def _why(error: Exception) -> str:
    """Return why there are no credentials: in our own words, or else by the kind of the error alone."""
    from pulumi_cosjob._service.default_chain import NoCredentialsError, unreadable_variable  # noqa: PLC0415  as above

    if isinstance(error, NoCredentialsError):
        return str(error)
    return (isinstance(error, OSError) and unreadable_variable(error)) or type(error).__name__
