"""The client over real HTTP, against the emulator: requests, connections and threads."""

from __future__ import annotations

import http.cookiejar
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from clients import APPID, client, client_of, clock, failure, service

import pulumi_cosjob
from documents import JOB_ID, job
from patience import HANGS, new_threads
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    InvalidArgumentError,
    JobsNotReadError,
    NoSuchJobError,
    RequestError,
)
from pulumi_cosjob._service import deadline
from pulumi_cosjob._service.client import CosBatchClient, describe_job
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import reply

__all__ = ["client", "clock", "service"]


def test_a_job_is_described(client: CosBatchClient, service: CosBatchEmulator, full_response: bytes) -> None:
    """The response is decoded, after one request to the right path with the right headers."""
    service.replay(JOB_ID, full_response)
    assert client.describe_job(JOB_ID, APPID) == parse_describe_job_result(full_response)
    (request,) = service.requests
    assert (request.method, request.path, request.status) == ("GET", f"/jobs/{JOB_ID}", 200)
    assert request.headers["x-cos-appid"] == APPID
    assert request.headers["user-agent"] == f"pulumi-cosjob/{pulumi_cosjob.__version__}"
    assert request.headers["accept-encoding"] == "identity"
    assert {"authorization", "x-cos-security-token"} <= request.headers.keys()
    assert "cookie" not in request.headers


def test_each_call_reads_the_job_again(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A job is followed through all its states; nothing is kept from the last response."""
    job_id = service.create_job("completes", seconds=10)
    statuses = []
    for _ in range(20):
        statuses.append(client.describe_job(job_id, APPID).status)
        service.clock.advance(1)
    assert list(dict.fromkeys(statuses)) == ["New", "Preparing", "Ready", "Active", "Completing", "Complete"]


@pytest.mark.parametrize("job_id", ["a", "a" * 64, "...", "a.b_c~d-e"])
def test_every_allowed_job_id_arrives_as_it_is(client: CosBatchClient, service: CosBatchEmulator, job_id: str) -> None:
    """No character of an id is escaped, dropped or left out of the signature."""
    service.replay(job_id, job("", JobId=job_id))
    assert client.describe_job(job_id, APPID).job_id == job_id
    assert service.requests[-1].path == f"/jobs/{job_id}"


def test_describe_job_takes_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function needs no client, and uses the machine's clock."""
    with CosBatchEmulator() as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        job_id = service.create_job()
        assert describe_job(job_id, APPID).job_id == job_id


@pytest.mark.parametrize(
    ("job_id", "appid"), [("..", APPID), ("a/b", APPID), (JOB_ID, "x\r\nHost: evil"), (JOB_ID, "")]
)
def test_malformed_arguments_are_never_sent(
    client: CosBatchClient, service: CosBatchEmulator, job_id: str, appid: str
) -> None:
    """They are refused before a request is sent."""
    with pytest.raises(InvalidArgumentError):
        client.describe_job(job_id, appid)
    assert service.requests == []


def test_a_client_has_an_endpoint(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The endpoint that requests go to is an attribute."""
    assert client.endpoint == service.endpoint


def test_missing_settings_fail_when_the_client_is_made() -> None:
    """The error does not wait for the first request."""
    with pytest.raises(ConfigurationError, match="region is not set") as caught:
        CosBatchClient(secret_id="a", secret_key="b")
    assert "argument region or environment variable TENCENTCLOUD_REGION" in caught.value.hint


def test_errors_of_scripts_name_no_configuration_of_a_stack(service: CosBatchEmulator) -> None:
    """A script has none: its errors name arguments and variables, those of several jobs too."""
    with client_of(service, secret_key="wrong") as client:
        one = failure(client)
        with pytest.raises(JobsNotReadError) as several:
            client.describe_jobs(["a", "b"], APPID, max_concurrency=2)
        with pytest.raises(AccessDeniedError) as listed:
            next(client.list_jobs(APPID))
    for error in (one, several.value, listed.value):
        assert "environment variables TENCENTCLOUD_SECRET_ID" in str(error)
        assert "Pulumi" not in str(error)


def test_a_machine_without_threads_is_reported(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is one of this package, and no request is sent that could outlast its deadline."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        error = failure(client, kind=RequestError)
    assert "can't start new thread" in str(error)
    assert "ulimit" in error.hint
    assert service.requests == []
    failure(client, kind=NoSuchJobError)


def test_cookies_are_neither_read_nor_sent(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookie is sent back to a server that sets one; to parse megabytes of them would take seconds."""
    parsed: list[str] = []

    def parse(headers: list[str]) -> list[object]:
        parsed.extend(headers)
        return []

    monkeypatch.setattr(http.cookiejar, "parse_ns_headers", parse)
    service.replay(JOB_ID, job(""))
    service.inject(Fault("raw", body=reply(job(""), "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d; Domain=127.0.0.1")))
    for _ in range(2):
        client.describe_job(JOB_ID, APPID)
    assert [request.headers.get("cookie") for request in service.requests] == [None, None]
    assert parsed == []


@pytest.mark.parametrize("where", ["HOME", "NETRC"])
def test_a_netrc_file_is_ignored(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    """A password for the host does not take the signature's place."""
    file = tmp_path / ".netrc"
    file.write_text("default login user password something\n")
    file.chmod(0o600)
    monkeypatch.setenv(where, str(file if where == "NETRC" else tmp_path))
    job_id = service.create_job()
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_many_threads_share_a_client(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Every thread gets the response to its own request."""
    ids = [service.create_job() for _ in range(16)] * 12
    with client_of(service, clock) as client, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda job_id: client.describe_job(job_id, APPID).job_id, ids))
    assert found == ids


def test_connections_are_reused(monkeypatch: pytest.MonkeyPatch, service: CosBatchEmulator) -> None:
    """A hundred requests in a row need one connection."""
    opened: list[object] = []
    real = deadline.DeadlineConnection._new_conn

    def counted(*args: Any, **kwargs: Any) -> socket.socket:
        opened.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(deadline.DeadlineConnection, "_new_conn", counted)
    job_id = service.create_job()
    with client_of(service, ManualClock()) as client:
        for _ in range(100):
            client.describe_job(job_id, APPID)
    assert len(opened) == 1


def test_no_thread_is_left_behind(service: CosBatchEmulator, clock: ManualClock) -> None:
    """The thread that watches the deadlines ends."""
    job_id = service.create_job()
    before = threading.enumerate()
    with client_of(service, clock) as client:
        for _ in range(50):
            client.describe_job(job_id, APPID)
    for thread in new_threads(before):
        thread.join(HANGS)
    assert new_threads(before) == []
