"""`cosjob wait`, called as from a shell."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys

import pytest

from command import cosjob
from documents import UNPARSABLE
from places import RESPONSES
from pulumi_cosjob import JobDescription
from pulumi_cosjob._cli.progress import progress
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

pytestmark = pytest.mark.usefixtures("service_environment")


def test_wait_ends_with_0_and_prints_the_final_descriptions(service: CosBatchEmulator) -> None:
    """Standard error has lines with the progress of the jobs; standard output has all descriptions as JSON."""
    job_ids = [service.create_job("completes", seconds=0), service.create_job("completes-with-failed-tasks", seconds=0)]
    service.clock.advance(60)
    arguments = ["wait", *job_ids, "--appid", "1250000000", "--max-failed-tasks", "any", "--output", "json"]
    result = cosjob(*arguments)
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert {name: (each["description"]["status"], each["error"]) for name, each in printed.items()} == dict.fromkeys(
        job_ids, ("Complete", None)
    )
    lines = [line.partition("] ")[2] for line in result.stderr.splitlines()]
    assert f"{job_ids[0]}: Complete, 100 %, 100 of 100 tasks" in lines


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
    assert json.loads(result.stdout)["nightly"]["description"]["status"] == "Complete"
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
    with progress(["a"], print, 60.0, ManualClock()) as display:
        display.report("a", PollState(0.0).add(PollResult(1.0, JobDescription("a", "Active"))), 1.0)
