"""Request signatures of the vendor's XML APIs: HMAC-SHA1 over method, path, parameters and headers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    import requests

    from pulumi_cosjob._service.credentials import Credentials

__all__ = ["sign"]

# A signature is valid from a minute before it is made, as clocks differ a little. Each attempt is signed anew, so that
# ten minutes after it are enough.
_SECONDS_BEFORE = 60
_SECONDS_AFTER = 600
# Other headers are not part of a signature: a proxy may change them.
_SIGNED_PREFIXES = ("x-cos-", "x-ci-")
_SIGNED_HEADERS = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-md5",
        "content-type",
        "expect",
        "expires",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "origin",
        "pic-operations",
        "range",
        "transfer-encoding",
    }
)


def sign(request: requests.PreparedRequest, credentials: Credentials, now: float) -> None:
    """Sign a prepared request in place: set its Host, `x-cos-security-token` and Authorization headers.

    The Host header is the host and port of the request's URL, so that it is signed as it is sent. The signing key is
    derived from the secret key and the time, as long as a signature is valid; it is neither kept nor logged.

    Args:
        request: The request, with its URL and its other headers.
        credentials: The credentials to sign with; their token is sent and signed, where there is one.
        now: The service's time, in seconds since the epoch.
    """
    url = urlsplit(request.url or "")
    request.headers["Host"] = url.netloc
    if credentials.token is not None:
        request.headers["x-cos-security-token"] = credentials.token
    parameters, parameter_names = _canonical(parse_qsl(url.query, keep_blank_values=True))
    headers, header_names = _canonical((name, value) for name, value in request.headers.items() if _is_signed(name))
    content = f"{(request.method or '').lower()}\n{unquote(url.path)}\n{parameters}\n{headers}\n"
    valid = f"{int(now) - _SECONDS_BEFORE};{int(now) + _SECONDS_AFTER}"
    signing_key = _hmac(credentials.secret_key, valid)
    digest = hashlib.sha1(content.encode()).hexdigest()  # noqa: S324  the algorithm that the service expects
    signature = _hmac(signing_key, f"sha1\n{valid}\n{digest}\n")
    request.headers["Authorization"] = (
        f"q-sign-algorithm=sha1&q-ak={credentials.secret_id}&q-sign-time={valid}&q-key-time={valid}"
        f"&q-header-list={header_names}&q-url-param-list={parameter_names}&q-signature={signature}"
    )


def _is_signed(header: str) -> bool:
    return header.lower() in _SIGNED_HEADERS or header.lower().startswith(_SIGNED_PREFIXES)


def _canonical(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Return pairs as they are signed, names in small letters and sorted, and the names alone."""
    escaped = {quote(name, safe="").lower(): quote(value, safe="") for name, value in pairs}
    return "&".join(f"{name}={escaped[name]}" for name in sorted(escaped)), ";".join(sorted(escaped))


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()
