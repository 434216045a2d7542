"""Which errors are retried, after which pause, and with which credentials."""

from __future__ import annotations

import email.utils
import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import APPID, ID, KEY, TOKEN, client, client_of, clock, failure, service

from documents import JOB_ID
from patience import HANGS, until
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    NoSuchJobError,
    NotXmlError,
    RequestError,
    TimeLimitError,
    TlsError,
    UnavailableError,
    WrongJobError,
)
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.retries import is_retryable, pause
from pulumi_cosjob._service.settings import Settings
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

__all__ = ["client", "clock", "service"]


TRANSIENT = [
    Fault("error", code="ServiceUnavailable", status=503),
    Fault("error", code="SlowDown", status=503),
    Fault("html", status=502),
    Fault("html", status=504, body=b""),
    Fault("empty", status=500),
    Fault("reset"),
    Fault("reset-in-body"),
    Fault("truncated"),
    Fault("wrong-length", length=10),
    Fault("raw", body=b""),
    Fault("raw", body=b"this is no HTTP\r\n\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
]


@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body[:9]!r}")
def test_transient_errors_are_retried(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock, fault: Fault
) -> None:
    """After a pause the same request succeeds, and the caller notices nothing."""
    job_id = service.create_job()
    service.inject(fault)
    assert client.describe_job(job_id, APPID).job_id == job_id
    assert len(service.requests) == 2
    assert 0.25 <= clock.monotonic() <= 0.5


def test_only_a_failed_attempt_needs_the_library(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be loaded then, as with too many open files, the error is that of the attempt."""
    monkeypatch.setitem(sys.modules, "tenacity", None)
    job_id = service.create_job()
    assert client.describe_job(job_id, APPID).job_id == job_id
    service.inject(TRANSIENT[0])
    with pytest.raises(UnavailableError) as raised:
        client.describe_job(job_id, APPID)
    assert (raised.value.job_id, raised.value.attempts) == (job_id, 1)


def test_pauses_grow_and_end_with_the_time_limit(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """Each pause is about twice the last, up to ten seconds, and the last attempt is within the limit of a minute."""
    service.inject(Fault("error", times=None))
    error = failure(client, kind=UnavailableError)
    times = [request.time for request in service.requests]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert error.attempts == len(times) >= 9
    for attempts, waited in enumerate(pauses, 1):
        longest = min(10.0, 0.5 * 2 ** (attempts - 1))
        assert longest / 2 <= waited <= longest
    assert 45 <= clock.monotonic() < 60


@pytest.mark.parametrize("wanted", [7, "7", " 7 "])
def test_retry_after_in_seconds_is_respected(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock, wanted: int | str
) -> None:
    """The next attempt comes no earlier than the header allows, and little later."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=wanted))
    client.describe_job(job_id, APPID)
    assert 7 <= clock.monotonic() <= 7.2


def test_retry_after_as_a_date_is_respected(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """A date is counted from the service's own clock."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=email.utils.formatdate(clock.now() + 30, usegmt=True)))
    client.describe_job(job_id, APPID)
    assert 30 <= clock.monotonic() <= 30.2


def test_a_pause_beyond_the_time_limit_is_not_begun(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """A Retry-After of an hour ends the request at once; the error has the seconds."""
    service.inject(Fault("error", code="SlowDown", retry_after=3600, times=None))
    error = failure(client, kind=UnavailableError)
    assert (error.retry_after, error.attempts, clock.monotonic()) == (3600.0, 1, 0.0)


def test_each_attempt_is_signed_anew(service: CosBatchEmulator, clock: ManualClock) -> None:
    """A signature is valid for ten minutes; an attempt after a longer pause is accepted too."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=1800))
    with client_of(service, clock, request_timeout=3600) as client:
        assert client.describe_job(job_id, APPID).job_id == job_id


def test_each_attempt_gets_the_current_credentials(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Temporary credentials that were renewed between two attempts are used by the second."""
    job_id = service.create_job()
    offered = [Credentials(ID, "expired", TOKEN), Credentials(ID, KEY, TOKEN)]
    service.inject("error")
    with CosBatchClient.from_settings(Settings(service.endpoint, lambda _seconds: offered.pop(0)), clock) as client:
        assert client.describe_job(job_id, APPID).job_id == job_id
    assert offered == []


def test_missing_credentials_name_the_job(service: CosBatchEmulator, clock: ManualClock) -> None:
    """An error before the first request has its context."""

    def no_credentials(_seconds: float) -> Credentials:
        raise ConfigurationError("no credentials were found")

    with CosBatchClient.from_settings(Settings(service.endpoint, no_credentials), clock) as client:
        error = failure(client, kind=ConfigurationError)
    assert (error.job_id, error.endpoint, service.requests) == (JOB_ID, service.endpoint, [])


@pytest.mark.parametrize(
    ("kind", "retried"),
    [
        (ConnectionFailedError, True),
        (TimeLimitError, True),
        (UnavailableError, True),
        (TlsError, False),
        (RequestError, False),
        (AccessDeniedError, False),
        (NoSuchJobError, False),
        (NotXmlError, False),
        (WrongJobError, False),
        (ConfigurationError, False),
    ],
)
def test_which_errors_are_retryable(kind: type[CosJobError], retried: bool) -> None:
    """Only errors that may pass by themselves are."""
    assert is_retryable(kind("x")) is retried


@pytest.mark.parametrize(
    ("attempts", "retry_after", "jitter", "seconds"),
    [
        (1, None, 0.0, 0.25),
        (1, None, 1.0, 0.5),
        (2, None, 1.0, 1.0),
        (5, None, 0.0, 4.0),
        (6, None, 1.0, 10.0),
        (6, None, 0.0, 5.0),
        (10_000, None, 1.0, 10.0),
        (10**9, None, 0.0, 5.0),
        (1, 0.0, 0.0, 0.05),
        (1, 30.0, 1.0, 30.1),
        (10_000, 1e9, 1.0, 1e9 + 2),
    ],
)
def test_pauses_by_value(attempts: int, retry_after: float | None, jitter: float, seconds: float) -> None:
    """A pause doubles up to ten seconds, after any number of attempts, and is never shorter than Retry-After."""
    assert pause(attempts, retry_after, jitter) == pytest.approx(seconds)


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
def test_a_pause_is_cancelled(service: CosBatchEmulator, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for the next attempt, or for a slot, do not hold up the end of the program."""
    service.inject(Fault("error", code=code, status=503, retry_after=50, times=None))
    paused: list[float] = []

    real = SystemClock.sleep

    def sleep(clock: SystemClock, seconds: float) -> None:
        paused.append(seconds)
        real(clock, seconds)

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    with client_of(service) as client, ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(client.describe_job, JOB_ID, APPID) for _ in range(2)]
        until(lambda: service.requests and paused)
        client.abort()
        for each in reads:
            with pytest.raises(RequestError, match="cancelled"):
                each.result(HANGS)
        failure(client, kind=RequestError)
