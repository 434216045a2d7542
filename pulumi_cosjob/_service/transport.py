"""Pooled connections to the service: requests that are bounded in time and size, and errors of this package."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

import requests
import urllib3

from pulumi_cosjob._checks import MAX_CONCURRENCY
from pulumi_cosjob._clock import CANCELLED
from pulumi_cosjob._errors import (
    ConnectionFailedError,
    InvalidResponseError,
    RequestError,
    TimeLimitError,
    TlsError,
)
from pulumi_cosjob._messages import Message
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.deadline import DeadlineAdapter, DeadlineMonitor
from pulumi_cosjob._service.environment import certificates_for, proxies_for
from pulumi_cosjob._service.resolver import LookupTimeoutError
from pulumi_cosjob._xml.xml_reader import MOST_BYTES

__all__ = ["Response", "Transport"]

_CONNECT_SECONDS = 10.0
_CHUNK_SIZE = 64 * 1024
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive"}
_ENCODINGS = frozenset({"gzip", "deflate", "br", "zstd", "compress"})


class Response(Record):
    """A response of the service, as it came.

    Attributes:
        status: The HTTP status.
        headers: Header values by name, upper and lower case alike.
        body: At most `MOST_BYTES`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Pooled connections to one endpoint; safe for use by many threads at once.

    They are those of an adapter of `requests`, without a session: that would merge its settings into each request, a
    fifth of the request's time, and parse cookies and where a redirect leads, though none is followed.

    Args:
        endpoint: Scheme, host and port of the service.
        connections: How many connections are kept.

    Raises:
        ConfigurationError: The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, endpoint: str, *, connections: int = MAX_CONCURRENCY) -> None:
        self.endpoint = endpoint
        self._connections = connections
        self._aborted = False
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        # The environment is read and checked here, once: all requests use the same settings.
        self._proxies = proxies_for(self.endpoint)
        self._certificates = certificates_for(self.endpoint)
        self._monitor = DeadlineMonitor()
        self._adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=self._connections)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()
        self._monitor.stop_when_idle()

    def abort(self) -> None:
        """End all requests that are under way, and refuse further ones."""
        self._aborted = True
        self._monitor.expire_all()

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        prepare: Callable[[requests.PreparedRequest], None],
        seconds: float,
        body: bytes = b"",
    ) -> Response:
        """Send one request.

        Args:
            method: Such as `GET`.
            target: Path and query, escaped as they are sent.
            headers: Headers to send.
            prepare: Called with the prepared request just before it is sent, to sign it.
            seconds: The time limit, up to the last byte of the response.
            body: The body, which is sent where it is not empty.

        Raises:
            RequestError: No complete response came in time.
            InvalidResponseError: The response is too large, or encoded though no encoding was requested.
            ConfigurationError: The certificates that the environment names can no longer be used.
        """
        if self._process != os.getpid():
            # After a fork: the monitor's thread and the connections belong to the parent process.
            self._open()
        with self._monitor.watch(seconds) as deadline:
            if self._aborted:
                self._raise_expired(seconds)
            try:
                response = self._send(method, target, headers, prepare, seconds, body)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                # The socket's own timeout may come before the monitor's, and appears as a broken connection.
                if deadline.expired or time.monotonic() >= deadline.ends_at:
                    self._raise_expired(seconds, error)
                if not isinstance(error, requests.RequestException) or isinstance(error, requests.exceptions.SSLError):
                    certificates_for(self.endpoint)  # raises where the files have been removed since
                _translate(error)
            if deadline.expired or self._aborted:
                # A response without a length that was cut off appears complete.
                self._raise_expired(seconds)
        return response

    def _send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        prepare: Callable[[requests.PreparedRequest], None],
        seconds: float,
        body: bytes,
    ) -> Response:
        request = requests.PreparedRequest()
        request.prepare_method(method)
        # As it is: `prepare_url` would parse and escape again what has been checked and escaped.
        request.url = self.endpoint + target
        request.prepare_headers({**_HEADERS, **headers})
        request.prepare_body(body or None, None)
        prepare(request)
        with self._adapter.send(
            request,
            stream=True,
            timeout=(min(_CONNECT_SECONDS, seconds), seconds),
            verify=self._certificates,
            proxies=self._proxies,
        ) as response:
            return Response(response.status_code, response.headers, _read(response))

    def _raise_expired(self, seconds: float, cause: Exception | None = None) -> NoReturn:
        if self._aborted:
            raise RequestError(CANCELLED) from None
        lookup = next((each for each in _chain(cause) if isinstance(each, LookupTimeoutError)), None)
        if lookup is not None:
            what = f"no response came within {seconds:.3g} s: {lookup.strerror}"
            raise TimeLimitError(what, hint=_ROUTE, in_lookup=True) from None
        raise TimeLimitError(f"no complete response came within {seconds:.3g} s", hint=_LATER) from None


def _read(response: requests.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        # No other word is quoted: it may be anything, such as a secret that is echoed.
        known = f" ({encoding})" if encoding in _ENCODINGS else ""
        raise InvalidResponseError(f"the response is encoded{known} though no encoding was requested")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_SIZE):
        body += chunk
        if len(body) > MOST_BYTES:
            raise InvalidResponseError(f"the response is larger than {MOST_BYTES} bytes")
    return bytes(body)


_LATER = Message("Try again later; where responses are slow, raise {request_timeout:places}.")
_ROUTE = Message("Check the endpoint ({uin} and {region}), the name server, the proxy and the firewall.")
_TLS = "Check the endpoint, this machine's clock and its certificates (REQUESTS_CA_BUNDLE names others)."

# What the libraries raise, subclasses before their base classes: our error, what happened, and a hint.
_TRANSLATIONS: tuple[tuple[type[Exception], type[RequestError], str, str | Message], ...] = (
    (requests.exceptions.SSLError, TlsError, "the TLS connection was refused", _TLS),
    (requests.exceptions.ProxyError, ConnectionFailedError, "the proxy failed", _ROUTE),
    (requests.exceptions.ConnectTimeout, TimeLimitError, "no connection was made in time", _ROUTE),
    (requests.exceptions.Timeout, TimeLimitError, "no response came in time", _LATER),
    (requests.exceptions.ChunkedEncodingError, ConnectionFailedError, "the response broke off", ""),
    (requests.exceptions.ContentDecodingError, ConnectionFailedError, "the response was malformed", ""),
    (requests.exceptions.ConnectionError, ConnectionFailedError, "the service could not be reached", _ROUTE),
    (requests.exceptions.RequestException, RequestError, "the request could not be made", ""),
    (urllib3.exceptions.HTTPError, ConnectionFailedError, "the response broke off", ""),
    (OSError, ConnectionFailedError, "the service could not be reached", _ROUTE),
    (ValueError, ConnectionFailedError, "the response was malformed", ""),  # such as a negative chunk size
)


# The error of the standard library where a proxy does not connect. The proxy's own words follow, and are not quoted.
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_REFUSING_PROXY = (
    "Check the proxy that HTTPS_PROXY names: its user and password, and whether it allows the endpoint. "
    "NO_PROXY exempts an endpoint from it."
)
_NO_SUCH_PROXY = "Check the proxy that HTTPS_PROXY names, and the name server."


def _translate(error: Exception) -> NoReturn:
    """Raise an error of this package for one of the libraries, which is not kept: it holds the request."""
    reason = _reason(error)
    through_proxy = isinstance(error, requests.exceptions.ProxyError)
    for each in _chain(error):
        status = _TUNNEL.match(str(each.args[0])) if through_proxy and each.args else None
        if status:
            what = f"the proxy responded with HTTP status {status[1]}"
            raise ConnectionFailedError(what, hint=_REFUSING_PROXY, http_status=int(status[1])) from None
        if isinstance(each, urllib3.exceptions.NameResolutionError):
            owner, hint = ("proxy", _NO_SUCH_PROXY) if through_proxy else ("endpoint", _ROUTE)
            raise ConnectionFailedError(
                f"the {owner}'s name was not found: {reason}", hint=hint, name_not_found=True
            ) from None
    for theirs, ours, what, hint in _TRANSLATIONS:
        if isinstance(error, theirs):
            raise ours(f"{what}: {reason}" if reason else what, hint=hint) from None
    raise error


def _reason(error: BaseException) -> str:
    """Return the reason of the operating system or the TLS library, from the innermost of chained errors."""
    found = ""
    for each in _chain(error):
        if isinstance(each, OSError) and each.strerror:
            found = each.strerror
    return found


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all errors that caused it, the innermost last."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, each.__context__, each.__cause__, getattr(each, "reason", None)]
