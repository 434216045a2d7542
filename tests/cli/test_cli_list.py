"""`cosjob list`, called as from a shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from command import FULL, cosjob, run
from list_documents import member, page
from pulumi_cosjob.testing import Fault
from servers import reply
from terminals import on_terminal

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.usefixtures("service_environment")

NIGHTLY = "nightly copy of the archive from ap-guangzhou to ap-shanghai, every prefix"
IDS = [f"{FULL[:-1]}{last}" for last in "abcd"]
HEADER = ["JOB", "STATUS", "DONE", "CREATED", "DESCRIPTION", "OPERATION", "PRIORITY"]


@pytest.fixture
def jobs(service: CosBatchEmulator) -> list[str]:
    """Create four jobs in different states, ten minutes apart; return their ids, the newest first."""
    created: list[tuple[str, dict[str, Any]]] = [
        ("completes", {"description": NIGHTLY, "seconds": 20_000, "tasks": 1_000_000}),
        ("fails", {"description": "weekly 夜間のコピー"}),
        ("waits-for-confirmation", {"description": None, "priority": None}),
        ("restore", {"description": "in\tvoices"}),
    ]
    for job_id, (scenario, options) in zip(IDS, created, strict=True):
        service.create_job(scenario, job_id=job_id, **options)
        service.clock.advance(600)
    return IDS[::-1]


def on_screen(*arguments: str, columns: int, **variables: str) -> list[str]:
    """Return the lines on a terminal of some columns, without colours."""
    code, _lines, written = on_terminal("list", *arguments, columns=columns, stdout=True, variables=variables)
    assert code == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", written).splitlines()


def width(line: str) -> int:
    """Return the columns that a line takes."""
    return len(line) + len(re.findall(r"[\u3000-\u9fff]", line))


def test_a_pipe_has_a_line_of_whole_cells_for_each_job(jobs: list[str]) -> None:
    """Tabs separate the columns, whatever a description holds; nothing is cut, and times are in UTC to the second."""
    result = cosjob("list")
    assert (result.exit_code, result.stderr) == (0, "")
    header, *rows = (line.split("\t") for line in result.stdout.splitlines())
    assert header == HEADER
    assert [row[0] for row in rows] == jobs
    assert {len(row) for row in rows} == {len(HEADER)}
    restore, suspended, failed, nightly = rows
    assert restore[4:6] == ["in\\tvoices", "COSInitiateRestoreObject"]
    assert (suspended[1], suspended[4], suspended[6]) == ("Suspended", "-", "-")
    assert failed[1:3] == ["Failed", "40 %"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", nightly[3])
    assert (nightly[1], nightly[4:]) == ("Active", [NIGHTLY, "COSPutObjectCopy", "10"])


@pytest.mark.parametrize(
    ("columns", "lines_of_a_job", "description"),
    [
        (200, 1, NIGHTLY),
        (140, 1, "nightly copy of the archive f…"),
        (120, 2, NIGHTLY),
        (80, 2, "nightly copy of the archive from ap-guang…"),
        (40, 4, "nightly copy of the archive from ap-g…"),
    ],
)
def test_a_terminal_cuts_the_description(jobs: list[str], columns: int, lines_of_a_job: int, description: str) -> None:
    """No line is wider than the terminal; all other cells and the ids are whole."""
    lines = on_screen(columns=columns)
    assert len(lines) == lines_of_a_job * (1 + len(jobs))
    assert max(map(width, lines)) <= columns
    assert [line.split()[0] for line in lines[lines_of_a_job::lines_of_a_job]] == jobs
    written = "\n".join(lines[-lines_of_a_job:])
    cells = re.split(r"  +|\n", written)
    assert description in cells
    assert {"Active", "COSPutObjectCopy", "10"} < set(cells)
    assert re.search(r"  20\d\d-\d\d-\d\d \d\d:\d\d\b", written)
    assert "CREATED (UTC)" in "".join(lines[:lines_of_a_job])


@pytest.mark.parametrize("columns", [30, 12])
def test_no_terminal_is_too_narrow(jobs: list[str], columns: int) -> None:
    """An id is folded, not cut; all else is cut."""
    lines = on_screen(columns=columns)
    assert max(map(width, lines)) <= columns
    assert all(job_id in "".join(lines) for job_id in jobs)


def test_the_columns_of_a_terminal_are_aligned(jobs: list[str]) -> None:
    """Each column begins below its header, also behind characters that are two columns wide; numbers end below it."""
    lines = on_screen(columns=200)
    wide = [re.sub(r"[\u3000-\u9fff]", "xx", line) for line in lines]
    for title in ("STATUS", "CREATED (UTC)", "DESCRIPTION", "OPERATION"):
        at = wide[0].index(title)
        assert all(line[at - 2 : at] == "  " and line[at] != " " for line in wide), title
    assert {len(line) for line in wide} == {wide[0].index("PRIORITY") + len("PRIORITY")}
    assert len(jobs) + 1 == len(lines)


@pytest.mark.usefixtures("jobs")
def test_the_status_has_the_colour_of_its_state() -> None:
    """Failed is red, Suspended yellow, Complete green and Active cyan; without colours there are none."""
    arguments = ("list", "--description", "*")
    _code, _lines, written = on_terminal(*arguments, stdout=True)
    found = re.findall(r"\x1b\[(\d+)m\x1b\[1m(\w+)\x1b\[0m ", written)
    assert found == [("32", "Complete"), ("33", "Suspended"), ("31", "Failed"), ("36", "Active")]
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _code, _lines, written = on_terminal(*arguments, stdout=True, variables=variables)
        assert "\x1b" not in written


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--status", "Active"], "a"),
        (["--status", "Active", "--status", "Failed"], "ba"),
        (["--description", "nightly*"], "a"),
        (["--description", "nightly"], ""),
        (["--operation", "COSInitiateRestoreObject"], "d"),
        (["--limit", "2"], "dc"),
        (["--appid", "1250000001"], ""),
    ],
)
@pytest.mark.usefixtures("jobs")
def test_filters_select_jobs(arguments: list[str], found: str) -> None:
    """With ids each line is an id, and no job is no line."""
    result = cosjob("list", *arguments, "-o", "ids")
    assert (result.exit_code, result.stdout) == (0, "".join(f"{FULL[:-1]}{last}\n" for last in found))


def test_times_select_jobs(service: CosBatchEmulator) -> None:
    """They are durations back from now, or times; a job created at the time itself is not before it."""
    for job_id, created in (("old", "2020-02-29T23:59:59Z"), ("new", "2020-03-01T00:00:00Z")):
        service.create_job(job_id=job_id, creation_time=created)
    listed = {
        arguments: cosjob("list", *arguments, "-o", "ids").stdout.split()
        for arguments in (("--since", "2020-03-01"), ("--before", "2020-03-01T01:00:00+01:00"), ("--since", "7d"))
    }
    assert list(listed.values()) == [["new"], ["old"], []]


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_data_has_all_fields(jobs: list[str], output: str) -> None:
    """Both hold a list of objects with the fields of a summary, absent ones as null."""
    result = cosjob("list", "-o", output)
    data = json.loads(result.stdout) if output == "json" else yaml.safe_load(result.stdout)
    assert [job["job_id"] for job in data] == jobs
    assert (data[1]["status"], data[1]["description"]) == ("Suspended", None)
    assert data[3]["progress_summary"]["total_number_of_tasks"] == 1_000_000
    assert cosjob("list", "--query", "[?status=='Failed'].job_id").stdout == f"{jobs[2]}\n"


@pytest.mark.parametrize(("output", "printed"), [("table", ""), ("ids", ""), ("json", "[]\n"), ("yaml", "[]\n")])
def test_no_jobs_are_no_error(output: str, printed: str) -> None:
    """A sentence on standard error unless it is to be quiet, and an empty list as data."""
    result = cosjob("list", "--status", "Paused", "-o", output)
    assert (result.exit_code, result.stdout) == (0, printed)
    assert result.stderr == "cosjob: there are no such jobs among those of the last 90 days\n"
    result = cosjob("list", "--status", "Paused", "-o", output, "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--status", "active"], 2, "cosjob: --status cannot be 'active'. Did you mean Active?\n"),
        (["--since", "soon"], 2, "cosjob: --since cannot be 'soon'. It is a "),
        (["--since", "1d", "--before", "2d"], 2, "cosjob: --before cannot be '2d'. It is later than --since.\n"),
        (["--operation", "put_object_copy"], 2, "cosjob: --operation cannot be 'put_object_copy'. Did you mean COSP"),
        (["--limit", "0"], 2, "cosjob: --limit cannot be 0. It is a whole number from 1.\n"),
        (["--query", "a["], 2, "cosjob: --query cannot be 'a['"),
        (["--appid", "x"], 2, "cosjob: --appid cannot be 'x'"),
        (["-o", "xml"], 2, "Invalid value for '-o'"),
        (["a"], 2, "Got unexpected extra argument"),
    ],
)
def test_malformed_arguments_are_named(
    service: CosBatchEmulator, arguments: list[str], code: int, message: str
) -> None:
    """The message has the name of the option, and there is no request."""
    result = cosjob("list", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert list(service.requests) == []


def test_a_refusal_is_a_failure(service: CosBatchEmulator) -> None:
    """Its exit code is 1, so a pipeline does not take it for an empty list."""
    service.inject(Fault("error", code="AccessDenied"))
    result = cosjob("list", "-o", "ids", "--appid", "1250000000")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cos:ListJobs" in result.stderr


def test_strange_jobs_have_a_row(service: CosBatchEmulator) -> None:
    """A time that UTC does not reach is shown as it is, as is an unknown status; an absent time has a dash."""
    times = [None, "9999-12-31T23:59:59-14:00", "2024-01-01T08:00:00+08:00"]
    members = [member(JobId=str(number), CreationTime=time, Status="Odd") for number, time in enumerate(times)]
    service.inject(Fault("raw", body=reply(page(members))))
    result = cosjob("list", "--appid", "1250000000")
    rows = sorted(line.split("\t") for line in result.stdout.splitlines()[1:])
    assert [row[:4] for row in rows] == [
        ["0", "Odd", "-", "-"],
        ["1", "Odd", "-", times[1]],
        ["2", "Odd", "-", "2024-01-01T00:00:00Z"],
    ]


def test_an_output_of_ascii_escapes_the_rest(jobs: list[str]) -> None:
    """In a pipe of such an encoding each job still has its line."""
    done = run("list", encoding="ascii")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1 + len(jobs))
    assert b"weekly \\u591c" in done.stdout


@pytest.mark.parametrize(("status", "code"), [("Complete", 0), ("Failed", 1), ("Paused", 2)])
@pytest.mark.usefixtures("jobs")
def test_a_shell_waits_for_the_jobs_of_a_list(status: str, code: int) -> None:
    """Where the list is empty, the wait states that there is nothing to wait for."""
    command = f"{sys.executable} -c 'from pulumi_cosjob._cli.main import main; main()'"
    script = f"{command} wait $({command} list --status {status} -o ids)"
    done = subprocess.run(
        ["bash", "-c", script], env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    if code == 2:
        assert done.stderr.splitlines() == [
            "cosjob: there are no such jobs among those of the last 90 days",
            "cosjob: there is no JOB_ID: give one at least. If `cosjob list -o ids` was to print it, no job matched.",
        ]
