"""A network that misbehaves during a wait, with real connections and a clock that tests advance.

`make faults` has every fault at every place; here are tests that need the emulator, or count requests.
"""

from __future__ import annotations

import datetime as dt
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from documents import JOB_ID, job
from patience import HANGS
from pulumi_cosjob import CosBatchClient, InvalidResponseError, TimeLimitError, TlsError, WaitTimeoutError
from pulumi_cosjob._emulator.signature import AcceptedCredentials
from pulumi_cosjob._service import deadline
from pulumi_cosjob._service.settings import resolve
from pulumi_cosjob._waiting.loop import wait_for_jobs
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import over_tls, read_request, reply, serving

APPID = "1250000000"
HOUR = 3600.0


class ObservedClock(ManualClock):
    """A clock that calls a function when it was advanced."""

    def __init__(self) -> None:
        super().__init__()
        self.advanced: Callable[[float], None] = lambda _passed: None

    def sleep(self, seconds: float) -> None:
        """Advance it, and call the function."""
        super().sleep(seconds)
        self.advanced(self.monotonic())


@pytest.fixture
def clock() -> ObservedClock:
    """Return the time of service and client alike."""
    return ObservedClock()


@pytest.fixture
def service(clock: ObservedClock) -> Iterator[CosBatchEmulator]:
    """Serve COS Batch by that clock."""
    with CosBatchEmulator(clock=clock) as emulator:
        yield emulator


def wait(service: CosBatchEmulator, clock: ManualClock, job_id: str, timeout: float = 3 * HOUR) -> str:
    """Wait for a job of the emulator; return its last status."""
    with CosBatchClient.from_settings(resolve({}, environment=service.environment()), clock) as client:
        return wait_for_jobs(client, [job_id], APPID, WaitOptions(timeout), clock=clock)[job_id].status


# -------------------------------------------------------------------------------------------------------------- storms


STORMS = [
    Fault("error", code="SlowDown", status=503, times=None),
    Fault("error", code="SlowDown", status=503, retry_after=60, times=None),
    Fault("html", status=429, body=b"", times=None),
    Fault("error", code="Whatever", status=429, retry_after=60, times=None),
]


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: f"{storm.kind}-{storm.status}-{storm.retry_after}")
def test_a_storm_is_outlived_with_few_requests(storm: Fault, clock: ObservedClock, service: CosBatchEmulator) -> None:
    """An hour of refusals during a wait delays it, and the client sends fewer requests."""
    job_id = service.create_job("completes", seconds=60)

    def weather(passed: float) -> None:
        if 30 <= passed < 30 + HOUR and not service._service.faults._queue:
            service.inject(storm)
        elif passed >= 30 + HOUR:
            service._service.faults.clear()

    clock.advanced = weather
    assert wait(service, clock, job_id) == "Complete"
    assert 30 + HOUR <= clock.monotonic() <= 30 + HOUR + 120
    # With Retry-After one request each time; without, a few attempts every half a minute.
    assert len(service.requests) <= (HOUR / 60 if storm.retry_after else HOUR / 28 * 6) + 20


@pytest.mark.parametrize("storm", STORMS, ids=lambda storm: f"{storm.kind}-{storm.status}-{storm.retry_after}")
def test_a_storm_without_an_end_ends_in_a_timeout(
    storm: Fault, clock: ObservedClock, service: CosBatchEmulator
) -> None:
    """The error is a timeout with the last status; never that the job has ended."""
    job_id = service.create_job("completes", seconds=60)
    clock.advanced = lambda passed: service.inject(storm) if 30 <= passed < 40 else None
    with pytest.raises(WaitTimeoutError, match="last seen Active"):
        wait(service, clock, job_id, timeout=HOUR)
    # The last request is sent when the time is up, and may be repeated for ten seconds.
    assert HOUR <= clock.monotonic() <= HOUR + 10


# --------------------------------------------------------------------------------------------------- clocks and tokens


@pytest.mark.parametrize("off", [-HOUR, HOUR])
def test_a_clock_that_jumps_during_a_wait_is_corrected_once(
    off: float, clock: ObservedClock, service: CosBatchEmulator
) -> None:
    """The service's clock jumps by an hour: one request is refused, and repeated with the service's time."""
    job_id = service.create_job("completes", seconds=600)
    clock.advanced = lambda passed: (
        service.inject(Fault("skew", seconds=off, times=None))
        if passed > 60 and not service._service.faults._queue
        else None
    )
    assert wait(service, clock, job_id) == "Complete"
    assert [request.status for request in service.requests].count(403) == 1


def test_a_token_that_expires_during_a_wait_is_read_again(
    clock: ObservedClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The credentials file is rewritten before each token expires, and the wait goes on without a refusal."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / ".tencentcloud" / "credentials"
    file.parent.mkdir()

    with CosBatchEmulator(token="token-0", token_expires=clock.now() + 300, clock=clock) as service:

        def renew(number: int) -> None:
            secret_key = service._service.credentials.secret_key
            file.write_text(f"[default]\nsecret_id = id-{number}\nsecret_key = {secret_key}\ntoken = token-{number}\n")
            expires = clock.now() + 300
            service._service.credentials = AcceptedCredentials(f"id-{number}", secret_key, f"token-{number}", expires)

        renewed = [0.0]

        def watch(passed: float) -> None:
            if passed > renewed[-1] + 240:
                renew(len(renewed))
                renewed.append(passed)

        renew(0)
        clock.advanced = watch
        job_id = service.create_job("completes", seconds=HOUR)
        with CosBatchClient(endpoint=service.endpoint, clock=clock) as client:
            done = wait_for_jobs(client, [job_id], APPID, WaitOptions(2 * HOUR), clock=clock)
        assert done[job_id].status == "Complete"
        assert len(renewed) > 10
        assert {request.status for request in service.requests} == {200}


# ------------------------------------------------------------------------------------------------------- connections


def test_a_half_open_connection_times_out(clock: ObservedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that disappears, after a response on a connection that was kept, costs one time limit."""
    connections = itertools.count()
    whole = reply(job("")).replace(b"Connection: close\r\n", b"")

    def handle(connection: socket.socket) -> None:
        number = next(connections)
        while read_request(connection):
            connection.sendall(whole)
            if number == 0:
                read_request(connection)
                connection.recv(1)  # sends nothing until the client closes
                return

    with (
        serving(handle) as port,
        CosBatchClient(
            endpoint=f"http://127.0.0.1:{port}", secret_id="id", secret_key="key", request_timeout=0.2, clock=clock
        ) as client,
    ):
        # Only the request without a response has so little time: a busy machine may need more for the others.
        get: Callable[..., Any] = client._connection._transport.request
        limits = iter([HANGS, 0.2, HANGS])
        monkeypatch.setattr(
            client._connection._transport, "request", lambda *arguments: get(*arguments[:-1], next(limits))
        )
        assert client.describe_job(JOB_ID, APPID).status == "New"
        with pytest.raises(TimeLimitError):
            client.describe_job(JOB_ID, APPID)
        assert client.describe_job(JOB_ID, APPID).status == "New"
        client.close()
    assert next(connections) == 2


def test_a_body_that_stops_is_a_timeout_without_the_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket's own timeout gives the same error as the deadline."""
    monkeypatch.setattr(deadline.Deadline, "expire", lambda _deadline: None)

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<")
        connection.recv(1)  # sends nothing more until the client closes

    with (
        serving(handle) as port,
        CosBatchClient(
            endpoint=f"http://127.0.0.1:{port}", secret_id="id", secret_key="key", request_timeout=0.2
        ) as client,
        pytest.raises(TimeLimitError, match="no complete response came within"),
    ):
        client.describe_job(JOB_ID, APPID)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_to_another_host_is_not_followed(status: str, clock: ObservedClock) -> None:
    """The other host gets no connection, and so no signature, and no response of it is used."""
    others: list[bytes] = []
    with serving(lambda connection: others.append(read_request(connection))) as other:
        body = job("", Status="Complete")
        redirect = reply(body, f"Location: http://localhost:{other}/jobs/{JOB_ID}", status=status)

        def handle(connection: socket.socket) -> None:
            read_request(connection)
            connection.sendall(redirect)

        with (
            serving(handle) as port,
            CosBatchClient(
                endpoint=f"http://127.0.0.1:{port}", secret_id="id", secret_key="key", clock=clock
            ) as client,
        ):
            with pytest.raises(InvalidResponseError, match="redirects, which is not followed"):
                client.describe_job(JOB_ID, APPID)
            with pytest.raises(WaitTimeoutError):
                wait_for_jobs(client, [JOB_ID], APPID, WaitOptions(60), clock=clock)
    assert others == []


def test_an_expired_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A known issuer and the right name are not enough: the time has to be right."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    began, ended = (dt.datetime(year, 1, 6, tzinfo=dt.timezone.utc) for year in (2014, 2020))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_before=began, not_after=ended).configure_cert(context)
    with (
        serving(over_tls(context, job("", Status="Complete"))) as port,
        CosBatchClient(endpoint=f"https://localhost:{port}", secret_id="id", secret_key="key") as client,
        pytest.raises(TlsError, match="certificate") as caught,
    ):
        client.describe_job(JOB_ID, APPID)
    assert "clock" in caught.value.hint
    assert caught.value.attempts == 1
