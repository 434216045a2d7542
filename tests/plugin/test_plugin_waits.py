"""Many waits of the plugin at the same time, and how they end, over real gRPC."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from google.protobuf import empty_pb2

from patience import HANGS
from plugins import (
    APPID,
    DAY,
    VirtualTime,
    config_of,
    on_a_loop,
    plugin,
    refused,
    wait_until,
)
from pulumi_cosjob import JobFailedError, JobsFailedError
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._plugin import accounts
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._waiting import waiter
from pulumi_cosjob._waiting.loop import MAX_CONCURRENT_POLLS
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault


@on_a_loop
async def test_an_outage_delays_no_gate_beyond_its_time_limit(service: CosBatchEmulator) -> None:
    """Each gate ends at its own limit, also while many wait for a thread."""
    service.inject(Fault("delay", seconds=DAY, times=None))
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [refused(served.create(jobId=f"job-{number}", timeout="1s")) for number in range(64)]
        messages = await asyncio.gather(*waits)
        assert {
            each.startswith("timeout: the job was not complete within 1 s; there was never a valid response")
            for each in messages
        } == {True}
        service.reset()


@on_a_loop
async def test_lines_to_the_engine_use_no_proxy(
    timed_service: CosBatchEmulator, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default gRPC uses a proxy for this machine too, and progress would be late or lost."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("grpc_proxy", "http://127.0.0.1:9")
    job_id = timed_service.create_job("completes", seconds=5)
    async with plugin(timed_service, time) as served:
        await served.create(jobId=job_id)
        assert served.lines(ephemeral=True)[-1] == "Complete, 100 %, 100 of 100 tasks"


@on_a_loop
async def test_cancel_ends_all_waits_at_once(service: CosBatchEmulator) -> None:
    """It ends sleeping waits and requests under way; later calls are refused."""
    service.inject(Fault("delay", seconds=DAY, job_id=service.create_job("never-ends", job_id="slow")))
    job_ids = ["slow", *(service.create_job("never-ends") for _ in range(20))]
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [asyncio.ensure_future(refused(served.create(jobId=job_id))) for job_id in job_ids]
        # The delayed request is not in the list of requests yet, but its fault has left the queue.
        faults = service._service.faults._queue
        await wait_until(lambda: len({each.path for each in service.requests}) == len(job_ids) - 1 and not faults)
        await served.stub.Cancel(empty_pb2.Empty())
        messages = set(await asyncio.gather(*waits))
        messages.add(await refused(served.create(jobId="late")))
        cancelled = await refused(served.invoke("getJob", jobId="late", appid=APPID))
    assert messages == {"the wait was interrupted, and no job is changed by that; the next update waits again"}
    assert cancelled == "the request was cancelled, as the command was interrupted or has failed elsewhere"
    assert not any("late" in request.path for request in service.requests)


class Silent:
    """A client that returns nothing, except for one job, until the test releases it."""

    location = Location("https://cos.example.com")

    def __init__(self) -> None:
        self.released = threading.Event()

    def poll(self, job_id: str, _appid: str) -> tuple[JobDescription, float | None]:
        """Return a description, once released."""
        assert job_id == "failed" or self.released.wait(HANGS)
        return JobDescription(job_id, "Failed"), None


@on_a_loop
async def test_a_silent_service_delays_neither_a_preview_nor_the_end_of_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Jobs with a response are decided; for the others the error says whether a request was sent."""
    monkeypatch.setattr(accounts, "FIRST_POLL_SECONDS", 0.3)
    monkeypatch.setattr(accounts, "MAX_CONCURRENT_POLLS", 3)
    monkeypatch.setattr(waiter, "_LAST_POLL_SECONDS", 0.1)
    client: Any = Silent()
    account = accounts.Account(client, SystemClock(), asyncio.sleep)
    try:
        assert await account.poll_before_waiting([], "1", WaitOptions(1.0)) == ({}, None)
        notice = "the preview has no valid response about job a: none came in time. The update polls again."
        assert await account.poll_before_waiting(["a", "a"], "1", WaitOptions(1.0)) == ({}, notice)
        with pytest.raises(JobFailedError):
            await account.poll_before_waiting(["a", "failed"], "1", WaitOptions(1.0))
        with pytest.raises(JobsFailedError) as raised:
            await account.wait_for_jobs(["b", "c"], "1", WaitOptions(0.2), lambda *_: None)
        messages = {error.job_id: str(error) for error in raised.value.errors}
        assert "no response came before the time was up" in messages["b"]
        assert "no request was sent in time" in messages["c"]
    finally:
        client.released.set()


@pytest.mark.newest
@on_a_loop
async def test_hundreds_of_gates_wait_on_a_few_threads() -> None:
    """No wait has its own thread, and none is late because of that."""
    count = 300
    time = VirtualTime(count)
    with CosBatchEmulator(clock=time.clock) as timed_service:
        job_ids = [timed_service.create_job("completes", seconds=2) for _ in range(count)]
        before = threading.active_count()
        most = 0
        async with plugin(timed_service, time) as served:
            waits = [asyncio.ensure_future(served.create(jobId=job_id, timeout="1h")) for job_id in job_ids]
            for wait in waits:
                wait.add_done_callback(time.done)
            while not all(wait.done() for wait in waits):
                most = max(most, threading.active_count())
                await asyncio.sleep(0.05)
            statuses = {(await wait)[1].values["status"] for wait in waits}
        assert statuses == {"Complete"}
        assert most - before <= MAX_CONCURRENT_POLLS + 16
        assert 6 <= time.clock.monotonic() < 8
        assert len(timed_service.requests) <= count * 6
