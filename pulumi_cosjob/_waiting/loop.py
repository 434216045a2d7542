"""Waiting for jobs: the loop around `next_step`, with a clock that sleeps and threads that poll.

The plugin waits on an event loop instead (`_plugin/accounts.py`). What both loops share never blocks:
`FirstPolls` for the polls before a wait, `JobWaiter` (`_waiting/waiter.py`) for the wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._clock import Clock, SystemClock, is_cancelled
from pulumi_cosjob._errors import CosJobError, RequestError, no_thread
from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.serialization import from_plain
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._text import quoted
from pulumi_cosjob._waiting.gate import unusable_state
from pulumi_cosjob._waiting.notices import preview_notice
from pulumi_cosjob._waiting.policy import Completed, Failed, WaitOptions, check_completion, never_completes
from pulumi_cosjob._waiting.state import PollResult
from pulumi_cosjob._waiting.waiter import JobWaiter, Report, raise_failed

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = [
    "FIRST_POLL_SECONDS",
    "MAX_CONCURRENT_POLLS",
    "FirstPolls",
    "JobWaiter",
    "Report",
    "Tick",
    "poll_before_waiting",
    "poll_once",
    "raise_failed",
    "recheck",
    "submit_poll",
    "wait_for_each",
    "wait_for_jobs",
]

# Each takes a thread. So many are enough for a thousand jobs at the shortest interval, if responses take 50 ms. After a
# SlowDown response, there are fewer.
MAX_CONCURRENT_POLLS = 28
# Before a wait, all jobs together are polled for so long. The wait itself polls those without a response by then.
FIRST_POLL_SECONDS = 30.0

# While polls are in progress, a cancelled clock is noticed within so many seconds.
_CHECK_INTERVAL = 0.5

_FILTERS = "Let warnings be shown: change Python's option -W or the variable PYTHONWARNINGS."

Tick = Callable[[float], float]
"""Called between polls with the time; returns the seconds after which it is to be called again."""


def poll_once(client: CosBatchClient, job_id: str, appid: str | None, clock: Clock) -> PollResult:
    """Request the description of a job once; an error is part of the result."""
    began = clock.monotonic()
    try:
        description, service_time = client.poll(job_id, appid)
    except CosJobError as error:
        # Its frames hold the whole response, in a circle with the retries: a wait would keep those of many polls.
        error.__traceback__ = error.__context__ = None
        return PollResult(clock.monotonic(), error=error)
    except Warning as warning:  # Python's filters turn warnings into errors, those of libraries among them
        what = f"a warning was raised as an error ({type(warning).__name__})"
        return PollResult(clock.monotonic(), error=RequestError(what, hint=_FILTERS))
    now = clock.monotonic()
    return PollResult(now, description, service_time=service_time, seconds=now - began)


def submit_poll(
    pool: ThreadPoolExecutor, client: CosBatchClient, job_id: str, appid: str | None, clock: Clock
) -> Future[PollResult]:
    """Poll a job once, in a thread; if no thread can be started, the result is that error."""
    try:
        return pool.submit(poll_once, client, job_id, appid, clock)
    except RuntimeError as error:
        failed: Future[PollResult] = Future()
        failed.set_result(PollResult(clock.monotonic(), error=no_thread(error)))
        return failed


def poll_before_waiting(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str | None,
    options: WaitOptions,
    *,
    preview: bool,
    clock: Clock | None = None,
) -> str | None:
    """Poll all jobs once, at the same time, before any wait. A job without a response in time is no error.

    Args:
        client: Sends the requests.
        job_ids: The jobs.
        appid: APPID of the account that owns them; None for that of the client.
        options: What the wait would accept.
        preview: Whether no wait follows; see `never_completes`.
        clock: Replaces the machine's clock in tests.

    Returns:
        What a person has to know of a preview without a valid response; None for an update, which polls again.

    Raises:
        CosJobError: One job will never complete.
        JobsFailedError: Several jobs will never complete.
    """
    clock = clock or SystemClock()
    first_polls = FirstPolls(job_ids, options, preview=preview)
    pool = ThreadPoolExecutor(min(MAX_CONCURRENT_POLLS, max(1, len(job_ids))), "cosjob-poll")
    try:
        polls = {submit_poll(pool, client, job_id, appid, clock): job_id for job_id in first_polls.job_ids}
        for future in wait(polls, FIRST_POLL_SECONDS).done:
            first_polls.record(polls[future], future.result())
    except BaseException as error:
        if not isinstance(error, Exception):
            client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return first_polls.result(client.location, appid)


class FirstPolls:
    """The polls of jobs before a wait: which errors end it, and which notice is shown; the caller polls.

    Args:
        job_ids: The jobs; each is polled once.
        options: What the wait would accept.
        preview: Whether no wait follows; see `never_completes`.

    Attributes:
        job_ids: The jobs, each once.
        completed: Jobs that have completed already, by job id.
    """

    def __init__(self, job_ids: Sequence[str], options: WaitOptions, *, preview: bool) -> None:
        self.job_ids = list(dict.fromkeys(job_ids))
        self.completed: dict[str, JobDescription] = {}
        self._options, self._preview = options, preview
        self._without_response: dict[str, CosJobError | None] = dict.fromkeys(job_ids)
        self._failed: dict[str, CosJobError] = {}

    def record(self, job_id: str, result: PollResult) -> None:
        """Record the poll of a job."""
        if result.description is None:
            self._without_response[job_id] = result.error
        else:
            del self._without_response[job_id]
        error = never_completes(result, self._options, preview=self._preview)
        if error is not None:
            self._failed[job_id] = error
        elif result.description is not None and result.description.state.succeeded:
            self.completed[job_id] = result.description

    def result(self, location: Location, appid: str | None, audience: Audience = PYTHON) -> str | None:
        """Return the notice about a preview without a valid response for each job; None if there is none.

        Args:
            location: Where the requests were sent, for messages.
            appid: APPID that the requests named, for messages.
            audience: Who reads the notice.

        Raises:
            CosJobError: One job will never complete.
            JobsFailedError: Several jobs will never complete.
        """
        failed = {job_id: self._failed[job_id] for job_id in self.job_ids if job_id in self._failed}
        raise_failed(failed, len(self.job_ids), location, appid)
        return preview_notice(self._without_response, len(self.job_ids), audience) if self._preview else None


def wait_for_jobs(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str | None,
    options: WaitOptions,
    *,
    report: Report = lambda _job_id, _state, _now: None,
    clock: Clock | None = None,
) -> Mapping[str, JobDescription]:
    """Wait until all jobs have completed; return their final descriptions by job id.

    Args:
        client: Sends the requests; shared by all jobs.
        job_ids: The jobs; each is waited for once.
        appid: APPID of the account that owns them; None for that of the client.
        options: What the wait accepts, for each job.
        report: Called after each poll, in this thread.
        clock: Replaces the machine's clock in tests.

    Raises:
        CosJobError: One job has failed, or its time is up.
        JobsFailedError: Several jobs have.
    """
    return wait_for_each(client, job_ids, appid, options, report=report, clock=clock).result(client.location, appid)


def wait_for_each(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str | None,
    options: WaitOptions,
    *,
    report: Report = lambda _job_id, _state, _now: None,
    tick: Tick = lambda _now: math.inf,
    fail_fast: bool = True,
    clock: Clock | None = None,
) -> JobWaiter:
    """Wait as `wait_for_jobs` does; return the ended waits, of which some may have failed.

    Args:
        client: Sends the requests; shared by all jobs.
        job_ids: The jobs; each is waited for once.
        appid: APPID of the account that owns them; None for that of the client.
        options: What the wait accepts, for each job.
        report: Called after each poll, in this thread.
        tick: Called between polls, in this thread.
        fail_fast: Whether the first failure ends the wait for all jobs.
        clock: Replaces the machine's clock in tests.
    """
    clock = clock or SystemClock()
    waiter = JobWaiter(job_ids, options, clock.monotonic(), report, fail_fast=fail_fast)
    pool = ThreadPoolExecutor(min(MAX_CONCURRENT_POLLS, max(1, len(waiter.job_ids))), "cosjob-wait")
    try:
        _poll_until_done(waiter, clock, lambda job_id: submit_poll(pool, client, job_id, appid, clock), tick)
    except BaseException as error:
        # Ctrl-C and the end of the engine cut off the polls in progress. Any other error is about this wait alone, and
        # other waits may go on using this client.
        if not isinstance(error, Exception) or is_cancelled(clock):
            client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return waiter


def _poll_until_done(waiter: JobWaiter, clock: Clock, submit: Callable[[str], Future[PollResult]], tick: Tick) -> None:
    """Poll jobs when they are due, until none is; the plugin has the same loop in its `await` form."""
    polls: dict[Future[PollResult], str] = {}
    while waiter.has_scheduled_polls or polls:
        for job_id in waiter.take_due(clock.monotonic()):
            polls[submit(job_id)] = job_id
        seconds = min(waiter.seconds_until_next(clock.monotonic()), tick(clock.monotonic()))
        if not polls:
            clock.sleep(seconds)
            continue
        for future in wait(polls, min(seconds, _CHECK_INTERVAL), FIRST_COMPLETED).done:
            waiter.record(polls.pop(future), future.result(), clock.monotonic())
        if waiter.is_overdue(clock.monotonic()):
            for job_id, sent in {job_id: not future.cancel() for future, job_id in polls.items()}.items():
                waiter.record_timeout(job_id, sent=sent, now=clock.monotonic())
            polls.clear()
        if is_cancelled(clock):
            clock.sleep(0.0)  # raises the reason


def recheck(jobs: Mapping[str, Any], options: WaitOptions, appid: str | None) -> None:
    """Check the completed jobs in the state of a gate against other options. Makes no requests.

    Args:
        jobs: The plain values of their final descriptions, by job id.
        options: What is accepted now.
        appid: APPID of the account that owns the jobs, for messages.

    Raises:
        CosJobError: One job has more failed tasks than accepted.
        InvalidArgumentError: The state of a job cannot be used.
        JobsFailedError: Several jobs have.
    """
    steps = {job_id: _recheck(job_id, plain, options) for job_id, plain in jobs.items()}
    failed = {job_id: step.error for job_id, step in steps.items() if isinstance(step, Failed)}
    raise_failed(failed, len(jobs), Location(), appid)


def _recheck(job_id: str, plain: Any, options: WaitOptions) -> Completed | Failed:
    try:
        description = from_plain(JobDescription, plain)
        if description.job_id == job_id and description.status:
            return check_completion(description, options.max_failed_tasks)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        pass  # not the plain values of a job
    raise unusable_state(f"the description of job {quoted(job_id)}", "is not as it was read")
