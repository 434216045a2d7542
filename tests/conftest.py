"""What all tests share: an environment without surprises, the emulator, and an answer with every element."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pulumi_cosjob.testing import CosBatchEmulator

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

import engine

engine.heed_interrupts()

# How long an example takes depends on the machine, and the first one loads the schema.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

_SURPRISES = ("COSJOB_", "TENCENTCLOUD_", "TKE_")
_SURPRISING = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let workers share out the tests of the engine one by one, as each takes long, and all others by files.

    Those that share what takes long to be made say so by a mark of their own.
    """
    if item.get_closest_marker("xdist_group") is None and item.get_closest_marker("engine") is None:
        item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away settings, proxies, certificates and the home of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(_SURPRISES) or name.upper() in _SURPRISING:
            monkeypatch.delenv(name)
    # Tools that tests start may go on using what they have downloaded and built before.
    home = Path.home()
    kept = (
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_CONFIG_HOME", ".config"),
        ("GOPATH", "go"),
        ("npm_config_cache", ".npm"),
    )
    for name, folder in kept:
        monkeypatch.setenv(name, os.environ.get(name) or str(home / folder))
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _no_outputs_are_left() -> Iterator[None]:
    """Keep outputs of one test from the next: the SDK waits for all that there are, and those of a lost loop never end.

    `mocked.under_mocks` gives a test a loop of its own, and leaves nothing.
    """
    yield
    if (settings := sys.modules.get("pulumi.runtime.settings")) is not None:
        left = [each for each in settings.SETTINGS.outputs if not each.done()]
        settings.SETTINGS.outputs.clear()
        assert left == []


@pytest.fixture
def emulator() -> Iterator[CosBatchEmulator]:
    """Serve COS Batch on loopback."""
    with CosBatchEmulator() as serving:
        yield serving


@pytest.fixture(scope="session")
def full_answer() -> bytes:
    """Return an answer that has every element of a copying job."""
    return (Path(__file__).parent / "answers" / "full.xml").read_bytes()
