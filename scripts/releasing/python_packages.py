"""The wheel and the source archive for the package index."""

from __future__ import annotations

import sys
from pathlib import Path

from releasing.tools import ROOT, TOOLS, run

__all__ = ["build_python_packages", "check_python_packages"]


def build_python_packages(folder: Path, date: int) -> Path:
    """Build both into a folder; return the wheel."""
    variables = {"SOURCE_DATE_EPOCH": str(date)}
    run(ROOT, sys.executable, "-m", "hatchling", "build", "-d", folder, variables=variables)
    [wheel] = folder.glob("*.whl")
    return wheel


def check_python_packages(folder: Path) -> None:
    """Check the packages of a folder for what the index would refuse, such as a description that it cannot render."""
    run(ROOT, TOOLS, "-m", "twine", "check", "--strict", *sorted(folder.iterdir()))
