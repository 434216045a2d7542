"""TLS: trusted and unknown issuers, and certificate files that the environment names."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from clients import APPID, ID, KEY, client_of, clock, failure, service

from documents import JOB_ID, job
from pulumi_cosjob._errors import ConfigurationError, ConnectionFailedError, NoSuchJobError, TlsError
from pulumi_cosjob._service.client import CosBatchClient
from servers import over_tls, reply, serving

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

__all__ = ["clock", "service"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return an issuer of certificates that is not trusted."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    """Return a file of certificates with that issuer in it."""
    path = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return the TLS context of a server with a certificate for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def read_over_tls(port: int, host: str = "localhost") -> str:
    """Read a job from a server on this machine over TLS; return its status."""
    endpoint = f"https://{host}:{port}"
    with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY) as client:
        return client.describe_job(JOB_ID, APPID).status


BAD_CERTIFICATES: dict[str, tuple[Callable[[Path], str], str]] = {
    "nothing": (lambda folder: f"{folder}/nothing", "no such file or directory"),
    "below a file": (lambda folder: f"{folder}/empty/nothing", "not a directory"),
    "a name too long": (lambda folder: f"{folder}/{'a' * 5000}", "file name too long"),
    "a loop": (lambda folder: f"{folder}/loop", "too many levels of symbolic links"),
    "an empty file": (lambda folder: f"{folder}/empty", "cannot be read as certificates in PEM form"),
    "another file": (lambda folder: f"{folder}/other", "cannot be read as certificates in PEM form"),
    "a closed folder": (lambda folder: f"{folder}/closed/bundle.pem", "permission denied"),
    "a path that is not UTF-8": (lambda folder: f"{folder}/\udcff", "no such file or directory"),
}


@pytest.fixture
def odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of files that hold no certificates; one folder in it cannot be read, even by root."""
    (tmp_path / "empty").touch()
    (tmp_path / "other").write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    (tmp_path / "loop").symlink_to("loop")
    real = os.stat

    def stat(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        if str(path).startswith(f"{tmp_path}/closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", stat)
    return tmp_path


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("name", BAD_CERTIFICATES)
def test_unusable_certificates_are_reported(
    variable: str, name: str, odd_files: Path, monkeypatch: pytest.MonkeyPatch, service: CosBatchEmulator
) -> None:
    """The error names the variable and the reason; plain HTTP needs no certificates."""
    path, reason = BAD_CERTIFICATES[name]
    monkeypatch.setenv(variable, path(odd_files))
    with pytest.raises(ConfigurationError) as caught:
        CosBatchClient(endpoint="https://localhost", secret_id=ID, secret_key=KEY)
    assert str(caught.value).startswith(f"{variable}: {reason}: '{str(odd_files)[:20]}")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    with client_of(service) as client:
        failure(client, kind=NoSuchJobError)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("name", ["nothing", "an empty file"])
def test_certificates_that_are_removed_later_are_reported(
    variable: str, name: str, bundle: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """The next request has the same message, and is not retried."""
    monkeypatch.setenv(variable, str(bundle))
    with (
        serving(lambda connection: connection.close()) as port,
        CosBatchClient(endpoint=f"https://localhost:{port}", secret_id=ID, secret_key=KEY, clock=clock) as client,
    ):
        bundle.unlink()
        if name == "an empty file":
            bundle.touch()
        error = failure(client, kind=ConfigurationError)
    assert str(error).startswith(f"{variable}: {BAD_CERTIFICATES[name][1]}: ")
    assert error.__suppress_context__
    assert clock.monotonic() == 0.0


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificates_of_the_environment_are_trusted(
    authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    """A server whose issuer the variable names is trusted, on this machine as on any other."""
    monkeypatch.setenv(variable, str(bundle))
    with serving(over_tls(server_context(authority, host), job(""))) as port:
        assert read_over_tls(port, host) == "New"


def test_an_unknown_issuer_is_refused(authority: trustme.CA) -> None:
    """Nothing is sent to a server whose certificate has an unknown issuer; the error is not retried."""
    with (
        serving(over_tls(server_context(authority, "localhost"), job(""))) as port,
        pytest.raises(TlsError, match="certificate verify failed") as caught,
    ):
        read_over_tls(port)
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert caught.value.attempts == 1


def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known issuer is not enough: the name has to be right."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with (
        serving(over_tls(server_context(authority, "other.example"), job(""))) as port,
        pytest.raises(TlsError, match=r"[Hh]ostname mismatch"),
    ):
        read_over_tls(port)


def test_a_server_without_tls_is_reported() -> None:
    """Plain HTTP at an https endpoint is a failed handshake."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(reply(job("")))

    with serving(handle) as port, pytest.raises(TlsError):
        read_over_tls(port)


def test_old_tls_is_refused(authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that offers nothing newer than TLS 1.1 gets no request."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    context = server_context(authority, "localhost")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(over_tls(context, job(""))) as port, pytest.raises((TlsError, ConnectionFailedError)):
        read_over_tls(port)
