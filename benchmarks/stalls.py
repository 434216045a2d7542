"""How long the plugin's event loop is stalled, so that it does not react to Ctrl-C, while a gate waits for many jobs.

The plugin runs in a process of its own, as the engine starts it, with a task on its loop that is due every few
milliseconds. A stall is the CPU time of the loop's own thread between two runs of that task. The delay of the task by
the wall clock also depends on the rest of the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from pulumi_cosjob._engine.log import NO_PROXY
from pulumi_cosjob._plugin.properties import Properties, to_struct
from pulumi_cosjob._plugin.server import serve

URN = "urn:pulumi:dev::stalls::cosjob:index:AllJobsCompletion::gate"
_TICK_SECONDS = 0.005
_ANY_LENGTH = [*NO_PROXY, *((f"grpc.max_{way}_message_length", -1) for way in ("receive", "send"))]
_ANY_LENGTH += [("grpc.max_metadata_size", 1 << 24), ("grpc.absolute_max_metadata_size", 1 << 24)]


@dataclass(frozen=True)
class Stalls:
    """The result of a measurement.

    Attributes:
        cpu: The longest CPU time of the loop's thread between two runs of the task, in seconds.
        wall: The longest delay of the task, in seconds.
        lines: The number of lines that the plugin sent to the engine.
        error: The error of the gate; empty if it opened.
    """

    cpu: float
    wall: float
    lines: int
    error: str


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.lines = 0

    def Log(self, _request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's name
        self.lines += 1
        return empty_pb2.Empty()


def measure(config: dict[str, Any], inputs: dict[str, Any], secret: Sequence[str] = ()) -> Stalls:
    """Create a gate in a plugin's process, then update it; return the stalls of its loop.

    Args:
        config: The provider's configuration.
        inputs: The gate's inputs.
        secret: Names of inputs that are secret.
    """
    engine = _Engine()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with subprocess.Popen([sys.executable, __file__, address], stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout or ())
            with grpc.insecure_channel(f"127.0.0.1:{int(next(lines))}", options=_ANY_LENGTH) as channel:
                error = _create(provider_pb2_grpc.ResourceProviderStub(channel), config, inputs, frozenset(secret))
            process.terminate()
            found = json.loads(next(lines))
        finally:
            process.kill()
            server.stop(None)
    return Stalls(found["cpu"], found["wall"], engine.lines, error)


def _create(stub: Any, config: dict[str, Any], inputs: dict[str, Any], secret: frozenset[str]) -> str:
    """Call the plugin as the engine does in an update that creates a gate, and in the next one."""
    stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(Properties(config)), acceptSecrets=True))
    news = to_struct(Properties(inputs, secret))
    stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
    try:
        created = stub.Create(provider_pb2.CreateRequest(urn=URN, properties=news))
    except grpc.RpcError as error:
        return str(error.details())
    old = {"urn": URN, "id": created.id, "olds": created.properties, "old_inputs": news}
    stub.Diff(provider_pb2.DiffRequest(**old, news=news))
    stub.Update(provider_pb2.UpdateRequest(**old, news=news))
    stub.Read(provider_pb2.ReadRequest(urn=URN, id=created.id, properties=created.properties, inputs=news))
    return ""


async def _serve(address: str) -> dict[str, float]:
    longest = {"cpu": 0.0, "wall": 0.0}

    async def tick() -> None:
        while True:
            cpu, wall = time.thread_time(), time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            longest["cpu"] = max(longest["cpu"], time.thread_time() - cpu)
            longest["wall"] = max(longest["wall"], time.perf_counter() - wall - _TICK_SECONDS)

    ticking = asyncio.ensure_future(tick())
    await serve(address, 1)
    ticking.cancel()
    return longest


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_serve(sys.argv[1]))), flush=True)
    os._exit(0)  # without waiting for the threads of the plugin
