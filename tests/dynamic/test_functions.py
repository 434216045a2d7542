"""`get_job` on the real engine, against the emulator."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from places import RESPONSES, ROOT, TESTS
from pulumi_cosjob._model.job import JobDescription, element_fields
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Run, Stack

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
APPID = "1250000000"
SECRET_KEY = "emulator-key-that-nobody-may-see"
DAY = 24 * 3600

# Records every field, with its type, each time the program runs; absent fields are there as null.
RECORDER = """
import json, os, pathlib, pulumi
from pulumi_cosjob import get_job

FIELDS = {fields!r}
job = get_job({job_id!r}, "1250000000")

types = {{}}

def record(values):
    name = "preview" if pulumi.runtime.is_dry_run() else "up"
    pathlib.Path(name + ".json").write_text(json.dumps({{"values": values, "types": types}}))

def typed(name):
    return getattr(job, name).apply(lambda value: types.setdefault(name, type(value).__name__) and value)

pulumi.Output.all(**{{name: typed(name) for name in FIELDS}}).apply(record)
pulumi.export("status", job.status)
pulumi.export("failed", job.progress_summary.number_of_tasks_failed)
pulumi.export("etag", job.manifest.location.etag)
pulumi.export("first_reason", job.failure_reasons[0].failure_code)
pulumi.export("report", job.report)
pulumi.export("reasons", job.failure_reasons)
"""

READ = """
import pulumi
from pulumi_cosjob import get_job
job = get_job({job_id!r}, "1250000000")
pulumi.export("status", job.status)
"""

NewStack = Callable[..., Stack]


def recorder(job_id: str) -> str:
    """Return a program that records all fields of a job."""
    return RECORDER.format(fields=list(element_fields(JobDescription)), job_id=job_id)


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs' clock stands still."""
    with CosBatchEmulator(secret_key=SECRET_KEY) as emulator:
        emulator.clock.hold()
        yield emulator


@pytest.fixture
def new_stack(tmp_path: Path, service: CosBatchEmulator) -> NewStack:
    """Make a stack that asks the emulator; a variable given as None is taken away."""

    def make(program: str, **variables: str | None) -> Stack:
        merged = {**service.environment(), **variables}
        return Stack(tmp_path / "stack", program, {k: v for k, v in merged.items() if v is not None})

    return make


def error_line(run: Run) -> str:
    """Return the line of the first error of a resource."""
    about_resource = run.failed().text.partition("Diagnostics:")[2].partition("pulumi-python:dynamic")[2]
    return next(line.strip() for line in about_resource.splitlines() if "error: " in line)


@pytest.mark.oldest
def test_all_fields_of_a_full_answer_arrive_in_preview_and_up(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Every field has its value and its type, in a preview as in an update."""
    service.replay(FULL, RESPONSES / "full.xml")
    stack = new_stack(recorder(FULL))
    stack.preview().ok()
    stack.up().ok()
    expected = json.loads((RESPONSES / "full.json").read_text())
    for when in ("preview", "up"):
        recorded = json.loads((stack.folder / f"{when}.json").read_text())
        assert recorded["values"] == expected
        assert recorded["types"] == {
            "client_request_token": "str",
            "confirmation_required": "bool",
            "creation_time": "str",
            "description": "str",
            "failure_reasons": "list",
            "job_id": "str",
            "manifest": "Manifest",
            "operation": "Operation",
            "priority": "int",
            "progress_summary": "ProgressSummary",
            "report": "Report",
            "role_arn": "str",
            "status": "str",
            "status_update_reason": "str",
            "suspended_cause": "str",
            "suspended_date": "str",
            "termination_date": "str",
        }
    outputs = stack.outputs()
    assert outputs["etag"] == '"a7ba0ad1f1a5d7e5f5b5a1c6d6e7f809"'
    assert outputs["first_reason"] == "ManifestReadError"
    assert outputs["report"] == expected["report"]
    assert outputs["reasons"] == expected["failure_reasons"]


def test_absent_fields_are_none_in_preview_and_up(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A job with nothing but an id and a status has None everywhere else, also below what is absent."""
    service.replay(FULL, RESPONSES / "minimal.xml")
    stack = new_stack(recorder(FULL))
    stack.preview().ok()
    stack.up().ok()
    for when in ("preview", "up"):
        values = json.loads((stack.folder / f"{when}.json").read_text())["values"]
        assert {name: value for name, value in values.items() if value is not None} == {"job_id": FULL, "status": "New"}
    assert stack.outputs() == {"status": "New"}, "the engine keeps no outputs that are null"


def test_a_changed_job_changes_the_outputs_and_an_unchanged_one_changes_nothing(
    new_stack: NewStack, service: CosBatchEmulator
) -> None:
    """Each up reads afresh; up with the same program and the same job reports no change."""
    job_id = service.create_job("completes", seconds=10)
    stack = new_stack(READ.format(job_id=job_id))
    stack.up().ok()
    assert stack.outputs() == {"status": "New"}
    service.clock.advance(60)
    assert "Complete" in stack.preview("--diff").ok().text
    run = stack.up().ok()
    assert stack.outputs() == {"status": "Complete"}
    assert re.findall(r"\b(created|updated|replaced|deleted|unchanged)$", run.text, re.MULTILINE) == ["unchanged"]
    again = stack.up("--expect-no-changes").ok()
    assert re.findall(r"\b(created|updated|replaced|deleted|unchanged)$", again.text, re.MULTILINE) == ["unchanged"]
    assert {request.method for request in service.requests} == {"GET"}


def test_the_same_job_twice_under_a_parent_and_after_another_resource(
    new_stack: NewStack, service: CosBatchEmulator
) -> None:
    """Names do not collide, opts work, and every argument may be an output, known only in the update or not."""
    job_id = service.create_job("completes")
    stack = new_stack(f"""
import pulumi, pulumi.dynamic
from pulumi_cosjob import get_job

class Maker(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        return pulumi.dynamic.CreateResult("maker", {{"job_id": "{job_id}", "appid": "1250000000"}})

class Made(pulumi.dynamic.Resource):
    job_id: pulumi.Output[str]
    appid: pulumi.Output[str]
    def __init__(self, name):
        super().__init__(Maker(), name, {{"job_id": None, "appid": None}})

group = pulumi.ComponentResource("tests:index:Group", "group")
made = Made("made")
jobs = [
    get_job("{job_id}", "1250000000"),
    get_job("{job_id}", "1250000000"),
    get_job("{job_id}", "1250000000", opts=pulumi.ResourceOptions(parent=group, depends_on=[made])),
    get_job(pulumi.Output.from_input("{job_id}"), pulumi.Output.secret("1250000000"), uin=pulumi.Output.from_input("1"),
            region=pulumi.Output.from_input("ap-chengdu")),
    get_job(made.job_id, made.appid),
    get_job(pulumi.Output.secret("{job_id}"), "1250000000", resource_name="named"),
]
for position, job in enumerate(jobs):
    pulumi.export(f"status{{position}}", job.status)
""")
    preview = stack.preview().ok()
    assert "error" not in preview.text.lower()
    stack.up().ok()
    assert list(stack.outputs().values()) == ["New", "New", "New", "[secret]", "New", "[secret]"]
    jobs = [resource for resource in stack.resources() if resource["type"].endswith("cosjob:Job")]
    assert sorted(resource["urn"].split("::")[-1] for resource in jobs) == sorted(
        [job_id, f"{job_id}-2", f"{job_id}-3", "job", "job-2", "named"]
    )
    assert all(resource["external"] for resource in jobs)
    assert next(r for r in jobs if "Group" in r["urn"])["dependencies"][0].endswith("::made")
    stack.destroy().ok()
    assert {request.method for request in service.requests} == {"GET"}


def test_refresh_and_destroy_work_after_the_job_has_aged_out(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """What is known of a job stays in the state when the service has forgotten it."""
    job_id = service.create_job("completes")
    service.clock.advance(60)
    stack = new_stack(READ.format(job_id=job_id))
    stack.up().ok()
    service.clock.advance(91 * DAY)
    stack.refresh().ok()
    [job] = [resource for resource in stack.resources() if resource["type"].endswith("cosjob:Job")]
    assert json.loads(job["outputs"]["result"])["status"] == "Complete"
    assert "90 days" in error_line(stack.up())
    stack.destroy().ok()
    assert stack.resources() == []


def test_a_state_of_the_first_release_can_be_refreshed_and_destroyed(
    new_stack: NewStack, service: CosBatchEmulator
) -> None:
    """The state names the provider by module and class, which therefore never move; a refresh reads nothing anew."""
    stack = new_stack(READ.format(job_id=FULL))
    stack.run("stack", "import", "--file", str(TESTS / "states" / "0.1.0.json")).ok()
    assert len(stack.resources()) == 3
    stack.refresh().ok()
    assert len(stack.resources()) == 3
    assert service.requests == []
    stack.destroy().ok()
    assert stack.resources() == []


def _break_schema(service: CosBatchEmulator) -> None:
    answer = (RESPONSES / "full.xml").read_bytes().replace(b">Active<", b"><").replace(b">3<", b">-3<")
    service.replay(FULL, answer)


def _page(service: CosBatchEmulator) -> None:
    service.replay(FULL, b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body>")


@pytest.mark.parametrize(
    ("arrange", "variables", "expected"),
    [
        (None, {"COSJOB_ENDPOINT": None, "COSJOB_UIN": None}, ["uin is not set", "cosjob:uin"]),
        (None, {"COSJOB_ENDPOINT": None, "TENCENTCLOUD_REGION": None}, ["region is not set", "TENCENTCLOUD_REGION"]),
        (
            None,
            {"TENCENTCLOUD_SECRET_ID": None, "TENCENTCLOUD_SECRET_KEY": None},
            ["no credentials", "~/.tencentcloud/credentials"],
        ),
        (None, {}, ["there is no such job", FULL, "code NoSuchJob", "request id", "90 days"]),
        (
            None,
            {"TENCENTCLOUD_SECRET_KEY": "wrong"},
            ["the signature was refused: wrong secret key", "SignatureDoesNotMatch", "request id"],
        ),
        (
            None,
            {"COSJOB_ENDPOINT": "http://127.0.0.1:1", "COSJOB_REQUEST_TIMEOUT": "1"},
            [
                "the service could not be reached: Connection refused",
                "endpoint http://127.0.0.1:1",
                "Check the endpoint",
            ],
        ),
        (_page, {}, ["cannot be read as XML", "<!DOCTYPE html>", "Check the endpoint"]),
        (_break_schema, {}, ["the response violates the schema of DescribeJobResult in 2 places", FULL]),
    ],
    ids=["uin", "region", "credentials", "no-such-job", "wrong-key", "no-route", "page", "schema"],
)
def test_an_error_says_what_failed_for_which_job_and_what_to_do(
    new_stack: NewStack,
    service: CosBatchEmulator,
    tmp_path: Path,
    arrange: Callable[[CosBatchEmulator], None] | None,
    variables: dict[str, str | None],
    expected: list[str],
) -> None:
    """The message that the engine shows in a preview is a whole, and holds no secret."""
    if arrange is not None:
        arrange(service)
    stack = new_stack(READ.format(job_id=FULL), HOME=str(tmp_path), **variables)
    run = stack.preview()
    line = error_line(run)
    assert [part for part in expected if part not in line] == []
    assert SECRET_KEY not in run.text


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ('"../etc", "1250000000"', "job_id"),
        ('"a", "1250000000\\r\\nx: y"', "appid"),
        ('"a", 1250000000', "appid"),
        ('"a", "1250000000", region="evil.example/"', "region"),
    ],
)
def test_a_malformed_argument_is_named_without_a_traceback(
    new_stack: NewStack, service: CosBatchEmulator, arguments: str, argument: str
) -> None:
    """Nothing is sent, and the message is a sentence about the argument."""
    stack = new_stack(f"from pulumi_cosjob import get_job\nget_job({arguments})\n")
    run = stack.preview().failed()
    assert f"error: {argument} " in run.text
    assert "Traceback" not in run.text
    assert service.requests == []


def files_with(secret: str, folder: Path) -> list[Path]:
    """Return the files below a folder that hold a secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [path for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.oldest
def test_settings_and_keys_come_from_the_stacks_config(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Keys in the config are used, and stand in no message and no file."""
    job_id = service.create_job("completes")
    stack = new_stack(READ.format(job_id=job_id), **dict.fromkeys(service.environment()))
    for name, value in (("endpoint", service.endpoint), ("uin", "100000000001"), ("validation", "strict")):
        stack.run("config", "set", f"cosjob:{name}", value).ok()
    stack.run("config", "set", "--secret", "tencentcloud:secretId", "emulator-id").ok()
    stack.run("config", "set", "--secret", "tencentcloud:secretKey", SECRET_KEY).ok()
    shown = [stack.up().ok().text, stack.refresh().ok().text, stack.run("stack", "export").ok().text]
    assert stack.outputs() == {"status": "New"}
    assert [text for text in shown if SECRET_KEY in text] == []
    assert files_with(SECRET_KEY, stack.folder) == []


def test_keys_of_the_environment_are_in_no_log_at_the_highest_level(
    new_stack: NewStack, service: CosBatchEmulator
) -> None:
    """With all logs of engine, host and provider turned on, the key is nowhere to be found."""
    job_id = service.create_job("completes")
    stack = new_stack(READ.format(job_id=job_id))
    run = stack.up("--logtostderr", "-v=11", "--logflow", "--debug").ok()
    assert stack.outputs() == {"status": "New"}
    assert len(run.text) > 20_000
    assert SECRET_KEY not in run.text
    assert files_with(SECRET_KEY, stack.folder) == []


def test_lenient_validation_warns_and_goes_on(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """By default what violates the schema is left out, with one warning; cosjob:validation strict makes it an error."""
    answer = (RESPONSES / "full.xml").read_bytes().replace(b">2147483647<", b">-1<")
    service.replay(FULL, answer)
    stack = new_stack(READ.format(job_id=FULL))
    run = stack.up().ok()
    warning = "a part of the response violates the schema and was left out: /DescribeJobResult/Job/Priority: must be "
    assert f"warning: {warning}" in run.text
    assert "_answers.py" not in run.text
    assert stack.outputs() == {"status": "Active"}
    stack.run("config", "set", "cosjob:validation", "strict").ok()
    assert "violates the schema" in error_line(stack.preview())


def test_words_that_nobody_knew_reach_a_program(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A gate opens for its Complete job, a read has a status of its own; what is new is listed in the outputs."""
    service.replay("copy-to-the-archive", RESPONSES / "new-words.xml")
    service.replay(
        FULL, f"<DescribeJobResult><Job><JobId>{FULL}</JobId><Status>Archiving</Status></Job></DescribeJobResult>"
    )
    program = f"""
import pulumi
from pulumi_cosjob import JobCompletion, get_job

gate = JobCompletion("gate", job_id="copy-to-the-archive", appid="1250000000")
job = get_job("{FULL}", "1250000000")
pulumi.export("storage_class", gate.operation.cos_put_object_copy.storage_class)
pulumi.export("gate", gate.unknown_values)
pulumi.export("elements", gate.unknown_elements)
pulumi.export("status", job.status)
pulumi.export("read", job.unknown_values)
"""
    stack = new_stack(program)
    run = stack.up().ok()
    assert "warning" not in run.text
    outputs = stack.outputs()
    copied = "/DescribeJobResult/Job/Operation/COSPutObjectCopy"
    assert outputs == {
        "storage_class": "DEEP_COLD",
        "gate": [
            f"{copied}/CannedAccessControlList: default",
            f"{copied}/NewObjectMetadata/SSEAlgorithm: cos/kms",
            f"{copied}/StorageClass: DEEP_COLD",
            f"{copied}/TaggingDirective: Replace",
        ],
        "elements": ["/DescribeJobResult/Job/ProgressSummary/AutoManifestStatus"],
        "status": "Archiving",
        "read": ["/DescribeJobResult/Job/Status: Archiving"],
    }


def test_a_gate_waits_through_a_status_that_nobody_knew(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """With one warning on its row; it opens once the job is Complete."""
    job_id, text = "copy-to-the-archive", (RESPONSES / "new-words.xml").read_text()
    service.replay(job_id, text.replace("Complete", "Archiving"))
    program = """
import pulumi
from pulumi_cosjob import JobCompletion

gate = JobCompletion("gate", job_id="copy-to-the-archive", appid="1250000000")
pulumi.export("status", gate.status)
"""

    def complete() -> None:
        while len(service.requests) < 3:
            threading.Event().wait(0.05)
        service.replay(job_id, text)

    stack = new_stack(program)
    completing = threading.Thread(target=complete)
    completing.start()
    run = stack.up().ok()
    completing.join()
    known = f"job {job_id} has the status 'Archiving', which this version does not know; the wait goes on"
    assert f"warning: {known}" in run.text
    assert stack.outputs() == {"status": "Complete"}


def test_the_wheel_alone_runs_the_quickstart(tmp_path: Path, service: CosBatchEmulator) -> None:
    """Installed into an empty environment, the wheel brings all that the quickstart needs, the schema among it."""

    def run(*command: Any) -> None:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ".")
    [wheel] = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    job_id = service.create_job("completes", description="from the wheel")
    program = (ROOT / "examples" / "quickstart" / "__main__.py").read_text()
    stack = Stack(tmp_path / "stack", program, service.environment(), python)
    del stack.variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]
    stack.run("config", "set", "jobId", job_id).ok()
    log = stack.up("--logtostderr", "-v=9", "--logflow").ok().text
    assert stack.outputs()["description"] == "from the wheel"
    assert "Ignoring package pulumi-cosjob with resource set to false" in log
    assert "pulumi-resource-cosjob" not in log, "the engine looks for no plugin"
