"""Python environments that share the packages of this one, created in a moment."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pulumi_cosjob


def new_environment(folder: Path, *, package: bool = True, lines: str = "") -> Path:
    """Create a virtual environment in which all packages of this one can be imported.

    Args:
        folder: The folder of the environment; it is created.
        package: Whether the package under test can be imported too.
        lines: More lines for the `.pth` file that does this: Python runs those that begin with `import`.

    Returns:
        The environment's Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    python = folder / "bin" / "python"
    # An editable installation is found by its own `.pth` file, which Python ignores here.
    source = Path(pulumi_cosjob.__file__).parent.parent if package else ""
    packages(python).write_text(f"{sysconfig.get_path('purelib')}\n{source}\n{lines}")
    return python


def packages(python: Path) -> Path:
    """Return the `.pth` file through which an environment finds the packages of this one."""
    [site] = (python.parent.parent / "lib").glob("python*/site-packages")
    return site / "shared.pth"
