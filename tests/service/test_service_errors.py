"""What each error code and HTTP status of the service means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from clients import client, client_of, clock, failure, service

from documents import JOB_ID, job
from pulumi_cosjob._errors import AccessDeniedError, NoSuchJobError, ServiceError, UnavailableError
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


CODES: list[tuple[str, int, type[ServiceError], str, bool]] = [
    ("NoSuchJob", 404, NoSuchJobError, "about 90 days (documented: since creation)", False),
    ("InvalidArgument", 400, ServiceError, "appid", False),
    ("InvalidRequest", 400, ServiceError, "appid", False),
    ("MalformedXML", 400, ServiceError, "endpoint", False),
    ("AccessDenied", 403, AccessDeniedError, "cos:DescribeJob and cos:ListJobs on resource *", False),
    ("SignatureDoesNotMatch", 403, AccessDeniedError, "secret key", False),
    ("InvalidAccessKeyId", 403, AccessDeniedError, "secret id", False),
    ("RequestTimeTooSkewed", 403, AccessDeniedError, "clock", False),
    ("ExpiredToken", 403, AccessDeniedError, "token", False),
    ("TooManyJobs", 500, UnavailableError, "later", True),
    ("ServiceUnavailable", 503, UnavailableError, "later", True),
    ("InternalError", 500, UnavailableError, "later", True),
    ("SlowDown", 503, UnavailableError, "less often", True),
    ("RequestLimitExceeded", 429, UnavailableError, "less often", True),
    ("Request has expired", 403, AccessDeniedError, "clock", False),
    ("UnavailableForLegalReasons", 451, ServiceError, "payment", False),
    ("ExpiredToken", 400, AccessDeniedError, "token", False),
    ("UnknownCode", 400, ServiceError, "endpoint", False),
    ("UnknownCode", 409, ServiceError, "endpoint", False),
    ("UnknownCode", 451, ServiceError, "payment", False),
    ("NotImplemented", 501, ServiceError, "endpoint", False),
    ("UnknownCode", 404, ServiceError, "endpoint", False),
    ("UnknownCode", 403, AccessDeniedError, "secret", False),
    ("UnknownCode", 500, UnavailableError, "later", True),
]


@pytest.mark.parametrize(("code", "status", "kind", "hint", "retried"), CODES)
def test_errors_of_the_service(
    client: CosBatchClient,
    service: CosBatchEmulator,
    code: str,
    status: int,
    kind: type[ServiceError],
    hint: str,
    retried: bool,
) -> None:
    """Each code has its class, its hint and its attributes; only errors that may pass by themselves are retried."""
    service.inject(Fault("error", code=code, status=status, message="It is so.", times=None))
    error = failure(client)
    assert type(error) is kind
    assert (error.code, error.http_status, error.job_id, error.endpoint) == (code, status, JOB_ID, service.endpoint)
    assert error.request_id
    assert error.attempts == len(service.requests)
    assert (error.attempts > 1) is retried
    assert hint in error.hint
    for part in (code, "It is so.", JOB_ID, service.endpoint, error.request_id, error.hint):
        assert part in str(error)


def test_a_missing_job(client: CosBatchClient) -> None:
    """The service's own code for a job that it does not know is a NoSuchJobError."""
    assert type(failure(client)) is NoSuchJobError


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"secret_id": "wrong"}, "InvalidAccessKeyId"),
        ({"token": "wrong"}, "InvalidAccessKeyId"),
    ],
)
def test_wrong_credentials_are_distinguished(
    service: CosBatchEmulator, clock: ManualClock, settings: dict[str, str], code: str
) -> None:
    """The code of the error names the part that is wrong; there is only one request."""
    with client_of(service, clock, **settings) as client:
        error = failure(client, kind=AccessDeniedError)
    assert error.code == code
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [405, 407, 409, 418, 451, 501])
def test_a_page_that_refuses_is_requested_once(client: CosBatchClient, service: CosBatchEmulator, status: int) -> None:
    """Every 4xx but 408 and 429, and 501, is a refusal; if it is not the service's own, the hint names the endpoint."""
    service.inject(Fault("html", status=status, times=None))
    error = failure(client, kind=ServiceError)
    assert type(error) is ServiceError
    assert (error.http_status, error.attempts) == (status, 1)
    assert "endpoint" in error.hint
    assert ("payment" in error.hint) is (status == 451)


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_that_denies_access_puts_credentials_and_endpoint_in_doubt(
    client: CosBatchClient, service: CosBatchEmulator, status: int
) -> None:
    """It may come from a proxy."""
    service.inject(Fault("html", status=status, times=None))
    error = failure(client, kind=AccessDeniedError)
    assert "secret key" in error.hint
    assert "proxy" in error.hint


@pytest.mark.parametrize(
    "body", [b"<html>404</html>", b"", b"<Error><Code>NotFound</Code></Error>", b"<Error/>", job("").rstrip()]
)
def test_not_found_without_the_services_code_is_no_missing_job(
    client: CosBatchClient, service: CosBatchEmulator, body: bytes
) -> None:
    """The 404 of a proxy or of another service never means that a job is missing."""
    service.inject(Fault("html", status=404, body=body))
    error = failure(client, kind=ServiceError)
    assert type(error) is ServiceError
    assert "endpoint" in error.hint


def test_a_refusal_with_status_200_is_a_refusal(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """An error document is an error, whatever its status."""
    service.inject(Fault("error", status=200, code="AccessDenied"))
    assert failure(client, kind=AccessDeniedError).http_status == 200
