"""Progress on a terminal."""

from __future__ import annotations

import re
import signal
import subprocess
import threading

import pytest

from command import FULL
from patience import until
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from terminals import on_terminal

pytestmark = pytest.mark.usefixtures("service_environment")


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


def test_a_terminated_wait_leaves_the_cursor(service: CosBatchEmulator) -> None:
    """SIGTERM ends the bars, makes the cursor visible again and has a sentence of its own."""
    job_id = service.create_job("never-ends", job_id="n")
    sent: list[bool] = []

    def terminate(process: subprocess.Popen[bytes], read: bytes) -> None:
        if b"New" in read and not sent:
            sent.append(True)
            process.send_signal(signal.SIGTERM)

    code, lines, written = on_terminal("wait", job_id, "--appid", "1250000000", during=terminate)
    assert code == 143
    assert lines[-1] == "cosjob: terminated: the wait has ended; the jobs are not affected"
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("columns", "variables"),
    [(80, {"TERM": "dumb"}), (39, {}), (80, {"COLUMNS": "39"})],
)
def test_a_terminal_without_room_or_cursor_has_lines(
    service: CosBatchEmulator, columns: int, variables: dict[str, str]
) -> None:
    """No control moves the cursor there; each line has its time."""
    job_id = service.create_job("completes", seconds=0, job_id="n")
    service.clock.advance(60)
    code, lines, written = on_terminal("wait", job_id, "--appid", "1250000000", columns=columns, variables=variables)
    assert code == 0
    assert "\x1b" not in written
    assert re.match(r"20\S+Z \[0:00:0\d\] n: Complete", lines[0])


@pytest.mark.parametrize("variables", [{}, {"COLUMNS": "0"}, {"COLUMNS": "wide"}, {"COLUMNS": "-5"}])
@pytest.mark.parametrize("full", [False, True])
def test_a_table_fits_80_columns(
    service: CosBatchEmulator, full: bool, variables: dict[str, str], full_response: bytes
) -> None:
    """A terminal that does not know its width has 80 columns, whatever nonsense COLUMNS is."""
    service.replay(FULL, full_response)
    arguments = ["describe", FULL, "--appid", "1250000000", *(["--full"] if full else [])]
    code, _lines, written = on_terminal(*arguments, columns=0, stdout=True, variables=variables)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", written).splitlines()
    assert code == 0
    assert 70 <= max(map(len, lines)) <= 80
    assert (len(lines) == 5) is not full
    assert "\x1b[36m" in written, "the status has a colour"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_table_has_no_colours_where_none_are_wanted(service: CosBatchEmulator, variables: dict[str, str]) -> None:
    """NO_COLOR and a dumb terminal get plain text."""
    job_id = service.create_job("completes")
    code, _lines, written = on_terminal("describe", job_id, "--appid", "1250000000", stdout=True, variables=variables)
    assert (code, "\x1b" in written) == (0, False)


def test_a_narrow_terminal_keeps_the_whole_id(service: CosBatchEmulator, full_response: bytes) -> None:
    """An id is folded and never cut; the other lines of a summary are cut."""
    service.replay(FULL, full_response)
    _code, lines, written = on_terminal(
        "describe", FULL, "--appid", "1250000000", columns=40, stdout=True, variables={"NO_COLOR": "1"}
    )
    assert lines[:2] == [f"job {FULL[:29]}", FULL[29:]]
    assert len(lines) == 6
    assert max(map(len, written.splitlines())) <= 40
    assert sum(line.endswith("…") for line in lines) >= 3
