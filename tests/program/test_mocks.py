"""Unit tests of users' programs: mocks in place of the engine, theirs and `CosJobMocks`, on the real SDK."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime.stack import run_pulumi_func

import pulumi_cosjob
import pulumi_cosjob.testing
from mocked import UNKNOWN, Seen, run, seen, under_mocks
from places import RESPONSES, ROOT
from pulumi_cosjob import (
    InvalidArgumentError,
    JobDescription,
    JobFailedError,
    JobsFailedError,
    JobsNotReadError,
    JobSuspendedError,
    NoSuchJobError,
    WaitTimeoutError,
    native,
    parse_describe_job_result,
)
from pulumi_cosjob._model.job import ProgressSummary, to_plain
from pulumi_cosjob._program.mock_outputs import is_mocked, placeholders
from pulumi_cosjob._program.outputs import JOB_FIELDS
from pulumi_cosjob._service.responses import no_such_job
from pulumi_cosjob.testing import CosJobMocks

if TYPE_CHECKING:
    from pulumi.runtime import MockCallArgs, MockResourceArgs

JOB = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
OTHER = "53dc6228-c50b-46f7-8ad7-65e7159f1aaf"
APPID = "1250000000"

both = pytest.mark.parametrize("package", [pulumi_cosjob, native], ids=["dynamic", "native"])


class Mine(pulumi.runtime.Mocks):
    """A user's own mocks: some outputs for each resource and each function, beside the inputs."""

    def __init__(self, outputs: Mapping[str, Any], *, inputs: bool = True) -> None:
        self._outputs, self._inputs = outputs, inputs
        self.made: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Note the resource."""
        self.made.append(args)
        return args.resource_id or f"{args.name}_id", {**(args.inputs if self._inputs else {}), **self._outputs}

    def call(self, _args: MockCallArgs) -> Any:
        """Return the same."""
        return self._outputs


# --------------------------------------------------------------------------------------------------- users' own mocks

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
preview_too = pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])


def fields(job: Any) -> dict[str, pulumi.Output[Any]]:
    """Return some outputs of a job: a text, a number, one below another, one in a list, one that is not given."""
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
def test_a_job_has_the_fields_that_mocks_give(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """What is given is read field by field, what is not given is known to be absent."""
    assert seen(Mine(outputs), lambda: fields(package.get_job(JOB, APPID)), preview=preview) == GIVEN


@own
@preview_too
def test_a_gate_has_the_fields_that_mocks_give(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """As a job has, its inputs among them."""

    def program() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=APPID)
        return {**fields(gate), "appid": gate.appid}

    assert seen(Mine(outputs), program, preview=preview) == {**GIVEN, "appid": Seen(APPID)}


@own
def test_mocks_need_not_return_the_inputs(package: ModuleType, outputs: Any) -> None:
    """The SDK has them anyway."""
    assert seen(Mine(outputs, inputs=False), lambda: fields(package.get_job(JOB, APPID))) == GIVEN
    gate = seen(Mine(outputs, inputs=False), lambda: fields(package.JobCompletion("gate", job_id=JOB, appid=APPID)))
    assert gate == GIVEN


@both
def test_fields_may_be_given_without_a_status(package: ModuleType) -> None:
    """No field rests on another."""
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
def test_mocks_that_give_nothing_leave_what_is_known(package: ModuleType) -> None:
    """Mocks that return the inputs only, as many do, leave the id; nothing raises, and an apply runs."""
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
def test_mocks_that_give_nothing_leave_a_preview_without_knowledge(package: ModuleType) -> None:
    """As for every resource of any provider: what has no value in a preview is not known."""
    mocks = Mine({})
    assert seen(mocks, lambda: {"s": package.get_job(JOB, APPID).status}, preview=True) == {"s": UNKNOWN}
    gate = seen(mocks, lambda: {"s": package.JobCompletion("g", job_id=JOB, appid=APPID).status}, preview=True)
    assert gate == {"s": UNKNOWN}


@own
@preview_too
def test_many_jobs_have_the_fields_that_mocks_give(package: ModuleType, outputs: Any, *, preview: bool) -> None:
    """Jobs by their ids, each as given; ids that are asked for and not given are those that are missing."""
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
    """By the name that this output has there."""
    mocks = Mine({"jobs": {}, "missing_job_ids": [OTHER], "missingJobIds": [OTHER]})
    found = seen(mocks, lambda: {"missing": package.get_jobs([JOB, OTHER], APPID, missing="skip").missing_job_ids})
    assert found == {"missing": Seen([OTHER])}


@both
def test_many_jobs_that_mocks_do_not_give_are_none(package: ModuleType) -> None:
    """As everything that is not given."""

    def program() -> dict[str, pulumi.Output[Any]]:
        jobs = package.get_jobs([JOB], APPID)
        gate = package.AllJobsCompletion("gate", job_ids=[JOB], appid=APPID)
        return {"jobs": jobs.jobs, "missing": jobs.missing_job_ids, "gate": gate.jobs}

    assert seen(Mine({}), program) == {"jobs": Seen(None), "missing": Seen(None), "gate": Seen(None)}


def test_mocks_may_give_what_the_engine_carries() -> None:
    """The one output of the dynamic variant, as text, is read as before, and counts for more than fields."""
    mocks = Mine({"result": json.dumps({"job_id": JOB, "status": "Failed"}), "status": "Complete"})
    assert seen(mocks, lambda: {"s": pulumi_cosjob.get_job(JOB, APPID).status}) == {"s": Seen("Failed")}


@own
def test_a_field_that_mocks_give_as_a_secret_is_one(package: ModuleType, outputs: Any) -> None:
    """Mocks say so as the SDK lets them."""
    mocks = Mine({**outputs, "description": pulumi.runtime.rpc.wrap_rpc_secret("hidden")})
    gate = seen(mocks, lambda: {"d": package.JobCompletion("g", job_id=JOB, appid=APPID).description})
    assert gate == {"d": Seen("hidden", secret=True)}
    if package is native:
        plain = seen(mocks, lambda: {"s": package.JobCompletion("g", job_id=JOB, appid=APPID).status})
        assert plain == {"s": Seen("Complete")}


def test_an_engine_is_not_taken_for_mocks() -> None:
    """Where there is one, no resource declares additional outputs."""

    def connected() -> None:
        pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor="127.0.0.1:1"))
        assert not is_mocked()
        assert placeholders(JOB_FIELDS) == {}

    def mocked() -> None:
        pulumi.runtime.set_mocks(Mine({}))
        assert is_mocked()

    under_mocks(connected)
    under_mocks(mocked)


# -------------------------------------------------------------------------------------------------------------- names


def names(mocks: Mine) -> list[str]:
    """Return the names of the resources that were made since the last time."""
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
    """A program has the same names in each test, whatever was run before: with mocks for each test, or for all."""

    def tests() -> None:
        mocks = Mine({"status": "Complete"})
        for _ in range(2):
            pulumi.runtime.set_mocks(mocks)
            for _ in range(2):
                run(two_jobs)
                assert sorted(names(mocks)) == ["done", "done-2", "done-3", "jobs"]

    under_mocks(tests)


def test_mocks_that_are_set_anew_count_names_anew() -> None:
    """Also where the SDK's decorator is not used: a second program, after the mocks have been set again."""
    mocks = Mine({"status": "Complete"})

    def program() -> None:
        two_jobs()

    def tests() -> None:
        for _ in range(2):
            pulumi.runtime.set_mocks(mocks)
            asyncio.get_event_loop().run_until_complete(run_pulumi_func(program))
            assert sorted(names(mocks)) == ["done", "done-2", "done-3", "jobs"]

    under_mocks(tests)


# -------------------------------------------------------------------------------------------------------- CosJobMocks

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


def everything(package: ModuleType, job_id: Any = JOB, appid: Any = APPID) -> dict[str, pulumi.Output[Any]]:
    """Read a job in each way that there is."""
    jobs = package.get_jobs([job_id], appid)
    return {
        "get_job": package.get_job(job_id, appid).result,
        "get_jobs": jobs.jobs.apply(lambda found: found[JOB]),
        "missing": jobs.missing_job_ids,
        "JobCompletion": package.JobCompletion("gate", job_id=job_id, appid=appid).result,
        "AllJobsCompletion": package.AllJobsCompletion("gates", job_ids=[job_id], appid=appid).jobs.apply(
            lambda found: found[JOB]
        ),
    }


@both
@pytest.mark.parametrize("job", [NESTED, {}, FULL], ids=["fields", "nothing", "description"])
def test_all_ways_read_the_jobs_of_the_table(package: ModuleType, job: Any) -> None:
    """Every field as given, what is not given as None; a job without a status is Complete."""
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
    """As on the engine: jobs that are read are known, a gate's only where the plugin looked, and a gate has no id."""
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
def test_a_job_that_is_not_there_fails(package: ModuleType, way: str, *, preview: bool) -> None:
    """In the words of a missing job, whichever way it is read."""

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
def test_a_job_that_is_not_there_may_be_skipped(package: ModuleType) -> None:
    """By `missing`, as in reality."""

    def program() -> dict[str, pulumi.Output[Any]]:
        jobs = package.get_jobs([JOB, OTHER], APPID, missing="skip")
        return {"jobs": jobs.jobs.apply(list), "missing": jobs.missing_job_ids}

    assert seen(CosJobMocks({JOB: {}}), program) == {"jobs": Seen([JOB]), "missing": Seen([OTHER])}


def test_all_missing_jobs_are_named() -> None:
    """As by a read of many jobs."""
    with pytest.raises(JobsNotReadError, match=f"(?s)2 of 3 jobs.*{JOB}.*{OTHER}"):
        seen(CosJobMocks({"a": {}}), lambda: {"x": pulumi_cosjob.get_jobs(["a", JOB, OTHER], APPID).jobs})


SUMMARY = {"number_of_tasks_failed": 3, "number_of_tasks_succeeded": 7, "total_number_of_tasks": 10}


@both
@pytest.mark.parametrize(
    ("job", "how", "kind", "message", "also_preview"),
    [
        ({"status": "Failed"}, {}, JobFailedError, "the job failed", True),
        ({"status": "Cancelled"}, {}, JobFailedError, "the job was cancelled", True),
        ({"progress_summary": SUMMARY}, {"max_failed_tasks": 2}, JobFailedError, "than the 2 accepted; 7 of 10", True),
        ({"progress_summary": SUMMARY}, {}, JobFailedError, "with more failed tasks than the 0 accepted", True),
        ({"progress_summary": {}}, {}, JobFailedError, "the number of its failed tasks is unknown", True),
        (JobDescription(JOB, "Complete"), {}, JobFailedError, "the number of its failed tasks is unknown", True),
        ({"status": "Active"}, {}, WaitTimeoutError, "not complete within 1 h; it was last seen Active", False),
        (
            {"status": "Paused"},
            {"timeout": "90s"},
            WaitTimeoutError,
            "within 1 min 30 s; it was last seen Paused",
            False,
        ),
        ({"status": "Suspended"}, {}, WaitTimeoutError, "it was last seen Suspended", False),
        ({"status": "Suspended"}, {"fail_when_suspended": True}, JobSuspendedError, "waits for a person", True),
    ],
    ids=["failed", "cancelled", "3 > 2", "3 > 0", "empty summary", "untold", "active", "paused", "suspended", "person"],
)
def test_a_gate_fails_as_in_an_update_in_which_nothing_changes(
    package: ModuleType, job: Any, how: Any, kind: type[Exception], message: str, *, also_preview: bool
) -> None:
    """With the same error; a preview fails only for what can never come right."""

    def program(**_options: Any) -> dict[str, pulumi.Output[Any]]:
        return {"status": package.JobCompletion("gate", job_id=JOB, appid=APPID, **how).status}

    def many() -> dict[str, pulumi.Output[Any]]:
        return {"jobs": package.AllJobsCompletion("gate", job_ids=[JOB, OTHER], appid=APPID, **how).jobs}

    mocks = CosJobMocks({JOB: job, OTHER: {}})
    for gate in (program, many):
        with pytest.raises(kind, match=message):
            seen(mocks, gate)
        if also_preview:
            with pytest.raises(kind, match=message):
                seen(mocks, gate, preview=True)
        else:
            assert [each.known for each in seen(mocks, gate, preview=True).values()] == [False]


@both
def test_a_gate_accepts_what_it_is_to_accept(package: ModuleType) -> None:
    """As many failed tasks as it says, or any number."""

    def program() -> dict[str, pulumi.Output[Any]]:
        gates = [
            package.JobCompletion(f"gate-{most}", job_id=JOB, appid=APPID, max_failed_tasks=most) for most in (3, None)
        ]
        return {str(position): gate.progress_summary.number_of_tasks_failed for position, gate in enumerate(gates)}

    assert seen(CosJobMocks({JOB: {"progress_summary": SUMMARY}}), program) == {"0": Seen(3), "1": Seen(3)}


@both
def test_jobs_that_have_failed_are_named_together(package: ModuleType) -> None:
    """And those that go on are not: the wait ends before their time is up."""
    mocks = CosJobMocks({JOB: {"status": "Active"}, OTHER: {"status": "Failed"}, "third": {"status": "Cancelled"}})
    with pytest.raises(JobsFailedError) as caught:
        seen(
            mocks,
            lambda: {"x": package.AllJobsCompletion("g", job_ids=[JOB, OTHER, "third"], appid=APPID).jobs},
        )
    assert sorted(str(error.job_id) for error in caught.value.errors) == [OTHER, "third"]


def test_a_failure_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK raises it; asyncio does not log it again for each output, but logs what is not of ours."""
    CosJobMocks({})

    def lines_about(error: Exception) -> int:
        caplog.clear()
        loop = asyncio.new_event_loop()
        loop.create_future().set_exception(error)
        gc.collect()
        loop.close()
        return len(caplog.records)

    missing = no_such_job("a", "1250000000")
    of_a_function = pulumi.RunError(str(missing))
    of_a_function.__context__ = missing
    assert [lines_about(error) for error in (missing, of_a_function, ValueError("x"))] == [0, 0, 1]


@both
def test_what_depends_on_a_gate_is_not_made_where_it_fails(package: ModuleType) -> None:
    """A gate that fails holds up what comes after it."""
    mine = Mine({})

    def program() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=APPID)
        after = pulumi.CustomResource("a:b:C", "after", {}, pulumi.ResourceOptions(depends_on=[gate]))
        return {"x": after.id}

    with pytest.raises(JobFailedError):
        seen(CosJobMocks({JOB: {"status": "Failed"}}, mine), program)
    assert mine.made == []
    assert seen(CosJobMocks({JOB: {}}, mine), program) == {"x": Seen("after_id")}


# ------------------------------------------------------------------------------------------- unknown and secret inputs


def later() -> pulumi.Output[Any]:
    """Return an output that is not known yet."""
    return pulumi.Output.from_input("x").apply(lambda _: pulumi.UNKNOWN)


@both
@pytest.mark.parametrize("which", ["job_id", "appid"])
def test_of_unknown_inputs_nothing_is_known(package: ModuleType, which: str) -> None:
    """A preview neither fails nor knows a field."""
    found = seen(CosJobMocks({JOB: {}}), lambda: everything(package, **{which: later()}), preview=True)
    assert not any(each.known for each in found.values())


@both
def test_another_resource_may_supply_the_job(package: ModuleType) -> None:
    """The id of a resource that is made in the same program: known in an update, unknown in a preview."""
    mine = Mine({"jobId": JOB})

    class Made(pulumi.CustomResource):
        jobId: pulumi.Output[str]  # noqa: N815  the engine's name

        def __init__(self) -> None:
            super().__init__("a:b:C", "made", {"jobId": None})

    def program() -> dict[str, pulumi.Output[Any]]:
        return {"s": package.JobCompletion("gate", job_id=Made().jobId, appid=APPID).status}

    assert seen(CosJobMocks({JOB: {}}, mine), program) == {"s": Seen("Complete")}
    assert seen(CosJobMocks({JOB: {}}, Mine({})), program, preview=True) == {"s": UNKNOWN}
    with pytest.raises(InvalidArgumentError, match="job_id"):
        seen(CosJobMocks({JOB: {}}, Mine({})), program)


@both
@preview_too
def test_what_echoes_a_secret_is_one(package: ModuleType, *, preview: bool) -> None:
    """The job of a secret id is a secret; one whose APPID is, only where that stands in it."""
    mocks = CosJobMocks({JOB: {"role_arn": f"qcs::cam::uin/{APPID}:roleName/x"}})
    found = seen(mocks, lambda: everything(package, job_id=pulumi.Output.secret(JOB)), preview=preview)
    del found["missing"]
    assert all(each.secret for each in found.values() if each.known)

    def fields_of_a_gate() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=pulumi.Output.secret(APPID))
        return {"role": gate.role_arn, "status": gate.status}

    found = seen(mocks, fields_of_a_gate)
    assert found["role"].secret
    assert found["status"].secret == (package is pulumi_cosjob)  # which carries a job as one output


# ------------------------------------------------------------------------------------------------ what is not of ours


def test_all_other_types_and_calls_are_the_fallbacks() -> None:
    """Outputs and ids are what it returns; it is not asked about jobs."""

    class Fallback(Mine):
        def call(self, args: MockCallArgs) -> Any:
            return {"token": args.token, **args.args}

    fallback = Fallback({"extra": "1"})

    def program() -> dict[str, pulumi.Output[Any]]:
        other = pulumi.CustomResource("a:b:C", "other", {"extra": None, "own": 2})
        return {
            "job": pulumi_cosjob.get_job(JOB, APPID).status,
            "native": native.get_job(JOB, APPID).status,
            "extra": other.extra,  # type: ignore[attr-defined]
            "own": other.own,  # type: ignore[attr-defined]
            "id": other.id,
            "call": pulumi.runtime.invoke_output("a:b:c", {"x": "y"}),
        }

    assert seen(CosJobMocks({JOB: {}}, fallback), program) == {
        "job": Seen("Complete"),
        "native": Seen("Complete"),
        "extra": Seen("1"),
        "own": Seen(2),
        "id": Seen("other_id"),
        "call": Seen({"token": "a:b:c", "x": "y"}),
    }
    assert [args.typ for args in fallback.made] == ["a:b:C"]


def test_without_a_fallback_a_resource_has_its_inputs() -> None:
    """And an id; a function returns nothing, and a component works."""

    class Release(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("x:y:Release", "release")
            self.own = pulumi.CustomResource("a:b:C", "own", {"n": 1}, pulumi.ResourceOptions(parent=self))

    def program() -> dict[str, pulumi.Output[Any]]:
        own = Release().own
        provider = native.Provider("p", region="ap-chengdu")
        job = native.get_job(JOB, APPID, opts=pulumi.InvokeOptions(provider=provider))
        return {
            "id": own.id,
            "n": own.n,  # type: ignore[attr-defined]
            "call": pulumi.runtime.invoke_output("a:b:c", {}),
            "job": job.status,
        }

    assert seen(CosJobMocks({JOB: {}}), program) == {
        "id": Seen("own_id"),
        "n": Seen(1),
        "call": Seen({}),
        "job": Seen("Complete"),
    }


def test_transforms_reach_the_fallback() -> None:
    """Where the SDK tells mocks of them, and the fallback wants to know."""
    told: list[Any] = []

    class Fallback(Mine):
        def register_transform(self, transform: Any) -> None:
            told.append(transform)

    CosJobMocks({}, Fallback({})).register_transform("t")
    CosJobMocks({}).register_transform("t")
    CosJobMocks({}).register_invoke_transform("t")
    assert told == ["t"]


# ------------------------------------------------------------------------------------------------------ wrong tables


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
def test_a_wrong_table_is_refused(jobs: Any, message: str) -> None:
    """When the mocks are made, and by the name of what is wrong."""
    with pytest.raises(InvalidArgumentError, match=re.escape(message)):
        CosJobMocks(jobs)


def test_descriptions_may_stand_in_a_mapping() -> None:
    """Typed values of the package as well as plain ones, and fields that are None."""
    summary = FULL.progress_summary
    job = {"progress_summary": summary, "description": None, "unknown_elements": ["/x"], "unknown_values": ["/x: y"]}
    found = seen(CosJobMocks({JOB: job}), lambda: {"x": pulumi_cosjob.get_job(JOB, APPID).result})
    assert found["x"].value.progress_summary == summary
    assert found["x"].value.unknown_elements == ["/x"]
    assert found["x"].value.unknown_values == ["/x: y"]


def test_a_malformed_argument_is_refused_as_on_the_engine() -> None:
    """An APPID that arrives later, or a time limit, is checked where it arrives."""
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


# ------------------------------------------------------------------------------------------------ what is to be loaded


def run_python(program: str, *arguments: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_the_mocks_need_no_aiohttp() -> None:
    """The extra `emulator` is for the emulator."""
    program = """
import sys
sys.modules["aiohttp"] = None
from pulumi_cosjob.testing import CosJobMocks
CosJobMocks({"a": {}})
print(*sys.modules)
"""
    loaded = set(run_python(program).split())
    assert {"pulumi", "pulumi_cosjob._mocks.mocks"} <= loaded
    assert not loaded & {"requests", "xmlschema", "qcloud_cos", "pytest"}


def test_the_emulator_needs_no_pulumi() -> None:
    """Importing the module for the emulator loads neither the SDK nor the emulator's server."""
    loaded = set(
        run_python("import sys; from pulumi_cosjob.testing import CosBatchEmulator; print(*sys.modules)").split()
    )
    assert not loaded & {"pulumi", "aiohttp", "pulumi_cosjob._mocks.mocks"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As Python's own."""
    with pytest.raises(AttributeError, match=r"module 'pulumi_cosjob.testing' has no attribute 'CosJobMock'"):
        pulumi_cosjob.testing.CosJobMock  # noqa: B018


# ---------------------------------------------------------------------------------------------------------- the page


@both
def test_the_pages_example_runs_as_it_is(package: ModuleType, tmp_path: Path) -> None:
    """Program and tests as printed, under pytest; and once more after the one change of the program's import."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.DOTALL))
    assert set(files) == {"release.py", "test_release.py"}
    for name, text in files.items():
        moved = re.sub(
            r"^from pulumi_cosjob import JobCompletion$",
            f"from {package.__name__} import JobCompletion",
            text,
            flags=re.MULTILINE,
        )
        (tmp_path / name).write_text(moved, encoding="utf-8")
    assert ("pulumi_cosjob.native" in (tmp_path / "release.py").read_text()) == (package is native)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "3 passed" in done.stdout
