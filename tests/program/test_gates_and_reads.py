"""Gates and reads over several updates: other endpoints, dependencies, drift checks; dynamic and native."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Stack

pytestmark = pytest.mark.engine

BOTH = pytest.mark.parametrize("native", ["", ".native"], ids=["dynamic", "native"])
PROGRAM = """
import pathlib
import pulumi
from pulumi import ResourceOptions
from pulumi_cosjob{native} import AllJobsCompletion, JobCompletion, get_job, get_job_output, get_jobs, get_jobs_output
{statements}
"""


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator with two completed jobs, and one that is active."""
    with CosBatchEmulator() as emulator:
        emulator.create_job("completes", job_id="done", seconds=0)
        emulator.create_job("completes", job_id="done-too", seconds=0)
        emulator.create_job("never-ends", job_id="endless", seconds=100)
        emulator.clock.advance(60)
        yield emulator


@pytest.fixture
def stack(tmp_path: Path, service: CosBatchEmulator) -> Stack:
    """Return a stack with the plugin and without a program."""
    (tmp_path / "plugin").mkdir()
    write_launcher(tmp_path / "plugin")
    return Stack(tmp_path / "stack", "", service.environment(), plugin=tmp_path / "plugin")


def program(stack: Stack, native: str, statements: str) -> None:
    """Write a program of some statements into the stack."""
    stack.write(PROGRAM.format(native=native, statements=statements))


@BOTH
def test_all_failed_jobs_are_listed(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """The message has the reasons of the first jobs and the ids of all 300; the engine accepts it, however long."""
    reasons = [{"failure_code": "任务失败", "failure_reason": "对象不存在" * 16}]
    job_ids = [service.create_job("fails", seconds=0, failure_reasons=reasons) for _ in range(300)]
    service.clock.advance(60)
    program(stack, native, f"AllJobsCompletion('gate', job_ids={job_ids}, appid='1250000000')")
    message = stack.up().failed().diagnostics()
    assert "300 of 300 jobs did not complete" in message
    assert "reasons: 任务失败: 对象不存在" in message
    assert [job_id for job_id in job_ids if job_id not in message] == []


@BOTH
def test_a_gate_is_replaced_at_another_endpoint(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """Whether the environment or the configuration sets it: a job that completed on an emulator proves nothing."""
    program(stack, native, "JobCompletion('gate', job_id='done', appid='1250000000')")
    stack.up().ok()
    with CosBatchEmulator() as other:
        stack.variables |= other.environment()
        assert "there is no such job" in stack.preview().failed().diagnostics()
        other.create_job("completes", job_id="done", seconds=0)
        other.clock.advance(60)
        assert "1 to replace" in stack.preview().ok().text
        stack.up().ok()
        sent = len(other.requests)
        assert sent > 0
        stack.up("--expect-no-changes").ok()
        assert len(other.requests) == sent
    del stack.variables["COSJOB_ENDPOINT"], stack.variables["TENCENTCLOUD_REGION"]
    stack.up("--expect-no-changes").ok()
    stack.run("config", "set", "cosjob:endpoint", service.endpoint).ok()
    sent = len(service.requests)
    assert "1 replaced" in stack.up().ok().text
    assert len(service.requests) > sent


@pytest.mark.oldest
@BOTH
def test_a_read_after_a_pending_gate_is_unknown(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """In a preview in which the gate does not exist, or waits for one more job; no stale value is shown as known."""
    reads = """
after = ResourceOptions(depends_on=[gate])
pulumi.export("read", get_job("done", "1250000000", opts=after).status)
pulumi.export("many", get_jobs(["done"], "1250000000", opts=after).jobs.apply(lambda jobs: len(jobs)))
missing = get_jobs(["done"], "1250000000", opts=after).missing_job_ids
pulumi.export("missing", missing)
job = get_job("done", "1250000000", opts=after)
for known in (job.status, job.result, missing):
    known.apply(lambda value: pathlib.Path("known").write_text(f"{value}"))
"""
    gate = "gate = AllJobsCompletion('gate', job_ids={}, appid='1250000000')"
    program(stack, native, gate.format(["done"]) + reads)
    unknown = ["many : [unknown]", "missing: [unknown]", "read : [unknown]"]
    shown = " ".join(stack.preview().ok().text.split())
    assert [each for each in unknown if each not in shown] == []
    assert not (stack.folder / "known").exists()
    assert not [each for each in service.requests if native == "" and "jobs/done" not in each.path]
    stack.up().ok()
    assert stack.outputs() == {"read": "Complete", "many": 1, "missing": []}
    service.create_job("completes", job_id="added", seconds=600)
    program(stack, native, gate.format(["done", "added"]) + reads)
    (stack.folder / "known").unlink()
    stack.preview().ok()
    assert not (stack.folder / "known").exists()


@BOTH
def test_a_read_after_a_component_waits_for_its_children(stack: Stack, native: str) -> None:
    """The gate is a child of the component that the read depends on."""
    program(
        stack,
        native,
        """
component = pulumi.ComponentResource("tests:index:Component", "component")
JobCompletion("gate", job_id="done", appid="1250000000", opts=ResourceOptions(parent=component))
later = pulumi.Output.from_input([component])
pulumi.export("read", get_job("done", "1250000000", opts=ResourceOptions(depends_on=later)).status)
""",
    )
    assert "read: [unknown]" in stack.preview().ok().text
    stack.up().ok()
    assert stack.outputs() == {"read": "Complete"}


@BOTH
def test_the_job_as_one_output(stack: Stack, native: str) -> None:
    """`get_job_output` and `get_jobs_output` return the job or jobs as one output."""
    program(
        stack,
        native,
        """
pulumi.export("one", get_job_output("done", "1250000000").apply(lambda job: [job.job_id, job["status"]]))
many = get_jobs_output(["done", "nope"], "1250000000", missing="skip")
pulumi.export("many", many.apply(lambda found: [sorted(found["jobs"]), found["missing_job_ids"]]))
pulumi.export("status", many.apply(lambda found: found["jobs"]["done"].status))
""",
    )
    stack.up().ok()
    assert stack.outputs() == {"one": ["done", "Complete"], "many": [["done"], ["nope"]], "status": "Complete"}


def test_a_drift_check_passes_while_a_job_is_active(stack: Stack, service: CosBatchEmulator) -> None:
    """A refresh keeps the last values and sends no requests; a program that runs reads the job again."""
    program(
        stack,
        "",
        """
pulumi.export("done", get_job("endless", "1250000000").progress_summary.number_of_tasks_succeeded)
pulumi.export("many", get_jobs(["endless"], "1250000000").jobs.apply(
    lambda jobs: jobs["endless"].progress_summary.number_of_tasks_succeeded))
""",
    )
    service.clock.hold()
    stack.up().ok()
    before = stack.outputs()
    service.clock.advance(3600)
    sent = len(service.requests)
    stack.run("refresh", "--yes", "--expect-no-changes").ok()
    stack.preview().ok()
    assert len(service.requests) == sent + 2
    stack.up("--refresh").ok()
    after = stack.outputs()
    assert after["done"] == after["many"] > before["done"]


@BOTH
def test_two_gates_have_two_ids_and_a_state_without_hints(stack: Stack, native: str) -> None:
    """The state has only the program's inputs, the job, and the endpoint that it was read from."""
    program(
        stack,
        native,
        """
for number in range(2):
    AllJobsCompletion(f"many-{number}", job_ids=["done", f"done{'-too' * number}"], appid="1250000000")
JobCompletion("one", job_id="done", appid="1250000000")
""",
    )
    stack.run("up", "--yes").ok()
    stack.up("--target", "**::one").ok()
    gates = [each for each in stack.resources() if each["type"].endswith("Completion")]
    assert len({each["id"] for each in gates}) == 3
    assert not [each for each in gates if each["id"] == "1250000000"]
    names = {name for each in gates for name in {**each["inputs"], **each["outputs"]}}
    assert not {"preview", "custom_timeouts", "customTimeouts"} & names
    dynamic = {"service_endpoint", "result", "results"}
    assert {"serviceEndpoint"} <= names if native else dynamic <= names
    assert json.dumps(gates).count("127.0.0.1") >= 3


def test_an_import_is_refused_in_one_sentence(stack: Stack) -> None:
    """`pulumi import` fails as in a program: a gate stands for a wait, and an import does not wait."""
    for kind in ("JobCompletion", "AllJobsCompletion"):
        run = stack.run("import", f"cosjob:index:{kind}", "gate", "some-id", "--yes", "--generate-code=false")
        message = run.failed().diagnostics()
        assert "a gate cannot be imported or looked up: declare it" in message
        assert "Traceback" not in message


@BOTH
def test_a_whole_read_or_gate_is_exported_with_its_jobs(stack: Stack, native: str) -> None:
    """Also where the program has not used the job before: outputs that are made at their first use are not lost."""
    account = "appid='1250000000'"
    program(
        stack,
        native,
        f"pulumi.export('job', get_job('done', {account}))\n"
        f"pulumi.export('jobs', get_jobs(['done'], {account}))\n"
        f"pulumi.export('gate', JobCompletion('one', job_id='done', {account}))\n"
        f"pulumi.export('gates', AllJobsCompletion('all', job_ids=['done'], {account}))",
    )
    stack.preview().ok()
    stack.up().ok()
    found = stack.outputs()
    jobs = [found["job"]["result"], found["jobs"]["jobs"]["done"]]
    jobs += [found["gate"]["result"], found["gates"]["jobs"]["done"]]
    assert [job["status"] for job in jobs] == ["Complete"] * 4
    assert jobs[0] == jobs[1] == jobs[2] == jobs[3]
    assert jobs[0]["manifest"]["spec"]["format"] == "COSBatchOperations_CSV_V1"


@BOTH
def test_the_job_of_an_exported_resource_stays_secret(stack: Stack, native: str) -> None:
    """A secret job id is in the whole job too; the stack's outputs and the state have it encrypted only."""
    program(
        stack,
        native,
        "job_id = pulumi.Output.secret('done')\n"
        "pulumi.export('job', get_job(job_id, '1250000000'))\n"
        "pulumi.export('gate', JobCompletion('one', job_id=job_id, appid='1250000000'))",
    )
    stack.up().ok()
    found = stack.outputs()
    assert "done" not in json.dumps([found, stack.resources()])
    assert "[secret]" in json.dumps(found["job"])
    assert "[secret]" in json.dumps(found["gate"])


@BOTH
def test_a_secret_endpoint_stays_secret(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """A gate's endpoint is encrypted in the state if it is a secret of the configuration."""
    del stack.variables["COSJOB_ENDPOINT"]
    stack.run("config", "set", "--secret", "cosjob:endpoint", service.endpoint).ok()
    program(
        stack, native, "pulumi.export('at', JobCompletion('g', job_id='done', appid='1250000000').service_endpoint)"
    )
    stack.up().ok()
    assert stack.outputs() == {"at": "[secret]"}
    [gate] = [each for each in stack.resources() if each["type"].endswith("JobCompletion")]
    assert service.endpoint not in json.dumps(gate)
