"""Keys come out nowhere, whatever is told to tell everything: the search of `make secrets`, and that it can find."""

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
from pulumi_cosjob import CosBatchClient, CosJobError
from pulumi_cosjob._service import responses
from pulumi_cosjob.testing import CosBatchEmulator
from recognised_keys import Keys, Search
from secrets_found import GRPC, HANDED_OVER, PYTHON, SOURCES, STDERR, STDOUT, TRACE, Round, table
from secrets_search import echoes

KEYS = Keys()
VALUES = {"secret id": KEYS.secret_id, "secret key": KEYS.secret_key, "token": KEYS.token}
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
def test_a_key_is_found_in_every_form(name: str, form: str) -> None:
    """Once for each time that it stands there, between other bytes, and nothing else with it."""
    found, write = FORMS[form]
    data = b"\xff before " + write(VALUES[name]) + b" after \x00"
    assert Search(KEYS, time.time()).find(data) == {f"{name}{found}": 1}
    assert Search(KEYS, time.time()).find(data * 3).total() == 3
    assert Search(Keys(), time.time()).find(data) == {}


def test_a_derived_key_is_found(caplog: pytest.LogCaptureFixture) -> None:
    """What the vendor's SDK logs at debug level, where it is used as it is meant to be."""
    search = Search(KEYS, time.time())
    values = {"_secret_id": "a", "_secret_key": KEYS.secret_key, "_anonymous": False}
    configuration = type("Configuration", (), {**values, "_sign_params": True, "_sign_host": True})
    with caplog.at_level(logging.DEBUG):
        request = requests.Request("GET", "https://host/jobs/a").prepare()
        cos_auth.CosS3Auth(configuration, key="/jobs/a", expire=600)(request)
    assert set(search.find(caplog.text.encode())) == {"signing key"}
    assert search.find(request.headers["Authorization"].encode()) == {}, "a signature is no key"


def planted(source: str, place: str, data: bytes) -> Round:
    """Return a round in which something was written."""
    done = Round(source, Search(KEYS, time.time()))
    done.add(place, data)
    return done


CONFIGURE = '{"level":"INFO","msg":"Marshaling property for RPC[Provider[cosjob, 0x1].Configure()]: %s","v":9}\n'
CALL = '{"method":"/pulumirpc.ResourceProvider/Configure","request":{"secretKey":"%s"}}\n'


@pytest.mark.parametrize("source", SOURCES)
def test_only_what_the_engine_hands_over_is_its_own(source: str) -> None:
    """Lines about the settings of providers, where the settings hold keys; not a word besides."""
    own = 1 if source in HANDED_OVER else 0
    for place, line in ((STDERR, CONFIGURE), (GRPC, CALL), (TRACE, "%s")):
        hits = planted(source, place, (line % KEYS.secret_key).encode()).hits()[place]
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
        data = (CONFIGURE % "nothing" + line % KEYS.secret_key).encode()
        hits = planted(source, place, data).hits()[place]
        assert hits == (Counter({"secret key": 1}), 0)


def test_every_file_is_searched(tmp_path: Path) -> None:
    """Names, and what is compressed, too."""
    (tmp_path / "a" / KEYS.token.split("/")[1].strip("=\"<&'")).mkdir(parents=True)
    (tmp_path / "a" / "state.json.gz").write_bytes(gzip.compress(KEYS.secret_key.encode()))
    done = Round("environment", Search(KEYS, time.time()))
    done.add_folder("files", tmp_path)
    assert done.hits()["files"].found == {"token": 1, "secret key": 1}


def test_the_tool_fails_where_there_is_a_hit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says where, without what; and it fails as well where a command did not do what was to be searched."""
    clean = planted("file", STDOUT, b"nothing")
    for done, said in (
        (planted("environment", STDOUT, KEYS.secret_key.encode()), "environment: standard output: {'secret key': 1}"),
        (Round("file", clean.search, codes={"up": 1}), "file: 'up' did not end as it had to"),
        (Round("file", clean.search, codes={"wait, failed job": 0}), "did not end as it had to"),
    ):
        monkeypatch.setattr(secrets_search, "run_rounds", lambda _folder, done=done: [clean, done])
        assert search_for_secrets.main() == 1
        printed = capsys.readouterr().out
        assert said in printed
        assert clean.search.find(printed.encode()) == {}
    monkeypatch.setattr(secrets_search, "run_rounds", lambda _folder: [clean])
    assert search_for_secrets.main() == 0


def found_in_errors(keys: Keys) -> Counter[str]:
    """Ask a service that echoes the keys in all forms; return what the search finds in the errors."""
    found: Counter[str] = Counter()
    echoed = echoes(keys)
    with CosBatchEmulator() as service:
        service.inject(*echoed)
        with CosBatchClient(endpoint=service.endpoint, **dataclasses.asdict(keys)) as client:
            for number in range(len(echoed)):
                with pytest.raises(CosJobError) as caught:
                    client.describe_job(f"job-{number}", "1250000000")
                assert caught.value.http_status in (403, None)
                shown = "".join(traceback.format_exception(caught.value))
                found += Search(keys, time.time()).find(shown.encode() + pickle.dumps(caught.value))
    return found


def test_what_is_echoed_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that echoes keys gets none of them into an error; nearly all would be found there."""
    keys = Keys()
    assert found_in_errors(keys) == {}
    monkeypatch.setattr(responses, "redact", lambda text, _secrets: text)
    monkeypatch.setattr(responses, "contains_secret", lambda _text, _secrets: False)
    found = found_in_errors(keys)
    assert min(found["secret id"], found["token"]) >= 10


# -------------------------------------------------------------------------------------------------------- what it finds


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Round]:
    """Run everything, with keys in each of the places."""
    return {done.source: done for done in secrets_search.run_rounds(tmp_path_factory.mktemp("secrets"))}


@pytest.mark.engine
@pytest.mark.extra
@pytest.mark.parametrize("source", SOURCES)
def test_no_key_comes_out(rounds: dict[str, Round], source: str) -> None:
    """Not in what is printed, logged, kept, pickled or left behind; the engine's own lines are known, each of them."""
    done = rounds[source]
    assert done.wrong() == []
    hits = done.hits()
    assert {place: dict(each.found) for place, each in hits.items() if each.found} == {}
    # At most: which of them the engine writes keys to differs from version to version.
    own = {place for place, each in hits.items() if each.own}
    assert own <= ({STDERR, GRPC, TRACE} if source in HANDED_OVER else set())


@pytest.mark.engine
@pytest.mark.extra
@pytest.mark.parametrize("source", SOURCES)
def test_everything_was_told(rounds: dict[str, Round], source: str) -> None:
    """All who can tell something did: else there would be nothing to be found."""
    said = {place: b"".join(data) for place, data in rounds[source].places.items()}
    assert b'"v":11' in said[STDERR]
    assert b"debug: " in said[STDOUT]
    assert b"JobCompletion" in said[STDOUT]
    assert b"urllib3.connectionpool: " in said[PYTHON]
    assert b"/pulumirpc.ResourceProvider/Create" in said[GRPC]
    assert b"/pulumirpc.ResourceProvider/Create" in said[TRACE]
    assert b"pulumi_cosjob._plugin" in said["arguments of processes"]
    assert b"JobCompletion" in said["state, backups, history"]
    assert b"/jobs/" in said["recorded requests"]
    assert all(len(line) <= 80 for line in table(list(rounds.values())))
