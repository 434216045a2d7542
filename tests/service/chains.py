"""What the tests of the vendor's default chain share: a home folder and no metadata service."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tencentcloud.common import credential

SECRET = "s3cr3t-that-nobody-may-see"
HINT = "Set these variables."


@pytest.fixture(autouse=True)
def _no_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's role away: a request for it would go to the network."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(credential.CVMRoleCredential, "_role_endpoint", f"http://127.0.0.1:{port}/")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a home folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".tencentcloud").mkdir()
    return tmp_path


def write_file(home: Path, text: str) -> None:
    """Write the vendor's credentials file."""
    (home / ".tencentcloud" / "credentials").write_text(text, encoding="utf-8")
