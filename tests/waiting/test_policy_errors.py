"""What a wait does about failed polls: by simulated time, nothing waits here."""

from __future__ import annotations

import copy

import pytest

from polls import DAY, OPTIONS, failure, job, state_after, step_after
from pulumi_cosjob import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    InvalidArgumentError,
    InvalidResponseError,
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
from pulumi_cosjob._waiting.policy import PollAgain, WaitOptions, next_step
from pulumi_cosjob._waiting.state import PollResult, PollState

pytestmark = pytest.mark.newest


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
        ConnectionFailedError("the proxy responded with HTTP status 503", http_status=503),
    ],
)
def test_a_wait_survives_an_outage_of_any_length(error: CosJobError) -> None:
    """A problem that may pass is polled until the wait's own time limit, and never by a storm of requests."""
    options = WaitOptions(timeout=3 * DAY)
    state, now, pauses = state_after(PollResult(0.0, job("Active", 10))), 0.0, []
    while True:
        state = state.add(PollResult(now, error=error))
        step = next_step(state, now, options)
        if not isinstance(step, PollAgain):
            break
        pauses.append(step.after)
        now += step.after
    timed_out = failure(step)
    assert isinstance(timed_out, WaitTimeoutError)
    assert now == pytest.approx(options.timeout)
    assert "last seen Active; 10 of 100 tasks succeeded" in str(timed_out)
    assert error.what in str(timed_out)
    assert pauses[0] <= 1.0
    assert max(pauses) <= 30.0
    assert len(pauses) < options.timeout / 25


@pytest.mark.parametrize(
    "error",
    [
        AccessDeniedError("wrong credentials", http_status=403),
        InvalidArgumentError("job_id", "is odd"),
        AccessDeniedError("wrong credentials", http_status=200),
        ServiceError("refused", http_status=400),
        ServiceError("a page", http_status=401),
        ServiceError("a page", http_status=407),
        ConnectionFailedError("the proxy responded with HTTP status 403", http_status=403),
        ConnectionFailedError("the proxy responded with HTTP status 407", http_status=407),
        ConfigurationError("no credentials"),
        TlsError("the certificate is for another name"),
    ],
)
def test_a_denial_before_any_response_ends_the_wait(error: CosJobError) -> None:
    """Without an earlier valid response, 403 and 400 are final, and so are settings that never worked."""
    assert failure(step_after(PollResult(0.0, error=error))) is error


@pytest.mark.parametrize("kind", [ConfigurationError, TlsError])
def test_settings_that_worked_before_may_work_again(kind: type[CosJobError]) -> None:
    """After a valid response, an unavailable source of credentials or a certificate error is an outage."""
    state = state_after(PollResult(0.0, job("Active", 1)), PollResult(5.0, error=kind("the metadata service is away")))
    assert isinstance(next_step(state, 5.0, OPTIONS), PollAgain)


NO_RESPONSE_OF_THE_SERVICE: list[CosJobError] = [
    NotXmlError("a page", hint="Check the endpoint.", http_status=200),
    InvalidResponseError("the endpoint redirects", hint="Check the endpoint.", http_status=302),
    InvalidResponseError("the response is encoded", hint="Check the endpoint."),
    WrongJobError("another", hint="Report this.", http_status=200),
    SchemaError([], hint="Report this."),
]
REFUSALS: list[CosJobError] = [
    *(ServiceError("no", hint="Check it.", http_status=status) for status in (404, 405, 409, 410, 418, 451, 499, 501)),
    ServiceError("an unknown code", http_status=200, code="Odd", hint="Check it."),
    ConnectionFailedError("the proxy responded with HTTP status 405", http_status=405, hint="Check the proxy."),
]


def name_of(error: CosJobError) -> str:
    """Return the name of an error among the parameters of a test."""
    return f"{type(error).__name__}-{error.http_status}"


@pytest.mark.parametrize("error", [*NO_RESPONSE_OF_THE_SERVICE, *REFUSALS], ids=name_of)
def test_a_problem_from_the_first_poll_on_has_five_minutes(error: CosJobError) -> None:
    """If there never was a valid response, and each poll has such a problem, the wait ends with the first one."""
    state, now, polls = PollState(0.0), 0.0, 0
    while True:
        poll = PollResult(now, error=error if polls == 0 else copy.copy(error))
        state = state.add(poll)
        polls += 1
        step = next_step(state, now, WaitOptions(timeout=DAY))
        if not isinstance(step, PollAgain):
            break
        assert now < 300.0
        now += step.after
    assert failure(step) is error
    assert 300.0 <= now < 330.0
    assert polls < 80


@pytest.mark.parametrize("other", [UnavailableError("later"), TimeLimitError("slow"), ConnectionFailedError("reset")])
@pytest.mark.parametrize("error", [NO_RESPONSE_OF_THE_SERVICE[0], REFUSALS[0]], ids=name_of)
def test_a_service_that_is_still_being_set_up_is_waited_for(error: CosJobError, other: CosJobError) -> None:
    """Another kind of error in between restarts the five minutes."""
    state = state_after(PollResult(0.0, error=error), PollResult(299.0, error=other), PollResult(301.0, error=error))
    assert isinstance(next_step(state, 301.0, OPTIONS), PollAgain)
    state = state.add(PollResult(601.0, error=error))
    assert failure(next_step(state, 601.0, OPTIONS)) is error
    mixed = state_after(PollResult(0.0, error=NO_RESPONSE_OF_THE_SERVICE[1]), PollResult(300.0, error=error))
    assert failure(next_step(mixed, 300.0, OPTIONS)) is NO_RESPONSE_OF_THE_SERVICE[1], "the first problem is raised"


UNRESOLVED = ConnectionFailedError(
    "the endpoint's name was not found", hint="Check uin and region.", name_not_found=True
)
HANGING = TimeLimitError("no response came within 10 s: the name lookup did not end", in_lookup=True)


@pytest.mark.parametrize("error", [UNRESOLVED, HANGING], ids=name_of)
def test_a_name_that_never_resolved_has_thirty_seconds(error: CosJobError) -> None:
    """Then the wait ends with that error; if the name has resolved before, it is an outage."""
    state, now = PollState(0.0), 0.0
    while isinstance(step := next_step(state := state.add(PollResult(now, error=error)), now, OPTIONS), PollAgain):
        now += step.after
    assert failure(step) is error
    assert 30.0 <= now < 33.0
    for resolved in (
        PollResult(0.0, job("Active")),
        PollResult(0.0, error=UnavailableError("later", http_status=503)),
        PollResult(0.0, error=AccessDeniedError("no", http_status=403)),
    ):
        state = state_after(resolved, PollResult(1.0, error=error), PollResult(100.0, error=error))
        assert isinstance(next_step(state, 100.0, OPTIONS), PollAgain)
    state = state_after(
        PollResult(0.0, error=error), PollResult(29.0, error=TimeLimitError("slow")), PollResult(31.0, error=error)
    )
    assert isinstance(next_step(state, 31.0, OPTIONS), PollAgain)


def test_a_name_that_hangs_and_one_that_is_not_found_are_one_problem() -> None:
    """A name server that responds slowly does not restart the thirty seconds."""
    state = state_after(
        PollResult(0.0, error=UNRESOLVED), PollResult(20.0, error=HANGING), PollResult(30.0, error=UNRESOLVED)
    )
    assert failure(next_step(state, 30.0, OPTIONS)) is UNRESOLVED


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
def test_a_timeout_without_any_response_has_the_first_problem(
    errors: list[CosJobError], problem: str, hint: str
) -> None:
    """The last problem may be a consequence of it; and the message does not claim that the job goes on."""
    state = state_after(*(PollResult(float(at), error=error) for at, error in enumerate(errors)))
    error = failure(next_step(state, 60.0, WaitOptions(60.0)))
    assert str(error) == f"the job was not complete within 1 min; there was never a valid response; {problem}. {hint}"
    seen = failure(next_step(state.add(PollResult(30.0, job("Active"))), 60.0, WaitOptions(60.0)))
    assert "the first request failed" not in str(seen)
    assert "The job continues." in str(seen)


@pytest.mark.parametrize(
    "error",
    [
        AccessDeniedError("the token has expired", http_status=403),
        ServiceError("a page", http_status=400),
        *REFUSALS,
        ConnectionFailedError("the proxy responded with HTTP status 407", http_status=407),
    ],
    ids=name_of,
)
def test_a_refusal_after_a_response_has_five_minutes_to_pass(error: CosJobError) -> None:
    """One wrong response of a proxy, or credentials that are being renewed, end no wait; a lasting refusal does."""
    options = WaitOptions(timeout=DAY)
    state, now, polls = state_after(PollResult(0.0, job("Active", 1)), PollResult(1000.0, job("Active", 2))), 1010.0, 0
    while now < 1310.0:
        state = state.add(PollResult(now, error=error))
        step = next_step(state, now, options)
        assert isinstance(step, PollAgain)
        now, polls = now + step.after, polls + 1
    assert polls < 20
    assert failure(next_step(state.add(PollResult(now, error=error)), now, options)) is error
    for other in (PollResult(1309.0, job("Active", 3)), PollResult(1309.0, error=TimeLimitError("slow"))):
        again = state.add(other).add(PollResult(1310.0, error=error))
        assert isinstance(next_step(again, 1310.0, options), PollAgain), "the first refusal in a row counts"
    assert failure(
        next_step(state.add(PollResult(1011.0, error=InvalidArgumentError("job_id", "is odd"))), 1011.0, options)
    )


def test_a_job_that_is_not_found_has_thirty_seconds_to_appear() -> None:
    """It may just have been created. The same holds when a job disappears later."""
    missing = NoSuchJobError("no such job", http_status=404)
    state = state_after(PollResult(0.0, error=missing))
    for now in (0.0, 10.0, 29.0):
        state = state.add(PollResult(now, error=missing))
        assert isinstance(next_step(state, now, OPTIONS), PollAgain)
    assert failure(next_step(state.add(PollResult(30.0, error=missing)), 30.0, OPTIONS)) is missing
    appeared = state.add(PollResult(29.5, job("New"))).add(PollResult(31.0, error=missing))
    assert isinstance(next_step(appeared, 31.0, OPTIONS), PollAgain)
