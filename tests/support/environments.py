"""Python environments that have what this one has, made in an instant."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pulumi_cosjob


def new_environment(folder: Path, *, package: bool = True, lines: str = "") -> Path:
    """Make a virtual environment in which all packages of this one can be imported.

    Args:
        folder: Is made.
        package: Whether the package that is tested is among them.
        lines: More lines for the file that does that: Python runs those that begin with `import`.

    Returns:
        Its Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    python = folder / "bin" / "python"
    # An editable installation is not among them: how it is found stands in a file like this one.
    source = Path(pulumi_cosjob.__file__).parent.parent if package else ""
    packages(python).write_text(f"{sysconfig.get_path('purelib')}\n{source}\n{lines}")
    return python


def packages(python: Path) -> Path:
    """Return the file by which an environment has the packages of this one."""
    [site] = (python.parent.parent / "lib").glob("python*/site-packages")
    return site / "shared.pth"
