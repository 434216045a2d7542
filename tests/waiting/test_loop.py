"""Waiting for jobs over real HTTP, by a manual clock."""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from documents import UNPARSABLE
from patience import HANGS
from places import RESPONSES
from pulumi_cosjob import (
    AccessDeniedError,
    CosBatchClient,
    CosJobWarning,
    JobFailedError,
    JobsFailedError,
    NoSuchJobError,
    RequestError,
    WaitTimeoutError,
)
from pulumi_cosjob._engine import watch
from pulumi_cosjob._service import signing
from pulumi_cosjob._service.settings import resolve
from pulumi_cosjob._waiting import loop, waiter
from pulumi_cosjob._waiting.loop import poll_before_waiting, poll_once, wait_for_jobs
from pulumi_cosjob._waiting.notices import progress_line
from pulumi_cosjob._waiting.policy import PollAgain, WaitOptions, next_step
from pulumi_cosjob._waiting.state import PollState
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

APPID = "1250000000"
HOUR = 3600.0


@pytest.fixture
def clock() -> ManualClock:
    """The clock of both service and client."""
    return ManualClock()


@pytest.fixture
def service(clock: ManualClock) -> Iterator[CosBatchEmulator]:
    """An emulator on that clock."""
    with CosBatchEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def client(service: CosBatchEmulator, clock: ManualClock) -> Iterator[CosBatchClient]:
    """A client on that clock."""
    with CosBatchClient.from_settings(resolve({}, environment=service.environment()), clock) as client:
        yield client


@pytest.fixture
def patient(service: CosBatchEmulator, clock: ManualClock) -> Iterator[CosBatchClient]:
    """A client with a request timeout of an hour: a request to a silent service hangs unless it is cut off."""
    with CosBatchClient.from_settings(
        resolve({"request_timeout": 3600}, environment=service.environment()), clock
    ) as client:
        yield client


def waited(client: CosBatchClient, clock: ManualClock, *job_ids: str, timeout: float = HOUR) -> dict[str, str]:
    """Wait for jobs; return their final statuses."""
    done = wait_for_jobs(client, job_ids, APPID, WaitOptions(timeout), clock=clock)
    return {job_id: description.status for job_id, description in done.items()}


def test_a_job_is_waited_for_to_its_end(client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator) -> None:
    """The wait ends soon after the job, with its final description, after few polls, all of them reported."""
    job_id = service.create_job("completes", seconds=600)
    started, reports = clock.now(), []

    def report(job_id: str, state: PollState, _now: float) -> None:
        reports.append((job_id, state.status, state.share_done()))

    done = wait_for_jobs(client, [job_id, job_id], APPID, WaitOptions(HOUR), report=report, clock=clock)
    assert done[job_id].status == "Complete"
    assert 604 <= clock.now() - started <= 604 * 1.05
    assert len(service.requests) == len(reports) < 110
    assert reports[0] == (job_id, "New", None)
    assert reports[-1] == (job_id, "Complete", 1.0)


def test_a_wait_survives_an_outage_of_an_hour(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator
) -> None:
    """A service that is down in the middle of a wait only delays it."""
    job_id = service.create_job("completes", seconds=60)
    started = clock.now()

    class Outage(ManualClock):
        """Stops the service after half a minute, and starts it again an hour later."""

        def sleep(self, seconds: float) -> None:
            clock.sleep(seconds)
            down = 30 <= clock.now() - started < 30 + HOUR
            (service.stop if down else service.start)()

        def monotonic(self) -> float:
            return clock.monotonic()

    outage = Outage()
    client._connection._clock = outage
    done = wait_for_jobs(client, [job_id], APPID, WaitOptions(3 * HOUR), clock=outage)
    assert done[job_id].status == "Complete"
    assert 30 + HOUR <= clock.now() - started <= 30 + HOUR + 60


def test_a_job_that_appears_late_is_waited_for(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator
) -> None:
    """A job that has just been created has half a minute to appear."""
    job_id = service.create_job("completes", seconds=5)
    service.inject(Fault("error", code="NoSuchJob", status=404, times=8))
    assert waited(client, clock, job_id) == {job_id: "Complete"}
    started = clock.now()
    with pytest.raises(NoSuchJobError, match="job nope, appid 1250000000, endpoint http"):
        waited(client, clock, "nope")
    assert 30 <= clock.now() - started <= 33


def test_a_wait_ends_when_the_time_is_up(client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator) -> None:
    """The message has what the service reported last."""
    job_id = service.create_job("never-ends")
    started = clock.now()
    with pytest.raises(WaitTimeoutError, match="not complete within 1 h; it was last seen Active") as raised:
        waited(client, clock, job_id)
    assert clock.now() - started == pytest.approx(HOUR)
    assert (raised.value.job_id, raised.value.endpoint) == (job_id, service.endpoint)


def test_the_error_names_all_jobs_that_have_failed(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator
) -> None:
    """The first failure ends the wait at once; the error also has the jobs that have failed by then."""
    good = [service.create_job("completes", seconds=9 * HOUR) for _ in range(8)]
    bad = [service.create_job("fails", seconds=700, job_id=f"bad-{number}") for number in range(3)]
    with pytest.raises(JobsFailedError, match="of 11 jobs did not complete") as raised:
        waited(client, clock, *good, *bad)
    assert {error.job_id for error in raised.value.errors} == set(bad)
    assert all(isinstance(error, JobFailedError) for error in raised.value.errors)
    assert all(job_id in str(raised.value) for job_id in bad)


def test_a_refusal_ends_the_wait(client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator) -> None:
    """Credentials that are refused will be refused again."""
    service.inject(Fault("error", code="AccessDenied", status=403))
    with pytest.raises(AccessDeniedError):
        waited(client, clock, service.create_job("completes"))
    assert len(service.requests) == 1


def test_a_failed_poll_keeps_nothing_of_the_response(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator
) -> None:
    """The error is kept without its frames: a long wait with broken responses does not fill the memory."""
    job_id = service.create_job("never-ends")
    service.replay(job_id, b"<a>" * 1000 + b"</a>" * 1000)
    error = poll_once(client, job_id, APPID, clock).error
    assert error is not None
    assert (error.__traceback__, error.__context__, error.__cause__) == (None, None, None)
    assert "nested more than 100 deep" in str(error)


@pytest.mark.parametrize("what", UNPARSABLE)
def test_a_response_that_cannot_be_parsed_ends_no_wait(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator, what: str
) -> None:
    """It counts as any other invalid response, and the next response is parsed by itself."""
    job_id = service.create_job("completes", seconds=60)
    client.describe_job(job_id, APPID)
    reports: list[str] = []

    def report(_job_id: str, state: PollState, now: float) -> None:
        reports.append(progress_line(state, now))
        if len(reports) == 2:
            service.inject(Fault("raw", body=UNPARSABLE[what], times=3))

    assert wait_for_jobs(client, [job_id], APPID, WaitOptions(HOUR), report=report, clock=clock)
    assert sum("no response" in line for line in reports) == 3


@pytest.mark.parametrize("kind", [CosJobWarning, DeprecationWarning])
def test_a_warning_that_is_raised_as_an_error_ends_no_wait(
    client: CosBatchClient,
    clock: ManualClock,
    service: CosBatchEmulator,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Warning],
) -> None:
    """With any of Python's filters, and for warnings of any library."""
    job_id, polls = service.create_job("completes", seconds=60), itertools.count()
    sign = signing.sign

    def warn(*arguments: Any) -> None:
        if next(polls) in (1, 2):
            warnings.warn("deprecated", kind, stacklevel=2)
        sign(*arguments)

    monkeypatch.setattr(signing, "sign", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert waited(client, clock, job_id) == {job_id: "Complete"}


def test_a_response_with_a_part_left_out_ends_no_wait_if_warnings_are_errors(
    clock: ManualClock, service: CosBatchEmulator
) -> None:
    """Lenient validation warns, and the wait goes on to the end of the job."""
    job_id = service.create_job("completes", seconds=60)
    settings = resolve({"validation": "lenient"}, environment=service.environment())
    complete = (RESPONSES / "restore-complete.xml").read_text().replace("nightly", job_id)
    broken = complete.replace("Complete", "Active").replace("</Job>", "<Priority>x</Priority></Job>")
    service.replay(job_id, broken)
    polls = itertools.count(1)

    def report(_job_id: str, _state: PollState, _now: float) -> None:
        if next(polls) == 4:
            service.replay(job_id, complete)

    with CosBatchClient.from_settings(settings, clock) as client, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("error")
        done = wait_for_jobs(client, [job_id], APPID, WaitOptions(HOUR), report=report, clock=clock)
    assert done[job_id].status == "Complete"
    assert [each.category for each in warned] == [CosJobWarning]


def test_a_wait_for_no_jobs_ends_at_once(client: CosBatchClient, clock: ManualClock) -> None:
    """There is nothing to wait for."""
    assert waited(client, clock) == {}


def test_polls_before_the_wait_find_jobs_that_never_complete(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator
) -> None:
    """A failed job is an error, and in a preview a missing one; an update leaves the missing one to the wait."""
    going, failed = service.create_job("completes"), service.create_job("fails", seconds=0)
    clock.advance(5)
    poll_before_waiting(client, [going, "nope"], APPID, WaitOptions(HOUR), preview=False, clock=clock)
    with pytest.raises(NoSuchJobError):
        poll_before_waiting(client, [going, "nope"], APPID, WaitOptions(HOUR), preview=True, clock=clock)
    with pytest.raises(JobsFailedError, match="2 of 3"):
        poll_before_waiting(client, [going, "nope", failed], APPID, WaitOptions(HOUR), preview=True, clock=clock)


def test_a_preview_without_a_valid_response_has_a_notice(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """An update has none: it polls again, and reports the problem if it lasts."""
    job_id = service.create_job("completes")
    for preview, expected in ((True, "no valid response about job"), (False, None)):
        service.inject(Fault("reset"))
        notice = poll_before_waiting(client, [job_id], APPID, WaitOptions(HOUR), preview=preview)
        assert expected is notice is None or (expected and notice and expected in notice)
    assert poll_before_waiting(client, [job_id], APPID, WaitOptions(HOUR), preview=True) is None


def test_polls_before_the_wait_have_a_time_limit(
    patient: CosBatchClient, service: CosBatchEmulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent service delays no preview: only the jobs with a response in time count."""
    monkeypatch.setattr(loop, "FIRST_POLL_SECONDS", 0.5)
    silent, failed = service.create_job("completes"), service.create_job("fails", seconds=0)
    clock.advance(60)
    service.inject(Fault("delay", seconds=24 * HOUR, times=None, job_id=silent))
    notice = poll_before_waiting(patient, [silent, silent], APPID, WaitOptions(HOUR), preview=True, clock=clock)
    assert notice == f"the preview has no valid response about job {silent}: none came in time. The update polls again."
    with pytest.raises(JobFailedError):
        poll_before_waiting(patient, [silent, failed], APPID, WaitOptions(HOUR), preview=True, clock=clock)
    patient.abort()


def test_a_request_that_was_never_sent_is_reported_as_such(
    client: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too many jobs, it is not the service that did not respond."""
    monkeypatch.setattr(loop, "MAX_CONCURRENT_POLLS", 1)
    monkeypatch.setattr(waiter, "_LAST_POLL_SECONDS", 0.1)
    service.inject(Fault("delay", seconds=60.0, times=None))
    with pytest.raises(JobsFailedError) as raised:
        wait_for_jobs(client, ["a", "b"], APPID, WaitOptions(0.2))
    client.abort()
    first, second = map(str, raised.value.errors)
    assert "no response came before the time was up" in first
    assert "no request was sent in time, as too many others came first" in second


def test_a_machine_without_free_threads_ends_no_wait(
    client: CosBatchClient, clock: ManualClock, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The problem may pass; if it does not, the error at the end of the wait has it."""
    job_id = service.create_job("completes")

    def submit(*_arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    with pytest.raises(WaitTimeoutError, match="no thread could be started: can't start new thread"):
        waited(client, clock, job_id, timeout=60)
    assert service.requests == []
    with pytest.raises(RequestError, match="no thread could be started"):
        client.describe_jobs([job_id], APPID)


def test_an_interrupt_ends_the_wait_at_once(service: CosBatchEmulator, patient: CosBatchClient) -> None:
    """The polls in progress are cut off, and no thread is left behind."""
    service.inject(Fault("delay", seconds=24 * HOUR))
    before = set(threading.enumerate())

    class Interrupted(ManualClock):
        """Interrupts the wait when it reads the time for the third time."""

        def __init__(self) -> None:
            super().__init__()
            self.reads = 0

        def monotonic(self) -> float:
            if threading.current_thread() is threading.main_thread():
                self.reads += 1
                if self.reads > 2:
                    raise KeyboardInterrupt
            return super().monotonic()

    job_id = service.create_job("completes")
    other = service.create_job("completes")
    with pytest.raises(KeyboardInterrupt):
        wait_for_jobs(patient, [job_id, other], APPID, WaitOptions(HOUR), clock=Interrupted())
    for thread in set(threading.enumerate()) - before:
        thread.join(HANGS)
        assert not thread.is_alive()


def test_a_report_that_fails_ends_its_own_wait_alone(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Other waits go on using the same client."""

    def report(_job_id: str, _state: PollState, _now: float) -> None:
        raise OSError(28, "No space left on device")

    job_id = service.create_job("completes", seconds=0)
    with pytest.raises(OSError, match="No space left"):
        wait_for_jobs(client, [job_id], APPID, WaitOptions(HOUR), report=report, clock=ManualClock())
    assert client.describe_job(job_id, APPID).job_id == job_id


def test_the_end_of_the_engine_cuts_off_polls(
    patient: CosBatchClient, service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait does not delay the end of its process until a silent service responds."""
    job_id, exited = service.create_job("never-ends"), threading.Event()
    service.inject(Fault("delay", seconds=24 * HOUR, times=None))
    monkeypatch.setattr(watch, "engine_exited", lambda: exited)
    threading.Timer(0.2, exited.set).start()
    with pytest.raises(RequestError, match="the engine that waited for this has exited"):
        wait_for_jobs(patient, [job_id], APPID, WaitOptions(HOUR), clock=watch.CancellableClock())
    with pytest.raises(RequestError, match="cancelled"):
        patient.describe_job(job_id, APPID)


def test_a_request_to_slow_down_holds_for_all_jobs(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """If the service responds SlowDown to one poll, the polls that have no slot in time know when to poll again."""
    ids = [service.create_job("never-ends") for _ in range(2)]
    service.inject(Fault("error", code="SlowDown", status=503, retry_after=20, job_id=ids[0]))
    polls = [poll_once(client, job_id, APPID, clock) for job_id in ids]
    assert [getattr(poll.error, "retry_after", None) for poll in polls] == [20.0, 20.0]
    assert len(service.requests) == 1
    assert next_step(PollState(0.0).add(polls[1]), 0.0, WaitOptions(HOUR)) == PollAgain(20.0)


def test_a_retry_after_of_a_day_for_one_job_delays_no_other(
    client: CosBatchClient, service: CosBatchEmulator, clock: ManualClock
) -> None:
    """That job is polled again after five minutes, the others within a minute."""
    held, other = (service.create_job("completes", seconds=seconds) for seconds in (1, 60))
    service.inject(Fault("error", code="SlowDown", status=503, retry_after=86400, job_id=held))
    ends: dict[str, float] = {}

    def report(job_id: str, state: PollState, now: float) -> None:
        if state.status == "Complete":
            ends[job_id] = now

    wait_for_jobs(client, [held, other], APPID, WaitOptions(HOUR), report=report, clock=clock)
    assert 60 <= ends[other] <= 64 + 4
    assert 270 <= ends[held] <= 310
