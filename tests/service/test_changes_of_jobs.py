"""The requests that change a job: what they send, what is repeated, and which state of the job decides."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from clients import APPID, KEY, client, client_of, clock, service

from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConnectionFailedError,
    CosJobError,
    InvalidArgumentError,
    InvalidResponseError,
    NoSuchJobError,
    ServiceError,
    UnavailableError,
    WrongJobError,
)
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.job_updates import JobUpdate
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

__all__ = ["client", "clock", "service"]

STATUS, PRIORITY = "UpdateJobStatus", "UpdateJobPriority"
# All ways in which the response to a performed request gets lost or is spoilt.
LOST = ("reset", "reset-in-body", "truncated", "empty", "wrong-length", "other-job")

confirm: Callable[..., JobUpdate] = CosBatchClient.confirm_job
cancel: Callable[..., JobUpdate] = CosBatchClient.cancel_job
set_to_77 = functools.partial(CosBatchClient.set_job_priority, priority=77)


def suspended(service: CosBatchEmulator, **overrides: Any) -> str:
    """Create a job that waits for a confirmation."""
    job_id = service.create_job("waits-for-confirmation", seconds=600, **overrides)
    service.clock.advance(60)
    return job_id


def active(service: CosBatchEmulator, **overrides: Any) -> str:
    """Create a job that runs."""
    job_id = service.create_job("never-ends", **overrides)
    service.clock.advance(60)
    return job_id


def complete(service: CosBatchEmulator, **overrides: Any) -> str:
    """Create a job that is complete."""
    job_id = service.create_job("completes", seconds=1, **overrides)
    service.clock.advance(60)
    return job_id


def sent(service: CosBatchEmulator) -> list[str]:
    """Return the method and the end of the path of all requests."""
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in service.requests]


def failure(change: Callable[..., JobUpdate], client: CosBatchClient, job_id: str) -> CosJobError:
    """Make a change, and return the error."""
    with pytest.raises(CosJobError) as caught:
        change(client, job_id, appid=APPID)
    assert (caught.value.job_id, caught.value.appid, caught.value.endpoint) == (job_id, APPID, client.endpoint)
    return caught.value


def test_a_suspended_job_is_confirmed(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """One request, whose response has the new status."""
    job_id = suspended(service)
    assert client.confirm_job(job_id, APPID) == JobUpdate(job_id, "Ready")
    assert sent(service) == ["POST status?requestedJobStatus=Ready"]
    assert client.describe_job(job_id, APPID).status == "Ready"


@pytest.mark.parametrize("reason", ["superseded", "a & b=c+d / é%20?", "é" * 128, ""])
def test_a_job_is_cancelled_for_a_reason(client: CosBatchClient, service: CosBatchEmulator, reason: str) -> None:
    """The reason arrives as it was given, in any characters, up to 256 bytes; the signature covers it."""
    job_id = active(service)
    assert client.cancel_job(job_id, APPID, reason=reason) == JobUpdate(job_id, "Cancelling", reason or None)
    assert client.describe_job(job_id, APPID).status_update_reason == (reason or None)
    assert len(service.requests) == 2


def test_a_job_is_cancelled_without_a_reason(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """No reason is sent where none is given."""
    assert client.cancel_job(active(service), APPID).status == "Cancelling"
    assert sent(service) == ["POST status?requestedJobStatus=Cancelled"]


@pytest.mark.parametrize("priority", [0, 77, 2_147_483_647])
def test_the_priority_is_changed(client: CosBatchClient, service: CosBatchEmulator, priority: int) -> None:
    """One request, whose response has the new priority."""
    job_id = active(service)
    assert client.set_job_priority(job_id, priority, APPID) == JobUpdate(job_id, priority=priority)
    assert sent(service) == [f"POST priority?priority={priority}"]
    assert client.describe_job(job_id, APPID).priority == priority


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda client: client.confirm_job("../x", APPID), "job_id cannot be"),
        (lambda client: client.confirm_job("x", "appid"), "appid cannot be"),
        (lambda client: client.cancel_job("x", APPID, reason="é" * 129), "reason has 258 bytes"),
        (lambda client: client.cancel_job("x", APPID, reason=1), "reason must be text, not a number"),
        (lambda client: client.cancel_job("x", APPID, reason="\ud800"), "reason cannot be"),
        (lambda client: client.set_job_priority("x", -1, APPID), "priority cannot be -1"),
        (lambda client: client.set_job_priority("x", 2_147_483_648, APPID), "priority cannot be 2147483648"),
        (lambda client: client.set_job_priority("x", "7", APPID), "priority cannot be '7'"),
    ],
)
def test_malformed_arguments_are_not_sent(
    client: CosBatchClient, service: CosBatchEmulator, call: Callable[[CosBatchClient], object], message: str
) -> None:
    """The message names the argument, and no request is made."""
    with pytest.raises(InvalidArgumentError, match=message):
        call(client)
    assert service.requests == []


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(
    ("change", "create", "action", "expected"),
    [
        (confirm, suspended, STATUS, ("Ready", None)),
        (cancel, active, STATUS, ("Cancelling", None)),
        (set_to_77, active, PRIORITY, (None, 77)),
    ],
    ids=["confirm", "cancel", "set-priority"],
)
def test_a_lost_response_is_no_failure(
    client: CosBatchClient,
    service: CosBatchEmulator,
    kind: str,
    change: Callable[..., JobUpdate],
    create: Callable[..., str],
    action: str,
    expected: tuple[str | None, int | None],
) -> None:
    """If the request was performed and its response got lost, the next refusal is not reported: the job decides."""
    job_id = create(service)
    service.inject(Fault(kind, action=action))
    update = change(client, job_id, appid=APPID)
    assert (update.status, update.priority) == expected
    assert update.job_id == job_id
    assert service.requests[0].fault == kind


@pytest.mark.parametrize(
    ("change", "create", "action"),
    [(confirm, suspended, STATUS), (cancel, active, STATUS), (set_to_77, active, PRIORITY)],
    ids=["confirm", "cancel", "set-priority"],
)
def test_responses_that_are_never_received_are_settled_by_the_job(
    client: CosBatchClient,
    service: CosBatchEmulator,
    change: Callable[..., JobUpdate],
    create: Callable[..., str],
    action: str,
) -> None:
    """If no response to the change ever arrives, one read of the job shows that the change was made."""
    job_id = create(service)
    service.inject(Fault("reset", action=action, times=None))
    assert change(client, job_id, appid=APPID).job_id == job_id
    assert sum(request.method == "GET" for request in service.requests) == 1


@pytest.mark.parametrize(
    ("change", "create", "status"),
    [(confirm, suspended, "Suspended"), (cancel, active, "Active"), (set_to_77, active, "Active")],
    ids=["confirm", "cancel", "set-priority"],
)
def test_requests_that_never_arrive_are_failures(
    client: CosBatchClient,
    service: CosBatchEmulator,
    change: Callable[..., JobUpdate],
    create: Callable[..., str],
    status: str,
) -> None:
    """If nothing was performed, the error is that of the request, and the hint has the status of the job."""
    job_id = create(service)
    faults = [Fault("error", action=action, code="ServiceUnavailable", times=None) for action in (STATUS, PRIORITY)]
    service.inject(*faults)
    error = failure(change, client, job_id)
    assert isinstance(error, UnavailableError)
    assert error.attempts > 5
    assert error.hint.endswith(f"Afterwards the status of the job was {status}: repeat the request if it stays so.")


@pytest.mark.parametrize("change", [confirm, cancel, set_to_77], ids=["confirm", "cancel", "set-priority"])
def test_without_any_response_the_outcome_is_unknown(
    client: CosBatchClient, service: CosBatchEmulator, change: Callable[..., JobUpdate]
) -> None:
    """Neither success nor failure is reported as certain where the job cannot be read either."""
    job_id = suspended(service)
    service.inject(Fault("reset", times=None))
    error = failure(change, client, job_id)
    assert isinstance(error, ConnectionFailedError)
    assert error.hint.endswith("received the request all the same: read the job before you repeat it.")


@pytest.mark.parametrize(
    ("change", "create", "message"),
    [
        (confirm, complete, "the job cannot be confirmed: it has ended already, its status is Complete"),
        (cancel, complete, "the job cannot be cancelled: it has ended already, its status is Complete"),
        (set_to_77, complete, "the job cannot be given another priority: it has ended already, its status is Complete"),
        (confirm, active, "the job cannot be confirmed: its status is Active (the service refused the request: "),
    ],
    ids=["confirm", "cancel", "set-priority", "confirm-active"],
)
def test_refusals_state_the_status(
    client: CosBatchClient,
    service: CosBatchEmulator,
    change: Callable[..., JobUpdate],
    create: Callable[..., str],
    message: str,
) -> None:
    """A refused change is a `ServiceError` with the job's status, never "no such job" about a job that exists."""
    job_id = create(service)
    error = failure(change, client, job_id)
    assert error.what.startswith(message)
    assert type(error) is ServiceError
    assert (error.code in ("InvalidRequest", "NoSuchJob"), error.http_status in (400, 404)) == (True, True)
    assert error.request_id
    assert error.hint


def test_a_confirmation_that_was_made_before_is_refused(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """If the first attempt is refused, no request of this call confirmed the job."""
    job_id = suspended(service)
    client.confirm_job(job_id, APPID)
    assert failure(confirm, client, job_id).what.startswith("the job cannot be confirmed: its status is Ready (")


def test_the_priority_of_a_complete_job_is_not_set(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The service refuses it, also if the job has that priority."""
    job_id = complete(service, priority=77)
    assert "it has ended already" in failure(set_to_77, client, job_id).what


def test_a_job_that_completed_meanwhile_was_not_cancelled(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """A refusal after an attempt without a response is no success where the job has another end."""
    job_id = complete(service)
    service.inject(Fault("error", action=STATUS, code="InternalError"))
    error = failure(cancel, client, job_id)
    assert error.what == "the job cannot be cancelled: it has ended already, its status is Complete"
    assert error.attempts == 2
    assert clock.monotonic() > 0


@pytest.mark.parametrize("create", [active, complete])
def test_a_job_that_needed_no_confirmation_was_not_confirmed(
    client: CosBatchClient, service: CosBatchEmulator, create: Callable[..., str]
) -> None:
    """A refusal after an attempt without a response is no success for a job that never waited."""
    job_id = create(service)
    service.inject(Fault("error", action=STATUS, code="InternalError"))
    assert failure(confirm, client, job_id).what.startswith("the job cannot be confirmed")


def test_a_cancelled_job_can_be_cancelled_again(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The service refuses it, but the job is as requested."""
    job_id = active(service)
    client.cancel_job(job_id, APPID, reason="first")
    assert client.cancel_job(job_id, APPID, reason="second") == JobUpdate(job_id, "Cancelling", "first")
    service.clock.advance(3600)
    assert client.cancel_job(job_id, APPID).status == "Cancelled"


@pytest.mark.parametrize("change", [confirm, cancel, set_to_77], ids=["confirm", "cancel", "set-priority"])
def test_a_job_that_does_not_exist(client: CosBatchClient, change: Callable[..., JobUpdate]) -> None:
    """The error is that of a read."""
    assert isinstance(failure(change, client, "nope"), NoSuchJobError)


@pytest.mark.parametrize(
    ("change", "action"),
    [(confirm, "cos:UpdateJobStatus"), (cancel, "cos:UpdateJobStatus"), (set_to_77, "cos:UpdateJobPriority")],
    ids=["confirm", "cancel", "set-priority"],
)
def test_a_denied_change_names_the_action(
    client: CosBatchClient, service: CosBatchEmulator, change: Callable[..., JobUpdate], action: str
) -> None:
    """The hint names the action that the policy lacks, and the job is not read in vain."""
    job_id = suspended(service)
    service.inject(Fault("error", code="AccessDenied"))
    error = failure(change, client, job_id)
    assert isinstance(error, AccessDeniedError)
    assert f"allows {action} on resource *" in error.hint
    assert len(service.requests) == 1


def test_wrong_credentials_change_nothing(service: CosBatchEmulator, clock: ManualClock) -> None:
    """A wrong key is one refused request."""
    job_id = active(service)
    with client_of(service, clock, secret_key="wrong") as client:
        assert isinstance(failure(cancel, client, job_id), AccessDeniedError)
    assert len(service.requests) == 1


RESULT = "<UpdateJobStatusResult><JobId>{job_id}</JobId><Status>{status}</Status></UpdateJobStatusResult>"


def respond(service: CosBatchEmulator, action: str, document: str) -> None:
    """Respond to the next change with a document, in place of performing it."""
    service.inject(Fault("html", status=200, action=action, body=document.encode()))


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ("<DescribeJobResult/>", InvalidResponseError, "no UpdateJobStatusResult, but 'DescribeJobResult'"),
        (RESULT.format(job_id="other", status="Ready"), WrongJobError, "about another job, 'other'"),
        (RESULT.format(job_id="j", status=""), InvalidResponseError, "no valid Status"),
        (RESULT.format(job_id="j", status="x\ny"), InvalidResponseError, "no valid Status"),
        (RESULT.format(job_id="j", status=KEY), InvalidResponseError, "no valid Status"),
        (RESULT.format(job_id="j", status="Suspended"), InvalidResponseError, "but reports the status Suspended"),
        (RESULT.format(job_id="j</JobId><JobId>j", status="Ready"), InvalidResponseError, "JobId more than once"),
        ("<html>", InvalidResponseError, "cannot be read as XML"),
    ],
)
def test_responses_that_cannot_be_trusted(
    client: CosBatchClient, service: CosBatchEmulator, document: str, kind: type[CosJobError], message: str
) -> None:
    """They report no success while the job is as it was, and no secret is shown."""
    suspended(service, job_id="j")
    respond(service, STATUS, document)
    error = failure(confirm, client, "j")
    assert isinstance(error, kind)
    assert message in error.what
    assert "Afterwards the status of the job was Suspended" in error.hint
    assert KEY not in str(error)


@pytest.mark.parametrize("priority", ["", "seven", "-7", "78", "9" * 5000])
def test_priorities_that_cannot_be_trusted(client: CosBatchClient, service: CosBatchEmulator, priority: str) -> None:
    """A response without the requested priority is no success."""
    active(service, job_id="j")
    result = f"<UpdateJobPriorityResult><JobId>j</JobId><Priority>{priority}</Priority></UpdateJobPriorityResult>"
    respond(service, PRIORITY, result)
    assert isinstance(failure(set_to_77, client, "j"), InvalidResponseError)


def test_an_unknown_status_after_a_confirmation_is_accepted(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The service may have further statuses of a job that runs."""
    suspended(service, job_id="j")
    respond(service, STATUS, RESULT.format(job_id="j", status="Verifying"))
    assert client.confirm_job("j", APPID).status == "Verifying"


def test_a_clock_that_is_wrong_is_corrected(service: CosBatchEmulator) -> None:
    """A change is signed anew by the service's time, as a read is."""
    job_id = active(service)
    with client_of(service, ManualClock(start=1_000_000_000)) as client:
        assert client.cancel_job(job_id, APPID).status == "Cancelling"
    assert [request.status for request in service.requests] == [403, 200]
