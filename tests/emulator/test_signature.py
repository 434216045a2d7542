"""The check of signatures, with a client that signs for itself and with the vendor's two SDKs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Auth

from emulator_client import APPID, REQUEST, Bench, Reply, bench, send
from places import TESTS
from pulumi_cosjob.testing import CosBatchEmulator

__all__ = ["bench"]

JOB = "job-1"
PATH = f"/jobs/{JOB}"


@pytest.fixture(autouse=True)
def _job(bench: Bench) -> None:
    """Create the job of the requests."""
    bench.emulator.create_job(job_id=JOB)


def outcome(reply: Reply) -> tuple[int, str | None]:
    """Return the status and the error code of a response."""
    return reply.status, reply.code


def test_right_signature_is_accepted(bench: Bench) -> None:
    """A request that is signed as in the reference is accepted."""
    assert outcome(bench.caller().request("GET", PATH)) == (200, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret_key": "another"}, "SignatureDoesNotMatch"),
        ({"secret_id": "another"}, "InvalidAccessKeyId"),
        ({"signed_path": "/jobs/job-2"}, "SignatureDoesNotMatch"),
        ({"signed_headers": {"x-cos-appid": "1250000001"}}, "SignatureDoesNotMatch"),
        ({"signed_headers": {}}, "AccessDenied"),
        ({"signed_headers": {"x-cos-appid": APPID, "content-md5": "x"}}, "SignatureDoesNotMatch"),
        ({"signed_headers": {"x-cos-appid": APPID, "host": "elsewhere"}}, "SignatureDoesNotMatch"),
        (
            {"headers": {"x-cos-appid": APPID, "x-cos-extra": "1"}, "signed_headers": {"x-cos-appid": APPID}},
            "AccessDenied",
        ),
        ({"signed_params": {"jobstatuses": "New"}}, "SignatureDoesNotMatch"),
    ],
)
def test_wrong_signature(bench: Bench, changes: dict[str, Any], code: str) -> None:
    """A request is refused with 403 if it differs from what was signed, or if a part that counts was not signed."""
    assert outcome(bench.caller(**changes).request("GET", PATH)) == (403, code)


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ((0, 0), None),
        ((-600, 1), None),
        ((1, 600), "RequestTimeTooSkewed"),
        ((-600, -1), "AccessDenied"),
        ((-2000, -900), "AccessDenied"),
        ((-2000, -901), "RequestTimeTooSkewed"),
        ((10, -10), "AccessDenied"),
    ],
)
def test_time_of_the_signature(bench: Bench, window: tuple[int, int], code: str | None) -> None:
    """A window that does not cover the present is refused: as late if it ended lately, else as a wrong clock."""
    for changes in ({"window": window}, {"window": (-60, 60), "key_window": window}):
        reply = bench.caller(**changes).request("GET", PATH)
        assert outcome(reply) == (403 if code else 200, code)
    if window == (-600, -1):
        assert reply.text("Message") == "Request has expired"


def test_signature_expires(bench: Bench) -> None:
    """The same Authorization is accepted until its window ends, by the clock that the test advances."""
    caller = bench.caller()
    headers = {**caller.headers, "Authorization": caller.authorization("GET", PATH, {})}
    codes = []
    for seconds in (0, 600, 1, 900):
        bench.clock.advance(seconds)
        codes.append(send(bench.emulator.endpoint, "GET", PATH, headers).code)
    assert codes == [None, None, "AccessDenied", "RequestTimeTooSkewed"]


GOOD = (
    "q-sign-algorithm=sha1&q-ak=emulator-id&q-sign-time=0;9999999999&q-key-time=0;9999999999"
    "&q-header-list=x-cos-appid&q-url-param-list=&q-signature=0000"
)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (GOOD, "SignatureDoesNotMatch"),
        (None, "AccessDenied"),
        ("", "AccessDenied"),
        ("Basic ZW11bGF0b3I=", "AccessDenied"),
        (GOOD.replace("sha1", "md5"), "AccessDenied"),
        (GOOD.replace("&q-signature=0000", ""), "AccessDenied"),
        (GOOD + "&q-signature=0000", "AccessDenied"),
        (GOOD + "&q-token=1", "AccessDenied"),
        (GOOD.replace("0;9999999999", "now;later"), "AccessDenied"),
        (GOOD.replace("0;9999999999", "0"), "AccessDenied"),
        (GOOD.replace("list=x-cos-appid", "list=X-Cos-Appid"), "AccessDenied"),
        (GOOD.replace("list=x-cos-appid", "list=x-cos-appid;host"), "AccessDenied"),
        (GOOD.replace("=0000", "=\xfc"), "SignatureDoesNotMatch"),
    ],
)
def test_garbled_authorization(bench: Bench, authorization: str | None, code: str) -> None:
    """An Authorization that cannot be parsed is AccessDenied; a wrong one that can has an error of its own."""
    headers = {"x-cos-appid": APPID, **({} if authorization is None else {"Authorization": authorization})}
    assert outcome(send(bench.emulator.endpoint, "GET", PATH, headers)) == (403, code)


@pytest.mark.parametrize("with_port", [True, False])
def test_host_is_signed_with_or_without_its_port(bench: Bench, *, with_port: bool) -> None:
    """Some clients sign the host with its port, others without; a wrong port is refused."""
    address = urlsplit(bench.emulator.endpoint)
    host = address.netloc if with_port else address.hostname
    assert bench.caller(signed_headers={"x-cos-appid": APPID, "host": host}).request("GET", PATH).status == 200
    wrong = bench.caller(signed_headers={"x-cos-appid": APPID, "host": f"{address.hostname}:1"})
    assert outcome(wrong.request("GET", PATH)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("signed", "code"),
    [
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "a b/c"}, None),
        ({"requestedJobStatus": "Cancelled"}, "AccessDenied"),
        ({}, "AccessDenied"),
        ({"requestedJobStatus": "Ready", "statusUpdateReason": "a b/c"}, "SignatureDoesNotMatch"),
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "a b"}, "SignatureDoesNotMatch"),
    ],
)
def test_parameters_are_signed(bench: Bench, signed: dict[str, str], code: str | None) -> None:
    """A parameter that the action reads must be signed, and be what was signed."""
    params = {"requestedJobStatus": "Cancelled", "statusUpdateReason": "a b/c"}
    reply = bench.caller(signed_params=signed).request("POST", f"{PATH}/status", params)
    assert outcome(reply) == (403 if code else 200, code)


def test_unknown_parameter_need_not_be_signed(bench: Bench) -> None:
    """A parameter that the action does not read is accepted without a signature."""
    assert bench.caller(signed_params={}).request("GET", PATH, {"trace": "1"}).status == 200


@pytest.mark.parametrize(
    ("token", "sent", "later", "code"),
    [
        ("token-1", "token-1", 0, None),
        ("token-1", "token-2", 0, "InvalidAccessKeyId"),
        ("token-1", None, 0, "InvalidAccessKeyId"),
        (None, "token-1", 0, "InvalidAccessKeyId"),
        ("token-1", "token-1", 3600, "ExpiredToken"),
    ],
)
def test_security_token(bench: Bench, token: str | None, sent: str | None, later: float, code: str | None) -> None:
    """Temporary credentials need their token, which expires; permanent ones have none."""
    expires = bench.clock.now() + 3600
    with CosBatchEmulator(clock=bench.clock, token=token, token_expires=expires) as emulator:
        emulator.create_job(job_id=JOB)
        bench.clock.advance(later)
        headers = {"x-cos-appid": APPID, **({} if sent is None else {"x-cos-security-token": sent})}
        reply = bench.caller(endpoint=emulator.endpoint, headers=headers).request("GET", PATH)
        assert outcome(reply) == (403 if code else 200, code)
        assert ("TENCENTCLOUD_SECURITY_TOKEN" in emulator.environment()) == (token is not None)


def test_unsigned_token_is_refused(bench: Bench) -> None:
    """A token that is sent must be signed."""
    with CosBatchEmulator(clock=bench.clock, token="token-1") as emulator:
        headers = {"x-cos-appid": APPID, "x-cos-security-token": "token-1"}
        caller = bench.caller(endpoint=emulator.endpoint, headers=headers, signed_headers={"x-cos-appid": APPID})
        assert outcome(caller.request("GET", PATH)) == (403, "AccessDenied")


def test_own_credentials(bench: Bench) -> None:
    """An emulator with credentials of its own accepts those and not the default ones."""
    with CosBatchEmulator(clock=bench.clock, secret_id="mine", secret_key="my-key") as emulator:
        emulator.create_job(job_id=JOB)
        own = bench.caller(endpoint=emulator.endpoint, secret_id="mine", secret_key="my-key")
        assert own.request("GET", PATH).status == 200
        assert outcome(bench.caller(endpoint=emulator.endpoint).request("GET", PATH)) == (
            403,
            "InvalidAccessKeyId",
        )


def test_no_secret_is_kept(bench: Bench) -> None:
    """Neither signature nor token is in the recorded requests, and no repr has a secret key."""
    with CosBatchEmulator(clock=bench.clock, token="token-1") as emulator:
        headers = {"x-cos-appid": APPID, "x-cos-security-token": "token-1"}
        caller = bench.caller(endpoint=emulator.endpoint, headers=headers)
        caller.request("GET", PATH)
        caller.request("GET", PATH, {"q-signature": "secret-in-query", "maxResults": "1"})
        signature = caller.authorization("GET", PATH, {}).rpartition("=")[2]
        recorded = repr(emulator.requests)
        assert [request.headers["authorization"] for request in emulator.requests] == ["REDACTED"] * 2
        assert emulator.requests[1].path == f"{PATH}?q-signature=REDACTED&maxResults=1"
        secrets = (signature, "token-1", "secret-in-query", "emulator-key")
        assert not [secret for secret in secrets if secret in recorded]
        assert "emulator-key" not in repr(emulator._service.credentials)


def python_sdk(*, sign_host: bool) -> CosConfig:
    """Return the settings of the vendor's Python SDK."""
    return CosConfig(
        Region="ap-chengdu",
        SecretId="emulator-id",
        SecretKey="emulator-key",
        Scheme="http",
        SignHost=sign_host,
    )


@pytest.mark.parametrize("sign_host", [True, False])
def test_python_sdk_signs_acceptably(*, sign_host: bool) -> None:
    """Signatures of the vendor's Python SDK are accepted, for each action, with the host and without it."""
    settings, headers = python_sdk(sign_host=sign_host), {"x-cos-appid": APPID}
    with CosBatchEmulator() as emulator, requests.Session() as session:
        session.trust_env = False
        job_id = emulator.create_job("waits-for-confirmation")
        emulator.clock.advance(10)
        path = f"/jobs/{job_id}"
        response = session.get(
            emulator.endpoint + path, headers=headers, auth=CosS3Auth(settings, key=path), timeout=20
        )
        assert (response.status_code, "<Status>Suspended<" in response.text) == (200, True)
        params = {"requestedJobStatus": "Ready", "statusUpdateReason": "bitte schön + weiter"}
        response = session.post(
            f"{emulator.endpoint}{path}/status",
            params=params,
            headers=headers,
            auth=CosS3Auth(settings, key=f"{path}/status", params=params),
            timeout=20,
        )
        assert (response.status_code, "<Status>Ready<" in response.text) == (200, True)
        response = session.post(
            emulator.endpoint + "/jobs",
            data=REQUEST.format(token="t-1").encode(),
            headers={**headers, "Content-Type": "application/xml"},
            auth=CosS3Auth(settings, key="/jobs"),
            timeout=20,
        )
        assert response.status_code == 200
        params = {"maxResults": "1"}
        response = session.get(
            emulator.endpoint + "/jobs",
            params=params,
            headers=headers,
            auth=CosS3Auth(settings, key="/jobs", params=params),
            timeout=20,
        )
        assert (response.status_code, response.text.count("<member>")) == (200, 1)


def test_python_sdk_with_another_secret_key_is_refused() -> None:
    """Signatures of the vendor's Python SDK with a wrong secret key are refused."""
    settings, headers = python_sdk(sign_host=True), {"x-cos-appid": APPID}
    with CosBatchEmulator(secret_key="another") as emulator, requests.Session() as session:
        session.trust_env = False
        response = session.get(
            emulator.endpoint + PATH, headers=headers, auth=CosS3Auth(settings, key=PATH), timeout=20
        )
        assert (response.status_code, "<Code>SignatureDoesNotMatch<" in response.text) == (403, True)


@pytest.fixture(scope="session")
def go_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program on the vendor's Go SDK."""
    program = tmp_path_factory.mktemp("sdk_go") / "sdk_go"
    source = TESTS / "sdk_go"
    subprocess.run(["go", "build", "-buildvcs=false", "-o", program, "."], cwd=source, check=True, timeout=280)
    return program


class GoSdk:
    """Makes requests to an emulator with the vendor's Go SDK."""

    def __init__(self, program: Path, emulator: CosBatchEmulator, token: str = "") -> None:
        self._program = program
        self._emulator = emulator
        self._token = token

    def __call__(self, action: str, *arguments: str) -> dict[str, Any]:
        """Perform an action, and return the result of the SDK."""
        settings = {
            "COS_SECRET_ID": "emulator-id",
            "COS_SECRET_KEY": "emulator-key",
            "COS_TOKEN": self._token,
            "NO_PROXY": "*",
        }
        command = [str(self._program), self._emulator.endpoint, APPID, action, *arguments]
        done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, check=True, timeout=60)
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def test_go_sdk(go_sdk: Path) -> None:
    """The vendor's Go SDK creates, describes, confirms, cancels and lists jobs, and reads error documents."""
    with CosBatchEmulator() as emulator:
        perform = GoSdk(go_sdk, emulator)
        job_id = perform("create", "token-1", "true")["JobId"]
        assert perform("create", "token-1", "true")["Error"] == "InvalidRequest"
        assert perform("update", job_id, "Ready")["Error"] == "InvalidRequest"
        emulator.clock.advance(5)
        job = perform("describe", job_id)["Job"]
        assert (job["JobId"], job["Status"], job["ConfirmationRequired"]) == (job_id, "Suspended", "true")
        assert job["Manifest"]["Location"]["ETag"] == '"15150651828fa9cdcb8356b6d1c7638b"'
        assert job["Manifest"]["Spec"]["Fields"] == ["Bucket", "Key"]
        assert (job["Priority"], job["Report"]["ReportScope"]) == (7, "AllTasks")
        updated = perform("update", job_id, "Ready")
        assert (updated["Status"], updated["StatusUpdateReason"]) == ("Ready", "it's due: a+b & ü (now)")
        assert perform("update", job_id, "Cancelled")["Status"] == "Cancelling"
        emulator.clock.advance(5)
        emulator.create_job("fails", description="second")
        emulator.clock.advance(100)
        emulator.create_job(description="third")
        page = perform("list", "Cancelled,Failed,New")
        assert page["NextToken"] == page["Jobs"]["Members"][-1]["JobId"]
        rest = perform("list", "Cancelled,Failed,New", page["NextToken"])
        listed = [*page["Jobs"]["Members"], *rest["Jobs"]["Members"]]
        assert sorted(job["Status"] for job in listed) == ["Cancelled", "Failed", "New"]
        assert {job["Operation"] for job in listed} == {"COSPutObjectCopy"}


def test_go_sdk_reads_the_whole_description(go_sdk: Path) -> None:
    """The Go SDK reads the progress, the failures, the operation and the dates of a description."""
    with CosBatchEmulator() as emulator:
        perform = GoSdk(go_sdk, emulator)
        job_id = emulator.create_job("fails", tasks=10_000_000_000)
        emulator.clock.advance(100)
        job = perform("describe", job_id)["Job"]
        assert job["ProgressSummary"]["TotalNumberOfTasks"] == 10_000_000_000
        assert job["FailureReasons"]["FailureCode"] == "TooManyFailedTasks"
        copy = job["Operation"]["PutObjectCopy"]
        assert (copy["ModifiedSinceConstraint"], copy["PrefixReplace"]) == (1_546_300_800, True)
        assert copy["NewObjectMetadata"]["UserMetadata"][0] == {"Key": "project", "Value": "archive"}
        assert job["TerminationDate"]


def test_go_sdk_refused(go_sdk: Path) -> None:
    """The Go SDK reads the errors for an unknown job, a wrong secret key and a wrong token."""
    with CosBatchEmulator() as emulator:
        error = GoSdk(go_sdk, emulator)("describe", "missing")
        assert (error["Error"], error["Status"]) == ("NoSuchJob", 404)
        assert error["RequestId"]
        assert GoSdk(go_sdk, emulator, "token-1")("describe", JOB)["Error"] == "InvalidAccessKeyId"
    with CosBatchEmulator(secret_key="another") as emulator:
        assert GoSdk(go_sdk, emulator)("describe", JOB)["Error"] == "SignatureDoesNotMatch"
    with CosBatchEmulator(token="token-1") as emulator:
        assert GoSdk(go_sdk, emulator, "token-1")("describe", JOB)["Error"] == "NoSuchJob"


def test_advancing_the_jobs_clock_does_not_change_signatures() -> None:
    """Jobs may be hours ahead of a client, whose signatures are still accepted."""
    settings, headers = python_sdk(sign_host=True), {"x-cos-appid": APPID}
    with CosBatchEmulator() as emulator:
        job_id = emulator.create_job(seconds=36_000)
        emulator.clock.advance(36_100)
        path = f"/jobs/{job_id}"
        with requests.Session() as session:
            session.trust_env = False
            response = session.get(
                emulator.endpoint + path, headers=headers, auth=CosS3Auth(settings, key=path), timeout=20
            )
        assert (response.status_code, "<Status>Complete<" in response.text) == (200, True)
        assert abs(emulator.requests[0].time - time.time()) < 60
        assert parse_qs(urlsplit(emulator.requests[0].path).query) == {}
