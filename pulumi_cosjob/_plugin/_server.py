"""The plugin's process: a server on loopback that ends with the engine."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_cosjob._plugin._engine import Engine
from pulumi_cosjob._plugin._servicer import Servicer
from pulumi_cosjob._version import plugin_version

if TYPE_CHECKING:
    from pulumi_cosjob._plugin._asking import Sleep

__all__ = ["serve"]

# A thousand jobs in one resource are some megabytes.
_MOST_BYTES = 400 * 1024 * 1024
_PARENT_SECONDS = 1.0
# Once a resource has failed, the engine ends its plugins without waiting for the program: first this one, then, as soon
# as this one has ended, the program by SIGINT. It ends by itself in that time, as its calls fail; SIGINT would make
# Python write a traceback below the message about the resource.
_PROGRAM_SECONDS = 1.0


async def serve(address: str, parent: int, sleep: Sleep = asyncio.sleep) -> None:
    """Serve until this process is told to end, or the one that started it has ended.

    Args:
        address: Host and port of the engine.
        parent: The id of the process that started this one.
        sleep: Lets time pass after a failure, for tests.
    """
    told = asyncio.Event()
    if sys.platform != "win32":
        # The engine sends SIGINT when it is done; Ctrl-C in a terminal reaches the engine alone, which then cancels.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
    engine = Engine(address)
    engine.pass_on_warnings()
    servicer = Servicer(engine, plugin_version())
    limits = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
    server = grpc.aio.server(options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    # The first line is the port: the engine waits for it.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # While the engine makes up its mind; the first question would have to wait for it.
    asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "pulumi_cosjob._http")
    waiting = asyncio.ensure_future(told.wait())
    # Without the engine nobody would hear what is waited for.
    while not told.is_set() and os.getppid() == parent:
        await asyncio.wait([waiting], timeout=_PARENT_SECONDS)
    servicer.interrupt()
    if servicer.has_failed and os.getppid() == parent:
        await sleep(_PROGRAM_SECONDS)
    await server.stop(grace=1.0)
    await engine.close()
