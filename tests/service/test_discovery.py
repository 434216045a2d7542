"""The account of credentials that is discovered: by real requests to the emulator, and what each failure reports."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from clients import ID, KEY, TOKEN, client_of, clock, service
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common import credential
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.http.request import RequestInternal
from tencentcloud.common.profile.client_profile import ClientProfile

from pulumi_cosjob import CosBatchClient, CosJobError
from pulumi_cosjob._errors import AccessDeniedError, InvalidResponseError, RequestError, ServiceError, UnavailableError
from pulumi_cosjob._service import discovery
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.settings import Settings
from pulumi_cosjob._service.signing import sign_tc3
from pulumi_cosjob._service.transport import Response
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

__all__ = ["clock", "service"]

ACCOUNT = "GetUserAppId"


@pytest.fixture(autouse=True)
def _nothing_discovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test as a new process does."""
    monkeypatch.setattr(discovery, "_accounts", {})


def sent(service: CosBatchEmulator) -> list[str]:
    """Return what was requested: the account, or a path."""
    return [ACCOUNT if each.method == "POST" and each.path == "/" else each.path for each in service.requests]


def test_an_appid_that_is_set_nowhere_is_discovered_once(service: CosBatchEmulator, clock: ManualClock) -> None:
    """One request serves all jobs and all clients of a process; the jobs are requested with the APPID that it found."""
    ids = [service.create_job() for _ in range(3)]
    with client_of(service, clock) as client, client_of(service, clock) as other:
        assert client.location.appid is None
        assert list(client.describe_jobs(ids)) == ids
        assert other.describe_job(ids[0]).job_id == ids[0]
        assert client.location.account == other.location.account
    assert sent(service).count(ACCOUNT) == 1
    assert {each.headers["x-cos-appid"] for each in service.requests if each.path.startswith("/jobs")} == {"1250000000"}


@pytest.mark.parametrize("settings", [{"appid": "1250000000"}, {}])
def test_nothing_is_discovered_where_all_is_set(
    service: CosBatchEmulator, clock: ManualClock, settings: dict[str, str]
) -> None:
    """An endpoint and an APPID, as an argument or as a setting, need no account."""
    job_id = service.create_job()
    with client_of(service, clock, **settings) as client:
        client.describe_job(job_id, *([] if settings else ["1250000000"]))
    assert ACCOUNT not in sent(service)


def test_the_endpoint_follows_from_the_discovered_uin(
    service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a region alone, the account's own host is where jobs are requested."""
    monkeypatch.setattr(discovery, "_HOSTS", {"cn": service.endpoint})
    with CosBatchClient(region="ap-tokyo", secret_id=ID, secret_key=KEY, token=TOKEN, clock=clock) as client:
        assert client.endpoint == ""
        found = client.locate()
    assert found.endpoint == "https://100000000001.cos-control.ap-tokyo.myqcloud.com"
    assert found.appid == "1250000000"


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (Settings(None, lambda _s: Credentials("a", "b")), "https://cam.tencentcloudapi.com"),
        (Settings(None, lambda _s: Credentials("a", "b"), site="intl"), "https://cam.intl.tencentcloudapi.com"),
        (Settings("https://cos.example.com", lambda _s: Credentials("a", "b")), "https://cam.tencentcloudapi.com"),
        (Settings("http://127.0.0.1:1", lambda _s: Credentials("a", "b")), "http://127.0.0.1:1"),
        (Settings("http://[::1]:1", lambda _s: Credentials("a", "b"), site="intl"), "http://[::1]:1"),
    ],
)
def test_each_site_has_its_host(settings: Settings, host: str) -> None:
    """An endpoint on loopback is asked itself: the credentials of an emulator never leave the machine."""
    assert discovery.account_endpoint(settings) == host


def test_many_threads_share_one_request(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Threads that need the account at the same time wait for the request of the first."""
    ids = [service.create_job() for _ in range(16)]
    service.inject(Fault("delay", action=ACCOUNT, seconds=0.2))
    with client_of(service, clock) as client, ThreadPoolExecutor(16) as pool:
        assert [each.job_id for each in pool.map(client.describe_job, ids)] == ids
    assert sent(service).count(ACCOUNT) == 1


# ------------------------------------------------------------------------------------------------------------ failures
SETTINGS_NAMED = (
    "Set argument uin or environment variable COSJOB_UIN, and argument appid or environment variable COSJOB_APPID: the "
    "console shows both on its page Account Information"
)
FAILURES: dict[str, tuple[Fault, type[CosJobError], str]] = {
    "a sub-account without the permission": (
        Fault("error", action=ACCOUNT, times=None, code="AuthFailure.UnauthorizedOperation", message="no permission"),
        AccessDeniedError,
        "allow the action cam:GetUserAppId",
    ),
    "a wrong secret id": (
        Fault("error", action=ACCOUNT, times=None, code="AuthFailure.SecretIdNotFound"),
        AccessDeniedError,
        ". Check the secret id and the secret key. They can be set by environment variables TENCENTCLOUD_SECRET_ID",
    ),
    "a throttled account": (
        Fault("error", action=ACCOUNT, times=None, code="RequestLimitExceeded"),
        UnavailableError,
        "RequestLimitExceeded",
    ),
    "a code that is not known": (
        Fault("error", action=ACCOUNT, times=None, code="FailedOperation.New"),
        ServiceError,
        "FailedOperation.New",
    ),
    "a page of a proxy": (Fault("html", action=ACCOUNT, times=None, status=200), InvalidResponseError, "GetUserAppId"),
    "no body": (Fault("empty", action=ACCOUNT, times=None), InvalidResponseError, "GetUserAppId"),
    "a reset": (Fault("reset", action=ACCOUNT, times=None), RequestError, "reset"),
    "half a body": (Fault("truncated", action=ACCOUNT, times=None), RequestError, "broke off"),
    "a redirect": (Fault("redirect", action=ACCOUNT, times=None), InvalidResponseError, "GetUserAppId"),
}


@pytest.mark.parametrize(("fault", "kind", "words"), FAILURES.values(), ids=FAILURES)
def test_a_failure_names_the_settings_that_make_it_unnecessary(
    service: CosBatchEmulator, clock: ManualClock, fault: Fault, kind: type[CosJobError], words: str
) -> None:
    """No account is guessed: no job is requested. The message names both settings, and where the console has them."""
    service.inject(fault)
    with client_of(service, clock) as client, pytest.raises(kind) as caught:
        client.describe_job("a")
    message = str(caught.value)
    assert message.startswith("the account of the credentials could not be discovered: ")
    assert SETTINGS_NAMED in message
    assert words in message
    assert f"job a, endpoint {service.endpoint}" in message
    assert set(sent(service)) == {ACCOUNT}
    assert not [each for each in (ID, KEY, TOKEN) if each in message]


@pytest.mark.parametrize(
    "response",
    [
        {},
        [],
        "text",
        {"Response": None},
        {"Response": {"OwnerUin": "100000000001"}},
        {"Response": {"OwnerUin": "100000000001", "AppId": None}},
        {"Response": {"OwnerUin": "1\n2", "AppId": 1}},
        {"Response": {"OwnerUin": "../x", "AppId": 1}},
        {"Response": {"OwnerUin": "\u0661", "AppId": 1}},
        {"Response": {"OwnerUin": "1" * 21, "AppId": 1}},
        {"Response": {"OwnerUin": "1", "AppId": 1.5}},
        {"Response": {"Error": "no"}},
    ],
)
def test_nonsense_is_no_account(response: Any) -> None:
    """What is not digits never becomes a part of a host name or a header."""
    with pytest.raises(CosJobError, match="could not be discovered"):
        discovery.parse_account(Response(200, {}, json.dumps(response).encode()), (), "https://host")


def test_a_failure_is_not_kept(service: CosBatchEmulator, clock: ManualClock) -> None:
    """The next request discovers the account again."""
    job_id = service.create_job()
    service.inject(Fault("error", action=ACCOUNT, code="AuthFailure.UnauthorizedOperation"))
    with client_of(service, clock) as client:
        with pytest.raises(AccessDeniedError):
            client.describe_job(job_id)
        assert client.describe_job(job_id).job_id == job_id


def test_attempts_go_on_until_the_account_is_discovered(service: CosBatchEmulator, clock: ManualClock) -> None:
    """An outage of the account's host is outlived like one of the service."""
    job_id = service.create_job()
    service.inject(Fault("reset", action=ACCOUNT, times=2), Fault("error", action=ACCOUNT, code="InternalError"))
    with client_of(service, clock) as client:
        assert client.describe_job(job_id).job_id == job_id
    assert sent(service).count(ACCOUNT) == 4


def test_a_wrong_clock_is_corrected(service: CosBatchEmulator) -> None:
    """A signature that has expired is made anew by the service's own time."""
    job_id = service.create_job()
    wrong = ManualClock()
    wrong.advance(7200)
    with client_of(service, wrong) as client:
        assert client.describe_job(job_id).job_id == job_id
    assert sent(service).count(ACCOUNT) == 2


def test_a_hanging_account_ends_with_the_time_limit() -> None:
    """The time limits of requests hold for the account, too."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        service.inject(Fault("endless", action=ACCOUNT, times=None))
        with client_of(service, request_timeout=0.5) as client, pytest.raises(CosJobError) as caught:
            client.describe_job("a")
    assert SETTINGS_NAMED in str(caught.value)


def test_abort_ends_a_discovery() -> None:
    """Ctrl-C does not wait for the account."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN) as service:
        service.inject(Fault("delay", action=ACCOUNT, seconds=60))
        with client_of(service, request_timeout=3600) as client, ThreadPoolExecutor(1) as pool:
            reading = pool.submit(client.describe_job, "a")
            while service._service.faults._queue:
                threading.Event().wait(0.01)
            client.abort()
            assert isinstance(reading.exception(), RequestError)


# ------------------------------------------------------------------------------------------------------------- reports
def test_messages_about_jobs_name_the_discovered_account(service: CosBatchEmulator, clock: ManualClock) -> None:
    """A person sees which account was asked, and that nobody had set it."""
    with client_of(service, clock) as client, pytest.raises(ServiceError) as caught:
        client.describe_job("a")
    assert "(job a, account 100000000001, APPID 1250000000, discovered, endpoint " in str(caught.value)


def test_the_account_is_logged_once(
    service: CosBatchEmulator, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """At debug level, and without any credential."""
    job_id = service.create_job()
    with caplog.at_level(logging.DEBUG, "pulumi_cosjob"), client_of(service, clock) as client:
        client.describe_job(job_id)
        client.describe_job(job_id)
    lines = [each.getMessage() for each in caplog.records if each.name == "pulumi_cosjob"]
    assert lines == ["account 100000000001, APPID 1250000000, discovered"]


def test_the_name_of_a_bucket_is_no_appid() -> None:
    """The message shows the part that is."""
    client = CosBatchClient(endpoint="http://127.0.0.1:1", secret_id="a", secret_key="b")
    with client, pytest.raises(CosJobError, match=r"The name of a bucket ends in it: here, 1250000001"):
        client.describe_job("a", "examplebucket-1250000001")


# ----------------------------------------------------------------------------------------------------------- signature
def vendors_authorization(secret_id: str, secret_key: str, token: str | None, now: int, host: str, service: str) -> str:
    """Return the Authorization header of the vendor's SDK."""
    profile = ClientProfile()
    profile.httpProfile.endpoint = host
    client = AbstractClient(credential.Credential(secret_id, secret_key, token), "", profile)
    client._service, client._apiVersion = service, "2019-01-16"
    request = RequestInternal(host, "POST", "/", {})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("time.time", lambda: now)
        client._build_req_with_tc3_signature("GetUserAppId", {}, request)
    header: str = request.header["Authorization"]
    return header


PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)


@given(
    secret_id=PRINTABLE,
    secret_key=PRINTABLE,
    token=st.none() | PRINTABLE,
    now=st.integers(0, 2**32),
    host=st.sampled_from(["cam.tencentcloudapi.com", "cam.intl.tencentcloudapi.com", "127.0.0.1:8080"]),
)
def test_the_signature_is_the_vendors(secret_id: str, secret_key: str, token: str | None, now: int, host: str) -> None:
    """Byte for byte, for any credentials at any time."""
    request = requests.Request(
        "POST", f"https://{host}/", data=b"{}", headers={"Content-Type": "application/json"}
    ).prepare()
    sign_tc3(request, Credentials(secret_id, secret_key, token), now + 0.9, "cam")
    assert request.headers["Authorization"] == vendors_authorization(secret_id, secret_key, token, now, host, "cam")
    assert request.headers.get("X-TC-Token") == token
