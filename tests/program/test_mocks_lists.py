"""Lists of jobs under mocks: `CosJobMocks` lists its table, and users' own mocks return what they like."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pulumi
import pytest

import pulumi_cosjob
from mocked import APPID, JOB, OTHER, UNKNOWN, Mine, Seen, both, preview_too, seen
from pulumi_cosjob import InvalidArgumentError, native
from pulumi_cosjob.testing import CosJobMocks
from pulumi_cosjob.types import COSPutObjectCopy, JobDescription, JobSummary, ListedProgressSummary, Operation


def ago(**time: float) -> str:
    """Return a time as the service writes it."""
    return (datetime.now(timezone.utc) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


TABLE: dict[str, Any] = {
    "old": {"creation_time": ago(days=30), "description": "nightly copy", "priority": 7},
    "new": {
        "creation_time": ago(hours=2),
        "description": "nightly sync",
        "status": "Active",
        "operation": {"cos_put_object_copy": {}},
        "progress_summary": {"total_number_of_tasks": 10, "number_of_tasks_failed": 1},
    },
    "described": JobDescription("described", "Failed", operation=Operation(cos_put_object_copy=COSPutObjectCopy())),
}


@both
@preview_too
@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["new", "old", "described"]),
        ({"limit": 2}, ["new", "old"]),
        ({"statuses": "Active"}, ["new"]),
        ({"statuses": ["Active", "Failed"]}, ["new", "described"]),
        ({"created_after": "7d"}, ["new"]),
        ({"created_before": timedelta(days=7)}, ["old"]),
        ({"created_after": datetime(2020, 1, 1, tzinfo=timezone.utc)}, ["new", "old"]),
        ({"description": "nightly*"}, ["new", "old"]),
        ({"operation": "COSPutObjectCopy"}, ["new", "described"]),
        ({"statuses": "Paused"}, []),
    ],
    ids=str,
)
def test_the_table_is_listed(package: ModuleType, filters: dict[str, Any], ids: list[str], *, preview: bool) -> None:
    """With the filters, in the order and with the values of the service, in a preview too."""

    def program() -> dict[str, pulumi.Output[Any]]:
        found = package.list_jobs(APPID, **filters)
        whole = package.list_jobs_output(APPID, **filters)
        return {
            "ids": found.job_ids,
            "jobs": found.jobs.apply(lambda jobs: [job.job_id for job in jobs]),
            "whole": whole.apply(lambda each: [job.job_id for job in each["jobs"]] + each["job_ids"]),
        }

    expected = {"ids": Seen(ids), "jobs": Seen(ids), "whole": Seen([*ids, *ids])}
    assert seen(CosJobMocks(TABLE), program, preview=preview) == expected


@both
def test_a_listed_job_has_what_a_list_has(package: ModuleType) -> None:
    """The fields of a summary; not those that only a description has."""
    found = seen(CosJobMocks(TABLE), lambda: {"first": package.list_jobs(statuses="Active").jobs[0]})["first"].value
    assert isinstance(found, JobSummary)
    assert found == JobSummary(
        "new",
        "Active",
        creation_time=TABLE["new"]["creation_time"],
        description="nightly sync",
        operation="COSPutObjectCopy",
        progress_summary=ListedProgressSummary(total_number_of_tasks=10, number_of_tasks_failed=1),
        unknown_elements=[],
        unknown_values=[],
    )
    assert found.failed_tasks == 1


@both
def test_a_gate_and_a_read_follow_from_a_list(package: ModuleType) -> None:
    """With jobs, and with none."""

    def program() -> dict[str, pulumi.Output[Any]]:
        done, none = package.list_jobs(statuses="Complete"), package.list_jobs(statuses="Paused")
        return {
            "gate": package.AllJobsCompletion("gate", job_ids=done.job_ids).jobs.apply(list),
            "open": package.AllJobsCompletion("open", job_ids=none.job_ids).jobs.apply(list),
            "read": package.get_jobs(done.job_ids).jobs.apply(list),
            "nothing": package.get_jobs(none.job_ids).jobs.apply(list),
        }

    found = seen(CosJobMocks(TABLE), program)
    assert found == {"gate": Seen(["old"]), "open": Seen([]), "read": Seen(["old"]), "nothing": Seen([])}


@both
def test_a_secret_filter_makes_the_outputs_secret(package: ModuleType) -> None:
    """As on the engine."""
    secret = pulumi.Output.secret
    found = seen(CosJobMocks(TABLE), lambda: {"ids": package.list_jobs(description=secret("nightly s*")).job_ids})
    assert found == {"ids": Seen(["new"], secret=True)}


def _known_late(value: Any) -> Any:
    return pulumi.Output.from_input(0).apply(lambda _: value)


@both
def test_a_malformed_filter_is_refused(package: ModuleType) -> None:
    """At once, or by the mocks when an output is known."""
    with pytest.raises(InvalidArgumentError, match="limit cannot be 0"):
        seen(CosJobMocks(TABLE), lambda: {"x": package.list_jobs(limit=0).job_ids})
    late = pulumi.Output.from_input
    with pytest.raises((InvalidArgumentError, pulumi.RunError), match="limit cannot be 0"):
        seen(CosJobMocks(TABLE), lambda: {"x": package.list_jobs(limit=late(0)).job_ids})
    local = datetime(2026, 11, 20)  # noqa: DTZ001  it is refused because it has no time zone
    with pytest.raises((InvalidArgumentError, pulumi.RunError), match="cannot be '2026-11-20 00:00:00'"):
        seen(CosJobMocks(TABLE), lambda: {"x": package.list_jobs(created_after=_known_late(local)).job_ids})


SNAKE = {"jobs": [{"job_id": JOB, "status": "Active", "progress_summary": {"number_of_tasks_failed": 3}}]}
CAMEL = {"jobs": [{"jobId": JOB, "status": "Active", "progressSummary": {"numberOfTasksFailed": 3}}]}


@preview_too
@pytest.mark.parametrize(("package", "outputs"), [(pulumi_cosjob, SNAKE), (native, CAMEL)], ids=["dynamic", "native"])
def test_mocks_of_users_return_jobs(package: ModuleType, outputs: dict[str, Any], *, preview: bool) -> None:
    """By their fields; the ids need not be returned, and fields of a job may be absent."""

    def program() -> dict[str, pulumi.Output[Any]]:
        found = package.list_jobs(APPID)
        first = found.jobs[0]
        return {
            "ids": found.job_ids,
            "failed": first.progress_summary.number_of_tasks_failed,
            "absent": first.description,
            "kind": first.apply(lambda job: type(job).__name__),
        }

    expected = {"ids": Seen([JOB]), "failed": Seen(3), "absent": Seen(None), "kind": Seen("JobSummary")}
    assert seen(Mine(outputs), program, preview=preview) == expected
    name = "jobIds" if package is native else "job_ids"
    listed = seen(Mine({**outputs, name: [OTHER]}), program, preview=preview)
    assert listed == {**expected, "ids": Seen([OTHER])}


@both
def test_mocks_of_users_may_return_nothing(package: ModuleType) -> None:
    """In a preview the list is unknown then, as other outputs are; in an update it is None."""

    def program() -> dict[str, pulumi.Output[Any]]:
        found = package.list_jobs(APPID)
        return {"ids": found.job_ids, "jobs": found.jobs}

    assert seen(Mine({}), program) == {"ids": Seen(None), "jobs": Seen(None)}
    assert seen(Mine({}), program, preview=True) == {"ids": UNKNOWN, "jobs": UNKNOWN}
