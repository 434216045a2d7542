"""The `cosjob` command in a process of its own, on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import types
from collections.abc import Callable, Mapping

from terminal import COLUMNS, Screen

__all__ = ["on_terminal"]


def on_terminal(
    *arguments: str,
    columns: int = COLUMNS,
    stdout: bool = False,
    during: Callable[[subprocess.Popen[bytes], bytes], None] = lambda _process, _read: None,
    variables: Mapping[str, str] = types.MappingProxyType({}),
) -> tuple[int, list[str], str]:
    """Run the command in a process whose standard error is a terminal.

    Args:
        *arguments: The arguments of the command.
        columns: The width of the terminal; 0 for one that does not report it.
        stdout: Whether standard output is the terminal too.
        during: Called with the process and all that it has written, whenever it has written something.
        variables: Environment variables.

    Returns:
        Its exit code, the final lines of the terminal with single spaces between columns, and all that was written.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    read = b""
    environment = {**environment, "TERM": "xterm", **variables}
    output = its if stdout else subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=its, stdout=output, stderr=its) as process:
        os.close(its)
        # At its end Linux raises an error, other systems return nothing.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                read += more
                during(process, read)
        os.close(ours)
        code = process.wait(timeout=60)
    screen = Screen(columns or COLUMNS)
    screen.show(read.decode())
    return code, [" ".join(line.split()) for line in screen.lines() if line.strip()], read.decode()
