"""Responses that cannot be trusted: redirects, sizes, encodings, other documents, malformed HTTP."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from clients import APPID, ID, TOKEN, client, clock, failure, service

from documents import JOB_ID, job
from pulumi_cosjob._errors import AccessDeniedError, InvalidResponseError, NotXmlError, SchemaError, WrongJobError
from pulumi_cosjob._xml.xml_reader import MOST_BYTES
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from servers import reply

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(client: CosBatchClient, service: CosBatchEmulator, status: int) -> None:
    """Neither the token nor the signature is sent to the location of a redirect."""
    service.inject(Fault("redirect", status=status, location=f"{service.endpoint}/jobs/elsewhere", times=None))
    error = failure(client)
    assert type(error) is InvalidResponseError
    assert "redirects" in str(error)
    assert [request.path for request in service.requests] == [f"/jobs/{JOB_ID}"]


def test_a_response_of_a_mebibyte_is_read(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The largest response that is allowed is read to its end."""
    service.replay(JOB_ID, job(f"<NewThing>{'x' * (MOST_BYTES - len(job('<NewThing></NewThing>')))}</NewThing>"))
    assert client.describe_job(JOB_ID, APPID).unknown_elements == ("/DescribeJobResult/Job/NewThing",)


@pytest.mark.parametrize("size", [1, 10 * 1024 * 1024])
def test_larger_responses_are_refused(client: CosBatchClient, service: CosBatchEmulator, size: int) -> None:
    """One byte more is refused, and the rest is not read; the next request succeeds."""
    service.replay(JOB_ID, job("").ljust(MOST_BYTES + size))
    assert "larger than 1048576 bytes" in str(failure(client, kind=InvalidResponseError))
    other = service.create_job()
    assert client.describe_job(other, APPID).job_id == other


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x\x1b[0m"])
def test_an_encoding_that_was_not_requested_is_refused(
    client: CosBatchClient, service: CosBatchEmulator, encoding: str
) -> None:
    """A small response cannot expand into a large one."""
    service.inject(Fault("raw", body=reply(b"\x1f\x8b", f"Content-Encoding: {encoding}")))
    error = failure(client, kind=InvalidResponseError)
    assert "the response is encoded" in str(error)
    assert ("(gzip)" in str(error)) is (encoding.lower() == "gzip"), "no other value is quoted"
    assert str(error).isprintable()


@pytest.mark.parametrize("header", ["Content-Encoding: identity", "Content-Encoding:", "Content-Encoding: Identity "])
def test_a_response_with_identity_encoding_is_read(
    client: CosBatchClient, service: CosBatchEmulator, header: str
) -> None:
    """The header that names no encoding is allowed."""
    service.inject(Fault("raw", body=reply(job(""), header)))
    assert client.describe_job(JOB_ID, APPID).status == "New"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("html", status=200, body=b"<!DOCTYPE html><html><body>Log in</body></html>"),
        Fault("html", status=200, body=b"<html><br></html>"),
        Fault("empty"),
        Fault("wrong-length", length=-10),
        Fault("raw", body=reply(b"", status="204 No Content")),
    ],
)
def test_other_documents_are_refused(client: CosBatchClient, service: CosBatchEmulator, fault: Fault) -> None:
    """A page, an empty body or half a document with status 200 is no job; the next request succeeds."""
    job_id = service.create_job()
    service.inject(fault)
    error = failure(client, job_id, NotXmlError)
    assert "endpoint" in error.hint
    assert len(service.requests) == 1
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_a_response_about_another_job_is_refused(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The error names both jobs, and nothing of the response is used."""
    job_id = service.create_job()
    service.inject(Fault("other-job", other_job_id="another-job"))
    error = failure(client, job_id, WrongJobError)
    assert "another-job" in str(error)
    assert job_id in str(error)


def test_no_rest_of_a_response_is_left_on_the_connection(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Bytes beyond the announced length do not become the beginning of the next response."""
    first, second = service.create_job(), service.create_job()
    service.inject(Fault("wrong-length", length=-5))
    failure(client, first)
    assert client.describe_job(second, APPID).job_id == second


def test_a_schema_error_names_job_endpoint_and_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A schema error has the whole context, for a report to the service's support."""
    service.replay(JOB_ID, job("", Status="未知"))
    error = failure(client, kind=SchemaError)
    assert (error.job_id, error.endpoint, error.http_status) == (JOB_ID, service.endpoint, 200)
    assert error.request_id
    assert "'未知'" in str(error)
    assert error.request_id in str(error)


MALFORMED = [
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + job("")[:-1],
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + job(""),
    b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n" + job(""),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n" + job(""),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n" + job(""),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + job("")[:-1],
    b"HTTP/1.1 99999 Over\r\n\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/1.1 200 " + b"x" * 100_000,
    b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: nameless\r\nno colon\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nDate: \xff\xfe\r\nx-cos-request-id: \xff\x00\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: \xff\xff://\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"\0" * 1000,
    # Python parses no decimal number of more than 4,300 digits.
    b"HTTP/1.1 403 No\r\nx-cos-request-id: &#" + b"9" * 5000 + b"\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 403 No\r\n\r\n<Error><Message>&amp;#" + b"9" * 5000 + b"</Message></Error>",
    b"HTTP/1.1 403 No\r\n\r\n&#" + b"9" * 5000,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"9" * 5000 + b"\r\n" + job(""),
    b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_http_is_an_error_of_this_package(
    client: CosBatchClient, service: CosBatchEmulator, body: bytes
) -> None:
    """Whatever bytes arrive, the caller gets an error of this package, on one printable line."""
    service.inject(Fault("raw", body=body, times=None))
    message = str(failure(client))
    assert message.isprintable()
    assert len(message) < 800


def test_malformed_header_lines_are_not_logged(
    client: CosBatchClient, service: CosBatchEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 would quote them, on standard error if logging is not set up: they may echo a secret."""
    service.inject(Fault("raw", body=f"HTTP/1.1 403 No\r\nechoed {ID} {TOKEN}\r\nX: y\r\n\r\n".encode(), times=None))
    with caplog.at_level(logging.DEBUG):
        failure(client, kind=AccessDeniedError)
        assert "403" in caplog.text, "other records are logged"
    assert ID not in caplog.text
    assert TOKEN not in caplog.text
