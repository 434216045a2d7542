"""Responses that echo credentials: no error and no warning shows them."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from clients import APPID, client_of, clock, failure, service
from requests.structures import CaseInsensitiveDict

from documents import JOB_ID, job
from pulumi_cosjob._errors import AccessDeniedError, CosJobWarning, InvalidResponseError, SchemaError
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.responses import parse_response
from pulumi_cosjob._service.transport import Response
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from servers import reply

__all__ = ["clock", "service"]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "403 Forbidden"])
def test_echoed_secrets_are_not_shown(service: CosBatchEmulator, status: str) -> None:
    """Secrets in the message or the request id of an error document are replaced by `[secret]`."""
    credentials: dict[str, Any] = {
        "secret_id": "AKID-recognisable",
        "secret_key": "key-recognisable",
        "token": 'tok/+"<&recognisable=',
    }
    with client_of(service, **credentials) as client:
        for secret in credentials.values():
            document = ET.Element("Error")
            for name, text in {
                "Code": "InvalidAccessKeyId",
                "Message": f"{secret} is not known",
                "RequestId": secret,
            }.items():
                ET.SubElement(document, name).text = text
            body = ET.tostring(document)
            for headers in ([], [f"X-Cos-Request-Id: {secret}"]):
                service.inject(Fault("raw", body=reply(body, *headers, status=status)))
                error = failure(client, kind=AccessDeniedError)
                assert "'[secret] is not known'" in str(error)
                assert error.request_id == "[secret]"
                assert "recognisable" not in f"{error!s}{error!r}{vars(error)}{pickle.dumps(error)!r}"


ECHOED = {"secret_id": "AKID-recognisable", "secret_key": "Key/+recognisable=", "token": "tok/+Recognisable=="}
# The Message of an error document that echoes a secret, as XML.
ECHOES: dict[str, Callable[[str], str]] = {
    "in lower case": str.lower,
    "in upper case": str.upper,
    "with references": lambda secret: "".join(f"&#x{ord(each):X};" for each in secret),
    "split by a comment": lambda secret: f"{secret[:9]}<!-- -->{secret[9:]}",
    "split by CDATA": lambda secret: f"{secret[:9]}<![CDATA[{secret[9:]}]]>",
    "split by an element": lambda secret: f"{secret[:9]}<b/>{secret[9:]}",
    "split by a line": lambda secret: f"{secret[:9]}\n  {secret[9:]}",
    "as URLs write it": lambda secret: quote(secret, safe="").replace("-", "%2D"),
    "as JSON writes it": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "as a page in JSON writes it": lambda secret: escape(f"&#{ord(secret[0])};{secret[1:]}"),
    "in a long message": lambda secret: f"{'x ' * 30}{secret}{' y' * 60}",
}
PLACES: dict[str, Callable[[str], bytes]] = {
    "code": lambda secret: reply(f"<Error><Code>{secret}</Code></Error>".encode(), status="403 Forbidden"),
    "request id": lambda secret: reply(
        f"<Error><RequestId>{secret.lower()}</RequestId></Error>".encode(), status="404 No"
    ),
    "header": lambda secret: reply(b"<Error/>", f"x-cos-request-id: {quote(secret, safe='')}", status="403 Forbidden"),
    "content encoding": lambda secret: reply(b"x", f"Content-Encoding: {secret}"),
    "status line": lambda secret: reply(b"", status=f"403 {secret}"),
    "other job": lambda secret: reply(job("", JobId=f"x{secret}")),
    "root": lambda secret: reply(f"<{secret} xmlns='{secret}'/>".encode()),
    "value": lambda secret: reply(job(f"<Priority>{secret}</Priority>")),
    "value of two lines": lambda secret: reply(job(f"<Priority>{secret[:9]}\n{secret[9:]}</Priority>")),
    "long value": lambda secret: reply(job(f"<Priority>{'x' * 24}{secret}{'y' * 300}</Priority>")),
    "status": lambda secret: reply(job("", Status=secret)),
    "attribute": lambda secret: reply(job(f"<Priority {secret}='1'>1</Priority>")),
    "page": lambda secret: reply(f"<html><br>{secret}".encode(), status="502 Bad Gateway"),
    "entity": lambda secret: reply(f"<a>&{secret};</a>".encode()),
    "encoding": lambda secret: reply(f"<?xml version='1.0' encoding='{secret}'?><a/>".encode()),
    "JSON": lambda secret: reply(json.dumps({"key": secret}).replace("/", "\\/").encode(), status="403 Forbidden"),
    "page in UTF-16": lambda secret: reply(f"<html><br>{secret}".encode("utf-16-le"), status="403 Forbidden"),
    "page with a comment": lambda secret: reply(
        f"<html><br>{secret[:9]}<!-- -->{secret[9:]}".encode(), status="400 Bad"
    ),
}


def assert_not_shown(service: CosBatchEmulator, make: Callable[[str], bytes]) -> None:
    """Let a response echo each secret, complete and truncated, and search for it in all that the error keeps."""
    credentials: dict[str, Any] = {**ECHOED, "request_timeout": 0.3, "validation": "strict"}
    with client_of(service, **credentials) as client:
        for echoed in (each for secret in ECHOED.values() for each in (secret, secret[:-1])):
            service.inject(Fault("raw", body=make(echoed), times=None))
            error = failure(client)
            text = f"{error!s}{error!r}{vars(error)}{pickle.dumps(error)!r}{error.__context__!r}"
            assert "recognis" not in re.sub(r"[^a-z]", "", unquote(text).lower()), text
            service.reset()


@pytest.mark.parametrize("form", ECHOES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_secrets_echoed_in_another_form_are_not_shown(service: CosBatchEmulator, form: str, encoding: str) -> None:
    """They are searched for in the decoded text, not in the bytes of the response."""

    def make(secret: str) -> bytes:
        document = f"<Error><Code>AccessDenied</Code><Message>{ECHOES[form](secret)}</Message></Error>"
        declared = f"<?xml version='1.0' encoding='{encoding}'?>{document}"
        return reply(declared.encode(encoding), status="403 Forbidden")

    assert_not_shown(service, make)


@pytest.mark.parametrize("secret", ECHOED.values())
def test_a_status_that_echoes_a_secret_is_invalid(service: CosBatchEmulator, secret: str) -> None:
    """Any other word may be a status, and a wait shows it."""
    credentials: dict[str, Any] = {**ECHOED, "request_timeout": 0.3}
    with client_of(service, **credentials) as client:
        service.inject(Fault("raw", body=reply(job("", Status=f"Waiting for {secret}")), times=None))
        error = failure(client, kind=InvalidResponseError)
        assert "the Status of the response echoes a secret" in str(error)
        assert "recognisable" not in str(error)


@pytest.mark.parametrize("place", PLACES)
def test_secrets_echoed_anywhere_are_not_shown(service: CosBatchEmulator, place: str) -> None:
    """No part of a response that a message quotes shows one."""
    assert_not_shown(service, PLACES[place])


def test_a_warning_shows_no_secret() -> None:
    """It quotes a response as an error does; the description has the value as it came."""
    secrets = ("AKID-recognisable", "key-recognisable")
    document = job("<Description>AKID-recognisable</Description><Priority>key-recognisable</Priority>")
    response = Response(200, CaseInsensitiveDict(), document)
    with pytest.warns(CosJobWarning) as caught:
        described = parse_response(
            response, job_id=JOB_ID, endpoint="https://host", validation="lenient", secrets=secrets
        )
    assert described.description == "AKID-recognisable"
    assert "recognisable" not in "".join(str(each.message) for each in caught)


def test_a_valid_response_is_returned_unchanged() -> None:
    """Nothing of it is quoted: a job id may contain a secret id, and a description may name one."""
    with CosBatchEmulator() as service:
        job_id = service.create_job(job_id="emulator-id-1", description="signed by EMULATOR-ID and emulator-key")
        with CosBatchClient(secret_id="emulator-id", secret_key="emulator-key", endpoint=service.endpoint) as client:
            described = client.describe_job(job_id, APPID)
            assert described.job_id == "emulator-id-1"
            assert described.description == "signed by EMULATOR-ID and emulator-key"
        credentials: dict[str, Any] = {"secret_id": "emulator-id", "secret_key": "emulator-key"}
        with CosBatchClient(**credentials, endpoint=service.endpoint, validation="strict") as client:
            service.replay(job_id, job("<Priority>emulator-id-1</Priority>", JobId="emulator-id-1"))
            assert "but is 'emulator-id-1'" in str(failure(client, job_id, SchemaError)), (
                "it is the id that was requested"
            )
