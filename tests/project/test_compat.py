"""What `make compat` runs: which interpreters, and which tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import compat
import scheduling
from places import ROOT, TESTS

pytestmark = pytest.mark.newest


def python(path: Path, version: str, code: int = 0) -> None:
    """Write a script that prints a version as an interpreter does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{version}'\nexit {code}\n")
    path.chmod(0o755)


def test_each_supported_python_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PATH, of pyenv and of uv, however new; not those that are too old, broken or of another implementation."""
    for variable, folder in (("PATH", "path"), ("PYENV_ROOT", "pyenv"), ("UV_PYTHON_INSTALL_DIR", "uv")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    python(tmp_path / "path" / "python3.15", "(3, 15)")
    python(tmp_path / "path" / "python3.16", "no version", code=127)
    python(tmp_path / "pyenv" / "versions" / "3.9.18" / "bin" / "python", "(3, 9)")
    python(tmp_path / "pyenv" / "versions" / "3.14.0" / "bin" / "python", "(3, 14)")
    python(tmp_path / "pyenv" / "versions" / "3.17.0t" / "bin" / "python", "(3, 17)", code=1)
    python(tmp_path / "uv" / "cpython-3.15.1-linux" / "bin" / "python3", "(3, 15)")
    python(tmp_path / "uv" / "cpython-3.18.0-linux" / "bin" / "python3", "(3, 18)")
    found = {each.minor: each.path for each in compat.interpreters()}
    assert found.pop(sys.version_info.minor) == Path(sys.executable)
    assert {minor: path.relative_to(tmp_path).parts[0] for minor, path in found.items()} == {
        14: "pyenv",
        15: "path",
        18: "uv",
    }


def test_named_tests_exist() -> None:
    """The tests on the engine that `make compat` runs, and the files that the scheduler orders, are not renamed."""
    for nodeid in compat.ON_THE_ENGINE:
        file, _, name = nodeid.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
    for name in (*scheduling.BY_FILE, *scheduling.ONE_BY_ONE):
        assert (TESTS / f"{name}.py").exists(), name
