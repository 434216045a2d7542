"""Many jobs at once: `describe_jobs`."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from clients import APPID, ID, KEY, client, client_of, clock, service

from patience import HANGS
from pulumi_cosjob._errors import (
    AccessDeniedError,
    CosJobError,
    InvalidArgumentError,
    JobsNotReadError,
    NoSuchJobError,
    UnavailableError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._service import client as client_module
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import read_request, serving

__all__ = ["client", "clock", "service"]


def test_an_interrupt_ends_many_requests_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves no thread behind that waits for a response."""
    received = threading.Event()

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        received.set()
        connection.recv(1)

    class Interrupted(ThreadPoolExecutor):
        """Is interrupted at the second request, once the first has been sent."""

        def submit(self, *args: Any) -> Any:  # type: ignore[override]
            if not self._threads:
                return super().submit(*args)
            assert received.wait(HANGS)
            raise KeyboardInterrupt

    monkeypatch.setattr(client_module, "ThreadPoolExecutor", Interrupted)
    with serving(handle) as port:
        credentials: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "request_timeout": 3600}
        client = CosBatchClient(endpoint=f"http://127.0.0.1:{port}", **credentials)
        with pytest.raises(KeyboardInterrupt):
            client.describe_jobs(["a", "b"], APPID)
        for thread in threading.enumerate():
            if thread.name.startswith("cosjob-read"):
                thread.join(HANGS)
                assert not thread.is_alive()


def test_many_jobs_are_described_by_id(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Each job is read once, and the result is in the order of the ids."""
    ids = [service.create_job(description=str(number)) for number in range(40)]
    found = client.describe_jobs([*reversed(ids), *ids], APPID)
    assert list(found) == ids[::-1]
    assert [found[job_id].description for job_id in ids] == [str(number) for number in range(40)]
    assert len(service.requests) == 40
    assert client.describe_jobs([], APPID) == {}


def test_no_more_requests_at_once_than_allowed(client: CosBatchClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds, and is reached."""
    together, most, expected = 0, 0, 0
    changed = threading.Condition()

    def describe(job_id: str, _appid: str) -> JobDescription:
        nonlocal together, most
        with changed:
            together += 1
            most = max(most, together)
            changed.notify_all()
            assert changed.wait_for(lambda: most >= expected, 10)
            together -= 1
        return JobDescription(job_id, "New")

    monkeypatch.setattr(client, "describe_job", describe)
    for bound, expected in ((3, 3), (None, 16), (64, 20)):
        most = 0
        bounds: dict[str, Any] = {} if bound is None else {"max_concurrency": bound}
        client.describe_jobs([f"job-{number}" for number in range(20)], APPID, **bounds)
        assert most == expected


def test_one_job_that_fails_names_itself(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The error is the job's own."""
    ids = [service.create_job() for _ in range(20)]
    with pytest.raises(NoSuchJobError) as caught:
        client.describe_jobs([*ids, "gone"], APPID)
    assert caught.value.job_id == "gone"


def test_all_missing_jobs_are_named(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """All jobs are read before the error, which names each missing one."""
    job_id = service.create_job()
    gone = [f"gone-{number}" for number in range(30)]
    with pytest.raises(JobsNotReadError, match="30 of 31 jobs could not be read") as caught:
        client.describe_jobs([*gone, job_id], APPID)
    assert [error.job_id for error in caught.value.errors] == gone
    assert all(name in str(caught.value) for name in gone)
    assert str(caught.value).endswith("\n  and 10 more: " + ", ".join(gone[20:]))
    assert len(service.requests) == 31


def test_missing_jobs_can_be_skipped(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The other jobs are returned; other errors are errors all the same."""
    ids = [service.create_job() for _ in range(5)]
    assert list(client.describe_jobs(["gone", *ids, "gone-too"], APPID, missing="skip")) == ids
    service.inject(Fault("error", code="AccessDenied", status=403, job_id=ids[3]))
    with pytest.raises(AccessDeniedError) as caught:
        client.describe_jobs(["gone", *ids], APPID, missing="skip")
    assert caught.value.job_id == ids[3]


def test_an_error_ends_the_reads_that_have_not_begun(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A wrong secret id is refused once for each request under way, not a thousand times."""
    ids = [service.create_job() for _ in range(200)]
    service.inject(Fault("error", code="InvalidAccessKeyId", status=403, times=None))
    with pytest.raises(CosJobError) as caught:
        client.describe_jobs(ids, APPID, max_concurrency=4)
    errors = getattr(caught.value, "errors", (caught.value,))
    assert 1 <= len(errors) == len(service.requests) <= 40


def test_all_slow_down_together(service: CosBatchEmulator, clock: ManualClock) -> None:
    """One request that is to slow down holds up the others, for the time that the service names."""
    ids = [service.create_job() for _ in range(2)]
    service.inject(Fault("error", code="SlowDown", status=503, retry_after=30, job_id=ids[0]))
    with client_of(service, clock, request_timeout=40) as client:
        with pytest.raises(UnavailableError):
            client.poll(ids[0], APPID)
        assert clock.monotonic() == 0
        client.describe_job(ids[1], APPID)
        assert clock.monotonic() == 30


def test_all_jobs_are_read_although_the_service_keeps_throttling(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Many refusals delay the reads, down to one request at a time, and each job is read in the end."""
    ids = [service.create_job() for _ in range(60)]
    service.inject(Fault("error", code="SlowDown", status=503, probability=0.3, times=None))
    with client_of(service, clock, request_timeout=3600) as client:
        assert list(client.describe_jobs(ids, APPID)) == ids
        assert client._connection._rate_limiter.state.limit < 16


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"job_ids": "job-1"}, "job_ids"),
        ({"job_ids": b"job-1"}, "job_ids"),
        ({"job_ids": None}, "job_ids"),
        ({"job_ids": 7}, "job_ids"),
        ({"job_ids": ["ok", "../etc"]}, "job_id"),
        ({"job_ids": ["ok", None]}, "job_id"),
        ({"appid": "x"}, "appid"),
        ({"missing": "ignore"}, "missing"),
        ({"missing": None}, "missing"),
        ({"missing": ["skip"]}, "missing"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_concurrency": 65}, "max_concurrency"),
        ({"max_concurrency": True}, "max_concurrency"),
        ({"max_concurrency": 1.5}, "max_concurrency"),
        ({"max_concurrency": "4"}, "max_concurrency"),
        ({"max_concurrency": None}, "max_concurrency"),
    ],
)
def test_malformed_arguments_about_many_jobs(
    client: CosBatchClient, service: CosBatchEmulator, arguments: dict[str, Any], name: str
) -> None:
    """The error names the argument, and nothing is sent."""
    with pytest.raises(InvalidArgumentError) as caught:
        client.describe_jobs(**{"job_ids": ["job-1"], "appid": APPID, **arguments})
    assert caught.value.argument == name
    assert service.requests == []
