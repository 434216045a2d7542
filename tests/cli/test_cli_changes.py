"""`cosjob confirm`, `cosjob cancel` and `cosjob set-priority`, called as from a shell."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from typing import Any

import pytest

from command import cosjob, run
from pulumi_cosjob._details import confirm_command
from pulumi_cosjob.testing import CosBatchEmulator, Fault

pytestmark = pytest.mark.usefixtures("service_environment")

APPID = ("--appid", "1250000000")


def created(service: CosBatchEmulator, scenario: str, **overrides: Any) -> str:
    """Create a job, and let a minute pass."""
    service.create_job(scenario, job_id="nightly", seconds=3600, **overrides)
    service.clock.advance(60 if scenario != "completes" else 4000)
    return "nightly"


def methods(service: CosBatchEmulator) -> list[str]:
    """Return the methods of all requests."""
    return [request.method for request in service.requests]


@pytest.mark.parametrize(
    ("scenario", "arguments", "line", "result"),
    [
        (
            "waits-for-confirmation",
            ["confirm", "nightly"],
            "job nightly: Ready, waits behind jobs of higher priority\n",
            {"job_id": "nightly", "status": "Ready", "status_update_reason": None},
        ),
        (
            "never-ends",
            ["cancel", "nightly", "--yes"],
            "job nightly: Cancelling, is being cancelled\n",
            {"job_id": "nightly", "status": "Cancelling", "status_update_reason": None},
        ),
        (
            "never-ends",
            ["cancel", "nightly", "-y", "--reason", "süperseded"],
            "job nightly: Cancelling, is being cancelled (reason: süperseded)\n",
            {"job_id": "nightly", "status": "Cancelling", "status_update_reason": "süperseded"},
        ),
        (
            "never-ends",
            ["set-priority", "nightly", "2147483647"],
            "job nightly: priority 2147483647\n",
            {"job_id": "nightly", "priority": 2147483647},
        ),
    ],
    ids=["confirm", "cancel", "cancel-reason", "set-priority"],
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_change_prints_its_result(
    service: CosBatchEmulator, scenario: str, arguments: list[str], line: str, result: dict[str, object], output: str
) -> None:
    """One line, or the result as JSON; one request, and nothing on standard error."""
    created(service, scenario)
    done = cosjob(*arguments, *APPID, "-o", output)
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == result if output == "json" else done.stdout == line
    assert methods(service) == ["POST"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["confirm", "nope"], 1, "cosjob: there is no such job"),
        (["confirm", "../nope"], 2, "cosjob: JOB_ID cannot be '../nope'"),
        (["cancel", "nope", "--yes"], 1, "cosjob: there is no such job"),
        (["cancel", "nope"], 2, "no terminal on which to confirm that the job is cancelled: add --yes\n"),
        (["cancel", "nope", "--yes", "--reason", "x" * 257], 2, "cosjob: --reason has 257 bytes. It is a text of at"),
        (["set-priority", "nope", "5"], 1, "cosjob: there is no such job"),
        (["set-priority", "nope", "2147483648"], 2, "cosjob: PRIORITY cannot be 2147483648. It is a whole number from"),
        (["set-priority", "nope", "high"], 2, "cosjob: PRIORITY cannot be 'high'"),
        (["set-priority", "nope", "9" * 5000], 2, "cosjob: PRIORITY cannot be '999"),
        (["set-priority", "nope", "-5"], 2, "No such option"),
        (["set-priority", "nope"], 2, "Missing argument 'PRIORITY'"),
        (["confirm"], 2, "Missing argument 'JOB_ID'"),
    ],
)
def test_changes_fail_with_a_message(arguments: list[str], code: int, message: str) -> None:
    """Refusals and malformed arguments have different exit codes, and standard output stays empty."""
    done = cosjob(*arguments, *APPID)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        (["confirm", "nightly"], "confirmed", "Only a job that is Suspended waits for a confirmation."),
        (["cancel", "nightly", "--yes"], "cancelled", "There is nothing left to cancel."),
        (["set-priority", "nightly", "5"], "given another priority", "can be changed until it ends."),
    ],
    ids=["confirm", "cancel", "set-priority"],
)
def test_changes_of_a_complete_job_state_its_status(
    service: CosBatchEmulator, arguments: list[str], what: str, hint: str
) -> None:
    """The message says that the job has ended, and how."""
    created(service, "completes")
    done = cosjob(*arguments, *APPID)
    assert done.exit_code == 1
    message = f"cosjob: the job cannot be {what}: it has ended already, its status is Complete (job nightly, "
    assert done.stderr.startswith(message)
    assert done.stderr.rstrip().endswith(hint)


def test_a_lost_response_is_no_failure_of_the_command(service: CosBatchEmulator) -> None:
    """The job decides."""
    created(service, "waits-for-confirmation")
    service.inject(Fault("reset", action="UpdateJobStatus"))
    done = cosjob("confirm", "nightly", *APPID)
    assert (done.exit_code, done.stdout) == (0, "job nightly: Ready, waits behind jobs of higher priority\n")


def test_a_reason_cannot_move_the_cursor(service: CosBatchEmulator) -> None:
    """Control characters of the response are escaped."""
    created(service, "never-ends")
    done = cosjob("cancel", "nightly", "--yes", "--reason", "a\x9b2Jb", *APPID)
    assert done.stdout == "job nightly: Cancelling, is being cancelled (reason: a\\x9b2Jb)\n"


def on_terminal(*arguments: str, typed: bytes | signal.Signals) -> tuple[int, list[str]]:
    """Run the command on a terminal, and type something once it waits; return the exit code and the lines."""
    ours, its = pty.openpty()
    command = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", *arguments]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True) as process:
        os.close(its)
        read, is_typed = b"", False
        # At its end Linux raises an error, other systems return nothing.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                read += more
                if b"[y/N] " in read and not is_typed:
                    is_typed = True
                    process.send_signal(typed) if isinstance(typed, signal.Signals) else os.write(ours, typed)
        os.close(ours)
        code = process.wait(timeout=60)
    return code, read.decode().replace("\r\n", "\n").splitlines()


SHOWN = ["job nightly: Active, works on its tasks", "description: Nightly copy", "Cancel this job? [y/N] "]


@pytest.mark.parametrize("typed", ["y", "Yes"])
def test_cancel_is_confirmed_on_a_terminal(service: CosBatchEmulator, typed: str) -> None:
    """The job is shown before it is cancelled."""
    created(service, "never-ends", description="Nightly copy")
    code, lines = on_terminal("cancel", "nightly", *APPID, typed=f"{typed}\n".encode())
    first, counts, description, prompt, result = lines
    assert (first, description, prompt) == (SHOWN[0], SHOWN[1], f"{SHOWN[2]}{typed}")
    assert counts.endswith(" of 100 tasks succeeded, 0 failed")
    assert (code, result) == (0, "job nightly: Cancelling, is being cancelled")
    assert methods(service) == ["GET", "POST"]


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        (b"n\n", 1, "cosjob: the job was not cancelled"),
        (b"\n", 1, "cosjob: the job was not cancelled"),
        (b"\x04", 1, "cosjob: the job was not cancelled"),
        (signal.SIGINT, 130, "cosjob: interrupted: the job was not cancelled"),
    ],
    ids=["n", "enter", "ctrl-d", "ctrl-c"],
)
def test_cancel_without_a_confirmation_does_nothing(
    service: CosBatchEmulator, typed: bytes | signal.Signals, code: int, message: str
) -> None:
    """Anything but yes leaves the job as it is."""
    created(service, "never-ends", description="Nightly copy")
    ended, lines = on_terminal("cancel", "nightly", *APPID, typed=typed)
    assert (ended, lines[-1].removeprefix(SHOWN[2]).removeprefix("^C")) == (code, message)
    assert methods(service) == ["GET"]


def test_cancel_needs_no_confirmation_of_a_job_that_has_ended(service: CosBatchEmulator) -> None:
    """The error comes at once."""
    created(service, "completes")
    code, lines = on_terminal("cancel", "nightly", *APPID, typed=b"")
    assert code == 1
    assert "it has ended already, its status is Complete" in "".join(lines)


def test_cancel_with_closed_standard_input_needs_yes(service: CosBatchEmulator) -> None:
    """Nothing is read and nothing sent."""
    done = run("cancel", "nightly", *APPID, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"add --yes" in done.stderr
    assert service.requests == []


@pytest.mark.parametrize(
    ("job_id", "command"),
    [
        ("53dc6228-c50b-46f7-8ad7-65e7159f1aae", "cosjob confirm 53dc6228-c50b-46f7-8ad7-65e7159f1aae"),
        ("~x", "cosjob confirm '~x'"),
        ("-x", "cosjob confirm -- -x"),
    ],
)
def test_the_command_in_messages_can_be_pasted(service: CosBatchEmulator, job_id: str, command: str) -> None:
    """What a message about a suspended job names confirms that job when a shell runs it."""
    assert confirm_command(job_id) == command
    service.create_job("waits-for-confirmation", job_id=job_id)
    service.clock.advance(60)
    waited = cosjob("wait", "--fail-when-suspended", *APPID, "--", job_id)
    assert (waited.exit_code, f"Confirm the job by {command} or in the console" in waited.stderr) == (1, True)
    script = 'cosjob() { "$PYTHON" -c "from pulumi_cosjob._cli.main import main; main()" "$@"; }; ' + command
    environment = {**os.environ, "PYTHON": sys.executable, "COSJOB_APPID": "1250000000"}
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == (f"job {job_id}: Ready, waits behind jobs of higher priority\n", "")


def test_a_change_discovers_the_account(service: CosBatchEmulator) -> None:
    """Without an APPID, one request for the account comes before the change."""
    created(service, "waits-for-confirmation")
    done = cosjob("confirm", "nightly")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [request.path for request in service.requests] == ["/", "/jobs/nightly/status?requestedJobStatus=Ready"]
