"""What to do next about a job that is waited for: all by turning numbers, nothing waits here."""

from __future__ import annotations

import copy
import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulation  # a tool, not a package
from places import RESPONSES
from pulumi_cosjob import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    InvalidArgumentError,
    InvalidResponseError,
    JobDescription,
    JobFailedError,
    JobSuspendedError,
    NoSuchJobError,
    NotXmlError,
    SchemaError,
    ServiceError,
    TimeLimitError,
    TlsError,
    UnavailableError,
    WaitTimeoutError,
    WrongJobError,
)
from pulumi_cosjob._messages import PYTHON, Message
from pulumi_cosjob._model.job import (
    STATES,
    COSInitiateRestoreObject,
    COSPutObjectCopy,
    JobFailure,
    Operation,
    ProgressSummary,
    Report,
)
from pulumi_cosjob._text import duration
from pulumi_cosjob._waiting.policy import (
    Completed,
    Failed,
    PollAgain,
    PollResult,
    PollState,
    Verdict,
    WaitOptions,
    check_completion,
    next_step,
    opening_notice,
    preview_notice,
    progress_line,
    time_left,
)
from pulumi_cosjob._xml.schema import parse_describe_job_result

DAY = 24 * 3600.0
pytestmark = pytest.mark.newest
LIMITS = WaitOptions(timeout=3600.0)


def job(status: str, done: int | None = None, total: int = 100, failed: int = 0, **fields: object) -> JobDescription:
    """Describe a job."""
    summary = None if done is None else ProgressSummary(failed, done - failed, total)
    return JobDescription("job", status, progress_summary=summary, **fields)  # type: ignore[arg-type]


def history(*looks: PollResult, started: float = 0.0) -> PollState:
    """Return the history of some looks."""
    result = PollState(started)
    for look in looks:
        result = result.add(look)
    return result


def after(look: PollResult, limits: WaitOptions = LIMITS) -> Verdict:
    """Decide after a single look."""
    return next_step(history(look), look.at, limits)


def failure(verdict: Verdict) -> CosJobError:
    """Return the error of a wait that failed."""
    assert isinstance(verdict, Failed), verdict
    return verdict.error


# ---------------------------------------------------------------------------------------------------------- the verdict


@pytest.mark.parametrize("status", list(STATES))
def test_only_complete_is_done(status: str) -> None:
    """Every state leads to its own verdict, and none but Complete to Done."""
    verdict = after(PollResult(0.0, job(status, 100)))
    if status == "Complete":
        assert verdict == Completed(job(status, 100))
    elif status in ("Failed", "Cancelled"):
        assert isinstance(failure(verdict), JobFailedError)
    else:
        assert isinstance(verdict, PollAgain)


@pytest.mark.parametrize(
    ("failed", "accepted", "done"), [(0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False), (10**12, None, True)]
)
def test_complete_with_failed_tasks_is_done_as_far_as_they_are_accepted(
    failed: int, accepted: int | None, done: bool
) -> None:
    """max_failed_tasks is the most that a complete job may have; None accepts any number."""
    verdict = after(
        PollResult(0.0, job("Complete", 10**12, 10**12, failed)), WaitOptions(60.0, max_failed_tasks=accepted)
    )
    assert isinstance(verdict, Completed if done else Failed)


def test_complete_without_a_count_of_failed_tasks_is_in_doubt() -> None:
    """Where none may have failed, somebody has to say so: the count, or that all have succeeded."""
    assert "the number of its failed tasks is unknown" in str(failure(after(PollResult(0.0, job("Complete")))))
    assert isinstance(after(PollResult(0.0, job("Complete")), WaitOptions(60.0, max_failed_tasks=None)), Completed)
    for summary, done in (
        (ProgressSummary(None, 10, 10), True),
        (ProgressSummary(None, 3, 10), False),
        (ProgressSummary(None, None, 10), False),
        (ProgressSummary(None, 10, None), False),
        (ProgressSummary(0, None, None), True),
        (ProgressSummary(0, None, 10), True),
        (ProgressSummary(0, 0, 0), True),
    ):
        verdict = after(PollResult(0.0, JobDescription("job", "Complete", progress_summary=summary)))
        assert isinstance(verdict, Completed) is done


@pytest.mark.parametrize(
    ("failed", "succeeded", "total", "accepted", "told"),
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
    failed: int | None, succeeded: int | None, total: int | None, accepted: int, told: str
) -> None:
    """Tasks that are not accounted for count as failed; counts that contradict each other tell nothing."""
    look = PollResult(
        0.0, JobDescription("job", "Complete", progress_summary=ProgressSummary(failed, succeeded, total))
    )
    error = failure(after(look, WaitOptions(60.0, max_failed_tasks=accepted)))
    assert isinstance(error, JobFailedError)
    assert told in str(error)
    assert isinstance(after(look, WaitOptions(60.0, max_failed_tasks=None)), Completed), "any number is any number"


@given(*[st.none() | st.integers(0, 8)] * 3, st.integers(0, 8))
def test_a_gate_with_a_limit_opens_only_if_some_outcome_of_all_tasks_is_within_it(
    failed: int | None, succeeded: int | None, total: int | None, accepted: int
) -> None:
    """Whatever the counts say, no reading of them has more failed tasks than accepted; and all such counts open it."""
    description = JobDescription("job", "Complete", progress_summary=ProgressSummary(failed, succeeded, total))
    opened = isinstance(check_completion(description, accepted), Completed)
    is_told = failed is not None or (succeeded is not None and total is not None)
    adds_up = total is None or (failed or 0) + (succeeded or 0) <= total
    worst = max(failed or 0, total - succeeded if total is not None and succeeded is not None else 0)
    assert opened is (is_told and adds_up and worst <= accepted)
    assert description.failed_tasks == (worst if is_told and adds_up else None)


def test_the_services_own_contradictory_answer_opens_no_gate() -> None:
    """Nine tenths of the tasks are missing from a job that says Complete and no failure."""
    described = parse_describe_job_result((RESPONSES / "complete-with-contradictory-counts.xml").read_bytes())
    error = failure(after(PollResult(0.0, described)))
    assert str(error) == (
        "the job is complete, but with more failed tasks than the 0 accepted: 90 of 100 tasks are not accounted for; "
        "10 of 100 tasks succeeded, 0 failed (job nightly). Accept them by max_failed_tasks, or fix the cause, create "
        "a new job and wait for it."
    )


def test_a_failed_job_is_told_with_reasons_counts_and_report() -> None:
    """The message has all that a person needs to see to it."""
    report = Report("qcs::cos:ap-chengdu:uid/1250000000:reports-1250000000", True, prefix="batch/")
    failures = [JobFailure("Tasks", "too many"), JobFailure("", "")]
    failed = job("Failed", 40, 100, 30, failure_reasons=failures, report=report)
    assert str(failure(after(PollResult(0.0, failed)))) == (
        "the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: Tasks: too many; its report is in "
        "qcs::cos:ap-chengdu:uid/1250000000:reports-1250000000 under batch/ (job job). Fix the cause, create a new "
        "job and wait for it."
    )


def test_a_suspended_job_is_waited_for_or_not() -> None:
    """fail_when_suspended gives up at once, with the cause; else the wait goes on."""
    look = PollResult(0.0, job("Suspended", suspended_cause="by the console"))
    assert isinstance(after(look), PollAgain)
    error = failure(after(look, WaitOptions(60.0, fail_when_suspended=True)))
    assert isinstance(error, JobSuspendedError)
    assert "by the console" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("reset"),
        TimeLimitError("slow"),
        UnavailableError("later", http_status=503),
        NotXmlError("a page", http_status=200),
        SchemaError([]),
        WrongJobError("another"),
        InvalidResponseError("the endpoint redirects", http_status=302),
        UnavailableError("odd", http_status=408),
        UnavailableError("odd", http_status=429),
        ConnectionFailedError("the name was not found", name_not_found=True),
        ConnectionFailedError("the proxy answered with HTTP status 503", http_status=503),
    ],
)
def test_an_outage_of_any_length_is_outlived(error: CosJobError) -> None:
    """Whatever may heal is asked again until the wait's own time limit, and never by a storm of questions."""
    limits = WaitOptions(timeout=3 * DAY)
    past, now, pauses = history(PollResult(0.0, job("Active", 10))), 0.0, []
    while True:
        past = past.add(PollResult(now, error=error))
        verdict = next_step(past, now, limits)
        if not isinstance(verdict, PollAgain):
            break
        pauses.append(verdict.seconds)
        now += verdict.seconds
    timed_out = failure(verdict)
    assert isinstance(timed_out, WaitTimeoutError)
    assert now == pytest.approx(limits.timeout)
    assert "last seen Active; 10 of 100 tasks succeeded" in str(timed_out)
    assert error.what in str(timed_out)
    assert pauses[0] <= 1.0
    assert max(pauses) <= 30.0
    assert len(pauses) < limits.timeout / 25


@pytest.mark.parametrize(
    "error",
    [
        AccessDeniedError("wrong key", http_status=403),
        InvalidArgumentError("job_id", "is odd"),
        AccessDeniedError("wrong key", http_status=200),
        ServiceError("refused", http_status=400),
        ServiceError("a page", http_status=401),
        ServiceError("a page", http_status=407),
        ConnectionFailedError("the proxy answered with HTTP status 403", http_status=403),
        ConnectionFailedError("the proxy answered with HTTP status 407", http_status=407),
        ConfigurationError("no key"),
        TlsError("the certificate is for another name"),
    ],
)
def test_a_refusal_that_cannot_heal_ends_the_wait(error: CosJobError) -> None:
    """Where nothing was ever answered, 403 and 400 are final, and so are settings that were never right."""
    assert failure(after(PollResult(0.0, error=error))) is error


@pytest.mark.parametrize("kind", [ConfigurationError, TlsError])
def test_what_was_right_before_may_come_back(kind: type[CosJobError]) -> None:
    """Where the service has answered before, a source of credentials that is away or a certificate is an outage."""
    past = history(PollResult(0.0, job("Active", 1)), PollResult(5.0, error=kind("the metadata service is away")))
    assert isinstance(next_step(past, 5.0, LIMITS), PollAgain)


NO_RESPONSE_OF_THE_SERVICE: list[CosJobError] = [
    NotXmlError("a page", hint="Check the endpoint.", http_status=200),
    InvalidResponseError("the endpoint redirects", hint="Check the endpoint.", http_status=302),
    InvalidResponseError("the answer is encoded", hint="Check the endpoint."),
    WrongJobError("another", hint="Report this.", http_status=200),
    SchemaError([], hint="Report this."),
]
REFUSALS: list[CosJobError] = [
    *(ServiceError("no", hint="Check it.", http_status=status) for status in (404, 405, 409, 410, 418, 451, 499, 501)),
    ServiceError("a code that nobody knows", http_status=200, code="Odd", hint="Check it."),
    ConnectionFailedError("the proxy answered with HTTP status 405", http_status=405, hint="Check the proxy."),
]


def told(error: CosJobError) -> str:
    """Return how an error is shown where many are tried."""
    return f"{type(error).__name__}-{error.http_status}"


@pytest.mark.parametrize("error", [*NO_RESPONSE_OF_THE_SERVICE, *REFUSALS], ids=told)
def test_what_can_never_come_right_has_five_minutes(error: CosJobError) -> None:
    """Where nothing has ever been answered, and always so, the wait ends with the first problem and its hint."""
    past, now, looks = PollState(0.0), 0.0, 0
    while True:
        look = PollResult(now, error=error if looks == 0 else copy.copy(error))
        past = past.add(look)
        looks += 1
        verdict = next_step(past, now, WaitOptions(timeout=DAY))
        if not isinstance(verdict, PollAgain):
            break
        assert now < 300.0
        now += verdict.seconds
    assert failure(verdict) is error
    assert 300.0 <= now < 330.0
    assert looks < 80


@pytest.mark.parametrize("other", [UnavailableError("later"), TimeLimitError("slow"), ConnectionFailedError("reset")])
@pytest.mark.parametrize("error", [NO_RESPONSE_OF_THE_SERVICE[0], REFUSALS[0]], ids=told)
def test_a_service_that_is_still_being_set_up_is_waited_for(error: CosJobError, other: CosJobError) -> None:
    """Where something else came in between, the five minutes begin anew."""
    past = history(PollResult(0.0, error=error), PollResult(299.0, error=other), PollResult(301.0, error=error))
    assert isinstance(next_step(past, 301.0, LIMITS), PollAgain)
    past = past.add(PollResult(601.0, error=error))
    assert failure(next_step(past, 601.0, LIMITS)) is error
    mixed = history(PollResult(0.0, error=NO_RESPONSE_OF_THE_SERVICE[1]), PollResult(300.0, error=error))
    assert failure(next_step(mixed, 300.0, LIMITS)) is NO_RESPONSE_OF_THE_SERVICE[1], (
        "the first problem is what is told"
    )


UNRESOLVED = ConnectionFailedError(
    "the endpoint's name was not found", hint="Check uin and region.", name_not_found=True
)
HANGING = TimeLimitError("no answer came within 10 s: the name lookup did not end", in_lookup=True)


@pytest.mark.parametrize("error", [UNRESOLVED, HANGING], ids=told)
def test_a_name_that_does_not_resolve_has_thirty_seconds_before_the_first_answer(error: CosJobError) -> None:
    """After that the wait ends with it; where the name has resolved before, it is an outage."""
    past, now = PollState(0.0), 0.0
    while isinstance(verdict := next_step(past := past.add(PollResult(now, error=error)), now, LIMITS), PollAgain):
        now += verdict.seconds
    assert failure(verdict) is error
    assert 30.0 <= now < 33.0
    for resolved in (
        PollResult(0.0, job("Active")),
        PollResult(0.0, error=UnavailableError("later", http_status=503)),
        PollResult(0.0, error=AccessDeniedError("no", http_status=403)),
    ):
        past = history(resolved, PollResult(1.0, error=error), PollResult(100.0, error=error))
        assert isinstance(next_step(past, 100.0, LIMITS), PollAgain)
    past = history(
        PollResult(0.0, error=error), PollResult(29.0, error=TimeLimitError("slow")), PollResult(31.0, error=error)
    )
    assert isinstance(next_step(past, 31.0, LIMITS), PollAgain)


def test_a_name_that_hangs_and_one_that_is_not_found_are_one_problem() -> None:
    """A name server that is slow to say no does not begin the thirty seconds anew."""
    past = history(
        PollResult(0.0, error=UNRESOLVED), PollResult(20.0, error=HANGING), PollResult(30.0, error=UNRESOLVED)
    )
    assert failure(next_step(past, 30.0, LIMITS)) is UNRESOLVED


SLOW = TimeLimitError("slow", hint="Try again later.")
PAGE = NO_RESPONSE_OF_THE_SERVICE[0]


@pytest.mark.parametrize(
    ("errors", "problem", "hint"),
    [
        (
            [UNRESOLVED, SLOW],
            "the first request failed: the endpoint's name was not found; the last request failed: slow",
            "Check uin and region.",
        ),
        ([PAGE, PAGE], "the last request failed: a page", "Check the endpoint."),
        ([TimeLimitError("slow")], "the last request failed: slow", "Check job_id, appid, uin and region."),
    ],
)
def test_a_job_that_was_never_seen_is_not_said_to_go_on(errors: list[CosJobError], problem: str, hint: str) -> None:
    """When time is up, the first problem and its hint are told: what came last may be a consequence."""
    past = history(*(PollResult(float(at), error=error) for at, error in enumerate(errors)))
    error = failure(next_step(past, 60.0, WaitOptions(60.0)))
    assert str(error) == f"the job was not complete within 1 min; there was never a valid response; {problem}. {hint}"
    seen = failure(next_step(past.add(PollResult(30.0, job("Active"))), 60.0, WaitOptions(60.0)))
    assert "the first request failed" not in str(seen)
    assert "The job continues" in str(seen)


@pytest.mark.parametrize(
    "error",
    [
        AccessDeniedError("the token has expired", http_status=403),
        ServiceError("a page", http_status=400),
        *REFUSALS,
        ConnectionFailedError("the proxy answered with HTTP status 407", http_status=407),
    ],
    ids=told,
)
def test_a_refusal_after_an_answer_has_five_minutes_to_pass(error: CosJobError) -> None:
    """One wrong answer of a proxy, or a key that is just being renewed, ends no wait of days; a lasting one does."""
    limits = WaitOptions(timeout=DAY)
    past, now, looks = history(PollResult(0.0, job("Active", 1)), PollResult(1000.0, job("Active", 2))), 1010.0, 0
    while now < 1310.0:
        past = past.add(PollResult(now, error=error))
        verdict = next_step(past, now, limits)
        assert isinstance(verdict, PollAgain)
        now, looks = now + verdict.seconds, looks + 1
    assert looks < 20
    assert failure(next_step(past.add(PollResult(now, error=error)), now, limits)) is error
    for other in (PollResult(1309.0, job("Active", 3)), PollResult(1309.0, error=TimeLimitError("slow"))):
        again = past.add(other).add(PollResult(1310.0, error=error))
        assert isinstance(next_step(again, 1310.0, limits), PollAgain), "it counts from the first in a row"
    assert failure(
        next_step(past.add(PollResult(1011.0, error=InvalidArgumentError("job_id", "is odd"))), 1011.0, limits)
    )


def test_a_job_that_is_not_found_has_thirty_seconds_to_appear() -> None:
    """It may just have been made; after that it is missing, and it may vanish again later."""
    missing = NoSuchJobError("no such job", http_status=404)
    past = history(PollResult(0.0, error=missing))
    for now in (0.0, 10.0, 29.0):
        past = past.add(PollResult(now, error=missing))
        assert isinstance(next_step(past, now, LIMITS), PollAgain)
    assert failure(next_step(past.add(PollResult(30.0, error=missing)), 30.0, LIMITS)) is missing
    appeared = past.add(PollResult(29.5, job("New"))).add(PollResult(31.0, error=missing))
    assert isinstance(next_step(appeared, 31.0, LIMITS), PollAgain)


def test_the_last_question_is_asked_when_time_is_up() -> None:
    """No pause goes beyond the time limit, and an end that is noticed then still counts."""
    limits = WaitOptions(timeout=100.0)
    verdict = next_step(history(PollResult(99.5, job("Active", 1))), 99.5, limits)
    assert verdict == PollAgain(0.5)
    assert isinstance(next_step(history(PollResult(100.0, job("Complete", 100))), 100.0, limits), Completed)
    error = failure(next_step(history(PollResult(100.0, job("Active", 99))), 100.0, limits))
    assert isinstance(error, TimeoutError)
    assert "within 1 min 40 s; it was last seen Active; 99 of 100 tasks succeeded, 0 failed" in str(error)


def test_retry_after_is_honoured() -> None:
    """A service that asks for a pause gets it, within reason."""
    asked = UnavailableError("slow down", retry_after=45.0)
    assert after(PollResult(0.0, error=asked)) == PollAgain(45.0)
    assert after(PollResult(0.0, error=UnavailableError("slow down", retry_after=1e9))) == PollAgain(300.0)


@given(
    statuses=st.lists(st.sampled_from(sorted(set(STATES) - {"Complete"})), max_size=20),
    steps=st.lists(st.floats(0.01, 1e5), min_size=20, max_size=20),
    jitter=st.floats(0.0, 1.0),
)
@settings(max_examples=200)
def test_never_done_unless_the_last_look_says_complete(statuses: list[str], steps: list[float], jitter: float) -> None:
    """Whatever was seen before, only the very last answer can open a gate; and pauses are always sane."""
    past, now = PollState(0.0), 0.0
    for status, step in zip(statuses, steps, strict=False):
        now += step
        past = past.add(PollResult(now, job(status, 100)))
        verdict = next_step(past, now, WaitOptions(1e9, max_failed_tasks=None), jitter)
        assert not isinstance(verdict, Completed)
        if isinstance(verdict, PollAgain):
            assert 0.6 <= verdict.seconds <= 30.0
    failed = past.add(PollResult(now, error=ConnectionFailedError("reset")))
    assert not isinstance(next_step(failed, now, WaitOptions(1e9), jitter), Completed)


@given(age=st.floats(0.0, 1e7), jitter=st.floats(0.0, 1.0), created=st.booleans())
def test_a_pause_is_never_longer_than_the_promise_allows(age: float, jitter: float, created: bool) -> None:
    """However old the job, its end in the very next moment would be noticed in time."""
    epoch = 1767225600.0
    description = job("Active", 0, creation_time="2026-01-01T00:00:00Z" if created else None)
    look = PollResult(0.0, description, service_time=epoch + age)
    verdict = next_step(history(look), 0.0, WaitOptions(1e9), jitter)
    assert isinstance(verdict, PollAgain)
    assert verdict.seconds <= simulation.target(age if created else 0.0) - simulation.LATENCY


def test_jitter_only_brings_questions_forward() -> None:
    """Many gates do not ask at once, and none asks later than without."""
    past = history(PollResult(0.0, job("Active", 0)))
    pauses = [next_step(past, 0.0, LIMITS, each / 10) for each in range(11)]
    seconds = [verdict.seconds for verdict in pauses if isinstance(verdict, PollAgain)]
    assert seconds == sorted(set(seconds))
    assert seconds[0] == pytest.approx(0.9 * seconds[-1])


def test_an_even_job_is_met_at_its_end() -> None:
    """Where progress foretells the end, the next question comes right after it."""
    looks = [PollResult(float(at), job("Active", at)) for at in (60, 70, 80, 90, 98)]
    verdict = next_step(history(*looks), 98.0, LIMITS)
    assert isinstance(verdict, PollAgain)
    assert 2.0 <= verdict.seconds <= 2.5


@pytest.mark.parametrize("stops_at", [1000, 999])
def test_an_end_that_does_not_come_is_not_asked_after_for_ever(stops_at: int) -> None:
    """A job that stays Active with all its tasks done, or all but one, costs as few questions as any other."""
    past, now, pauses = PollState(0.0), 0.0, []
    while now < DAY:
        past = past.add(PollResult(now, job("Active", min(stops_at, int(now)), 1000)))
        verdict = next_step(past, now, WaitOptions(2 * DAY))
        assert isinstance(verdict, PollAgain)
        pauses.append(verdict.seconds)
        now += verdict.seconds
    assert pauses[-1] == pytest.approx(28.0)
    assert len(pauses) < DAY / 28 + 120


def test_a_history_does_not_grow() -> None:
    """Days of waiting take no more memory than minutes."""
    past = PollState(0.0)
    for at in range(2000):
        past = past.add(PollResult(float(at), job("Active", min(at, 100))))
    assert past.looks == 2000
    assert len(repr(past)) < 3000


# -------------------------------------------------------------------------------------------- what a person has to know


RESTORES = Operation(cos_initiate_restore_object=COSInitiateRestoreObject(7, "Standard"))
COPIES = Operation(cos_put_object_copy=COSPutObjectCopy())


def test_a_gate_of_restore_jobs_says_what_their_completion_means() -> None:
    """Requests were sent: what reads the objects next would fail. Other jobs, and no jobs, need no such words."""
    jobs = {str(number): job("Complete", operation=RESTORES) for number in range(6)}
    meaning = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
    assert opening_notice({"a": jobs["0"]}) == f"job a restores objects: {meaning}"
    assert (
        opening_notice({"a": jobs["0"], "b": job("Complete", operation=COPIES)}) == f"job a restores objects: {meaning}"
    )
    assert opening_notice({"a": jobs["0"], "b": jobs["1"]}) == f"2 jobs restore objects (a, b): {meaning}"
    assert opening_notice(jobs) == f"6 jobs restore objects (0, 1, 2 and 3 more): {meaning}"
    for operation in (COPIES, None, Operation()):
        assert opening_notice({"a": job("Complete", operation=operation)}) is None
    assert opening_notice({}) is None
    described = parse_describe_job_result((RESPONSES / "restore-complete.xml").read_bytes())
    assert isinstance(after(PollResult(0.0, described)), Completed)
    assert opening_notice({"nightly": described}) == f"job nightly restores objects: {meaning}"


def test_a_preview_names_what_it_could_not_poll() -> None:
    """One job with its own problem; of many the first one; nothing where each had a valid response."""
    away = ConnectionFailedError(
        "the service could not be reached: Connection refused", hint=Message("Check {job_id}.")
    )
    late = "none came in time"
    assert preview_notice({}, 3) is None
    assert preview_notice({"a": away}, 1) == (
        "the preview has no valid response about job a: the service could not be reached: Connection refused. "
        "Check job_id. The update polls again."
    )
    assert "Check JOB_ID." in (preview_notice({"a": away}, 1, replace(PYTHON, name=str.upper)) or "")
    assert preview_notice({"a": None}, 1) == (
        f"the preview has no valid response about job a: {late}. The update polls again."
    )
    assert preview_notice({"a": None, "b": away}, 7) == (
        f"the preview has no valid response about 2 of 7 jobs, the first of them job a: {late}. The update polls again."
    )


# ----------------------------------------------------------------------------------------------------- a simulated year


@pytest.fixture(scope="module")
def jobs() -> list[simulation.Job]:
    """A year of jobs, of all lengths and kinds."""
    return simulation.year_of_jobs(seed=7, jobs=240)


def test_every_end_in_a_year_is_noticed_in_time(jobs: list[simulation.Job]) -> None:
    """Short, long, bursty, stalled and sudden jobs: all within 2 s, or 5 % of their length, 30 s at the most."""
    rng = random.Random(3)  # noqa: S311  a simulation
    late = [simulation.by_decide(each, rng) for each in jobs]
    assert {each.job.kind for each in late} == {"even", "bursty", "stalled", "sudden"}
    assert [each for each in late if each.share_of_target > 1.0] == []


def test_no_fixed_interval_notices_as_fast_by_fewer_questions(jobs: list[simulation.Job]) -> None:
    """An interval that keeps the promise for all jobs asks many times as often; one that asks as seldom breaks it."""
    (_, ours, endless), *fixed = simulation.policies(jobs)
    questions = sum(each.requests for each in ours)
    for name, theirs, theirs_endless in fixed:
        keeps = all(each.share_of_target <= 1.0 for each in theirs)
        mean = statistics.fmean(each.share_of_target for each in theirs)
        as_fast = keeps or mean <= statistics.fmean(each.share_of_target for each in ours)
        if as_fast:
            assert sum(each.requests for each in theirs) > 5 * questions, name
            assert theirs_endless > 5 * endless, name
    assert any(all(each.share_of_target <= 1.0 for each in theirs) for _, theirs, _ in fixed)


# ------------------------------------------------------------------------------------------------------------- in words


def test_progress_in_words() -> None:
    """One line says percent, time left, failures, status and tasks; what a person has to do stands before all else."""
    past = history(
        PollResult(0.0, job("Active", 10_000, 100_000, 7)), PollResult(10.0, job("Active", 20_000, 100_000, 7))
    )
    assert progress_line(past, 10.0) == "20 %, 1 min 20 s left, 7 failed, Active, 20,000 of 100,000 tasks"
    assert progress_line(past, 10.0, brief=True) == "20 %, 1 min 20 s left, 7 failed, 20,000 of 100,000"
    lost = past.add(PollResult(20.0, error=ConnectionFailedError("the service could not be reached")))
    assert progress_line(lost, 20.0).startswith("no answer just now, 20 %, 1 min 10 s left, ")
    assert progress_line(lost, 20.0).endswith(" tasks: the service could not be reached")
    assert progress_line(history(PollResult(0.0, job("Preparing"))), 0.0) == "Preparing"
    assert progress_line(history(PollResult(0.0, job("Active"))), 0.0, brief=True) == "Active"
    assert progress_line(history(PollResult(0.0, job("Failing", 40, failed=30))), 0.0) == (
        "Failing, 40 %, 30 failed, 40 of 100 tasks"
    )
    assert progress_line(history(PollResult(0.0, job("Paused", 50))), 0.0) == "Paused, 50 %, 50 of 100 tasks"
    suspended = history(PollResult(0.0, job("Suspended")), PollResult(10.0, error=TimeLimitError("late")))
    assert progress_line(suspended, 10.0) == "NEEDS CONFIRMATION, no answer just now, Suspended: late"
    assert progress_line(history(PollResult(0.0, error=TimeLimitError("late"))), 0.0) == "no answer yet: late"
    assert progress_line(PollState(0.0), 0.0) == "asking"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.9, None), (16, "16 s left"), (80, "1 min 20 s left"), (740, "12 min left"), (None, None)]
)
def test_time_left_in_words(seconds: float | None, words: str | None) -> None:
    """An estimate is no more precise than it can be."""
    assert time_left(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (9 * DAY, "9 d"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    """A duration is written by its two largest units."""
    assert duration(seconds) == words
