"""The plugin's process: a server on loopback, which ends with its engine, or to which engines attach."""

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

from pulumi_cosjob._engine.watch import listens
from pulumi_cosjob._plugin.attached import Attached
from pulumi_cosjob._plugin.engine_client import Engine
from pulumi_cosjob._plugin.protocol import provider_pb2_grpc
from pulumi_cosjob._plugin.servicer import Servicer
from pulumi_cosjob._version import plugin_version

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.accounts import Sleep

__all__ = ["serve", "serve_by_hand"]

# A thousand jobs in one resource are some megabytes.
_MOST_BYTES = 400 * 1024 * 1024
_CHECK_SECONDS = 0.5
# Once a resource has failed, the engine ends its plugins and the program: this process first, and as soon as it has
# ended, the program by SIGINT, for which Python would write a traceback below the message about the resource. In this
# time the program ends by itself, as its calls fail.
_PROGRAM_SECONDS = 1.0
# A full collection visits all objects of all jobs, and nothing else runs meanwhile: for ten thousand jobs it takes a
# quarter of a second. The objects of jobs are no garbage, and few cycles are made. By default it ran 28 times as often.
_COLLECT_AFTER = (2_000, 20, 50)


async def serve(address: str, port_to: int, sleep: Sleep = asyncio.sleep) -> None:
    """Serve one engine until this process gets SIGINT or SIGTERM, or the engine has ended.

    Args:
        address: Host and port of the engine.
        port_to: The file descriptor from which it reads the port.
        sleep: Waits after a failure, for tests.
    """
    engine = Engine(address)
    servicer = _servicer(engine)
    async with _serving(servicer, 0) as (port, stopped):
        # The first line is the port: the engine waits for it.
        os.write(port_to, f"{port}\n".encode())
        exited = asyncio.ensure_future(_engine_exited(address))
        await asyncio.wait([stopped, exited], return_when=asyncio.FIRST_COMPLETED)
        exited.cancel()
        servicer.interrupt()
        if servicer.has_failed and stopped.done():
            await sleep(_PROGRAM_SECONDS)
    await engine.close()


async def serve_by_hand(port: int, ready: Callable[[int], None]) -> None:
    """Serve all engines that attach, until this process gets SIGINT or SIGTERM.

    Args:
        port: Port on loopback; 0 for a free one.
        ready: Called with the port once it is served.
    """
    attached = Attached(lambda address: _servicer(Engine(address)))
    async with _serving(attached, port) as (served, stopped):
        ready(served)
        await stopped
        attached.interrupt()


def _servicer(engine: Engine) -> Servicer:
    engine.pass_on_messages()
    return Servicer(engine, plugin_version())


@contextlib.asynccontextmanager
async def _serving(servicer: Any, port: int) -> AsyncIterator[tuple[int, asyncio.Future[Any]]]:
    """Serve on loopback; yields the port, and a future that is done once this process gets SIGINT or SIGTERM."""
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    signalled = asyncio.Event()
    if sys.platform != "win32":
        # The engine sends SIGINT when it is done; Ctrl-C in a terminal reaches the engine alone, which then cancels.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    limits = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
    server = grpc.aio.server(options=[*limits, ("grpc.so_reuseport", 0)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    served = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    # Imported while the engine is not calling yet: the first request would have to wait for the import.
    asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "pulumi_cosjob._service.transport")
    stopped = asyncio.ensure_future(signalled.wait())
    try:
        yield served, stopped
    finally:
        stopped.cancel()
        await server.stop(grace=1.0)


async def _engine_exited(address: str) -> None:
    """Return once the engine has ended, also if that was before this process started."""
    refused = 0
    while refused < 2:
        await asyncio.sleep(_CHECK_SECONDS)
        refused = 0 if await asyncio.to_thread(listens, address) else refused + 1
