"""Proxies that the environment names."""

from __future__ import annotations

import socket
import warnings
from typing import TYPE_CHECKING

import pytest
from clients import APPID, ID, KEY, TOKEN, client, clock, collect_what_is_left_open, failure, service

from pulumi_cosjob._errors import ConfigurationError, ConnectionFailedError
from pulumi_cosjob._service.client import CosBatchClient
from servers import read_request, serving

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

__all__ = ["client", "clock", "service"]


@pytest.mark.parametrize("status", [403, 405, 407, 501, 408, 429, 502, 503])
def test_a_proxy_that_does_not_connect_is_reported_with_its_status(
    status: int, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """A refusal is not retried; the proxy's own words, which may echo a password, are not shown."""
    received = 0

    def handle(connection: socket.socket) -> None:
        nonlocal received
        received += 1
        read_request(connection)
        connection.sendall(f"HTTP/1.1 {status} hush\r\nContent-Length: 0\r\n\r\n".encode())

    with serving(handle) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with (
            CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ResourceWarning)
            error = failure(client, kind=ConnectionFailedError)
    assert f"the proxy responded with HTTP status {status}" in str(error)
    assert error.http_status == status
    assert "hush" not in f"{error!s}{vars(error)}"
    assert "that HTTPS_PROXY names" in error.hint
    assert (received > 5) is (status in (408, 429, 502, 503))
    assert (error.attempts, error.name_not_found) == (received, False)
    del error
    collect_what_is_left_open()


def test_an_unknown_name_of_a_proxy_is_reported(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """The message and the hint name the proxy, not the endpoint."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "the proxy's name was not found: Name or service not known" in str(error)
    assert "that HTTPS_PROXY names" in error.hint
    assert error.name_not_found


def test_proxies_are_ignored_for_this_machine(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy could read plain HTTP that stays on this machine otherwise."""
    job_id = service.create_job()
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_proxies_are_used_for_other_machines(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """The environment's proxy gets a CONNECT request with the name of the host, and nothing else."""
    received: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        received.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(handle) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        credentials = {"secret_id": ID, "secret_key": KEY, "token": TOKEN}
        with (
            CosBatchClient(uin="1", region="ap-nowhere", **credentials, request_timeout=1, clock=clock) as client,  # type: ignore[arg-type]
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ResourceWarning)
            error = failure(client, kind=ConnectionFailedError)
    assert "proxy" in str(error)
    assert received[0].startswith(b"CONNECT 1.cos-control.ap-nowhere.myqcloud.com:443 ")
    assert not any(secret in b"".join(received) for secret in (KEY.encode(), TOKEN.encode(), b"q-sign"))
    del error
    collect_what_is_left_open()


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy",
    [
        *("http://[::1", "http://", "http://hush:hush@proxy:99999", "http://proxy:abc"),
        *("ftp://proxy:1", "socks5://hush:hush@proxy:1", "socks5h://proxy", "SOCKS4://proxy", " http://proxy:1"),
        f"http://{'a' * 70}.example.com",
    ],
)
def test_an_unusable_proxy_fails_when_the_client_is_made(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable and does not show its value, which may hold a password."""
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(ConfigurationError) as caught:
        CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY)
    assert variable in str(caught.value)
    assert ("SOCKS" in str(caught.value)) is proxy.lower().startswith("socks")
    assert "hush" not in f"{caught.value!s}{vars(caught.value)}"
    CosBatchClient(endpoint="http://127.0.0.1:9", secret_id=ID, secret_key=KEY)
    monkeypatch.setenv("no_proxy", ".myqcloud.com")
    CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY)
