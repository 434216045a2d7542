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
    TurnedTime,
    config_of,
    on_a_loop,
    plugin,
    refused,
    until,
)
from pulumi_cosjob import JobFailedError, JobsFailedError
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._model.job import (
    JobDescription,
)
from pulumi_cosjob._plugin import accounts
from pulumi_cosjob._waiting import loop
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault


@on_a_loop
async def test_an_outage_keeps_no_gate_beyond_its_time(service: CosBatchEmulator) -> None:
    """However many wait for a thread to ask with: each gives up when its own time is over."""
    service.inject(Fault("delay", seconds=DAY, times=None))
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [refused(served.create(jobId=f"job-{number}", timeout="1s")) for number in range(64)]
        said = await asyncio.gather(*waits)
        assert {
            text.startswith("timeout: the job was not complete within 1 s; there never was an answer") for text in said
        } == {True}
        service.reset()


@on_a_loop
async def test_a_proxy_is_not_asked_for_the_engine(
    living: CosBatchEmulator, turned: TurnedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GRPC would ask it even for this machine, and every line of progress would be late or lost."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("grpc_proxy", "http://127.0.0.1:9")
    job_id = living.create_job("completes", seconds=5)
    async with plugin(living, turned) as served:
        await served.create(jobId=job_id)
        assert served.lines(ephemeral=True)[-1] == "Complete, 100 %, 100 of 100 tasks"


@on_a_loop
async def test_ctrl_c_ends_all_waits_at_once(service: CosBatchEmulator) -> None:
    """Those that sleep and those that are being answered; what comes later is not begun."""
    service.inject(Fault("delay", seconds=DAY, job_id=service.create_job("never-ends", job_id="slow")))
    job_ids = ["slow", *(service.create_job("never-ends") for _ in range(20))]
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [asyncio.ensure_future(refused(served.create(jobId=job_id))) for job_id in job_ids]
        # What is being answered is not among the requests yet; its fault has been taken from the queue.
        faults = service._service.faults._queue
        await until(lambda: len({each.path for each in service.requests}) == len(job_ids) - 1 and not faults)
        await served.stub.Cancel(empty_pb2.Empty())
        said = set(await asyncio.gather(*waits))
        said.add(await refused(served.create(jobId="late")))
        cut_off = await refused(served.invoke("getJob", jobId="late", appid=APPID))
    assert said == {"the wait was interrupted, and no job is changed by that; the next update waits again"}
    assert cut_off == "the request was cancelled, as the command was interrupted or has failed elsewhere"
    assert not any("late" in request.path for request in service.requests)


class Silent:
    """A client that answers about no job but one, before it is told to."""

    endpoint = "https://cos.example.com"

    def __init__(self) -> None:
        self.told = threading.Event()

    def look(self, job_id: str, _appid: str) -> tuple[JobDescription, float | None]:
        """Answer, once it may."""
        assert job_id == "failed" or self.told.wait(HANGS)
        return JobDescription(job_id, "Failed"), None


@on_a_loop
async def test_a_silent_service_holds_up_neither_a_preview_nor_the_end_of_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has an answer is judged; of what has none it is told whether it was ever asked."""
    monkeypatch.setattr(accounts, "FIRST_POLL_SECONDS", 0.3)
    monkeypatch.setattr(accounts, "MAX_CONCURRENT_POLLS", 3)
    monkeypatch.setattr(loop, "_LAST_POLL_SECONDS", 0.1)
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
        told = {error.job_id: str(error) for error in raised.value.errors}
        assert "no answer came before the time was up" in told["b"]
        assert "was not asked in time" in told["c"]
    finally:
        client.told.set()


@pytest.mark.newest
@on_a_loop
async def test_hundreds_of_gates_wait_on_a_few_threads() -> None:
    """No wait has a thread of its own, and none is late for it."""
    count = 300
    turned = TurnedTime(count)
    with CosBatchEmulator(clock=turned.clock) as living:
        job_ids = [living.create_job("completes", seconds=2) for _ in range(count)]
        before = threading.active_count()
        most = 0
        async with plugin(living, turned) as served:
            waits = [asyncio.ensure_future(served.create(jobId=job_id, timeout="1h")) for job_id in job_ids]
            for wait in waits:
                wait.add_done_callback(turned.done)
            while not all(wait.done() for wait in waits):
                most = max(most, threading.active_count())
                await asyncio.sleep(0.05)
            statuses = {(await wait)[1].values["status"] for wait in waits}
        assert statuses == {"Complete"}
        assert most - before <= 64 + 16
        assert 6 <= turned.clock.monotonic() < 8
        assert len(living.requests) <= count * 6
