"""Credentials are written nowhere, at any log level: the search of `make secrets`, and that it finds what is there."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import logging
import pickle
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from qcloud_cos import cos_auth

import search_for_secrets
import secrets_search
from marked_credentials import MarkedCredentials, Search
from pulumi_cosjob import CosBatchClient, CosJobError
from pulumi_cosjob._service import responses
from pulumi_cosjob.testing import CosBatchEmulator
from secrets_found import GRPC, HANDED_OVER, PYTHON, SOURCES, STDERR, STDOUT, TRACE, Round, table
from secrets_search import echoes

CREDENTIALS = MarkedCredentials()
VALUES = {"secret id": CREDENTIALS.secret_id, "secret key": CREDENTIALS.secret_key, "token": CREDENTIALS.token}
FORMS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "plain": ("", str.encode),
    "as JSON": ("", lambda value: json.dumps({"key": value}).encode()),
    "as JSON in JSON": ("", lambda value: json.dumps(json.dumps([value])).encode()),
    "as Go writes JSON": ("", lambda value: value.replace("<", "\\u003c").replace("&", "\\u0026").encode()),
    "in a URL": ("", lambda value: quote(value, safe="").encode()),
    "in Base64": (" in Base64", lambda value: base64.b64encode(value.encode())),
    "in Base64 after one byte": (" in Base64", lambda value: base64.b64encode(f"a{value}".encode())),
    "in Base64 after two bytes": (" in Base64", lambda value: base64.b64encode(f"ab{value}c".encode())),
    "in Base64 for URLs": (" in Base64", lambda value: base64.urlsafe_b64encode(f"?>{value}".encode())),
    "in hex": (" in hex", lambda value: value.encode().hex().encode()),
    "in upper case hex": (" in hex", lambda value: value.encode().hex().upper().encode()),
    "in UTF-16": (" in UTF-16", lambda value: value.encode("utf-16-le")),
    "in small letters": ("", lambda value: value.lower().encode()),
    "in capitals": ("", lambda value: value.upper().encode()),
    "as references": (" in references", lambda value: "".join(f"&#{ord(each)};" for each in value).encode()),
}


# ---------------------------------------------------------------------------------------------------- the search itself


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", FORMS)
def test_a_credential_is_found_in_every_form(name: str, form: str) -> None:
    """Once for each occurrence between other bytes; no other form is found."""
    found, write = FORMS[form]
    data = b"\xff before " + write(VALUES[name]) + b" after \x00"
    assert Search(CREDENTIALS, time.time()).find(data) == {f"{name}{found}": 1}
    assert Search(CREDENTIALS, time.time()).find(data * 3).total() == 3
    assert Search(MarkedCredentials(), time.time()).find(data) == {}


def test_a_signing_key_is_found(caplog: pytest.LogCaptureFixture) -> None:
    """The vendor's SDK logs it at debug level, used as documented."""
    search = Search(CREDENTIALS, time.time())
    values = {"_secret_id": "a", "_secret_key": CREDENTIALS.secret_key, "_anonymous": False}
    configuration = type("Configuration", (), {**values, "_sign_params": True, "_sign_host": True})
    with caplog.at_level(logging.DEBUG):
        request = requests.Request("GET", "https://host/jobs/a").prepare()
        cos_auth.CosS3Auth(configuration, key="/jobs/a", expire=600)(request)
    assert set(search.find(caplog.text.encode())) == {"signing key"}
    assert search.find(request.headers["Authorization"].encode()) == {}, "a signature is not a signing key"


def planted(source: str, place: str, data: bytes) -> Round:
    """Return the results of a run that wrote something."""
    done = Round(source, Search(CREDENTIALS, time.time()))
    done.add(place, data)
    return done


CONFIGURE = '{"level":"INFO","msg":"Marshaling property for RPC[Provider[cosjob, 0x1].Configure()]: %s","v":9}\n'
CALL = '{"method":"/pulumirpc.ResourceProvider/Configure","request":{"secretKey":"%s"}}\n'


@pytest.mark.parametrize("source", SOURCES)
def test_only_settings_of_providers_are_the_engines_own(source: str) -> None:
    """Its log lines about them, if they hold credentials; no other line or place."""
    own = 1 if source in HANDED_OVER else 0
    for place, line in ((STDERR, CONFIGURE), (GRPC, CALL), (TRACE, "%s")):
        hits = planted(source, place, (line % CREDENTIALS.secret_key).encode()).hits()[place]
        assert (hits.found.total(), hits.own) == (1 - own, own)
    for place, line in (
        (STDERR, '{"level":"INFO","msg":"Marshaling property for RPC[Provider[cosjob, 0x1].Create(urn)]: %s"}'),
        (STDERR, '{"level":"INFO","msg":"send: GET /jobs/a %s"}'),
        (STDERR, "error: %s"),
        (GRPC, '{"method":"/pulumirpc.Engine/Log","request":{"message":"%s"}}'),
        (GRPC, '{"method":"/pulumirpc.ResourceProvider/Create","request":{"x":"%s"}}'),
        (STDOUT, CONFIGURE),
        (PYTHON, CONFIGURE),
    ):
        data = (CONFIGURE % "nothing" + line % CREDENTIALS.secret_key).encode()
        hits = planted(source, place, data).hits()[place]
        assert hits == (Counter({"secret key": 1}), 0)


def test_every_file_is_searched(tmp_path: Path) -> None:
    """Including names of files, and compressed files."""
    (tmp_path / "a" / CREDENTIALS.token.split("/")[1].strip("=\"<&'")).mkdir(parents=True)
    (tmp_path / "a" / "state.json.gz").write_bytes(gzip.compress(CREDENTIALS.secret_key.encode()))
    done = Round("environment", Search(CREDENTIALS, time.time()))
    done.add_folder("files", tmp_path)
    assert done.hits()["files"].found == {"token": 1, "secret key": 1}


def test_the_script_fails_if_there_is_a_hit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints the place without the credential. It fails also if a command ended unexpectedly."""
    clean = planted("file", STDOUT, b"nothing")
    for done, expected in (
        (
            planted("environment", STDOUT, CREDENTIALS.secret_key.encode()),
            "environment: standard output: {'secret key': 1}",
        ),
        (Round("file", clean.search, codes={"up": 1}), "file: 'up' ended unexpectedly"),
        (Round("file", clean.search, codes={"wait, failed job": 0}), "ended unexpectedly"),
    ):
        monkeypatch.setattr(secrets_search, "run_rounds", lambda _folder, done=done: [clean, done])
        assert search_for_secrets.main() == 1
        printed = capsys.readouterr().out
        assert expected in printed
        assert clean.search.find(printed.encode()) == {}
    monkeypatch.setattr(secrets_search, "run_rounds", lambda _folder: [clean])
    assert search_for_secrets.main() == 0


def found_in_errors(credentials: MarkedCredentials) -> Counter[str]:
    """Send requests to a service that echoes the credentials in all forms; return what is found in the errors."""
    found: Counter[str] = Counter()
    echoed = echoes(credentials)
    with CosBatchEmulator() as service:
        service.inject(*echoed)
        with CosBatchClient(endpoint=service.endpoint, **dataclasses.asdict(credentials)) as client:
            for number in range(len(echoed)):
                with pytest.raises(CosJobError) as caught:
                    client.describe_job(f"job-{number}", "1250000000")
                assert caught.value.http_status in (403, None)
                text = "".join(traceback.format_exception(caught.value))
                found += Search(credentials, time.time()).find(text.encode() + pickle.dumps(caught.value))
    return found


def test_echoed_credentials_are_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redaction, nearly all of them would be found there."""
    credentials = MarkedCredentials()
    assert found_in_errors(credentials) == {}
    monkeypatch.setattr(responses, "redact", lambda text, _secrets: text)
    monkeypatch.setattr(responses, "contains_secret", lambda _text, _secrets: False)
    found = found_in_errors(credentials)
    assert min(found["secret id"], found["token"]) >= 10


# -------------------------------------------------------------------------------------------------------- what it finds


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Round]:
    """Run everything, with credentials from each source."""
    return {done.source: done for done in secrets_search.run_rounds(tmp_path_factory.mktemp("secrets"))}


@pytest.mark.engine
@pytest.mark.extra
@pytest.mark.parametrize("source", SOURCES)
def test_no_credential_is_written(rounds: dict[str, Round], source: str) -> None:
    """Not in output, logs, states, pickles or files, except in the engine's own lines about settings of providers."""
    done = rounds[source]
    assert done.wrong() == []
    hits = done.hits()
    assert {place: dict(each.found) for place, each in hits.items() if each.found} == {}
    # At most these: in which of them the engine writes credentials differs between versions.
    own = {place for place, each in hits.items() if each.own}
    assert own <= ({STDERR, GRPC, TRACE} if source in HANDED_OVER else set())


@pytest.mark.engine
@pytest.mark.extra
@pytest.mark.parametrize("source", SOURCES)
def test_nothing_but_its_own_commands_changes_a_job(rounds: dict[str, Round], source: str) -> None:
    """All that was run on the engine and as a command sent GET, except for the commands that change a job."""
    assert rounds[source].methods == {"GET"}


@pytest.mark.engine
@pytest.mark.extra
@pytest.mark.parametrize("source", SOURCES)
def test_everything_was_logged(rounds: dict[str, Round], source: str) -> None:
    """Each place holds what is written there at the highest log level; without it, the search would prove nothing."""
    written = {place: b"".join(data) for place, data in rounds[source].places.items()}
    assert b'"v":11' in written[STDERR]
    assert b"debug: " in written[STDOUT]
    assert b"JobCompletion" in written[STDOUT]
    assert b"urllib3.connectionpool: " in written[PYTHON]
    assert b"/pulumirpc.ResourceProvider/Create" in written[GRPC]
    assert b"/pulumirpc.ResourceProvider/Create" in written[TRACE]
    assert b"pulumi_cosjob._plugin" in written["arguments of processes"]
    assert b"JobCompletion" in written["state, backups, history"]
    assert b"/jobs/" in written["recorded requests"]
    assert all(len(line) <= 80 for line in table(list(rounds.values())))
