"""The emulator's account API, as the vendor's own SDK calls it."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from emulator_client import Bench, Caller, Reply, bench, send
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob.testing import CosBatchEmulator, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bench"]

ACTION, VERSION = "GetUserAppId", "2019-01-16"


@pytest.fixture
def emulator() -> Iterator[CosBatchEmulator]:
    """Yield an emulator with the machine's clock, as the SDK takes no other."""
    with CosBatchEmulator() as made:
        yield made


class ShiftedClock(SystemClock):
    """A service's clock that differs from the machine's."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        """Return the wall time of the service."""
        return super().now() + self.seconds


def call(
    emulator: CosBatchEmulator,
    *,
    secret_id: str = "emulator-id",  # noqa: S107  opens nothing but the emulator
    secret_key: str = "emulator-key",  # noqa: S107  as above
    token: str | None = None,
    action: str = ACTION,
    version: str = VERSION,
    service: str = "cam",
    parameters: dict[str, Any] | None = None,
    unsigned_payload: bool = False,
) -> dict[str, Any]:
    """Call the emulator with the vendor's SDK, and return what the response holds."""
    host = urlsplit(emulator.endpoint).netloc
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host, reqTimeout=20))
    profile.unsignedPayload = unsigned_payload
    client = CommonClient(service, version, Credential(secret_id, secret_key, token), "", profile)
    response: dict[str, Any] = client.call_json(action, parameters or {})["Response"]
    return response


def code(emulator: CosBatchEmulator, **changes: Any) -> str:
    """Return the code of the error with which the emulator refuses a call of the vendor's SDK."""
    with pytest.raises(TencentCloudSDKException) as caught:
        call(emulator, **changes)
    assert caught.value.get_request_id()
    return str(caught.value.get_code())


@pytest.mark.parametrize("unsigned_payload", [False, True])
def test_account_of_permanent_credentials(emulator: CosBatchEmulator, unsigned_payload: bool) -> None:
    """The SDK receives the ids of the account, with or without a signed body."""
    response = call(emulator, unsigned_payload=unsigned_payload)
    assert response.pop("RequestId")
    assert response == {"Uin": "100000000001", "OwnerUin": "100000000001", "AppId": 1250000000}


def test_account_of_a_sub_account() -> None:
    """The constructor's arguments decide the response; a sub-account differs from its owner."""
    with CosBatchEmulator(uin="100000000002", appid="1250000001", sub_account_uin="100000000003") as emulator:
        response = call(emulator)
    assert (response["Uin"], response["OwnerUin"], response["AppId"]) == ("100000000003", "100000000002", 1250000001)


def test_account_of_temporary_credentials() -> None:
    """Temporary credentials need their token, and are refused once it has expired."""
    with CosBatchEmulator(token="temporary-token", token_expires=time.time() + 600) as emulator:
        assert call(emulator, token="temporary-token")["AppId"] == 1250000000
        assert code(emulator) == "AuthFailure.TokenFailure"
        assert code(emulator, token="another-token") == "AuthFailure.TokenFailure"
    with CosBatchEmulator(token="temporary-token", token_expires=time.time() - 1) as emulator:
        assert code(emulator, token="temporary-token") == "AuthFailure.TokenFailure"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secret_key": "another-key"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "another-id"}, "AuthFailure.SecretIdNotFound"),
        ({"token": "not-needed"}, "AuthFailure.TokenFailure"),
        ({"service": "sts"}, "AuthFailure.SignatureFailure"),
        ({"action": "GetUser"}, "InvalidAction"),
        ({"version": "2018-08-13"}, "NoSuchVersion"),
        ({"parameters": {"Name": "x"}}, "UnknownParameter"),
    ],
)
def test_account_requests_that_are_refused(emulator: CosBatchEmulator, changes: dict[str, Any], expected: str) -> None:
    """The SDK raises the service's own code for each mistake."""
    assert code(emulator, **changes) == expected


@pytest.mark.parametrize(("seconds", "is_accepted"), [(240, True), (360, False), (-240, True), (-360, False)])
def test_account_signatures_expire_after_five_minutes(seconds: float, is_accepted: bool) -> None:
    """A clock that is off by more than five minutes is refused, fast or slow."""
    with CosBatchEmulator(clock=ShiftedClock(seconds)) as emulator:
        if is_accepted:
            assert call(emulator)["AppId"] == 1250000000
        else:
            assert code(emulator) == "AuthFailure.SignatureExpire"


def post(bench: Bench, headers: dict[str, str], body: bytes = b"{}") -> dict[str, Any]:
    """Send an account request that no SDK sends."""
    reply = send(bench.emulator.endpoint, "POST", "/", headers, body)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    response: dict[str, Any] = json.loads(reply.body)["Response"]
    return response


SCOPE = "TC3-HMAC-SHA256 Credential=emulator-id/2024-01-01/cam/tc3_request"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"X-TC-Action": None}, "MissingParameter"),
        ({"X-TC-Version": None}, "MissingParameter"),
        ({"X-TC-Timestamp": None}, "MissingParameter"),
        ({"Authorization": None}, "MissingParameter"),
        ({"X-TC-Timestamp": "now"}, "InvalidParameter"),
        ({"X-TC-Timestamp": "9" * 11}, "AuthFailure.SignatureExpire"),
        ({"Authorization": "q-sign-algorithm=sha1"}, "AuthFailure.InvalidAuthorization"),
        ({"Authorization": f"{SCOPE}, SignedHeaders=host, Signature=0"}, "AuthFailure.InvalidAuthorization"),
        (
            {"Authorization": f"{SCOPE}, SignedHeaders=host;content-type, Signature=0"},
            "AuthFailure.InvalidAuthorization",
        ),
        ({"Authorization": f"{SCOPE}, SignedHeaders=content-type;host;x-no, Signature=0"}, "MissingParameter"),
        ({}, "AuthFailure.SignatureFailure"),
        (
            {"Authorization": f"{SCOPE}, SignedHeaders=content-type;host, Signature=\xff"},
            "AuthFailure.SignatureFailure",
        ),
    ],
)
def test_malformed_account_requests(bench: Bench, changes: dict[str, str | None], expected: str) -> None:
    """A request without what a signature needs is refused with the code for it, as JSON with status 200."""
    headers = {
        "X-TC-Action": ACTION,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(int(bench.clock.now())),
        "Content-Type": "application/json",
        "Authorization": f"{SCOPE}, SignedHeaders=content-type;host, Signature=0",
    }
    kept = {name: value for name, value in {**headers, **changes}.items() if value is not None}
    assert post(bench, kept)["Error"]["Code"] == expected


def test_account_request_that_is_too_large(bench: Bench) -> None:
    """A body of more than 64 KiB is refused without being read to its end."""
    assert post(bench, {}, b" " * 70_000)["Error"]["Code"] == "RequestSizeLimitExceeded"


def test_other_methods_are_not_the_account_api(bench: Bench) -> None:
    """Only POST reaches the account API; a GET of the root is a request to COS Batch that knows no such path."""
    assert bench.caller().request("GET", "/").code == "InvalidURI"


def test_account_requests_are_recorded_without_secrets() -> None:
    """The log has the action of an account request, and neither the secret id, the signature nor the token."""
    with CosBatchEmulator(secret_id="secret-id", secret_key="secret-key", token="secret-token") as emulator:
        call(emulator, secret_id="secret-id", secret_key="secret-key", token="secret-token")
        (record,) = emulator.requests
    assert (record.method, record.path, record.status, record.headers["x-tc-action"]) == ("POST", "/", 200, ACTION)
    assert (record.headers["authorization"], record.headers["x-tc-token"]) == ("REDACTED", "REDACTED")
    assert "secret-" not in repr(record)


@pytest.mark.parametrize("error", ["RequestLimitExceeded", "AuthFailure.UnauthorizedOperation", "InternalError"])
def test_errors_of_the_account_api_on_demand(emulator: CosBatchEmulator, error: str) -> None:
    """An injected error is JSON with status 200, and the next response is the true one."""
    emulator.inject(Fault("error", action=ACTION, code=error))
    assert code(emulator) == error
    assert call(emulator)["AppId"] == 1250000000


def test_a_fault_meets_account_requests_only_if_it_is_for_them(bench: Bench) -> None:
    """A fault without an action, or for a job, waits for a request to COS Batch; one for the action waits for it."""
    job_id = bench.emulator.create_job()
    account = Fault("error", action=ACTION, code="RequestLimitExceeded")
    bench.emulator.inject(account, "empty", Fault("empty", job_id=job_id))
    assert [bench.describe(job_id).body for _ in range(2)] == [b"", b""]
    assert bench.describe(job_id).status == 200
    assert post(bench, {})["Error"]["Code"] == "RequestLimitExceeded"
    bench.emulator.inject("empty")
    assert post(bench, {})["Error"]["Code"] == "MissingParameter"


def test_a_fault_for_one_action_of_a_job(bench: Bench) -> None:
    """A fault for an action does not meet the other actions on the same job."""
    job_id = bench.emulator.create_job("waits-for-confirmation", seconds=0)
    bench.clock.advance(3600)
    bench.emulator.inject(Fault("error", action="UpdateJobStatus", code="SlowDown"))
    assert bench.status(job_id) == "Suspended"
    assert bench.update(job_id, "Ready").code == "SlowDown"
    assert bench.update(job_id, "Ready").status == 200


def test_a_fault_for_an_unknown_action_is_refused() -> None:
    """The message lists the actions."""
    with pytest.raises(
        ValueError, match="there is no action 'DeleteJob'; the actions are: CreateJob, DescribeJob, Get"
    ):
        Fault("reset", action="DeleteJob")


def raw_request(emulator: CosBatchEmulator, most: int | None = None) -> Reply:
    """Send an account request, and read at most that many bytes of the response."""
    connection = http.client.HTTPConnection(urlsplit(emulator.endpoint).netloc, timeout=20)
    try:
        connection.request("POST", "/", body=b"{}")
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read(most))
    finally:
        connection.close()


def test_connections_of_the_account_api_fail_on_demand(emulator: CosBatchEmulator) -> None:
    """Resets, proxies' pages, late, slow and endless responses meet account requests as they do all others."""
    emulator.inject(Fault("reset", action=ACTION))
    with pytest.raises(ConnectionError):
        raw_request(emulator)
    emulator.inject(Fault("html", action=ACTION, status=200), Fault("redirect", action=ACTION, status=307))
    assert raw_request(emulator).body.startswith(b"<html>")
    assert raw_request(emulator).status == 307
    emulator.inject(Fault("truncated", action=ACTION))
    with pytest.raises(http.client.IncompleteRead):
        raw_request(emulator)
    emulator.inject(Fault("slow", action=ACTION, seconds=0.0), Fault("endless", action=ACTION))
    assert b"MissingParameter" in raw_request(emulator).body
    endless = raw_request(emulator, 100_000).body
    assert endless.startswith(b'{"Response": {"Uin": "xxx')
    assert len(endless) == 100_000
    emulator.inject(Fault("skew", action=ACTION, seconds=3600), Fault("empty", action=ACTION))
    assert code(emulator) == "AuthFailure.SignatureExpire"
    assert raw_request(emulator).body == b""


def test_job_requests_are_not_account_requests(bench: Bench) -> None:
    """The signature of COS Batch does not open the account API."""
    caller = Caller(bench.emulator.endpoint, bench.clock.now())
    headers = {
        "X-TC-Action": ACTION,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(int(bench.clock.now())),
        "Authorization": caller.authorization("POST", "/", {}),
    }
    assert post(bench, headers)["Error"]["Code"] == "AuthFailure.InvalidAuthorization"
