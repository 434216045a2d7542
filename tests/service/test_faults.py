"""Every fault at every place has its expected outcome; `make faults` prints the same rows as a table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace

import pytest

from fault_places import Measurement
from fault_table import HEAD, FaultCase, FaultRow, FaultRunner, fault_cases
from hostile import Fault
from places import PYTHONPATH, ROOT

CASES = fault_cases()
PATHS = os.pathsep.join(filter(None, (PYTHONPATH, os.environ.get("PYTHONPATH"))))


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Iterator[Mapping[FaultCase, Future[FaultRow]]]:
    """Start all cases whose tests have been selected, in their order, and yield their rows."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    selected = [each["case"] for each in parameters if isinstance(each.get("case"), FaultCase)]
    with FaultRunner() as runner:
        yield {case: runner.start(case) for case in selected}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_has_its_outcome(rows: Mapping[FaultCase, Future[FaultRow]], case: FaultCase) -> None:
    """The outcome is the expected one, within the limits of CPU time and memory; nothing forbidden is opened."""
    row = rows[case].result()
    assert not row.mistakes, f"\n{HEAD}\n{row}"
    assert len(str(row)) <= 80


def test_the_table_is_complete() -> None:
    """Each row has a name of its own, and there are hundreds of them."""
    assert len({str(case) for case in CASES}) == len(CASES) > 300
    assert {case.place for case in CASES} == {"decoder", "lenient", "request", "list", "passes", "persists", "never"}
    assert {outcome for case in CASES if case.place == "list" for outcome in case.outcomes} >= {
        "NotXmlError",
        "InvalidResponseError",
        "ConnectionFailedError",
        "TimeLimitError",
        "TlsError",
        "UnavailableError",
        "ServiceError",
        "AccessDeniedError",
    }


CASE = FaultCase(Fault(name="a fault", request="", lasts=3600.0, ends=3700.0), "passes", ("Complete",))
GOOD = FaultRow(CASE, Measurement("Complete", 4.9, 199.0, (), advanced=3600.0))


@pytest.mark.parametrize(
    ("place", "change", "mistakes"),
    [
        ("passes", {}, ""),
        ("passes", {"outcome": "Active"}, "expected Complete"),
        ("passes", {"outcome": "KeyError!"}, "expected Complete"),
        ("passes", {"seconds": 5.1}, "too much computing"),
        ("passes", {"megabytes": 201.0}, "too much memory"),
        ("passes", {"touched": ("/etc/passwd",)}, "opened /etc/passwd"),
        ("passes", {"advanced": 3599.0}, "over after 3599 s"),
        ("never", {"advanced": 3699.0}, ""),
        ("never", {"advanced": 3701.0}, "over after 3701 s"),
    ],
)
def test_a_row_is_wrong_for_each_of_its_limits(place: str, change: dict[str, object], mistakes: str) -> None:
    """The outcome, CPU time, memory, what was opened, and the simulated time until a wait is over."""
    measurement = replace(GOOD.measurement, **change)  # type: ignore[arg-type]
    row = FaultRow(replace(CASE, place=place), measurement)
    assert row.mistakes == mistakes
    assert str(row).splitlines()[0].endswith(" WRONG" if mistakes else " ok")
    assert str(row).splitlines()[1:] == ([f"    {mistakes}"] if mistakes else [])


def run_script(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `make faults` with words."""
    command = [sys.executable, str(ROOT / "scripts" / "faults.py"), *words]
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": PATHS}, capture_output=True, text=True, timeout=600, check=False
    )


def test_framing_without_an_end_takes_no_memory() -> None:
    """The oldest versions of the libraries limit the lines that frame a response, too. The script prints the rows."""
    done = run_script("a chunk's size", "a trailer")
    assert done.returncode == 0, done.stdout + done.stderr
    head, *lines, last = done.stdout.splitlines()
    assert head == HEAD
    assert [line.endswith(" ok") for line in lines] == [True] * 8
    assert last.startswith("8 rows, 0 wrong")


def test_the_script_fails_without_rows() -> None:
    """Words that no fault has in its name are a mistake."""
    done = run_script("no such fault")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1].startswith("0 rows, 0 wrong")


PROGRAM = """
import socket, sys, time
import fault_places
waiting = fault_places.measure(lambda: time.sleep(0.5) or "Complete")
computing = fault_places.measure(lambda: (sum(range(3_000_000)) and "Complete"))
def run():
    for where in (sys.argv[1], fault_places.__file__):
        open(where).close()
    socket.getaddrinfo("localhost", 2)
    for port in sys.argv[2:]:
        socket.socket().connect_ex(("127.0.0.1", int(port)))
        socket.getaddrinfo("127.0.0.1", int(port))
    return b"x" * 300 * 2**20 and "Complete"
measured = fault_places.measure(run, ["127.0.0.1:2"])
print(measured.touched, measured.megabytes > 200, waiting.seconds < 0.5, computing.seconds > 0)
"""


def test_files_addresses_memory_and_computing_are_measured(tmp_path: object) -> None:
    """Files and addresses beyond code and the endpoint are recorded; so are memory and CPU time, but not real time."""
    secret = f"{tmp_path}/secret"
    with open(secret, "w", encoding="ascii"):  # noqa: PTH123  as the program does
        pass
    # The memory of the process that starts it does not count.
    assert len(b"x" * 400 * 2**20)
    command = [sys.executable, "-c", PROGRAM, secret, "1", "2"]
    done = subprocess.run(command, env={"PYTHONPATH": PATHS}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"({secret!r}, 'localhost:2', '127.0.0.1:1') True True True", done.stderr
