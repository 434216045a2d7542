"""For the tests of programs that use this package: COS Batch on loopback, and mocks for unit tests without an engine.

    from pulumi_cosjob.testing import CosBatchEmulator

    with CosBatchEmulator() as emulator:
        job_id = emulator.create_job("fails", seconds=60)
        emulator.clock.advance(120)
        ...  # reach it with the environment variables of emulator.environment()

For pytest there is a fixture, `cos_batch_emulator`: put `pytest_plugins = ["pulumi_cosjob.testing"]` into the
`conftest.py` at the root of the tests. PYTEST_DONT_REWRITE

The emulator needs the extra `emulator`. The mocks do not:

    from pulumi_cosjob.testing import CosJobMocks

    pulumi.runtime.set_mocks(CosJobMocks({"53dc6228-c50b-46f7-8ad7-65e7159f1aae": {"status": "Complete"}}))
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._emulator.clocks import JobClock, ManualClock
from pulumi_cosjob._emulator.faults import Fault
from pulumi_cosjob._emulator.request_log import RecordedRequest
from pulumi_cosjob._emulator.samples import Account
from pulumi_cosjob._emulator.scenarios import Scenario
from pulumi_cosjob._emulator.service import Service
from pulumi_cosjob._emulator.signature import Credentials

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._emulator.thread import ServerThread
    from pulumi_cosjob._mocks.cos_job_mocks import CosJobMocks

__all__ = ["CosBatchEmulator", "CosJobMocks", "Fault", "JobClock", "ManualClock", "RecordedRequest", "Scenario"]


class CosBatchEmulator:
    """An HTTP server on this machine that behaves as COS Batch does.

    It is a context manager; `start` and `stop` serve where a with statement does not fit. It may be stopped
    and started again, as a service that is away for a while: it comes back on the same port and knows its
    jobs.

    Args:
        port: The port; 0 for a free one.
        secret_id: The SecretId that requests are to be signed with.
        secret_key: The SecretKey.
        token: The security token that has to come along; none for permanent keys.
        token_expires: When the token expires, in seconds since the epoch; None for never.
        appid: The APPID of jobs that are created without one.
        uin: The numeric id of the main account.
        region: The region.
        clock: The service's clock, by which signatures are judged and jobs live; the machine's if there is
            none.
        seed: Seed for the random numbers that decide whether a fault with a probability strikes.

    Raises:
        ImportError: The extra `emulator` is not installed.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        secret_id: str = "emulator-id",  # noqa: S107 - opens nothing but the emulator
        secret_key: str = "emulator-key",  # noqa: S107 - opens nothing but the emulator
        token: str | None = None,
        token_expires: float | None = None,
        appid: str = "1250000000",
        uin: str = "100000000001",
        region: str = "ap-chengdu",
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        credentials = Credentials(secret_id, secret_key, token, token_expires)
        self._service = Service(credentials, Account(appid, uin, region), clock, seed)
        self._thread = _server_thread()(self._service, port=port)

    @property
    def endpoint(self) -> str:
        """The URL of the server.

        Raises:
            RuntimeError: It has not been started.
        """
        return self._thread.url

    @property
    def clock(self) -> JobClock:
        """The jobs' clock. Turning it moves the jobs and leaves the judgement on signatures alone."""
        return self._service.job_clock

    @property
    def requests(self) -> list[RecordedRequest]:
        """The latest 10,000 requests to the API, the oldest first, without secrets."""
        return self._service.records.all()

    def start(self) -> Self:
        """Listen and serve; nothing happens if it serves already.

        Returns:
            This emulator.

        Raises:
            OSError: It cannot listen there.
        """
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and stop listening; nothing happens if it does not serve.

        Raises:
            RuntimeError: It does not stop.
        """
        self._thread.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def create_job(
        self,
        scenario: Scenario | str = Scenario.COMPLETES,
        *,
        job_id: str | None = None,
        appid: str | None = None,
        seconds: float = 10.0,
        tasks: int = 100,
        starts: str = "now",
        **overrides: Any,
    ) -> str:
        """Create a job.

        Args:
            scenario: What becomes of it.
            job_id: Its id; a new one if there is none.
            appid: APPID of the owner; by default the emulator's.
            seconds: How long it is Active.
            tasks: How many tasks it has.
            starts: When its life begins: `now` by the jobs' clock, or with the `first-request` about it.
            **overrides: Elements to show in place of the usual ones, by the name in snake case, such as
                `description="…"`, `report={"enabled": False}`, `failure_reasons=[{"failure_code": "…"}]`;
                None leaves one out. For an element that holds others a str is its content as XML, such as
                `operation="<COSDeleteObject/>"`. An `xml.etree.ElementTree.Element` is taken as it is. A name
                that begins with a capital letter is used as it is, even if the API's documentation does not list
                it.

        Returns:
            Its id.

        Raises:
            ValueError: There is no such scenario or element, there is such a job already, or an id, a length
                or a number that no job can have.
            TypeError: No element can hold such a value.
        """
        return self._service.put_job(
            scenario, overrides, job_id=job_id, appid=appid, seconds=seconds, tasks=tasks, starts=starts
        )

    def replay(self, job_id: str, source: bytes | str | os.PathLike[str]) -> None:
        """Answer for a job with a document that is not made here, as it is, with status 200.

        Args:
            job_id: The job.
            source: The document as bytes, or as text that begins with `<`; else the path of a file, which is
                read afresh at each request.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._service.replay(job_id, source)

    def inject(self, *faults: Fault | str) -> None:
        """Put faults at the end of the queue of those to come.

        Args:
            *faults: The faults; the name of a kind stands for that fault once.

        Raises:
            ValueError: There is no such kind.
        """
        self._service.faults.add([Fault(fault) if isinstance(fault, str) else fault for fault in faults])

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which the package and the command line reach this server.

        Raises:
            RuntimeError: It has not been started.
        """
        credentials, account = self._service.credentials, self._service.account
        variables = {
            "COSJOB_ENDPOINT": self.endpoint,
            "COSJOB_UIN": account.uin,
            "TENCENTCLOUD_REGION": account.region,
            "TENCENTCLOUD_SECRET_ID": credentials.secret_id,
            "TENCENTCLOUD_SECRET_KEY": credentials.secret_key,
        }
        if credentials.token is not None:
            variables["TENCENTCLOUD_SECURITY_TOKEN"] = credentials.token
        return variables

    def reset(self) -> None:
        """Forget jobs, replays, faults and requests, and turn the jobs' clock back to the service's."""
        self._service.reset()


def _server_thread() -> type[ServerThread]:
    """Return what serves the emulator; only that needs aiohttp."""
    try:
        from pulumi_cosjob._emulator.thread import ServerThread  # noqa: PLC0415  the mocks work without aiohttp
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "aiohttp":
            raise
        raise ImportError(
            'the emulator needs aiohttp; install it with: pip install "pulumi-cosjob[emulator]"', name=error.name
        ) from error
    return ServerThread


def __getattr__(name: str) -> Any:
    # The emulator works without Pulumi, which takes long to load.
    if name != "CosJobMocks":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pulumi_cosjob._mocks.cos_job_mocks import CosJobMocks  # noqa: PLC0415  as above

    return CosJobMocks


# Pytest itself loads this module where it is named as a plugin; nobody else needs pytest for it.
if TYPE_CHECKING or "pytest" in sys.modules:
    import pytest

    @pytest.fixture
    def cos_batch_emulator() -> Iterator[CosBatchEmulator]:
        """Yield an emulator that serves."""
        with CosBatchEmulator() as emulator:
            yield emulator
