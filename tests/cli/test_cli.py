"""The `cosjob` command, called as from a shell."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from documents import UNPARSABLE
from places import RESPONSES
from pulumi_cosjob import JobDescription
from pulumi_cosjob._cli.main import main
from pulumi_cosjob._cli.progress import progress
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob.testing import CosBatchEmulator, Fault

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[CosBatchEmulator]:
    """Return an emulator that the environment names."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def cosjob(*arguments: str, stdin: bytes = b"") -> Result:
    """Run the command in this process, 80 columns wide."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, arguments, input=stdin, prog_name="cosjob")


# ------------------------------------------------------------------------------------------------------------ describe


def test_describe_prints_a_table_within_80_columns(service: CosBatchEmulator) -> None:
    """Each field that has a value has a row, below those of its parents; absent fields have none."""
    service.replay(FULL, RESPONSES / "full.xml")
    result = cosjob("describe", FULL, "--appid", "1250000000")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [line.rstrip() for line in result.stdout.splitlines()]
    assert max(map(len, rows)) <= 80
    assert rows[1].split(maxsplit=1) == ["status", "Active: works on its tasks"]
    assert '    etag                         "a7ba0ad1f1a5d7e5f5b5a1c6d6e7f809"' in rows
    assert "    fields                       Bucket, Key, VersionId, Ignore" in rows
    assert "    prefix_replace               no" in rows
    assert not any("cos_delete_object" in row for row in rows)


def test_describe_escapes_control_characters(service: CosBatchEmulator) -> None:
    """A job cannot move the cursor of the terminal."""
    response = (RESPONSES / "full.xml").read_bytes().replace(b">in/<", ">in\u009b2J\r\n/<".encode())
    service.replay(FULL, response)
    result = cosjob("describe", FULL, "--appid", "1250000000")
    assert "\x9b" not in result.stdout
    assert "in\\x9b2J\\n/" in result.stdout


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_describe_prints_the_whole_description_as_data(service: CosBatchEmulator, output: str) -> None:
    """JSON and YAML have all fields, absent ones as null."""
    service.replay(FULL, RESPONSES / "full.xml")
    result = cosjob("describe", FULL, "--appid", "1250000000", "--output", output)
    data = json.loads(result.stdout) if output == "json" else yaml.safe_load(result.stdout)
    expected = json.loads((RESPONSES / "full.json").read_text())
    assert data == {**expected, "unknown_elements": [], "unknown_values": []}, "compare tests/responses/full.json"


def test_describe_shows_unknown_and_removed_values(service: CosBatchEmulator) -> None:
    """A removed value is a warning on standard error; values that the schema does not list are in the table."""
    response = (
        (RESPONSES / "full.xml").read_text().replace(">2147483647<", ">urgent<").replace("DEEP_ARCHIVE", "DEEP_COLD")
    )
    service.replay(FULL, response.replace(">Active<", ">Archiving<"))
    result = cosjob("describe", FULL, "--appid", "1250000000")
    assert result.exit_code == 0
    assert result.stderr == (
        "cosjob: warning: a part of the response violates the schema and was left out: "
        "/DescribeJobResult/Job/Priority: must be a whole number from 0 to 2147483647, or nothing, but is 'urgent'\n"
    )
    shown = "".join(result.stdout.split())
    assert "statusArchiving:astatusthatthisversiondoesnotknow" in shown
    copied = "/DescribeJobResult/Job/Operation/COSPutObjectCopy"
    assert shown.endswith(f"unknown_values{copied}/StorageClass:DEEP_COLD,/DescribeJobResult/Job/Status:Archiving")
    assert "priority" not in shown
    result = cosjob("describe", FULL, "--appid", "1250000000", "--validation", "strict")
    assert result.exit_code == 1
    assert "/DescribeJobResult/Job/Priority: must be a whole number" in result.stderr


def test_describe_reads_the_account_from_options(service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options take precedence over the environment."""
    job_id = service.create_job("completes", appid="1250000001")
    monkeypatch.setenv("COSJOB_ENDPOINT", "http://127.0.0.1:1")
    result = cosjob(
        "describe", job_id, "--appid", "1250000001", "--endpoint", service.endpoint, "--request-timeout", "5"
    )
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope", "--appid", "1250000000"], 1, "there is no such job"),
        (["nope", "--appid", "appid"], 2, "cosjob: --appid cannot be 'appid'"),
        (["../nope", "--appid", "1250000000"], 2, "cosjob: JOB_ID cannot be '../nope'"),
        (["nope", "--appid", "1", "--validation", "lax"], 2, "--validation must be one of strict, lenient, not 'lax'"),
        (["nope", "--appid", "1", "--request-timeout", "nan"], 2, "cosjob: --request-timeout cannot be 'nan'"),
        (["nope"], 2, "Missing option '--appid'"),
    ],
)
@pytest.mark.usefixtures("service")
def test_describe_fails_with_a_message(arguments: list[str], code: int, message: str) -> None:
    """Failures and malformed arguments have different exit codes, and standard output stays empty."""
    result = cosjob("describe", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# ---------------------------------------------------------------------------------------------------------------- wait


def test_wait_ends_with_0_and_prints_the_final_descriptions(service: CosBatchEmulator) -> None:
    """Standard error has lines with the progress of the jobs; standard output has all descriptions as JSON."""
    job_ids = [service.create_job("completes", seconds=0), service.create_job("completes-with-failed-tasks", seconds=0)]
    service.clock.advance(60)
    arguments = ["wait", *job_ids, "--appid", "1250000000", "--max-failed-tasks", "any", "--output", "json"]
    result = cosjob(*arguments)
    assert result.exit_code == 0
    assert {name: job["status"] for name, job in json.loads(result.stdout).items()} == dict.fromkeys(
        job_ids, "Complete"
    )
    assert f"{job_ids[0]}: Complete, 100 %, 100 of 100 tasks" in result.stderr.splitlines()


@pytest.mark.parametrize(
    ("scenario", "arguments", "code", "message"),
    [
        ("fails", [], 1, "the job failed; 10 of 100 tasks succeeded, 30 failed"),
        ("completes-with-failed-tasks", ["--max-failed-tasks", "9"], 1, "more failed tasks than the 9 accepted"),
        ("completes-with-failed-tasks", [], 1, "Accept them by --max-failed-tasks, or fix the cause, "),
        ("never-ends", ["--timeout", "1s"], 124, "not complete within 1 s; it was last seen Active"),
        ("waits-for-confirmation", ["--fail-when-suspended"], 1, "waits for a person to confirm it"),
        ("completes", ["--timeout", "soon"], 2, "cosjob: --timeout cannot be 'soon'"),
        ("completes", ["--timeout", "1h30"], 2, "cosjob: --timeout cannot be '1h30'. It is a text such as "),
        ("completes", ["--timeout", "\u0663\u0660"], 2, "cosjob: --timeout cannot be '\u0663\u0660'"),
        ("completes", ["--request-timeout", "\u0663\u0660"], 2, "cosjob: --request-timeout cannot be '\u0663\u0660'"),
        (
            "completes",
            ["--max-failed-tasks", "few"],
            2,
            "cosjob: --max-failed-tasks cannot be 'few'. It is a whole number from 0, or any for any number.\n",
        ),
        ("completes", ["--max-failed-tasks", "9" * 5000], 2, "It is a whole number from 0, or any for any number."),
        ("completes", ["../x"], 2, "cosjob: JOB_ID cannot be '../x'"),
    ],
)
def test_wait_ends_with_an_exit_code_and_a_message(
    service: CosBatchEmulator, scenario: str, arguments: list[str], code: int, message: str
) -> None:
    """Each outcome has its exit code, and standard output stays empty."""
    job_id = service.create_job(scenario, seconds=10)
    service.clock.advance(60)
    result = cosjob("wait", job_id, "--appid", "1250000000", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_wait_warns_about_restored_objects(service: CosBatchEmulator) -> None:
    """The warning is on standard error; standard output has JSON as usual."""
    service.replay("nightly", RESPONSES / "restore-complete.xml")
    result = cosjob("wait", "nightly", "--appid", "1250000000", "--output", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["nightly"]["status"] == "Complete"
    assert result.stderr.splitlines()[-1] == (
        "cosjob: warning: job nightly restores objects: Complete means that all restore requests were sent. "
        "The objects can be read up to 48 hours later."
    )


@pytest.mark.parametrize("what", UNPARSABLE)
@pytest.mark.parametrize("command", [["describe"], ["wait", "--timeout", "1s"]], ids=lambda command: command[0])
def test_an_unreadable_response_is_reported(service: CosBatchEmulator, command: list[str], what: str) -> None:
    """Whatever the response contains, the command ends with a message and not with a traceback."""
    service.inject(Fault("raw", body=UNPARSABLE[what], times=None))
    result = cosjob(*command, "nightly", "--appid", "1250000000")
    assert result.exit_code in (1, 124)
    assert type(result.exception) is SystemExit
    assert result.stderr.splitlines()[-1].startswith(("cosjob: ", "Report this"))


def test_wait_is_interrupted_at_once(service: CosBatchEmulator) -> None:
    """Ctrl-C ends the wait; the message adds that the jobs are not affected."""
    job_id = service.create_job("never-ends")
    # A shell that runs tests in the background makes them, and what they start, ignore SIGINT.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from pulumi_cosjob._cli.main import main; main()"
    command = [sys.executable, "-c", code, "wait", job_id, "--appid", "1250000000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "New" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 130
            assert "the jobs are not affected" in process.stderr.read()
        finally:
            process.kill()


def test_a_closed_terminal_does_not_end_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress bars that cannot be written raise no error."""

    class Gone(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Gone())
    with progress(["a"], print) as report:
        report("a", PollState(0.0).add(PollResult(1.0, JobDescription("a", "Active"))), 1.0)


# ---------------------------------------------------------------------------------------------- progress on a terminal


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
        service.create_job(scenario, seconds=2, tasks=1_234_567, job_id=job_id)
    service.clock.release()
    arguments = ["wait", *job_ids, "nightly", "--appid", "1250000000", "--max-failed-tasks", "any"]
    service.create_job("completes", seconds=0, job_id="nightly")
    code, lines, written = on_terminal(*arguments)
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


# ------------------------------------------------------------------------ encodings, and streams that cannot be written

TEXT = "中文 café \x9b31m \u202e 😀"


def run(*arguments: str, encoding: str = "utf-8", **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, with an encoding of its output."""
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, env=environment, timeout=60, check=False, **streams)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_describe_escapes_characters_that_the_encoding_lacks(
    service: CosBatchEmulator, encoding: str, output: str
) -> None:
    """Such a description is no error, and JSON and YAML stay valid."""
    job_id = service.create_job("completes", description=TEXT)
    done = run("describe", job_id, "--appid", "1250000000", "--output", output, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    # Click treats ASCII as a wrong setting, and writes UTF-8.
    shown = done.stdout.decode("utf-8" if encoding == "ascii" else encoding)
    assert shown.replace("\n", "").isprintable()
    assert ("中" in shown) is (encoding == "utf-8" and output != "yaml")
    if output == "table":
        assert "\\x9b31m" in shown
    else:
        data = json.loads(shown) if output == "json" else yaml.safe_load(shown)
        assert data["description"] == TEXT


def test_wait_writes_valid_json_in_any_encoding(service: CosBatchEmulator) -> None:
    """Unprintable characters are escaped as JSON escapes them."""
    job_id = service.create_job("completes", seconds=0, description=TEXT)
    service.clock.advance(60)
    done = run("wait", job_id, "--appid", "1250000000", "--output", "json", encoding="latin-1")
    assert done.returncode == 0, done.stderr
    assert b"caf\xe9 \\u009b31m" in done.stdout
    assert json.loads(done.stdout.decode("latin-1"))[job_id]["description"] == TEXT


@pytest.mark.parametrize(("job_id", "code"), [("completes", 0), ("fails", 1), ("../x", 2)])
def test_the_exit_code_does_not_depend_on_standard_error(service: CosBatchEmulator, job_id: str, code: int) -> None:
    """If standard error cannot be written, each outcome of a wait keeps its exit code."""
    for scenario in ("completes", "fails"):
        service.create_job(scenario, seconds=0, job_id=scenario)
    service.clock.advance(60)
    with Path("/dev/full").open("wb") as full:
        assert run("wait", job_id, "--appid", "1250000000", stderr=full).returncode == code


def test_an_output_that_cannot_be_written_is_reported(service: CosBatchEmulator) -> None:
    """The result is lost: the command fails with a message."""
    job_id = service.create_job("completes")
    with Path("/dev/full").open("wb") as full:
        done = run("describe", job_id, "--appid", "1250000000", stdout=full)
    expected = b"cosjob: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, expected)


# ------------------------------------------------------------------------------------------------------------ validate


def test_validate_is_silent_about_valid_files() -> None:
    """For valid files nothing is printed, and the exit code is 0."""
    result = cosjob("validate", str(RESPONSES / "full.xml"), str(RESPONSES / "minimal.xml"))
    assert (result.exit_code, result.output) == (0, "")


def test_validate_prints_one_line_for_each_problem(tmp_path: Path) -> None:
    """Each line has file, path and rule."""
    broken = (RESPONSES / "full.xml").read_bytes().replace(b">Active<", b"><").replace(b">2147483647<", b">-1<")
    (tmp_path / "broken.xml").write_bytes(broken)
    (tmp_path / "page.xml").write_bytes(b"<html")
    result = cosjob("validate", str(tmp_path / "broken.xml"), str(RESPONSES / "full.xml"), str(tmp_path / "page.xml"))
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert len(lines) == 3
    assert lines[0].startswith(f"{tmp_path}/broken.xml: /DescribeJobResult/Job/Priority: ")
    assert lines[1].startswith(f"{tmp_path}/broken.xml: /DescribeJobResult/Job/Status: ")
    assert lines[2].startswith(f"{tmp_path}/page.xml: the response cannot be read as XML")


def test_validate_escapes_characters_that_the_encoding_lacks(tmp_path: Path) -> None:
    """Each problem is one line, whatever the value and the name of the file contain."""
    file = tmp_path / "\u6587\n.xml"
    file.write_bytes((RESPONSES / "full.xml").read_bytes().replace(b">Active<", ">文<".encode()))
    done = run("validate", str(file), encoding="latin-1")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(f"{tmp_path}/\\u6587\\n.xml: /DescribeJobResult/Job/Status: ".encode())
    assert done.stdout.count(b"\n") == 1
    assert done.stdout.endswith(b"but is '\\u6587'\n")


def test_validate_reads_standard_input() -> None:
    """A dash means standard input."""
    assert cosjob("validate", "-", stdin=(RESPONSES / "full.xml").read_bytes()).exit_code == 0
    result = cosjob("validate", "-", stdin=b"")
    assert (result.exit_code, result.stdout) == (1, "-: the response is empty\n")


def test_validate_ends_with_2_if_a_file_cannot_be_read(tmp_path: Path) -> None:
    """This exit code takes precedence over that of an invalid file, and all other files are checked."""
    result = cosjob("validate", str(tmp_path / "none.xml"), str(tmp_path), "-", stdin=b"<a/>")
    assert result.exit_code == 2
    assert "none.xml cannot be read: No such file or directory" in result.stderr
    assert "Is a directory" in result.stderr
    assert result.stdout.startswith("-: /a: ")


def test_validate_limits_the_size_of_a_file() -> None:
    """An endless file is reported as too large."""
    result = cosjob("validate", "/dev/zero")
    assert (result.exit_code, result.stdout) == (1, "/dev/zero: the response is larger than 1048576 bytes\n")


# ------------------------------------------------------------------------------------------------------------ emulator


# A shell would split or expand it without quotes.
SECRET_KEY = "key'of;$mine"


@pytest.fixture
def emulator_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `cosjob emulator` with jobs and a replay."""
    (tmp_path / "response.xml").write_bytes((RESPONSES / "minimal.xml").read_bytes())
    command = [
        *(sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", "emulator", "--port", "0"),
        *("--secret-id", "id-of-mine", "--secret-key", SECRET_KEY, "--job", "first=never-ends"),
        *("--job", "second=fails,seconds=0,tasks=7", "--replay", f"{FULL}={tmp_path}/response.xml"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def test_emulator_serves_jobs_and_replays_until_it_is_interrupted(
    emulator_process: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It prints its endpoint and lines for a shell, serves the jobs and replays, and ends with Ctrl-C."""
    assert emulator_process.stdout is not None
    line = emulator_process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:")
    lines = [emulator_process.stdout.readline() for _ in range(3)]
    shell = subprocess.run(["sh", "-c", "".join(lines) + "env"], capture_output=True, text=True, check=True, timeout=60)
    variables = dict(each.partition("=")[::2] for each in shell.stdout.splitlines())
    assert variables["COSJOB_ENDPOINT"] == line.split()[-1]
    assert variables["TENCENTCLOUD_SECRET_KEY"] == SECRET_KEY
    for name in ("COSJOB_ENDPOINT", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"):
        monkeypatch.setenv(name, variables[name])

    def status(job_id: str) -> str:
        result = cosjob("describe", job_id, "--appid", "1250000000", "--output", "json")
        assert result.exit_code == 0, result.stderr
        return str(json.loads(result.stdout)["status"])

    assert status("first") in ("New", "Preparing", "Ready", "Active")
    assert status(FULL) == "New"
    response = tmp_path / "response.xml"
    response.write_text(response.read_text().replace("New", "Paused"))
    assert status(FULL) == "Paused"
    emulator_process.send_signal(signal.SIGINT)
    assert emulator_process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--job", "first"], "a job is given as ID=SCENARIO"),
        (["--job", "first=sleeps"], "there is no scenario 'sleeps'"),
        (["--job", "first=fails,seconds=-1"], "seconds must be a number from 0"),
        (["--replay", "first=none.xml"], "there is no file 'none.xml'"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_emulator_refuses_malformed_arguments(arguments: list[str], message: str) -> None:
    """The exit code is 2, with a message."""
    result = cosjob("emulator", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_emulator_without_its_extra_shows_the_install_command(tmp_path: Path) -> None:
    """If aiohttp is not installed, the message has the command that installs it."""
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError('No module named aiohttp', name='aiohttp')\n")
    done = subprocess.run(
        [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", "emulator"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert 'pip install "pulumi-cosjob[emulator]"' in done.stderr


# -------------------------------------------------------------------------------------------------------------- import


def test_the_command_loads_quickly() -> None:
    """Help loads neither Pulumi nor the request layer nor the schema."""
    code = (
        "import sys; from pulumi_cosjob._cli.main import main; main(['-h'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert {"pulumi", "requests", "xmlschema", "rich", "yaml", "aiohttp"} & loaded == set()
    assert "describe" in done.stdout
