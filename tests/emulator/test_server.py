"""Start and stop of the emulator, and the settings with which programs use it."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from urllib.parse import urlsplit

import pytest

from emulator_client import Bench, Caller, bench, send
from patience import new_threads
from pulumi_cosjob._emulator import serve
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

__all__ = ["bench"]


def test_environment_reaches_the_emulator() -> None:
    """The environment has the endpoint, the region and the credentials; the account is discovered."""
    with CosBatchEmulator(uin="100000000001", region="ap-guangzhou", token="t") as emulator:
        assert emulator.environment() == {
            "COSJOB_ENDPOINT": emulator.endpoint,
            "TENCENTCLOUD_REGION": "ap-guangzhou",
            "TENCENTCLOUD_SECRET_ID": "emulator-id",
            "TENCENTCLOUD_SECRET_KEY": "emulator-key",
            "TENCENTCLOUD_SECURITY_TOKEN": "t",
        }


def test_account_appears_in_the_jobs() -> None:
    """APPID, UIN and region of the emulator are those of the resources of its jobs."""
    clock = ManualClock()
    with CosBatchEmulator(clock=clock, appid="1250000007", uin="100000000007", region="ap-beijing") as emulator:
        job_id = emulator.create_job()
        caller = Caller(emulator.endpoint, clock.now(), headers={"x-cos-appid": "1250000007"})
        reply = caller.request("GET", f"/jobs/{job_id}")
    assert reply.text("Job/RoleArn") == "qcs::cam::uin/100000000007:roleName/COS_Batch_QcsRole"
    assert reply.text("Job/Report/Bucket") == "qcs::cos:ap-beijing:uid/1250000007:reports-1250000007"


def test_endpoint_is_known_once_started() -> None:
    """Before its start the emulator has no endpoint; the error has the remedy."""
    emulator = CosBatchEmulator()
    with pytest.raises(RuntimeError, match=r"has not been started: .* call start\(\)"):
        _ = emulator.endpoint
    with emulator:
        assert emulator.endpoint.startswith("http://127.0.0.1:")


def test_restarted_emulator_has_its_port_and_jobs(bench: Bench) -> None:
    """A stopped emulator refuses connections; started again it has the same endpoint and the same jobs."""
    job_id = bench.emulator.create_job()
    endpoint = bench.emulator.endpoint
    bench.emulator.stop()
    bench.emulator.stop()
    with pytest.raises(ConnectionRefusedError):
        bench.describe(job_id)
    bench.emulator.start()
    assert bench.emulator.endpoint == endpoint
    assert bench.status(job_id) == "New"


def test_address_in_use_raises_in_start() -> None:
    """The error is raised in the thread that starts the emulator, which can start once the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        emulator = CosBatchEmulator(port=port)
        with pytest.raises(OSError, match="in use"):
            emulator.start()
    with emulator:
        assert urlsplit(emulator.endpoint).port == port


def test_start_and_stop_from_many_threads() -> None:
    """After many threads have started and stopped it at the same time, no thread and no listener is left."""
    before = threading.enumerate()
    emulator = CosBatchEmulator()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                emulator.start()
                emulator.stop()
        except BaseException as error:  # noqa: BLE001 - the test checks it
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert new_threads(before) == []
    with emulator.start():
        assert send(emulator.endpoint, "GET", "/_emulator/requests", {}).status == 200


def test_connection_made_while_stopping_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is accepted while the emulator stops is closed with the others."""
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    emulator = CosBatchEmulator()
    for _ in range(30):
        with emulator:
            address = ("127.0.0.1", int(urlsplit(emulator.endpoint).port or 0))
            connections = [socket.create_connection(address) for _ in range(4)]
        for connection in connections:
            connection.close()
    gc.collect()
    assert lost == []


def test_emulator_listens_on_this_machine_only() -> None:
    """The emulator refuses to listen on any address but a loopback one."""
    with pytest.raises(ValueError, match=r"on this machine only, not on '0\.0\.0\.0'"):
        serve(("0.0.0.0", 0), [], [], None, print)  # noqa: S104 - that it is refused is the point
