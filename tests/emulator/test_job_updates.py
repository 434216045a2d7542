"""Updates of jobs: confirmation, cancellation and priority; their owners, and how long they are kept."""

from __future__ import annotations

import pytest

from emulator_client import Bench, Reply, bench

__all__ = ["bench"]


def test_ended_job_is_kept_for_90_days(bench: Bench) -> None:
    """A job is kept for 90 days after its creation, and longer only until it ends."""
    job_id = bench.emulator.create_job()
    endless = bench.emulator.create_job("never-ends")
    bench.clock.advance(90 * 86400 - 1)
    assert bench.status(job_id) == "Complete"
    bench.clock.advance(1)
    reply = bench.describe(job_id)
    assert (reply.status, reply.code) == (404, "NoSuchJob")
    assert bench.caller().request("GET", "/jobs").text("Jobs/member") is None
    assert bench.status(endless) == "Active"
    bench.emulator.create_job(job_id=job_id)
    assert bench.status(job_id) == "New"


def test_job_belongs_to_its_appid(bench: Bench) -> None:
    """For the APPID of another account a job does not exist, neither in a description nor in a list."""
    job_id = bench.emulator.create_job(appid="1250000001")
    other = {"x-cos-appid": "1250000001"}
    path = f"/jobs/{job_id}"
    assert bench.describe(job_id).code == "NoSuchJob"
    assert bench.update(job_id, "Cancelled").code == "NoSuchJob"
    assert bench.caller(headers=other).request("GET", path).text("Job/JobId") == job_id
    assert bench.caller().request("GET", "/jobs").text("Jobs/member") is None
    assert bench.caller(headers=other).request("GET", "/jobs").text("Jobs/member/JobId") == job_id


def test_confirmation(bench: Bench) -> None:
    """A job that waits is Suspended until it is confirmed, has the cause and the date, and then runs."""
    job_id = bench.emulator.create_job("waits-for-confirmation")
    assert bench.describe(job_id).text("Job/SuspendedCause") is None
    assert bench.update(job_id, "Ready").code == "InvalidRequest"
    bench.clock.advance(1000)
    reply = bench.describe(job_id)
    assert reply.text("Job/ConfirmationRequired") == "true"
    assert reply.text("Job/SuspendedCause")
    assert reply.text("Job/SuspendedDate") == "2024-01-01T00:00:02Z"
    reply = bench.update(job_id, "Ready", "grünes Licht")
    assert [(child.tag, child.text) for child in reply.root] == [
        ("JobId", job_id),
        ("Status", "Ready"),
        ("StatusUpdateReason", "grünes Licht"),
    ]
    bench.clock.advance(1)
    assert bench.status(job_id) == "Active"
    assert bench.describe(job_id).text("Job/StatusUpdateReason") == "grünes Licht"
    assert bench.describe(job_id).text("Job/SuspendedDate") == "2024-01-01T00:00:02Z"
    bench.clock.advance(11)
    assert bench.status(job_id) == "Complete"


@pytest.mark.parametrize("after", [0, 1.5, 2, 5])
def test_cancelling(bench: Bench, after: float) -> None:
    """A cancelled job is Cancelling for a second, then Cancelled for good."""
    job_id = bench.emulator.create_job()
    bench.clock.advance(after)
    assert bench.update(job_id, "Cancelled", "not needed").text("Status") == "Cancelling"
    assert bench.update(job_id, "Cancelled").code == "InvalidRequest"
    bench.clock.advance(1)
    reply = bench.describe(job_id)
    assert reply.text("Job/Status") == "Cancelled"
    assert reply.text("Job/StatusUpdateReason") == "not needed"
    assert reply.text("Job/TerminationDate") is not None
    before = reply.body
    bench.clock.advance(1000)
    assert bench.describe(job_id).body == before
    assert bench.update(job_id, "Cancelled").code == "InvalidRequest"


@pytest.mark.parametrize("scenario", ["completes", "fails", "cancelled"])
def test_ended_job_cannot_be_updated(bench: Bench, scenario: str) -> None:
    """A job that has ended can be neither confirmed nor cancelled."""
    job_id = bench.emulator.create_job(scenario)
    bench.clock.advance(100)
    for status in ("Ready", "Cancelled"):
        reply = bench.update(job_id, status)
        assert (reply.status, reply.code) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "InvalidArgument"),
        ({"requestedJobStatus": "Complete"}, "InvalidArgument"),
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "ü" * 129}, "InvalidArgument"),
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "ü" * 128}, None),
    ],
)
def test_update_arguments(bench: Bench, params: dict[str, str], code: str | None) -> None:
    """UpdateJobStatus accepts two statuses, and a reason of at most 256 bytes."""
    job_id = bench.emulator.create_job()
    assert bench.caller().request("POST", f"/jobs/{job_id}/status", params).code == code


def prioritize(bench: Bench, job_id: str, params: dict[str, str]) -> Reply:
    """Send UpdateJobPriority."""
    return bench.caller().request("POST", f"/jobs/{job_id}/priority", params)


def test_priority(bench: Bench) -> None:
    """A job that has not ended gets another priority, which its description shows."""
    job_id = bench.emulator.create_job(priority=3)
    bench.clock.advance(5)
    reply = prioritize(bench, job_id, {"priority": "2147483647"})
    assert reply.root.tag == "UpdateJobPriorityResult"
    assert [(child.tag, child.text) for child in reply.root] == [("JobId", job_id), ("Priority", "2147483647")]
    assert bench.describe(job_id).text("Job/Priority") == "2147483647"
    assert bench.status(job_id) == "Active"


@pytest.mark.parametrize(
    ("job", "params", "outcome"),
    [
        ("going", {}, (400, "InvalidRequest")),
        ("going", {"priority": ""}, (400, "InvalidRequest")),
        ("", {"priority": "1"}, (400, "InvalidRequest")),
        ("going", {"priority": "2147483648"}, (400, "InvalidArgument")),
        ("going", {"priority": "-1"}, (400, "InvalidArgument")),
        ("going", {"priority": "9" * 5000}, (400, "InvalidArgument")),
        ("done", {"priority": "1"}, (404, "NoSuchJob")),
        ("missing", {"priority": "1"}, (404, "NoSuchJob")),
    ],
)
def test_priority_arguments(bench: Bench, job: str, params: dict[str, str], outcome: tuple[int, str]) -> None:
    """UpdateJobPriority refuses invalid priorities, and does not find jobs that have completed."""
    bench.emulator.create_job(job_id="done", seconds=0)
    bench.clock.advance(10)
    bench.emulator.create_job(job_id="going")
    reply = prioritize(bench, job, params)
    assert (reply.status, reply.code) == outcome
