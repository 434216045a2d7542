"""The native plugin's servicer over real gRPC on loopback, with an engine that records the lines it gets."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from pulumi_cosjob._engine.log import NO_PROXY
from pulumi_cosjob._plugin.accounts import AccountPool
from pulumi_cosjob._plugin.engine_client import Engine
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob._plugin.servicer import Servicer
from pulumi_cosjob._waiting.gate import UNKNOWN
from virtual_time import VirtualTime

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

URN = "urn:pulumi:dev::tests::cosjob:index:{}::gate"
JOB, JOBS = "JobCompletion", "AllJobsCompletion"
# As engines take them.
LONG_MESSAGES = [("grpc.max_metadata_size", 1 << 24), ("grpc.absolute_max_metadata_size", 1 << 24)]
_P = ParamSpec("_P")
DAY = 24 * 3600.0
FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
APPID = "1250000000"
SECRET = "job-of-no-ones-business"
DiffResponse = provider_pb2.DiffResponse


def on_a_loop(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run a test on its own event loop."""

    @functools.wraps(test)
    def run(*arguments: _P.args, **named: _P.kwargs) -> None:
        asyncio.run(test(*arguments, **named))

    return run


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.logged: list[engine_pb2.LogRequest] = []

    async def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's name
        self.logged.append(request)
        return empty_pb2.Empty()


@dataclass
class Plugin:
    """A plugin that is being served, as the engine sees it."""

    stub: Any
    servicer: Servicer
    engine: Engine
    logged: list[Any] = field(default_factory=list)

    async def configure(self, **config: Any) -> None:
        """Configure it."""
        await self.configure_with(frozenset(), **config)

    async def configure_with(self, secret: frozenset[str], **config: Any) -> None:
        """Configure it with secrets."""
        struct = to_struct(Properties(config, secret))
        response = await self.stub.Configure(provider_pb2.ConfigureRequest(args=struct, acceptSecrets=True))
        assert (response.acceptSecrets, response.supportsPreview) == (True, True)

    async def invoke(self, function: str, **arguments: Any) -> Any:
        """Call a function; return its results, or its failures by property."""
        request = provider_pb2.InvokeRequest(tok=f"cosjob:index:{function}", args=to_struct(Properties(arguments)))
        response = await self.stub.Invoke(request)
        failures = {failure.property: failure.reason for failure in response.failures}
        return failures or dict(from_struct(getattr(response, "return")).values)

    async def check(self, kind: str, secret: frozenset[str] = frozenset(), **inputs: Any) -> dict[str, str]:
        """Check inputs; return the failures by property."""
        news = to_struct(Properties(inputs, secret))
        response = await self.stub.Check(provider_pb2.CheckRequest(urn=URN.format(kind), news=news))
        assert response.inputs == news
        return {failure.property: failure.reason for failure in response.failures}

    async def create(
        self,
        kind: str = JOB,
        *,
        preview: bool = False,
        limit: float = 0,
        secret: frozenset[str] = frozenset(),
        **inputs: Any,
    ) -> tuple[str, Properties]:
        """Create a gate; return its id and its outputs."""
        inputs = {"appid": "1250000000", **inputs}
        response = await self.stub.Create(
            provider_pb2.CreateRequest(
                urn=URN.format(kind), properties=to_struct(Properties(inputs, secret)), preview=preview, timeout=limit
            )
        )
        return response.id, from_struct(response.properties)

    async def diff(self, kind: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        """Compare inputs."""
        old, new = (to_struct(Properties(each)) for each in (olds, news))
        return await self.stub.Diff(provider_pb2.DiffRequest(urn=URN.format(kind), olds=old, old_inputs=old, news=new))

    async def update(
        self, kind: str, olds: Properties, news: Mapping[str, Any], *, preview: bool = False
    ) -> Mapping[str, Any]:
        """Update a gate; return its outputs."""
        inputs = {
            name: olds.values[name]
            for name in (
                "jobId",
                "job_id",
                "jobIds",
                "job_ids",
                "appid",
                "timeout",
                "maxFailedTasks",
                "max_failed_tasks",
            )
            if olds.values.get(name) is not None
        }
        response = await self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=URN.format(kind),
                olds=to_struct(olds),
                old_inputs=to_struct(Properties(inputs)),
                news=to_struct(Properties(news)),
                preview=preview,
            )
        )
        return from_struct(response.properties).values

    def lines(self, *, ephemeral: bool) -> list[str]:
        """Return the lines about gates: progress, or the lines that stay."""
        return [each.message for each in self.logged if each.ephemeral == ephemeral and each.urn]


@contextlib.asynccontextmanager
async def plugin(service: CosBatchEmulator | None = None, time: VirtualTime | None = None) -> AsyncIterator[Plugin]:
    """Serve a plugin, configured for an emulator if there is one."""
    engine_server, recording = grpc.aio.server(), _Engine()
    engine_pb2_grpc.add_EngineServicer_to_server(recording, engine_server)
    engine_port = engine_server.add_insecure_port("127.0.0.1:0")
    await engine_server.start()
    engine = Engine(f"127.0.0.1:{engine_port}")
    accounts: Callable[[Callable[[str], Any]], AccountPool] = AccountPool
    if time is not None:
        accounts = functools.partial(AccountPool, clock=time.clock, sleep=time.sleep)
    servicer = Servicer(engine, "0.1.0", accounts)
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[*NO_PROXY, *LONG_MESSAGES]) as channel:
            served = Plugin(provider_pb2_grpc.ResourceProviderStub(channel), servicer, engine, recording.logged)
            if service is not None:
                await served.configure(**config_of(service))
            yield served
    finally:
        servicer.interrupt()
        await server.stop(None)
        await engine.close()
        await engine_server.stop(None)


def config_of(service: CosBatchEmulator) -> dict[str, str]:
    """Return the configuration for an emulator."""
    variables = service.environment()
    return {
        "uin": "100000000001",
        "region": variables["TENCENTCLOUD_REGION"],
        "endpoint": variables["COSJOB_ENDPOINT"],
        "secretId": variables["TENCENTCLOUD_SECRET_ID"],
        "secretKey": variables["TENCENTCLOUD_SECRET_KEY"],
    }


async def refused(call: Any) -> str:
    """Return the message that a call fails with."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.NOT_FOUND)
    assert "Traceback" not in str(raised.value.details())
    return str(raised.value.details())


async def outcome(call: Any) -> str:
    """Return the status and the message that a call fails with; an empty text if it succeeds."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()}"
    return ""


async def wait_until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until a condition holds."""
    while not condition():  # noqa: ASYNC110  the event is in another process or thread
        await asyncio.sleep(0.01)


__all__ = [
    "APPID",
    "DAY",
    "FULL",
    "JOB",
    "JOBS",
    "SECRET",
    "UNKNOWN",
    "URN",
    "DiffResponse",
    "Plugin",
    "VirtualTime",
    "config_of",
    "on_a_loop",
    "outcome",
    "plugin",
    "refused",
    "wait_until",
]
