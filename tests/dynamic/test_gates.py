"""Gates on the real engine, against the emulator."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from patience import until
from places import RESPONSES, ROOT
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from stacks import NewStack, Run, Stack

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
DAY = 24 * 3600

GATE = """
import pathlib, pulumi, pulumi.dynamic
from pulumi_cosjob import JobCompletion

class After(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        pathlib.Path("after-the-gate").touch()
        return pulumi.dynamic.CreateResult("after", {{}})

class Dependent(pulumi.dynamic.Resource):
    def __init__(self, name, opts):
        super().__init__(After(), name, {{}}, opts)

gate = JobCompletion("gate", job_id={job_id!r}, appid="1250000000"{arguments})
Dependent("dependent", pulumi.ResourceOptions(depends_on=[gate]))
pulumi.export("status", gate.status)
pulumi.export("failed", gate.progress_summary.number_of_tasks_failed)
"""


def gate(job_id: str, arguments: str = "") -> str:
    """Return a program with a gate, and a resource that depends on it."""
    return GATE.format(job_id=job_id, arguments=f", {arguments}" if arguments else "")


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs' clock runs until a test holds it."""
    with CosBatchEmulator() as emulator:
        yield emulator


@pytest.fixture
def example(tmp_path: Path, service: CosBatchEmulator) -> Callable[[str], Stack]:
    """Make a stack of an unchanged example."""

    def make(name: str) -> Stack:
        return Stack(tmp_path / name, ROOT / "examples" / name, service.environment())

    return make


def message(run: Run) -> str:
    """Return the engine's diagnostics on one line."""
    return " ".join(run.failed().text.partition("Diagnostics:")[2].split())


def gates(stack: Stack) -> list[dict[str, Any]]:
    """Return the gates in the state."""
    return [each for each in stack.resources() if each["type"].endswith("Completion")]


def is_opened(stack: Stack) -> bool:
    """Tell whether the resource that depends on the gate was ever started."""
    return (stack.folder / "after-the-gate").exists()


def job_requests(service: CosBatchEmulator) -> list[str]:
    """Return the paths of all requests about jobs, without those that discover the account."""
    return [request.path for request in service.requests if request.path.startswith("/jobs/")]


def test_gate_deployment(example: Callable[[str], Stack], service: CosBatchEmulator) -> None:
    """A dependent resource starts after the job's end, and a read that depends on the gate has the final state."""
    service.clock.hold()
    stack = example("gate_deployment")
    job_id = service.create_job("completes", seconds=10)
    stack.run("config", "set", "jobId", job_id).ok()
    preview = stack.preview().ok()
    assert "3 to create" in preview.text
    service.clock.release()
    run = stack.up().ok()
    outputs = stack.outputs()
    assert run.text.rindex("copied created") < run.text.index("release creating")
    assert (outputs["status"], outputs["copied"], outputs["released"]) == ("Complete", 100, "2026.11")
    row = r"cosjob:JobCompletion \S+ creating \([0-9]+s\) \d+ %, (\d+ s left, )?Active, \d+ of 100 tasks"
    assert re.search(row, run.text), "live progress is shown on the gate's own row"
    requests = len(job_requests(service))
    again = stack.up("--expect-no-changes").ok()
    assert "3 unchanged" in again.text
    assert len(job_requests(service)) == requests + 1, "get_job sends a request, the gate none"


def test_fan_in(example: Callable[[str], Stack], service: CosBatchEmulator) -> None:
    """Many jobs gate one release. An added job is waited for alone, and the message lists failed jobs."""
    stack = example("fan_in")
    job_ids = [service.create_job("completes", seconds=3 + number % 3) for number in range(12)]
    stack.run("config", "set", "jobIds", json.dumps(job_ids)).ok()
    run = stack.up().ok()
    assert stack.outputs()["statuses"] == dict.fromkeys(job_ids, "Complete")
    assert "12 of 12 jobs Complete" in run.text
    added = service.create_job("completes", seconds=1)
    requests = len(job_requests(service))
    stack.run("config", "set", "jobIds", json.dumps([*job_ids[1:], added])).ok()
    stack.up().ok()
    assert stack.outputs()["statuses"] == dict.fromkeys([*job_ids[1:], added], "Complete")
    assert {added in path for path in job_requests(service)[requests:]} == {True}
    service.clock.advance(91 * DAY)
    requests = len(service.requests)
    stack.refresh().ok()
    assert len(service.requests) == requests
    failing = [service.create_job("fails", seconds=0, job_id=f"failing-{number}") for number in range(2)]
    service.clock.advance(10)
    stack.run("config", "set", "jobIds", json.dumps([*job_ids[1:], added, *failing])).ok()
    text = message(stack.preview())
    assert "2 of 2 jobs did not complete" in text
    assert all(job_id in text for job_id in failing)
    assert "Traceback" not in text
    stack.destroy().ok()
    assert stack.resources() == []


@pytest.mark.oldest
def test_a_failed_gate_is_not_in_the_state_and_the_next_up_recovers(
    new_stack: NewStack, service: CosBatchEmulator
) -> None:
    """The message has reasons, counts and report. The dependent does not start until another job opens the gate."""
    job_id = service.create_job("fails", seconds=6)
    stack = new_stack(gate(job_id))
    text = message(stack.up())
    assert "the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: " in text
    assert "its report is in qcs::cos:" in text
    assert f"(job {job_id}, appid 1250000000, endpoint {service.endpoint})." in text
    assert gates(stack) == []
    assert not is_opened(stack)
    again = message(stack.up())
    assert "the job failed" in again
    assert "Traceback" not in text + again
    stack.write(gate(service.create_job("completes", seconds=1)))
    stack.up().ok()
    assert is_opened(stack)
    assert stack.outputs() == {"status": "Complete", "failed": 0}


@pytest.mark.parametrize(
    ("scenario", "arguments", "expected"),
    [
        ("completes-with-failed-tasks", "", "complete, but with more failed tasks than the 0 accepted; 90 of 100"),
        ("cancelled", "", "the job was cancelled"),
        ("waits-for-confirmation", "fail_when_suspended=True", "the job waits for a person to confirm it: "),
        (
            "never-ends",
            "timeout='4s'",
            "the job was not complete within 4 s; it was last seen Active",
        ),
    ],
)
def test_each_failure_has_its_own_message(
    new_stack: NewStack, service: CosBatchEmulator, scenario: str, arguments: str, expected: str
) -> None:
    """The message says what the wait did not accept, and the gate does not exist."""
    service.clock.hold()
    stack = new_stack(gate(service.create_job(scenario, seconds=2), arguments))
    service.clock.release()
    text = message(stack.up())
    assert expected in text
    assert gates(stack) == []
    assert not is_opened(stack)


def test_accepted_failures_and_suspension_with_confirmation(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """max_failed_tasks accepts a job. A gate waits for a suspended job and reports that."""
    service.clock.hold()
    job_id = service.create_job("waits-for-confirmation", seconds=1)
    service.clock.advance(5)
    stack = new_stack(gate(job_id, "max_failed_tasks=None, timeout=60"))

    def confirm() -> None:
        until(lambda: sum(job_id in request.path for request in service.requests) >= 4)
        service.replay(job_id, (RESPONSES / "minimal.xml").read_text().replace("New", "Complete").replace(FULL, job_id))

    person = threading.Thread(target=confirm)
    person.start()
    run = stack.up().ok()
    person.join()
    assert re.search(r"waits for a person to confirm it \(cosjob confirm [\w-]+\); the wait goes on", run.text)
    assert stack.outputs() == {"status": "Complete"}


def test_a_preview_fails_at_once_for_a_job_that_never_completes(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A missing, failed or cancelled job and malformed arguments have messages without traceback; no gate waits."""
    stack = new_stack(gate("nope"))
    missing = message(stack.preview())
    assert "property job_id value {nope} has a problem: there is no such job" in missing
    for scenario, expected in (("fails", "the job failed"), ("cancelled", "the job was cancelled")):
        job_id = service.create_job(scenario, seconds=0)
        service.clock.advance(20)
        stack.write(gate(job_id))
        text = message(stack.preview())
        assert expected in text
        assert "Traceback" not in text + missing
    for arguments, expected in (
        ("timeout='soon'", "error: timeout cannot be 'soon'."),
        ("timeout=float('nan')", "error: timeout cannot be nan."),
        ("max_failed_tasks=-1", "error: max_failed_tasks cannot be -1."),
        ("uin='main'", "error: uin cannot be 'main'."),
    ):
        stack.write(gate("a", arguments))
        text = message(stack.preview())
        assert expected in text
        assert "Traceback" not in text
    stack.write(gate(service.create_job("never-ends")))
    stack.preview().ok()
    assert not is_opened(stack)


def test_a_null_output_of_another_stack_opens_no_gate(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """The message names an argument that resolves to null. No request is sent."""
    stack = new_stack("")
    for statement, expected in (
        ("AllJobsCompletion('gate', job_ids=nothing, appid='1')", "job_ids is missing"),
        ("AllJobsCompletion('gate', job_ids=empty, appid='1')", "job_ids must be a list of ids, not text"),
        ("JobCompletion('gate', job_id=nothing, appid='1')", "job_id is missing"),
        ("JobCompletion('gate', job_id='a', appid=nothing)", "appid cannot be 'null'"),
        ("JobCompletion('gate', job_id='a', appid='1', max_failed_tasks=nothing)", "max_failed_tasks cannot be"),
        ("get_job('a', nothing)", "appid cannot be 'null'"),
        ("get_jobs(nothing, '1')", "job_ids is missing"),
    ):
        stack.write(f"""
import pulumi
from pulumi_cosjob import *
nothing, empty = (pulumi.Output.from_input(value) for value in (None, ""))
{statement}
""")
        assert expected in message(stack.preview())
    assert service.requests == []


@pytest.mark.parametrize("module", ["", ".native"])
def test_a_gate_that_does_not_exist_yet_affects_no_other_command(
    new_stack: NewStack, service: CosBatchEmulator, module: str
) -> None:
    """Commands about other resources work, whatever the program does with the gate's outputs."""
    job_id = service.create_job("completes", seconds=0)
    service.clock.advance(30)
    stack = new_stack(f"""
import pulumi
from pulumi_cosjob{module} import AllJobsCompletion, JobCompletion

one = JobCompletion("one", job_id="job-that-never-ends", appid="1250000000", timeout="1s")
many = AllJobsCompletion("many", job_ids=["job-that-never-ends"], appid="1250000000", timeout="1s")
pulumi.export("failed", one.progress_summary.number_of_tasks_failed)
pulumi.export("statuses", many.jobs.apply(lambda jobs: jobs and len(jobs)))
JobCompletion("other", job_id="{job_id}", appid="1250000000")
""")
    service.create_job("never-ends", job_id="job-that-never-ends")
    stack.up("--target", "**::other").ok()
    assert [each["urn"].rpartition("::")[2] for each in gates(stack)] == ["other"]
    stack.run("refresh", "--yes", "--skip-preview", "--run-program").ok()
    stack.run("destroy", "--yes", "--skip-preview", "--run-program").ok()
    assert gates(stack) == []


def test_a_new_job_has_time_to_appear(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A missing job does not fail an update at once."""
    job_id = service.create_job("completes", seconds=0)
    service.inject(Fault("error", code="NoSuchJob", status=404, times=3))
    stack = new_stack(gate(job_id))
    stack.up().ok()
    assert stack.outputs()["status"] == "Complete"


@pytest.mark.oldest
def test_an_open_gate_sends_no_request(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Other options, refresh and destroy work when the service no longer keeps the job."""
    job_id = service.create_job("completes", seconds=0)
    service.clock.advance(10)
    stack = new_stack(gate(job_id))
    stack.up().ok()
    service.clock.advance(91 * DAY)
    requests = len(service.requests)
    assert "unchanged" in stack.up("--expect-no-changes").ok().text
    stack.write(gate(job_id, "timeout='2d', max_failed_tasks=5, region='ap-chengdu'"))
    stack.up().ok()
    [resource] = gates(stack)
    assert resource["inputs"]["timeout"] == "2d"
    assert json.loads(resource["outputs"]["result"])["status"] == "Complete"
    stack.refresh().ok()
    assert stack.outputs()["status"] == "Complete"
    stack.destroy().ok()
    assert stack.resources() == []
    assert len(service.requests) == requests
    assert {request.method for request in service.requests} == {"GET"}


def test_only_a_wait_opens_a_gate(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """It cannot be looked up, and an open gate fails if it accepts fewer failed tasks than there were."""
    stack = new_stack(gate("made-up", "opts=pulumi.ResourceOptions(id='made-up')"))
    assert "A gate cannot be imported or looked up" in message(stack.preview())
    job_id = service.create_job("completes-with-failed-tasks", seconds=0)
    service.clock.advance(30)
    stack.write(gate(job_id, "max_failed_tasks=None"))
    stack.up().ok()
    requests = len(service.requests)
    stack.write(gate(job_id, "max_failed_tasks=3"))
    assert "with more failed tasks than the 3 accepted" in message(stack.up())
    stack.write(gate(job_id, "max_failed_tasks=10"))
    stack.up().ok()
    assert len(service.requests) == requests


def test_two_hundred_jobs_that_end_together_complete_together(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """One resource waits for them. After their end each is polled once more, without another pause."""
    service.clock.hold()
    job_ids = [service.create_job("completes", seconds=12) for _ in range(200)]
    stack = new_stack(f"""
import pathlib, pulumi
from pulumi_cosjob import AllJobsCompletion

gate = AllJobsCompletion("gate", job_ids={job_ids!r}, appid="1250000000", timeout="10m")
gate.jobs.apply(lambda jobs: pathlib.Path("opened").write_text(f"{{len(jobs)}}"))
""")
    with stack.running("up", "--yes", "--skip-preview") as up:
        # Once before the wait, and once in it.
        until(lambda: len(service.requests) >= 2 * len(job_ids), lambda: up.text)
        service.clock.advance(60)
        requests = len(service.requests)
        up.wait().ok()
    assert (stack.folder / "opened").read_text() == "200"
    # Polls of some jobs were under way at that moment.
    assert len(job_ids) - 64 <= len(service.requests) - requests <= len(job_ids) + 64
