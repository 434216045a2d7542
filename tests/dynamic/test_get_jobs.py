"""`get_jobs` on the real engine, against the emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from places import RESPONSES, ROOT
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from stacks import NewStack, Stack

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
DAY = 24 * 3600

READ = """
import json, pathlib, pulumi
from pulumi_cosjob import get_jobs

jobs = get_jobs({job_ids!r}, "1250000000"{arguments})
jobs.jobs.apply(lambda found: pathlib.Path("preview" if pulumi.runtime.is_dry_run() else "up").write_text(
    json.dumps({{job_id: dict(job) for job_id, job in found.items()}})))
pulumi.export("statuses", jobs.jobs.apply(lambda found: {{job_id: job.status for job_id, job in found.items()}}))
pulumi.export("first", jobs.jobs[{job_ids!r}[0]].manifest.location.etag)
pulumi.export("missing", jobs.missing_job_ids)
"""


def reading(job_ids: list[str], arguments: str = "") -> str:
    """Return a program that reads jobs and records their descriptions."""
    return READ.format(job_ids=job_ids, arguments=f", {arguments}" if arguments else "")


@pytest.mark.oldest
def test_many_jobs_are_one_read_with_every_field(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Preview and up have all fields of all jobs in one resource, with one request for each job."""
    service.replay(FULL, RESPONSES / "full.xml")
    ids = [FULL, *(service.create_job(description=f"job {number}") for number in range(60))]
    stack = new_stack(reading([*ids, ids[5]]))
    stack.preview().ok()
    assert len(service.requests) == 61
    stack.up().ok()
    expected = json.loads((RESPONSES / "full.json").read_text())
    for when in ("preview", "up"):
        recorded = json.loads((stack.folder / when).read_text())
        assert list(recorded) == ids
        assert {name: value for name, value in recorded[FULL].items() if name in expected} == expected
        assert recorded[ids[7]]["description"] == "job 6"
        assert recorded[ids[7]]["termination_date"] is None
    outputs = stack.outputs()
    assert outputs["statuses"] == {FULL: "Active", **dict.fromkeys(ids[1:], "New")}
    assert outputs["first"] == expected["manifest"]["location"]["etag"]
    assert outputs["missing"] == []
    [read] = [resource for resource in stack.resources() if resource["type"].endswith("cosjob:Jobs")]
    assert read["external"]
    assert read["urn"].endswith("::jobs")
    service.clock.advance(60)
    stack.up("--expect-no-changes").ok()
    assert set(stack.outputs()["statuses"].values()) == {"Active", "Complete"}
    stack.destroy().ok()
    assert {request.method for request in service.requests} == {"GET"}


def test_jobs_that_cannot_be_read_are_listed(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """The message names one missing job, several, and a refused one; skip leaves out the missing ones."""
    existing = [service.create_job() for _ in range(3)]
    stack = new_stack(reading([*existing, "gone"]))
    text = stack.preview().failed().text
    assert "there is no such job" in text
    assert "job gone" in text
    stack.write(reading([*existing, "gone", "lost"]))
    text = stack.preview().failed().text
    assert "2 of 5 jobs could not be read" in text
    assert "job gone" in text
    assert "job lost" in text
    stack.write(reading([*existing, "gone", "lost"], 'missing="skip"'))
    stack.up().ok()
    assert set(stack.outputs()["statuses"]) == set(existing)
    assert stack.outputs()["missing"] == ["gone", "lost"]
    service.inject(Fault("error", code="AccessDenied", status=403, job_id=existing[1]))
    text = stack.preview().failed().text
    assert "access was denied" in text
    assert existing[1] in text


def test_refresh_and_destroy_work_without_the_jobs(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """The state keeps what was read last. A program reads the jobs again."""
    service.replay(FULL, RESPONSES / "full.xml")
    old = service.create_job("completes")
    service.clock.advance(60)
    stack = new_stack(reading([old, FULL]))
    stack.up().ok()
    service.clock.advance(91 * DAY)
    service.replay(FULL, RESPONSES / "minimal.xml")
    stack.refresh().ok()
    [read] = [resource for resource in stack.resources() if resource["type"].endswith("cosjob:Jobs")]
    results = json.loads(read["outputs"]["results"])
    assert {job_id: result["status"] for job_id, result in results.items()} == {old: "Complete", FULL: "Active"}
    assert "90 days" in stack.up().failed().text
    stack.destroy().ok()
    assert stack.resources() == []


def test_the_example_lists_failed_and_missing_jobs(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The example runs unchanged."""
    stack = Stack(tmp_path / "many_jobs", ROOT / "examples" / "many_jobs", service.environment())
    good, bad = service.create_job("completes"), service.create_job("fails")
    service.clock.advance(60)
    stack.run("config", "set", "jobIds", json.dumps([good, bad, "gone"])).ok()
    stack.up().ok()
    assert stack.outputs() == {"statuses": {good: "Complete", bad: "Failed"}, "failed": [bad], "missing": ["gone"]}


def test_ids_may_be_outputs_known_late_or_secret_or_none_at_all(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A preview succeeds if the same update makes the ids. An empty list needs no request."""
    job_id = service.create_job()
    stack = new_stack(f"""
import pulumi, pulumi.dynamic
from pulumi_cosjob import get_jobs

class Maker(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        return pulumi.dynamic.CreateResult("maker", {{"job_ids": ["{job_id}"]}})

class Made(pulumi.dynamic.Resource):
    job_ids: pulumi.Output[list]
    def __init__(self, name):
        super().__init__(Maker(), name, {{"job_ids": None}})

made = Made("made")
secret = pulumi.Output.secret(["{job_id}"])
for name, ids in {{"late": made.job_ids, "inner": [made.job_ids[0]], "secret": secret}}.items():
    pulumi.export(name, get_jobs(ids, "1250000000").jobs.apply(lambda jobs: [job.status for job in jobs.values()]))
pulumi.export("none", get_jobs([], "1250000000").jobs)
""")
    stack.preview().ok()
    stack.up().ok()
    outputs = json.loads(stack.run("stack", "output", "--json", "--show-secrets").ok().text)
    assert outputs == {"late": ["New"], "inner": ["New"], "secret": ["New"], "none": {}}
    names = [r["urn"].split("::")[-1] for r in stack.resources() if r["type"].endswith("cosjob:Jobs")]
    assert sorted(names) == ["jobs", "jobs-2", "jobs-3", "jobs-4"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('"job-1", "1250000000"', "job_ids must be a list of ids, not text"),
        ('["../etc"], "1250000000"', "job_id cannot be '../etc'"),
        ('["a"], 1250000000', "appid must be text"),
        ('["a"], "1", missing="ignore"', "missing must be one of error, skip"),
        ('["a"], "1", max_concurrency=0', "max_concurrency cannot be 0"),
        ('pulumi.Output.from_input("job-1"), "1"', "job_ids must be a list of ids, not text"),
    ],
)
def test_a_malformed_argument_is_named(
    new_stack: NewStack, service: CosBatchEmulator, arguments: str, message: str
) -> None:
    """The message is a sentence about the argument. No request is sent."""
    stack = new_stack(f"import pulumi\nfrom pulumi_cosjob import get_jobs\nget_jobs({arguments})\n")
    assert message in stack.preview().failed().text
    assert service.requests == []
