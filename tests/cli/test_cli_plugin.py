"""`cosjob plugin install`, with Pulumi CLIs of all kinds on PATH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import cosjob
from pulumi_cosjob._plugin.install import EXECUTABLE, plugin_folder


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, and a home of Pulumi that is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    return folder


def put(folder: Path, script: str, mode: int = 0o755) -> None:
    """Put a CLI there."""
    (folder / "pulumi").write_text(script)
    (folder / "pulumi").chmod(mode)


def test_the_cli_is_not_needed(bin_folder: Path) -> None:
    """Without one the plugin is installed, and a line says that it will be needed."""
    result = cosjob("plugin", "install")
    assert result.exit_code == 0
    assert "installed resource plugin cosjob" in result.stdout
    warning = "cosjob: warning: there is no pulumi on PATH; install the Pulumi CLI before a program uses the plugin\n"
    assert result.stderr == warning
    assert (plugin_folder(os.environ) / EXECUTABLE).exists()
    assert bin_folder.exists()


@pytest.mark.parametrize("version", ["v3.255.0", "3.300.1-alpha.2+dirty", "v4.0.0"])
def test_a_cli_that_can_be_run_is_silent(bin_folder: Path, version: str) -> None:
    """Any version from the oldest one on."""
    put(bin_folder, f"#!/bin/sh\necho {version}\n")
    result = cosjob("plugin", "install")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("script", "mode", "message"),
    [
        ("#!/bin/sh\n", 0o644, "cannot be run: permission denied"),
        ("#!/nowhere/sh\n", 0o755, "cannot be run: no such file or directory"),
        ("\x7fELF", 0o755, "cannot be run: exec format error"),
        ("#!/bin/sh\necho broken >&2; exit 3\n", 0o755, "version failed with exit code 3: 'broken'"),
        ("#!/bin/sh\nkill -9 $$\n", 0o755, "version failed with signal 9"),
        ("#!/bin/sh\necho v3.254.9\n", 0o755, "is version 3.254.9, and 3.255.0 is needed"),
        ("#!/bin/sh\necho hello\n", 0o755, "version prints no version, but 'hello'"),
        ("#!/bin/sh\n", 0o755, "version prints no version, but ''"),
    ],
)
def test_a_cli_that_cannot_be_used_is_a_sentence(bin_folder: Path, script: str, mode: int, message: str) -> None:
    """The plugin is installed all the same, the exit code is 2, and there is no traceback."""
    put(bin_folder, script, mode)
    result = cosjob("plugin", "install")
    assert result.exit_code == 2
    assert result.stderr.startswith("cosjob: the plugin is installed, but ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert (plugin_folder(os.environ) / EXECUTABLE).exists()
