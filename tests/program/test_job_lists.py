"""`list_jobs` on the real engine, dynamic and native: what is listed, when, and what follows from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from list_documents import member, page
from patience import moved_by_requests
from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from servers import reply
from stacks import Stack

pytestmark = pytest.mark.engine

BOTH = pytest.mark.parametrize("native", ["", ".native"], ids=["dynamic", "native"])
APPID = "1250000000"
PROGRAM = """
import datetime, json, pathlib
import pulumi, pulumi.dynamic
from pulumi import ResourceOptions
from pulumi_cosjob{native} import AllJobsCompletion, get_job, get_jobs, list_jobs, list_jobs_output

def record(output, name):
    '''Write a known value into a file, which names the command.'''
    when = "preview" if pulumi.runtime.is_dry_run() else "up"
    output.apply(lambda value: pathlib.Path(f"{{when}}.{{name}}").write_text(json.dumps(value)))

{statements}
"""
ECHO = """
class EchoProvider(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        return pulumi.dynamic.CreateResult("echo", {"echoed": props["value"]})

class Echo(pulumi.dynamic.Resource):
    echoed: pulumi.Output[object]
    def __init__(self, name, value):
        super().__init__(EchoProvider(), name, {"value": value, "echoed": None})
"""


@pytest.fixture
def stack(tmp_path: Path, service: CosBatchEmulator) -> Stack:
    """Return a stack with the plugin and without a program."""
    (tmp_path / "plugin").mkdir()
    write_launcher(tmp_path / "plugin")
    return Stack(tmp_path / "stack", "", service.environment(), plugin=tmp_path / "plugin")


def program(stack: Stack, native: str, statements: str) -> None:
    """Write a program of some statements into the stack."""
    stack.write(PROGRAM.format(native=native, statements=statements))


def recorded(stack: Stack, name: str) -> dict[str, Any]:
    """Return what was recorded by this name, by command."""
    return {
        when: json.loads((stack.folder / f"{when}.{name}").read_text())
        for when in ("preview", "up")
        if (stack.folder / f"{when}.{name}").exists()
    }


def lists(service: CosBatchEmulator) -> list[str]:
    """Return the paths of the requests for pages."""
    return [each.path for each in service.requests if each.path.startswith("/jobs?")]


@pytest.mark.oldest
@BOTH
def test_a_gate_and_a_read_follow_from_a_list(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """A preview lists as an update does; what was found is waited for and read, and next time there is nothing."""
    service.clock.hold()
    done = service.create_job("completes", seconds=0, description="nightly done")
    service.clock.advance(3600)
    first, second = (service.create_job("completes", seconds=1, description=f"nightly {each}") for each in "ab")
    service.create_job("never-ends", description="weekly")
    service.clock.advance(0.1)
    program(
        stack,
        native,
        """
under_way = ["New", "Preparing", "Ready", "Active"]
found = list_jobs(statuses=under_way, created_after=datetime.timedelta(days=7), description="nightly*")
record(found.jobs, "jobs")
record(found.job_ids, "ids")
read = get_jobs(found.job_ids)
record(read.jobs.apply(lambda jobs: sorted(jobs)), "read")
gate = AllJobsCompletion("gate", job_ids=found.job_ids)
after = ResourceOptions(depends_on=[gate])
later = list_jobs(statuses={"Complete"}, description="nightly*", opts=after)
pulumi.export("waited for", gate.jobs.apply(lambda jobs: sorted(job.status for job in jobs.values())))
pulumi.export("complete", later.job_ids)
pulumi.export("tasks", later.jobs[0].progress_summary.number_of_tasks_succeeded)
""",
    )
    shown = " ".join(stack.preview().ok().text.split())
    assert "complete : [unknown]" in shown
    with moved_by_requests(service, seconds=0.5):
        stack.up().ok()
    newest = sorted([first, second])
    assert recorded(stack, "ids") == recorded(stack, "read") == {"preview": newest, "up": newest}
    jobs = recorded(stack, "jobs")
    assert [job["description"] for job in jobs["preview"]] in (["nightly a", "nightly b"], ["nightly b", "nightly a"])
    assert {(job["operation"], job["priority"]) for job in jobs["up"]} == {("COSPutObjectCopy", 10)}
    outputs = stack.outputs()
    assert outputs == {"waited for": ["Complete"] * 2, "complete": [*newest, done], "tasks": 100}
    stack.up().ok()
    assert stack.outputs() == {**outputs, "waited for": []}
    stack.preview("--expect-no-changes").ok()
    assert recorded(stack, "read") == recorded(stack, "ids") == {"preview": [], "up": []}
    [gate] = [each for each in stack.resources() if each["type"].endswith("AllJobsCompletion")]
    assert first not in json.dumps(gate)
    stack.destroy().ok()


@BOTH
def test_2500_jobs_come_over_three_pages(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """A program has them all, in a preview as in an update; each command requests the pages once."""
    for number in range(2500):
        service.create_job(job_id=f"job-{number:04}")
    program(
        stack,
        native,
        """
found = list_jobs()
record(found.job_ids, "ids")
record(found.jobs.apply(lambda jobs: [len(jobs), *sorted({job.status for job in jobs})]), "summary")
""",
    )
    stack.preview().ok()
    # Three full or partly full pages, and an empty one: the third has a token too.
    assert len(lists(service)) == 4
    stack.up().ok()
    assert len(lists(service)) == 8
    expected = [f"job-{number:04}" for number in range(2500)]
    assert recorded(stack, "ids") == {"preview": expected, "up": expected}
    assert recorded(stack, "summary") == {"preview": [2500, "New"], "up": [2500, "New"]}


@BOTH
def test_filters_may_be_outputs_that_are_not_known_yet(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """The list is delayed and unknown in a preview; an output of null is no filter."""
    wanted = service.create_job(description="nightly")
    other = service.create_job(description="weekly")
    made = 'made = {}\nmade = {name: Echo(name, name) for name in ("nightly", "New", "1250000000")}\n'
    program(
        stack,
        native,
        ECHO
        + made
        + """
whole = pulumi.Output.from_input(None)
late = {name: each.echoed for name, each in made.items()}
pulumi.export("late", list_jobs(late["1250000000"], statuses=[late["New"]], description=late["nightly"]).job_ids)
pulumi.export("one", list_jobs(statuses=late["New"], limit=1).jobs.apply(len))
hour = late["New"].apply(lambda _: datetime.timedelta(hours=1))
pulumi.export("times", list_jobs(created_after=hour).jobs.apply(len))
pulumi.export("null", list_jobs(description=whole, limit=whole, created_before=whole).job_ids)
both = list_jobs_output(description="week*")
pulumi.export("both", both.apply(lambda found: [found["job_ids"], [job.description for job in found["jobs"]]]))
""",
    )
    shown = " ".join(stack.preview().ok().text.split())
    for name in ("late : [unknown]", "one : [unknown]", "times: [unknown]"):
        assert name in shown
    assert len(lists(service)) == 2 * 2
    stack.up().ok()
    assert stack.outputs() == {
        "late": [wanted],
        "one": 1,
        "times": 2,
        "null": sorted([wanted, other]),
        "both": [[other], ["weekly"]],
    }


@BOTH
def test_secret_filters_make_the_outputs_secret(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """Neither the filter nor what was found by it is in the state as it is."""
    found = service.create_job(description="project-of-no-ones-business")
    program(
        stack,
        native,
        """
found = list_jobs(description=pulumi.Output.secret("project-of-no-ones*"))
pulumi.export("ids", found.job_ids)
pulumi.export("jobs", found.jobs)
pulumi.export("first", found.jobs[0].description)
pulumi.export("plain", list_jobs().job_ids)
""",
    )
    stack.preview().ok()
    stack.up().ok()
    outputs = stack.outputs()
    assert outputs == {"ids": "[secret]", "jobs": "[secret]", "first": "[secret]", "plain": [found]}
    listed = [each for each in stack.resources() if each["urn"].endswith("::job-list")]
    assert len(listed) == (0 if native else 1)
    assert "no-ones-business" not in json.dumps(listed)
    assert "project-of" not in json.dumps(listed)


def test_a_refresh_keeps_what_was_listed(stack: Stack, service: CosBatchEmulator) -> None:
    """It sends no request; a program that runs lists again."""
    service.create_job(job_id="old")
    program(stack, "", "pulumi.export('ids', list_jobs(created_after='1h').job_ids)")
    stack.up().ok()
    assert stack.outputs() == {"ids": ["old"]}
    service.clock.advance(60)
    service.create_job(job_id="new")
    sent = len(service.requests)
    stack.run("refresh", "--yes", "--expect-no-changes").ok()
    assert len(service.requests) == sent
    [listed] = [each for each in stack.resources() if each["type"].endswith("cosjob:JobList")]
    assert listed["external"]
    assert [job["job_id"] for job in json.loads(listed["outputs"]["results"])] == ["old"]
    assert (listed["outputs"]["created_after"], listed["outputs"]["appid"]) == ("1h", APPID)
    stack.up().ok()
    assert stack.outputs() == {"ids": ["new", "old"]}
    stack.destroy().ok()
    assert stack.resources() == []


@BOTH
def test_a_list_that_is_not_read_to_its_end_is_an_error(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """No part of it reaches the program, and nothing waits for it; the message is a sentence about the list."""
    program(
        stack,
        native,
        """
found = list_jobs(statuses="Active")
record(found.job_ids, "ids")
AllJobsCompletion("gate", job_ids=found.job_ids)
""",
    )
    first = page([member(JobId="a", Status="Active")], "a")
    broken = page([member(JobId="b", Status="Active"), member(JobId="c", Status="")])
    for bodies, message in (
        ([first, broken], "the response violates the schema of ListJobsResult"),
        ([first, b"<html>"], "the response cannot be read as XML"),
        (
            [page([member(JobId=str(each))], str(each)) for each in range(100)],
            "the list of jobs does not end within 100 pages",
        ),
    ):
        for body in bodies:
            service.inject(Fault("raw", action="ListJobs", body=reply(body)))
        text = stack.preview().failed().diagnostics()
        assert message in text
        assert "Traceback" not in text
    service.inject(Fault("error", action="ListJobs", code="AccessDenied", status=403, times=None))
    for text in (stack.preview().failed().diagnostics(), stack.up().failed().diagnostics()):
        assert "access was denied" in text
        assert "cos:ListJobs" in text
        assert "Traceback" not in text
    assert recorded(stack, "ids") == {}
    assert not [each for each in service.requests if each.path.startswith("/jobs/")]


@BOTH
def test_malformed_filters_are_named(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """In the words of the variant; whether the program is given the value itself or an output of it."""
    late = "pulumi.Output.from_input({})".format
    wrong = {
        "statuses": ("'active'", "Did you mean Active?", "'active'"),
        "created_after": ("'soon'", "cannot be 'soon'", "'soon'"),
        "created_before": ("'2026-11-31'", "cannot be '2026-11-31'", "'2026-11-31'"),
        "operation": ("'cos_put_object_copy'", "Did you mean COSPutObjectCopy?", "'cos_put_object_copy'"),
        "limit": ("0", "a whole number from 1", "0"),
    }
    camel = {"created_after": "createdAfter", "created_before": "createdBefore"}
    for name, (value, message, _) in wrong.items():
        for given, named in ((value, name), (late(value), camel.get(name, name) if native else name)):
            program(stack, native, f"list_jobs({name}={given})")
            text = stack.preview().failed().diagnostics()
            assert message in text, (name, given)
            assert f"{named} cannot be" in text, (name, given)
            assert "Traceback" not in text
    program(stack, native, "list_jobs(created_after='1h', created_before='2h')")
    text = stack.preview().failed().diagnostics()
    assert "cannot be '2h'. It is later than " in text
    assert ("createdBefore" if native else "created_before") in text
    assert service.requests == []
