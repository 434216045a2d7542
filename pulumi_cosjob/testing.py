"""For tests of programs that use this package: an emulator of COS Batch on loopback, and mocks for unit tests.

    from pulumi_cosjob.testing import CosBatchEmulator

    with CosBatchEmulator() as emulator:
        job_id = emulator.create_job("fails", seconds=60)
        emulator.clock.advance(120)
        ...  # run the program with the environment variables of emulator.environment()

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
from pulumi_cosjob._emulator.samples import JobOwner
from pulumi_cosjob._emulator.scenarios import Scenario
from pulumi_cosjob._emulator.service import Service
from pulumi_cosjob._emulator.signature import AcceptedCredentials

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

    It also serves GetUserAppId of the account API, at its root.

    It is a context manager; `start` and `stop` are for programs without a with statement. It can be stopped and
    started again, as a service with an outage: it then has the same port and the same jobs.

    Args:
        port: The port; 0 for a free one.
        secret_id: The SecretId that requests must be signed with.
        secret_key: The SecretKey that requests must be signed with.
        token: The security token that requests must hold; None for permanent credentials.
        token_expires: The time at which the token expires, in seconds since the epoch; None for never.
        appid: The APPID of jobs that are created without one; GetUserAppId responds with it.
        uin: The numeric id of the main account; GetUserAppId responds with it.
        sub_account_uin: The numeric id of the sub-account that the credentials belong to; None for the main account.
        region: The region.
        clock: The service's clock, by which signatures are verified and which the jobs' clock follows; by default the
            machine's.
        seed: Seed for the random numbers that decide whether a request meets a fault with a probability.

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
        sub_account_uin: str | None = None,
        region: str = "ap-chengdu",
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        credentials = AcceptedCredentials(secret_id, secret_key, token, token_expires)
        self._service = Service(credentials, JobOwner(appid, uin, region, sub_account_uin), clock, seed)
        self._thread = _server_thread()(self._service, port=port)

    @property
    def endpoint(self) -> str:
        """The URL of the server.

        Raises:
            RuntimeError: The emulator has not been started.
        """
        return self._thread.url

    @property
    def clock(self) -> JobClock:
        """The jobs' clock. Advancing it moves the jobs, and does not change how signatures are verified."""
        return self._service.job_clock

    @property
    def requests(self) -> list[RecordedRequest]:
        """The latest 10,000 requests to the API, the oldest first, without secrets."""
        return self._service.request_log.all()

    def start(self) -> Self:
        """Listen and serve; does nothing if it serves already.

        Returns:
            This emulator.

        Raises:
            OSError: The emulator cannot listen on its port.
        """
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and stop listening; does nothing if it does not serve.

        Raises:
            RuntimeError: The emulator does not stop in time.
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
            scenario: The scenario that its states follow.
            job_id: Its id; by default a new one.
            appid: The APPID of its owner; by default the emulator's.
            seconds: How long it is Active.
            tasks: The number of its tasks.
            starts: When its scenario begins: `now` by the jobs' clock, or with the `first-request` about it.
            **overrides: Elements that replace the usual ones, by the name in snake case, such as
                `description="…"`, `report={"enabled": False}`, `failure_reasons=[{"failure_code": "…"}]`;
                None leaves one out. For an element with children, a str is its content as XML, such as
                `operation="<COSDeleteObject/>"`. An `xml.etree.ElementTree.Element` is used as it is. A name
                that begins with a capital letter is used as it is, even if the API's documentation does not list
                it.

        Returns:
            Its id.

        Raises:
            ValueError: The scenario or an element is unknown, the job exists already, or its id, length or number of
                tasks is not possible.
            TypeError: No element can hold such a value.
        """
        return self._service.put_job(
            scenario, overrides, job_id=job_id, appid=appid, seconds=seconds, tasks=tasks, starts=starts
        )

    def replay(self, job_id: str, source: bytes | str | os.PathLike[str]) -> None:
        """Respond to requests about a job with a given document, as it is, with status 200.

        Args:
            job_id: The job.
            source: The document as bytes, or as text that begins with `<`; else the path of a file, which is
                read again at each request.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._service.replay(job_id, source)

    def inject(self, *faults: Fault | str) -> None:
        """Add faults to the end of the queue.

        Args:
            *faults: The faults; the name of a kind stands for one such fault.

        Raises:
            ValueError: There is no such kind.
        """
        self._service.faults.add([Fault(fault) if isinstance(fault, str) else fault for fault in faults])

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which the package and the command line use this emulator.

        Raises:
            RuntimeError: The emulator has not been started.
        """
        credentials, owner = self._service.credentials, self._service.owner
        variables = {
            "COSJOB_ENDPOINT": self.endpoint,
            "TENCENTCLOUD_REGION": owner.region,
            "TENCENTCLOUD_SECRET_ID": credentials.secret_id,
            "TENCENTCLOUD_SECRET_KEY": credentials.secret_key,
        }
        if credentials.token is not None:
            variables["TENCENTCLOUD_SECURITY_TOKEN"] = credentials.token
        return variables

    def reset(self) -> None:
        """Remove jobs, replays, faults and recorded requests, and return the jobs' clock to the service's."""
        self._service.reset()


def _server_thread() -> type[ServerThread]:
    """Return the class that serves the emulator; only this needs aiohttp."""
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
    try:
        from pulumi_cosjob._mocks.cos_job_mocks import CosJobMocks  # noqa: PLC0415  as above
    except ModuleNotFoundError as missing:
        from pulumi_cosjob._extras import needs_pulumi  # noqa: PLC0415  needed only here

        raise needs_pulumi(name, missing) from None

    return CosJobMocks


# Pytest loads this module as a plugin; all other users need no pytest.
if TYPE_CHECKING or "pytest" in sys.modules:
    import pytest

    @pytest.fixture
    def cos_batch_emulator() -> Iterator[CosBatchEmulator]:
        """Yield an emulator that serves."""
        with CosBatchEmulator() as emulator:
            yield emulator
