"""The sources of the Pulumi engine. All tests on the engine show that it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
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
    """Hide all engines, and disable fetching; return the names of the binaries that are built."""
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


def test_missing_binaries_are_built_once(built: list[str]) -> None:
    """Later calls use the cache, and add other binaries to it."""
    [folder] = engine.provide()
    assert built == ["pulumi", "pulumi-language-python"]
    assert engine.provide() == [folder]
    assert engine.provide(engine.ALL) == [folder]
    assert sorted(built) == sorted(engine.ALL)
    assert {"pulumi-language-python-exec", "pulumi-resource-pulumi-python"} < {path.name for path in folder.iterdir()}
    assert {path.name for path in folder.parent.iterdir()} == {"bin", "lock"}


def test_the_users_cli_comes_first(built: list[str], tmp_path: Path) -> None:
    """A CLI on PATH is used with its hosts; only the binaries that it lacks are built."""
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
def test_the_users_cli_may_be_older_than_ours(built: list[str], tmp_path: Path, prints: str) -> None:
    """From the oldest supported version on it is used; nothing newer is fetched or built."""
    own = _executable(tmp_path / "own" / "pulumi", prints).parent
    _executable(own / "pulumi-language-python")
    assert engine.provide() == [own]
    assert built == []


def test_the_oldest_cli_is_that_of_the_oldest_sdk() -> None:
    """The package's range of the SDK starts with the same version."""
    project = (ROOT / "pyproject.toml").read_text()
    assert f'pulumi = ["pulumi>={engine.OLDEST},<4"]' in project


@pytest.mark.parametrize("binary", engine.BINARIES, ids=lambda binary: binary.name)
def test_each_binary_has_its_own_version(binary: engine.Binary) -> None:
    """A host that is older than the CLI reports its own version; docs/design.md lists all of them."""
    own = {"pulumi": engine.VERSION, "cosjob-sdkgen": engine.VERSION, "pulumi-language-yaml": "1.25.0"}
    sdk = {"pulumi-language-python": "3.79.0", "pulumi-language-nodejs": "3.60.0", "pulumi-language-go": "3.60.0"}
    assert binary.version == {**own, **sdk}[binary.name]
    variable, _, version = binary.linker_flags.removeprefix("-s -w -X ").partition("=")
    assert (variable.startswith(f"{binary.versioned_by}/"), version) == (True, binary.version)
    design = (ROOT / "docs" / "design.md").read_text()
    assert binary.name == "cosjob-sdkgen" or re.search(rf"`{binary.name}`.* {re.escape(version)} ", design)


@pytest.mark.parametrize("prints", ["v3.254.9", "v2.300.0", "no version"])
def test_an_unusable_cli_of_the_user_is_ignored(built: list[str], tmp_path: Path, prints: str) -> None:
    """One that is too old, or does not run."""
    own = _executable(tmp_path / "own" / "pulumi", prints).parent
    assert own not in engine.provide()
    assert "pulumi" in built


def test_the_official_build_is_cached(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It contains its hosts; only the binaries that it lacks are built."""

    def fetch(root: Path) -> bool:
        for name in set(engine.ALL) - {"cosjob-sdkgen"}:
            _executable(root / "bin" / name, f"v{engine.VERSION}")
        return True

    monkeypatch.setattr(engine, "fetch", fetch)
    [folder] = engine.provide(engine.ALL)
    assert built == ["cosjob-sdkgen"]
    assert folder.is_relative_to(tmp_path / "cache")


def test_a_change_of_the_modules_builds_anew(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the folder in the cache depends on the content of `scripts/engine`."""
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
    """The folders in the last line of output hold all binaries."""
    command = [sys.executable, str(ROOT / "scripts" / "engine.py"), "--all"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=True).stdout
    folders = [Path(each) for each in printed.splitlines()[-1].split(os.pathsep)]
    assert not engine.missing(engine.ALL, folders)


def test_a_build_reports_its_steps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """While it runs, lines name what is built, for how long, and the last step; its own output is not shown."""
    monkeypatch.setattr(engine, "REPORT_EVERY", 0.01)
    # It ends when a line has been reported: no time is measured.
    with tempfile.TemporaryDirectory() as folder:
        done = Path(folder) / "done"
        reported: list[str] = []

        def report(text: str) -> None:
            reported.append(text)
            if "now second" in text:
                done.touch()

        monkeypatch.setattr(engine, "report", report)
        program = "echo first >&2; echo second >&2; until [ -e done ]; do sleep 0.01; done"
        engine.run_with_progress(["sh", "-c", program], Path(folder), "a thing, which takes a minute")
    assert re.fullmatch(r"\d+ s: a thing, which takes a minute; 2 steps so far, now second", reported[-1])
    assert capsys.readouterr() == ("", "")


def test_a_failed_build_shows_its_last_lines(tmp_path: Path) -> None:
    """Then it names what could not be built."""
    program = "for number in $(seq 100); do echo line $number >&2; done; exit 3"
    with pytest.raises(SystemExit) as failed:
        engine.run_with_progress(["sh", "-c", program], tmp_path, "a thing")
    lines = str(failed.value.code).splitlines()
    assert lines == [*(f"line {number}" for number in range(71, 101)), "engine: sh could not build a thing"]


@pytest.mark.parametrize("before", ["SIG_IGN", "default_int_handler"])
def test_started_processes_heed_interrupts(before: str) -> None:
    """Also if this process ignores them, as shells make background commands do."""
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
