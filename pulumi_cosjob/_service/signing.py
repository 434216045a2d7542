"""Request signatures, by the vendor's own SDK."""

from __future__ import annotations

import logging
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qcloud_cos import cos_auth

if TYPE_CHECKING:
    import requests

    from pulumi_cosjob._service.credentials import Credentials

__all__ = ["sign"]

# How long a signature is good for; each try is signed afresh, so it need only outlive one.
_SECONDS_VALID = 600

_silent = logging.Logger("pulumi_cosjob.signing")  # noqa: LOG001  not to be found, and so not to be turned on
_silent.disabled = True


def sign(request: requests.PreparedRequest, path: str, credentials: Credentials, now: float) -> None:
    """Sign a prepared request in place: method, path, host and its `x-cos-` headers, a token among them.

    The Host header is set to the request's own host and port, so that it is signed as it is sent: left to itself, the
    vendor's code signs an IPv6 address without its brackets.

    The vendor's code reads the machine's clock and logs the signing key at debug level. It runs here on names of its
    own: the time it is given, which may be corrected by the service's clock, and a logger that says nothing. Nothing
    in the vendor's module is changed for others.

    Args:
        request: The request, with its headers.
        path: The path to sign, not escaped.
        credentials: Who is asking.
        now: The service's time, in seconds since the epoch.
    """
    request.headers["Host"] = urlsplit(request.url or "").netloc
    if credentials.token is not None:
        request.headers["x-cos-security-token"] = credentials.token
    configuration = types.SimpleNamespace(
        _secret_id=credentials.secret_id,
        _secret_key=credentials.secret_key,
        _anonymous=False,
        _sign_params=True,
        _sign_host=True,
    )
    names = {**vars(cos_auth), "time": types.SimpleNamespace(time=lambda: now), "logger": _silent}
    vendor_code: Callable[..., Any] = types.FunctionType(cos_auth.CosS3Auth.__call__.__code__, names)
    vendor_code(cos_auth.CosS3Auth(configuration, key=path, expire=_SECONDS_VALID), request)
