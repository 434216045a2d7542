"""What a response means, by value: documents, Retry-After and clock offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from clients import client, clock, failure, service
from requests.structures import CaseInsensitiveDict

from documents import JOB_ID, UNPARSABLE, job, within
from pulumi_cosjob._errors import (
    CosJobError,
    CosJobWarning,
    InvalidResponseError,
    NoSuchJobError,
    SchemaError,
    ServiceError,
)
from pulumi_cosjob._service import responses
from pulumi_cosjob._service.responses import clock_offset, parse_response, retry_after
from pulumi_cosjob._service.transport import Response
from pulumi_cosjob.testing import CosBatchEmulator, Fault

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


def parsed(status: int, body: bytes, **headers: str) -> Any:
    """Parse a response that was never sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse_response(Response(status, CaseInsensitiveDict(named), body), job_id=JOB_ID, endpoint="https://host")


def test_the_request_id_of_the_document_is_read() -> None:
    """The document's own is used if there is no header; neither can break a line or fill a screen."""
    body = b"<Error><Code>NoSuchJob</Code><RequestId>\n in body\r\n2 </RequestId></Error>"
    with pytest.raises(NoSuchJobError) as caught:
        parsed(404, body)
    assert caught.value.request_id == r"in body\n2"
    with pytest.raises(NoSuchJobError) as caught:
        parsed(404, body, x_cos_request_id="in-header\x1b[0m" + "x" * 500)
    assert str(caught.value.request_id).startswith(r"in-header\x1b[0m")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("what", UNPARSABLE)
def test_a_response_that_cannot_be_processed_is_an_error_of_this_package(
    client: CosBatchClient, service: CosBatchEmulator, what: str
) -> None:
    """No other exception leaves the client, and the error names the job and the endpoint."""
    service.inject(Fault("raw", body=UNPARSABLE[what], times=None))
    error = failure(client)
    assert isinstance(error, (InvalidResponseError, ServiceError))
    assert (error.job_id, error.endpoint, error.__context__) == (JOB_ID, service.endpoint, None)
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "kind", [ValueError, RecursionError, MemoryError, KeyError, AssertionError, DeprecationWarning]
)
def test_any_exception_while_a_response_is_parsed_is_an_invalid_response(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """One place catches unexpected defects; their messages may quote the response, and are not shown."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise kind("recognisable")

    monkeypatch.setattr(responses, "describe", fail)
    error = failure(client, service.create_job(), InvalidResponseError)
    assert type(error) is InvalidResponseError
    assert f"the response cannot be processed ({kind.__name__}) (job " in str(error)
    assert error.http_status == 200
    assert "recognisable" not in f"{error!s}{vars(error)}{error.__context__!r}"


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 307, 400, 401, 404, 500])
def test_a_job_needs_status_200(status: int) -> None:
    """A valid document with another status is not used."""
    with pytest.raises(CosJobError) as caught:
        parsed(status, job(""))
    assert not isinstance(caught.value, NoSuchJobError)
    assert caught.value.http_status == status


def test_lenient_validation_returns_what_can_be_read() -> None:
    """The validation reaches the schema: lenient warns and returns the rest of the job, strict fails."""
    broken = Response(200, CaseInsensitiveDict(), within("Priority", "-1"))
    with pytest.warns(CosJobWarning, match="Priority"):
        described = parse_response(broken, job_id=JOB_ID, endpoint="https://host", validation="lenient")
    assert (described.status, described.priority) == ("New", None)
    with pytest.raises(SchemaError) as caught:
        parse_response(broken, job_id=JOB_ID, endpoint="https://host", validation="strict")
    assert (caught.value.job_id, caught.value.http_status) == (JOB_ID, 200)


DATE = "Mon, 01 Jan 2024 00:00:00 GMT"
THEN = 1_704_067_200.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "0000000000120"}, 120.0),
        ({"Retry-After": "9" * 5000}, 999_999_999.0),
        ({"retry-after": " 5 "}, 5.0),
        ({"Retry-After": "9" * 30}, 999_999_999.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "\u0665"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 01 Jan 2024 00:01:00 GMT", "Date": DATE}, 60.0),
        ({"Retry-After": "Sun, 31 Dec 2023 23:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Mon, 01 Jan 2024 00:01:00 GMT"}, None),
        ({"Retry-After": "Mon, 99 Jan 2024 00:01:00 GMT", "Date": DATE}, None),
        ({"Retry-After": "Mon, 01 Jan 99999 00:01:00 GMT", "Date": DATE}, None),
    ],
)
def test_retry_after_by_value(headers: dict[str, str], seconds: float | None) -> None:
    """Whole seconds and dates are read; everything else is ignored."""
    assert retry_after(Response(503, CaseInsensitiveDict(headers), b"")) == seconds


@pytest.mark.parametrize(
    ("status", "date", "now", "offset"),
    [
        (403, DATE, THEN, None),
        (403, DATE, THEN + 60, None),
        (403, DATE, THEN - 60, None),
        (403, DATE, THEN + 61, -61.0),
        (403, DATE, THEN - 3600, 3600.0),
        (403, "Mon, 01 Jan 2024 08:00:00 +0800", THEN - 3600, 3600.0),
        (403, "", THEN - 3600, None),
        (403, "yesterday", THEN - 3600, None),
        (403, "Mon, 99 Jan 2024 00:00:00 GMT", 0.0, None),
        (200, DATE, THEN - 3600, None),
        (404, DATE, THEN - 3600, None),
        (503, DATE, THEN - 3600, None),
    ],
)
def test_clock_offsets_by_value(status: int, date: str, now: float, offset: float | None) -> None:
    """Only a refusal whose Date differs from the clock by more than a minute is explained by the clock."""
    assert clock_offset(Response(status, CaseInsensitiveDict({"date": date}), b""), now) == offset
