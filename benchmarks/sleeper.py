"""`pulumi-resource-sleeper`: a minimal native provider, as a floor.

Its resource sleeps until a given time, and its function returns a constant. It has the methods that the engine calls
for them, and nothing besides.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
from google.protobuf import empty_pb2

from pulumi_cosjob._plugin.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

__all__ = ["main"]


class Sleeper(provider_pb2_grpc.ResourceProviderServicer):
    """Sleeps until its input `until`, in seconds since the epoch; its function returns a constant."""

    async def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's names, as below
        """Return the version."""
        return plugin_pb2.PluginInfo(version="0.1.0")

    async def Handshake(self, _request: Any, context: Any) -> Any:  # noqa: N802
        """Report that handshakes are not supported."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "")

    async def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept anything."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept any configuration."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Return a constant."""
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").update({"value": "constant"})
        return response

    async def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept anything."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Sleep until the time of the input."""
        await asyncio.sleep(max(0.0, request.properties["until"] - time.time()))
        return provider_pb2.CreateResponse(id="slept", properties=request.properties)

    async def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Ignore the request: the engine ends this process."""
        return empty_pb2.Empty()


async def _serve() -> None:
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Sleeper(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    """Serve until the engine ends this process."""
    asyncio.run(_serve())
