"""The `cosjob` command in a process of its own, on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import types
from collections.abc import Callable, Mapping

__all__ = ["on_terminal"]


class Terminal:
    """A terminal of 80 columns, with the controls that the command uses."""

    def __init__(self) -> None:
        self.rows = [""]
        self._row = self._column = 0

    def show(self, text: str) -> None:
        """Write text on the terminal; other controls fail the test."""
        for control, argument, letter, character in re.findall(r"(\x1b\[([0-9;?]*)([A-Za-z]))|([\s\S])", text):
            if control:
                assert letter in "AKmhl", repr(control)
                self._row -= int(argument or 1) if letter == "A" else 0
                if letter == "K":
                    self.rows[self._row] = ""
            elif character == "\r":
                self._column = 0
            elif character == "\n":
                self._row, self._column = self._row + 1, 0
                self.rows += [""] * (self._row + 1 - len(self.rows))
            else:
                assert character.isprintable(), repr(character)
                if self._column == 80:
                    self.show("\r\n")
                row = self.rows[self._row].ljust(self._column)
                self.rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
                self._column += 1

    def lines(self) -> list[str]:
        """Return the lines, with single spaces between the columns."""
        return [" ".join(row.split()) for row in self.rows if row.strip()]


def on_terminal(
    *arguments: str,
    columns: int = 80,
    stdout: bool = False,
    during: Callable[[subprocess.Popen[bytes], bytes], None] = lambda _process, _read: None,
    variables: Mapping[str, str] = types.MappingProxyType({}),
) -> tuple[int, list[str], str]:
    """Run the command in a process whose standard error is a terminal.

    Args:
        *arguments: The arguments of the command.
        columns: The width of the terminal.
        stdout: Whether standard output is the terminal too.
        during: Called with the process and all that it has written, whenever it has written something.
        variables: Environment variables.

    Returns:
        Its exit code, the final lines of the terminal, and all that was written.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    terminal, read = Terminal(), b""
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
    # Colours do not move the cursor.
    terminal.show(re.sub(r"\x1b\[[0-9;]*m", "", read.decode()))
    return code, terminal.lines(), read.decode()
