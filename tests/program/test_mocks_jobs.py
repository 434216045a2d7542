"""`CosJobMocks`: jobs of the table as programs read them, and invalid tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import ModuleType
from typing import Any

import pulumi
import pytest

import pulumi_cosjob
import pulumi_cosjob.testing
from mocked import APPID, JOB, OTHER, UNKNOWN, Seen, both, everything, preview_too, seen
from places import RESPONSES
from pulumi_cosjob import (
    InvalidArgumentError,
    JobDescription,
    JobsNotReadError,
    NoSuchJobError,
    native,
    parse_describe_job_result,
)
from pulumi_cosjob._model.job import ProgressSummary
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob.testing import CosJobMocks

FULL = replace(
    parse_describe_job_result((RESPONSES / "full.xml").read_bytes()),
    status="Complete",
    progress_summary=ProgressSummary(0, 1000, 1000),
)
NESTED = {
    "status": "Complete",
    "priority": 7,
    "progress_summary": {"number_of_tasks_failed": 0, "number_of_tasks_succeeded": 2**53 + 1},
    "failure_reasons": [{"failure_code": "x"}],
}


@both
@pytest.mark.parametrize("job", [NESTED, {}, FULL], ids=["fields", "nothing", "description"])
def test_all_ways_read_the_jobs_of_the_table(package: ModuleType, job: Any) -> None:
    """Every field as given, absent ones as None; a job without a status is Complete."""
    found = seen(CosJobMocks({JOB: job}), lambda: everything(package))
    assert found.pop("missing") == Seen([])
    description = job if isinstance(job, JobDescription) else None
    for each in found.values():
        assert isinstance(each.value, JobDescription)
        if description is None:
            given = {name: value for name, value in to_plain(each.value, exact=False).items() if value != []}
            wanted = {"job_id": JOB, "status": "Complete", **job}
            # The engine's numbers are doubles.
            exact = package is pulumi_cosjob
            assert given == (wanted if exact else json.loads(json.dumps(wanted).replace(str(2**53 + 1), str(2**53))))
        else:
            assert to_plain(each.value) == to_plain(description)


@both
def test_a_preview_knows_jobs_that_have_completed(package: ModuleType) -> None:
    """As with the engine: read jobs are known, those of a gate only if the plugin checks them, and a gate has no id."""
    mocks = CosJobMocks({JOB: {}, OTHER: {"status": "Active"}})
    found = seen(mocks, lambda: everything(package), preview=True)
    opened = package is native
    assert {name: each.known for name, each in found.items()} == {
        "get_job": True,
        "get_jobs": True,
        "missing": True,
        "JobCompletion": opened,
        "AllJobsCompletion": opened,
    }

    def waiting() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("g", job_id=OTHER, appid=APPID)
        gates = package.AllJobsCompletion("gs", job_ids=[JOB, OTHER], appid=APPID)
        job = package.get_job(OTHER, APPID)
        return {
            "id": gate.id,
            "gate": gate.status,
            "absent": gate.description,
            "gates": gates.jobs,
            "job": job.status,
            "job absent": job.description,
            "given": gate.job_id,
        }

    assert seen(mocks, waiting, preview=True) == {
        "id": UNKNOWN,
        "gate": UNKNOWN,
        "absent": UNKNOWN,
        "gates": UNKNOWN,
        "job": Seen("Active"),
        "job absent": Seen(None),
        "given": UNKNOWN if package is native else Seen(OTHER),
    }


MISSING = f"there is no such job (job {OTHER}, appid 1250000000, code NoSuchJob). Check "


@both
@preview_too
@pytest.mark.parametrize("way", ["get_job", "get_jobs", "JobCompletion", "AllJobsCompletion"])
def test_a_missing_job_fails(package: ModuleType, way: str, *, preview: bool) -> None:
    """With the error of a missing job, in each way to read it."""

    def program() -> dict[str, pulumi.Output[Any]]:
        made = {
            "get_job": lambda: package.get_job(OTHER, APPID).status,
            "get_jobs": lambda: package.get_jobs([JOB, OTHER], APPID).jobs,
            "JobCompletion": lambda: package.JobCompletion("g", job_id=OTHER, appid=APPID).status,
            "AllJobsCompletion": lambda: package.AllJobsCompletion("g", job_ids=[JOB, OTHER], appid=APPID).jobs,
        }
        return {"x": made[way]()}

    with pytest.raises(NoSuchJobError, match=re.escape(MISSING)):
        seen(CosJobMocks({JOB: {}}), program, preview=preview)


@both
def test_a_missing_job_may_be_skipped(package: ModuleType) -> None:
    """With `missing`, as with the service."""

    def program() -> dict[str, pulumi.Output[Any]]:
        jobs = package.get_jobs([JOB, OTHER], APPID, missing="skip")
        return {"jobs": jobs.jobs.apply(list), "missing": jobs.missing_job_ids}

    assert seen(CosJobMocks({JOB: {}}), program) == {"jobs": Seen([JOB]), "missing": Seen([OTHER])}


def test_all_missing_jobs_are_named() -> None:
    """As when many jobs are read from the service."""
    with pytest.raises(JobsNotReadError, match=f"(?s)2 of 3 jobs.*{JOB}.*{OTHER}"):
        seen(CosJobMocks({"a": {}}), lambda: {"x": pulumi_cosjob.get_jobs(["a", JOB, OTHER], APPID).jobs})


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ([JOB], "jobs must be a mapping of job ids, not a list"),
        ({"": {}}, "jobs[''] is no job: job_id cannot be ''"),
        ({7: {}}, "jobs[7] is no job: job_id must be text, not a number"),
        ({"a": "Complete"}, "jobs['a'] must be a mapping of fields, not text"),
        ({"a": {"stauts": "Complete"}}, "jobs['a'].stauts is no field of a job. Did you mean status?"),
        ({"a": {"xyz": 1}}, "jobs['a'].xyz is no field of a job. There are job_id, status, "),
        ({"a": {"status": "Completed"}}, "jobs['a'].status cannot be 'Completed'. There are New, Preparing, "),
        ({"a": {"status": 1}}, "jobs['a'].status must be text, not a number"),
        ({"a": {"job_id": "b"}}, "jobs['a'].job_id must be 'a', not 'b'"),
        ({"a": JobDescription("b", "New")}, "jobs['a'].job_id must be 'a', not 'b'"),
        ({"a": {"priority": "7"}}, "jobs['a'].priority must be a whole number, not text"),
        ({"a": {"priority": True}}, "jobs['a'].priority must be a whole number, not true or false"),
        ({"a": {"priority": 7.5}}, "jobs['a'].priority must be a whole number, not a number"),
        ({"a": {"confirmation_required": 1}}, "jobs['a'].confirmation_required must be true or false, not a number"),
        ({"a": {"progress_summary": 3}}, "jobs['a'].progress_summary must be a mapping of fields, not a number"),
        (
            {"a": {"progress_summary": {"numberOfTasksFailed": 3}}},
            "jobs['a'].progress_summary.numberOfTasksFailed is no field of a job. Did you mean number_of_tasks_failed?",
        ),
        ({"a": {"failure_reasons": {}}}, "jobs['a'].failure_reasons must be a list, not an object"),
        (
            {"a": {"failure_reasons": [{}, {"code": "x"}]}},
            "jobs['a'].failure_reasons[1].code is no field of a job. There are failure_code, failure_reason.",
        ),
        (
            {"a": {"manifest": {"spec": {"fields": ["Bucket", 1]}}}},
            "jobs['a'].manifest.spec.fields[1] must be text, not a number",
        ),
    ],
)
def test_an_invalid_table_is_refused(jobs: Any, message: str) -> None:
    """When the mocks are created; the error names the wrong field."""
    with pytest.raises(InvalidArgumentError, match=re.escape(message)):
        CosJobMocks(jobs)


def test_descriptions_may_stand_in_a_mapping() -> None:
    """A mapping may have typed values of the package, plain ones, and fields that are None."""
    summary = FULL.progress_summary
    job = {"progress_summary": summary, "description": None, "unknown_elements": ["/x"], "unknown_values": ["/x: y"]}
    found = seen(CosJobMocks({JOB: job}), lambda: {"x": pulumi_cosjob.get_job(JOB, APPID).result})
    assert found["x"].value.progress_summary == summary
    assert found["x"].value.unknown_elements == ["/x"]
    assert found["x"].value.unknown_values == ["/x: y"]


def test_a_malformed_argument_is_refused_as_on_the_engine() -> None:
    """An APPID that is known later is checked when it is known."""
    mocks = CosJobMocks({JOB: {}})
    for way in (pulumi_cosjob.get_job, native.get_job):
        with pytest.raises((InvalidArgumentError, pulumi.RunError), match="appid cannot be 'a b'"):
            seen(mocks, lambda way=way: {"x": way(JOB, pulumi.Output.from_input("a b")).status})  # type: ignore[misc]
    for kind in (pulumi_cosjob.JobCompletion, native.JobCompletion):
        with pytest.raises(InvalidArgumentError, match="appid cannot be 'a b'"):
            seen(
                mocks,
                lambda kind=kind: {"x": kind("g", job_id=JOB, appid=pulumi.Output.from_input("a b")).status},  # type: ignore[misc]
            )
