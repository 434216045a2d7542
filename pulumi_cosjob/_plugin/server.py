"""The plugin's process: a server on loopback that ends with the engine, or one that engines attach to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_cosjob._engine.watch import listens
from pulumi_cosjob._plugin.attached import Attached
from pulumi_cosjob._plugin.engine_client import Engine
from pulumi_cosjob._plugin.servicer import Servicer
from pulumi_cosjob._version import plugin_version

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.accounts import Sleep

__all__ = ["serve", "serve_by_hand"]

# A thousand jobs in one resource are some megabytes.
_MOST_BYTES = 400 * 1024 * 1024
_CHECK_SECONDS = 0.5
# Once a resource has failed, the engine ends its plugins without waiting for the program: first this one, then, as soon
# as this one has ended, the program by SIGINT. It ends by itself in that time, as its calls fail; SIGINT would make
# Python write a traceback below the message about the resource.
_PROGRAM_SECONDS = 1.0
# A full collection goes through all that is held of all jobs, and nothing else runs meanwhile: for ten thousand jobs a
# quarter of a second. What is held is no garbage, and few cycles are made; the default would be 28 times as often.
_COLLECT_AFTER = (2_000, 20, 50)


async def serve(address: str, port_to: int, sleep: Sleep = asyncio.sleep) -> None:
    """Serve one engine until this process is told to end, or the engine has ended.

    Args:
        address: Host and port of the engine.
        port_to: The file descriptor from which it reads the port.
        sleep: Lets time pass after a failure, for tests.
    """
    engine = Engine(address)
    servicer = _servicer(engine)
    async with _serving(servicer, 0) as (port, told):
        # The first line is the port: the engine waits for it.
        os.write(port_to, f"{port}\n".encode())
        watching = asyncio.ensure_future(_engine_gone(address))
        await asyncio.wait([told, watching], return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        servicer.interrupt()
        if servicer.has_failed and told.done():
            await sleep(_PROGRAM_SECONDS)
    await engine.close()


async def serve_by_hand(port: int, ready: Callable[[int], None]) -> None:
    """Serve all engines that attach themselves, until this process is told to end.

    Args:
        port: On loopback; 0 for a free one.
        ready: Is called with the port once it is served.
    """
    attached = Attached(lambda address: _servicer(Engine(address)))
    async with _serving(attached, port) as (found, told):
        ready(found)
        await told
        attached.interrupt()


def _servicer(engine: Engine) -> Servicer:
    engine.pass_on_warnings()
    return Servicer(engine, plugin_version())


@contextlib.asynccontextmanager
async def _serving(servicer: Any, port: int) -> AsyncIterator[tuple[int, asyncio.Future[Any]]]:
    """Serve on loopback; gives the port, and what is done once this process is told to end."""
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    told = asyncio.Event()
    if sys.platform != "win32":
        # The engine sends SIGINT when it is done; Ctrl-C in a terminal reaches the engine alone, which then cancels.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
    limits = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
    server = grpc.aio.server(options=[*limits, ("grpc.so_reuseport", 0)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    served = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    # While the engine makes up its mind; the first question would have to wait for it.
    asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "pulumi_cosjob._service.transport")
    waiting = asyncio.ensure_future(told.wait())
    try:
        yield served, waiting
    finally:
        waiting.cancel()
        await server.stop(grace=1.0)


async def _engine_gone(address: str) -> None:
    """Return once nobody would hear what is waited for: the engine may have ended before this process had begun."""
    refused = 0
    while refused < 2:
        await asyncio.sleep(_CHECK_SECONDS)
        refused = 0 if await asyncio.to_thread(listens, address) else refused + 1
