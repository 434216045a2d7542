"""Waiting for jobs: the loop around `next_step`, with a clock that sleeps and threads that ask."""

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
from pulumi_cosjob._waiting.policy import (
    Completed,
    Failed,
    PollResult,
    PollState,
    WaitOptions,
    check_completion,
    never_completes,
    next_step,
    preview_notice,
)

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = [
    "FIRST_POLL_SECONDS",
    "MAX_CONCURRENT_POLLS",
    "JobWaiter",
    "Report",
    "poll_before_waiting",
    "poll_once",
    "raise_failed",
    "recheck",
    "submit_poll",
    "wait_for_jobs",
]

# Looks at the same time: as many as a client keeps connections. Where the service asks to slow down, there are fewer.
MAX_CONCURRENT_POLLS = MAX_CONCURRENCY
# Before a wait, looks at all jobs together take no longer: what has no answer by then is left to the wait.
FIRST_POLL_SECONDS = 30.0

# The last question is asked when time is up, and may be answered for so long.
_LAST_POLL_SECONDS = 5.0
# While a question is being asked, it is noticed within so many seconds that the clock has ended.
_CHECK_INTERVAL = 0.5

_NOT_ASKED = "the question was not asked in time, as too many others came first"

_FILTERS = "Let warnings be shown: change Python's option -W or the variable PYTHONWARNINGS."

Report = Callable[[str, PollState, float], None]
"""Called with a job's id, its history and the time after each look at it."""


def poll_once(client: CosBatchClient, job_id: str, appid: str, clock: Clock) -> PollResult:
    """Ask about a job once; what goes wrong is part of the answer."""
    try:
        description, service_time = client.look(job_id, appid)
    except CosJobError as error:
        # Its frames hold the whole answer, in a circle with the retries: a wait would keep those of many looks.
        error.__traceback__ = error.__context__ = None
        return PollResult(clock.monotonic(), error=error)
    except Warning as warning:  # Python's filters make errors of warnings, those of libraries among them
        what = f"a warning was raised as an error ({type(warning).__name__})"
        return PollResult(clock.monotonic(), error=RequestError(what, hint=_FILTERS))
    return PollResult(clock.monotonic(), description, service_time=service_time)


def submit_poll(
    pool: ThreadPoolExecutor, client: CosBatchClient, job_id: str, appid: str, clock: Clock
) -> Future[PollResult]:
    """Ask about a job once, in a thread."""
    try:
        return pool.submit(poll_once, client, job_id, appid, clock)
    except RuntimeError as error:
        answered: Future[PollResult] = Future()
        answered.set_result(PollResult(clock.monotonic(), error=no_thread(error)))
        return answered


def poll_before_waiting(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str,
    limits: WaitOptions,
    *,
    preview: bool,
    clock: Clock | None = None,
) -> str | None:
    """Look at all jobs once, at the same time, before any wait; those without an answer in time are not judged.

    Args:
        client: Asks.
        job_ids: The jobs.
        appid: APPID of the account that owns them.
        limits: What the wait would accept.
        preview: Whether it is only asked what would be done; see `never_completes`.
        clock: Another clock than the machine's, for tests.

    Returns:
        What a person has to know of a preview that had no valid response; None for an update, which polls again.

    Raises:
        CosJobError: A job will never complete.
        JobsFailedError: More than one.
    """
    clock = clock or SystemClock()
    pool = ThreadPoolExecutor(min(MAX_CONCURRENT_POLLS, max(1, len(job_ids))), "cosjob-look")
    try:
        asked = {job_id: submit_poll(pool, client, job_id, appid, clock) for job_id in dict.fromkeys(job_ids)}
        answered = wait(asked.values(), FIRST_POLL_SECONDS).done
    except BaseException as ended:
        if not isinstance(ended, Exception):
            client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    looks = {job_id: look.result() if look in answered else None for job_id, look in asked.items()}
    errors = {job_id: never_completes(look, limits, preview=preview) for job_id, look in looks.items() if look}
    failed = {job_id: error for job_id, error in errors.items() if error is not None}
    raise_failed(failed, len(job_ids), client.endpoint, appid)
    missed = {job_id: look.error if look else None for job_id, look in looks.items() if not look or look.error}
    return preview_notice(missed, len(asked)) if preview else None


def wait_for_jobs(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str,
    limits: WaitOptions,
    *,
    report: Report = lambda _job_id, _history, _now: None,
    clock: Clock | None = None,
) -> Mapping[str, JobDescription]:
    """Wait until all jobs have completed; return their descriptions as they were then, by job id.

    Args:
        client: Asks; shared by all jobs.
        job_ids: The jobs; each is waited for once.
        appid: APPID of the account that owns them.
        limits: What the wait accepts, for each job.
        report: Told about each look, in this thread.
        clock: Another clock than the machine's, for tests.

    Raises:
        CosJobError: One job has failed, or its time is up: its own error.
        JobsFailedError: That, and others have failed by then: all their errors.
    """
    clock = clock or SystemClock()
    waits = JobWaiter(job_ids, limits, clock.monotonic(), report)
    pool = ThreadPoolExecutor(min(MAX_CONCURRENT_POLLS, max(1, len(waits.job_ids))), "cosjob-wait")
    asking: dict[Future[PollResult], str] = {}
    try:
        while waits.under_way or asking:
            for job_id in waits.due(clock.monotonic()):
                asking[submit_poll(pool, client, job_id, appid, clock)] = job_id
            seconds = waits.seconds(clock.monotonic())
            if not asking:
                clock.sleep(seconds)
                continue
            for future in wait(asking, min(seconds, _CHECK_INTERVAL), FIRST_COMPLETED).done:
                waits.judge(asking.pop(future), future.result(), clock.monotonic())
            if waits.are_overdue(clock.monotonic()):
                waits.give_up({job_id: not future.cancel() for future, job_id in asking.items()}, clock.monotonic())
                asking.clear()
            if is_cancelled(clock):
                clock.sleep(0.0)  # raises, and says why
    except BaseException as error:
        # Ctrl-C, or an engine that has gone, ends at once what is still being asked. Anything else is about this wait
        # alone, and others may go on asking by this client.
        if not isinstance(error, Exception) or is_cancelled(clock):
            client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return waits.result(client.endpoint, appid)


class JobWaiter:
    """How the waits for many jobs stand; the caller asks, sleeps and knows the time.

    Once a job has failed, the others are looked at once more, so that what else has failed by then is named with it.

    Args:
        job_ids: The jobs; each is waited for once.
        limits: What the wait accepts, for each job.
        started: The time.
        report: Told about each look.
    """

    def __init__(self, job_ids: Sequence[str], limits: WaitOptions, started: float, report: Report) -> None:
        self.job_ids = list(dict.fromkeys(job_ids))
        self._limits, self._report = limits, report
        self._gives_up_at = started + limits.timeout + _LAST_POLL_SECONDS
        self._histories = {job_id: PollState(started) for job_id in self.job_ids}
        self._due = [(started, position, job_id) for position, job_id in enumerate(self.job_ids)]
        self._done: dict[str, JobDescription] = {}
        self._failed: dict[str, CosJobError] = {}

    @property
    def under_way(self) -> bool:
        """Whether there are jobs that are to be asked about, now or later."""
        return bool(self._due)

    def due(self, now: float) -> list[str]:
        """Return the jobs that are to be asked about now; each is then to be judged."""
        found = []
        while self._due and (self._due[0][0] <= now or self._failed):
            found.append(heapq.heappop(self._due)[2])
        return found

    def seconds(self, now: float) -> float:
        """Return for how long nothing is to be done unless an answer comes."""
        next_at = min(self._due[0][0] if self._due else math.inf, self._gives_up_at)
        return max(0.0, next_at - now)

    def are_overdue(self, now: float) -> bool:
        """Tell whether what is still being asked comes too late: many may ask, and few at a time."""
        return now >= self._gives_up_at

    def give_up(self, asked: Mapping[str, bool], now: float) -> None:
        """Take it that there is no answer about jobs any more; of each it is told whether it was asked about at all."""
        for job_id, was_asked in asked.items():
            what = "no answer came before the time was up" if was_asked else _NOT_ASKED
            self.judge(job_id, PollResult(now, error=TimeLimitError(what)), now)

    def judge(self, job_id: str, look: PollResult, now: float) -> None:
        """Take the answer about a job."""
        history = self._histories[job_id] = self._histories[job_id].add(look)
        self._report(job_id, history, now)
        verdict = next_step(history, now, self._limits, random.random())  # noqa: S311  jitter, no secret
        if isinstance(verdict, Completed):
            self._done[job_id] = verdict.description
        elif isinstance(verdict, Failed):
            self._failed[job_id] = verdict.error
        elif not self._failed:
            heapq.heappush(self._due, (now + verdict.seconds, history.looks, job_id))

    def result(self, endpoint: str, appid: str) -> Mapping[str, JobDescription]:
        """Return the jobs as they were when they had completed.

        Args:
            endpoint: Where they were asked about, for messages.
            appid: APPID of the account that owns them, for messages.

        Raises:
            CosJobError: One job has failed.
            JobsFailedError: Several have.
        """
        raise_failed(self._failed, len(self.job_ids), endpoint, appid)
        return {job_id: self._done[job_id] for job_id in self.job_ids}


def recheck(jobs: Mapping[str, JobDescription], limits: WaitOptions, appid: str) -> None:
    """Hold jobs that have been waited for against other limits; nothing has to be asked for that.

    Args:
        jobs: The jobs as they were when they had completed, by job id.
        limits: What is accepted now.
        appid: APPID of the account that owns them, for messages.

    Raises:
        CosJobError: One has more failed tasks than that.
        JobsFailedError: Several have.
    """
    verdicts = {job_id: check_completion(job, limits.max_failed_tasks) for job_id, job in jobs.items()}
    failed = {job_id: verdict.error for job_id, verdict in verdicts.items() if isinstance(verdict, Failed)}
    raise_failed(failed, len(jobs), "", appid)


def raise_failed(failed: Mapping[str, CosJobError], jobs: int, endpoint: str, appid: str) -> None:
    """Raise what went wrong, if anything did.

    Args:
        failed: The errors by job id.
        jobs: How many jobs there were.
        endpoint: Where they were asked about, for messages.
        appid: APPID of the account that owns them, for messages.

    Raises:
        CosJobError: The only error.
        JobsFailedError: All of several errors.
    """
    for job_id, error in failed.items():
        error.job_id = error.job_id or job_id
        error.endpoint = error.endpoint or endpoint
        error.appid = error.appid or appid
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        raise JobsFailedError(list(failed.values()), jobs)
