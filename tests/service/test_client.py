"""The request layer over real HTTP, against the emulator and servers that misbehave."""

from __future__ import annotations

import contextlib
import email.utils
import errno
import gc
import http.cookiejar
import itertools
import json
import logging
import os
import pickle
import re
import socket
import ssl
import subprocess
import sys
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
import requests
import trustme
import urllib3
from requests.structures import CaseInsensitiveDict

import pulumi_cosjob
from documents import JOB_ID, UNJUDGED, job, within
from patience import HANGS, until
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    JobsNotReadError,
    NoSuchJobError,
    NotXmlError,
    RequestError,
    SchemaError,
    ServiceError,
    TimeLimitError,
    TlsError,
    UnavailableError,
    WrongJobError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._service import client as client_module
from pulumi_cosjob._service import transport
from pulumi_cosjob._service.client import CosBatchClient, describe_job, is_worth_a_retry, pause
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.responses import clock_offset, judge, retry_after
from pulumi_cosjob._service.settings import Settings
from pulumi_cosjob._service.transport import Answer
from pulumi_cosjob._xml import schema
from pulumi_cosjob._xml.schema import MOST_BYTES, parse_describe_job_result
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock
from servers import answer, over_tls, read_request, serving

APPID = "1250000000"
ID = "emulator-id"
KEY = "s3cr3t-key-that-nobody-may-see"
TOKEN = "s3cr3t-token-that-nobody-may-see"


@pytest.fixture
def clock() -> ManualClock:
    """Return the time of client and service, which stands still."""
    return ManualClock()


@pytest.fixture
def service(clock: ManualClock) -> Iterator[CosBatchEmulator]:
    """Serve COS Batch by the clock that stands still."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN, clock=clock) as serving_it:
        yield serving_it


def client_of(service: CosBatchEmulator, clock: ManualClock | None = None, **settings: Any) -> CosBatchClient:
    """Return a client that may ask a service."""
    keys: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "token": TOKEN}
    return CosBatchClient(**{"endpoint": service.endpoint, **keys, **settings}, clock=clock)


@pytest.fixture
def client(service: CosBatchEmulator, clock: ManualClock) -> Iterator[CosBatchClient]:
    """Return a client with the service's clock and a minute for each question."""
    with client_of(service, clock) as asking:
        yield asking


def failure(client: CosBatchClient, job_id: str = JOB_ID, kind: type[CosJobError] = CosJobError) -> Any:
    """Ask, and return the error."""
    with pytest.raises(kind) as caught:
        client.describe_job(job_id, APPID)
    return caught.value


# ------------------------------------------------------------------------------------------------------------ success


def test_a_job_is_described(client: CosBatchClient, service: CosBatchEmulator, full_response: bytes) -> None:
    """The answer comes back decoded, after one request to the right path with the right headers."""
    service.replay(JOB_ID, full_response)
    assert client.describe_job(JOB_ID, APPID) == parse_describe_job_result(full_response)
    (request,) = service.requests
    assert (request.method, request.path, request.status) == ("GET", f"/jobs/{JOB_ID}", 200)
    assert request.headers["x-cos-appid"] == APPID
    assert request.headers["user-agent"] == f"pulumi-cosjob/{pulumi_cosjob.__version__}"
    assert request.headers["accept-encoding"] == "identity"
    assert {"authorization", "x-cos-security-token"} <= request.headers.keys()
    assert "cookie" not in request.headers


def test_every_question_is_asked_afresh(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A job is followed through its life; nothing is kept from the last answer."""
    job_id = service.create_job("completes", seconds=10)
    seen = []
    for _ in range(20):
        seen.append(client.describe_job(job_id, APPID).status)
        service.clock.advance(1)
    assert list(dict.fromkeys(seen)) == ["New", "Preparing", "Ready", "Active", "Completing", "Complete"]


@pytest.mark.parametrize("job_id", ["a", "a" * 64, "...", "a.b_c~d-e"])
def test_every_allowed_job_id_arrives_as_it_is(client: CosBatchClient, service: CosBatchEmulator, job_id: str) -> None:
    """No character of an id is escaped, dropped or left out of the signature."""
    service.replay(job_id, job("", JobId=job_id))
    assert client.describe_job(job_id, APPID).job_id == job_id
    assert service.requests[-1].path == f"/jobs/{job_id}"


def test_describe_job_takes_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way in needs no client, and uses the machine's clock."""
    with CosBatchEmulator() as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        job_id = service.create_job()
        assert describe_job(job_id, APPID).job_id == job_id


@pytest.mark.parametrize(
    ("job_id", "appid"), [("..", APPID), ("a/b", APPID), (JOB_ID, "x\r\nHost: evil"), (JOB_ID, "")]
)
def test_malformed_arguments_are_never_sent(
    client: CosBatchClient, service: CosBatchEmulator, job_id: str, appid: str
) -> None:
    """They are refused before anything goes over the wire."""
    with pytest.raises(InvalidArgumentError):
        client.describe_job(job_id, appid)
    assert service.requests == []


def test_a_client_tells_its_endpoint(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Where a client asks can be read."""
    assert client.endpoint == service.endpoint


def test_missing_settings_are_told_when_the_client_is_made() -> None:
    """Nobody has to ask to learn that a client cannot ask."""
    with pytest.raises(ConfigurationError, match="uin and region are not set"):
        CosBatchClient(secret_id="a", secret_key="b")


# ---------------------------------------------------------------------------------------- what the service's codes mean

CODES: list[tuple[str, int, type[ServiceError], str, bool]] = [
    ("NoSuchJob", 404, NoSuchJobError, "about 90 days (the vendor says since creation)", False),
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
    ("NobodyKnowsThisCode", 400, ServiceError, "endpoint", False),
    ("NobodyKnowsThisCode", 409, ServiceError, "endpoint", False),
    ("NobodyKnowsThisCode", 451, ServiceError, "payment", False),
    ("NotImplemented", 501, ServiceError, "endpoint", False),
    ("NobodyKnowsThisCode", 404, ServiceError, "endpoint", False),
    ("NobodyKnowsThisCode", 403, AccessDeniedError, "secret", False),
    ("NobodyKnowsThisCode", 500, UnavailableError, "later", True),
]


@pytest.mark.parametrize(("code", "status", "kind", "hint", "again"), CODES)
def test_errors_of_the_service(
    client: CosBatchClient,
    service: CosBatchEmulator,
    code: str,
    status: int,
    kind: type[ServiceError],
    hint: str,
    again: bool,
) -> None:
    """Each code has its class, its hint and its attributes; only what may pass by itself is asked again."""
    service.inject(Fault("error", code=code, status=status, message="It is so.", times=None))
    error = failure(client)
    assert type(error) is kind
    assert (error.code, error.http_status, error.job_id, error.endpoint) == (code, status, JOB_ID, service.endpoint)
    assert error.request_id
    assert error.attempts == len(service.requests)
    assert (error.attempts > 1) is again
    assert hint in error.hint
    for part in (code, "It is so.", JOB_ID, service.endpoint, error.request_id, error.hint):
        assert part in str(error)


def test_a_job_that_is_not_there(client: CosBatchClient) -> None:
    """The service's own word for a job it does not know is a NoSuchJobError."""
    assert type(failure(client)) is NoSuchJobError


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"secret_id": "wrong"}, "InvalidAccessKeyId"),
        ({"token": "wrong"}, "InvalidAccessKeyId"),
    ],
)
def test_wrong_keys_are_told_apart(
    service: CosBatchEmulator, clock: ManualClock, settings: dict[str, str], code: str
) -> None:
    """What is wrong with the keys is said, and asked for once only."""
    with client_of(service, clock, **settings) as client:
        error = failure(client, kind=AccessDeniedError)
    assert error.code == code
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [405, 407, 409, 418, 451, 501])
def test_a_page_that_refuses_is_asked_for_once(client: CosBatchClient, service: CosBatchEmulator, status: int) -> None:
    """Every 4xx but 408 and 429, and 501, is a refusal; where it is not the service's own, the endpoint is in doubt."""
    service.inject(Fault("html", status=status, times=None))
    error = failure(client, kind=ServiceError)
    assert type(error) is ServiceError
    assert (error.http_status, error.attempts) == (status, 1)
    assert "endpoint" in error.hint
    assert ("payment" in error.hint) is (status == 451)


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_that_denies_access_puts_keys_and_endpoint_in_doubt(
    client: CosBatchClient, service: CosBatchEmulator, status: int
) -> None:
    """It may be a proxy's."""
    service.inject(Fault("html", status=status, times=None))
    error = failure(client, kind=AccessDeniedError)
    assert "secret key" in error.hint
    assert "proxy" in error.hint


@pytest.mark.parametrize(
    "body", [b"<html>404</html>", b"", b"<Error><Code>NotFound</Code></Error>", b"<Error/>", job("").rstrip()]
)
def test_not_found_without_the_services_word_is_no_missing_job(
    client: CosBatchClient, service: CosBatchEmulator, body: bytes
) -> None:
    """A proxy's or another service's 404 never says that a job is gone."""
    service.inject(Fault("html", status=404, body=body))
    error = failure(client, kind=ServiceError)
    assert type(error) is ServiceError
    assert "endpoint" in error.hint


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "403 Forbidden"])
def test_keys_that_are_echoed_are_not_shown(service: CosBatchEmulator, status: str) -> None:
    """A service that names the key that it does not know, or a proxy that sends back the request, is not quoted."""
    keys: dict[str, Any] = {
        "secret_id": "AKID-recognisable",
        "secret_key": "key-recognisable",
        "token": 'tok/+"<&recognisable=',
    }
    with client_of(service, **keys) as client:
        for key in keys.values():
            document = ET.Element("Error")
            for name, text in {
                "Code": "InvalidAccessKeyId",
                "Message": f"{key} is not known",
                "RequestId": key,
            }.items():
                ET.SubElement(document, name).text = text
            body = ET.tostring(document)
            for headers in ([], [f"X-Cos-Request-Id: {key}"]):
                service.inject(Fault("raw", body=answer(body, *headers, status=status)))
                error = failure(client, kind=AccessDeniedError)
                assert "'[secret] is not known'" in str(error)
                assert error.request_id == "[secret]"
                assert "recognisable" not in f"{error!s}{error!r}{vars(error)}{pickle.dumps(error)!r}"


ECHOED = {"secret_id": "AKID-recognisable", "secret_key": "Key/+recognisable=", "token": "tok/+Recognisable=="}
# The Message of an error document that echoes a key, as XML.
ECHOES: dict[str, Callable[[str], str]] = {
    "in small letters": str.lower,
    "in capitals": str.upper,
    "with references": lambda key: "".join(f"&#x{ord(each):X};" for each in key),
    "split by a comment": lambda key: f"{key[:9]}<!-- -->{key[9:]}",
    "split by CDATA": lambda key: f"{key[:9]}<![CDATA[{key[9:]}]]>",
    "split by an element": lambda key: f"{key[:9]}<b/>{key[9:]}",
    "split by a line": lambda key: f"{key[:9]}\n  {key[9:]}",
    "as URLs write it": lambda key: quote(key, safe="").replace("-", "%2D"),
    "as JSON writes it": lambda key: json.dumps(key).replace("/", "\\/"),
    "as a page in JSON writes it": lambda key: escape(f"&#{ord(key[0])};{key[1:]}"),
    "in a long message": lambda key: f"{'x ' * 30}{key}{' y' * 60}",
}
SIDE_DOORS: dict[str, Callable[[str], bytes]] = {
    "code": lambda key: answer(f"<Error><Code>{key}</Code></Error>".encode(), status="403 Forbidden"),
    "request id": lambda key: answer(f"<Error><RequestId>{key.lower()}</RequestId></Error>".encode(), status="404 No"),
    "header": lambda key: answer(b"<Error/>", f"x-cos-request-id: {quote(key, safe='')}", status="403 Forbidden"),
    "content encoding": lambda key: answer(b"x", f"Content-Encoding: {key}"),
    "status line": lambda key: answer(b"", status=f"403 {key}"),
    "other job": lambda key: answer(job("", JobId=f"x{key}")),
    "root": lambda key: answer(f"<{key} xmlns='{key}'/>".encode()),
    "value": lambda key: answer(job(f"<Priority>{key}</Priority>")),
    "value of two lines": lambda key: answer(job(f"<Priority>{key[:9]}\n{key[9:]}</Priority>")),
    "long value": lambda key: answer(job(f"<Priority>{'x' * 24}{key}{'y' * 300}</Priority>")),
    "status": lambda key: answer(job("", Status=key)),
    "attribute": lambda key: answer(job(f"<Priority {key}='1'>1</Priority>")),
    "page": lambda key: answer(f"<html><br>{key}".encode(), status="502 Bad Gateway"),
    "entity": lambda key: answer(f"<a>&{key};</a>".encode()),
    "encoding": lambda key: answer(f"<?xml version='1.0' encoding='{key}'?><a/>".encode()),
    "JSON": lambda key: answer(json.dumps({"key": key}).replace("/", "\\/").encode(), status="403 Forbidden"),
    "page in UTF-16": lambda key: answer(f"<html><br>{key}".encode("utf-16-le"), status="403 Forbidden"),
    "page with a comment": lambda key: answer(f"<html><br>{key[:9]}<!-- -->{key[9:]}".encode(), status="400 Bad"),
}


def assert_not_shown(service: CosBatchEmulator, make: Callable[[str], bytes]) -> None:
    """Ask with recognisable keys, let each come back, whole and cut off, and look for it in all that an error keeps."""
    keys: dict[str, Any] = {**ECHOED, "request_timeout": 0.3, "validation": "strict"}
    with client_of(service, **keys) as client:
        for echoed in (each for key in ECHOED.values() for each in (key, key[:-1])):
            service.inject(Fault("raw", body=make(echoed), times=None))
            error = failure(client)
            told = f"{error!s}{error!r}{vars(error)}{pickle.dumps(error)!r}{error.__context__!r}"
            assert "recognis" not in re.sub(r"[^a-z]", "", unquote(told).lower()), told
            service.reset()


@pytest.mark.parametrize("form", ECHOES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_keys_that_are_echoed_in_another_form_are_not_shown(
    service: CosBatchEmulator, form: str, encoding: str
) -> None:
    """They are looked for in what an answer says, not in the bytes that it is written in."""

    def make(key: str) -> bytes:
        document = f"<Error><Code>AccessDenied</Code><Message>{ECHOES[form](key)}</Message></Error>"
        declared = f"<?xml version='1.0' encoding='{encoding}'?>{document}"
        return answer(declared.encode(encoding), status="403 Forbidden")

    assert_not_shown(service, make)


@pytest.mark.parametrize("key", ECHOED.values())
def test_a_status_that_echoes_a_key_is_none(service: CosBatchEmulator, key: str) -> None:
    """Any word may be a status, and a wait shows it: but no key."""
    keys: dict[str, Any] = {**ECHOED, "request_timeout": 0.3}
    with client_of(service, **keys) as client:
        service.inject(Fault("raw", body=answer(job("", Status=f"Waiting for {key}")), times=None))
        error = failure(client, kind=InvalidResponseError)
        assert "the Status of the answer echoes a key" in str(error)
        assert "recognisable" not in str(error)


@pytest.mark.parametrize("door", SIDE_DOORS)
def test_keys_that_are_echoed_anywhere_are_not_shown(service: CosBatchEmulator, door: str) -> None:
    """Whatever of an answer is quoted, and however it is wrong."""
    assert_not_shown(service, SIDE_DOORS[door])


def test_a_warning_shows_no_key() -> None:
    """It quotes an answer as an error does; the description has what the answer says."""
    secrets = ("AKID-recognisable", "key-recognisable")
    document = job("<Description>AKID-recognisable</Description><Priority>key-recognisable</Priority>")
    body = Answer(200, CaseInsensitiveDict(), document)
    with pytest.warns(CosJobWarning) as told:
        described = judge(body, job_id=JOB_ID, endpoint="https://host", validation="lenient", secrets=secrets)
    assert described.description == "AKID-recognisable"
    assert "recognisable" not in "".join(str(each.message) for each in told)


def test_a_valid_answer_is_returned_as_it_is() -> None:
    """Nothing of it is quoted: a job may be called after a key, and its description may name one."""
    with CosBatchEmulator() as service:
        job_id = service.create_job(job_id="emulator-id-1", description="signed by EMULATOR-ID and emulator-key")
        with CosBatchClient(secret_id="emulator-id", secret_key="emulator-key", endpoint=service.endpoint) as client:
            described = client.describe_job(job_id, APPID)
            assert described.job_id == "emulator-id-1"
            assert described.description == "signed by EMULATOR-ID and emulator-key"
        keys: dict[str, Any] = {"secret_id": "emulator-id", "secret_key": "emulator-key"}
        with CosBatchClient(**keys, endpoint=service.endpoint, validation="strict") as client:
            service.replay(job_id, job("<Priority>emulator-id-1</Priority>", JobId="emulator-id-1"))
            assert "but is 'emulator-id-1'" in str(failure(client, job_id, SchemaError)), "it is what was asked for"


def test_a_refusal_with_status_200_is_a_refusal(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """An error document counts, whatever its status says."""
    service.inject(Fault("error", status=200, code="AccessDenied"))
    assert failure(client, kind=AccessDeniedError).http_status == 200


def judged(status: int, body: bytes, **headers: str) -> Any:
    """Judge an answer that never was on a wire."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge(Answer(status, CaseInsensitiveDict(named), body), job_id=JOB_ID, endpoint="https://host")


def test_judge_reads_the_request_id_of_the_document() -> None:
    """Where the header has none, the document's own is taken; neither can break a line or fill a screen."""
    body = b"<Error><Code>NoSuchJob</Code><RequestId>\n in body\r\n2 </RequestId></Error>"
    with pytest.raises(NoSuchJobError) as caught:
        judged(404, body)
    assert caught.value.request_id == r"in body\n2"
    with pytest.raises(NoSuchJobError) as caught:
        judged(404, body, x_cos_request_id="in-header\x1b[0m" + "x" * 500)
    assert str(caught.value.request_id).startswith(r"in-header\x1b[0m")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("what", UNJUDGED)
def test_an_answer_that_cannot_be_judged_is_an_error_of_ours(
    client: CosBatchClient, service: CosBatchEmulator, what: str
) -> None:
    """Nothing bare comes out of a read; and whatever could be found out about the answer is told."""
    service.inject(Fault("raw", body=UNJUDGED[what], times=None))
    error = failure(client)
    assert isinstance(error, (InvalidResponseError, ServiceError))
    assert (error.job_id, error.endpoint, error.__context__) == (JOB_ID, service.endpoint, None)
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "kind", [ValueError, RecursionError, MemoryError, KeyError, AssertionError, DeprecationWarning]
)
def test_whatever_fails_while_an_answer_is_judged_is_an_invalid_answer(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """In one place, for defects that nobody has thought of; what they say may quote the answer, and is not told."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise kind("recognisable")

    monkeypatch.setattr(schema, "describe", fail)
    error = failure(client, service.create_job(), InvalidResponseError)
    assert type(error) is InvalidResponseError
    assert f"the answer cannot be judged ({kind.__name__}) (job " in str(error)
    assert error.http_status == 200
    assert "recognisable" not in f"{error!s}{vars(error)}{error.__context__!r}"


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 307, 400, 401, 404, 500])
def test_judge_takes_a_job_with_status_200_alone(status: int) -> None:
    """A perfect answer under another status is not used."""
    with pytest.raises(CosJobError) as caught:
        judged(status, job(""))
    assert not isinstance(caught.value, NoSuchJobError)
    assert caught.value.http_status == status


def test_judge_lets_a_lenient_caller_have_what_can_be_read() -> None:
    """The mode reaches the schema, with a warning and the rest of the job."""
    broken = Answer(200, CaseInsensitiveDict(), within("Priority", "-1"))
    with pytest.warns(CosJobWarning, match="Priority"):
        described = judge(broken, job_id=JOB_ID, endpoint="https://host", validation="lenient")
    assert (described.status, described.priority) == ("New", None)
    with pytest.raises(SchemaError) as caught:
        judge(broken, job_id=JOB_ID, endpoint="https://host", validation="strict")
    assert (caught.value.job_id, caught.value.http_status) == (JOB_ID, 200)


# --------------------------------------------------------------------------------------------------------- asking again


PASSING = [
    Fault("error", code="ServiceUnavailable", status=503),
    Fault("error", code="SlowDown", status=503),
    Fault("html", status=502),
    Fault("html", status=504, body=b""),
    Fault("empty", status=500),
    Fault("reset"),
    Fault("reset-in-body"),
    Fault("truncated"),
    Fault("wrong-length", length=10),
    Fault("raw", body=b""),
    Fault("raw", body=b"this is no HTTP\r\n\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    Fault("raw", body=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body[:9]!r}")
def test_what_passes_by_itself_is_asked_again(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock, fault: Fault
) -> None:
    """After a pause the same question is answered, and the caller notices nothing."""
    job_id = service.create_job()
    service.inject(fault)
    assert client.describe_job(job_id, APPID).job_id == job_id
    assert len(service.requests) == 2
    assert 0.25 <= clock.monotonic() <= 0.5


def test_pauses_grow_and_end_with_the_time_limit(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """Each pause is about twice the last, up to ten seconds, and the last try is within the limit of a minute."""
    service.inject(Fault("error", times=None))
    error = failure(client, kind=UnavailableError)
    times = [request.time for request in service.requests]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert error.attempts == len(times) >= 9
    for attempts, waited in enumerate(pauses, 1):
        longest = min(10.0, 0.5 * 2 ** (attempts - 1))
        assert longest / 2 <= waited <= longest
    assert 45 <= clock.monotonic() < 60


@pytest.mark.parametrize("wanted", [7, "7", " 7 "])
def test_retry_after_in_seconds_is_honoured(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock, wanted: int | str
) -> None:
    """The next try comes no earlier than the service asked for, and little later."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=wanted))
    client.describe_job(job_id, APPID)
    assert 7 <= clock.monotonic() <= 7.2


def test_retry_after_as_a_date_is_honoured(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """A date is counted from the service's own clock."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=email.utils.formatdate(clock.now() + 30, usegmt=True)))
    client.describe_job(job_id, APPID)
    assert 30 <= clock.monotonic() <= 30.2


def test_a_pause_beyond_the_time_limit_is_not_begun(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """Whoever is told to come back in an hour hears so at once, and how long."""
    service.inject(Fault("error", code="SlowDown", retry_after=3600, times=None))
    error = failure(client, kind=UnavailableError)
    assert (error.retry_after, error.attempts, clock.monotonic()) == (3600.0, 1, 0.0)


def test_each_try_is_signed_afresh(service: CosBatchEmulator, clock: ManualClock) -> None:
    """A signature is good for ten minutes; a try after a longer pause is accepted all the same."""
    job_id = service.create_job()
    service.inject(Fault("error", retry_after=1800))
    with client_of(service, clock, request_timeout=3600) as client:
        assert client.describe_job(job_id, APPID).job_id == job_id


def test_each_try_asks_for_the_keys_of_now(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Temporary keys that were renewed between two tries are used by the second."""
    job_id = service.create_job()
    offered = [Credentials(ID, "of yesterday", TOKEN), Credentials(ID, KEY, TOKEN)]
    service.inject("error")
    with CosBatchClient.from_settings(Settings(service.endpoint, lambda _seconds: offered.pop(0)), clock) as client:
        assert client.describe_job(job_id, APPID).job_id == job_id
    assert offered == []


def test_keys_that_cannot_be_found_name_the_job(service: CosBatchEmulator, clock: ManualClock) -> None:
    """An error before the first request says what it was for."""

    def nothing(_seconds: float) -> Credentials:
        raise ConfigurationError("no credentials were found")

    with CosBatchClient.from_settings(Settings(service.endpoint, nothing), clock) as client:
        error = failure(client, kind=ConfigurationError)
    assert (error.job_id, error.endpoint, service.requests) == (JOB_ID, service.endpoint, [])


@pytest.mark.parametrize(
    ("kind", "again"),
    [
        (ConnectionFailedError, True),
        (TimeLimitError, True),
        (UnavailableError, True),
        (TlsError, False),
        (RequestError, False),
        (AccessDeniedError, False),
        (NoSuchJobError, False),
        (NotXmlError, False),
        (WrongJobError, False),
        (ConfigurationError, False),
    ],
)
def test_what_is_worth_a_retry(kind: type[CosJobError], again: bool) -> None:
    """Only what the next moment may change is asked again."""
    assert is_worth_a_retry(kind("x")) is again


@pytest.mark.parametrize(
    ("attempts", "asked_for", "jitter", "seconds"),
    [
        (1, None, 0.0, 0.25),
        (1, None, 1.0, 0.5),
        (2, None, 1.0, 1.0),
        (5, None, 0.0, 4.0),
        (6, None, 1.0, 10.0),
        (6, None, 0.0, 5.0),
        (10_000, None, 1.0, 10.0),
        (10**9, None, 0.0, 5.0),
        (1, 0.0, 0.0, 0.05),
        (1, 30.0, 1.0, 30.1),
        (10_000, 1e9, 1.0, 1e9 + 2),
    ],
)
def test_pauses_by_value(attempts: int, asked_for: float | None, jitter: float, seconds: float) -> None:
    """A pause doubles up to ten seconds, however many tries there were, and is never shorter than asked for."""
    assert pause(attempts, asked_for, jitter) == pytest.approx(seconds)


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
    """Whole seconds and dates are understood; everything else is as if nothing had been said."""
    assert retry_after(Answer(503, CaseInsensitiveDict(headers), b"")) == seconds


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
    """A refusal is explained by the clocks where they differ by more than a minute, and by nothing else."""
    assert clock_offset(Answer(status, CaseInsensitiveDict({"date": date}), b""), now) == offset


@pytest.mark.parametrize(
    ("off", "attempts"), [(3600, 2), (-3600, 2), (90 * 24 * 3600, 2), (-61, 2), (-60, 1), (61, 1), (590, 1), (610, 2)]
)
def test_a_clock_that_is_off_is_corrected_once(off: float, attempts: int) -> None:
    """One request finds out the service's time; from the next on, every one is accepted at once."""
    ours = ManualClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + off)) as service:
        job_id = service.create_job()
        with client_of(service, ours, token=None) as client:
            assert client.describe_job(job_id, APPID).job_id == job_id
            asked = len(service.requests)
            assert client.describe_job(job_id, APPID).job_id == job_id
    # A signature is good from a minute before it is made and for ten minutes: a clock that is behind by less than that
    # does no harm.
    assert (asked, len(service.requests)) == (attempts, attempts + 1)


def test_a_wrong_clock_does_not_hide_wrong_keys() -> None:
    """With the time corrected, the refusal is told as it is, after two requests and not more."""
    ours = ManualClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + 3600)) as service:
        with client_of(service, ours, secret_key="wrong", token=None) as client:
            assert failure(client, kind=AccessDeniedError).code == "SignatureDoesNotMatch"
        assert len(service.requests) == 2


def test_a_service_that_changes_its_clock_is_not_followed_for_ever(
    client: CosBatchClient, service: CosBatchEmulator
) -> None:
    """Two refusals for two different times end the question."""
    service.inject(Fault("skew", seconds=3600), Fault("skew", seconds=-3600))
    assert failure(client, kind=AccessDeniedError).code == "RequestTimeTooSkewed"
    assert len(service.requests) == 2


class MeetingClock(ManualClock):
    """A clock at which the first two threads meet when each looks for the second time: after its first answer."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = threading.Barrier(2, timeout=HANGS)
        self._looks: Counter[int] = Counter()

    def now(self) -> float:
        """Return the time, once both are there."""
        thread = threading.get_ident()
        self._looks[thread] += 1
        if self._looks[thread] == 2 and len(self._looks) <= 2:
            self._meeting.wait()
        return super().now()


def test_threads_that_find_out_together_correct_the_clock_once() -> None:
    """Two first requests at the same time are both answered: the offset that both found is not added up."""
    ours = MeetingClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + 3600)) as service:
        ours._looks.clear()
        job_id = service.create_job()
        with client_of(service, ours, token=None) as client, ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda _: client.describe_job(job_id, APPID).job_id, range(2)))
            asked = len(service.requests)
            found.append(client.describe_job(job_id, APPID).job_id)
    assert found == [job_id] * 3
    assert (asked, len(service.requests)) == (4, 5)


# ------------------------------------------------------------------------------------------ answers not to be trusted


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


# ------------------------------------------------------------------------------------------------------- limits of time


@pytest.mark.parametrize(
    "fault", [Fault("slow", seconds=0.02, times=None), Fault("delay", seconds=3600, times=None)], ids=lambda it: it.kind
)
def test_slow_answers_are_ended_by_the_time_limit(fault: Fault) -> None:
    """Neither bytes that trickle in nor an answer that never comes hold a question up for longer than its limit."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        job_id = service.create_job()
        service.inject(fault)
        with client_of(service, request_timeout=0.4) as client:
            error = failure(client, job_id, TimeLimitError)
    assert "request_timeout" in error.hint
    assert isinstance(error, TimeoutError)


@pytest.mark.parametrize(("timeout", "seconds"), [(0.4, 0.4), (5, 5), (60, 10), (120, 20), (3600, 600)])
def test_a_try_has_its_share_of_the_time_limit(
    timeout: float, seconds: float, service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a wait's looks as of any question: slow answers are waited for where the setting is raised."""
    job_id, given = service.create_job(), []
    with client_of(service, clock, request_timeout=timeout) as client:
        ask = client._transport.get

        def get(*arguments: Any) -> Any:
            given.append(arguments[-1])
            return ask(*arguments)

        monkeypatch.setattr(client._transport, "get", get)
        client.describe_job(job_id, APPID)
        client.look(job_id, APPID)
    assert given == [seconds, seconds]


def test_an_endless_answer_is_ended() -> None:
    """A body without end is given up at the limit of size or of time, whichever comes first."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        service.inject(Fault("endless", times=None))
        with client_of(service, request_timeout=1) as client:
            assert isinstance(failure(client), (InvalidResponseError, TimeLimitError))


def trickle(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Return what answers with a piece every 20 ms, for ever."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(piece)

    return handle


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["headers", "status line", "body without length", "chunks", "continue"],
)
def test_no_part_of_an_answer_can_trickle_past_the_limit(head: bytes, piece: bytes) -> None:
    """Status line, headers and body of any kind are all under the one limit; a cut-off body never looks whole."""
    with serving(trickle(head, piece)) as port:
        endpoint = f"http://127.0.0.1:{port}"
        with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            assert isinstance(failure(client), (TimeLimitError, ConnectionFailedError))


def test_a_tls_handshake_cannot_trickle_past_the_limit() -> None:
    """The limit holds before the first byte of HTTP, too."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x40\x00")
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(b"\x02")

    with serving(handle) as port:
        endpoint = f"https://127.0.0.1:{port}"
        with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            failure(client, kind=RequestError)


def test_a_proxys_answer_cannot_trickle_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds while a proxy connects, too."""
    with serving(trickle(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, request_timeout=0.3) as client:
            failure(client, kind=TimeLimitError)


def test_a_process_that_was_forked_asks_by_connections_of_its_own() -> None:
    """The limit holds there, too, and neither process reads the other's answer."""
    connections = itertools.count()
    whole = answer(job("")).replace(b"Connection: close\r\n", b"")

    def handle(connection: socket.socket) -> None:
        if next(connections) == 0:
            while read_request(connection):
                connection.sendall(whole)
        else:
            trickle(b"HTTP/1.1 200 OK\r\n\r\n", b" ")(connection)

    program = """
import os, sys
from pulumi_cosjob import CosBatchClient, TimeLimitError
client = CosBatchClient(endpoint=sys.argv[1], secret_id="id", secret_key="key", request_timeout=0.5)
client.describe_job(sys.argv[2], "1")
child = os.fork()
if child == 0:
    try:
        client.describe_job(sys.argv[2], "1")
    except TimeLimitError:
        os._exit(0)
    os._exit(1)
client.describe_job(sys.argv[2], "1")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with serving(handle) as port:
        command = [sys.executable, "-c", program, f"http://127.0.0.1:{port}", JOB_ID]
        assert subprocess.run(command, timeout=HANGS, check=False).returncode == 0
    assert next(connections) == 2


def test_a_machine_without_threads_is_told(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent that nobody watches over, and the error is one of ours; later it may work."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        error = failure(client, kind=RequestError)
    assert "can't start new thread" in str(error)
    assert "ulimit" in error.hint
    assert service.requests == []
    failure(client, kind=NoSuchJobError)


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
def test_a_pause_is_called_off(service: CosBatchEmulator, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the next try, or for a turn to ask, does not hold up the end of the program."""
    service.inject(Fault("error", code=code, status=503, retry_after=50, times=None))
    paused: list[float] = []

    real = SystemClock.sleep

    def sleep(clock: SystemClock, seconds: float) -> None:
        paused.append(seconds)
        real(clock, seconds)

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    with client_of(service) as client, ThreadPoolExecutor(2) as pool:
        answered = [pool.submit(client.describe_job, JOB_ID, APPID) for _ in range(2)]
        until(lambda: service.requests and paused)
        client.abort()
        for each in answered:
            with pytest.raises(RequestError, match="called off"):
                each.result(HANGS)
        failure(client, kind=RequestError)


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Listen where no connection is made, as too many have knocked; yields the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as knocking:
        for _ in range(4):
            each = knocking.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def resolving_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> Iterator[None]:
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        yield


def test_all_addresses_together_have_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with eight addresses, none of which can be reached, is given the time of one question."""
    given: list[float] = []
    connected = transport.DeadlineConnection._connected

    def connect(connection: transport.DeadlineConnection, address: Any, seconds: float) -> socket.socket:
        given.append(seconds)
        return connected(connection, address, seconds)

    monkeypatch.setattr(transport.DeadlineConnection, "_connected", connect)
    with (
        black_hole() as port,
        resolving_to(monkeypatch, *[port] * 8),
        CosBatchClient(endpoint="https://localhost", secret_id=ID, secret_key=KEY, request_timeout=0.4) as client,
    ):
        failure(client, kind=TimeLimitError)
    assert sum(given) <= 0.4


def test_an_address_that_cannot_be_reached_leaves_time_for_the_next(
    service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address has its share: a network that lets half of them down answers in time."""
    job_id = service.create_job()
    with (
        black_hole() as port,
        resolving_to(monkeypatch, port, int(service.endpoint.rpartition(":")[2])),
        client_of(service, clock, request_timeout=4) as client,
    ):
        assert client.describe_job(job_id, APPID).job_id == job_id


def collect_what_is_left_open() -> None:
    """Collect the file that Python 3.10 reads a proxy's answer from, and leaves open where that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


BEGUN = {"proxy": b"HTTP/1.1 200 OK\r\n", "handshake": b"\x16\x03\x03\x40\x00", "answer": b""}


@pytest.mark.parametrize("how", ["connect", *BEGUN])
def test_a_request_is_called_off_wherever_it_is(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it connects, asks a proxy, shakes hands or waits for the answer, it is over at once."""
    asked = threading.Event()
    # Whatever is not cut off hangs.
    monkeypatch.setattr(transport, "_CONNECT_SECONDS", 3600.0)
    connected = transport.DeadlineConnection._connected

    def connect(connection: transport.DeadlineConnection, address: Any, seconds: float) -> socket.socket:
        asked.set()
        return connected(connection, address, seconds)

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(BEGUN[how])
        asked.set()
        while connection.recv(65536):
            pass

    with contextlib.ExitStack() as stack:
        port = stack.enter_context(black_hole() if how == "connect" else serving(handle))
        endpoint = f"http://127.0.0.1:{port}"
        if how == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", endpoint)
            endpoint = "https://cos.example.com"
        elif how == "handshake":
            endpoint = f"https://127.0.0.1:{port}"
        keys: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "request_timeout": 3600}
        client = stack.enter_context(CosBatchClient(endpoint=endpoint, **keys))
        if how == "connect":
            monkeypatch.setattr(transport.DeadlineConnection, "_connected", connect)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        answered = pool.submit(client.describe_job, JOB_ID, APPID)
        assert asked.wait(HANGS)
        client.abort()
        with pytest.raises(RequestError, match="called off"):
            answered.result(HANGS)
    del answered
    collect_what_is_left_open()


# ----------------------------------------------------------------------------------------------------- the connection


def test_a_service_that_is_away_is_told_as_such(service: CosBatchEmulator, clock: ManualClock) -> None:
    """The operating system's reason is in the message, and after the limit the error is a ConnectionError."""
    endpoint = service.endpoint
    service.stop()
    with client_of(service, clock, endpoint=endpoint) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "Connection refused" in str(error)
    assert error.attempts > 5
    assert isinstance(error, ConnectionError)


def test_a_service_that_comes_back_is_found(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Connections that broke are not used again."""
    job_id = service.create_job()
    with client_of(service, clock) as client:
        client.describe_job(job_id, APPID)
        service.stop()
        failure(client, job_id, ConnectionFailedError)
        service.start()
        assert client.describe_job(job_id, APPID).job_id == job_id


def test_a_name_that_is_not_known_is_told_as_such(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """The resolver's words are in the message, with a look at uin and region suggested."""

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with CosBatchClient(uin="1", region="ap-nowhere", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "the endpoint's name was not found: Name or service not known" in str(error)
    assert "region" in error.hint
    assert error.name_not_found
    assert 3 <= clock.monotonic() <= 5
    assert error.attempts > 2


def test_a_name_that_stops_resolving_is_an_outage(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """Where an attempt has found it, a single read tries for its whole time."""
    lookups = itertools.count()

    def sometimes(*_args: object, **_kwargs: object) -> None:
        if next(lookups) == 1:
            raise ConnectionRefusedError(111, "Connection refused")
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", sometimes)
    with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert error.name_not_found
    assert 45 <= clock.monotonic() < 60


@pytest.mark.parametrize("status", [403, 405, 407, 501, 408, 429, 502, 503])
def test_a_proxy_that_does_not_connect_is_told_with_its_status(
    status: int, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """What can never come right is asked for once; the proxy's own words, which may echo a password, are not shown."""
    asked = 0

    def handle(connection: socket.socket) -> None:
        nonlocal asked
        asked += 1
        read_request(connection)
        connection.sendall(f"HTTP/1.1 {status} hush\r\nContent-Length: 0\r\n\r\n".encode())

    with serving(handle) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with (
            CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ResourceWarning)
            error = failure(client, kind=ConnectionFailedError)
    assert f"the proxy answered with HTTP status {status}" in str(error)
    assert error.http_status == status
    assert "hush" not in f"{error!s}{vars(error)}"
    assert "that HTTPS_PROXY names" in str(error)
    assert (asked > 5) is (status in (408, 429, 502, 503))
    assert (error.attempts, error.name_not_found) == (asked, False)
    del error
    collect_what_is_left_open()


def test_a_proxy_whose_name_is_not_known_is_told_as_such(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """It is the proxy that is to be looked at, and not the endpoint."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "the proxy's name was not found: Name or service not known" in str(error)
    assert "that HTTPS_PROXY names" in str(error)
    assert error.name_not_found


def subclasses(cls: type[Exception]) -> Iterator[type[Exception]]:
    """Yield a class and all that derive from it."""
    yield cls
    for each in cls.__subclasses__():
        yield from subclasses(each)


LIBRARY_ERRORS = {*subclasses(requests.exceptions.RequestException), *subclasses(urllib3.exceptions.HTTPError)}


@pytest.mark.parametrize("cls", sorted(LIBRARY_ERRORS, key=str))
def test_every_error_of_the_libraries_becomes_ours(cls: type[Exception]) -> None:
    """Nothing that requests or urllib3 raises reaches the caller, not even as a cause."""
    theirs = cls.__new__(cls)
    with pytest.raises(RequestError) as caught:
        transport._translate(theirs)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_proxies_are_ignored_for_this_machine(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would see what is plain text between this machine and itself."""
    job_id = service.create_job()
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_proxies_are_used_for_other_machines(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """The environment's proxy is asked to connect, and learns no more than the name of the host."""
    asked: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        asked.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(handle) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        keys = {"secret_id": ID, "secret_key": KEY, "token": TOKEN}
        with (
            CosBatchClient(uin="1", region="ap-nowhere", **keys, request_timeout=1, clock=clock) as client,  # type: ignore[arg-type]
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ResourceWarning)
            error = failure(client, kind=ConnectionFailedError)
    assert "proxy" in str(error)
    assert asked[0].startswith(b"CONNECT 1.cos-control.ap-nowhere.myqcloud.com:443 ")
    assert not any(secret in b"".join(asked) for secret in (KEY.encode(), TOKEN.encode(), b"q-sign"))
    del error
    collect_what_is_left_open()


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy",
    [
        *("http://[::1", "http://", "http://hush:hush@proxy:99999", "http://proxy:abc"),
        *("ftp://proxy:1", "socks5://hush:hush@proxy:1", "socks5h://proxy", "SOCKS4://proxy", " http://proxy:1"),
        f"http://{'a' * 70}.example.com",
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_when_the_client_is_made(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named and its value is not shown, as it may hold a password; nothing is tried again."""
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(ConfigurationError) as caught:
        CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY)
    assert variable in str(caught.value)
    assert ("SOCKS" in str(caught.value)) is proxy.lower().startswith("socks")
    assert "hush" not in f"{caught.value!s}{vars(caught.value)}"
    CosBatchClient(endpoint="http://127.0.0.1:9", secret_id=ID, secret_key=KEY)
    monkeypatch.setenv("no_proxy", ".myqcloud.com")
    CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY)


BAD_CERTIFICATES: dict[str, tuple[Callable[[Path], str], str]] = {
    "nothing": (lambda folder: f"{folder}/nothing", "no such file or directory"),
    "below a file": (lambda folder: f"{folder}/empty/nothing", "not a directory"),
    "a name too long": (lambda folder: f"{folder}/{'a' * 5000}", "file name too long"),
    "a loop": (lambda folder: f"{folder}/loop", "too many levels of symbolic links"),
    "an empty file": (lambda folder: f"{folder}/empty", "cannot be read as certificates in PEM form"),
    "another file": (lambda folder: f"{folder}/other", "cannot be read as certificates in PEM form"),
    "a closed folder": (lambda folder: f"{folder}/closed/bundle.pem", "permission denied"),
    "a path that is no text": (lambda folder: f"{folder}/\udcff", "no such file or directory"),
}


@pytest.fixture
def odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of what is not a bundle of certificates; one below is closed, even to root."""
    (tmp_path / "empty").touch()
    (tmp_path / "other").write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    (tmp_path / "loop").symlink_to("loop")
    real = os.stat

    def look(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        if str(path).startswith(f"{tmp_path}/closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", look)
    return tmp_path


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("name", BAD_CERTIFICATES)
def test_certificates_that_cannot_be_used_are_told(
    variable: str, name: str, odd_files: Path, monkeypatch: pytest.MonkeyPatch, service: CosBatchEmulator
) -> None:
    """The variable is named with what is wrong; plain HTTP needs no certificates."""
    path, told = BAD_CERTIFICATES[name]
    monkeypatch.setenv(variable, path(odd_files))
    with pytest.raises(ConfigurationError) as caught:
        CosBatchClient(endpoint="https://localhost", secret_id=ID, secret_key=KEY)
    assert str(caught.value).startswith(f"{variable}: {told}: '{str(odd_files)[:20]}")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    with client_of(service) as client:
        failure(client, kind=NoSuchJobError)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("name", ["nothing", "an empty file"])
def test_certificates_that_go_missing_later_are_told(
    variable: str, name: str, bundle: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """The same sentence at the next request, which is not tried again."""
    monkeypatch.setenv(variable, str(bundle))
    with (
        serving(lambda connection: connection.close()) as port,
        CosBatchClient(endpoint=f"https://localhost:{port}", secret_id=ID, secret_key=KEY, clock=clock) as client,
    ):
        bundle.unlink()
        if name == "an empty file":
            bundle.touch()
        error = failure(client, kind=ConfigurationError)
    assert str(error).startswith(f"{variable}: {BAD_CERTIFICATES[name][1]}: ")
    assert error.__suppress_context__
    assert clock.monotonic() == 0.0


def test_cookies_are_neither_read_nor_sent(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sets one finds that it never comes back; to parse megabytes of them would take seconds."""
    parsed: list[str] = []

    def parse(headers: list[str]) -> list[object]:
        parsed.extend(headers)
        return []

    monkeypatch.setattr(http.cookiejar, "parse_ns_headers", parse)
    service.replay(JOB_ID, job(""))
    service.inject(Fault("raw", body=answer(job(""), "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d; Domain=127.0.0.1")))
    for _ in range(2):
        client.describe_job(JOB_ID, APPID)
    assert [request.headers.get("cookie") for request in service.requests] == [None, None]
    assert parsed == []


@pytest.mark.parametrize("where", ["HOME", "NETRC"])
def test_a_netrc_file_is_ignored(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    """A password for the host does not take the signature's place."""
    file = tmp_path / ".netrc"
    file.write_text("default login someone password something\n")
    file.chmod(0o600)
    monkeypatch.setenv(where, str(file if where == "NETRC" else tmp_path))
    job_id = service.create_job()
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_an_interrupt_ends_many_questions_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves no thread behind that waits for an answer."""
    asked = threading.Event()

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        asked.set()
        connection.recv(1)

    class Interrupted(ThreadPoolExecutor):
        """Is interrupted at the second question, once the first has been asked."""

        def submit(self, *args: Any) -> Any:  # type: ignore[override]
            if not self._threads:
                return super().submit(*args)
            assert asked.wait(HANGS)
            raise KeyboardInterrupt

    monkeypatch.setattr(client_module, "ThreadPoolExecutor", Interrupted)
    with serving(handle) as port:
        keys: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "request_timeout": 3600}
        client = CosBatchClient(endpoint=f"http://127.0.0.1:{port}", **keys)
        with pytest.raises(KeyboardInterrupt):
            client.describe_jobs(["a", "b"], APPID)
        for thread in threading.enumerate():
            if thread.name.startswith("cosjob-read"):
                thread.join(HANGS)
                assert not thread.is_alive()


def test_many_threads_share_a_client(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Every thread gets the answer to its own question."""
    ids = [service.create_job() for _ in range(16)] * 12
    with client_of(service, clock) as client, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda job_id: client.describe_job(job_id, APPID).job_id, ids))
    assert found == ids


# --------------------------------------------------------------------------------------------------------- many jobs


def test_many_jobs_are_described_by_id(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Each job is asked about once, and they come back in the order of the ids."""
    ids = [service.create_job(description=str(number)) for number in range(40)]
    found = client.describe_jobs([*reversed(ids), *ids], APPID)
    assert list(found) == ids[::-1]
    assert [found[job_id].description for job_id in ids] == [str(number) for number in range(40)]
    assert len(service.requests) == 40
    assert client.describe_jobs([], APPID) == {}


def test_no_more_questions_at_once_than_allowed(client: CosBatchClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds, and is reached."""
    together, most, expected = 0, 0, 0
    changed = threading.Condition()

    def look(job_id: str, _appid: str) -> JobDescription:
        nonlocal together, most
        with changed:
            together += 1
            most = max(most, together)
            changed.notify_all()
            assert changed.wait_for(lambda: most >= expected, 10)
            together -= 1
        return JobDescription(job_id, "New")

    monkeypatch.setattr(client, "describe_job", look)
    for bound, expected in ((3, 3), (None, 16), (64, 20)):
        most = 0
        bounds: dict[str, Any] = {} if bound is None else {"max_concurrency": bound}
        client.describe_jobs([f"job-{number}" for number in range(20)], APPID, **bounds)
        assert most == expected


def test_one_job_that_fails_names_itself(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The error is the job's own."""
    ids = [service.create_job() for _ in range(20)]
    with pytest.raises(NoSuchJobError) as caught:
        client.describe_jobs([*ids, "gone"], APPID)
    assert caught.value.job_id == "gone"


def test_all_missing_jobs_are_named(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """All are asked about before the error; it names each of them."""
    job_id = service.create_job()
    gone = [f"gone-{number}" for number in range(30)]
    with pytest.raises(JobsNotReadError, match="30 of 31 jobs could not be read") as caught:
        client.describe_jobs([*gone, job_id], APPID)
    assert [error.job_id for error in caught.value.errors] == gone
    assert all(name in str(caught.value) for name in gone)
    assert str(caught.value).endswith("\n  and 10 more: " + ", ".join(gone[20:]))
    assert len(service.requests) == 31


def test_missing_jobs_can_be_skipped(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """What is there comes back; other errors are errors all the same."""
    ids = [service.create_job() for _ in range(5)]
    assert list(client.describe_jobs(["gone", *ids, "gone-too"], APPID, missing="skip")) == ids
    service.inject(Fault("error", code="AccessDenied", status=403, job_id=ids[3]))
    with pytest.raises(AccessDeniedError) as caught:
        client.describe_jobs(["gone", *ids], APPID, missing="skip")
    assert caught.value.job_id == ids[3]


def test_what_fails_for_one_is_not_asked_for_all(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """A wrong key is refused once for each question under way, not a thousand times."""
    ids = [service.create_job() for _ in range(200)]
    service.inject(Fault("error", code="InvalidAccessKeyId", status=403, times=None))
    with pytest.raises(CosJobError) as caught:
        client.describe_jobs(ids, APPID, max_concurrency=4)
    errors = getattr(caught.value, "errors", (caught.value,))
    assert 1 <= len(errors) == len(service.requests) <= 40


def test_all_slow_down_together(service: CosBatchEmulator, clock: ManualClock) -> None:
    """One question that is told to slow down holds up the others, until the time that the service named."""
    ids = [service.create_job() for _ in range(2)]
    service.inject(Fault("error", code="SlowDown", status=503, retry_after=30, job_id=ids[0]))
    with client_of(service, clock, request_timeout=40) as client:
        with pytest.raises(UnavailableError):
            client.look(ids[0], APPID)
        assert clock.monotonic() == 0
        client.describe_job(ids[1], APPID)
        assert clock.monotonic() == 30


def test_a_service_that_keeps_asking_to_slow_down_gets_its_way(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Through a storm of refusals every job is read in the end, by one question at a time where need be."""
    ids = [service.create_job() for _ in range(60)]
    service.inject(Fault("error", code="SlowDown", status=503, probability=0.3, times=None))
    with client_of(service, clock, request_timeout=3600) as client:
        assert list(client.describe_jobs(ids, APPID)) == ids
        assert client._rate_limiter.pace.most < 16


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"job_ids": "job-1"}, "job_ids"),
        ({"job_ids": b"job-1"}, "job_ids"),
        ({"job_ids": None}, "job_ids"),
        ({"job_ids": 7}, "job_ids"),
        ({"job_ids": ["ok", "../etc"]}, "job_id"),
        ({"job_ids": ["ok", None]}, "job_id"),
        ({"appid": "x"}, "appid"),
        ({"missing": "ignore"}, "missing"),
        ({"missing": None}, "missing"),
        ({"missing": ["skip"]}, "missing"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_concurrency": 65}, "max_concurrency"),
        ({"max_concurrency": True}, "max_concurrency"),
        ({"max_concurrency": 1.5}, "max_concurrency"),
        ({"max_concurrency": "4"}, "max_concurrency"),
        ({"max_concurrency": None}, "max_concurrency"),
    ],
)
def test_malformed_arguments_about_many_jobs(
    client: CosBatchClient, service: CosBatchEmulator, arguments: dict[str, Any], name: str
) -> None:
    """The argument is named, and nothing is sent."""
    with pytest.raises(InvalidArgumentError) as caught:
        client.describe_jobs(**{"job_ids": ["job-1"], "appid": APPID, **arguments})
    assert caught.value.argument == name
    assert service.requests == []


def test_connections_are_used_again(monkeypatch: pytest.MonkeyPatch, service: CosBatchEmulator) -> None:
    """A hundred questions in a row need one connection."""
    opened: list[object] = []
    real = transport.DeadlineConnection._new_conn

    def counted(*args: Any, **kwargs: Any) -> socket.socket:
        opened.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(transport.DeadlineConnection, "_new_conn", counted)
    job_id = service.create_job()
    with client_of(service, ManualClock()) as client:
        for _ in range(100):
            client.describe_job(job_id, APPID)
    assert len(opened) == 1


def test_no_thread_is_left_behind(service: CosBatchEmulator, clock: ManualClock) -> None:
    """The watch over each request ends with it."""
    job_id = service.create_job()
    before = threading.active_count()
    with client_of(service, clock) as client:
        for _ in range(50):
            client.describe_job(job_id, APPID)
    for thread in threading.enumerate():
        if thread.name == "cosjob-watchdog":
            thread.join(HANGS)
    assert threading.active_count() <= before


# --------------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return an issuer of certificates that nobody knows."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    """Return a file of certificates with that issuer in it."""
    path = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return what a server with a certificate for a name needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def ask_over_tls(port: int, host: str = "localhost") -> str:
    """Ask a server on this machine over TLS, and return the status of the job."""
    endpoint = f"https://{host}:{port}"
    with CosBatchClient(endpoint=endpoint, secret_id=ID, secret_key=KEY) as client:
        return client.describe_job(JOB_ID, APPID).status


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificates_of_the_environment_are_trusted(
    authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    """A server whose issuer the variable names is asked, on this machine as on any other."""
    monkeypatch.setenv(variable, str(bundle))
    with serving(over_tls(server_context(authority, host), job(""))) as port:
        assert ask_over_tls(port, host) == "New"


def test_an_unknown_issuer_is_refused(authority: trustme.CA) -> None:
    """Nothing is sent to a server whose certificate nobody vouches for; the error is not tried again."""
    with (
        serving(over_tls(server_context(authority, "localhost"), job(""))) as port,
        pytest.raises(TlsError, match="certificate verify failed") as caught,
    ):
        ask_over_tls(port)
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert caught.value.attempts == 1


def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known issuer is not enough: the name has to be right."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with (
        serving(over_tls(server_context(authority, "other.example"), job(""))) as port,
        pytest.raises(TlsError, match=r"[Hh]ostname mismatch"),
    ):
        ask_over_tls(port)


def test_a_server_without_tls_is_told_as_such() -> None:
    """Plain HTTP behind an https endpoint is a failed handshake."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer(job("")))

    with serving(handle) as port, pytest.raises(TlsError):
        ask_over_tls(port)


def test_old_tls_is_refused(authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that offers nothing newer than TLS 1.1 is not talked to."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    context = server_context(authority, "localhost")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(over_tls(context, job(""))) as port, pytest.raises((TlsError, ConnectionFailedError)):
        ask_over_tls(port)


# ------------------------------------------------------------------------------------------------------------- secrets


LEAKS = [
    Fault("error", code="AccessDenied", status=403),
    Fault("error", code="InternalError", status=500, times=None),
    Fault("html", status=407),
    Fault("html", status=200),
    Fault("empty"),
    Fault("redirect"),
    Fault("reset", times=None),
    Fault("reset-in-body", times=None),
    Fault("truncated", times=None),
    Fault("raw", body=b"garbage", times=None),
    Fault("other-job"),
    Fault("skew", seconds=99999),
]


@pytest.mark.parametrize("fault", LEAKS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_no_error_or_log_tells_a_secret(
    client: CosBatchClient, service: CosBatchEmulator, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """Key, token and signature stand in no message, attribute, traceback, pickle or log record of any library."""
    job_id = service.create_job()
    service.inject(fault)
    with caplog.at_level(logging.DEBUG):
        for name in ("urllib3", "requests", "qcloud_cos", "tencentcloud", "tenacity"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        error = failure(client, job_id)
    told = "".join(
        [
            str(error),
            repr(error),
            repr(vars(error)),
            "".join(traceback.format_exception(error)),
            pickle.dumps(error).decode("latin-1"),
            caplog.text,
            "".join(repr(vars(record)) for record in caplog.records),
        ]
    )
    assert job_id in told
    for secret in (KEY, TOKEN, "q-signature", "sign_key"):
        assert secret not in told


def test_errors_keep_no_answer_or_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """What is attached to an error is plain: nothing that holds headers goes into a pickle."""
    service.inject("other-job")
    error = failure(client, service.create_job())
    assert {type(value) for value in vars(error).values()} <= {str, int, float, type(None)}
    assert error.__context__ is None or not vars(error.__context__).get("request")


def test_a_client_does_not_show_its_keys(client: CosBatchClient) -> None:
    """Printing a client or what it holds shows no key."""
    shown = repr(client) + repr(vars(client))
    assert KEY not in shown
    assert TOKEN not in shown


def test_loopback_is_all_that_these_tests_ask() -> None:
    """The environment of these tests names no proxy and no account."""
    assert not [name for name in os.environ if name.startswith(("COSJOB_", "TENCENTCLOUD_")) or "proxy" in name.lower()]
