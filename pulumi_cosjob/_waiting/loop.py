"""Waiting for jobs: the loop around `next_step`, with a clock that sleeps and threads that poll.

The plugin waits on an event loop instead (`_plugin/accounts.py`). What both loops share is here and never blocks:
`FirstPolls` for the polls before a wait, `JobWaiter` for the wait.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from pulumi_cosjob._checks import MAX_CONCURRENCY
from pulumi_cosjob._clock import Clock, SystemClock, is_cancelled
from pulumi_cosjob._errors import CosJobError, JobsFailedError, RequestError, TimeLimitError, no_thread
from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._waiting.notices import preview_notice
from pulumi_cosjob._waiting.policy import (
    Completed,
    Failed,
    WaitOptions,
    check_completion,
    never_completes,
    next_step,
)
from pulumi_cosjob._waiting.state import PollResult, PollState

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = [
    "FIRST_POLL_SECONDS",
    "MAX_CONCURRENT_POLLS",
    "FirstPolls",
    "JobWaiter",
    "Report",
    "poll_before_waiting",
    "poll_once",
    "raise_failed",
    "recheck",
    "submit_poll",
    "wait_for_jobs",
]

# As many as a client keeps connections. After a SlowDown response, there are fewer.
MAX_CONCURRENT_POLLS = MAX_CONCURRENCY
# Before a wait, all jobs together are polled for so long. The wait itself polls those without a response by then.
FIRST_POLL_SECONDS = 30.0

# The last poll begins when the time is up, and may take so long.
_LAST_POLL_SECONDS = 5.0
# While polls are in progress, a cancelled clock is noticed within so many seconds.
_CHECK_INTERVAL = 0.5

_NO_RESPONSE = "no response came before the time was up"
_NOT_SENT = "no request was sent in time, as too many others came first"

_FILTERS = "Let warnings be shown: change Python's option -W or the variable PYTHONWARNINGS."

Report = Callable[[str, PollState, float], None]
"""Called after each poll with the job's id, the state of its wait and the time."""


def poll_once(client: CosBatchClient, job_id: str, appid: str | None, clock: Clock) -> PollResult:
    """Request the description of a job once; an error is part of the result."""
    try:
        description, service_time = client.poll(job_id, appid)
    except CosJobError as error:
        # Its frames hold the whole response, in a circle with the retries: a wait would keep those of many polls.
        error.__traceback__ = error.__context__ = None
        return PollResult(clock.monotonic(), error=error)
    except Warning as warning:  # Python's filters turn warnings into errors, those of libraries among them
        what = f"a warning was raised as an error ({type(warning).__name__})"
        return PollResult(clock.monotonic(), error=RequestError(what, hint=_FILTERS))
    return PollResult(clock.monotonic(), description, service_time=service_time)


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
    clock = clock or SystemClock()
    waiter = JobWaiter(job_ids, options, clock.monotonic(), report)
    pool = ThreadPoolExecutor(min(MAX_CONCURRENT_POLLS, max(1, len(waiter.job_ids))), "cosjob-wait")
    try:
        _poll_until_done(waiter, clock, lambda job_id: submit_poll(pool, client, job_id, appid, clock))
    except BaseException as error:
        # Ctrl-C and the end of the engine cut off the polls in progress. Any other error is about this wait alone, and
        # other waits may go on using this client.
        if not isinstance(error, Exception) or is_cancelled(clock):
            client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return waiter.result(client.location, appid)


def _poll_until_done(waiter: JobWaiter, clock: Clock, submit: Callable[[str], Future[PollResult]]) -> None:
    """Poll jobs when they are due, until none is; the plugin has the same loop in its `await` form."""
    polls: dict[Future[PollResult], str] = {}
    while waiter.has_scheduled_polls or polls:
        for job_id in waiter.take_due(clock.monotonic()):
            polls[submit(job_id)] = job_id
        seconds = waiter.seconds_until_next(clock.monotonic())
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


class JobWaiter:
    """The state of the waits for many jobs; the caller polls, sleeps and knows the time.

    Once a job has failed, the others are polled once more, so that the error names all that have failed by then.

    Args:
        job_ids: The jobs; each is waited for once.
        options: What the wait accepts, for each job.
        started: The time.
        report: Called after each poll.

    Attributes:
        job_ids: The jobs, each once.
    """

    def __init__(self, job_ids: Sequence[str], options: WaitOptions, started: float, report: Report) -> None:
        self.job_ids = list(dict.fromkeys(job_ids))
        self._options, self._report = options, report
        self._last_response_at = started + options.timeout + _LAST_POLL_SECONDS
        self._states = {job_id: PollState(started) for job_id in self.job_ids}
        self._scheduled = [(started, position, job_id) for position, job_id in enumerate(self.job_ids)]
        self._completed: dict[str, JobDescription] = {}
        self._failed: dict[str, CosJobError] = {}

    @property
    def has_scheduled_polls(self) -> bool:
        """Whether jobs are to be polled, now or later."""
        return bool(self._scheduled)

    def take_due(self, now: float) -> list[str]:
        """Return the jobs that are to be polled now; the caller records the result of each."""
        due = []
        while self._scheduled and (self._scheduled[0][0] <= now or self._failed):
            due.append(heapq.heappop(self._scheduled)[2])
        return due

    def seconds_until_next(self, now: float) -> float:
        """Return the seconds for which there is nothing to do unless a response comes."""
        next_at = min(self._scheduled[0][0] if self._scheduled else math.inf, self._last_response_at)
        return max(0.0, next_at - now)

    def is_overdue(self, now: float) -> bool:
        """Return whether polls that are still in progress come too late."""
        return now >= self._last_response_at

    def record_timeout(self, job_id: str, *, sent: bool, now: float) -> None:
        """Record a poll without a response in time.

        Args:
            job_id: The job.
            sent: Whether a request was sent: if there are many polls, only some are in progress.
            now: The time.
        """
        self.record(job_id, PollResult(now, error=TimeLimitError(_NO_RESPONSE if sent else _NOT_SENT)), now)

    def record(self, job_id: str, result: PollResult, now: float) -> None:
        """Record a poll, and schedule the next one if the wait for the job goes on."""
        state = self._states[job_id] = self._states[job_id].add(result)
        self._report(job_id, state, now)
        step = next_step(state, now, self._options, random.random())  # noqa: S311  jitter, no secret
        if isinstance(step, Completed):
            self._completed[job_id] = step.description
        elif isinstance(step, Failed):
            self._failed[job_id] = step.error
        elif not self._failed:
            heapq.heappush(self._scheduled, (now + step.after, state.polls, job_id))

    def result(self, location: Location, appid: str | None) -> Mapping[str, JobDescription]:
        """Return the final descriptions by job id.

        Args:
            location: Where the requests were sent, for messages.
            appid: APPID that the requests named, for messages.

        Raises:
            CosJobError: One job has failed.
            JobsFailedError: Several jobs have.
        """
        raise_failed(self._failed, len(self.job_ids), location, appid)
        return {job_id: self._completed[job_id] for job_id in self.job_ids}


def recheck(jobs: Mapping[str, JobDescription], options: WaitOptions, appid: str | None) -> None:
    """Check completed jobs against other options. Makes no requests.

    Args:
        jobs: The final descriptions by job id.
        options: What is accepted now.
        appid: APPID of the account that owns the jobs, for messages.

    Raises:
        CosJobError: One job has more failed tasks than accepted.
        JobsFailedError: Several jobs have.
    """
    steps = {job_id: check_completion(job, options.max_failed_tasks) for job_id, job in jobs.items()}
    failed = {job_id: step.error for job_id, step in steps.items() if isinstance(step, Failed)}
    raise_failed(failed, len(jobs), Location(), appid)


def raise_failed(failed: Mapping[str, CosJobError], jobs: int, location: Location, appid: str | None) -> None:
    """Raise the errors of jobs, if there are any.

    Args:
        failed: The errors by job id.
        jobs: The number of jobs in all.
        location: Where the requests were sent, for messages.
        appid: APPID that the requests named, for messages.

    Raises:
        CosJobError: The only error.
        JobsFailedError: Several errors.
    """
    for job_id, error in failed.items():
        error.job_id = error.job_id or job_id
        location.complete(error, appid)
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        raise JobsFailedError(list(failed.values()), jobs)
