"""Waiting for jobs: the loop around `decide`, with a clock that sleeps and threads that ask."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, NoReturn

from pulumi_cosjob._client import MOST_AT_ONCE
from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import CosJobError, JobsFailedError
from pulumi_cosjob._waiting import Done, Failed, History, Limits, Look, decide

if TYPE_CHECKING:
    from pulumi_cosjob._client import CosBatchClient
    from pulumi_cosjob._job import JobDescription

__all__ = ["Report", "look_at", "look_at_jobs", "wait_for_jobs"]

# One look may take so long, tries included: then the wait decides anew, by all that it knows.
LOOK_SECONDS = 10.0

Report = Callable[[str, History, float], None]
"""Called with a job's id, its history and the time after each look at it."""


def look_at(client: CosBatchClient, job_id: str, appid: str, clock: Clock) -> Look:
    """Ask about a job once; what goes wrong is part of the answer."""
    try:
        description, service_time = client.look(job_id, appid, time_limit=LOOK_SECONDS)
    except CosJobError as error:
        return Look(clock.monotonic(), error=error)
    return Look(clock.monotonic(), description, service_time=service_time)


def look_at_jobs(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str,
    limits: Limits,
    ends: tuple[type[CosJobError], ...],
    clock: Clock | None = None,
) -> None:
    """Look at all jobs once, at the same time, before any wait.

    Args:
        client: Asks.
        job_ids: The jobs.
        appid: APPID of the account that owns them.
        limits: What the wait would accept.
        ends: Errors that no wait would heal; others are left to the wait.
        clock: Another clock than the machine's, for tests.

    Raises:
        CosJobError: A job will never complete, or its answer is one of those errors.
        JobsFailedError: More than one.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    with ThreadPoolExecutor(min(MOST_AT_ONCE, len(job_ids)), "cosjob-look") as pool:
        looks = list(pool.map(lambda job_id: look_at(client, job_id, appid, clock), job_ids))
    failed: dict[str, CosJobError] = {}
    for job_id, look in zip(job_ids, looks, strict=True):
        verdict = decide(History(started).add(look), started, limits)
        if isinstance(verdict, Failed):
            failed[job_id] = verdict.error
        elif isinstance(look.error, ends):
            failed[job_id] = look.error
    if failed:
        _raise(failed, len(job_ids), client.endpoint)


def wait_for_jobs(
    client: CosBatchClient,
    job_ids: Sequence[str],
    appid: str,
    limits: Limits,
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
    return _Wait(client, list(dict.fromkeys(job_ids)), appid, limits, report, clock).run()


class _Wait:
    """Many jobs, each asked when it is due, by a few threads."""

    def __init__(
        self,
        client: CosBatchClient,
        job_ids: list[str],
        appid: str,
        limits: Limits,
        report: Report,
        clock: Clock,
    ) -> None:
        self._client, self._appid, self._limits, self._report, self._clock = client, appid, limits, report, clock
        started = clock.monotonic()
        self._job_ids = job_ids
        self._histories = {job_id: History(started) for job_id in job_ids}
        self._due = [(started, position, job_id) for position, job_id in enumerate(job_ids)]
        self._asking: dict[Future[Look], str] = {}
        self._done: dict[str, JobDescription] = {}
        self._failed: dict[str, CosJobError] = {}

    def run(self) -> Mapping[str, JobDescription]:
        pool = ThreadPoolExecutor(min(MOST_AT_ONCE, max(1, len(self._due))), "cosjob-wait")
        try:
            while (self._due or self._asking) and not self._failed:
                self._step(pool)
            if self._failed:
                self._look_around(pool)
        except BaseException:
            # Ctrl-C ends at once what is still being asked.
            self._client.abort()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if self._failed:
            _raise(self._failed, len(self._job_ids), self._client.endpoint)
        return {job_id: self._done[job_id] for job_id in self._job_ids}

    def _step(self, pool: ThreadPoolExecutor) -> None:
        """Ask about all jobs that are due, then wait for an answer or for the next to be due."""
        now = self._clock.monotonic()
        while self._due and self._due[0][0] <= now:
            self._ask(pool, heapq.heappop(self._due)[2])
        until_due = self._due[0][0] - now if self._due else None
        if self._asking:
            self._collect(until_due)
        elif until_due is not None:
            self._clock.sleep(until_due)

    def _ask(self, pool: ThreadPoolExecutor, job_id: str) -> None:
        future = pool.submit(look_at, self._client, job_id, self._appid, self._clock)
        self._asking[future] = job_id

    def _collect(self, seconds: float | None) -> None:
        """Take the answers that are there within so many seconds."""
        answered, _ = wait(self._asking, seconds, FIRST_COMPLETED)
        for future in answered:
            self._judge(self._asking.pop(future), future.result())

    def _judge(self, job_id: str, look: Look) -> None:
        history = self._histories[job_id] = self._histories[job_id].add(look)
        now = self._clock.monotonic()
        self._report(job_id, history, now)
        verdict = decide(history, now, self._limits, random.random())  # noqa: S311  jitter, no secret
        if isinstance(verdict, Done):
            self._done[job_id] = verdict.description
        elif isinstance(verdict, Failed):
            self._failed[job_id] = verdict.error
        else:
            heapq.heappush(self._due, (now + verdict.seconds, history.looks, job_id))

    def _look_around(self, pool: ThreadPoolExecutor) -> None:
        """Look at the others once more: what has failed by now is named together."""
        for _, _, job_id in self._due:
            self._ask(pool, job_id)
        self._due = []
        while self._asking:
            self._collect(None)


def _raise(failed: Mapping[str, CosJobError], jobs: int, endpoint: str) -> NoReturn:
    for job_id, error in failed.items():
        error.job_id = error.job_id or job_id
        error.endpoint = error.endpoint or endpoint
    if len(failed) == 1:
        raise next(iter(failed.values()))
    raise JobsFailedError(list(failed.values()), jobs)
