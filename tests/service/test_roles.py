"""Credentials of the machine's role and of a pod's role."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import json
import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chains import HINT, SECRET, _no_metadata_service, home, write_file
from tencentcloud.common import credential

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._service.credentials import VendorChain
from servers import read_request, reply, serving

__all__ = ["_no_metadata_service", "home"]


ROLE = {"Code": "Success", "TmpSecretId": "role-id", "TmpSecretKey": SECRET, "Token": "role-token"}


@contextlib.contextmanager
def machine(
    monkeypatch: pytest.MonkeyPatch, role: str = "a role", status: str = "200 OK", **changes: object
) -> Iterator[list[str]]:
    """Serve a machine's metadata on loopback; yields the paths that were requested."""
    requested: list[str] = []
    document = json.dumps({**ROLE, "ExpiredTime": int(time.time()) + 7200, **changes}).encode()

    def handle(connection: socket.socket) -> None:
        requested.append(read_request(connection).split()[1].decode())
        connection.sendall(reply(role.encode() if requested[-1] == "/" else document, status=status))

    with serving(handle) as port, monkeypatch.context() as patched:
        patched.setattr(credential.CVMRoleCredential, "_role_endpoint", f"http://127.0.0.1:{port}/")
        yield requested


def test_the_role_is_used_where_there_is_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its temporary credentials are used until shortly before they expire."""
    assert home.is_dir()
    with machine(monkeypatch) as requested:
        chain = VendorChain(HINT)
        for _ in range(3):
            found = chain(60.0)
            assert (found.secret_id, found.secret_key, found.token) == ("role-id", SECRET, "role-token")
    assert requested == ["/", "/a%20role"]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "404 Not Found"},
        {"status": "302 Found"},
        {"Code": "Failure"},
        {"TmpSecretKey": None},
        {"Token": ""},
        {"role": ""},
        {"ExpiredTime": "never"},
    ],
)
def test_a_machine_without_a_role_has_no_credentials(
    home: Path, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    """Any other response of the metadata service is no role."""
    assert home.is_dir()
    with machine(monkeypatch, **broken), pytest.raises(ConfigurationError, match="no role of this machine"):
        VendorChain(HINT)(60.0)


def test_expired_credentials_of_a_role_are_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that cannot be renewed are used until they expire, and then there are none."""
    assert home.is_dir()
    chain = VendorChain(HINT)
    with machine(monkeypatch, ExpiredTime=int(time.time()) + 200):
        assert chain(60.0).secret_id == "role-id"
    assert chain(60.0).secret_id == "role-id"  # the metadata service has gone
    chain._found._expired_ts = int(time.time())
    with pytest.raises(ConfigurationError, match="they have no secret id or no secret key"):
        chain(60.0)


# With the whole environment of a process: urllib would take proxies from it.
PROGRAM = """
import sys
from tencentcloud.common import credential
credential.CVMRoleCredential._role_endpoint = sys.argv[1]
from pulumi_cosjob._service.credentials import VendorChain
print(VendorChain("")(60.0).secret_id)
"""


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_the_role_is_requested_without_a_proxy(status: str) -> None:
    """A proxy could read the credentials and send its own. No redirect is followed either."""
    received: list[bytes] = []
    foreign = json.dumps({**ROLE, "TmpSecretId": "from-the-proxy", "ExpiredTime": int(time.time()) + 7200}).encode()

    def proxy(connection: socket.socket) -> None:
        received.append(read_request(connection))
        connection.sendall(reply(foreign))

    with serving(proxy) as proxy_port:
        document = json.dumps({**ROLE, "ExpiredTime": int(time.time()) + 7200}).encode()

        def metadata(connection: socket.socket) -> None:
            path = read_request(connection).split()[1]
            location = f"Location: http://127.0.0.1:{proxy_port}/"
            connection.sendall(reply(b"a-role" if path == b"/" else document, location, status=status))

        with serving(metadata) as port:
            url = f"http://127.0.0.1:{proxy_port}"
            names = ("http_proxy", "https_proxy", "all_proxy")
            proxies = {name: url for each in names for name in (each, each.upper())}
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, f"http://127.0.0.1:{port}/"],
                env={**os.environ, **proxies},
                capture_output=True,
                text=True,
                check=False,
            )
    assert received == []
    assert done.stdout == ("role-id\n" if status == "200 OK" else ""), done.stderr


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR])
def test_a_home_that_cannot_be_read_leaves_the_role(home: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A file that cannot be read is skipped, and the chain goes on."""
    write_file(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")

    def refusing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if str(path).startswith(str(home)):
                raise OSError(code, os.strerror(code), str(path))
            return real(path, *args, **kwargs)

        return call

    with machine(monkeypatch), monkeypatch.context() as patched:
        for module, name in ((os, "stat"), (io, "open"), (builtins, "open")):
            patched.setattr(module, name, refusing(getattr(module, name)))
        assert VendorChain(HINT)(60.0).secret_id == "role-id"


@pytest.mark.parametrize("value", [None, "", "/" + "a" * 5000, "/dev/null", "\udcff"])
def test_any_home_leaves_the_role(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """A container may run as an unknown user, without HOME or with one that is no folder."""

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    if value is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", value)
    with machine(monkeypatch):
        assert VendorChain(HINT)(60.0).secret_id == "role-id"


POD = {
    "TKE_REGION": "ap-chengdu",
    "TKE_PROVIDER_ID": "a-provider",
    "TKE_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "TKE_ROLE_ARN": "an-arn",
}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nowhere/token", "TKE_WEB_IDENTITY_TOKEN_FILE: no such file or directory"),
        ("/dev/null/token", "TKE_WEB_IDENTITY_TOKEN_FILE: not a directory"),
        ("/" + "a" * 5000, "TKE_WEB_IDENTITY_TOKEN_FILE: file name too long"),
        ("/", "TKE_WEB_IDENTITY_TOKEN_FILE: is a directory"),
    ],
)
def test_an_unreadable_token_of_a_pod_is_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    """The message has the variable that names the file."""
    assert home.is_dir()
    for name, value in {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": path}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert reason in str(caught.value)


def test_a_missing_variable_of_a_pod_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role needs all of them; the message names those that are not set."""
    assert home.is_dir()
    monkeypatch.setenv("TKE_REGION", "ap-chengdu")
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert "TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_ROLE_ARN are not set" in str(caught.value)
