"""What all tests share: an isolated environment, the emulator, and a response with every element."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import engine
from places import RESPONSES
from pulumi_cosjob.testing import CosBatchEmulator
from scheduling import Scheduling
from stacks import NewStack, Stack
from virtual_time import VirtualTime

engine.heed_interrupts()

# The time of an example depends on the machine, and the first one loads the schema.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

_SETTINGS = ("COSJOB_", "TENCENTCLOUD_", "TKE_")
_NETWORK = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Replace the scheduler of `--dist`."""
    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the settings, proxies, certificates and home of the user who runs the tests."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS) or name.upper() in _NETWORK:
            monkeypatch.delenv(name)
    # Tools that tests start keep using their caches.
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
def _no_hooks_are_left() -> Iterator[None]:
    """Undo what passes the package's messages on to an engine: a process has one, but this one has many tests."""
    logger, show = logging.getLogger("pulumi_cosjob"), warnings.showwarning
    level, propagate, handlers = logger.level, logger.propagate, logger.handlers[:]
    yield
    warnings.showwarning = show
    logger.setLevel(level)
    logger.propagate, logger.handlers[:] = propagate, handlers


@pytest.fixture(autouse=True)
def _no_outputs_are_left() -> Iterator[None]:
    """Fail a test that leaves outputs to the next: the SDK waits for all outputs, and those of a closed loop never end.

    `mocked.under_mocks` gives a test its own loop, and leaves none.
    """
    yield
    if (settings := sys.modules.get("pulumi.runtime.settings")) is not None:
        left = [each for each in settings.SETTINGS.outputs if isinstance(each, asyncio.Task) and not each.done()]
        settings.SETTINGS.outputs.clear()
        assert left == []


@pytest.fixture
def emulator() -> Iterator[CosBatchEmulator]:
    """An emulator of COS Batch on loopback."""
    with CosBatchEmulator() as serving:
        yield serving


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs stand still until a test advances their clock."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


@pytest.fixture
def service_environment(service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of this process that lead to the emulator."""
    for name, value in service.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def new_stack(tmp_path: Path, service: CosBatchEmulator) -> NewStack:
    """Make a stack whose requests go to the emulator; a variable given as None is removed."""

    def make(program: str, **variables: str | None) -> Stack:
        merged = {**service.environment(), **variables}
        return Stack(tmp_path / "stack", program, {k: v for k, v in merged.items() if v is not None})

    return make


@pytest.fixture
def time() -> VirtualTime:
    """The clock of the service and of the plugin."""
    return VirtualTime()


@pytest.fixture
def timed_service(time: VirtualTime) -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs follow that clock."""
    with CosBatchEmulator(clock=time.clock) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def full_response() -> bytes:
    """Return a response that has every element of a copying job."""
    return (RESPONSES / "full.xml").read_bytes()
