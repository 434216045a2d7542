"""`get_job` on the real engine, against the emulator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from places import RESPONSES
from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import JobDescription
from stacks import NewStack, error_line

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
APPID = "1250000000"
DAY = 24 * 3600

# Records every field and its type each time the program runs; absent fields are null.
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


def recorder(job_id: str) -> str:
    """Return a program that records all fields of a job."""
    return RECORDER.format(fields=list(element_fields(JobDescription)), job_id=job_id)


@pytest.mark.oldest
def test_all_fields_are_outputs_in_preview_and_up(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Every field has its value and its type, in a preview and in an update."""
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
    """A job with only an id and a status has None everywhere else, also below absent elements."""
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
    """Each up reads the job again. With the same program and the same job it reports no change."""
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
    """Names do not collide, opts work, and every argument may be an output, also one that a preview does not know."""
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


def test_refresh_and_destroy_work_without_the_job(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """The state keeps what was read when the service no longer keeps the job; a refresh sends no request."""
    job_id = service.create_job("completes")
    service.clock.advance(60)
    stack = new_stack(READ.format(job_id=job_id))
    stack.up().ok()
    service.clock.advance(91 * DAY)
    requests = len(service.requests)
    stack.refresh().ok()
    assert len(service.requests) == requests
    [job] = [resource for resource in stack.resources() if resource["type"].endswith("cosjob:Job")]
    assert json.loads(job["outputs"]["result"])["status"] == "Complete"
    assert "90 days" in error_line(stack.up())
    stack.destroy().ok()
    assert stack.resources() == []
