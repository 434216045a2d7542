"""Signatures: the same as those of the vendor's SDK for every request, made at a given time, and logged nowhere."""

from __future__ import annotations

import http.client
import logging
import re
import subprocess
import sys
import types
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from qcloud_cos import CosConfig, cos_auth

from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._service import signing
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.signing import sign
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

NOW = 1_766_000_000.75
KEY = "s3cr3t-key-that-nobody-may-see"
TOKEN = "s3cr3t-token-that-nobody-may-see"
URL = "https://100000000001.cos-control.ap-chengdu.myqcloud.com"


def prepared(path: str = "/jobs/a", url: str = URL) -> requests.PreparedRequest:
    """Return a request as the client prepares it."""
    headers = {"x-cos-appid": "1250000000", "User-Agent": "test", "Accept-Encoding": "identity"}
    return requests.Request("GET", url + path, headers=headers).prepare()


def signed(path: str, token: str | None = None, now: float = NOW, url: str = URL) -> requests.PreparedRequest:
    """Return a request that this package has signed."""
    request = prepared(path, url)
    sign(request, Credentials("an-id", KEY, token), now)
    return request


# --------------------------------------------------------------------------------------------- compared with the oracle

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
# As a header may hold it: no line break, no white space at its ends.
HEADER_VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"])).map(str.strip)
SUFFIX = st.text("abcXYZ019-_.~!#$%&'*+^`|", max_size=10)
HEADER_NAME = st.one_of(
    st.sampled_from(sorted(signing._SIGNED_HEADERS - {"host"})).flatmap(
        lambda name: st.sampled_from([name, name.title(), name.upper()])
    ),
    st.builds(
        str.__add__, st.sampled_from(["x-cos-", "X-Cos-", "x-ci-", "X-CI-", "x-other-", "Accept", "range"]), SUFFIX
    ),
)
REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "endpoint": st.sampled_from([URL, "https://cos.example.com:8443", "http://[::1]:9000", "http://127.0.0.1"]),
        # URL libraries resolve dot segments; no job id is one.
        "path": st.lists(TEXT).map("/".join).filter(lambda path: not {".", ".."} & set(path.split("/"))),
        "params": st.dictionaries(TEXT.filter(bool), TEXT, max_size=5),
        "headers": st.dictionaries(HEADER_NAME, HEADER_VALUE, max_size=6),
        "credentials": st.builds(
            Credentials, PRINTABLE, st.one_of(PRINTABLE, TEXT.filter(bool)), st.none() | PRINTABLE
        ),
        "now": st.floats(min_value=0, max_value=2**33),
    }
)


def signatures(request: dict[str, Any]) -> tuple[str, str]:
    """Return the Authorization headers of this package and of the vendor's SDK for one request."""
    target = request["endpoint"] + quote(f"/{request['path']}")
    url = f"{target}?{urlencode(request['params'])}" if request["params"] else target
    ours = requests.Request(request["method"], url, headers=request["headers"]).prepare()
    credentials: Credentials = request["credentials"]
    sign(ours, credentials, request["now"])
    theirs = ours.copy()
    authorization = theirs.headers.pop("Authorization")
    config = CosConfig(Region="ap-chengdu", SecretId="replaced", SecretKey="replaced")
    # The SDK strips white space from credentials and refuses some; here both are given the same ones.
    config._secret_id, config._secret_key = credentials.secret_id, credentials.secret_key
    auth = cos_auth.CosS3Auth(config, key=f"/{request['path']}", params=request["params"], expire=600)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cos_auth, "time", types.SimpleNamespace(time=lambda: request["now"]))
        auth(theirs)
    return authorization, theirs.headers["Authorization"]


# Older versions of the SDK sign fewer headers; the service accepts either.
@pytest.mark.newest
@settings(max_examples=2000)
@given(REQUESTS)
def test_the_signature_is_the_vendors_own(request: dict[str, Any]) -> None:
    """For any method, path, parameters, headers, credentials and time, both write the same Authorization header."""
    ours, theirs = signatures(request)
    assert ours == theirs


PLAIN = {
    "method": "POST",
    "endpoint": URL,
    "path": "jobs/a b/ü",
    "params": {"requestedJobStatus": "Ready", "reason": "a+b & c"},
    "headers": {"x-cos-appid": "1250000000", "Content-Type": "application/xml", "Accept": "*/*"},
    "credentials": Credentials("an-id", KEY, TOKEN),
    "now": NOW,
}
real_hmac = signing._hmac
MISTAKES: dict[str, tuple[str, Any]] = {
    "begins a second later": ("_SECONDS_BEFORE", 59),
    "ends a second earlier": ("_SECONDS_AFTER", 599),
    "signs no host": ("_SIGNED_HEADERS", signing._SIGNED_HEADERS - {"host"}),
    "signs one header more": ("_SIGNED_HEADERS", signing._SIGNED_HEADERS | {"accept"}),
    "leaves out x-cos- headers": ("_SIGNED_PREFIXES", ("x-ci-",)),
    "leaves slashes as they are": ("quote", lambda text, **_: quote(text)),
    "signs the escaped path": ("unquote", str),
    "drops the parameters": ("parse_qsl", lambda *_args, **_kwargs: []),
    "uses another key": ("_hmac", lambda key, text: real_hmac(f"{key} ", text)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_comparison_finds_mistakes(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: every part of a signature that is changed makes another Authorization header."""
    ours, theirs = signatures(PLAIN)
    assert ours == theirs
    monkeypatch.setattr(signing, *MISTAKES[mistake])
    changed, oracle = signatures(PLAIN)
    assert oracle == theirs
    assert changed != theirs


# ------------------------------------------------------------------------------------------------------ what is signed


def test_what_is_signed() -> None:
    """Host and APPID are signed, and the time is the one that was given, with room for a clock that is off."""
    parts = dict(part.split("=", 1) for part in signed("/jobs/a").headers["Authorization"].split("&"))
    assert parts["q-sign-algorithm"] == "sha1"
    assert parts["q-ak"] == "an-id"
    assert parts["q-header-list"] == "host;x-cos-appid"
    assert parts["q-url-param-list"] == ""
    assert parts["q-sign-time"] == parts["q-key-time"] == "1765999940;1766000600"
    assert re.fullmatch(r"[0-9a-f]{40}", parts["q-signature"])


def test_a_token_is_sent_and_signed() -> None:
    """The token of temporary credentials is a header, under the signature."""
    request = signed("/jobs/a", TOKEN)
    assert request.headers["x-cos-security-token"] == TOKEN
    assert "q-header-list=host;x-cos-appid;x-cos-security-token&" in request.headers["Authorization"]


def test_without_a_token_none_is_sent() -> None:
    """Permanent credentials have none, and an empty header is not sent in its place."""
    assert "x-cos-security-token" not in signed("/jobs/a").headers


@pytest.mark.parametrize("change", ["path", "secret key", "token", "time"])
def test_everything_that_counts_changes_the_signature(change: str) -> None:
    """Another path, secret key, token or second makes another signature."""
    request = prepared("/jobs/b" if change == "path" else "/jobs/a")
    secret_key, token = "other" if change == "secret key" else KEY, "other" if change == "token" else TOKEN
    sign(request, Credentials("an-id", secret_key, token), NOW + 1 if change == "time" else NOW)
    ours, others = signed("/jobs/a", TOKEN).headers["Authorization"], request.headers["Authorization"]
    assert ours.rpartition("q-signature=")[2] != others.rpartition("q-signature=")[2]


@pytest.mark.parametrize("token", [None, TOKEN])
def test_an_independent_verifier_accepts_it(token: str | None) -> None:
    """The emulator, which was written from the documents alone, accepts a request that goes over the wire."""
    clock = ManualClock(NOW)
    with CosBatchEmulator(secret_id="an-id", secret_key=KEY, token=token, clock=clock) as emulator:
        job_id = emulator.create_job()
        request = signed(f"/jobs/{job_id}", token, NOW, emulator.endpoint)
        with requests.Session() as session:
            session.trust_env = False
            assert session.send(request, timeout=10).status_code == 200


# --------------------------------------------------------------------------------------------------- nothing is logged


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """No logger gets a record, at any level, and nothing is printed."""
    with caplog.at_level(logging.NOTSET):
        signed("/jobs/a", TOKEN)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_the_vendors_sdk_would_be_heard(caplog: pytest.LogCaptureFixture) -> None:
    """The check above can fail: the SDK logs its signing key at debug level."""
    with caplog.at_level(logging.DEBUG):
        signatures(PLAIN)
    assert "sign_key" in caplog.text


def test_a_request_is_not_printed_either(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The standard library's switch that prints requests prints those of others, and no token of ours."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with CosBatchEmulator(secret_id="an-id", secret_key=KEY, token=TOKEN) as emulator:
        job_id = emulator.create_job()
        requests.get(emulator.endpoint, timeout=10)
        assert "send: b'GET / HTTP/1.1" in capfd.readouterr().out
        with CosBatchClient(endpoint=emulator.endpoint, secret_id="an-id", secret_key=KEY, token=TOKEN) as client:
            client.describe_job(job_id, "1250000000")
    assert capfd.readouterr() == ("", "")


WITHOUT_SDK = """
import sys
sys.modules["qcloud_cos"] = None
from pulumi_cosjob import CosBatchClient, NoSuchJobError
from pulumi_cosjob.testing import CosBatchEmulator
with CosBatchEmulator() as emulator:
    credentials = {"secret_id": "emulator-id", "secret_key": "emulator-key"}
    with CosBatchClient(endpoint=emulator.endpoint, **credentials) as client:
        try:
            client.describe_job("a", "1250000000")
        except NoSuchJobError:
            print("signed")
"""


def test_the_vendors_sdk_is_not_needed() -> None:
    """A client signs where the SDK is not installed, as only the tests need it."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_SDK], capture_output=True, text=True, check=True)
    assert done.stdout == "signed\n"
