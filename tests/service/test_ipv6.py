"""An endpoint that is an IPv6 address; the machine has to have the loopback address ::1."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from documents import JOB_ID, job
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._emulator.thread import ServerThread
from pulumi_cosjob.testing import CosBatchEmulator
from servers import over_tls, serving

APPID = "1250000000"


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """Serve COS Batch on the IPv6 loopback address."""
    emulator = CosBatchEmulator(token="a-token")
    emulator._thread = ServerThread(emulator._service, host="::1")
    with emulator:
        yield emulator


def test_host_and_signature_agree(service: CosBatchEmulator) -> None:
    """The emulator, which verifies the signature with the Host header that it received, accepts the request."""
    job_id = service.create_job()
    credentials = {"secret_id": "emulator-id", "secret_key": "emulator-key", "token": "a-token"}
    assert service.endpoint.startswith("http://[::1]:")
    with CosBatchClient(endpoint=service.endpoint, **credentials) as client:  # type: ignore[arg-type]
        assert client.describe_job(job_id, APPID).job_id == job_id
    assert service.requests[-1].headers["host"] == service.endpoint.removeprefix("http://")


def test_a_certificate_for_an_ipv6_address_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS to an IPv6 address needs a certificate for that address."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("::1").configure_cert(context)
    with (
        serving(over_tls(context, job("")), host="::1") as port,
        CosBatchClient(endpoint=f"https://[::1]:{port}", secret_id="id", secret_key="key") as client,
    ):
        assert client.describe_job(JOB_ID, APPID).status == "New"
