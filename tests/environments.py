"""Python environments that have what this one has, made in an instant."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path


def new_environment(folder: Path, *, lines: str = "") -> Path:
    """Make a virtual environment in which all packages of this one can be imported.

    Args:
        folder: Is made.
        lines: More lines for the file that does that: Python runs those that begin with `import`.

    Returns:
        Its Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    python = folder / "bin" / "python"
    packages(python).write_text(f"{sysconfig.get_path('purelib')}\n{_source()}\n{lines}")
    return python


def packages(python: Path) -> Path:
    """Return the file by which an environment has the packages of this one."""
    [site] = (python.parent.parent / "lib").glob("python*/site-packages")
    return site / "shared.pth"


def _source() -> Path:
    """Return where the package lies: an editable installation is not taken over with its folder."""
    import pulumi_cosjob  # noqa: PLC0415  of this environment

    return Path(pulumi_cosjob.__file__).parent.parent
