"""The edge to the network: one pooled session, requests that are bounded in time and size, errors as ours."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pulumi_cosjob._errors import (
    ConnectionFailedError,
    InvalidAnswerError,
    RequestError,
    TimeLimitError,
    TlsError,
)
from pulumi_cosjob._settings import is_loopback

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MOST_BYTES", "Answer", "Transport"]

MOST_BYTES = 1024 * 1024
_CONNECT_SECONDS = 10.0
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status.
        headers: By name, upper and lower case alike.
        body: At most `MOST_BYTES`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Watch:
    """Ends one request when its time is over, however slowly bytes still trickle in."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self.connection: urllib3.connection.HTTPConnection | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _current.watch = self
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()
        _current.watch = None

    def _cut(self) -> None:
        self.expired = True
        connection = self.connection
        socket = None if connection is None else connection.sock
        if socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself just now
                socket.shutdown(2)


_current = threading.local()


class _Watched(urllib3.connection.HTTPConnection):
    """Tells the watch of this thread's request which connection serves it."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        if (watch := getattr(_current, "watch", None)) is not None:
            watch.connection = self
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, urllib3.connection.HTTPSConnection):
    """The same over TLS."""


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class _Adapter(HTTPAdapter):
    """Opens watched connections, directly or through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager


class Transport:
    """A pooled session to one endpoint; may be used by many threads at once."""

    def __init__(self, endpoint: str, *, connections: int = 16) -> None:
        self.endpoint = endpoint
        self._session = requests.Session()
        # A proxy has no business between this machine and itself, and would see what is plain text there.
        self._session.trust_env = not is_loopback(urlsplit(endpoint).hostname or "")
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(
        self,
        path: str,
        headers: Mapping[str, str],
        prepare: Callable[[requests.PreparedRequest], None],
        seconds: float,
    ) -> Answer:
        """Ask once.

        Args:
            path: The path, escaped as it goes over the wire.
            headers: What to send.
            prepare: Called with the request last of all, to sign it.
            seconds: The time limit for the whole answer.

        Raises:
            RequestError: No whole answer came in time.
            InvalidAnswerError: The answer is too large, or encoded though none had asked for that.
        """

        def last_of_all(request: requests.PreparedRequest) -> requests.PreparedRequest:
            prepare(request)
            return request

        with _Watch(seconds) as watch:
            try:
                response = self._session.get(
                    self.endpoint + path,
                    headers={"Accept-Encoding": "identity", **headers},
                    auth=last_of_all,
                    timeout=(min(_CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    body = _read(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if watch.expired:
                    _time_is_up(seconds)
                _translate(error)
            if watch.expired:
                # An answer without a length that was cut off looks whole.
                _time_is_up(seconds)
        return Answer(response.status_code, response.headers, body)


def _read(response: requests.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise InvalidAnswerError(f"the answer is encoded ({encoding[:20]!r}) though that was not asked for")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise InvalidAnswerError(f"the answer is larger than {MOST_BYTES} bytes")
    return bytes(body)


def _time_is_up(seconds: float) -> NoReturn:
    raise TimeLimitError(f"no whole answer came within {seconds:.3g} s", hint=_LATER) from None


_LATER = "Try again later; the time limit is request_timeout (cosjob:requestTimeout)."
_ROUTE = "Check the endpoint (uin and region), the name server, the proxy and the firewall."
_TLS = "Check the endpoint, this machine's clock and its certificates (REQUESTS_CA_BUNDLE names others)."

# What the libraries raise, the most special first.
_TRANSLATIONS: tuple[tuple[type[Exception], type[RequestError], str, str], ...] = (
    (requests.exceptions.SSLError, TlsError, "the TLS connection was refused", _TLS),
    (requests.exceptions.ProxyError, ConnectionFailedError, "the proxy failed", _ROUTE),
    (requests.exceptions.ConnectTimeout, TimeLimitError, "no connection was made in time", _ROUTE),
    (requests.exceptions.Timeout, TimeLimitError, "no answer came in time", _LATER),
    (requests.exceptions.ChunkedEncodingError, ConnectionFailedError, "the answer broke off", ""),
    (requests.exceptions.ContentDecodingError, ConnectionFailedError, "the answer was garbled", ""),
    (requests.exceptions.ConnectionError, ConnectionFailedError, "the service could not be reached", _ROUTE),
    (requests.exceptions.RequestException, RequestError, "the request could not be made", ""),
    (urllib3.exceptions.HTTPError, ConnectionFailedError, "the answer broke off", ""),
    (OSError, ConnectionFailedError, "the service could not be reached", _ROUTE),
)


def _translate(error: Exception) -> NoReturn:
    for theirs, ours, what, hint in _TRANSLATIONS:
        if isinstance(error, theirs):
            reason = _reason(error)
            raise ours(f"{what}: {reason}" if reason else what, hint=hint) from None
    raise error


def _reason(error: BaseException) -> str:
    """Return what the operating system or the TLS library said, from the innermost of chained errors."""
    found = ""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, OSError) and each.strerror:
            found = each.strerror
        waiting += [*each.args, each.__context__, each.__cause__, getattr(each, "reason", None)]
    return found
