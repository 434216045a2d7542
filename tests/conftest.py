"""What all tests share: an environment without surprises, the emulator, and an answer with every element."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import engine
from places import RESPONSES
from pulumi_cosjob.testing import CosBatchEmulator

engine.heed_interrupts()

# How long an example takes depends on the machine, and the first one loads the schema.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

_SURPRISES = ("COSJOB_", "TENCENTCLOUD_", "TKE_")
_SURPRISING = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"}


# Files with many tests on the engine, each of which takes long; nothing that they share does.
_ONE_BY_ONE = {
    f"tests/{name}.py"
    for name in (
        "dynamic/test_functions",
        "dynamic/test_gates",
        "dynamic/test_get_jobs",
        "plugin/test_first_use",
        "plugin/test_native",
        "plugin/test_sdks",
        "plugin/test_yaml",
        "program/test_gates_and_reads",
        "program/test_input_matrix",
        "project/test_readme",
    )
}
# Tests that share what takes long to be made, by a word in their names.
_TOGETHER = {"typescript": "typescript", "_go": "go", "python": "python", "java": "sdkgen", "csharp": "sdkgen"}


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Shares out the tests among workers: by files, as what is quick is not worth more, but for those above."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        if file not in _ONE_BY_ONE:
            return file
        return next((group for word, group in _TOGETHER.items() if file.endswith("sdks.py") and word in name), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    """Share out the tests as above, whatever `--dist` says."""
    return _Scheduling(config, log)


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
        left = [each for each in settings.SETTINGS.outputs if isinstance(each, asyncio.Task) and not each.done()]
        settings.SETTINGS.outputs.clear()
        assert left == []


@pytest.fixture
def emulator() -> Iterator[CosBatchEmulator]:
    """Serve COS Batch on loopback."""
    with CosBatchEmulator() as serving:
        yield serving


@pytest.fixture(scope="session")
def full_response() -> bytes:
    """Return an answer that has every element of a copying job."""
    return (RESPONSES / "full.xml").read_bytes()
