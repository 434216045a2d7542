"""Request signatures of the vendor: of its XML APIs by HMAC-SHA1, of its account API (TC3) by HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    import requests

    from pulumi_cosjob._service.credentials import Credentials

__all__ = ["sign", "sign_tc3"]

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


def sign_tc3(request: requests.PreparedRequest, credentials: Credentials, now: float, service: str) -> None:
    """Sign a prepared request of one of the vendor's JSON APIs in place: set Host, X-TC-Token and Authorization.

    Args:
        request: A POST to the root of a host, with its body and its Content-Type.
        credentials: The credentials to sign with; their token is sent where there is one.
        now: The service's time, in seconds since the epoch.
        service: Name of the API, such as `cam`.
    """
    body = request.body if isinstance(request.body, bytes) else b""
    request.headers["Host"] = urlsplit(request.url or "").netloc
    request.headers["X-TC-Timestamp"] = str(int(now))
    if credentials.token is not None:
        request.headers["X-TC-Token"] = credentials.token
    signed = ("content-type", "host")
    headers = "".join(f"{name}:{request.headers[name].lower()}\n" for name in signed)
    content = f"POST\n/\n\n{headers}\n{';'.join(signed)}\n{hashlib.sha256(body).hexdigest()}"
    day = time.strftime("%Y-%m-%d", time.gmtime(int(now)))
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{int(now)}\n{scope}\n{hashlib.sha256(content.encode()).hexdigest()}"
    key = f"TC3{credentials.secret_key}".encode()
    for step in (day, service, "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    request.headers["Authorization"] = (
        f"TC3-HMAC-SHA256 Credential={credentials.secret_id}/{scope}, SignedHeaders={';'.join(signed)}, "
        f"Signature={signature}"
    )
