"""Questions and waits on an event loop: a wait costs no thread, a question one of a few."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import no_thread
from pulumi_cosjob._plugin.inputs import PLUGIN
from pulumi_cosjob._service.client import DEFAULT_CONCURRENCY, Clients, CosBatchClient
from pulumi_cosjob._waiting.loop import (
    FIRST_POLL_SECONDS,
    MAX_CONCURRENT_POLLS,
    JobWaiter,
    Report,
    raise_failed,
    submit_poll,
)
from pulumi_cosjob._waiting.policy import PollResult, WaitOptions, never_completes, preview_notice

if TYPE_CHECKING:
    from pulumi_cosjob._errors import CosJobError
    from pulumi_cosjob._model.job import JobDescription

__all__ = ["Account", "AccountPool", "Sleep", "aside"]

_T = TypeVar("_T")
Sleep = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass on an event loop."""


async def aside(work: Callable[[], _T], *, many: bool) -> _T:
    """Convert or compare values; those of many jobs in a thread, as the loop has to hear Cancel meanwhile.

    Raises:
        RequestError: No thread could be started.
    """
    if not many:
        return work()
    try:
        done = asyncio.get_running_loop().run_in_executor(None, work)
    except RuntimeError as error:
        raise no_thread(error) from None
    return await done


class Account:
    """Asks about the jobs of one account.

    Args:
        client: Asks.
        clock: What the waits go by.
        sleep: Lets time pass by that clock.
    """

    def __init__(self, client: CosBatchClient, clock: Clock, sleep: Sleep) -> None:
        self.client = client
        self._clock = clock
        self._sleep = sleep
        # Of its own: where one service asks to slow down, threads that wait for it do not hold up other accounts. And
        # apart: a function may ask for a minute, which is too long for a wait.
        self._looking = ThreadPoolExecutor(MAX_CONCURRENT_POLLS, "cosjob-look")
        self._asking = ThreadPoolExecutor(DEFAULT_CONCURRENCY, "cosjob-ask")

    def ask(self, question: Callable[..., _T], *arguments: Any) -> asyncio.Future[_T]:
        """Call something that blocks, in a thread.

        Raises:
            RequestError: No thread could be started.
        """
        try:
            return asyncio.get_running_loop().run_in_executor(self._asking, question, *arguments)
        except RuntimeError as error:
            raise no_thread(error) from None

    def _look(self, job_id: str, appid: str) -> Future[PollResult]:
        return submit_poll(self._looking, self.client, job_id, appid, self._clock)

    async def poll_before_waiting(
        self, job_ids: Sequence[str], appid: str, limits: WaitOptions
    ) -> tuple[Mapping[str, JobDescription], str | None]:
        """Look at jobs in a preview.

        Returns:
            Those that have completed already, as far as that is known in time; and what a person has to know, if there
            is no valid response about a job.

        Raises:
            CosJobError: A job will never complete.
            JobsFailedError: More than one.
        """
        polls = _Polls(lambda job_id: self._look(job_id, appid))
        polls.add(dict.fromkeys(job_ids))
        failed: dict[str, CosJobError] = {}
        completed: dict[str, JobDescription] = {}
        missed: dict[str, CosJobError | None] = dict.fromkeys(job_ids)
        jobs = len(missed)
        give_up_at = time.monotonic() + FIRST_POLL_SECONDS
        try:
            while polls and (left := give_up_at - time.monotonic()) > 0:
                for job_id, look in await polls.answered(left):
                    error = never_completes(look, limits, preview=True)
                    if look.description is None:
                        missed[job_id] = look.error
                    else:
                        del missed[job_id]
                    if error is not None:
                        failed[job_id] = error
                    elif look.description is not None and look.description.state.succeeded:
                        completed[job_id] = look.description
        finally:
            polls.cancel()
        raise_failed(failed, len(job_ids), self.client.endpoint, appid)
        return completed, preview_notice(missed, jobs, PLUGIN)

    async def wait_for_jobs(
        self, job_ids: Sequence[str], appid: str, limits: WaitOptions, report: Report
    ) -> Mapping[str, JobDescription]:
        """Wait until jobs have completed; return them as they were then.

        Raises:
            CosJobError: One job has failed, or its time is up.
            JobsFailedError: That, and others have failed by then.
        """
        waits = JobWaiter(job_ids, limits, self._clock.monotonic(), report)
        polls = _Polls(lambda job_id: self._look(job_id, appid))
        try:
            while waits.under_way or polls:
                polls.add(waits.due(self._clock.monotonic()))
                seconds = waits.seconds(self._clock.monotonic())
                if not polls:
                    await self._sleep(seconds)
                    continue
                for job_id, look in await polls.answered(seconds):
                    waits.judge(job_id, look, self._clock.monotonic())
                if waits.are_overdue(self._clock.monotonic()):
                    for job_id, was_asked in polls.cancel():
                        waits.give_up({job_id: was_asked}, self._clock.monotonic())
                        await asyncio.sleep(0)
        finally:
            polls.cancel()
        return waits.result(self.client.endpoint, appid)

    def close(self) -> None:
        """Cut off all questions that are under way, and ask no more."""
        self.client.abort()
        self.client.close()
        for pool in (self._looking, self._asking):
            pool.shutdown(wait=False, cancel_futures=True)


class _Polls:
    """Polls that are under way, of one gate.

    Few are submitted at a time, and an answer is found without a look at those that have none, so that what the loop
    does between two chances to hear Cancel does not grow with the number of jobs.

    Args:
        submit: Begins a poll.
    """

    def __init__(self, submit: Callable[[str], Future[PollResult]]) -> None:
        self._submit = submit
        self._to_come: deque[str] = deque()
        self._under_way: dict[asyncio.Future[PollResult], tuple[str, Future[PollResult]]] = {}
        self._answered: list[tuple[str, PollResult]] = []
        self._news: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        """Tell whether a poll has no answer yet, or one that was not taken."""
        return bool(self._to_come or self._under_way or self._answered)

    def add(self, job_ids: Iterable[str]) -> None:
        """Poll jobs, after those that were added before."""
        self._to_come.extend(job_ids)

    async def answered(self, seconds: float) -> Sequence[tuple[str, PollResult]]:
        """Return answers that have come, by job; none where so many seconds pass without one."""
        # Twice as many as there are threads: none of them waits for this loop.
        while self._to_come and len(self._under_way) < 2 * MAX_CONCURRENT_POLLS:
            job_id = self._to_come.popleft()
            look = self._submit(job_id)
            future = asyncio.wrap_future(look)
            self._under_way[future] = job_id, look
            future.add_done_callback(self._take)
        if not self._answered:
            self._news = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._news], timeout=seconds)
            self._news = None
        answered, self._answered = self._answered, []
        return answered

    def _take(self, future: asyncio.Future[PollResult]) -> None:
        job_id, _ = self._under_way.pop(future, ("", None))
        if not job_id or future.cancelled():
            return
        self._answered.append((job_id, future.result()))
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def cancel(self) -> Sequence[tuple[str, bool]]:
        """End all polls without an answer; return of which jobs, and whether a request was sent for each."""
        under_way = list(self._under_way.items())
        self._under_way.clear()
        ended = [(job_id, not look.cancel()) for _, (job_id, look) in under_way]
        for future, _ in under_way:
            future.cancel()
        ended += [(job_id, False) for job_id in self._to_come]
        self._to_come.clear()
        return ended


class AccountPool:
    """All accounts that the provider's calls are about.

    Args:
        config: Returns the provider's configuration by a full key, such as `cosjob:uin`; the engine tells no other.
        clock: Another clock than the machine's, for tests.
        sleep: Lets time pass by that clock, for tests as well.
    """

    def __init__(self, config: Callable[[str], Any], clock: Clock | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self._clients = Clients(config, clock)
        self._clock, self._sleep = clock or SystemClock(), sleep
        self._accounts: dict[CosBatchClient, Account] = {}

    def get(self, inputs: Mapping[str, Any]) -> Account:
        """Return the account that inputs name by uin, region and endpoint, or the configuration does.

        Raises:
            ConfigurationError: A setting is missing.
            InvalidArgumentError: A setting cannot be used.
        """
        client = self._clients.get(inputs)
        if client not in self._accounts:
            self._accounts[client] = Account(client, self._clock, self._sleep)
        return self._accounts[client]

    def close(self) -> None:
        """Cut off all questions, and ask no more."""
        for account in self._accounts.values():
            account.close()
