"""The emulator's jobs: their lives, their documents, and what CreateJob, UpdateJobStatus and ListJobs do."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from pulumi_cosjob._emulator.fields import JOB, Group, Members, snake_case
from pulumi_cosjob._emulator.scenarios import SCRIPTS, STATUSES, TERMINAL
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_cosjob._emulator.fields import Kind

APPID = "1250000000"
_UNRESERVED = "-_.~"


@dataclass(frozen=True)
class Reply:
    """What came back."""

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
    """A client of its own kind, so that no mistake of the emulator's is repeated here.

    Each field is one thing that a test may get wrong on purpose.
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

    def ask(self, method: str, path: str, params: Mapping[str, str] | None = None, body: bytes | None = None) -> Reply:
        """Send a signed request."""
        params = params or {}
        signed_params = params if self.signed_params is None else self.signed_params
        authorization = self.authorization(method, self.signed_path or path, signed_params)
        target = f"{path}?{urlencode(params)}" if params else path
        return send(self.endpoint, method, target, {**self.headers, "Authorization": authorization}, body)


def _joined(pairs: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs.items()))


def send(endpoint: str, method: str, target: str, headers: Mapping[str, str], body: bytes | str | None = None) -> Reply:
    """Send a request as it is."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class Bench:
    """An emulator whose clock the test turns, and a client with the same clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.emulator = CosBatchEmulator(clock=self.clock)

    def caller(self, **changes: object) -> Caller:
        """Return a client that does all right but for the changes."""
        caller = Caller(self.emulator.endpoint, self.clock.now())
        for name, value in changes.items():
            setattr(caller, name, value)
        return caller

    def describe(self, job_id: str) -> Reply:
        """Describe a job."""
        return self.caller().ask("GET", f"/jobs/{job_id}")

    def status(self, job_id: str) -> str | None:
        """Return the status of a job."""
        return self.describe(job_id).text("Job/Status")

    def update(self, job_id: str, status: str, reason: str | None = None) -> Reply:
        """Update the status of a job."""
        params = {"requestedJobStatus": status, **({} if reason is None else {"statusUpdateReason": reason})}
        return self.caller().ask("POST", f"/jobs/{job_id}/status", params)

    def progress(self, job_id: str) -> tuple[int, int, int]:
        """Return how many tasks failed, succeeded, and all."""
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


ACTIVE: list[tuple[float, str | None]] = [(0, "New"), (1, "Preparing"), (2, "Ready"), (3, "Active")]
LIVES: dict[Scenario, list[tuple[float, str | None]]] = {
    Scenario.COMPLETES: [*ACTIVE, (12.9, "Active"), (13, "Completing"), (14, "Complete"), (9e6, None)],
    Scenario.COMPLETES_WITH_FAILED_TASKS: [*ACTIVE, (13, "Completing"), (14, "Complete"), (1e6, "Complete")],
    Scenario.FAILS: [*ACTIVE, (13, "Failing"), (14, "Failed"), (1e6, "Failed")],
    Scenario.CANCELLED: [*ACTIVE, (13, "Cancelling"), (14, "Cancelled"), (1e6, "Cancelled")],
    Scenario.WAITS_FOR_CONFIRMATION: [*ACTIVE[:2], (2, "Suspended"), (9e9, "Suspended")],
    Scenario.PAUSES: [
        *ACTIVE,
        (7.9, "Active"),
        (8, "Pausing"),
        (9, "Paused"),
        (13.9, "Paused"),
        (14, "Active"),
        (18.9, "Active"),
        (19, "Completing"),
        (20, "Complete"),
    ],
    Scenario.RESTORE: [*ACTIVE, (12.9, "Active"), (13, "Completing"), (14, "Complete"), (9e6, None)],
    Scenario.GAINS_A_WORD: [
        *ACTIVE,
        (8, "Active"),
        (12.9, "Active"),
        (13, "Verifying"),
        (14, "Completing"),
        (15, "Complete"),
    ],
    Scenario.STALLS: [*ACTIVE, (8, "Active"), (9e9, "Active")],
    Scenario.NEVER_ENDS: [*ACTIVE, (13, "Active"), (9e9, "Active")],
}


@pytest.mark.parametrize("scenario", list(Scenario), ids=lambda scenario: scenario.value)
def test_scenario_runs_through_its_states(bench: Bench, scenario: Scenario) -> None:
    """Each scenario shows the states of its table at the times of its table, and nothing after 90 days."""
    job_id = bench.emulator.create_job(scenario)
    begun = bench.clock.now()
    seen = []
    for after, _ in LIVES[scenario]:
        bench.clock.advance(begun + after - bench.clock.now())
        seen.append((after, bench.status(job_id)))
    assert seen == LIVES[scenario]


def test_scenarios_are_sound() -> None:
    """Every scenario has a table of known states that ends with a state without end, and nothing follows an end."""
    assert set(SCRIPTS) == set(Scenario)
    for scenario, script in SCRIPTS.items():
        statuses = [phase.status for phase in script.phases]
        assert statuses[:2] == ["New", "Preparing"]
        assert set(statuses) - STATUSES == ({"Verifying"} if scenario is Scenario.GAINS_A_WORD else set())
        assert script.phases[-1].seconds == float("inf")
        assert not TERMINAL.intersection(statuses[:-1])


def test_length_and_tasks_are_settable(bench: Bench) -> None:
    """A job is Active for as long, and has as many tasks, as it was created with, beyond 32 bits too."""
    job_id = bench.emulator.create_job(seconds=100, tasks=10_000_000_000)
    bench.clock.advance(3 + 25)
    assert bench.progress(job_id) == (0, 2_500_000_000, 10_000_000_000)
    bench.clock.advance(74)
    assert bench.status(job_id) == "Active"
    bench.clock.advance(1)
    assert bench.status(job_id) == "Completing"
    assert bench.progress(job_id) == (0, 10_000_000_000, 10_000_000_000)


def test_progress_of_failed_tasks(bench: Bench) -> None:
    """A job that completes with failed tasks has one in ten of them, and one at least."""
    many = bench.emulator.create_job("completes-with-failed-tasks", tasks=70)
    one = bench.emulator.create_job("completes-with-failed-tasks", tasks=1)
    bench.clock.advance(3 + 5)
    assert bench.progress(many) == (4, 31, 70)
    bench.clock.advance(100)
    assert bench.progress(many) == (7, 63, 70)
    assert bench.progress(one) == (1, 0, 1)
    assert bench.describe(many).text("Job/FailureReasons") is None


def test_failed_job_gives_its_reason(bench: Bench) -> None:
    """A job that fails names code and reason from Failing on; only more than 1,000 tasks fail it by their failures."""
    jobs = {tasks: bench.emulator.create_job("fails", tasks=tasks) for tasks in (100, 1000, 1001)}
    bench.clock.advance(12)
    assert [bench.describe(job_id).text("Job/FailureReasons") for job_id in jobs.values()] == [None] * 3
    bench.clock.advance(1)
    code = "Job/FailureReasons/JobFailure/FailureCode"
    codes = {tasks: bench.describe(job_id).text(code) for tasks, job_id in jobs.items()}
    assert codes == {100: "ManifestUnreadable", 1000: "ManifestUnreadable", 1001: "TooManyFailedTasks"}
    assert bench.describe(jobs[100]).text("Job/FailureReasons/JobFailure/FailureReason")
    assert bench.progress(jobs[100]) == (30, 10, 100)


def test_completed_job_has_an_empty_failure(bench: Bench) -> None:
    """A job that completed holds a JobFailure whose elements are there and empty, as the service's answers do."""
    job_id = bench.emulator.create_job()
    bench.clock.advance(13)
    assert bench.describe(job_id).text("Job/StatusUpdateReason") is None
    bench.clock.advance(1)
    assert bench.describe(job_id).text("Job/FailureReasons/JobFailure/FailureCode") == ""
    assert bench.describe(job_id).text("Job/StatusUpdateReason") == "Job complete"


def test_a_restore_job_restores(bench: Bench) -> None:
    """It is Complete once its requests have been sent, and says nothing of objects that can be read."""
    job_id = bench.emulator.create_job("restore")
    bench.clock.advance(14)
    reply = bench.describe(job_id)
    assert reply.text("Job/Status") == "Complete"
    assert reply.text("Job/Operation/COSInitiateRestoreObject/JobTier") == "Standard"
    assert bench.caller().ask("GET", "/jobs").text("Jobs/member/Operation") == "COSInitiateRestoreObject"


def test_a_job_gains_words_as_it_goes_on(bench: Bench) -> None:
    """Each stage adds words and elements that no page lists to those before; at first there are none."""
    job_id = bench.emulator.create_job("gains-a-word", operation={"cos_delete_object": {}})
    copies = bench.emulator.create_job("gains-a-word")
    paths = ("ProgressSummary/AutoManifestStatus", "Report/ReportScope", "QueuePosition", "Status")
    seen = []
    for _ in range(16):
        reply = bench.describe(copies)
        seen.append(tuple(reply.text(f"Job/{path}") for path in paths))
        bench.clock.advance(1)
    assert list(dict.fromkeys(seen)) == [
        (None, "AllTasks", None, "New"),
        (None, "AllTasks", None, "Preparing"),
        ("Ready", "AllTasks", None, "Ready"),
        ("Ready", "SampledTasks", None, "Active"),
        ("Ready", "SampledTasks", "1", "Active"),
        ("Ready", "SampledTasks", "1", "Verifying"),
        ("Verified", "SampledTasks", "1", "Completing"),
        ("Verified", "SampledTasks", "1", "Complete"),
    ]
    assert bench.describe(copies).text("Job/Operation/COSPutObjectCopy/TaggingDirective") == "Replace"
    assert bench.describe(job_id).text("Job/Operation/COSPutObjectCopy/ChecksumAlgorithm") == "CRC64"
    again = bench.emulator.create_job("gains-a-word")
    assert bench.describe(again).text("Job/Report/ReportScope") == "AllTasks"


def test_a_life_may_begin_at_the_first_request(bench: Bench) -> None:
    """A person who types needs time; neither a list begins it, nor a request by another account."""
    job_id = bench.emulator.create_job(seconds=60, starts="first-request")
    bench.clock.advance(1000)
    assert bench.caller().ask("GET", "/jobs").text("Jobs/member/Status") == "New"
    assert bench.caller(headers={"x-cos-appid": "1250000001"}).ask("GET", f"/jobs/{job_id}").code == "NoSuchJob"
    bench.clock.advance(1000)
    assert bench.status(job_id) == "New"
    assert bench.describe(job_id).text("Job/CreationTime") == "2024-01-01T00:33:20Z"
    bench.clock.advance(3)
    assert bench.status(job_id) == "Active"
    bench.clock.advance(61)
    assert bench.status(job_id) == "Complete"
    cancelled = bench.emulator.create_job(starts="first-request")
    assert bench.update(cancelled, "Cancelled").text("Status") == "Cancelling"
    bench.clock.advance(1)
    assert bench.status(cancelled) == "Cancelled"


def test_stalled_job_makes_no_progress(bench: Bench) -> None:
    """A stalled job gets through half of its tasks and stays there."""
    job_id = bench.emulator.create_job("stalls")
    bench.clock.advance(3 + 2.5)
    assert bench.progress(job_id) == (0, 25, 100)
    bench.clock.advance(5)
    assert bench.progress(job_id) == (0, 50, 100)
    bench.clock.advance(1e8)
    assert bench.progress(job_id) == (0, 50, 100)


def test_endless_job_always_has_a_task_left(bench: Bench) -> None:
    """A job that never ends goes on making progress, and never handles its last task."""
    job_id = bench.emulator.create_job("never-ends", tasks=1000)
    counts = []
    for seconds in (4, 10, 100, 1e10):
        bench.clock.advance(seconds)
        counts.append(bench.progress(job_id)[1])
    assert counts == sorted(set(counts))
    assert counts[-1] == 999


def test_progress_is_unknown_before_the_manifest_was_read(bench: Bench) -> None:
    """A job that is New or Preparing has no ProgressSummary; a job that is Ready has one."""
    job_id = bench.emulator.create_job()
    shown = []
    for _ in range(3):
        shown.append(bench.describe(job_id).text("Job/ProgressSummary") is not None)
        bench.clock.advance(1)
    assert shown == [False, False, True]


def test_dates_tell_the_jobs_time(bench: Bench) -> None:
    """CreationTime and TerminationDate are the times of the jobs' clock; the latter appears with the end."""
    job_id = bench.emulator.create_job()
    assert bench.describe(job_id).text("Job/CreationTime") == "2024-01-01T00:00:00Z"
    bench.clock.advance(13)
    assert bench.describe(job_id).text("Job/TerminationDate") is None
    bench.clock.advance(3600)
    assert bench.describe(job_id).text("Job/TerminationDate") == "2024-01-01T00:00:14Z"


def test_ended_job_is_kept_for_90_days(bench: Bench) -> None:
    """A job is there until 90 days after it was created, and then there is no such job, unless it goes on."""
    job_id = bench.emulator.create_job()
    endless = bench.emulator.create_job("never-ends")
    bench.clock.advance(90 * 86400 - 1)
    assert bench.status(job_id) == "Complete"
    bench.clock.advance(1)
    reply = bench.describe(job_id)
    assert (reply.status, reply.code) == (404, "NoSuchJob")
    assert bench.caller().ask("GET", "/jobs").text("Jobs/member") is None
    assert bench.status(endless) == "Active"
    bench.emulator.create_job(job_id=job_id)
    assert bench.status(job_id) == "New"


def test_job_belongs_to_its_appid(bench: Bench) -> None:
    """To another account's APPID a job does not exist, neither in a description nor in a list."""
    job_id = bench.emulator.create_job(appid="1250000001")
    other = {"x-cos-appid": "1250000001"}
    path = f"/jobs/{job_id}"
    assert bench.describe(job_id).code == "NoSuchJob"
    assert bench.update(job_id, "Cancelled").code == "NoSuchJob"
    assert bench.caller(headers=other).ask("GET", path).text("Job/JobId") == job_id
    assert bench.caller().ask("GET", "/jobs").text("Jobs/member") is None
    assert bench.caller(headers=other).ask("GET", "/jobs").text("Jobs/member/JobId") == job_id


def test_confirmation(bench: Bench) -> None:
    """A job that waits is suspended until it is confirmed, tells why and since when, and then runs."""
    job_id = bench.emulator.create_job("waits-for-confirmation")
    assert bench.describe(job_id).text("Job/SuspendedCause") is None
    assert bench.update(job_id, "Ready").code == "InvalidRequest"
    bench.clock.advance(1000)
    reply = bench.describe(job_id)
    assert reply.text("Job/ConfirmationRequired") == "true"
    assert reply.text("Job/SuspendedCause")
    assert reply.text("Job/SuspendedDate") == "2024-01-01T00:00:02Z"
    answer = bench.update(job_id, "Ready", "grünes Licht")
    assert [(child.tag, child.text) for child in answer.root] == [
        ("JobId", job_id),
        ("Status", "Ready"),
        ("StatusUpdateReason", "grünes Licht"),
    ]
    bench.clock.advance(1)
    assert bench.status(job_id) == "Active"
    assert bench.describe(job_id).text("Job/StatusUpdateReason") == "grünes Licht"
    assert bench.describe(job_id).text("Job/SuspendedDate") == "2024-01-01T00:00:02Z"
    bench.clock.advance(11)
    assert bench.status(job_id) == "Complete"


@pytest.mark.parametrize("after", [0, 1.5, 2, 5])
def test_cancelling(bench: Bench, after: float) -> None:
    """A job that has not ended is Cancelling for a moment once it is cancelled, then Cancelled, and stays so."""
    job_id = bench.emulator.create_job()
    bench.clock.advance(after)
    assert bench.update(job_id, "Cancelled", "not needed").text("Status") == "Cancelling"
    assert bench.update(job_id, "Cancelled").code == "InvalidRequest"
    bench.clock.advance(1)
    reply = bench.describe(job_id)
    assert reply.text("Job/Status") == "Cancelled"
    assert reply.text("Job/StatusUpdateReason") == "not needed"
    assert reply.text("Job/TerminationDate") is not None
    before = reply.body
    bench.clock.advance(1000)
    assert bench.describe(job_id).body == before
    assert bench.update(job_id, "Cancelled").code == "InvalidRequest"


@pytest.mark.parametrize("scenario", ["completes", "fails", "cancelled"])
def test_ended_job_cannot_be_updated(bench: Bench, scenario: str) -> None:
    """A job that has ended can be neither confirmed nor cancelled."""
    job_id = bench.emulator.create_job(scenario)
    bench.clock.advance(100)
    for status in ("Ready", "Cancelled"):
        reply = bench.update(job_id, status)
        assert (reply.status, reply.code) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "InvalidArgument"),
        ({"requestedJobStatus": "Complete"}, "InvalidArgument"),
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "ü" * 129}, "InvalidArgument"),
        ({"requestedJobStatus": "Cancelled", "statusUpdateReason": "ü" * 128}, None),
    ],
)
def test_update_arguments(bench: Bench, params: dict[str, str], code: str | None) -> None:
    """UpdateJobStatus takes two statuses, and a reason of up to 256 bytes."""
    job_id = bench.emulator.create_job()
    assert bench.caller().ask("POST", f"/jobs/{job_id}/status", params).code == code


def prioritize(bench: Bench, job_id: str, params: dict[str, str]) -> Reply:
    """Send UpdateJobPriority."""
    return bench.caller().ask("POST", f"/jobs/{job_id}/priority", params)


def test_priority(bench: Bench) -> None:
    """A job that has not ended gets another priority, which its description shows from then on."""
    job_id = bench.emulator.create_job(priority=3)
    bench.clock.advance(5)
    answer = prioritize(bench, job_id, {"priority": "2147483647"})
    assert answer.root.tag == "UpdateJobPriorityResult"
    assert [(child.tag, child.text) for child in answer.root] == [("JobId", job_id), ("Priority", "2147483647")]
    assert bench.describe(job_id).text("Job/Priority") == "2147483647"
    assert bench.status(job_id) == "Active"


@pytest.mark.parametrize(
    ("job", "params", "outcome"),
    [
        ("going", {}, (400, "InvalidRequest")),
        ("going", {"priority": ""}, (400, "InvalidRequest")),
        ("", {"priority": "1"}, (400, "InvalidRequest")),
        ("going", {"priority": "2147483648"}, (400, "InvalidArgument")),
        ("going", {"priority": "-1"}, (400, "InvalidArgument")),
        ("going", {"priority": "9" * 5000}, (400, "InvalidArgument")),
        ("done", {"priority": "1"}, (404, "NoSuchJob")),
        ("missing", {"priority": "1"}, (404, "NoSuchJob")),
    ],
)
def test_priority_arguments(bench: Bench, job: str, params: dict[str, str], outcome: tuple[int, str]) -> None:
    """UpdateJobPriority refuses what is no priority, and knows no job that has completed."""
    bench.emulator.create_job(job_id="done", seconds=0)
    bench.clock.advance(10)
    bench.emulator.create_job(job_id="going")
    reply = prioritize(bench, job, params)
    assert (reply.status, reply.code) == outcome


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


RESTORE = """<COSInitiateRestoreObject><ExpirationInDays>3</ExpirationInDays><JobTier>Bulk</JobTier>
  </COSInitiateRestoreObject>"""
COPY = (
    "<COSPutObjectCopy><TaggingDirective>DIRECTIVE</TaggingDirective>"
    "<TargetResource>qcs::cos:ap-chengdu::b-1250000000</TargetResource></COSPutObjectCopy>"
)
TAGS = "<NewObjectTagging><COSTag><Key>a</Key><Value>b</Value></COSTag></NewObjectTagging>"
FULL_REPORT = (
    "<Bucket>qcs::cos:ap-chengdu::b-1250000000</Bucket><Format>Report_CSV_V1</Format>"
    "<ReportScope>AllTasks</ReportScope>"
)


def create(bench: Bench, document: str | bytes) -> Reply:
    """Send CreateJob."""
    body = document if isinstance(document, bytes) else document.encode()
    return bench.caller().ask("POST", "/jobs", body=body)


def test_create_job_echoes_what_it_was_given(bench: Bench) -> None:
    """A job that CreateJob made is described with the elements that were given, and with no others of that kind."""
    answer = create(bench, REQUEST.format(token="t-1"))
    assert answer.status == 200
    job = bench.describe(answer.text("JobId") or "").root.find("Job")
    assert job is not None
    given = ET.fromstring(REQUEST.format(token="t-1"))  # noqa: S314 - this file's own
    for element in given:
        shown = job.find(element.tag)
        assert shown is not None
        assert ET.canonicalize(ET.tostring(shown), strip_text=True) == ET.canonicalize(
            ET.tostring(element), strip_text=True
        )
    assert {child.tag for child in job} == {child.tag for child in given} | {"CreationTime", "JobId", "Status"}


def test_token_creates_one_job(bench: Bench) -> None:
    """The same ClientRequestToken again is refused, for this account and until the job is forgotten."""
    document = REQUEST.format(token="t-1")
    assert create(bench, document).status == 200
    again = create(bench, document)
    assert (again.status, again.code) == (400, "InvalidRequest")
    other = bench.caller(headers={"x-cos-appid": "1250000001"})
    assert other.ask("POST", "/jobs", body=document.encode()).status == 200
    bench.clock.advance(100 * 86400)
    assert create(bench, document).status == 200


def test_created_job_can_wait_for_a_confirmation(bench: Bench) -> None:
    """ConfirmationRequired decides whether a created job is suspended."""
    document = REQUEST.format(token="t-1").replace(">false</Conf", ">true</Conf")
    job_id = create(bench, document).text("JobId") or ""
    bench.clock.advance(3)
    assert bench.status(job_id) == "Suspended"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<Priority>2147483647", "<Priority>2147483648", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>-1", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>many", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>" + "9" * 5000, "InvalidArgument"),
        ("{token}", "", "InvalidArgument"),
        ("{token}", "ü" * 33, "InvalidArgument"),
        ("{token}", "ü" * 32, None),
        ("nightly", "x" * 250, "InvalidArgument"),
        ("<Description>nightly &amp; süß</Description>", "<Description/>", None),
        ("<ExpirationInDays>3", "<ExpirationInDays>366", "InvalidArgument"),
        (">Bulk<", ">Slow<", "InvalidArgument"),
        (">false</Enabled>", ">maybe</Enabled>", "InvalidArgument"),
        ("<Priority>2147483647</Priority>", "", "MalformedXML"),
        ("<Priority>", "<Priority>1</Priority><Priority>", "MalformedXML"),
        ("<Priority>", "<Colour>red</Colour><Priority>", "MalformedXML"),
        ("<Priority>", "stray<Priority>", "MalformedXML"),
        ("<member>Key</member>", "<number>Key</number>", "MalformedXML"),
        ("</COSInitiateRestoreObject>", "</COSInitiateRestoreObject><COSDeleteObject/>", "MalformedXML"),
        ("</CreateJobRequest>", "", "MalformedXML"),
        ("CreateJobRequest>", "DeleteJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<!DOCTYPE r [<!ENTITY e 'x'>]><CreateJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<!DOCTYPE r SYSTEM 'file:///etc/hosts'><CreateJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<?xml version='1.0' encoding='utf-7'?><CreateJobRequest>", "MalformedXML"),
        ("nightly", "&undefined;", "MalformedXML"),
        ("<Priority>", "<a>" * 40 + "</a>" * 40 + "<Priority>", "MalformedXML"),
        # What one element demands of another, and the empty elements that the vendor's own SDK sends.
        ("<Fields><member>Bucket</member><member>Key</member></Fields>", "", "MalformedXML"),
        ("<Fields><member>Bucket</member><member>Key</member></Fields>", "<Fields/>", "MalformedXML"),
        ("<Enabled>false</Enabled>", "<Enabled>true</Enabled>", "MalformedXML"),
        ("<Enabled>false</Enabled>", "<Enabled>true</Enabled>" + FULL_REPORT, None),
        (
            "<Enabled>false</Enabled>",
            "<Enabled>true</Enabled>" + FULL_REPORT.replace("AllTasks", ""),
            "MalformedXML",
        ),
        (
            "<Enabled>false</Enabled>",
            "<Bucket></Bucket><Enabled>false</Enabled><Format></Format><ReportScope></ReportScope>",
            None,
        ),
        (RESTORE, COPY.replace("DIRECTIVE", ""), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Copy"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Replaced"), "MalformedXML"),
        (RESTORE, COPY.replace("DIRECTIVE", "Add"), "MalformedXML"),
        (RESTORE, COPY.replace("DIRECTIVE", "Replace").replace("<Target", TAGS + "<Target"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Replaced").replace("<Target", TAGS + "<Target"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Refill"), "InvalidArgument"),
        ("</CreateJobRequest>", "<!--" + "x" * 70_000 + "--></CreateJobRequest>", "MalformedXML"),
    ],
)
def test_create_job_judges_what_it_is_given(bench: Bench, old: str, new: str, code: str | None) -> None:
    """CreateJob refuses what the reference does not allow: structure as MalformedXML, values as InvalidArgument."""
    document = REQUEST.replace(old, new).format(token="t-1") if old != "{token}" else REQUEST.format(token=new)
    assert document != REQUEST.format(token="t-1")
    reply = create(bench, document)
    assert (reply.status, reply.code) == (400 if code else 200, code)


def test_create_job_takes_nonsense_for_malformed(bench: Bench) -> None:
    """Bytes that are no XML are MalformedXML, and the server goes on serving."""
    for body in (b"", b"\x00\xff", b"{}"):
        assert create(bench, body).code == "MalformedXML"
    assert create(bench, REQUEST.format(token="t-1")).status == 200


def test_list_jobs(bench: Bench) -> None:
    """ListJobs gives members with the elements of a list, in any order, by status and part by part.

    The token is the last JobId of each part, that of the last part too: behind that there is an empty one.
    """
    ids = []
    for number in range(5):
        scenario = "fails" if number == 1 else "completes"
        ids.append(bench.emulator.create_job(scenario, job_id=f"job-{number}", priority=number))
        bench.clock.advance(1)
    bench.clock.advance(100)
    first = bench.caller().ask("GET", "/jobs", {"maxResults": "2"})
    token = first.text("NextToken") or ""
    second = bench.caller().ask("GET", "/jobs", {"maxResults": "3", "nextToken": token})
    listed = [element.text for reply in (first, second) for element in reply.root.iter("JobId")]
    assert sorted(listed, key=str) == ids
    assert listed not in (ids, ids[::-1])
    assert (token, second.text("NextToken")) == (listed[1], listed[4])
    behind = bench.caller().ask("GET", "/jobs", {"nextToken": str(listed[4])})
    assert [child.tag for child in behind.root.iter()] == ["ListJobsResult", "Jobs"]
    again = bench.caller().ask("GET", "/jobs", {"nextToken": ""})
    assert [element.text for element in again.root.iter("JobId")] == listed
    failed = bench.caller().ask("GET", "/jobs", {"jobStatuses": "Failed,Cancelled"})
    assert [element.text for element in failed.root.iter("JobId")] == [ids[1]]
    member = failed.root.find("Jobs/member")
    assert member is not None
    assert [child.tag for child in member] == [
        "CreationTime",
        "Description",
        "JobId",
        "Operation",
        "Priority",
        "ProgressSummary",
        "Status",
        "TerminationDate",
    ]
    assert (member.findtext("Operation"), member.findtext("Priority")) == ("COSPutObjectCopy", "1")


@pytest.mark.parametrize(
    "params",
    [
        {"maxResults": "0"},
        {"maxResults": "1001"},
        {"maxResults": "-1"},
        {"maxResults": "9" * 5000},
        {"jobStatuses": "Complete,Done"},
        {"nextToken": "nonsense"},
        {"nextToken": "bnVsbA=="},
    ],
)
def test_list_arguments(bench: Bench, params: dict[str, str]) -> None:
    """ListJobs refuses numbers out of range, states that there are not, and tokens that it did not give."""
    reply = bench.caller().ask("GET", "/jobs", params)
    assert (reply.status, reply.code) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("query", "params", "outcome"),
    [
        ("maxResults=1&maxResults=2", {"maxResults": "1"}, (403, "SignatureDoesNotMatch")),
        ("&".join(["a=1"] * 101), {}, (400, "InvalidArgument")),
    ],
)
def test_query_that_says_too_much(bench: Bench, query: str, params: dict[str, str], outcome: tuple[int, str]) -> None:
    """A value added to a signed parameter, or very many parameters, are refused."""
    caller = bench.caller()
    authorization = caller.authorization("GET", "/jobs", params)
    reply = send(caller.endpoint, "GET", f"/jobs?{query}", {**caller.headers, "Authorization": authorization})
    assert (reply.status, reply.code) == outcome


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/jobs/missing", 404, "NoSuchJob"),
        ("GET", "/jobs/" + "x" * 64, 404, "NoSuchJob"),
        ("GET", "/jobs/" + "x" * 65, 400, "InvalidArgument"),
        ("GET", "/jobs/a%2Fb", 400, "InvalidArgument"),
        ("GET", "/jobs/a%20b", 400, "InvalidArgument"),
        ("GET", "/jobs/", 400, "InvalidArgument"),
        ("GET", "/", 400, "InvalidURI"),
        ("GET", "/other/x", 400, "InvalidURI"),
        ("GET", "/jobs/x/y/z", 400, "InvalidURI"),
        ("DELETE", "/jobs/x", 405, "MethodNotAllowed"),
        ("PUT", "/jobs", 405, "MethodNotAllowed"),
    ],
)
def test_paths(bench: Bench, method: str, path: str, status: int, code: str) -> None:
    """Paths, methods and job ids that there are not are answered with error documents."""
    reply = bench.caller().ask(method, path)
    assert (reply.status, reply.code) == (status, code)


def test_job_id_in_the_path_is_decoded(bench: Bench) -> None:
    """A job id may need encoding in the path; it is signed and found as it is."""
    bench.emulator.create_job(job_id="jöb~1")
    assert bench.describe(quote("jöb~1")).text("Job/JobId") == "jöb~1"


def test_error_document(bench: Bench) -> None:
    """An error says code, message, path and the ids that its headers say."""
    reply = bench.describe("missing")
    values = {child.tag: child.text for child in reply.root}
    assert reply.root.tag == "Error"
    assert values == {
        "Code": "NoSuchJob",
        "Message": "The specified job does not exist.",
        "Resource": "/jobs/missing",
        "RequestId": reply.headers["x-cos-request-id"],
        "TraceId": reply.headers["x-cos-trace-id"],
    }
    assert reply.headers["content-type"] == "application/xml"


def test_headers_of_every_answer(bench: Bench) -> None:
    """Every answer has a request id of its own, the Date of the service's clock, and the type XML; no trace id."""
    job_id = bench.emulator.create_job()
    first, second = bench.describe(job_id), bench.describe(job_id)
    assert first.headers["x-cos-request-id"] != second.headers["x-cos-request-id"]
    assert first.headers["date"] == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert first.headers["content-type"] == "application/xml"
    assert first.headers["server"] == "tencent-cos"
    assert "x-cos-trace-id" not in first.headers


@pytest.mark.parametrize("value", [None, "", "1" * 65])
def test_appid_is_required(bench: Bench, value: str | None) -> None:
    """A request without an APPID of 1 to 64 bytes is InvalidArgument."""
    caller = bench.caller(headers={} if value is None else {"x-cos-appid": value})
    reply = caller.ask("GET", "/jobs/x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")


def _paths(kind: Kind, path: str = "") -> Iterator[str]:
    """Yield the path of every element below a kind of the table."""
    children = dict(kind.children) if isinstance(kind, Group) else {}
    if isinstance(kind, Members):
        children = {kind.name: kind.kind}
    for name, child in children.items():
        yield f"{path}{name}"
        yield from _paths(child, f"{path}{name}/")


def test_every_element_of_the_reference_is_shown(bench: Bench) -> None:
    """Over the scenarios, descriptions show each element of the table, but for those of other operations."""
    shown: set[str] = set()
    for scenario in Scenario:
        job_id = bench.emulator.create_job(scenario)
        bench.clock.advance(100)
        reply = bench.describe(job_id)
        shown |= {path for path in _paths(JOB) if reply.text(f"Job/{path}") is not None}
    others = ("COSPutObjectTagging", "COSDeleteObject")
    expected = {path for path in _paths(JOB) if not any(other in path for other in others)}
    assert shown == expected


def test_etag_keeps_its_quotes(bench: Bench) -> None:
    """The double quotes belong to the text of an ETag."""
    etag = bench.describe(bench.emulator.create_job()).text("Job/Manifest/Location/ETag") or ""
    assert etag[0] == etag[-1] == '"'


def test_overrides(bench: Bench) -> None:
    """Any element can be set by its Python name, by its own, as XML, or left out."""
    element = ET.Element("Report")
    ET.SubElement(element, "Enabled").text = "perhaps"
    job_id = bench.emulator.create_job(
        description="<ä & ö>",
        priority=3,
        confirmation_required=True,
        status="Dreaming",
        failure_reasons=[{"failure_code": "A"}, {"failure_code": "B", "failure_reason": ""}],
        manifest={"location": {"etag": '"x"', "object_version_id": None}, "Spec": {"fields": ["Key"]}},
        operation="<COSWeigh><Unit>kg</Unit></COSWeigh>",
        report=element,
        role_arn=None,
        Colour="red",
    )
    reply = bench.describe(job_id)
    assert reply.text("Job/Description") == "<ä & ö>"
    assert reply.text("Job/Priority") == "3"
    assert reply.text("Job/ConfirmationRequired") == "true"
    assert reply.text("Job/Status") == "Dreaming"
    assert [code.text for code in reply.root.iter("FailureCode")] == ["A", "B"]
    assert [reason.text for reason in reply.root.iter("FailureReason")] == [None]
    assert reply.text("Job/Manifest/Location/ETag") == '"x"'
    assert reply.text("Job/Manifest/Location/ObjectVersionId") is None
    assert reply.text("Job/Manifest/Spec/Fields/member") == "Key"
    assert reply.text("Job/Operation/COSWeigh/Unit") == "kg"
    assert reply.text("Job/Report/Enabled") == "perhaps"
    assert reply.text("Job/RoleArn") is None
    assert reply.text("Job/Colour") == "red"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenario": "explodes"}, "there is no scenario 'explodes'; the scenarios are: cancelled, completes"),
        ({"descripton": "x"}, "there is no element 'descripton'; the elements are: client_request_token"),
        ({"manifest": {"etag": "x"}}, "there is no element 'etag'; the elements are: location, spec"),
        ({"operation": "<open>"}, "the XML given for Operation cannot be read"),
        ({"job_id": "a b"}, "'a b' is no job id"),
        ({"job_id": "taken"}, "there is a job 'taken' already"),
        ({"seconds": -1}, "seconds is a finite number from 0, not -1"),
        ({"seconds": float("nan")}, "seconds is a finite number"),
        ({"tasks": -1}, "tasks is a whole number from 0 to 9223372036854775807, not -1"),
        ({"tasks": 1.5}, "tasks is a whole number from 0 to 9223372036854775807, not 1.5"),
        ({"tasks": 10**400}, "not a number of many digits"),
        ({"starts": "later"}, "starts is now or first-request, not 'later'"),
        ({"appid": "1" * 65}, "appid has 1 to 64 characters, not 65"),
        ({"appid": "1\r\n"}, "appid holds a character that no HTTP header carries"),
        ({"job_id": "\ud800"}, "job_id holds a character that XML does not know"),
        ({"description": "\x00"}, "Description holds a character that XML does not know"),
        ({"A b": "x"}, "no element can have the name 'A b'"),
    ],
)
def test_create_job_by_hand_explains_mistakes(arguments: dict[str, object], message: str) -> None:
    """A job that cannot be is refused with a sentence that says what is wrong."""
    emulator = CosBatchEmulator()
    emulator.create_job(job_id="taken")
    with pytest.raises(ValueError, match=message):
        emulator.create_job(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("ETag", "etag"),
        ("RoleArn", "role_arn"),
        ("COSPutObjectCopy", "cos_put_object_copy"),
        ("SSEAlgorithm", "sse_algorithm"),
        ("UnModifiedSinceConstraint", "unmodified_since_constraint"),
        ("ObjectVersionId", "object_version_id"),
    ],
)
def test_python_names(name: str, python: str) -> None:
    """Elements are named in Python as the package names them."""
    assert snake_case(name) == python


def test_overrides_of_all_types(bench: Bench) -> None:
    """A datetime is written as the service writes times; what no element can hold is a TypeError."""
    when = datetime(2019, 12, 19, 19, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    job_id = bench.emulator.create_job(suspended_date=when)
    assert bench.describe(job_id).text("Job/SuspendedDate") == "2019-12-19T18:00:30Z"
    with pytest.raises(TypeError, match=r"an element Description cannot hold b'x'"):
        bench.emulator.create_job(description=b"x")


def test_jobs_may_be_created_and_described_from_many_threads(bench: Bench) -> None:
    """Of many equal CreateJob requests at the same time one succeeds, and descriptions go on meanwhile."""
    job_id = bench.emulator.create_job("never-ends")
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        statuses.append(create(bench, REQUEST.format(token="same")).status)
        assert bench.describe(job_id).status == 200

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7
