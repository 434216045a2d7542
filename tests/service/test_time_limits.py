"""Time limits of a request: slow responses, slow handshakes, unreachable addresses, and `abort`."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from clients import APPID, ID, KEY, TOKEN, client_of, clock, collect_what_is_left_open, failure, service

from documents import JOB_ID, job
from patience import HANGS
from pulumi_cosjob._errors import ConnectionFailedError, InvalidResponseError, RequestError, TimeLimitError
from pulumi_cosjob._service import deadline, transport
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import read_request, reply, serving

__all__ = ["clock", "service"]


@pytest.mark.parametrize(
    "fault", [Fault("slow", seconds=0.02, times=None), Fault("delay", seconds=3600, times=None)], ids=lambda it: it.kind
)
def test_slow_responses_are_ended_by_the_time_limit(fault: Fault) -> None:
    """Neither bytes that trickle in nor a response that never comes hold a request up for longer than its limit."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        job_id = service.create_job()
        service.inject(fault)
        with client_of(service, request_timeout=0.4) as client:
            error = failure(client, job_id, TimeLimitError)
    assert "request_timeout" in error.hint
    assert isinstance(error, TimeoutError)


@pytest.mark.parametrize(("timeout", "seconds"), [(0.4, 0.4), (5, 5), (60, 10), (120, 20), (3600, 600)])
def test_an_attempt_has_its_share_of_the_time_limit(
    timeout: float, seconds: float, service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share of a poll is that of any attempt: where the setting is raised, slow responses have more time."""
    job_id, given = service.create_job(), []
    with client_of(service, clock, request_timeout=timeout) as client:
        send = client._connection._transport_to(client.endpoint).request

        def get(*arguments: Any) -> Any:
            given.append(arguments[-1])
            return send(*arguments)

        monkeypatch.setattr(client._connection._transport_to(client.endpoint), "request", get)
        client.describe_job(job_id, APPID)
        client.poll(job_id, APPID)
    assert given == [seconds, seconds]


def test_an_endless_response_is_ended() -> None:
    """A body without end is abandoned at the limit of size or of time, whichever comes first."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        service.inject(Fault("endless", times=None))
        with client_of(service, request_timeout=1) as client:
            assert isinstance(failure(client), (InvalidResponseError, TimeLimitError))


def trickle(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Return a handler that sends a head, and then a piece every 20 ms without end."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(piece)

    return handle


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["headers", "status line", "body without length", "chunks", "continue"],
)
def test_no_part_of_a_response_can_trickle_past_the_limit(head: bytes, piece: bytes) -> None:
    """The one limit covers status line, headers and body of any kind; a body that was cut off never looks complete."""
    with serving(trickle(head, piece)) as port:
        endpoint = f"http://127.0.0.1:{port}"
        with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            assert isinstance(failure(client), (TimeLimitError, ConnectionFailedError))


def test_a_tls_handshake_cannot_trickle_past_the_limit() -> None:
    """The limit covers the time before the first byte of HTTP."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x40\x00")
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(b"\x02")

    with serving(handle) as port:
        endpoint = f"https://127.0.0.1:{port}"
        with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            failure(client, kind=RequestError)


def test_a_proxys_response_cannot_trickle_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit covers the time in which a proxy connects."""
    with serving(trickle(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            failure(client, kind=TimeLimitError)


def test_a_forked_process_uses_connections_of_its_own() -> None:
    """The limit holds there too, and neither process reads the other's response."""
    connections = itertools.count()
    whole = reply(job("")).replace(b"Connection: close\r\n", b"")

    def handle(connection: socket.socket) -> None:
        if next(connections) == 0:
            while read_request(connection):
                connection.sendall(whole)
        else:
            trickle(b"HTTP/1.1 200 OK\r\n\r\n", b" ")(connection)

    program = """
import os, sys
from pulumi_cosjob import CosBatchClient, TimeLimitError
client = CosBatchClient(endpoint=sys.argv[1], secret_id="id", secret_key="key", request_timeout=0.5)
client.describe_job(sys.argv[2], "1")
child = os.fork()
if child == 0:
    try:
        client.describe_job(sys.argv[2], "1")
    except TimeLimitError:
        os._exit(0)
    os._exit(1)
client.describe_job(sys.argv[2], "1")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with serving(handle) as port:
        command = [sys.executable, "-c", program, f"http://127.0.0.1:{port}", JOB_ID]
        assert subprocess.run(command, timeout=HANGS, check=False).returncode == 0
    assert next(connections) == 2


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Listen with a full backlog, so that no connection is made; yields the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(4):
            each = stack.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def resolving_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> Iterator[None]:
    """Let every name resolve to these ports of this machine."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        yield


def test_all_addresses_together_have_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with eight addresses, none of which can be reached, has the time of one request."""
    given: list[float] = []
    real = deadline.DeadlineConnection._connect_to

    def connect(connection: deadline.DeadlineConnection, address: Any, seconds: float) -> socket.socket:
        given.append(seconds)
        return real(connection, address, seconds)

    monkeypatch.setattr(deadline.DeadlineConnection, "_connect_to", connect)
    with (
        black_hole() as port,
        resolving_to(monkeypatch, *[port] * 8),
        CosBatchClient(endpoint="https://localhost", secret_id=ID, secret_key=KEY, request_timeout=0.4) as client,
    ):
        failure(client, kind=TimeLimitError)
    assert sum(given) <= 0.4


def test_an_address_that_cannot_be_reached_leaves_time_for_the_next(
    service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address has its share: where the first of two is unreachable, the request succeeds in time."""
    job_id = service.create_job()
    with (
        black_hole() as port,
        resolving_to(monkeypatch, port, int(service.endpoint.rpartition(":")[2])),
        client_of(service, clock, request_timeout=4) as client,
    ):
        assert client.describe_job(job_id, APPID).job_id == job_id


FIRST_BYTES = {"proxy": b"HTTP/1.1 200 OK\r\n", "handshake": b"\x16\x03\x03\x40\x00", "response": b""}


@pytest.mark.parametrize("how", ["connect", *FIRST_BYTES])
def test_abort_ends_a_request_at_any_step(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it connects, waits for a proxy, for the handshake or for the response, it ends at once."""
    reached = threading.Event()
    # A request that is not ended hangs.
    monkeypatch.setattr(transport, "_CONNECT_SECONDS", 3600.0)
    real = deadline.DeadlineConnection._connect_to

    def connect(connection: deadline.DeadlineConnection, address: Any, seconds: float) -> socket.socket:
        reached.set()
        return real(connection, address, seconds)

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(FIRST_BYTES[how])
        reached.set()
        while connection.recv(65536):
            pass

    with contextlib.ExitStack() as stack:
        port = stack.enter_context(black_hole() if how == "connect" else serving(handle))
        endpoint = f"http://127.0.0.1:{port}"
        if how == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", endpoint)
            endpoint = "https://cos.example.com"
        elif how == "handshake":
            endpoint = f"https://127.0.0.1:{port}"
        credentials: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "request_timeout": 3600}
        client = stack.enter_context(CosBatchClient(endpoint=endpoint, **credentials))
        if how == "connect":
            monkeypatch.setattr(deadline.DeadlineConnection, "_connect_to", connect)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        read = pool.submit(client.describe_job, JOB_ID, APPID)
        assert reached.wait(HANGS)
        client.abort()
        with pytest.raises(RequestError, match="cancelled"):
            read.result(HANGS)
    del read
    collect_what_is_left_open()


def test_a_connection_in_the_pool_is_not_reset_by_the_request_before() -> None:
    """Its deadline may pass at that moment; another request may use the connection already."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        theirs, _ = listener.accept()
        monitor = deadline.DeadlineMonitor()
        with theirs, monitor.watch(HANGS) as watched:
            watched.attach(deadline._Duplicate(ours.dup()))
            pool = deadline._Pool("127.0.0.1", listener.getsockname()[1])
            pool._put_conn(deadline.DeadlineConnection("127.0.0.1"))
            watched.expire()
            ours.sendall(b"next request")
            assert theirs.recv(100) == b"next request"
            pool.close()
    monitor.stop_when_idle()
