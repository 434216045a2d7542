"""Which Pythons `make compat` takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import compat

pytestmark = pytest.mark.newest


def python(path: Path, version: str, code: int = 0) -> None:
    """Write what looks like an interpreter of a version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{version}'\nexit {code}\n")
    path.chmod(0o755)


def test_every_python_from_the_oldest_on_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From PATH, pyenv and uv, one of each version, however new; not what is too old, broken or of another kind."""
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
