"""Responses that cannot be trusted: redirects, sizes, encodings, other documents, malformed HTTP."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from clients import APPID, ID, TOKEN, client, clock, failure, service

from documents import JOB_ID, job
from pulumi_cosjob._errors import AccessDeniedError, InvalidResponseError, NotXmlError, SchemaError, WrongJobError
from pulumi_cosjob._xml.schema import MOST_BYTES
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from servers import answer

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(client: CosBatchClient, service: CosBatchEmulator, status: int) -> None:
    """Neither the token nor the signature goes to where an answer points."""
    service.inject(Fault("redirect", status=status, location=f"{service.endpoint}/jobs/elsewhere", times=None))
    error = failure(client)
    assert type(error) is InvalidResponseError
    assert "redirects" in str(error)
    assert [request.path for request in service.requests] == [f"/jobs/{JOB_ID}"]


def test_an_answer_of_a_mebibyte_is_read(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The largest answer that is allowed is read to its end."""
    service.replay(JOB_ID, job(f"<NewThing>{'x' * (MOST_BYTES - len(job('<NewThing></NewThing>')))}</NewThing>"))
    assert client.describe_job(JOB_ID, APPID).unknown_elements == ("/DescribeJobResult/Job/NewThing",)


@pytest.mark.parametrize("size", [1, 10 * 1024 * 1024])
def test_larger_answers_are_refused(client: CosBatchClient, service: CosBatchEmulator, size: int) -> None:
    """One byte too many is too many, and what follows is not even fetched; the next question is answered."""
    service.replay(JOB_ID, job("").ljust(MOST_BYTES + size))
    assert "larger than 1048576 bytes" in str(failure(client, kind=InvalidResponseError))
    other = service.create_job()
    assert client.describe_job(other, APPID).job_id == other


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x\x1b[0m"])
def test_an_encoding_that_nobody_asked_for_is_refused(
    client: CosBatchClient, service: CosBatchEmulator, encoding: str
) -> None:
    """A small answer cannot unfold into a large one."""
    service.inject(Fault("raw", body=answer(b"\x1f\x8b", f"Content-Encoding: {encoding}")))
    error = failure(client, kind=InvalidResponseError)
    assert "the answer is encoded" in str(error)
    assert ("(gzip)" in str(error)) is (encoding.lower() == "gzip"), "no other word of it is quoted"
    assert str(error).isprintable()


@pytest.mark.parametrize("header", ["Content-Encoding: identity", "Content-Encoding:", "Content-Encoding: Identity "])
def test_an_answer_that_says_that_it_is_plain_is_read(
    client: CosBatchClient, service: CosBatchEmulator, header: str
) -> None:
    """Saying that nothing was done to it does no harm."""
    service.inject(Fault("raw", body=answer(job(""), header)))
    assert client.describe_job(JOB_ID, APPID).status == "New"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("html", status=200, body=b"<!DOCTYPE html><html><body>Log in</body></html>"),
        Fault("html", status=200, body=b"<html><br></html>"),
        Fault("empty"),
        Fault("wrong-length", length=-10),
        Fault("raw", body=answer(b"", status="204 No Content")),
    ],
)
def test_what_is_no_answer_of_the_service_is_refused(
    client: CosBatchClient, service: CosBatchEmulator, fault: Fault
) -> None:
    """A page, nothing at all or half a document under status 200 is no job; the next question is answered."""
    job_id = service.create_job()
    service.inject(fault)
    error = failure(client, job_id, NotXmlError)
    assert "endpoint" in error.hint
    assert len(service.requests) == 1
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_another_jobs_answer_is_refused(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """An answer about another job is an error that names both, and none of it is used."""
    job_id = service.create_job()
    service.inject(Fault("other-job", other_job_id="another-job"))
    error = failure(client, job_id, WrongJobError)
    assert "another-job" in str(error)
    assert job_id in str(error)


def test_the_answer_to_another_question_is_not_left_on_the_connection(
    client: CosBatchClient, service: CosBatchEmulator
) -> None:
    """Bytes beyond the announced length do not become the beginning of the next answer."""
    first, second = service.create_job(), service.create_job()
    service.inject(Fault("wrong-length", length=-5))
    failure(client, first)
    assert client.describe_job(second, APPID).job_id == second


def test_a_broken_answer_names_job_endpoint_and_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A schema error of an answer has the whole context, for a report to the service's support."""
    service.replay(JOB_ID, job("", Status="未知"))
    error = failure(client, kind=SchemaError)
    assert (error.job_id, error.endpoint, error.http_status) == (JOB_ID, service.endpoint, 200)
    assert error.request_id
    assert "'未知'" in str(error)
    assert error.request_id in str(error)


STRANGE = [
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
    # Python reads no decimal number of more than 4,300 digits.
    b"HTTP/1.1 403 No\r\nx-cos-request-id: &#" + b"9" * 5000 + b"\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 403 No\r\n\r\n<Error><Message>&amp;#" + b"9" * 5000 + b"</Message></Error>",
    b"HTTP/1.1 403 No\r\n\r\n&#" + b"9" * 5000,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"9" * 5000 + b"\r\n" + job(""),
    b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n",
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
def test_strange_bytes_are_an_error_of_ours(client: CosBatchClient, service: CosBatchEmulator, body: bytes) -> None:
    """Whatever comes over the wire, what the caller gets is one of this package's errors, on one printable line."""
    service.inject(Fault("raw", body=body, times=None))
    message = str(failure(client))
    assert message.isprintable()
    assert len(message) < 800


def test_header_lines_that_cannot_be_read_are_logged_nowhere(
    client: CosBatchClient, service: CosBatchEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 would quote them, on standard error where nobody set up a log: they may echo a key."""
    service.inject(Fault("raw", body=f"HTTP/1.1 403 No\r\nechoed {ID} {TOKEN}\r\nX: y\r\n\r\n".encode(), times=None))
    with caplog.at_level(logging.DEBUG):
        failure(client, kind=AccessDeniedError)
        assert "403" in caplog.text, "all others are heard"
    assert ID not in caplog.text
    assert TOKEN not in caplog.text
