"""Requests and waits on an event loop. A wait needs no thread of its own; a request uses one of a few."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY
from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import CosJobError, no_thread
from pulumi_cosjob._plugin.inputs import PLUGIN
from pulumi_cosjob._service.clients import Clients
from pulumi_cosjob._waiting.loop import (
    FIRST_POLL_SECONDS,
    MAX_CONCURRENT_POLLS,
    FirstPolls,
    JobWaiter,
    Report,
    submit_poll,
)

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.client import CosBatchClient
    from pulumi_cosjob._service.location import Location
    from pulumi_cosjob._waiting.policy import WaitOptions
    from pulumi_cosjob._waiting.state import PollResult

__all__ = ["Account", "AccountPool", "Sleep", "offload"]

_T = TypeVar("_T")
Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds on an event loop."""


async def offload(work: Callable[[], _T], *, many: bool) -> _T:
    """Call something that computes, such as a conversion of values.

    Args:
        work: The call.
        many: Whether it is about many jobs. Then it runs in a thread, so that the loop can receive Cancel meanwhile.

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
    """Sends requests about the jobs of one account.

    Args:
        client: Sends them.
        clock: The clock of the waits.
        sleep: Waits by that clock.
    """

    def __init__(self, client: CosBatchClient, clock: Clock, sleep: Sleep) -> None:
        self.client = client
        self._clock = clock
        self._sleep = sleep
        # Each account has its own threads: one whose service asks to slow down does not delay the others. Polls have
        # threads apart from calls: a call may take a minute, which is too long for a wait.
        self._polling = ThreadPoolExecutor(MAX_CONCURRENT_POLLS, "cosjob-poll")
        self._calling = ThreadPoolExecutor(DEFAULT_CONCURRENCY, "cosjob-call")

    def run_blocking(self, call: Callable[..., _T], *arguments: Any) -> asyncio.Future[_T]:
        """Call something that blocks, in a thread.

        Raises:
            RequestError: No thread could be started.
        """
        try:
            return asyncio.get_running_loop().run_in_executor(self._calling, call, *arguments)
        except RuntimeError as error:
            raise no_thread(error) from None

    def _submit_poll(self, job_id: str, appid: str | None) -> Future[PollResult]:
        return submit_poll(self._polling, self.client, job_id, appid, self._clock)

    async def poll_before_waiting(
        self, job_ids: Sequence[str], appid: str | None, options: WaitOptions
    ) -> tuple[Mapping[str, JobDescription], str | None]:
        """Poll jobs once, in a preview.

        Returns:
            The jobs that have completed, as far as responses come in time; and a notice for the user if there is no
            valid response about a job.

        Raises:
            CosJobError: A job will never complete.
            JobsFailedError: More than one.
        """
        first_polls = FirstPolls(job_ids, options, preview=True)
        polls = _Polls(lambda job_id: self._submit_poll(job_id, appid))
        polls.add(first_polls.job_ids)
        give_up_at = time.monotonic() + FIRST_POLL_SECONDS
        try:
            while polls and (left := give_up_at - time.monotonic()) > 0:
                for job_id, poll in await polls.results(left):
                    first_polls.record(job_id, poll)
        finally:
            polls.cancel()
        notice = first_polls.result(self.client.location, appid, PLUGIN)
        return first_polls.completed, notice

    async def wait_for_jobs(
        self, job_ids: Sequence[str], appid: str | None, options: WaitOptions, report: Report
    ) -> Mapping[str, JobDescription]:
        """Wait until jobs have completed; return them as they were then.

        Raises:
            CosJobError: One job has failed, or its time is up.
            JobsFailedError: That, and others have failed by then.
        """
        waits = JobWaiter(job_ids, options, self._clock.monotonic(), report)
        polls = _Polls(lambda job_id: self._submit_poll(job_id, appid))
        try:
            while waits.has_scheduled_polls or polls:
                polls.add(waits.take_due(self._clock.monotonic()))
                seconds = waits.seconds_until_next(self._clock.monotonic())
                if not polls:
                    await self._sleep(seconds)
                    continue
                for job_id, poll in await polls.results(seconds):
                    waits.record(job_id, poll, self._clock.monotonic())
                if waits.is_overdue(self._clock.monotonic()):
                    for job_id, was_asked in polls.cancel():
                        waits.record_timeout(job_id, sent=was_asked, now=self._clock.monotonic())
                        await asyncio.sleep(0)
        finally:
            polls.cancel()
        return waits.result(self.client.location, appid)

    def close(self) -> None:
        """Cancel all requests that are under way, and refuse new ones."""
        self.client.abort()
        self.client.close()
        for pool in (self._polling, self._calling):
            pool.shutdown(wait=False, cancel_futures=True)


class _Polls:
    """The polls of one gate.

    Few polls are submitted at a time, and a result is found without a search through the others. So the time between
    two chances to receive Cancel does not grow with the number of jobs.

    Args:
        submit: Starts a poll.
    """

    def __init__(self, submit: Callable[[str], Future[PollResult]]) -> None:
        self._submit = submit
        self._pending: deque[str] = deque()
        self._under_way: dict[asyncio.Future[PollResult], tuple[str, Future[PollResult]]] = {}
        self._results: list[tuple[str, PollResult]] = []
        self._result_came: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        """Tell whether there are polls without a result, or results that have not been returned."""
        return bool(self._pending or self._under_way or self._results)

    def add(self, job_ids: Iterable[str]) -> None:
        """Poll jobs, after the ones that were added before."""
        self._pending.extend(job_ids)

    async def results(self, seconds: float) -> Sequence[tuple[str, PollResult]]:
        """Return new results with their job ids; nothing if none comes within so many seconds."""
        # Twice as many as there are threads, so that no thread waits for this loop.
        while self._pending and len(self._under_way) < 2 * MAX_CONCURRENT_POLLS:
            job_id = self._pending.popleft()
            poll = self._submit(job_id)
            future = asyncio.wrap_future(poll)
            self._under_way[future] = job_id, poll
            future.add_done_callback(self._add_result)
        if not self._results:
            self._result_came = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._result_came], timeout=seconds)
            self._result_came = None
        results, self._results = self._results, []
        return results

    def _add_result(self, future: asyncio.Future[PollResult]) -> None:
        job_id, _ = self._under_way.pop(future, ("", None))
        if not job_id or future.cancelled():
            return
        self._results.append((job_id, future.result()))
        if self._result_came is not None and not self._result_came.done():
            self._result_came.set_result(None)

    def cancel(self) -> Sequence[tuple[str, bool]]:
        """Cancel all polls without a result; return their job ids, and whether a request was sent for each."""
        under_way = list(self._under_way.items())
        self._under_way.clear()
        cancelled = [(job_id, not poll.cancel()) for _, (job_id, poll) in under_way]
        for future, _ in under_way:
            future.cancel()
        cancelled += [(job_id, False) for job_id in self._pending]
        self._pending.clear()
        return cancelled


class AccountPool:
    """The accounts that a provider's calls are about.

    Args:
        config: Returns the provider's configuration by a full key, such as `cosjob:uin`. The engine passes no other
            configuration to the plugin.
        clock: Another clock than the machine's, for tests.
        sleep: Waits by that clock, for tests.
    """

    def __init__(self, config: Callable[[str], Any], clock: Clock | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self._clients = Clients(config, clock)
        self._clock, self._sleep = clock or SystemClock(), sleep
        self._accounts: dict[CosBatchClient, Account] = {}

    def get(self, inputs: Mapping[str, Any]) -> Account:
        """Return the account that the inputs name by uin, region and endpoint, or else the configuration.

        Raises:
            ConfigurationError: A setting is missing.
            InvalidArgumentError: A setting cannot be used.
        """
        client = self._clients.get(inputs)
        if client not in self._accounts:
            self._accounts[client] = Account(client, self._clock, self._sleep)
        return self._accounts[client]

    async def locate(self, inputs: Mapping[str, Any]) -> Location | None:
        """Return where the requests about inputs go; None where that is not known. It may discover the account."""
        known = self._clients.locate(inputs, discover=False)
        if known is not None:
            return known
        try:
            account = self.get(inputs)
        except CosJobError:
            return None
        return await account.run_blocking(self._clients.locate, inputs)

    def known_location(self, inputs: Mapping[str, Any]) -> Location | None:
        """Return where the requests about inputs go, as far as that is known without a request."""
        return self._clients.locate(inputs, discover=False)

    def close(self) -> None:
        """Cancel all requests, and refuse new ones."""
        for account in self._accounts.values():
            account.close()
