"""How the tools are run that build a release."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["BUILT", "ROOT", "TOOLS", "ReleaseError", "report", "run"]

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv-release" / "bin" / "python"
"""The Python of the environment with twine and setuptools, which `make .venv-release/ready` makes."""

BUILT = "COSJOB_RELEASE"
"""The environment variable with the folder of a release, for the tests of its files."""


class ReleaseError(Exception):
    """A release cannot be built; the message is a sentence for the person who builds it."""


def report(text: str) -> None:
    """Print what is done next to standard error."""
    print(f"release: {text}", file=sys.stderr, flush=True)


def run(folder: Path, *command: str | Path, variables: Mapping[str, str] | None = None) -> str:
    """Run a tool in a folder; return its output.

    Args:
        folder: Its current folder.
        command: The tool and its arguments.
        variables: Environment variables, beside those of this process.

    Raises:
        ReleaseError: The tool failed; the message has its output.
    """
    environment = {**os.environ, **(variables or {})}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise ReleaseError(f"{command[0]} is not installed; CONTRIBUTING.md lists what a release needs") from None
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(map(str, command))} failed:\n{done.stdout.strip()}")
    return done.stdout
