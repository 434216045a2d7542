"""The scenarios of the emulator: the states, the progress and the dates of jobs."""

from __future__ import annotations

import pytest

from emulator_client import Bench, bench
from pulumi_cosjob._emulator.scenarios import DEFINITIONS, STATUSES, TERMINAL
from pulumi_cosjob.testing import Scenario

__all__ = ["bench"]

ACTIVE: list[tuple[float, str | None]] = [(0, "New"), (1, "Preparing"), (2, "Ready"), (3, "Active")]
TIMELINES: dict[Scenario, list[tuple[float, str | None]]] = {
    Scenario.COMPLETES: [*ACTIVE, (12.9, "Active"), (13, "Completing"), (14, "Complete"), (9e6, None)],
    Scenario.COMPLETES_WITH_FAILED_TASKS: [*ACTIVE, (13, "Completing"), (14, "Complete"), (1e6, "Complete")],
    Scenario.FAILS: [*ACTIVE, (13, "Failing"), (14, "Failed"), (1e6, "Failed")],
    Scenario.CANCELLED: [*ACTIVE, (13, "Cancelling"), (14, "Cancelled"), (1e6, "Cancelled")],
    Scenario.WAITS_FOR_CONFIRMATION: [*ACTIVE[:2], (2, "Suspended"), (9e9, "Suspended")],
    Scenario.PAUSES: [
        *ACTIVE,
        (7.9, "Active"),
        (8, "Pausing"),
        (9, "Paused"),
        (13.9, "Paused"),
        (14, "Active"),
        (18.9, "Active"),
        (19, "Completing"),
        (20, "Complete"),
    ],
    Scenario.RESTORE: [*ACTIVE, (12.9, "Active"), (13, "Completing"), (14, "Complete"), (9e6, None)],
    Scenario.GAINS_A_WORD: [
        *ACTIVE,
        (8, "Active"),
        (12.9, "Active"),
        (13, "Verifying"),
        (14, "Completing"),
        (15, "Complete"),
    ],
    Scenario.STALLS: [*ACTIVE, (8, "Active"), (9e9, "Active")],
    Scenario.NEVER_ENDS: [*ACTIVE, (13, "Active"), (9e9, "Active")],
}


@pytest.mark.parametrize("scenario", list(Scenario), ids=lambda scenario: scenario.value)
def test_scenario_runs_through_its_states(bench: Bench, scenario: Scenario) -> None:
    """A job has the states of its scenario's table at the times of the table, and is not kept after 90 days."""
    job_id = bench.emulator.create_job(scenario)
    begun = bench.clock.now()
    seen = []
    for after, _ in TIMELINES[scenario]:
        bench.clock.advance(begun + after - bench.clock.now())
        seen.append((after, bench.status(job_id)))
    assert seen == TIMELINES[scenario]


def test_scenarios_are_sound() -> None:
    """Every scenario is a list of known states; the last has no end, and only the last may be final."""
    assert set(DEFINITIONS) == set(Scenario)
    for scenario, definition in DEFINITIONS.items():
        statuses = [phase.status for phase in definition.phases]
        assert statuses[:2] == ["New", "Preparing"]
        assert set(statuses) - STATUSES == ({"Verifying"} if scenario is Scenario.GAINS_A_WORD else set())
        assert definition.phases[-1].seconds == float("inf")
        assert not TERMINAL.intersection(statuses[:-1])


def test_length_and_tasks_are_settable(bench: Bench) -> None:
    """A job is Active for the given time and has the given number of tasks, also beyond 32 bits."""
    job_id = bench.emulator.create_job(seconds=100, tasks=10_000_000_000)
    bench.clock.advance(3 + 25)
    assert bench.progress(job_id) == (0, 2_500_000_000, 10_000_000_000)
    bench.clock.advance(74)
    assert bench.status(job_id) == "Active"
    bench.clock.advance(1)
    assert bench.status(job_id) == "Completing"
    assert bench.progress(job_id) == (0, 10_000_000_000, 10_000_000_000)


def test_progress_of_failed_tasks(bench: Bench) -> None:
    """In a job that completes with failed tasks one in ten tasks fails, and at least one."""
    many = bench.emulator.create_job("completes-with-failed-tasks", tasks=70)
    one = bench.emulator.create_job("completes-with-failed-tasks", tasks=1)
    bench.clock.advance(3 + 5)
    assert bench.progress(many) == (4, 31, 70)
    bench.clock.advance(100)
    assert bench.progress(many) == (7, 63, 70)
    assert bench.progress(one) == (1, 0, 1)
    assert bench.describe(many).text("Job/FailureReasons") is None


def test_failed_job_has_its_reason(bench: Bench) -> None:
    """A job that fails has code and reason from Failing on; only with more than 1,000 tasks can these fail it."""
    jobs = {tasks: bench.emulator.create_job("fails", tasks=tasks) for tasks in (100, 1000, 1001)}
    bench.clock.advance(12)
    assert [bench.describe(job_id).text("Job/FailureReasons") for job_id in jobs.values()] == [None] * 3
    bench.clock.advance(1)
    code = "Job/FailureReasons/JobFailure/FailureCode"
    codes = {tasks: bench.describe(job_id).text(code) for tasks, job_id in jobs.items()}
    assert codes == {100: "ManifestUnreadable", 1000: "ManifestUnreadable", 1001: "TooManyFailedTasks"}
    assert bench.describe(jobs[100]).text("Job/FailureReasons/JobFailure/FailureReason")
    assert bench.progress(jobs[100]) == (30, 10, 100)


def test_completed_job_has_an_empty_failure(bench: Bench) -> None:
    """A completed job has a JobFailure with empty elements, as in the service's responses."""
    job_id = bench.emulator.create_job()
    bench.clock.advance(13)
    assert bench.describe(job_id).text("Job/StatusUpdateReason") is None
    bench.clock.advance(1)
    assert bench.describe(job_id).text("Job/FailureReasons/JobFailure/FailureCode") == ""
    assert bench.describe(job_id).text("Job/StatusUpdateReason") == "Job complete"


def test_a_restore_job_restores(bench: Bench) -> None:
    """It is Complete once its requests have been sent, which does not mean that the objects can be read."""
    job_id = bench.emulator.create_job("restore")
    bench.clock.advance(14)
    reply = bench.describe(job_id)
    assert reply.text("Job/Status") == "Complete"
    assert reply.text("Job/Operation/COSInitiateRestoreObject/JobTier") == "Standard"
    assert bench.caller().request("GET", "/jobs").text("Jobs/member/Operation") == "COSInitiateRestoreObject"


def test_a_job_gains_words_in_its_phases(bench: Bench) -> None:
    """Each phase adds words and elements that no page of the vendor lists; at first there are none."""
    job_id = bench.emulator.create_job("gains-a-word", operation={"cos_delete_object": {}})
    copies = bench.emulator.create_job("gains-a-word")
    paths = ("ProgressSummary/AutoManifestStatus", "Report/ReportScope", "QueuePosition", "Status")
    seen = []
    for _ in range(16):
        reply = bench.describe(copies)
        seen.append(tuple(reply.text(f"Job/{path}") for path in paths))
        bench.clock.advance(1)
    assert list(dict.fromkeys(seen)) == [
        (None, "AllTasks", None, "New"),
        (None, "AllTasks", None, "Preparing"),
        ("Ready", "AllTasks", None, "Ready"),
        ("Ready", "SampledTasks", None, "Active"),
        ("Ready", "SampledTasks", "1", "Active"),
        ("Ready", "SampledTasks", "1", "Verifying"),
        ("Verified", "SampledTasks", "1", "Completing"),
        ("Verified", "SampledTasks", "1", "Complete"),
    ]
    assert bench.describe(copies).text("Job/Operation/COSPutObjectCopy/TaggingDirective") == "Replace"
    assert bench.describe(job_id).text("Job/Operation/COSPutObjectCopy/ChecksumAlgorithm") == "CRC64"
    again = bench.emulator.create_job("gains-a-word")
    assert bench.describe(again).text("Job/Report/ReportScope") == "AllTasks"


def test_a_scenario_may_begin_with_the_first_request(bench: Bench) -> None:
    """A person who types needs time; neither a list starts it, nor a request from another account."""
    job_id = bench.emulator.create_job(seconds=60, starts="first-request")
    bench.clock.advance(1000)
    assert bench.caller().request("GET", "/jobs").text("Jobs/member/Status") == "New"
    assert bench.caller(headers={"x-cos-appid": "1250000001"}).request("GET", f"/jobs/{job_id}").code == "NoSuchJob"
    bench.clock.advance(1000)
    assert bench.status(job_id) == "New"
    assert bench.describe(job_id).text("Job/CreationTime") == "2024-01-01T00:33:20Z"
    bench.clock.advance(3)
    assert bench.status(job_id) == "Active"
    bench.clock.advance(61)
    assert bench.status(job_id) == "Complete"
    cancelled = bench.emulator.create_job(starts="first-request")
    assert bench.update(cancelled, "Cancelled").text("Status") == "Cancelling"
    bench.clock.advance(1)
    assert bench.status(cancelled) == "Cancelled"


def test_stalled_job_makes_no_progress(bench: Bench) -> None:
    """A stalled job handles half of its tasks, and no more."""
    job_id = bench.emulator.create_job("stalls")
    bench.clock.advance(3 + 2.5)
    assert bench.progress(job_id) == (0, 25, 100)
    bench.clock.advance(5)
    assert bench.progress(job_id) == (0, 50, 100)
    bench.clock.advance(1e8)
    assert bench.progress(job_id) == (0, 50, 100)


def test_endless_job_always_has_a_task_left(bench: Bench) -> None:
    """A job that never ends always makes progress, and never handles its last task."""
    job_id = bench.emulator.create_job("never-ends", tasks=1000)
    counts = []
    for seconds in (4, 10, 100, 1e10):
        bench.clock.advance(seconds)
        counts.append(bench.progress(job_id)[1])
    assert counts == sorted(set(counts))
    assert counts[-1] == 999


def test_progress_is_unknown_before_the_manifest_was_read(bench: Bench) -> None:
    """A job that is New or Preparing has no ProgressSummary; a job that is Ready has one."""
    job_id = bench.emulator.create_job()
    shown = []
    for _ in range(3):
        shown.append(bench.describe(job_id).text("Job/ProgressSummary") is not None)
        bench.clock.advance(1)
    assert shown == [False, False, True]


def test_dates_are_of_the_jobs_clock(bench: Bench) -> None:
    """CreationTime and TerminationDate are times of the jobs' clock; the latter appears with the end."""
    job_id = bench.emulator.create_job()
    assert bench.describe(job_id).text("Job/CreationTime") == "2024-01-01T00:00:00Z"
    bench.clock.advance(13)
    assert bench.describe(job_id).text("Job/TerminationDate") is None
    bench.clock.advance(3600)
    assert bench.describe(job_id).text("Job/TerminationDate") == "2024-01-01T00:00:14Z"
