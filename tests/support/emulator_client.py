"""A client of the emulator for its tests, with a signer of its own."""

from __future__ import annotations

import hashlib
import hmac
import http.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


APPID = "1250000000"
_UNRESERVED = "-_.~"


@dataclass(frozen=True)
class Reply:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> ET.Element:
        """The document."""
        return ET.fromstring(self.body)  # noqa: S314 - the emulator's own

    def text(self, path: str) -> str | None:
        """Return the text of an element, `""` if it is empty, None if it is absent."""
        found = self.root.find(path)
        return None if found is None else found.text or ""

    @property
    def code(self) -> str | None:
        """The code of an error document."""
        return self.text("Code")


@dataclass
class Caller:
    """A client with a signer of its own, so that it repeats no mistake of the emulator or the package.

    A test may set each field to a wrong value.
    """

    endpoint: str
    now: float
    secret_id: str = "emulator-id"
    secret_key: str = "emulator-key"
    window: tuple[int, int] = (-60, 600)
    key_window: tuple[int, int] | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"x-cos-appid": APPID})
    signed_headers: dict[str, str] | None = None
    signed_params: dict[str, str] | None = None
    signed_path: str | None = None

    def authorization(self, method: str, path: str, params: Mapping[str, str]) -> str:
        """Sign a request."""
        signed = self.headers if self.signed_headers is None else self.signed_headers
        headers = {name.lower(): quote(value, _UNRESERVED) for name, value in signed.items()}
        named = {quote(name, _UNRESERVED).lower(): quote(value, _UNRESERVED) for name, value in params.items()}
        sign_time = ";".join(str(int(self.now) + edge) for edge in self.window)
        key_time = ";".join(str(int(self.now) + edge) for edge in self.key_window or self.window)
        http_string = f"{method.lower()}\n{unquote(path)}\n{_joined(named)}\n{_joined(headers)}\n"
        digest = hashlib.sha1(http_string.encode()).hexdigest()  # noqa: S324 - the scheme is what it is
        key = hmac.new(self.secret_key.encode(), key_time.encode(), hashlib.sha1).hexdigest()
        signature = hmac.new(key.encode(), f"sha1\n{sign_time}\n{digest}\n".encode(), hashlib.sha1).hexdigest()
        return (
            f"q-sign-algorithm=sha1&q-ak={self.secret_id}&q-sign-time={sign_time}&q-key-time={key_time}"
            f"&q-header-list={';'.join(sorted(headers))}&q-url-param-list={';'.join(sorted(named))}"
            f"&q-signature={signature}"
        )

    def request(
        self, method: str, path: str, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Send a signed request."""
        params = params or {}
        signed_params = params if self.signed_params is None else self.signed_params
        authorization = self.authorization(method, self.signed_path or path, signed_params)
        target = f"{path}?{urlencode(params)}" if params else path
        return send(self.endpoint, method, target, {**self.headers, "Authorization": authorization}, body)


def _joined(pairs: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs.items()))


def send(endpoint: str, method: str, target: str, headers: Mapping[str, str], body: bytes | str | None = None) -> Reply:
    """Send a request without signing it."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class Bench:
    """An emulator whose clock the test advances, and a client with the same clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.emulator = CosBatchEmulator(clock=self.clock)

    def caller(self, **changes: object) -> Caller:
        """Return a client with right settings, except for the changes."""
        caller = Caller(self.emulator.endpoint, self.clock.now())
        for name, value in changes.items():
            setattr(caller, name, value)
        return caller

    def describe(self, job_id: str) -> Reply:
        """Describe a job."""
        return self.caller().request("GET", f"/jobs/{job_id}")

    def status(self, job_id: str) -> str | None:
        """Return the status of a job."""
        return self.describe(job_id).text("Job/Status")

    def update(self, job_id: str, status: str, reason: str | None = None) -> Reply:
        """Update the status of a job."""
        params = {"requestedJobStatus": status, **({} if reason is None else {"statusUpdateReason": reason})}
        return self.caller().request("POST", f"/jobs/{job_id}/status", params)

    def progress(self, job_id: str) -> tuple[int, int, int]:
        """Return the numbers of failed, succeeded and all tasks."""
        summary = self.describe(job_id).root.find("Job/ProgressSummary")
        assert summary is not None
        failed, succeeded, total = (int(child.text or "") for child in summary)
        return failed, succeeded, total


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Yield an emulator that serves, and a client for it."""
    made = Bench()
    with made.emulator:
        yield made


REQUEST = """<CreateJobRequest>
  <ClientRequestToken>{token}</ClientRequestToken>
  <ConfirmationRequired>false</ConfirmationRequired>
  <Description>nightly &amp; süß</Description>
  <Manifest>
    <Location><ETag>"abc"</ETag><ObjectArn>qcs::cos:ap-chengdu::b-1250000000/m.csv</ObjectArn></Location>
    <Spec><Fields><member>Bucket</member><member>Key</member></Fields>
      <Format>COSBatchOperations_CSV_V1</Format></Spec>
  </Manifest>
  <Operation><COSInitiateRestoreObject><ExpirationInDays>3</ExpirationInDays><JobTier>Bulk</JobTier>
  </COSInitiateRestoreObject></Operation>
  <Priority>2147483647</Priority>
  <Report><Enabled>false</Enabled></Report>
  <RoleArn>qcs::cam::uin/100000000001:roleName/COS_Batch_QcsRole</RoleArn>
</CreateJobRequest>"""


def create(bench: Bench, document: str | bytes) -> Reply:
    """Send CreateJob."""
    body = document if isinstance(document, bytes) else document.encode()
    return bench.caller().request("POST", "/jobs", body=body)
