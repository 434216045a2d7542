"""Progress on a terminal."""

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
import threading

import pytest

from command import FULL
from patience import until
from pulumi_cosjob.testing import CosBatchEmulator, Fault

pytestmark = pytest.mark.usefixtures("service_environment")


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


def on_terminal(*arguments: str) -> tuple[int, list[str], str]:
    """Run the command in a process whose standard error is a terminal.

    Returns:
        Its exit code, the final lines of the terminal, and all that was written.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    terminal, read = Terminal(), b""
    with subprocess.Popen(
        command, env={**environment, "TERM": "xterm"}, stdin=its, stdout=subprocess.DEVNULL, stderr=its
    ) as process:
        os.close(its)
        # At its end Linux raises an error, other systems return nothing.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                read += more
        os.close(ours)
        code = process.wait(timeout=60)
    terminal.show(read.decode())
    return code, terminal.lines(), read.decode()


def test_a_terminal_shows_a_bar_for_each_job(service: CosBatchEmulator) -> None:
    """Each bar is on one line with enough of its id to identify it, and the final state stays."""
    job_ids = [f"{FULL[:-1]}{last}" for last in "ef"]
    for job_id, scenario in zip(job_ids, ("completes", "completes-with-failed-tasks"), strict=True):
        service.create_job(scenario, seconds=60, tasks=1_234_567, job_id=job_id)
    service.create_job("completes", seconds=0, job_id="nightly")
    service.clock.advance(40)

    def complete() -> None:
        until(lambda: len(service.requests) > 5)  # each job has been polled, and those under way again
        service.clock.advance(60)

    completing = threading.Thread(target=complete)
    completing.start()
    arguments = ["wait", *job_ids, "nightly", "--appid", "1250000000", "--max-failed-tasks", "any"]
    code, lines, written = on_terminal(*arguments)
    completing.join()
    bar = "━" * 12
    assert (code, lines) == (
        0,
        [
            f"53dc6228…1aae {bar} Complete, 1,234,567 of 1,234,567",
            f"53dc6228…1aaf {bar} Complete, 123,457 failed, 1,234,567 of 1,234,567",
            f"nightly {bar} Complete, 100 of 100",
        ],
    )
    assert " %, " in written, "progress was shown"
    assert "\x1b[?25h" in written[-20:], "the cursor is visible again"


def test_a_terminal_shows_one_bar_for_many_jobs(service: CosBatchEmulator) -> None:
    """More than a dozen bars do not fit on a screen."""
    job_ids = [service.create_job("completes", seconds=0, job_id=f"job-{number}") for number in range(13)]
    service.clock.advance(60)
    code, lines, _written = on_terminal("wait", *job_ids, job_ids[0], "--appid", "1250000000")
    assert (code, lines) == (0, [f"all jobs {'━' * 12} 13 of 13 jobs Complete"])
    code, lines, _written = on_terminal("wait", *job_ids[:12], "--appid", "1250000000")
    assert (code, len(lines)) == (0, 12)


def test_a_terminal_shows_messages_of_the_service_escaped(service: CosBatchEmulator) -> None:
    """Control characters are escaped, and style markup is shown as text."""
    job_id = service.create_job("never-ends", job_id="n")
    service.inject(Fault("error", code="SlowDown", message="\x9b2J[red]", times=None))
    code, lines, _written = on_terminal("wait", job_id, "--appid", "1250000000", "--timeout", "2s")
    assert code == 124
    assert lines[0] == f"n {'━' * 12} no response yet: the service throttles requests: '\\x9b2J[red]'"
    assert lines[1].startswith("cosjob: the job was not complete within 2 s")
