"""`make faults`: every fault at every place comes to what it should; and a row that does not is told."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import replace

import pytest

import fault_table
from fault_places import Measured
from places import PYTHONPATH, ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": PYTHONPATH}


@pytest.mark.timeout(1800)
def test_every_fault_comes_to_what_it_should() -> None:
    """The whole table: no row is wrong, and each fits a terminal."""
    command = [sys.executable, str(ROOT / "scripts" / "faults.py")]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=1700, check=False)
    lines = done.stdout.splitlines()
    assert wrong_rows(lines) == []
    assert done.returncode == 0, done.stderr
    assert len(lines) > 300
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(f"{len(lines) - 2} rows, 0 wrong")


def wrong_rows(lines: list[str]) -> list[str]:
    """Return the rows that are wrong, each with its reason, which stands below it."""
    return [f"{line} {reason.strip()}" for line, reason in itertools.pairwise(lines) if line.endswith(" WRONG")]


FINE = fault_table.Row(
    "a fault", "passes", "Complete", Measured("Complete", 4.9, 199.0, (), turned=3600.0), 3600.0, 3700.0
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ""),
        ({"outcome": "Active"}, "expected Complete"),
        ({"outcome": "KeyError!"}, "expected Complete"),
        ({"seconds": 5.1}, "too much computing"),
        ({"megabytes": 201.0}, "too much memory"),
        ({"touched": ("/etc/passwd",)}, "opened /etc/passwd"),
        ({"turned": 3599.0}, "over after 3599 s"),
        ({"turned": 3701.0}, "over after 3701 s"),
    ],
)
def test_a_row_is_wrong_for_each_of_its_promises(change: dict[str, object], told: str) -> None:
    """The outcome, the computing, the memory, what was opened, and for how long the fault has to be outlived."""
    row = replace(FINE, measured=replace(FINE.measured, **change))  # type: ignore[arg-type]
    assert row.wrong == told
    assert str(row).splitlines()[0].endswith(" WRONG" if told else " ok")
    found = wrong_rows([*str(FINE).splitlines(), *str(row).splitlines(), *str(FINE).splitlines()])
    assert [each.rpartition("WRONG ")[2] for each in found] == ([told] if told else [])


PROGRAM = """
import socket, sys, time
import fault_places
waiting = fault_places._measured(lambda: time.sleep(0.5) or "Complete")
computing = fault_places._measured(lambda: (sum(range(3_000_000)) and "Complete"))
def run():
    for where in (sys.argv[1], fault_places.__file__):
        open(where).close()
    socket.getaddrinfo("localhost", 2)
    for port in sys.argv[2:]:
        socket.socket().connect_ex(("127.0.0.1", int(port)))
        socket.getaddrinfo("127.0.0.1", int(port))
    return b"x" * 300 * 2**20 and "Complete"
measured = fault_places._measured(run, ["127.0.0.1:2"])
print(measured.touched, measured.megabytes > 200, waiting.seconds < 0.5, computing.seconds > 0)
"""


def test_files_addresses_memory_and_computing_are_noticed(tmp_path: object) -> None:
    """What a case opens beyond code and its endpoint is told; so are memory and computing, but not mere waiting."""
    secret = f"{tmp_path}/secret"
    with open(secret, "w", encoding="ascii"):  # noqa: PTH123  as the program does
        pass
    # What the process that starts it has taken does not count.
    assert len(b"x" * 400 * 2**20)
    command = [sys.executable, "-c", PROGRAM, secret, "1", "2"]
    done = subprocess.run(command, env={"PYTHONPATH": PYTHONPATH}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"({secret!r}, 'localhost:2', '127.0.0.1:1') True True True", done.stderr


def test_framing_without_an_end_takes_no_memory() -> None:
    """Lines that frame an answer are bounded by the oldest versions of the libraries, too."""
    command = [sys.executable, str(ROOT / "scripts" / "faults.py"), "a chunk's size", "a trailer"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=270, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("6 rows, 0 wrong")
