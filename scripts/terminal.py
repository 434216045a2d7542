"""A shell on a terminal of our own: what is typed there, and what its screen shows at each moment."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["COLUMNS", "Frame", "Row", "Screen", "Shell", "Style"]

COLUMNS = 80
_LINES = 40
_HANGS = 120.0
"""Seconds after which a command counts as hung."""

# The shell's prompt begins with the control that terminals know as "a prompt follows"; no command prints it.
_PROMPT = "\x1b]133;A\x07"
# A screen that stands for less is one that a program is still drawing.
_SETTLED = 0.05

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-9;?]*)(?P<control>[A-Za-z])"  # CSI
    r"|\x1b\][^\x07\x1b]*(\x07|\x1b\\)"  # OSC: titles, the prompt's mark
    r"|(?P<character>[^\x1b])"
)
_BEGUN = re.compile(r"\x1b(\[[0-9;?]*|\][^\x07\x1b]*\x1b?)?$")
# Pulumi requests the position of the cursor to find out whether the terminal responds, and waits 5 s for that.
_POSITION, _POSITION_IS = "\x1b[6n", b"\x1b[1;1R"


class Style(NamedTuple):
    """How characters are drawn.

    Args:
        color: The number of the colour, of 256; None for that of the terminal.
        bold: Whether they are bold.
        dim: Whether they are dimmed.
        underline: Whether they are underlined.
    """

    color: int | None = None
    bold: bool = False
    dim: bool = False
    underline: bool = False


Row = tuple[tuple[str, Style], ...]
"""The characters of a line, each with its style."""


class Frame(NamedTuple):
    """What a screen shows from a moment on.

    Args:
        seconds: The moment, since the recording began.
        rows: All lines, also those that a screen of limited height would no longer show.
    """

    seconds: float
    rows: tuple[Row, ...]


class Screen:
    """The screen of a terminal, with the controls that shells, Pulumi and `cosjob` use, and of any height.

    Args:
        columns: Its width.

    Raises:
        ValueError: A program uses another control.
    """

    def __init__(self, columns: int = COLUMNS) -> None:
        self._columns = columns
        self._cells: list[list[tuple[str, Style]]] = [[]]
        self._folded: set[int] = set()
        self._row = self._column = 0
        self._style = Style()
        self._rest = ""

    def rows(self) -> tuple[Row, ...]:
        """Return the lines with their styles."""
        return tuple(map(tuple, self._cells))

    def lines(self) -> list[str]:
        """Return the lines without the spaces at their ends; one that is folded on the screen is whole."""
        lines: list[str] = []
        for number, row in enumerate(self._cells):
            text = "".join(character for character, _ in row)
            if number in self._folded:
                lines[-1] += text
            else:
                lines.append(text)
        return [line.rstrip() for line in lines]

    def show(self, text: str) -> None:
        """Write text on the screen; a control may come in parts."""
        text = self._rest + text
        begun = _BEGUN.search(text)
        self._rest = begun[0] if begun else ""
        for token in _TOKEN.finditer(text[: begun.start()] if begun else text):
            if token["control"]:
                self._control(token["control"], token["arguments"])
            elif token["character"]:
                self._write(token["character"])

    def _write(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._down()
        elif character == "\t":
            self._column = min(self._columns - 1, (self._column // 8 + 1) * 8)
        elif character == "\b":
            self._column = max(0, self._column - 1)
        elif character.isprintable():
            if self._column == self._columns:
                self._column = 0
                self._down()
                self._folded.add(self._row)
            row = self._cells[self._row]
            row += [(" ", Style())] * (self._column + 1 - len(row))
            row[self._column] = (character, self._style)
            self._column += 1
        elif character != "\a":
            raise ValueError(f"{character!r} is no character that this screen shows")

    def _down(self) -> None:
        self._row += 1
        self._cells += [[] for _ in range(self._row + 1 - len(self._cells))]

    def _control(self, letter: str, arguments: str) -> None:
        if letter == "m":
            self._style = _styled(self._style, [int(each or 0) for each in arguments.split(";")])
        elif letter == "A":
            self._row = max(0, self._row - int(arguments or 1))
        elif letter == "K" and arguments in ("", "0"):
            del self._cells[self._row][self._column :]
        elif letter == "K" and arguments == "2":
            self._cells[self._row].clear()
        elif letter == "J" and arguments in ("", "0"):
            del self._cells[self._row][self._column :], self._cells[self._row + 1 :]
            self._folded = {row for row in self._folded if row <= self._row}
        elif letter not in "hln" and (letter, arguments) != ("J", "3"):  # modes, such as a hidden cursor; requests
            raise ValueError(f"this screen has no control {arguments}{letter}")


def _styled(style: Style, codes: list[int]) -> Style:
    """Return a style after a control that changes it; unknown codes change nothing."""
    remaining = iter(codes)
    for code in remaining:
        if code == 0:
            style = Style()
        elif code in (1, 2, 4):
            style = style._replace(**{{1: "bold", 2: "dim", 4: "underline"}[code]: True})
        elif code == 22:
            style = style._replace(bold=False, dim=False)
        elif code == 24:
            style = style._replace(underline=False)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = style._replace(color=code - 30 if code < 90 else code - 82)
        elif code == 38 and next(remaining, None) == 5:
            style = style._replace(color=next(remaining, None))
        elif code == 39:
            style = style._replace(color=None)
    return style


class Shell:
    """An interactive shell on a terminal. It is a context manager; at its end all that the shell started is ended.

    Args:
        folder: Where it starts.
        variables: Its environment variables.
        columns: The width of the terminal.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str], columns: int = COLUMNS) -> None:
        self._folder = folder
        self._variables = {
            **{name: value for name, value in variables.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")},
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PS1": f"{_PROMPT}$ ",
            "PS2": "",
        }
        self._columns = columns
        self.screen = Screen(columns)
        self.frames: list[Frame] = []
        self._prompts = 0

    def __enter__(self) -> Self:
        self._ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, self._columns, 0, 0))
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            cwd=self._folder,
            env=self._variables,
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            # The terminal is that of the shell, so that Ctrl-C and the ends of jobs reach it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no threads use locks here
        )
        os.close(its)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._began = time.monotonic()
        self.wait(lambda: self._prompts == 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Each job of an interactive shell is a process group of its own; a shell that is hung up passes that on.
        self._process.send_signal(signal.SIGHUP)
        os.close(self._ours)
        self._process.wait(_HANGS)

    def type(self, line: str, during: Callable[[], None] = lambda: None) -> list[str]:
        """Type a line, and wait for the next prompt.

        Args:
            line: The line, or several that belong together, such as a here-document.
            during: Called each time the screen has changed.

        Returns:
            The lines that have appeared, without the typed one and the next prompt.

        Raises:
            TimeoutError: The command hangs; the error has what the screen shows.
        """
        first = len(self.screen.lines()) - 1
        prompts = self._prompts
        os.write(self._ours, f"{line}\n".encode())

        def prompted() -> bool:
            during()
            return self._prompts > prompts

        self.wait(prompted)
        return self.screen.lines()[first + line.count("\n") + 1 : -1]

    def wait(self, condition: Callable[[], object]) -> None:
        """Show what the shell prints until a condition is true.

        Args:
            condition: Called each time the screen has changed.

        Raises:
            TimeoutError: The condition is false for minutes; the error has what the screen shows.
        """
        deadline = time.monotonic() + _HANGS
        while not condition():
            if time.monotonic() > deadline or not select.select([self._ours], [], [], _HANGS)[0]:
                raise TimeoutError("\n".join(self.screen.lines()))
            self._read()
        while select.select([self._ours], [], [], 4 * _SETTLED)[0] and self._read():
            pass

    def _read(self) -> bool:
        """Show what is there to be read, and record the screen once it has settled; return whether there was more."""
        chunk = b""
        with contextlib.suppress(OSError):  # so Linux reports the end
            chunk = os.read(self._ours, 65536)
        text = self._decoder.decode(chunk, final=not chunk)
        self._prompts += text.count(_PROMPT)
        if _POSITION in text:
            os.write(self._ours, _POSITION_IS)
        self.screen.show(text)
        if not select.select([self._ours], [], [], _SETTLED)[0]:
            self.frames.append(Frame(time.monotonic() - self._began, self.screen.rows()))
        return bool(chunk)
