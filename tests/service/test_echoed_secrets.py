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
from pulumi_cosjob._service.responses import judge
from pulumi_cosjob._service.transport import Answer
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from servers import answer

__all__ = ["clock", "service"]


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
