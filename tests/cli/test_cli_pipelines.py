"""`cosjob wait` in a pipeline: lines of a log, all outcomes as data, and signals."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from command import cosjob
from pulumi_cosjob import CosBatchClient, JobDescription
from pulumi_cosjob._cli.progress import Lines, progress
from pulumi_cosjob._cli.wait import run_wait
from pulumi_cosjob._model.job import ProgressSummary
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

APPID = "1250000000"
COMMAND = [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()"]


@pytest.fixture
def clock() -> ManualClock:
    """The clock of both service and command: it advances when the command sleeps."""
    return ManualClock()


@pytest.fixture
def client(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[CosBatchClient]:
    """A client of an emulator with some jobs, on that clock."""
    with CosBatchEmulator(clock=clock) as service:
        service.create_job("completes", job_id="nightly", seconds=580, tasks=1000)
        service.create_job("waits-for-confirmation", job_id="asks")
        service.create_job("fails", job_id="broken", seconds=30, tasks=1000)
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        with CosBatchClient(clock=clock) as client:
            yield client


def run(
    client: CosBatchClient, clock: ManualClock, *job_ids: str, heartbeat: float = 60.0, timeout: float = 1200.0
) -> None:
    """Wait for jobs as the command does."""
    options = WaitOptions(timeout)
    run_wait(client, job_ids, options, heartbeat=heartbeat, fail_fast=False, quiet=False, clock=clock)


def seconds_of(line: str) -> int:
    """Return the seconds since the beginning of the wait that a line shows."""
    match = re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \[(\d+):(\d\d):(\d\d)\] ", line)
    assert match, line
    hours, minutes, seconds = map(int, match.groups())
    return 3600 * hours + 60 * minutes + seconds


def test_the_log_of_ten_minutes_can_be_read(
    client: CosBatchClient, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line has both times; no two lines are more than a minute apart, and there is about one for each tenth."""
    run(client, clock, "nightly")
    lines = capsys.readouterr().err.splitlines()
    times = [seconds_of(line) for line in lines]
    assert lines[0].startswith("2024-01-01T00:00:0")
    assert max(after - before for before, after in itertools.pairwise(times)) <= 60
    assert 580 <= times[-1] <= 620
    assert lines[-1].endswith("nightly: Complete, 100 %, 1,000 of 1,000 tasks")
    assert len(lines) < 24


def test_a_heartbeat_is_on_time(client: CosBatchClient, clock: ManualClock, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that waits for a person has a line each minute to the second, although polls are half a minute apart."""
    run(client, clock, "asks", timeout=1200.0)
    times = [seconds_of(line) for line in capsys.readouterr().err.splitlines() if line.startswith("2024")]
    still = [time for time in times if time > 30]
    assert len(still) >= 18
    assert {after - before for before, after in itertools.pairwise(still)} == {60}


def test_no_heartbeat_means_silence(
    client: CosBatchClient, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """An infinite heartbeat writes no line in ten minutes without news."""
    run(client, clock, "asks", heartbeat=float("inf"), timeout=1200.0)
    times = [seconds_of(line) for line in capsys.readouterr().err.splitlines() if line.startswith("2024")]
    assert max(times) < 30


def test_a_heartbeat_is_about_the_jobs_under_way(clock: ManualClock) -> None:
    """Of several jobs it is one line about all, of the last one its own; and none when all have ended."""
    written: list[str] = []
    lines = Lines(["a", "b"], written.append, 60.0, clock)
    assert lines.tick(clock.monotonic()) == 60.0
    states = dict.fromkeys("ab", PollState(clock.monotonic()))

    def poll(job_id: str, status: str) -> None:
        job = JobDescription(job_id, status, progress_summary=ProgressSummary(0, 50, 100))
        states[job_id] = states[job_id].add(PollResult(clock.monotonic(), job))
        lines.report(job_id, states[job_id], clock.monotonic())

    poll("a", "Active")
    poll("b", "Active")
    del written[:]
    clock.advance(59)
    assert (lines.tick(clock.monotonic()), written) == (1.0, [])
    clock.advance(1)
    assert lines.tick(clock.monotonic()) == 60.0
    assert [line.partition("] ")[2] for line in written] == ["50 %, 0 of 2 jobs Complete, 2 Active"]
    poll("a", "Complete")
    del written[:]
    clock.advance(60)
    lines.tick(clock.monotonic())
    assert [line.partition("] ")[2] for line in written] == ["b: 50 %, Active, 50 of 100 tasks"]
    poll("b", "Complete")
    del written[:]
    clock.advance(600)
    lines.tick(clock.monotonic())
    assert written == []


@pytest.mark.usefixtures("service_environment")
def test_a_wait_that_failed_prints_every_job_as_json(service: CosBatchEmulator) -> None:
    """A job that failed has an error and its description, a complete one no error, an unknown one no description."""
    for scenario in ("completes", "fails"):
        service.create_job(scenario, seconds=0, job_id=scenario)
    service.clock.advance(60)
    result = cosjob("wait", "completes", "fails", "--appid", APPID, "-o", "json", "--no-fail-fast", "--timeout", "1h")
    printed = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(printed) == ["completes", "fails"]
    assert (printed["completes"]["error"], printed["completes"]["description"]["status"]) == (None, "Complete")
    assert printed["fails"]["description"]["status"] == "Failed"
    assert printed["fails"]["error"]["type"] == "JobFailedError"
    assert printed["fails"]["error"]["message"] + "\n" == result.stderr.rpartition("cosjob: ")[2]
    result = cosjob("wait", "none", "--appid", "1250000001", "-o", "json", "--timeout", "1s")
    assert result.exit_code == 124
    assert json.loads(result.stdout)["none"]["description"] is None
    assert json.loads(result.stdout)["none"]["error"]["type"] == "WaitTimeoutError"


@pytest.mark.parametrize(("fail_fast", "status"), [(True, "Active"), (False, "Complete")])
def test_a_failure_ends_the_other_waits_unless_it_is_not_to(
    client: CosBatchClient, clock: ManualClock, fail_fast: bool, status: str
) -> None:
    """With --no-fail-fast the other job is waited for; without, it is under way, and its outcome has an error too."""
    options = WaitOptions(1200.0)
    waiter = run_wait(
        client, ["broken", "nightly"], options, heartbeat=60.0, fail_fast=fail_fast, quiet=True, clock=clock
    )
    outcomes = waiter.outcomes()
    description, error = outcomes["nightly"].description, outcomes["nightly"].error
    assert description is not None
    assert description.status == status
    assert str(error).startswith("the wait ended before the job did, as another job failed") if fail_fast else not error
    assert outcomes["broken"].error is not None


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGTERM, 143, "cosjob: terminated: the wait has ended; the jobs are not affected"),
        (signal.SIGINT, 130, "cosjob: interrupted: the wait has ended; the jobs are not affected"),
    ],
)
@pytest.mark.usefixtures("service_environment")
def test_a_signal_ends_a_wait_with_a_sentence(
    service: CosBatchEmulator, number: signal.Signals, code: int, message: str
) -> None:
    """The exit code is the one that shells give, and the last line is the reason."""
    job_id = service.create_job("never-ends")
    # A shell that runs tests in the background makes them, and what they start, ignore SIGINT.
    default = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [*COMMAND[:2], default + COMMAND[2], "wait", job_id, "--appid", APPID]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "New" in process.stderr.readline()
            process.send_signal(number)
            assert process.wait(timeout=60) == code
            assert process.stderr.read().splitlines()[-1] == message
        finally:
            process.kill()


@pytest.mark.parametrize(("heartbeat", "code"), [("0", 0), ("0s", 0), ("90s", 0), ("often", 2), ("-1", 2)])
@pytest.mark.usefixtures("service_environment")
def test_the_heartbeat_is_a_length_of_time(service: CosBatchEmulator, heartbeat: str, code: int) -> None:
    """A malformed one is refused under the name of the option; 0 turns it off."""
    job_id = service.create_job("completes", seconds=0)
    service.clock.advance(60)
    result = cosjob("wait", job_id, "--appid", APPID, "--heartbeat", heartbeat)
    assert result.exit_code == code
    assert (f"cosjob: --heartbeat cannot be '{heartbeat}'" in result.stderr) is (code == 2)


@pytest.mark.usefixtures("service_environment")
def test_quiet_writes_errors_only(service: CosBatchEmulator) -> None:
    """No progress and no warnings; the error of a job is still there, and results are printed."""
    service.create_job("restore", seconds=0, job_id="done", tasks=3)
    service.create_job("fails", seconds=0, job_id="failed")
    service.clock.advance(60)
    result = cosjob("wait", "done", "--appid", APPID, "-q", "--query", "done.description.status")
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", "Complete\n")
    result = cosjob("wait", "failed", "--appid", APPID, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith("cosjob: the job failed")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "drawn"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "unknown"}, False),
        ({"TERM": "xterm", "COLUMNS": "39"}, False),
        ({"TERM": "xterm", "COLUMNS": "40"}, True),
    ],
)
def test_bars_need_a_terminal_that_can(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], drawn: bool) -> None:
    """Without a cursor that moves, or in a narrow terminal, there are lines."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv("COLUMNS", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with progress(["a"], print, 60.0, ManualClock()) as display:
        assert (not isinstance(getattr(display.report, "__self__", None), Lines)) is drawn


@pytest.mark.usefixtures("service_environment")
def test_the_verdict_comes_before_a_query_that_fails(service: CosBatchEmulator) -> None:
    """What is wrong with the query is written too, but the exit code is that of the wait."""
    service.create_job("fails", seconds=0, job_id="failed")
    service.clock.advance(60)
    result = cosjob("wait", "failed", "--appid", APPID, "-q", "--query", "length(failed.description.priority)")
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith("cosjob: the job failed")
    assert second.startswith("cosjob: --query cannot be 'length(failed")


@pytest.mark.parametrize("query", ["a[", "", "nosuch(@)", "[" * 5000])
def test_a_malformed_query_is_refused_before_any_request(query: str) -> None:
    """The message names the option; without settings, any request would be another error."""
    os.environ.pop("COSJOB_ENDPOINT", None)
    for command in (["describe"], ["wait"]):
        result = cosjob(*command, "a", "--appid", "1", "--query", query)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("cosjob: --query cannot be ")
