"""The edge to the network: one pooled session, requests that are bounded in time and size, errors as ours."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import ssl
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pulumi_cosjob._checks import is_loopback
from pulumi_cosjob._clock import CALLED_OFF
from pulumi_cosjob._errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidResponseError,
    RequestError,
    TimeLimitError,
    TlsError,
    no_thread,
)
from pulumi_cosjob._messages import Message
from pulumi_cosjob._service.resolver import RESOLVER, LookupTimeoutError
from pulumi_cosjob._text import quoted, reason_of
from pulumi_cosjob._xml.schema import MOST_BYTES

__all__ = ["Answer", "Transport"]

_CONNECT_SECONDS = 10.0
_CHUNK = 64 * 1024
_ENCODINGS = frozenset({"gzip", "deflate", "br", "zstd", "compress"})
# The thread that watches over requests ends when there have been none for so long.
_IDLE_SECONDS = 5.0
# What was cut in the moment in which it began to connect goes on, and is cut again.
_CUT_AGAIN_SECONDS = 0.1


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


class Deadline:
    """One request that is ended when its time is over, however slowly bytes still trickle in."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired = False
        self._line: socket.socket | None = None
        self._lock = threading.Lock()

    def hold(self, connected: socket.socket) -> None:
        """Take hold of the connection that serves the request, from before it is made until the answer is there."""
        # A duplicate: TLS takes a socket away from whoever made it, and a connection that is to end with its answer
        # forgets its socket before the body is read. The family does not matter to what is done with it.
        line = socket.fromfd(connected.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        self.release()
        with self._lock:
            self._line = line
        if self.expired:
            self.cut()

    def release(self) -> None:
        """Leave the connection to its pool, or to its end."""
        with self._lock:
            line, self._line = self._line, None
            if line is not None:
                line.close()

    def cut(self) -> None:
        """End the request now."""
        self.expired = True
        RESOLVER.wake()
        with self._lock:
            if self._line is not None:
                with contextlib.suppress(OSError):  # it may have ended by itself just now
                    # Closed, it is reset: a peer that goes on sending would else not learn of it for a minute.
                    self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self._line.shutdown(socket.SHUT_RDWR)


class DeadlineMonitor:
    """Watches over all requests of a transport from one thread, which ends when there has been none for a while."""

    def __init__(self) -> None:
        self._watches: set[Deadline] = set()
        self._changed = threading.Condition()
        self._wakes_at: float | None = None
        self._lingers = _IDLE_SECONDS

    @contextlib.contextmanager
    def over(self, seconds: float) -> Iterator[Deadline]:
        """Watch over the request of this thread for so many seconds.

        Raises:
            RequestError: No thread can be started.
        """
        watch = Deadline(time.monotonic() + seconds)
        _current.watch = watch
        with self._changed:
            if self._wakes_at is None:
                # First of all: where no thread can be started, there is no request that nobody watches over.
                try:
                    threading.Thread(target=self._run, name="cosjob-watchdog", daemon=True).start()
                except RuntimeError as error:
                    raise no_thread(error) from None
                self._wakes_at = watch.deadline
            elif watch.deadline < self._wakes_at:
                self._changed.notify()
            self._watches.add(watch)
        try:
            yield watch
        finally:
            with self._changed:
                self._watches.discard(watch)
                if not self._lingers:
                    self._changed.notify()
            watch.release()
            _current.watch = None

    def cut_all(self) -> None:
        """End all requests that are under way, and then the thread."""
        with self._changed:
            for watch in self._watches:
                watch.cut()
        self.leave()

    def leave(self) -> None:
        """Let the thread end as soon as nothing is under way."""
        with self._changed:
            self._lingers = 0.0
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            idle = False
            while self._watches or not idle:
                idle = not self._watches
                now = time.monotonic()
                late = [watch for watch in self._watches if watch.expired or watch.deadline <= now]
                for watch in late:
                    watch.cut()
                waiting = [watch.deadline for watch in self._watches if not watch.expired]
                if late:
                    waiting.append(now + _CUT_AGAIN_SECONDS)
                self._wakes_at = min(waiting, default=now + self._lingers)
                self._changed.wait(max(0.0, self._wakes_at - now))
            self._wakes_at = None


_current = threading.local()


def _is_of_others(_record: logging.LogRecord) -> bool:
    """Keep urllib3 from quoting, in its log, header lines of our answers that it cannot read: they may echo keys."""
    return getattr(_current, "watch", None) is None


logging.getLogger("urllib3.connection").addFilter(_is_of_others)


class DeadlineConnection(urllib3.connection.HTTPConnection):
    """Tells the watch of this thread's request which connection serves it."""

    # The standard library's switch for all connections prints whole requests: the token, and who is asking.
    debuglevel = 0

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _current.watch.hold(self.sock)
        super().request(*args, **kwargs)

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        """Take cookies out of an answer before requests would read them: megabytes of them take seconds."""
        answer = super().getresponse()
        original = answer._original_response  # noqa: SLF001  where requests looks
        if original is not None:
            for name in ("Set-Cookie", "Set-Cookie2"):
                del original.msg[name]
        return answer

    def _tunnel(self) -> None:
        super()._tunnel()
        if _current.watch.expired:
            raise TimeoutError  # what was cut off looks like the end of the proxy's answer, and TLS would begin

    def _new_conn(self) -> socket.socket:
        """Do as urllib3, which gives each address the whole time: here all of them together have what is left."""
        ends = min(_current.watch.deadline, time.monotonic() + float(self.timeout or 0))
        watch, family = _current.watch, urllib3.util.connection.allowed_gai_family()
        host, left = self._dns_host.strip("[]"), ends - time.monotonic()
        try:
            found = RESOLVER.resolve(host, self.port, family, left, lambda: watch.expired)
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self.host, self, error) from error
        except LookupTimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, "no connection was made in time") from error
        failure = OSError("the name has no address")
        for number, address in enumerate(found):
            if watch.expired:
                break
            try:
                return self._connected(address, (ends - time.monotonic()) / (len(found) - number))
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise urllib3.exceptions.ConnectTimeoutError(self, "no connection was made in time") from failure
        raise urllib3.exceptions.NewConnectionError(self, "no connection was made") from failure

    def _connected(self, address: Any, seconds: float) -> socket.socket:
        family, kind, protocol, _, where = address
        line = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                line.setsockopt(*option)
            _current.watch.hold(line)
            line.settimeout(max(0.001, seconds))
            line.connect(where)
            line.settimeout(self.timeout)
        except BaseException:
            line.close()
            raise
        return line


class TlsDeadlineConnection(DeadlineConnection, urllib3.connection.HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    """Keeps no connection that was cut off: what looks like its end may be taken for that of an answer."""

    def _put_conn(self, conn: Any) -> None:
        watch = getattr(_current, "watch", None)
        if conn is not None and watch is not None and watch.expired:
            conn.close()
        super()._put_conn(conn)


class _HTTPPool(_Pool):
    ConnectionCls = DeadlineConnection


class _HTTPSPool(_Pool, urllib3.HTTPSConnectionPool):
    ConnectionCls = TlsDeadlineConnection


class _Adapter(HTTPAdapter):
    """Opens watched connections, directly or through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager

    def close(self) -> None:
        """Close the connections too: requests leaves them to the garbage collector, which errors may keep from it."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118  urllib3's container cannot be iterated
                manager.pools[key].close()
        super().close()


class _Session(requests.Session):
    """Does not look where a redirect leads: requests would, even where it is not to follow, and fail if it cannot."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  as requests calls it
        return None


class Transport:
    """A pooled session to one endpoint; may be used by many threads at once.

    Args:
        endpoint: Where to ask.
        connections: How many connections are kept.

    Raises:
        ConfigurationError: The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, endpoint: str, *, connections: int = 64) -> None:
        self.endpoint = endpoint
        self._connections = connections
        self._aborted = False
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        self._session = _Session()
        # What is taken from the environment is taken here: it is checked, and it is the same for all questions.
        self._session.trust_env = False
        self._session.proxies.update(_proxies(self.endpoint))
        self._session.verify = _certificates(self.endpoint)
        self._watchdog = DeadlineMonitor()
        adapter = _Adapter(pool_connections=1, pool_maxsize=self._connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._watchdog.leave()

    def abort(self) -> None:
        """Cut off all requests that are under way, and make no more."""
        self._aborted = True
        self._watchdog.cut_all()

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
            InvalidResponseError: The answer is too large, or encoded though none had asked for that.
            ConfigurationError: The certificates that the environment named cannot be used any more.
        """
        if self._process != os.getpid():
            # After a fork: the watchdog's thread has stayed behind, and the connections are the other process's, too.
            self._open()

        def last_of_all(request: requests.PreparedRequest) -> requests.PreparedRequest:
            prepare(request)
            return request

        with self._watchdog.over(seconds) as watch:
            if self._aborted:
                self._cut_off(seconds)
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
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                # The socket's own limit may strike before the watchdog is awake, and is told as a broken connection.
                if watch.expired or time.monotonic() >= watch.deadline:
                    self._cut_off(seconds, error)
                if not isinstance(error, requests.RequestException) or isinstance(error, requests.exceptions.SSLError):
                    _certificates(self.endpoint)  # which may have been taken away
                _translate(error)
            if watch.expired or self._aborted:
                # An answer without a length that was cut off looks whole.
                self._cut_off(seconds)
        return Answer(response.status_code, response.headers, body)

    def _cut_off(self, seconds: float, cause: Exception | None = None) -> NoReturn:
        if self._aborted:
            raise RequestError(CALLED_OFF) from None
        hung = next((each for each in _chain(cause) if isinstance(each, LookupTimeoutError)), None)
        if hung is not None:
            what = f"no answer came within {seconds:.3g} s: {hung.strerror}"
            raise TimeLimitError(what, hint=_ROUTE, in_lookup=True) from None
        raise TimeLimitError(f"no whole answer came within {seconds:.3g} s", hint=_LATER) from None


_PROXY = "It is the URL of an HTTP proxy, such as http://proxy.example.com:3128. Its value is not shown."


def _proxies(endpoint: str) -> dict[str, str]:
    """Return the proxy that the environment names for an endpoint, if it does.

    Raises:
        ConfigurationError: It cannot be used.
    """
    # A proxy has no business between this machine and itself, and would see what is plain text there.
    if is_loopback(urlsplit(endpoint).hostname or ""):
        return {}
    proxy = requests.utils.select_proxy(endpoint, requests.utils.get_environ_proxies(endpoint))
    if not proxy:
        return {}
    named = [name for each in ("https_proxy", "all_proxy") for name in (each, each.upper()) if os.environ.get(name)]
    variable = named[0] if named else "the proxy of this system"
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        url = urllib3.util.parse_url(proxy)
        scheme, found = url.scheme or "", bool((url.host or "").encode("idna"))
    except ValueError:
        scheme, found = "", False
    if scheme.startswith("socks"):
        raise ConfigurationError(f"{variable} names a SOCKS proxy, which is not supported", hint=_PROXY)
    if not found or scheme not in ("http", "https"):
        raise ConfigurationError(f"{variable} names no proxy that can be used", hint=_PROXY)
    return {"https": proxy}


def _certificates(endpoint: str) -> str | bool:
    """Return the certificates that the environment names, or True for the usual ones.

    Raises:
        ConfigurationError: They cannot be used.
    """
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        certificates = os.environ.get(variable)
        if certificates:
            problem = _problem_of(certificates) if endpoint.startswith("https:") else ""
            if problem:
                hint = "It is a file of certificates in PEM form, or a folder of them; unset it for the usual ones."
                raise ConfigurationError(f"{variable}: {problem}: {quoted(certificates)}", hint=hint) from None
            return certificates
    return True


def _problem_of(certificates: str) -> str:
    """Return why a path holds no certificates; empty where it does."""
    try:
        if stat.S_ISDIR(os.stat(certificates).st_mode):  # noqa: PTH116  Path hides some errors
            os.scandir(certificates).close()
        else:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificates)
    except ssl.SSLError:
        return "cannot be read as certificates in PEM form"
    except (OSError, ValueError) as error:
        return reason_of(error)
    return ""


def _read(response: requests.Response) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        # Any other word is not quoted: it may be anything, a key that is echoed included.
        known = f" ({encoding})" if encoding in _ENCODINGS else ""
        raise InvalidResponseError(f"the answer is encoded{known} though that was not asked for")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise InvalidResponseError(f"the answer is larger than {MOST_BYTES} bytes")
    return bytes(body)


_LATER = Message("Try again later; where responses are slow, raise {request_timeout:places}.")
_ROUTE = Message("Check the endpoint ({uin} and {region}), the name server, the proxy and the firewall.")
_TLS = "Check the endpoint, this machine's clock and its certificates (REQUESTS_CA_BUNDLE names others)."

# What the libraries raise, the most special first.
_TRANSLATIONS: tuple[tuple[type[Exception], type[RequestError], str, str | Message], ...] = (
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
    (ValueError, ConnectionFailedError, "the answer was garbled", ""),  # such as a negative chunk
)


# What a proxy answers that does not connect, as the standard library raises it; the proxy's own words may be anything.
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_REFUSING_PROXY = (
    "Check the proxy that HTTPS_PROXY names: its user and password, and whether it lets the endpoint through. "
    "NO_PROXY exempts an endpoint from it."
)
_NO_SUCH_PROXY = "Check the proxy that HTTPS_PROXY names, and the name server."


def _translate(error: Exception) -> NoReturn:
    reason = _reason(error)
    through_proxy = isinstance(error, requests.exceptions.ProxyError)
    for each in _chain(error):
        status = _TUNNEL.match(str(each.args[0])) if through_proxy and each.args else None
        if status:
            what = f"the proxy answered with HTTP status {status[1]}"
            raise ConnectionFailedError(what, hint=_REFUSING_PROXY, http_status=int(status[1])) from None
        if isinstance(each, urllib3.exceptions.NameResolutionError):
            whose, hint = ("proxy", _NO_SUCH_PROXY) if through_proxy else ("endpoint", _ROUTE)
            raise ConnectionFailedError(
                f"the {whose}'s name was not found: {reason}", hint=hint, name_not_found=True
            ) from None
    for theirs, ours, what, hint in _TRANSLATIONS:
        if isinstance(error, theirs):
            raise ours(f"{what}: {reason}" if reason else what, hint=hint) from None
    raise error


def _reason(error: BaseException) -> str:
    """Return what the operating system or the TLS library said, from the innermost of chained errors."""
    found = ""
    for each in _chain(error):
        if isinstance(each, OSError) and each.strerror:
            found = each.strerror
    return found


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it was raised for, the innermost last."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, each.__context__, each.__cause__, getattr(each, "reason", None)]
