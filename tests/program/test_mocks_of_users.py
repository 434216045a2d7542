"""Unit tests of users' programs with mocks of their own, on the real SDK."""

from __future__ import annotations

import asyncio
import json
from types import ModuleType
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import run_pulumi_func

import pulumi_cosjob
import pulumi_cosjob.testing
from mocked import APPID, JOB, OTHER, UNKNOWN, Mine, Seen, both, preview_too, run, seen, under_mocks
from pulumi_cosjob import (
    native,
)
from pulumi_cosjob._program.mock_outputs import is_mocked, placeholders
from pulumi_cosjob._program.outputs import JOB_FIELDS

SNAKE = {
    "status": "Complete",
    "priority": 7,
    "progress_summary": {"number_of_tasks_failed": 3},
    "failure_reasons": [{"failure_code": "x"}],
}
CAMEL = {
    "status": "Complete",
    "priority": 7,
    "progressSummary": {"numberOfTasksFailed": 3},
    "failureReasons": [{"failureCode": "x"}],
}
own = pytest.mark.parametrize(
    ("package", "outputs"), [(pulumi_cosjob, SNAKE), (native, CAMEL)], ids=["dynamic", "native"]
)


def fields(job: Any) -> dict[str, pulumi.Output[Any]]:
    """Return some outputs of a job: a text, a number, a nested one, one in a list, one that is not given."""
    return {
        "job_id": job.job_id,
        "status": job.status,
        "priority": job.priority,
        "failed": job.progress_summary.number_of_tasks_failed,
        "code": job.failure_reasons[0].failure_code,
        "absent": job.description,
        "result": job.result.apply(lambda result: type(result).__name__),
    }


GIVEN = {
    "job_id": Seen(JOB),
    "status": Seen("Complete"),
    "priority": Seen(7),
    "failed": Seen(3),
    "code": Seen("x"),
    "absent": Seen(None),
    "result": Seen("JobDescription"),
}


@own
@preview_too
def test_a_job_has_the_fields_that_mocks_return(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """Returned fields are read one by one; the others are known to be absent."""
    assert seen(Mine(outputs), lambda: fields(package.get_job(JOB, APPID)), preview=preview) == GIVEN


@own
@preview_too
def test_a_gate_has_the_fields_that_mocks_return(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """The same as a job, and its inputs."""

    def program() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=APPID)
        return {**fields(gate), "appid": gate.appid}

    assert seen(Mine(outputs), program, preview=preview) == {**GIVEN, "appid": Seen(APPID)}


@own
def test_mocks_need_not_return_the_inputs(package: ModuleType, outputs: Any) -> None:
    """The SDK adds them."""
    assert seen(Mine(outputs, inputs=False), lambda: fields(package.get_job(JOB, APPID))) == GIVEN
    gate = seen(Mine(outputs, inputs=False), lambda: fields(package.JobCompletion("gate", job_id=JOB, appid=APPID)))
    assert gate == GIVEN


@both
def test_fields_may_be_returned_without_a_status(package: ModuleType) -> None:
    """No field requires another."""
    mocks = Mine({"description": "Nightly"})
    for make in (
        lambda: package.get_job(JOB, APPID),
        lambda: package.JobCompletion("gate", job_id=JOB, appid=APPID),
    ):
        assert seen(mocks, lambda make=make: {"d": make().description, "s": make().status}) == {  # type: ignore[misc]
            "d": Seen("Nightly"),
            "s": Seen(None),
        }


@both
def test_with_mocks_that_return_inputs_only_the_id_is_known(package: ModuleType) -> None:
    """Many mocks do so; nothing raises, and an apply runs."""
    mocks = Mine({})
    for job in (
        lambda: package.get_job(JOB, APPID),
        lambda: package.JobCompletion("gate", job_id=JOB, appid=APPID),
    ):
        assert seen(mocks, lambda job=job: {"id": job().job_id, "s": job().status}) == {  # type: ignore[misc]
            "id": Seen(JOB),
            "s": Seen(None),
        }


@both
def test_with_mocks_that_return_inputs_only_fields_are_unknown_in_a_preview(package: ModuleType) -> None:
    """As for every resource of any provider: an output without a value is unknown in a preview."""
    mocks = Mine({})
    assert seen(mocks, lambda: {"s": package.get_job(JOB, APPID).status}, preview=True) == {"s": UNKNOWN}
    gate = seen(mocks, lambda: {"s": package.JobCompletion("g", job_id=JOB, appid=APPID).status}, preview=True)
    assert gate == {"s": UNKNOWN}


@own
@preview_too
def test_many_jobs_have_the_fields_that_mocks_return(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """Jobs are by their ids; requested ids that are not returned are missing."""
    mocks = Mine({"jobs": {JOB: outputs}})

    def program() -> dict[str, pulumi.Output[Any]]:
        jobs = package.get_jobs([JOB, OTHER], APPID, missing="skip")
        gate = package.AllJobsCompletion("gate", job_ids=[JOB], appid=APPID)
        summary = jobs.jobs[JOB].progress_summary
        return {
            "id": jobs.jobs[JOB].job_id,
            "status": jobs.jobs[JOB].status,
            "failed": summary.number_of_tasks_failed,
            "missing": jobs.missing_job_ids,
            "gate": gate.jobs[JOB].status,
            "gate id": gate.jobs[JOB].job_id,
        }

    assert seen(mocks, program, preview=preview) == {
        "id": Seen(JOB),
        "status": Seen("Complete"),
        "failed": Seen(3),
        "missing": Seen([OTHER]),
        "gate": Seen("Complete"),
        "gate id": Seen(JOB),
    }


@both
def test_mocks_may_list_the_jobs_that_are_missing(package: ModuleType) -> None:
    """With the name of the output in each variant."""
    mocks = Mine({"jobs": {}, "missing_job_ids": [OTHER], "missingJobIds": [OTHER]})
    found = seen(mocks, lambda: {"missing": package.get_jobs([JOB, OTHER], APPID, missing="skip").missing_job_ids})
    assert found == {"missing": Seen([OTHER])}


@both
def test_many_jobs_that_mocks_do_not_return_are_none(package: ModuleType) -> None:
    """As all outputs that mocks do not return."""

    def program() -> dict[str, pulumi.Output[Any]]:
        jobs = package.get_jobs([JOB], APPID)
        gate = package.AllJobsCompletion("gate", job_ids=[JOB], appid=APPID)
        return {"jobs": jobs.jobs, "missing": jobs.missing_job_ids, "gate": gate.jobs}

    assert seen(Mine({}), program) == {"jobs": Seen(None), "missing": Seen(None), "gate": Seen(None)}


def test_mocks_may_return_the_output_of_the_provider() -> None:
    """The one output of the dynamic variant, a text, takes precedence over fields."""
    mocks = Mine({"result": json.dumps({"job_id": JOB, "status": "Failed"}), "status": "Complete"})
    assert seen(mocks, lambda: {"s": pulumi_cosjob.get_job(JOB, APPID).status}) == {"s": Seen("Failed")}


@own
def test_a_field_that_mocks_return_as_a_secret_is_secret(package: ModuleType, outputs: Any) -> None:
    """Mocks mark it with a function of the SDK."""
    mocks = Mine({**outputs, "description": pulumi.runtime.rpc.wrap_rpc_secret("hidden")})
    gate = seen(mocks, lambda: {"d": package.JobCompletion("g", job_id=JOB, appid=APPID).description})
    assert gate == {"d": Seen("hidden", secret=True)}
    if package is native:
        plain = seen(mocks, lambda: {"s": package.JobCompletion("g", job_id=JOB, appid=APPID).status})
        assert plain == {"s": Seen("Complete")}


def test_an_engine_is_not_taken_for_mocks() -> None:
    """With an engine, no resource declares additional outputs."""

    def connected() -> None:
        pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor="127.0.0.1:1"))
        assert not is_mocked()
        assert placeholders(JOB_FIELDS) == {}

    def mocked() -> None:
        pulumi.runtime.set_mocks(Mine({}))
        assert is_mocked()

    under_mocks(connected)
    under_mocks(mocked)


def names(mocks: Mine) -> list[str]:
    """Return the names of the resources that were created since the last call."""
    made = [args.name for args in mocks.made]
    mocks.made.clear()
    return made


def two_jobs() -> dict[str, pulumi.Output[Any]]:
    """Read one job twice, and several."""
    jobs = [pulumi_cosjob.get_job("done", APPID), pulumi_cosjob.get_job("done", APPID)]
    return {
        "all": pulumi.Output.all(*(job.urn for job in jobs)),
        "jobs": pulumi_cosjob.get_jobs(["done"], APPID).urn,
        "later": jobs[0].urn.apply(lambda _: pulumi_cosjob.get_job("done", APPID).urn),
    }


def test_each_test_counts_names_anew() -> None:
    """A program has the same names in each test, with mocks for each test or for all, in any order."""

    def tests() -> None:
        mocks = Mine({"status": "Complete"})
        for _ in range(2):
            pulumi.runtime.set_mocks(mocks)
            for _ in range(2):
                run(two_jobs)
                assert sorted(names(mocks)) == ["done", "done-2", "done-3", "jobs"]

    under_mocks(tests)


def test_mocks_that_are_set_anew_count_names_anew() -> None:
    """Also without the SDK's decorator: a second program, after the mocks have been set again."""
    mocks = Mine({"status": "Complete"})

    def program() -> None:
        two_jobs()

    def tests() -> None:
        for _ in range(2):
            pulumi.runtime.set_mocks(mocks)
            asyncio.get_event_loop().run_until_complete(run_pulumi_func(program))
            assert sorted(names(mocks)) == ["done", "done-2", "done-3", "jobs"]

    under_mocks(tests)
