"""`CosJobMocks`: gates, unknown inputs and secret ones."""

from __future__ import annotations

import asyncio
import gc
from types import ModuleType
from typing import Any

import pulumi
import pytest

import pulumi_cosjob
import pulumi_cosjob.testing
from mocked import APPID, JOB, OTHER, UNKNOWN, Mine, Seen, both, everything, preview_too, seen
from pulumi_cosjob import (
    InvalidArgumentError,
    JobDescription,
    JobFailedError,
    JobsFailedError,
    JobSuspendedError,
    WaitTimeoutError,
)
from pulumi_cosjob._service.responses import no_such_job
from pulumi_cosjob.testing import CosJobMocks

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
    """With the same error; a preview fails only for a job that can never complete."""

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
def test_a_gate_accepts_its_number_of_failed_tasks(package: ModuleType) -> None:
    """At most `max_failed_tasks` failed tasks, or any number."""

    def program() -> dict[str, pulumi.Output[Any]]:
        gates = [
            package.JobCompletion(f"gate-{most}", job_id=JOB, appid=APPID, max_failed_tasks=most) for most in (3, None)
        ]
        return {str(position): gate.progress_summary.number_of_tasks_failed for position, gate in enumerate(gates)}

    assert seen(CosJobMocks({JOB: {"progress_summary": SUMMARY}}), program) == {"0": Seen(3), "1": Seen(3)}


@both
def test_jobs_that_have_failed_are_named_together(package: ModuleType) -> None:
    """Those that still run are not named: the wait ends before its time limit."""
    mocks = CosJobMocks({JOB: {"status": "Active"}, OTHER: {"status": "Failed"}, "third": {"status": "Cancelled"}})
    with pytest.raises(JobsFailedError) as caught:
        seen(
            mocks,
            lambda: {"x": package.AllJobsCompletion("g", job_ids=[JOB, OTHER, "third"], appid=APPID).jobs},
        )
    assert sorted(str(error.job_id) for error in caught.value.errors) == [OTHER, "third"]


def test_a_failure_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK raises it; asyncio does not log it again for each output, but logs the errors of other packages."""
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
def test_resources_that_depend_on_a_gate_that_fails_are_not_created(package: ModuleType) -> None:
    """With an open gate they are."""
    mine = Mine({})

    def program() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=APPID)
        after = pulumi.CustomResource("a:b:C", "after", {}, pulumi.ResourceOptions(depends_on=[gate]))
        return {"x": after.id}

    with pytest.raises(JobFailedError):
        seen(CosJobMocks({JOB: {"status": "Failed"}}, mine), program)
    assert mine.made == []
    assert seen(CosJobMocks({JOB: {}}, mine), program) == {"x": Seen("after_id")}


def later() -> pulumi.Output[Any]:
    """Return an unknown output."""
    return pulumi.Output.from_input("x").apply(lambda _: pulumi.UNKNOWN)


@both
@pytest.mark.parametrize("which", ["job_id", "appid"])
def test_outputs_of_unknown_inputs_are_unknown(package: ModuleType, which: str) -> None:
    """A preview does not fail, and has no known field."""
    found = seen(CosJobMocks({JOB: {}}), lambda: everything(package, **{which: later()}), preview=True)
    assert not any(each.known for each in found.values())


@both
def test_another_resource_may_supply_the_job(package: ModuleType) -> None:
    """The id is of a resource of the same program: known in an update, unknown in a preview."""
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
def test_outputs_that_echo_a_secret_are_secret(package: ModuleType, *, preview: bool) -> None:
    """The job of a secret id is secret; with a secret APPID, only the outputs that have it."""
    mocks = CosJobMocks({JOB: {"role_arn": f"qcs::cam::uin/{APPID}:roleName/x"}})
    found = seen(mocks, lambda: everything(package, job_id=pulumi.Output.secret(JOB)), preview=preview)
    del found["missing"]
    assert all(each.secret for each in found.values() if each.known)

    def fields_of_a_gate() -> dict[str, pulumi.Output[Any]]:
        gate = package.JobCompletion("gate", job_id=JOB, appid=pulumi.Output.secret(APPID))
        return {"role": gate.role_arn, "status": gate.status}

    found = seen(mocks, fields_of_a_gate)
    assert found["role"].secret
    assert found["status"].secret == (package is pulumi_cosjob)  # which returns a job as one output
