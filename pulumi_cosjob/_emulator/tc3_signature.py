"""Verification of TC3-HMAC-SHA256 signatures, with which requests of the account API are signed."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator.errors import AccountError

if TYPE_CHECKING:
    from pulumi_cosjob._emulator.signature import AcceptedCredentials, SignedRequest

__all__ = ["single_header", "verify_tc3"]

_ALGORITHM = "TC3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=([^/\s,]+)/([0-9-]{{10}})/([a-z0-9]+)/tc3_request, ?"
    r"SignedHeaders=([^\s,]+), ?Signature=([^\s,]+)"
)
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_WINDOW_SECONDS = 5 * 60
_REQUIRED_HEADERS = frozenset({"content-type", "host"})
_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class _Authorization:
    """The parts of the Authorization header."""

    secret_id: str
    date: str
    service: str
    header_names: tuple[str, ...]
    signature: str


def single_header(request: SignedRequest, name: str) -> str:
    """Return the value of a header that must come once.

    Args:
        request: The request.
        name: The name in lower case.

    Raises:
        AccountError: MissingParameter, or InvalidParameter if the header comes more than once.
    """
    values = request.values(name)
    if len(values) > 1:
        raise AccountError("InvalidParameter", f"The header {name} comes more than once.")
    if not values or not values[0]:
        raise AccountError("MissingParameter", f"The request has no header {name}.")
    return values[0]


def verify_tc3(
    credentials: AcceptedCredentials, request: SignedRequest, body: bytes, *, service: str, now: float
) -> None:
    """Verify the signature of a request.

    Args:
        credentials: The only credentials that are accepted.
        request: The request.
        body: Its body.
        service: The name of the service in the scope of the signature.
        now: The server's time, in seconds since the epoch.

    Raises:
        AccountError: The request is not signed, or not with these credentials, or too long ago.
    """
    authorization = _parse(single_header(request, "authorization"))
    timestamp = single_header(request, "x-tc-timestamp")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise AccountError("InvalidParameter", "X-TC-Timestamp is not a number of seconds.")
    if abs(now - int(timestamp)) > _WINDOW_SECONDS:
        raise AccountError("AuthFailure.SignatureExpire", "The signature has expired; check the clock of the caller.")
    if authorization.secret_id != credentials.secret_id:
        raise AccountError("AuthFailure.SecretIdNotFound", "The SecretId does not exist.")
    is_in_scope = (authorization.date, authorization.service) == (_utc_date(int(timestamp)), service)
    expected = _signature(credentials, authorization, request, body, timestamp)
    if not (is_in_scope and hmac.compare_digest(expected.encode(), _encoded(authorization.signature))):
        raise AccountError(
            "AuthFailure.SignatureFailure", "The signature does not match the one that the server calculated."
        )
    _check_token(credentials, request.values("x-tc-token"), now)


def _parse(text: str) -> _Authorization:
    """Parse the Authorization header."""
    match = _AUTHORIZATION.fullmatch(text)
    names = () if match is None else tuple(match[4].split(";"))
    if match is None or not _REQUIRED_HEADERS.issubset(names) or list(names) != sorted({n.lower() for n in names}):
        raise AccountError(
            "AuthFailure.InvalidAuthorization",
            "The Authorization must hold the credential's scope, the names of the signed headers, content-type and "
            "host among them, sorted and in lower case, and the signature.",
        )
    return _Authorization(match[1], match[2], match[3], names, match[5])


def _utc_date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d")


def _signature(
    credentials: AcceptedCredentials, authorization: _Authorization, request: SignedRequest, body: bytes, timestamp: str
) -> str:
    """Return the signature that the request must have."""
    payload = _UNSIGNED_PAYLOAD.encode() if request.values("x-tc-content-sha256") == [_UNSIGNED_PAYLOAD] else body
    headers = "".join(f"{name}:{single_header(request, name).strip().lower()}\n" for name in authorization.header_names)
    canonical = "\n".join(
        (
            request.method,
            request.raw_path,
            request.raw_query,
            headers,
            ";".join(authorization.header_names),
            hashlib.sha256(payload).hexdigest(),
        )
    )
    scope = f"{authorization.date}/{authorization.service}/tc3_request"
    digest = hashlib.sha256(_encoded(canonical)).hexdigest()
    key = f"TC3{credentials.secret_key}".encode()
    for part in (authorization.date, authorization.service, "tc3_request"):
        key = _hmac(key, part)
    return _hmac(key, f"{_ALGORITHM}\n{timestamp}\n{scope}\n{digest}").hex()


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, _encoded(message), hashlib.sha256).digest()


def _encoded(text: str) -> bytes:
    """Return the bytes that the server received: it decodes bytes that are not UTF-8 to surrogates."""
    return text.encode(errors="surrogateescape")


def _check_token(credentials: AcceptedCredentials, values: list[str], now: float) -> None:
    """Check the security token."""
    expected = [] if credentials.token is None else [credentials.token]
    is_accepted = [_encoded(value) for value in values] == [token.encode() for token in expected]
    is_expired = credentials.token_expires is not None and now >= credentials.token_expires
    if not is_accepted or (expected and is_expired):
        raise AccountError("AuthFailure.TokenFailure", "The token is wrong, or has expired.")
