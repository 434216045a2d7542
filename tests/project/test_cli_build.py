"""Where a Pulumi engine is taken from; that it runs is seen by all tests on the engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from places import PYTHONPATH, ROOT


def _executable(path: Path, prints: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let no engine be found, and nothing be fetched; gives the names of what is built."""
    names: list[str] = []

    def build(binary: engine.Binary, folder: Path) -> None:
        names.append(binary.name)
        _executable(folder / binary.name, f"v{engine.VERSION}")
        for script in binary.scripts:
            _executable(folder / Path(script).name)

    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "own"), "/usr/bin", "/bin"]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(engine, "fetch", lambda _: False)
    monkeypatch.setattr(engine, "build", build)
    return names


def test_what_is_missing_is_built_once(built: list[str]) -> None:
    """The cache is used the second time, and more binaries join those that are there."""
    [folder] = engine.provide()
    assert built == ["pulumi", "pulumi-language-python"]
    assert engine.provide() == [folder]
    assert engine.provide(engine.ALL) == [folder]
    assert sorted(built) == sorted(engine.ALL)
    assert {"pulumi-language-python-exec", "pulumi-resource-pulumi-python"} < {path.name for path in folder.iterdir()}
    assert {path.name for path in folder.parent.iterdir()} == {"bin", "lock"}


def test_own_cli_comes_first(built: list[str], tmp_path: Path) -> None:
    """A CLI on PATH is used with its hosts, and only what it lacks is built beside it."""
    own = _executable(tmp_path / "own" / "pulumi", f"v{engine.VERSION}").parent
    _executable(own / "pulumi-language-python")
    assert engine.provide() == [own]
    assert built == []
    _executable(own / "pulumi-language-yaml")
    first, second = engine.provide(engine.ALL)
    assert first == own
    assert built == ["cosjob-sdkgen", "pulumi-language-nodejs", "pulumi-language-go"]
    assert sorted(built) == sorted(path.name for path in second.iterdir())


@pytest.mark.parametrize("prints", [f"v{engine.OLDEST}", "v3.255.1", "v3.256.0", "v4.0.0", "3.255.0-alpha.1"])
def test_own_cli_that_is_older_than_what_is_built(built: list[str], tmp_path: Path, prints: str) -> None:
    """A CLI from the oldest version on is used as it is, and nothing newer is fetched or built in its place."""
    own = _executable(tmp_path / "own" / "pulumi", prints).parent
    _executable(own / "pulumi-language-python")
    assert engine.provide() == [own]
    assert built == []


def test_the_oldest_cli_is_that_of_the_oldest_sdk() -> None:
    """What is asked for on PATH is what the package's own range of the SDK begins with."""
    project = (ROOT / "pyproject.toml").read_text()
    assert f'"pulumi>={engine.OLDEST},<4"' in project


@pytest.mark.parametrize("binary", engine.BINARIES, ids=lambda binary: binary.name)
def test_each_binary_has_its_own_version(binary: engine.Binary) -> None:
    """No host claims to be as new as the CLI, as those that can be built are not; the page on the design names each."""
    own = {"pulumi": engine.VERSION, "cosjob-sdkgen": engine.VERSION, "pulumi-language-yaml": "1.25.0"}
    sdk = {"pulumi-language-python": "3.79.0", "pulumi-language-nodejs": "3.60.0", "pulumi-language-go": "3.60.0"}
    assert binary.version == {**own, **sdk}[binary.name]
    variable, _, version = binary.linker_flags.removeprefix("-s -w -X ").partition("=")
    assert (variable.startswith(f"{binary.versioned_by}/"), version) == (True, binary.version)
    design = (ROOT / "docs" / "design.md").read_text()
    assert binary.name == "cosjob-sdkgen" or re.search(rf"`{binary.name}`.* {re.escape(version)} ", design)


@pytest.mark.parametrize("prints", ["v3.254.9", "v2.300.0", "no version"])
def test_own_cli_that_will_not_do(built: list[str], tmp_path: Path, prints: str) -> None:
    """A CLI that is too old, or does not run, is left alone."""
    own = _executable(tmp_path / "own" / "pulumi", prints).parent
    assert own not in engine.provide()
    assert "pulumi" in built


def test_official_build_is_kept(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is fetched brings its hosts; nothing is built but what it lacks."""

    def fetch(root: Path) -> bool:
        for name in set(engine.ALL) - {"cosjob-sdkgen"}:
            _executable(root / "bin" / name, f"v{engine.VERSION}")
        return True

    monkeypatch.setattr(engine, "fetch", fetch)
    [folder] = engine.provide(engine.ALL)
    assert built == ["cosjob-sdkgen"]
    assert folder.is_relative_to(tmp_path / "cache")


def test_a_change_of_the_modules_builds_anew(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in the cache is named after what is in `scripts/engine`."""
    monkeypatch.setattr(engine, "MODULES", tmp_path / "modules")
    module = tmp_path / "modules" / "pulumi" / "go.mod"
    module.parent.mkdir(parents=True)
    module.write_text("one")
    [before] = engine.provide()
    module.write_text("two")
    [after] = engine.provide()
    assert before != after
    assert len(built) == 4


@pytest.mark.newest
@pytest.mark.engine
def test_the_last_line_is_for_path() -> None:
    """All binaries are found in the folders of the last line."""
    command = [sys.executable, str(ROOT / "scripts" / "engine.py"), "--all"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=True).stdout
    folders = [Path(each) for each in printed.splitlines()[-1].split(os.pathsep)]
    assert not engine.missing(engine.ALL, folders)


@pytest.mark.parametrize("before", ["SIG_IGN", "default_int_handler"])
def test_what_is_started_heeds_interrupts(before: str) -> None:
    """Also where a shell has this process ignore them, as those of commands in the background do."""
    program = f"""
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.{before})
import engine
engine.heed_interrupts()
code = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
print(subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode)
"""
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) != 0
