"""When a wait ends and when it polls next: by simulated time, nothing waits here."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulation
from places import RESPONSES
from polls import DAY, OPTIONS, failure, job, state_after, step_after
from pulumi_cosjob import (
    ConnectionFailedError,
    JobDescription,
    JobFailedError,
    JobSuspendedError,
    UnavailableError,
)
from pulumi_cosjob._model.job import JobFailure, ProgressSummary, Report
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._waiting.policy import Completed, Failed, PollAgain, WaitOptions, check_completion, next_step
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob._xml.decoder import parse_describe_job_result

pytestmark = pytest.mark.newest


# ------------------------------------------------------------------------------------------------- the end of a wait


@pytest.mark.parametrize("status", list(STATES))
def test_only_complete_is_completed(status: str) -> None:
    """Every status has its own next step; only Complete leads to Completed."""
    step = step_after(PollResult(0.0, job(status, 100)))
    if status == "Complete":
        assert step == Completed(job(status, 100))
    elif status in ("Failed", "Cancelled"):
        assert isinstance(failure(step), JobFailedError)
    else:
        assert isinstance(step, PollAgain)


@pytest.mark.parametrize(
    ("failed", "accepted", "done"), [(0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False), (10**12, None, True)]
)
def test_complete_with_failed_tasks_is_completed_up_to_the_limit(failed: int, accepted: int | None, done: bool) -> None:
    """max_failed_tasks is the largest accepted number; None accepts any number."""
    step = step_after(
        PollResult(0.0, job("Complete", 10**12, 10**12, failed)), WaitOptions(60.0, max_failed_tasks=accepted)
    )
    assert isinstance(step, Completed if done else Failed)


def test_complete_without_a_count_of_failed_tasks_is_not_accepted() -> None:
    """With a limit, the response has to state how many failed, or that all succeeded."""
    assert "the number of its failed tasks is unknown" in str(failure(step_after(PollResult(0.0, job("Complete")))))
    assert isinstance(step_after(PollResult(0.0, job("Complete")), WaitOptions(60.0, max_failed_tasks=None)), Completed)
    for summary, done in (
        (ProgressSummary(None, 10, 10), True),
        (ProgressSummary(None, 3, 10), False),
        (ProgressSummary(None, None, 10), False),
        (ProgressSummary(None, 10, None), False),
        (ProgressSummary(0, None, None), True),
        (ProgressSummary(0, None, 10), True),
        (ProgressSummary(0, 0, 0), True),
    ):
        step = step_after(PollResult(0.0, JobDescription("job", "Complete", progress_summary=summary)))
        assert isinstance(step, Completed) is done


@pytest.mark.parametrize(
    ("failed", "succeeded", "total", "accepted", "message"),
    [
        (0, 10, 100, 0, "90 of 100 tasks are not accounted for; 10 of 100 tasks succeeded, 0 failed"),
        (2, 8, 100, 91, "with more failed tasks than the 91 accepted: 90 of 100 tasks are not accounted for; 8 of"),
        (None, 200, 100, 0, "NumberOfTasksSucceeded 200 is more than TotalNumberOfTasks 100"),
        (None, 200, 100, 10**9, "NumberOfTasksSucceeded 200 is more than TotalNumberOfTasks 100"),
        (0, 200, 100, 5, "NumberOfTasksSucceeded 200 is more than TotalNumberOfTasks 100"),
        (101, None, 100, 500, "NumberOfTasksFailed 101 is more than TotalNumberOfTasks 100"),
        (1, 100, 100, 5, "NumberOfTasksFailed 1 and NumberOfTasksSucceeded 100 are more than TotalNumberOfTasks 100"),
        (0, 1, 0, 0, "NumberOfTasksSucceeded 1 is more than TotalNumberOfTasks 0"),
    ],
)
def test_counts_that_do_not_add_up_open_no_gate_with_a_limit(
    failed: int | None, succeeded: int | None, total: int | None, accepted: int, message: str
) -> None:
    """Tasks that are not accounted for count as failed; contradictory counts are not accepted."""
    poll = PollResult(
        0.0, JobDescription("job", "Complete", progress_summary=ProgressSummary(failed, succeeded, total))
    )
    error = failure(step_after(poll, WaitOptions(60.0, max_failed_tasks=accepted)))
    assert isinstance(error, JobFailedError)
    assert message in str(error)
    assert isinstance(step_after(poll, WaitOptions(60.0, max_failed_tasks=None)), Completed), "any number is any number"


@given(*[st.none() | st.integers(0, 8)] * 3, st.integers(0, 8))
def test_a_gate_with_a_limit_opens_only_if_some_outcome_of_all_tasks_is_within_it(
    failed: int | None, succeeded: int | None, total: int | None, accepted: int
) -> None:
    """The gate opens exactly for counts whose worst reading has no more failed tasks than accepted."""
    description = JobDescription("job", "Complete", progress_summary=ProgressSummary(failed, succeeded, total))
    opened = isinstance(check_completion(description, accepted), Completed)
    is_known = failed is not None or (succeeded is not None and total is not None)
    adds_up = total is None or (failed or 0) + (succeeded or 0) <= total
    worst = max(failed or 0, total - succeeded if total is not None and succeeded is not None else 0)
    assert opened is (is_known and adds_up and worst <= accepted)
    assert description.failed_tasks == (worst if is_known and adds_up else None)


def test_a_contradictory_response_of_the_service_opens_no_gate() -> None:
    """The job is Complete without failed tasks, but nine tenths of its tasks are missing."""
    described = parse_describe_job_result((RESPONSES / "complete-with-contradictory-counts.xml").read_bytes())
    error = failure(step_after(PollResult(0.0, described)))
    assert str(error) == (
        "the job is complete, but with more failed tasks than the 0 accepted: 90 of 100 tasks are not accounted for; "
        "10 of 100 tasks succeeded, 0 failed (job nightly). Accept them by max_failed_tasks, or fix the cause, create "
        "a new job and wait for it."
    )


def test_the_error_of_a_failed_job_has_reasons_counts_and_report() -> None:
    """The message has all that a person needs to deal with it."""
    report = Report("qcs::cos:ap-chengdu:uid/1250000000:reports-1250000000", True, prefix="batch/")
    failures = [JobFailure("Tasks", "too many"), JobFailure("", "")]
    failed = job("Failed", 40, 100, 30, failure_reasons=failures, report=report)
    assert str(failure(step_after(PollResult(0.0, failed)))) == (
        "the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: Tasks: too many; its report is in "
        "qcs::cos:ap-chengdu:uid/1250000000:reports-1250000000 under batch/ (job job). Fix the cause, create "
        "a new job and wait for it."
    )


def test_a_suspended_job_is_waited_for_unless_the_option_is_set() -> None:
    """fail_when_suspended fails at once, with the cause; otherwise the wait goes on."""
    poll = PollResult(0.0, job("Suspended", suspended_cause="by the console"))
    assert isinstance(step_after(poll), PollAgain)
    error = failure(step_after(poll, WaitOptions(60.0, fail_when_suspended=True)))
    assert isinstance(error, JobSuspendedError)
    assert "by the console" in str(error)


# ----------------------------------------------------------------------------------------------------------- the pauses


def test_the_last_poll_is_when_the_time_is_up() -> None:
    """No pause goes beyond the time limit, and an end that the last poll notices still counts."""
    options = WaitOptions(timeout=100.0)
    step = next_step(state_after(PollResult(99.5, job("Active", 1))), 99.5, options)
    assert step == PollAgain(0.5)
    assert isinstance(next_step(state_after(PollResult(100.0, job("Complete", 100))), 100.0, options), Completed)
    error = failure(next_step(state_after(PollResult(100.0, job("Active", 99))), 100.0, options))
    assert isinstance(error, TimeoutError)
    assert "within 1 min 40 s; it was last seen Active; 99 of 100 tasks succeeded, 0 failed" in str(error)


def test_retry_after_is_honoured() -> None:
    """The next poll is after the time in Retry-After, up to five minutes."""
    busy = UnavailableError("slow down", retry_after=45.0)
    assert step_after(PollResult(0.0, error=busy)) == PollAgain(45.0)
    assert step_after(PollResult(0.0, error=UnavailableError("slow down", retry_after=1e9))) == PollAgain(300.0)


@given(
    statuses=st.lists(st.sampled_from(sorted(set(STATES) - {"Complete"})), max_size=20),
    gaps=st.lists(st.floats(0.01, 1e5), min_size=20, max_size=20),
    jitter=st.floats(0.0, 1.0),
)
@settings(max_examples=200)
def test_only_the_latest_poll_can_complete_a_wait(statuses: list[str], gaps: list[float], jitter: float) -> None:
    """Whatever the earlier responses, only the latest one can open a gate; and pauses stay within their range."""
    state, now = PollState(0.0), 0.0
    for status, gap in zip(statuses, gaps, strict=False):
        now += gap
        state = state.add(PollResult(now, job(status, 100)))
        step = next_step(state, now, WaitOptions(1e9, max_failed_tasks=None), jitter)
        assert not isinstance(step, Completed)
        if isinstance(step, PollAgain):
            assert 0.6 <= step.after <= 30.0
    failed = state.add(PollResult(now, error=ConnectionFailedError("reset")))
    assert not isinstance(next_step(failed, now, WaitOptions(1e9), jitter), Completed)


@given(age=st.floats(0.0, 70.0) | st.floats(0.0, 1e7), jitter=st.floats(0.0, 1.0), created=st.booleans())
def test_no_pause_is_longer_than_the_promise_allows(age: float, jitter: float, created: bool) -> None:
    """Whatever the age of the job, an end right after the poll would be noticed in time."""
    epoch = 1767225600.0
    description = job("Active", 0, creation_time="2026-01-01T00:00:00Z" if created else None)
    poll = PollResult(0.0, description, service_time=epoch + age)
    step = next_step(state_after(poll), 0.0, WaitOptions(1e9), jitter)
    assert isinstance(step, PollAgain)
    assert step.after <= simulation.target(age if created else 0.0) - simulation.LATENCY


def test_jitter_shortens_the_first_pause_and_those_after_failures() -> None:
    """Waits that began together do not poll together, none polls later than without jitter, and it costs no poll."""

    def pauses(state: PollState) -> list[float]:
        assert state.last is not None
        steps = [next_step(state, state.last.at, OPTIONS, each / 10) for each in range(11)]
        return [step.after for step in steps if isinstance(step, PollAgain)]

    lost = PollResult(4.0, error=ConnectionFailedError("reset"))
    for state in (state_after(PollResult(0.0, job("Active", 0))), state_after(lost), state_after(lost, lost)):
        assert pauses(state) == sorted(set(pauses(state)))
        assert pauses(state)[0] == pytest.approx(0.9 * pauses(state)[-1])
    second = state_after(PollResult(0.0, job("Active", 0)), PollResult(2.0, job("Active", 0)))
    assert pauses(second) == [pytest.approx(1.9)] * 11
    busy = UnavailableError("slow down", retry_after=45.0)
    assert pauses(state_after(PollResult(0.0, error=busy))) == [45.0] * 11, "Retry-After is not shortened"


@pytest.mark.parametrize(
    ("seconds", "lag", "after"), [(0.0, 0.0, 1.9), (0.4, 0.0, 1.5), (0.4, 0.1, 1.4), (9.0, 0.0, 0.9)]
)
def test_a_slow_response_does_not_delay_the_next_poll(seconds: float, lag: float, after: float) -> None:
    """Polls begin at an interval, however long a response takes and waits to be recorded; but a pause is left."""
    step = next_step(state_after(PollResult(10.0, job("Active", 0), seconds=seconds)), 10.0 + lag, OPTIONS)
    assert isinstance(step, PollAgain)
    assert step.after == pytest.approx(after)


def test_a_job_with_even_progress_is_polled_at_its_end() -> None:
    """If progress predicts the end, the next poll is right after it."""
    polls = [PollResult(float(at), job("Active", at)) for at in (60, 70, 80, 90, 98)]
    step = next_step(state_after(*polls), 98.0, OPTIONS)
    assert isinstance(step, PollAgain)
    assert 2.0 <= step.after <= 2.5


def test_polls_until_an_expected_end_are_shared_out_evenly() -> None:
    """No poll is just before the expected end: the pauses until then are equal, and none is longer than usual."""
    polls = [PollResult(float(at), job("Active", 1000 * at, 10**6)) for at in range(600, 960, 20)]
    state, now = state_after(*polls), 940.0
    pauses = []
    while now < 1000.0:
        step = next_step(state, now, OPTIONS)
        assert isinstance(step, PollAgain)
        pauses.append(step.after)
        now += step.after
        state = state.add(PollResult(now, job("Active", min(10**6, int(1000 * now)), 10**6)))
    assert pauses == pytest.approx([20.1] * 3, abs=0.1)
    assert now == pytest.approx(1000.3, abs=0.1)


@pytest.mark.parametrize("stops_at", [1000, 999])
def test_polls_get_less_frequent_again_if_the_expected_end_does_not_come(stops_at: int) -> None:
    """A job that stays Active with all its tasks done, or all but one, costs as few polls as any other."""
    state, now, pauses = PollState(0.0), 0.0, []
    while now < DAY:
        state = state.add(PollResult(now, job("Active", min(stops_at, int(now)), 1000)))
        step = next_step(state, now, WaitOptions(2 * DAY))
        assert isinstance(step, PollAgain)
        pauses.append(step.after)
        now += step.after
    assert pauses[-1] == pytest.approx(28.0)
    assert len(pauses) < DAY / 28 + 120


def test_the_state_does_not_grow() -> None:
    """A wait of days takes no more memory than one of minutes."""
    state = PollState(0.0)
    for at in range(2000):
        state = state.add(PollResult(float(at), job("Active", min(at, 100))))
    assert state.polls == 2000
    assert len(repr(state)) < 3000
