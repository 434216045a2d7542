"""Questions and waits on an event loop: a wait costs no thread, a question one of a few."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cosjob._client import MOST_AT_ONCE, Clients, CosBatchClient
from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import no_thread
from pulumi_cosjob._gates import LOOK_SECONDS, MOST_LOOKS, Report, Waits, begin_to_look, raise_failed
from pulumi_cosjob._job import camel_name
from pulumi_cosjob._plugin._schema import PACKAGE
from pulumi_cosjob._waiting import Limits, Look, never_completes, preview_notice

if TYPE_CHECKING:
    from pulumi_cosjob._errors import CosJobError
    from pulumi_cosjob._job import JobDescription

__all__ = ["Account", "Accounts", "Sleep"]

_T = TypeVar("_T")
Sleep = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass on an event loop."""


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
        self._looking = ThreadPoolExecutor(MOST_LOOKS, "cosjob-look")
        self._asking = ThreadPoolExecutor(MOST_AT_ONCE, "cosjob-ask")

    def ask(self, question: Callable[..., _T], *arguments: Any) -> asyncio.Future[_T]:
        """Call something that blocks, in a thread.

        Raises:
            RequestError: No thread could be started.
        """
        try:
            return asyncio.get_running_loop().run_in_executor(self._asking, question, *arguments)
        except RuntimeError as error:
            raise no_thread(error) from None

    def _look(self, job_id: str, appid: str) -> Future[Look]:
        return begin_to_look(self._looking, self.client, job_id, appid, self._clock)

    async def look_at_jobs(
        self, job_ids: Sequence[str], appid: str, limits: Limits
    ) -> tuple[Mapping[str, JobDescription], str | None]:
        """Look at jobs in a preview.

        Returns:
            Those that have completed already, as far as that is known in time; and what a person has to know, if there
            is no valid response about a job.

        Raises:
            CosJobError: A job will never complete.
            JobsFailedError: More than one.
        """
        asked = {asyncio.wrap_future(self._look(each, appid)): each for each in dict.fromkeys(job_ids)}
        try:
            answered = (await asyncio.wait(asked, timeout=LOOK_SECONDS))[0] if asked else set()
        finally:
            for future in asked:
                future.cancel()
        looks = {asked[future]: future.result() for future in answered}
        errors = {job_id: never_completes(look, limits, preview=True) for job_id, look in looks.items()}
        failed = {job_id: error for job_id, error in errors.items() if error is not None}
        raise_failed(failed, len(job_ids), self.client.endpoint)
        missed: dict[str, CosJobError | None] = dict.fromkeys(job_ids)
        completed: dict[str, JobDescription] = {}
        for job_id, look in looks.items():
            if look.description is None:
                missed[job_id] = look.error
                continue
            del missed[job_id]
            if look.description.state.succeeded:
                completed[job_id] = look.description
        return completed, preview_notice(missed, len(asked), camel_name)

    async def wait_for_jobs(
        self, job_ids: Sequence[str], appid: str, limits: Limits, report: Report
    ) -> Mapping[str, JobDescription]:
        """Wait until jobs have completed; return them as they were then.

        Raises:
            CosJobError: One job has failed, or its time is up.
            JobsFailedError: That, and others have failed by then.
        """
        waits = Waits(job_ids, limits, self._clock.monotonic(), report)
        asking: dict[asyncio.Future[Look], tuple[str, Future[Look]]] = {}
        try:
            while waits.under_way or asking:
                for job_id in waits.due(self._clock.monotonic()):
                    look = self._look(job_id, appid)
                    asking[asyncio.wrap_future(look)] = job_id, look
                seconds = waits.seconds(self._clock.monotonic())
                if not asking:
                    await self._sleep(seconds)
                    continue
                answered, late = await asyncio.wait(asking, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                for future in answered:
                    waits.judge(asking.pop(future)[0], future.result(), self._clock.monotonic())
                if waits.are_overdue(self._clock.monotonic()):
                    given_up = [asking.pop(future) for future in late]
                    waits.give_up({job_id: not look.cancel() for job_id, look in given_up}, self._clock.monotonic())
        finally:
            for future in asking:
                future.cancel()
        return waits.result(self.client.endpoint)

    def close(self) -> None:
        """Cut off all questions that are under way, and ask no more."""
        self.client.abort()
        self.client.close()
        for pool in (self._looking, self._asking):
            pool.shutdown(wait=False, cancel_futures=True)


class Accounts:
    """All accounts that the provider's calls are about.

    Args:
        config: Returns the provider's configuration by a full key, such as `cosjob:uin`; the engine tells no other.
        clock: Another clock than the machine's, for tests.
        sleep: Lets time pass by that clock, for tests as well.
    """

    def __init__(self, config: Callable[[str], Any], clock: Clock | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self._clients = Clients(config, clock, namespaces=(PACKAGE,))
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
