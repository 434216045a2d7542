"""One deadline for a whole request, from the name lookup to the last byte of the response.

The timeouts of `requests` and `urllib3` apply to single steps: one address to connect to, one call that reads. A name
with many addresses, a server that sends a byte every second or a name lookup that hangs can therefore hold up a request
without end. Here a thread watches all requests that are under way. When the deadline of one of them has passed, the
thread resets its connection, so that whatever call blocks on it ends.

What this overrides, each for a reason:

- `HTTPConnection.request` and `_new_conn` attach the connection to the deadline. `_new_conn` also resolves names by
  `resolver`, whose lookups end in time, and shares the time that is left among all addresses of a name.
- `HTTPConnection.close` drops the duplicate of the socket that the deadline uses.
- `HTTPConnection._tunnel` raises where the deadline has passed: a proxy's response that was cut off appears complete.
- `HTTPConnection.getresponse` removes cookies, which `requests` would parse at any length.
- `HTTPConnection.debuglevel` stays 0: the standard library would print whole requests, with the token.
- `HTTPConnectionPool._put_conn` keeps no connection whose deadline has passed.
- `HTTPAdapter.init_poolmanager` and `proxy_manager_for` use these pools; `close` also closes their connections.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

from pulumi_cosjob._errors import no_thread
from pulumi_cosjob._service.resolver import RESOLVER, LookupTimeoutError

__all__ = ["Deadline", "DeadlineAdapter", "DeadlineConnection", "DeadlineMonitor"]

# The monitor's thread ends when there has been no request for so long.
_IDLE_SECONDS = 5.0
# A connection that expires at the moment it begins to connect goes on, and is reset again after so long.
_EXPIRE_AGAIN_SECONDS = 0.1


class _Duplicate:
    """A duplicate of a connection's socket, by which the monitor resets it: closed when nothing uses it any more.

    TLS detaches the original socket, and a connection that ends with its response drops the socket before the body is
    read. A duplicate for each request would take longer: other threads run while one is made, and while it is closed.

    Args:
        duplicate: The socket.
    """

    def __init__(self, duplicate: socket.socket) -> None:
        self._socket = duplicate

    def __del__(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """End whatever blocks on the connection."""
        with contextlib.suppress(OSError):  # it may just have ended by itself
            # With this option it is reset when it is closed: a peer that goes on sending would otherwise not notice for
            # a minute.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.shutdown(socket.SHUT_RDWR)


class Deadline:
    """The deadline of one request, with the connection that serves it.

    Args:
        ends_at: When the request is over, by the monotonic clock.

    Attributes:
        ends_at: The same.
        expired: Whether the request was ended, by the clock or by `expire`.
    """

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.expired = False
        self._duplicate: _Duplicate | None = None
        self._lock = threading.Lock()

    def attach(self, duplicate: _Duplicate) -> None:
        """Reset this connection when the deadline passes; called before it connects, or when it is used again."""
        with self._lock:
            self._duplicate = duplicate
        if self.expired:
            self.expire()

    def release(self) -> None:
        """Leave the connection alone from now on: the request is over."""
        with self._lock:
            self._duplicate = None

    def expire(self) -> None:
        """End the request now, whatever it waits for."""
        self.expired = True
        RESOLVER.wake()
        with self._lock:
            if self._duplicate is not None:
                self._duplicate.reset()


class DeadlineMonitor:
    """Expires the requests of one transport when their deadlines pass, from a thread that runs while there are any."""

    def __init__(self) -> None:
        self._deadlines: set[Deadline] = set()
        self._changed = threading.Condition()
        self._wakes_at: float | None = None
        self._idle_seconds = _IDLE_SECONDS

    @contextlib.contextmanager
    def watch(self, seconds: float) -> Iterator[Deadline]:
        """Give the request that this thread makes in the body so many seconds.

        Raises:
            RequestError: No thread can be started.
        """
        deadline = Deadline(time.monotonic() + seconds)
        _current.deadline = deadline
        with self._changed:
            if self._wakes_at is None:
                # Before the request: without the thread, none is made.
                try:
                    threading.Thread(target=self._run, name="cosjob-deadlines", daemon=True).start()
                except RuntimeError as error:
                    raise no_thread(error) from None
                self._wakes_at = deadline.ends_at
            elif deadline.ends_at < self._wakes_at:
                self._changed.notify()
            self._deadlines.add(deadline)
        try:
            yield deadline
        finally:
            with self._changed:
                self._deadlines.discard(deadline)
                if not self._idle_seconds:
                    self._changed.notify()
            deadline.release()
            _current.deadline = None

    def expire_all(self) -> None:
        """End all requests that are under way, and then the thread."""
        with self._changed:
            for deadline in self._deadlines:
                deadline.expire()
        self.stop_when_idle()

    def stop_when_idle(self) -> None:
        """Let the thread end as soon as no request is under way."""
        with self._changed:
            self._idle_seconds = 0.0
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            idle = False
            while self._deadlines or not idle:
                idle = not self._deadlines
                now = time.monotonic()
                over = [each for each in self._deadlines if each.expired or each.ends_at <= now]
                for deadline in over:
                    deadline.expire()
                next_ends = [each.ends_at for each in self._deadlines if not each.expired]
                if over:
                    next_ends.append(now + _EXPIRE_AGAIN_SECONDS)
                self._wakes_at = min(next_ends, default=now + self._idle_seconds)
                self._changed.wait(max(0.0, self._wakes_at - now))
            self._wakes_at = None


# The deadline of the request that each thread makes: urllib3 has no way to hand it to a connection.
_current = threading.local()


def _is_of_another_library(_record: logging.LogRecord) -> bool:
    """Return False for records about our responses: urllib3 quotes header lines that it cannot parse."""
    return getattr(_current, "deadline", None) is None


logging.getLogger("urllib3.connection").addFilter(_is_of_another_library)


class DeadlineConnection(urllib3.connection.HTTPConnection):
    """A connection that attaches itself to the deadline of the request that uses it."""

    debuglevel = 0
    _duplicate: _Duplicate | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self._duplicate is not None:
            _current.deadline.attach(self._duplicate)
        super().request(*args, **kwargs)

    def close(self) -> None:
        """Close the connection; its deadline may have to reach it until the body of the last response is read."""
        super().close()
        self._duplicate = None

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        """Remove cookies before `requests` parses them: megabytes of them take seconds."""
        response = super().getresponse()
        original = response._original_response  # noqa: SLF001  where requests reads them
        if original is not None:
            for name in ("Set-Cookie", "Set-Cookie2"):
                del original.msg[name]
        return response

    def _tunnel(self) -> None:
        super()._tunnel()
        if _current.deadline.expired:
            raise TimeoutError

    def _new_conn(self) -> socket.socket:
        """Connect to one address of the host: all of them together have the time that is left."""
        deadline = _current.deadline
        ends_at = min(deadline.ends_at, time.monotonic() + float(self.timeout or 0))
        failure: OSError = OSError("the name has no address")
        addresses = self._resolve(deadline, ends_at)
        for number, address in enumerate(addresses):
            if deadline.expired:
                break
            try:
                return self._connect_to(address, (ends_at - time.monotonic()) / (len(addresses) - number))
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise urllib3.exceptions.ConnectTimeoutError(self, "no connection was made in time") from failure
        raise urllib3.exceptions.NewConnectionError(self, "no connection was made") from failure

    def _resolve(self, deadline: Deadline, ends_at: float) -> list[Any]:
        host, family = self._dns_host.strip("[]"), urllib3.util.connection.allowed_gai_family()
        try:
            return RESOLVER.resolve(host, self.port, family, ends_at - time.monotonic(), lambda: deadline.expired)
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self.host, self, error) from error
        except LookupTimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, "no connection was made in time") from error

    def _connect_to(self, address: Any, seconds: float) -> socket.socket:
        family, kind, protocol, _, socket_address = address
        connection = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                connection.setsockopt(*option)
            # The address family makes no difference to what is done with the duplicate.
            self._duplicate = _Duplicate(socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM))
            _current.deadline.attach(self._duplicate)
            connection.settimeout(max(0.001, seconds))
            connection.connect(socket_address)
            connection.settimeout(self.timeout)
        except BaseException:
            connection.close()
            raise
        return connection


class _TlsDeadlineConnection(DeadlineConnection, urllib3.connection.HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    """Keeps no connection that was cut off: its response may have had no end yet."""

    ConnectionCls = DeadlineConnection

    def _put_conn(self, conn: Any) -> None:
        deadline = getattr(_current, "deadline", None)
        if conn is not None and deadline is not None:
            deadline.release()  # first: nothing may reset the connection once another request can use it
            if deadline.expired:
                conn.close()
        super()._put_conn(conn)


class _TlsPool(_Pool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsDeadlineConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class DeadlineAdapter(HTTPAdapter):
    """Makes connections that keep to the deadline, directly or through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def close(self) -> None:
        """Close the connections as well: `requests` leaves that to the garbage collector, which may take long."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118  urllib3's container cannot be iterated
                manager.pools[key].close()
        super().close()
