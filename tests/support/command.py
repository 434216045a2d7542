"""The `cosjob` command, called in the process of a test."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from pulumi_cosjob._cli.main import main

__all__ = ["FULL", "cosjob", "run"]

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
"""Id of the job in `full.xml`."""


def cosjob(*arguments: str, stdin: bytes = b"") -> Result:
    """Run the command in this process, 80 columns wide."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, arguments, input=stdin, prog_name="cosjob")


def run(*arguments: str, encoding: str = "utf-8", **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, with an encoding of its output."""
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, env=environment, timeout=60, check=False, **streams)
