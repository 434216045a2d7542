"""`CosBatchClient.list_jobs` over HTTP: pages of the emulator, and pages that cannot be trusted."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from clients import APPID, ID, KEY, TOKEN, client, client_of, clock, service

from list_documents import member, page, usual_member
from pulumi_cosjob._errors import (
    AccessDeniedError,
    CosJobError,
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    NotXmlError,
    SchemaError,
    ServiceError,
)
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import reply

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


def listed(client: CosBatchClient, **arguments: Any) -> list[str]:
    """Return the ids of a list."""
    return [job.job_id for job in client.list_jobs(APPID, **arguments)]


def respond(service: CosBatchEmulator, *pages: bytes) -> None:
    """Respond to the next requests with these pages."""
    for each in pages:
        service.inject(Fault("raw", body=reply(each)))


def refusal(client: CosBatchClient, kind: type[CosJobError] = CosJobError, **arguments: Any) -> Any:
    """List jobs, and return the error."""
    with pytest.raises(kind) as caught:
        listed(client, **arguments)
    return caught.value


def test_all_pages_are_read(client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock) -> None:
    """2,500 jobs come in three full pages and an empty one, and are returned newest first."""
    ids = []
    for number in range(2500):
        if number % 100 == 0:
            clock.advance(1)
        ids.append(service.create_job(job_id=f"job-{number:04}"))
    expected = [each for at in range(2400, -1, -100) for each in ids[at : at + 100]]
    assert listed(client) == expected
    assert [len(request.path.split("nextToken=")) for request in service.requests] == [1, 2, 2, 2]
    assert all(request.path.startswith("/jobs?maxResults=1000") for request in service.requests)
    assert listed(client, limit=150) == expected[:150]


@pytest.mark.parametrize(
    ("pages", "requests"),
    [
        ([page([member(JobId="a")], "a"), page([member(JobId="b")])], 2),
        ([page([member(JobId="a")], "a"), page([member(JobId="b")], "")], 2),
        ([page([member(JobId="a")], "a"), page([member(JobId="b")], "b"), page("", "c")], 3),
        ([page([member(JobId="a")], "a"), page([member(JobId="b")], "b"), b"<ListJobsResult/>"], 3),
        ([page([member(JobId="a")], "b"), page([member(JobId="b")], "b")], 2),
        ([page([member(JobId=each) for each in "ab"], "b")] * 2, 2),
    ],
    ids=["no token", "an empty token", "no member", "nothing", "the token that was sent", "the same page again"],
)
def test_a_list_ends_in_each_of_the_ways(
    client: CosBatchClient, service: CosBatchEmulator, pages: list[bytes], requests: int
) -> None:
    """No further page is requested, and each job is listed once."""
    respond(service, *pages)
    assert listed(client) == ["a", "b"]
    assert len(service.requests) == requests


def test_a_service_that_repeats_its_last_token_does_not_loop(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """However often the service would repeat the page, two requests show that it is the last."""
    service.inject(Fault("raw", body=reply(page([member(JobId="a")], "a")), times=None))
    assert listed(client) == ["a"]
    assert len(service.requests) == 2


def test_endless_tokens_are_an_error(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """After 100 pages the list is refused; the error names account and endpoint."""
    respond(service, *(page([member(JobId=str(number))], str(number)) for number in range(101)))
    error = refusal(client, InvalidResponseError)
    assert "the list of jobs does not end within 100 pages" in str(error)
    assert (error.appid, error.endpoint, error.job_id) == (APPID, service.endpoint, None)
    assert len(service.requests) == 100


def test_a_token_is_sent_and_signed_as_it_came(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The service verifies the signature over the query, whatever characters a token has."""
    token = service.create_job(job_id="ü&=+%2f?#'")
    respond(service, page([member(JobId="a")], token))
    assert listed(client) == ["a"]
    assert (len(service.requests), service.requests[-1].status) == (2, 200)


def test_filters(client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock) -> None:
    """One status is requested of the service; every other filter is applied to what it returns."""
    old = service.create_job("completes", description="nightly copy")
    clock.advance(7200)
    failed = service.create_job("fails", description="nightly sync")
    clock.advance(60)
    new = service.create_job("waits-for-confirmation", description="weekly")
    clock.advance(60)
    assert listed(client) == [new, failed, old]
    assert listed(client, statuses="Failed") == [failed]
    assert "jobStatuses=Failed" in service.requests[-1].path
    assert listed(client, statuses=["Failed", "Complete"]) == [failed, old]
    assert "jobStatuses" not in service.requests[-1].path
    assert listed(client, created_after="1h") == [new, failed]
    assert listed(client, created_before="1h", description="nightly*") == [old]
    assert listed(client, description="* sync", operation="COSPutObjectCopy") == [failed]
    assert listed(client, operation="COSDeleteObject") == []
    assert list(client.list_jobs("1250000001")) == []


def test_a_filter_is_verified(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A service that ignores the status returns jobs that are not listed."""
    respond(service, page([member(JobId="a", Status="Active"), member(JobId="b", Status="Failed")]))
    assert listed(client, statuses="Failed") == ["b"]


def test_durations_count_back_from_the_services_time(service: CosBatchEmulator, clock: ManualClock) -> None:
    """A machine whose clock is a day slow lists the same jobs, once a response has shown that."""
    slow = ManualClock(clock.now() - 86400)
    with client_of(service, slow) as client:
        job_id = service.create_job()
        clock.advance(3600)
        assert listed(client) == [job_id]
        assert listed(client, created_after="1h1m") == [job_id]
        assert listed(client, created_after="59m") == []


def test_arguments_are_checked_before_any_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The call itself raises, not the first job that is taken; an unused list makes no request."""
    for arguments in ({"limit": 0}, {"statuses": "active"}, {"created_after": "soon"}):
        with pytest.raises(InvalidArgumentError):
            client.list_jobs(APPID, **arguments)
    with pytest.raises(InvalidArgumentError, match="appid cannot be 'x'"):
        client.list_jobs("x")
    client.list_jobs(APPID)
    assert list(service.requests) == []


def test_the_attempts_of_each_page_are_those_of_any_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A page that fails is requested again, and the list goes on from there."""
    ids = {service.create_job() for _ in range(3)}
    service.inject(Fault("error", code="SlowDown", times=2))
    assert set(listed(client)) == ids
    service.inject(Fault("error", code="AccessDenied", message="no"))
    error = refusal(client, AccessDeniedError)
    assert (error.code, error.job_id, error.appid) == ("AccessDenied", None, APPID)
    assert "cos:ListJobs" in error.hint
    service.inject(Fault("error", code="InvalidArgument", message="no"))
    assert refusal(client, ServiceError).hint == "Check statuses and appid."
    service.inject(Fault("empty"))
    refusal(client, NotXmlError)


def test_lenient_and_strict(client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock) -> None:
    """By default each job is listed without what violates the schema, with one warning for all; strict refuses."""
    broken = page([usual_member(number, "<Priority>urgent</Priority>") for number in range(50)])
    respond(service, broken, broken, broken)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert len(listed(client)) == len(listed(client)) == 50
    [warning] = caught
    assert warning.category is CosJobWarning
    assert "/ListJobsResult/Jobs/member[1]/Priority: must be a whole number" in str(warning.message)
    with client_of(service, clock, validation="strict") as strict:
        error = refusal(strict, SchemaError)
    assert "the response violates the schema of ListJobsResult in 50 places" in str(error)
    assert (error.http_status, error.endpoint) == (200, service.endpoint)


def test_a_decisive_fault_on_any_page_refuses_the_list(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """No part of a list is returned as if it were all."""
    respond(service, page([member(JobId="a")], "a"), page([member(JobId="b"), member(JobId="c", Status="")]))
    assert "member[2]/Status" in str(refusal(client, SchemaError))


SECRETS = (ID, KEY, TOKEN)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", ["JobId", "Status", "NextToken", "split JobId"])
def test_a_page_that_echoes_a_secret_in_what_is_shown_is_refused(
    client: CosBatchClient, service: CosBatchEmulator, place: str, secret: str
) -> None:
    """Ids, statuses and tokens become parts of messages and of further requests."""
    ids = {"JobId": f"x{secret}", "split JobId": secret[:9] + "\u3000" + secret[9:]}
    usual = [usual_member(number) for number in range(20)]
    status = secret if place == "Status" else "New"
    odd = member(JobId=ids.get(place, "a"), Status=status)
    respond(service, page([*usual, odd], secret if place == "NextToken" else None))
    error = refusal(client, InvalidResponseError)
    assert f"the {place.rsplit(maxsplit=1)[-1]} of the response echoes a secret" in str(error)
    assert secret not in str(error)


def test_neighbours_make_no_secret(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Two ids whose ends make a secret together are listed."""
    respond(service, page([member(JobId=KEY[:5]), member(JobId=KEY[5:10])]))
    assert sorted(listed(client)) == sorted([KEY[:5], KEY[5:10]])


@pytest.mark.parametrize("secret", SECRETS)
def test_messages_about_a_page_are_redacted(client: CosBatchClient, service: CosBatchEmulator, secret: str) -> None:
    """Neither a warning nor an error shows a secret that an element echoes; data is returned as it is."""
    respond(service, page([member(f"<Priority>{secret}</Priority><Description>{secret}</Description>")]))
    with pytest.warns(CosJobWarning, match=r"\[secret\]") as caught:
        [job] = client.list_jobs(APPID)
    assert secret not in str(caught[0].message)
    assert job.description == secret
    respond(
        service,
        page([member(f"<ProgressSummary><NumberOfTasksFailed>{secret}</NumberOfTasksFailed></ProgressSummary>")]),
    )
    message = str(refusal(client, SchemaError))
    assert secret not in message
    assert "[secret]" in message


def test_abort_ends_a_list(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """No page is requested after `abort`."""
    service.create_job()
    pending = client.list_jobs(APPID)
    client.abort()
    with pytest.raises(CosJobError):
        next(pending)
    assert list(service.requests) == []
