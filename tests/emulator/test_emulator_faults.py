"""Faults on demand, as a client receives them."""

from __future__ import annotations

import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from emulator_client import APPID, REQUEST, Bench, bench
from pulumi_cosjob.testing import CosBatchEmulator, Fault

__all__ = ["bench"]

JOB = "job-1"
PATH = f"/jobs/{JOB}"


@pytest.fixture(autouse=True)
def _job(bench: Bench) -> None:
    """Create the job of the requests."""
    bench.emulator.create_job(job_id=JOB)


def request(bench: Bench, *, closes: bool = True) -> bytes:
    """Return a signed request for the job as bytes."""
    caller = bench.caller()
    lines = [
        f"GET {PATH} HTTP/1.1",
        f"Host: {urlsplit(bench.emulator.endpoint).netloc}",
        f"x-cos-appid: {APPID}",
        f"Authorization: {caller.authorization('GET', PATH, {})}",
        f"Connection: {'close' if closes else 'keep-alive'}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(bench: Bench) -> socket.socket:
    """Return a connection to the emulator."""
    address = urlsplit(bench.emulator.endpoint)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20)


def read_all(connection: socket.socket) -> bytes:
    """Read to the end of a connection."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def exchange(bench: Bench) -> tuple[bytes, bytes]:
    """Request the job, and return head and body as received."""
    with connect(bench) as connection:
        connection.sendall(request(bench))
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
        return head, body


def length(head: bytes) -> int:
    """Return the Content-Length of a head."""
    announced = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    return int(announced[0])


def test_error(bench: Bench) -> None:
    """One error document with any code, status and Retry-After; then the true response."""
    bench.emulator.inject(Fault("error", code="SlowDown", status=503, retry_after=7, message="Slower, please."))
    reply = bench.describe(JOB)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "SlowDown", "7")
    assert reply.text("Message") == "Slower, please."
    assert reply.text("RequestId") == reply.headers["x-cos-request-id"]
    assert bench.describe(JOB).status == 200


def test_reset(bench: Bench) -> None:
    """The connection is reset before the first byte of the response."""
    bench.emulator.inject("reset")
    with connect(bench) as connection:
        connection.sendall(request(bench))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert bench.emulator.requests[-1].status is None
    assert bench.describe(JOB).status == 200


def test_reset_in_the_body(bench: Bench) -> None:
    """The connection is reset after half of the body."""
    bench.emulator.inject("reset-in-body")
    with connect(bench) as connection:
        connection.sendall(request(bench))
        data = connection.recv(65536)
        with pytest.raises(ConnectionResetError):
            read_all(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    assert 0 < len(body) < length(head)


def test_truncated(bench: Bench) -> None:
    """The connection ends properly after half of the body."""
    bench.emulator.inject("truncated")
    head, body = exchange(bench)
    assert len(body) == length(head) // 2
    assert bench.describe(JOB).body.startswith(body)


def test_endless(bench: Bench) -> None:
    """The body has no end while a client reads it, and stops with the client."""
    bench.emulator.inject("endless")
    with connect(bench) as connection:
        connection.sendall(request(bench))
        read = 0
        while read < 3_000_000:
            piece = connection.recv(65536)
            assert piece
            read += len(piece)
    assert bench.describe(JOB).status == 200


def test_slow(bench: Bench) -> None:
    """The body comes byte by byte and whole; meanwhile, other requests get their responses."""
    bench.emulator.create_job(job_id="other")
    bench.emulator.inject(Fault("slow", seconds=0.0005, job_id=JOB))
    whole = bench.describe("other").body
    with connect(bench) as connection:
        connection.sendall(request(bench))
        pieces = [connection.recv(65536)]
        assert bench.describe("other").status == 200
        while piece := connection.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    assert len(pieces) > 50
    assert len(body) == length(head)
    assert abs(len(body) - len(whole)) < 50


@pytest.mark.parametrize("status", [200, 502])
def test_html(bench: Bench, status: int) -> None:
    """The page of a proxy, without any of the service's headers."""
    bench.emulator.inject(Fault("html", status=status))
    reply = bench.describe(JOB)
    assert (reply.status, reply.headers["content-type"]) == (status, "text/html")
    assert b"Bad Gateway" in reply.body
    assert "x-cos-request-id" not in reply.headers


def test_empty(bench: Bench) -> None:
    """A response without a body."""
    bench.emulator.inject("empty")
    reply = bench.describe(JOB)
    assert (reply.status, reply.body) == (200, b"")


def test_longer_content_length(bench: Bench) -> None:
    """Content-Length is larger than the body, after which the connection ends."""
    bench.emulator.inject(Fault("wrong-length", length=25))
    head, body = exchange(bench)
    assert length(head) == len(body) + 25
    assert f"<JobId>{JOB}</JobId>".encode() in body


def test_shorter_content_length(bench: Bench) -> None:
    """Content-Length is smaller than the body, and the rest of the body comes before the next response."""
    bench.emulator.inject(Fault("wrong-length", length=-25))
    with connect(bench) as connection:
        connection.sendall(request(bench, closes=False))
        data = b""
        while not data.endswith(b"</DescribeJobResult>"):
            data += connection.recv(65536)
        connection.sendall(request(bench))
        rest = read_all(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    assert length(head) == len(body) - 25
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


def test_other_job(bench: Bench) -> None:
    """The response is whole, but about another job."""
    bench.emulator.inject("other-job", Fault("other-job", other_job_id="job-2"))
    for other in ("00000000-0000-0000-0000-000000000000", "job-2", JOB):
        assert bench.describe(JOB).text("Job/JobId") == other


def test_redirect(bench: Bench) -> None:
    """A redirect to any address, with any status."""
    bench.emulator.inject("redirect", Fault("redirect", status=307, location="http://192.0.2.1/"))
    first, second = bench.describe(JOB), bench.describe(JOB)
    assert (first.status, first.headers["location"]) == (302, "/elsewhere")
    assert (second.status, second.headers["location"]) == (307, "http://192.0.2.1/")


@pytest.mark.parametrize(("seconds", "status"), [(-3600, 403), (3600, 403), (300, 200)])
def test_skew(bench: Bench, seconds: float, status: int) -> None:
    """The server's clock is off: in its Date, and in the check of signatures."""
    bench.emulator.inject(Fault("skew", seconds=seconds))
    reply = bench.describe(JOB)
    assert (reply.status, reply.code) == (status, "RequestTimeTooSkewed" if status == 403 else None)
    expected = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(bench.clock.now() + seconds))
    assert reply.headers["date"] == expected


def test_delay(bench: Bench) -> None:
    """The response comes late in real time, by which clients give up."""
    bench.emulator.inject(Fault("delay", seconds=0.2))
    begun = time.monotonic()
    assert bench.describe(JOB).status == 200
    assert time.monotonic() - begun >= 0.2


def test_client_may_give_up_on_a_late_response(bench: Bench) -> None:
    """A client that does not wait for a late response does no harm to the server."""
    bench.emulator.inject(Fault("delay", seconds=30))
    with connect(bench) as connection:
        connection.sendall(request(bench))
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert bench.describe(JOB).status == 200


def test_raw(bench: Bench) -> None:
    """Any bytes in place of a response."""
    bench.emulator.inject(Fault("raw", body=b"SSH-2.0-none\r\n"))
    with connect(bench) as connection:
        connection.sendall(request(bench))
        assert read_all(connection) == b"SSH-2.0-none\r\n"


@pytest.mark.parametrize("kind", ["endless", "slow", "delay"])
def test_stop_aborts_long_responses(bench: Bench, kind: str) -> None:
    """The server stops at once, also during a response that takes long."""
    bench.emulator.inject(Fault(kind, seconds=24 * 3600))
    with connect(bench) as connection:
        connection.sendall(request(bench))
        if kind != "delay":
            connection.recv(1)
        bench.emulator.stop()


def test_faults_come_in_order_and_as_often_as_their_times(bench: Bench) -> None:
    """Requests meet the first fault of the queue that is for their job; a fault without end stays in the queue."""
    bench.emulator.create_job(job_id="other")
    bench.emulator.inject(
        Fault("error", status=500, times=2),
        Fault("error", status=501, job_id="other"),
        Fault("error", status=502),
        Fault("error", status=503, times=None),
    )
    assert [bench.describe(JOB).status for _ in range(5)] == [500, 500, 502, 503, 503]
    assert [bench.describe("other").status for _ in range(2)] == [501, 503]
    assert [record.fault for record in bench.emulator.requests] == ["error"] * 7
    bench.emulator.reset()
    bench.emulator.create_job(job_id=JOB)
    assert bench.describe(JOB).status == 200


def test_chance_can_be_repeated() -> None:
    """A fault with a probability meets about that share of the requests, and the same ones for the same seed."""
    runs = []
    for seed in (1, 1, 2):
        emulator = CosBatchEmulator(seed=seed)
        emulator.inject(Fault("reset", times=None, probability=0.3))
        runs.append([emulator._service.faults.take(JOB, "DescribeJob") is not None for _ in range(1000)])
    assert runs[0] == runs[1] != runs[2]
    assert 250 < sum(runs[0]) < 350


def test_lost_response_is_not_a_lost_request(bench: Bench) -> None:
    """A request whose response is reset has been performed; one that an error replaces has not."""
    bench.emulator.inject("reset", "error")
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        bench.caller().request("POST", "/jobs", body=REQUEST.format(token="t-1").encode())
    assert bench.caller().request("POST", "/jobs", body=REQUEST.format(token="t-2").encode()).status == 500
    again = [
        bench.caller().request("POST", "/jobs", body=REQUEST.format(token=token).encode()).status
        for token in ("t-1", "t-2")
    ]
    assert again == [400, 200]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "explosion"}, "there is no fault 'explosion'; the kinds are: delay, empty"),
        ({"kind": "reset", "times": 0}, "times must be a whole number from 1, or None, not 0"),
        ({"kind": "reset", "probability": 1.5}, "probability must lie between 0 and 1, not at 1.5"),
        ({"kind": "delay", "seconds": -1}, "seconds must be a finite number"),
        ({"kind": "slow", "seconds": float("inf")}, "seconds must be a finite number"),
    ],
)
def test_fault_explains_mistakes(arguments: dict[str, object], message: str) -> None:
    """An impossible fault is refused; the message names the mistake."""
    with pytest.raises(ValueError, match=message):
        Fault(**arguments)  # type: ignore[arg-type]


def test_faults_spare_the_control_routes(bench: Bench) -> None:
    """Control routes always work, also while faults are in the queue."""
    bench.emulator.inject(Fault("reset", times=None))
    connection = http.client.HTTPConnection(urlsplit(bench.emulator.endpoint).netloc, timeout=20)
    connection.request("GET", "/_emulator/requests")
    assert json.loads(connection.getresponse().read()) == []
    connection.close()
