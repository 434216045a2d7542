"""Verification of COS V5 request signatures."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from pulumi_cosjob._emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["AcceptedCredentials", "SignedRequest", "verify"]

_PARTS = frozenset(
    {
        "q-sign-algorithm",
        "q-ak",
        "q-sign-time",
        "q-key-time",
        "q-header-list",
        "q-url-param-list",
        "q-signature",
    }
)
_WINDOW = re.compile(r"([0-9]{1,12});([0-9]{1,12})")
_UNRESERVED = "-_.~"
# If the window ended longer ago than this, the error is a wrong clock of the caller, not a late request.
_SKEW_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class AcceptedCredentials:
    """The only credentials that requests may be signed with.

    Args:
        secret_id: The SecretId.
        secret_key: The SecretKey.
        token: The security token that requests must hold; None for permanent credentials.
        token_expires: The time at which the token expires, in seconds since the epoch; None for never.
    """

    secret_id: str = "emulator-id"  # noqa: S105 - opens nothing but the emulator
    secret_key: str = field(default="emulator-key", repr=False)
    token: str | None = field(default=None, repr=False)
    token_expires: float | None = None


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its signature covers.

    Args:
        method: The method.
        raw_path: The path of the request line, not decoded.
        raw_query: The query of the request line, not decoded.
        headers: Names in lower case, and values, in any order.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Sequence[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class _Authorization:
    """The parts of the Authorization header."""

    secret_id: str
    sign_time: str
    key_time: str
    header_names: tuple[str, ...]
    parameter_names: tuple[str, ...]
    signature: str


def verify(
    credentials: AcceptedCredentials,
    request: SignedRequest,
    *,
    now: float,
    required_parameters: frozenset[str] = frozenset(),
) -> None:
    """Verify the signature of a request.

    Args:
        credentials: The only credentials that are accepted.
        request: The request.
        now: The server's time, in seconds since the epoch.
        required_parameters: The query parameters, in lower case, that the action reads. They must be signed if they
            are sent.

    Raises:
        ServiceError: AccessDenied, InvalidAccessKeyId, RequestTimeTooSkewed, SignatureDoesNotMatch or
            ExpiredToken.
    """
    authorization = _parse(request.values("authorization"))
    if authorization.secret_id != credentials.secret_id:
        raise ServiceError("InvalidAccessKeyId", "The access key id does not exist.")
    for window in (authorization.sign_time, authorization.key_time):
        _check_window(window, now)
    parameters = _collect((quote(name, _UNRESERVED).lower(), value) for name, value in _query(request))
    _check_coverage(authorization, request, parameters, required_parameters)
    headers = _collect((name, value) for name, value in request.headers if name in authorization.header_names)
    variants = _host_variants(headers)
    if not any(_matches(credentials, authorization, request, parameters, variant) for variant in variants):
        raise ServiceError("SignatureDoesNotMatch", "The signature does not match the one that the server calculated.")
    _check_token(credentials, request.values("x-cos-security-token"), now)


def _parse(values: list[str]) -> _Authorization:
    """Parse the Authorization header."""
    if len(values) != 1 or not values[0]:
        raise ServiceError("AccessDenied", "The request is not signed: it has no Authorization.")
    pairs = [part.partition("=") for part in values[0].split("&")]
    parts = {name: value for name, _, value in pairs}
    if len(pairs) != len(parts) or parts.keys() != _PARTS or parts["q-sign-algorithm"] != "sha1":
        raise ServiceError("AccessDenied", "The Authorization cannot be read.")
    return _Authorization(
        secret_id=parts["q-ak"],
        sign_time=parts["q-sign-time"],
        key_time=parts["q-key-time"],
        header_names=_names(parts["q-header-list"]),
        parameter_names=_names(parts["q-url-param-list"]),
        signature=parts["q-signature"],
    )


def _names(text: str) -> tuple[str, ...]:
    """Return the names of a list, sorted and in lower case; the list repeats the name of a repeated header."""
    names = text.split(";") if text else []
    if names != sorted(names) or text != text.lower():
        raise ServiceError(
            "AccessDenied", "The names of signed headers and parameters must be sorted and in lower case."
        )
    return tuple(dict.fromkeys(names))


def _check_window(window: str, now: float) -> None:
    """Check the time of the signature."""
    match = _WINDOW.fullmatch(window)
    if match is None or int(match[2]) < int(match[1]):
        raise ServiceError("AccessDenied", "The time of the signature cannot be read.")
    if now < int(match[1]) or now > int(match[2]) + _SKEW_SECONDS:
        raise ServiceError("RequestTimeTooSkewed", "The caller's clock and the server's differ too much.")
    if now > int(match[2]):
        raise ServiceError("AccessDenied", "Request has expired")


def _query(request: SignedRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(request.raw_query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise ServiceError("InvalidArgument", "The query has too many parameters.") from error


def _collect(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Group values by name, and sort those of one name."""
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return {name: sorted(values) for name, values in collected.items()}


def _check_coverage(
    authorization: _Authorization,
    request: SignedRequest,
    parameters: Mapping[str, list[str]],
    required_parameters: frozenset[str],
) -> None:
    """Check that all that was signed was sent, and that all that counts was signed."""
    sent = {name for name, _ in request.headers}
    absent = sorted(sent.symmetric_difference(authorization.header_names) - sent)
    absent += sorted(set(authorization.parameter_names).difference(parameters))
    if absent:
        raise ServiceError("SignatureDoesNotMatch", f"Signed, but not sent: {', '.join(absent)}.")
    unsigned = sorted(name for name in sent.difference(authorization.header_names) if name.startswith("x-cos-"))
    unsigned += sorted(required_parameters.intersection(parameters).difference(authorization.parameter_names))
    if unsigned:
        raise ServiceError("AccessDenied", f"Sent, but not signed: {', '.join(unsigned)}.")


def _host_variants(headers: Mapping[str, list[str]]) -> Iterator[Mapping[str, list[str]]]:
    """Yield the variants of the headers that clients sign: some sign the host without its port."""
    yield headers
    if "host" in headers:
        without_port = [re.sub(r":[0-9]+$", "", value) for value in headers["host"]]
        yield {**headers, "host": without_port}


def _matches(
    credentials: AcceptedCredentials,
    authorization: _Authorization,
    request: SignedRequest,
    parameters: Mapping[str, list[str]],
    headers: Mapping[str, list[str]],
) -> bool:
    """Return whether the signature is the one that the server calculates."""
    signed_parameters = {name: parameters[name] for name in authorization.parameter_names}
    http_string = "\n".join(
        (
            request.method.lower(),
            unquote(request.raw_path),
            _joined(signed_parameters),
            _joined(headers),
            "",
        )
    )
    digest = hashlib.sha1(_encoded(http_string)).hexdigest()  # noqa: S324 - the scheme uses it
    key = _hmac(credentials.secret_key.encode(), authorization.key_time)
    signature = _hmac(key.encode(), f"sha1\n{authorization.sign_time}\n{digest}\n")
    return hmac.compare_digest(signature.encode(), _encoded(authorization.signature))


def _joined(values: Mapping[str, list[str]]) -> str:
    return "&".join(
        f"{name}={quote(_encoded(value), _UNRESERVED)}" for name in sorted(values) for value in values[name]
    )


def _encoded(text: str) -> bytes:
    """Return the bytes that the server received: it decodes bytes that are not UTF-8 to surrogates."""
    return text.encode(errors="surrogateescape")


def _hmac(key: bytes, message: str) -> str:
    return hmac.new(key, message.encode(), hashlib.sha1).hexdigest()


def _check_token(credentials: AcceptedCredentials, values: list[str], now: float) -> None:
    """Check the security token."""
    expected = [] if credentials.token is None else [credentials.token]
    if len(values) != len(expected):
        raise ServiceError("InvalidAccessKeyId", "The access key id and the security token do not belong together.")
    for value, token in zip(values, expected, strict=True):
        if not hmac.compare_digest(_encoded(value), token.encode()):
            raise ServiceError("InvalidAccessKeyId", "The access key id and the security token do not belong together.")
        if credentials.token_expires is not None and now >= credentials.token_expires:
            raise ServiceError("ExpiredToken", "The security token has expired.")
