"""`pulumi-resource-sleeper`: the least that a native provider can do, as a floor: it sleeps until a given time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


class Sleeper(provider_pb2_grpc.ResourceProviderServicer):
    """Sleeps until its input `until`, in seconds since the epoch."""

    async def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's names, as below
        """Say which version this is."""
        return plugin_pb2.PluginInfo(version="0.1.0")

    async def Handshake(self, _request: Any, context: Any) -> Any:  # noqa: N802
        """Say that there is none."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "")

    async def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept anything."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Need nothing."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept anything."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Sleep."""
        await asyncio.sleep(max(0.0, request.properties["until"] - time.time()))
        return provider_pb2.CreateResponse(id="slept", properties=request.properties)

    async def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """End soon."""
        return empty_pb2.Empty()


async def serve() -> None:
    """Serve until the engine ends this process."""
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Sleeper(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve())
