"""Signatures: the vendor's own, made at a given time, and nothing told to anybody."""

from __future__ import annotations

import http.client
import json
import logging
import re
import subprocess
import sys

import pytest
import requests
from qcloud_cos import cos_auth

from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.signing import sign
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

NOW = 1_766_000_000.75
KEY = "s3cr3t-key-that-nobody-may-see"
TOKEN = "s3cr3t-token-that-nobody-may-see"
URL = "https://100000000001.cos-control.ap-chengdu.myqcloud.com"

# The vendor's SDK, not touched but for the clock that it reads.
VENDOR = """
import json, sys, time
import requests
asked = json.load(sys.stdin)
time.time = lambda: asked["now"]
from qcloud_cos.cos_auth import CosS3Auth
from qcloud_cos import CosConfig
config = CosConfig(Region="ap-chengdu", SecretId=asked["id"], SecretKey=asked["key"], Token=asked["token"])
auth = CosS3Auth(config, key=asked["path"], expire=600)
request = requests.Request("GET", asked["url"] + asked["path"], headers=asked["headers"], auth=auth).prepare()
print(request.headers["Authorization"])
"""


def signed(path: str, token: str | None = None, now: float = NOW, url: str = URL) -> requests.PreparedRequest:
    """Return a request that we have signed."""
    request = requests.Request("GET", url + path, headers={"x-cos-appid": "1250000000", "User-Agent": "test"}).prepare()
    sign(request, path, Credentials("an-id", KEY, token), now)
    return request


@pytest.mark.parametrize("path", ["/jobs/53dc6228-c50b-46f7-8ad7-65e7159f1aae", "/jobs/a.b_c~d"])
@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("now", [NOW, 0.0, 4_102_444_800.0])
def test_the_signature_is_the_vendors_own(path: str, token: str | None, now: float) -> None:
    """The vendor's SDK, in a process of its own at the same instant, writes the same Authorization."""
    headers = {"x-cos-appid": "1250000000", "User-Agent": "test"}
    if token is not None:
        headers["x-cos-security-token"] = token
    asked = {"now": now, "id": "an-id", "key": KEY, "token": token, "path": path, "url": URL, "headers": headers}
    command = [sys.executable, "-c", VENDOR]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    assert signed(path, token, now).headers["Authorization"] == done.stdout.strip()


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
    """The token of temporary keys goes along, under the signature."""
    request = signed("/jobs/a", TOKEN)
    assert request.headers["x-cos-security-token"] == TOKEN
    assert "q-header-list=host;x-cos-appid;x-cos-security-token&" in request.headers["Authorization"]


def test_without_a_token_none_is_sent() -> None:
    """Permanent keys have none, and an empty header is not sent in its place."""
    assert "x-cos-security-token" not in signed("/jobs/a").headers


@pytest.mark.parametrize("change", ["path", "key", "token", "time"])
def test_everything_that_counts_changes_the_signature(change: str) -> None:
    """Another path, key, token or second makes another signature."""
    request = requests.Request("GET", f"{URL}/jobs/b", headers={"x-cos-appid": "1250000000"}).prepare()
    path = "/jobs/b" if change == "path" else "/jobs/a"
    keys = Credentials("an-id", "other" if change == "key" else KEY, "other" if change == "token" else TOKEN)
    sign(request, path, keys, NOW + 1 if change == "time" else NOW)
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


def test_nobody_is_told_anything(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """The vendor's code logs the signing key at debug level: here no logger, at no level, hears of any request."""
    names = ["qcloud_cos", "qcloud_cos.cos_auth", "pulumi_cosjob.signing", "pulumi_cosjob"]
    with caplog.at_level(logging.NOTSET):
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        signed("/jobs/a", TOKEN)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_request_is_not_printed_either(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever turns on the standard library's printing of requests sees others', and no token of ours."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with CosBatchEmulator(secret_id="an-id", secret_key=KEY, token=TOKEN) as emulator:
        job_id = emulator.create_job()
        requests.get(emulator.endpoint, timeout=10)
        assert "send: b'GET / HTTP/1.1" in capfd.readouterr().out
        with CosBatchClient(endpoint=emulator.endpoint, secret_id="an-id", secret_key=KEY, token=TOKEN) as client:
            client.describe_job(job_id, "1250000000")
    assert capfd.readouterr() == ("", "")


def test_the_vendors_own_code_would_have_told(caplog: pytest.LogCaptureFixture) -> None:
    """The check above can fail: the SDK, used as it is meant to be, logs what its signatures are made of."""
    configuration = type(
        "Configuration",
        (),
        {"_secret_id": "a", "_secret_key": KEY, "_anonymous": False, "_sign_params": True, "_sign_host": True},
    )
    with caplog.at_level(logging.DEBUG):
        cos_auth.CosS3Auth(configuration, key="/jobs/a")(requests.Request("GET", f"{URL}/jobs/a").prepare())
    assert "sign_key" in caplog.text


def test_the_vendors_module_stays_as_it_is() -> None:
    """Others in this process who use the SDK notice nothing."""
    before, class_before = dict(vars(cos_auth)), dict(vars(cos_auth.CosS3Auth))
    signed("/jobs/a", TOKEN)
    assert dict(vars(cos_auth)) == before
    assert dict(vars(cos_auth.CosS3Auth)) == class_before
    assert cos_auth.CosS3Auth.__init__.__defaults__ == (None, {}, 10000, None)
