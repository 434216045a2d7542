"""`pulumi_cosjob.native` and the plugin on the real engine, against the emulator."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patience import moved_by_requests, until
from pulumi_cosjob.testing import CosBatchEmulator
from pulumi_environment import engine_path
from stacks import Stack

pytestmark = pytest.mark.engine

DAY = 24 * 3600
BIN = Path(sys.executable).parent

NewStack = Callable[..., Stack]


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose clock runs until a test holds it."""
    with CosBatchEmulator() as emulator:
        yield emulator


@pytest.fixture
def new_stack(tmp_path: Path, service: CosBatchEmulator) -> NewStack:
    """Return a function that makes a stack for the emulator; its first use of the plugin installs it."""

    def make(program: str, **variables: str) -> Stack:
        return Stack(tmp_path / "stack", program, {**service.environment(), **variables})

    return make


GATES = """
import pulumi
from pulumi_cosjob{native} import AllJobsCompletion, JobCompletion, get_job, get_jobs

job_ids = {job_ids!r}
gate = JobCompletion("gate", job_id=job_ids[0], appid="1250000000", timeout="10m")
both = AllJobsCompletion("both", job_ids=job_ids, appid="1250000000", max_failed_tasks=None)
after = pulumi.ResourceOptions(depends_on=[gate])
pulumi.export("status", gate.status)
pulumi.export("failed", gate.progress_summary.number_of_tasks_failed)
pulumi.export("suspended", gate.suspended_cause.apply(lambda cause: f"{{cause}}"))
pulumi.export("echoed", [gate.appid, gate.fail_when_suspended, both.job_ids, both.max_failed_tasks])
pulumi.export("both", both.jobs.apply(lambda jobs: {{job_id: job.status for job_id, job in jobs.items()}}))
{more}
"""
READS = """
pulumi.export("read", get_job(job_ids[0], "1250000000", opts=after).status)
pulumi.export("absent", get_job(job_ids[0], "1250000000").suspended_cause.apply(lambda cause: f"{cause}"))
many = get_jobs([*job_ids, "nope"], "1250000000", missing="skip")
pulumi.export("many", many.jobs.apply(lambda jobs: sorted(jobs)))
pulumi.export("missing", many.missing_job_ids)
"""


@pytest.mark.oldest
def test_a_program_on_the_plugin(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Each gate shows its progress, dependents wait for it, and absent fields are known to be None."""
    service.clock.hold()
    job_ids = [service.create_job("completes", seconds=seconds) for seconds in (4, 2)]
    stack = new_stack(GATES.format(native=".native", job_ids=job_ids, more=READS))
    preview = stack.preview().ok()
    assert "3 to create" in preview.text
    assert "warning" not in preview.text
    with moved_by_requests(service, seconds=0.5):
        run = stack.up().ok()
    row = r"cosjob:index:JobCompletion gate creating \([0-9]+s\) \d+ %, (\d+ s left, )?Active, \d+ of 100 tasks"
    assert re.search(row, run.text)
    assert "2 of 2 jobs Complete" in run.text
    complete = dict.fromkeys(job_ids, "Complete")
    expected = {
        "status": "Complete",
        "failed": 0,
        "suspended": "None",
        "echoed": ["1250000000", False, job_ids, -1],
        "both": complete,
        "read": "Complete",
        "absent": "None",
        "many": sorted(job_ids),
        "missing": ["nope"],
    }
    assert stack.outputs() == expected
    sent = len(service.requests)
    again = stack.preview("--expect-no-changes", "--diff").ok()
    assert "[unknown]" not in again.text
    assert len(service.requests) == sent + 5, "open gates send no requests; functions do"
    types = [each["type"] for each in stack.resources()]
    assert sorted(types) == sorted(
        [
            "pulumi:pulumi:Stack",
            "pulumi:providers:cosjob",
            "cosjob:index:AllJobsCompletion",
            "cosjob:index:JobCompletion",
        ]
    ), "functions leave nothing in the state"
    stack.refresh().ok()
    stack.destroy().ok()
    assert stack.resources() == []
    assert {request.method for request in service.requests} == {"GET"}


def test_a_program_moves_to_the_plugin_by_its_imports(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Open gates stay open, although the service no longer keeps their jobs."""
    job_ids = [service.create_job("completes", seconds=0) for _ in range(2)]
    service.clock.advance(30)
    stack = new_stack(GATES.format(native="", job_ids=job_ids, more=""))
    stack.up().ok()
    outputs = stack.outputs()
    service.clock.advance(91 * DAY)
    sent = len(service.requests)
    stack.write(GATES.format(native=".native", job_ids=job_ids, more=""))
    stack.preview().ok()
    run = stack.up().ok()
    assert "2 updated" in run.text
    assert stack.outputs() == outputs
    stack.up("--expect-no-changes").ok()
    stack.refresh().ok()
    ignoring = (
        "appid=\"1250000000\", max_failed_tasks=7, opts=pulumi.ResourceOptions(ignore_changes=['max_failed_tasks'])"
    )
    stack.write(GATES.format(native=".native", job_ids=job_ids, more="").replace('appid="1250000000"', ignoring, 1))
    stack.up("--expect-no-changes").ok()
    assert len(service.requests) == sent
    assert {each["type"] for each in stack.resources()} >= {"cosjob:index:JobCompletion"}


def test_an_error_is_one_message(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """In a preview and in an update, of gates and of functions, without a traceback."""
    failing = service.create_job("fails", seconds=3)
    program = """
import pulumi
from pulumi_cosjob.native import JobCompletion, get_job
{}
"""
    stack = new_stack(program.format(f'JobCompletion("gate", job_id={failing!r}, appid="1250000000")'))
    message = stack.up().failed().diagnostics()
    assert "error: jobId: the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: " in message
    message = stack.preview().failed().diagnostics()
    assert "error: Preview failed: jobId: the job failed" in message
    assert "Traceback" not in message
    for statement, expected in (
        ('JobCompletion("gate", job_id=pulumi.Output.from_input("a b"), appid="1250000000")', "jobId cannot be 'a b'"),
        ('JobCompletion("gate", job_id="a b", appid="1250000000")', "job_id cannot be 'a b'"),
        ('JobCompletion("gate", job_id="a", appid="1250000000", timeout="soon")', "timeout cannot be 'soon'"),
        ('get_job("nope", "1250000000")', "error: jobId: there is no such job"),
        (
            'get_job(pulumi.Output.from_input("a b"), "1250000000")',
            "error: invoke of cosjob:index:getJob failed: jobId ",
        ),
    ):
        stack.write(program.format(statement))
        message = stack.preview().failed().diagnostics()
        assert expected in message
        assert "Traceback" not in message
        assert "RuntimeWarning" not in message
    for options in ('id="some-id"', 'import_="some-id"'):
        gate = f'JobCompletion("gate", job_id="some-id", appid="1250000000", opts=pulumi.ResourceOptions({options}))'
        stack.write(program.format(gate))
        assert "A gate cannot be imported or looked up" in stack.preview().failed().diagnostics()
    assert [each["type"] for each in stack.resources() if "cosjob" in each["type"]] == ["pulumi:providers:cosjob"]


@pytest.mark.oldest
def test_ctrl_c_ends_the_waits_and_the_next_up_needs_no_repair(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """All waits end with a message, although no job ends; the state has no gates and no pending operations."""
    job_ids = [service.create_job("never-ends", job_id=f"job-{number}") for number in range(8)]
    program = f"""
from pulumi_cosjob.native import JobCompletion
for job_id in {job_ids}:
    JobCompletion(job_id, job_id=job_id, appid="1250000000")
"""
    stack = new_stack(program)
    with stack.running("up", "--yes", "--skip-preview") as up:
        until(lambda: len({request.path for request in service.requests}) == len(job_ids), lambda: up.text)
        up.process.send_signal(signal.SIGINT)
        text = up.wait().failed().text
    assert text.count("error: the wait was interrupted, and no job is changed by that") >= len(job_ids)
    assert [each["type"] for each in stack.resources() if each["type"].endswith("Completion")] == []
    assert "pending_operations" not in stack.run("stack", "export").ok().text
    for job_id in job_ids:
        service.create_job("completes", seconds=0, job_id=f"{job_id}-done")
    service.clock.advance(30)
    stack.write(program.replace("job_id=job_id", 'job_id=job_id + "-done"'))
    stack.up().ok()
    assert len([each for each in stack.resources() if each["type"].endswith("Completion")]) == len(job_ids)


def test_secrets_of_the_configuration_reach_no_state(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Nor do secrets of the program, in plain text; outputs that echo a secret are secret."""
    job_id = service.create_job("completes", seconds=0, job_id="job-of-no-ones-business")
    service.clock.advance(30)
    variables = service.environment()
    secret_key = variables["TENCENTCLOUD_SECRET_KEY"]
    stack = new_stack(
        f"""
import pulumi
from pulumi_cosjob.native import JobCompletion, Provider, get_job
credentials = {{"secret_id": "{variables["TENCENTCLOUD_SECRET_ID"]}", "secret_key": "{secret_key}"}}
provider = Provider("mine", **credentials, request_timeout=30)
mine = pulumi.ResourceOptions(provider=provider)
secret = pulumi.Output.secret("{job_id}")
pulumi.export("gate", JobCompletion("gate", job_id=secret, appid="1250000000", opts=mine).job_id)
pulumi.export("default", JobCompletion("default", job_id=secret, appid="1250000000").status)
pulumi.export("read", get_job(secret, "1250000000", opts=mine).job_id)
""",
        TENCENTCLOUD_SECRET_KEY="",
        TENCENTCLOUD_SECRET_ID="",
    )
    stack.run("config", "set", "--secret", "cosjob:secretId", variables["TENCENTCLOUD_SECRET_ID"]).ok()
    stack.run("config", "set", "--secret", "cosjob:secretKey", secret_key).ok()
    text = stack.preview().ok().text + stack.up().ok().text + stack.run("stack", "output").ok().text
    text += stack.run("stack", "export").ok().text
    outputs = stack.outputs()
    assert outputs == {"gate": "[secret]", "default": "Complete", "read": "[secret]"}, "the status echoes no secret"
    assert secret_key not in text
    assert job_id not in text
    outputs = json.loads(stack.run("stack", "output", "--json", "--show-secrets").ok().text)
    assert outputs == {"gate": job_id, "default": "Complete", "read": job_id}


FAILS = """
import pulumi
from pulumi_cosjob.native import AllJobsCompletion, JobCompletion, get_job

gate = JobCompletion("gate", job_id="failed", appid="1250000000")
AllJobsCompletion("all", job_ids=["failed", "completed"], appid="1250000000")
after = pulumi.ResourceOptions(depends_on=[gate])
pulumi.export("status", get_job("completed", "1250000000", opts=after).status)
"""


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_failed_gate_does_not_interrupt_the_program(
    new_stack: NewStack, service: CosBatchEmulator, verb: str
) -> None:
    """The engine interrupts the program once the plugin has ended; Python would then print a traceback."""
    service.create_job("fails", seconds=0, job_id="failed")
    service.create_job("completes", seconds=0, job_id="completed")
    service.clock.advance(60)
    run = getattr(new_stack(FAILS), verb)()
    assert "the job failed; 10 of 100 tasks succeeded, 30 failed" in run.failed().diagnostics()
    assert re.findall("KeyboardInterrupt|Traceback", run.text) == []


def test_the_error_of_a_function_is_one_sentence(new_stack: NewStack) -> None:
    """Without a traceback: the program ends by itself."""
    program = "from pulumi_cosjob.native import get_job, get_jobs\n"
    calls = 'get_job("nope", "1250000000")\nget_jobs(["nope", "no"], "1250000000")\n'
    run = new_stack(program + calls).preview()
    assert "no such job" in run.failed().diagnostics()
    assert re.findall("KeyboardInterrupt|Traceback", run.text) == []


def test_the_installed_plugin_needs_no_python_environment(tmp_path: Path, service: CosBatchEmulator) -> None:
    """After `cosjob plugin install`, once or twice, a shell without the Python environment runs programs in YAML."""
    job_id = service.create_job("completes", seconds=1)
    path = os.pathsep.join([engine_path(all_languages=True), "/usr/bin", "/bin"])
    stack = Stack(tmp_path / "stack", "", {**service.environment(), "PATH": path})
    (stack.folder / "Pulumi.yaml").write_text(f"""
name: tests
runtime: yaml
resources:
  copied:
    type: cosjob:JobCompletion
    properties: {{jobId: {job_id}, appid: "1250000000"}}
outputs:
  status: ${{copied.status}}
""")
    missing = stack.preview().failed().text
    assert "no resource plugin 'pulumi-resource-cosjob' found" in missing
    for _ in range(2):
        installed = subprocess.run(
            [BIN / "cosjob", "plugin", "install"],
            env=stack.variables,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert installed.stdout.startswith("installed resource plugin cosjob 0.")
    run = stack.up().ok()
    assert "warning" not in run.text
    assert stack.outputs() == {"status": "Complete"}
    launcher = next((stack.folder / "home" / "plugins").glob("resource-cosjob-v*/pulumi-resource-cosjob"))
    launcher.write_text(launcher.read_text().replace(sys.executable, str(tmp_path / "gone" / "python")))
    assert "the Python environment of " in stack.preview().failed().text
