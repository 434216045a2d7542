"""Lines that the plugin sends to the engine besides its responses: progress on a resource's own row, and warnings."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any

import grpc

from pulumi_cosjob._engine.log import NO_PROXY, pass_on_debug_lines
from pulumi_cosjob._errors import CosJobWarning
from pulumi_cosjob._plugin.protocol import engine_pb2, engine_pb2_grpc

__all__ = ["Engine"]

Line = Callable[[], str]
"""Makes a line when it is sent. Most progress lines never are: newer ones replace them."""

_LOG_SECONDS = 5.0
# A line is best effort: no call waits longer for it.
_LAST_SECONDS = 0.5


class Engine:
    """Sends lines to the engine, one after the other. Callers do not wait for them.

    Only the latest progress line of a resource is kept: if thousands wait, the engine gets as many as it can take.

    Args:
        address: Host and port of the engine.
    """

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=NO_PROXY)
        self._stub = engine_pb2_grpc.EngineStub(self._channel)
        self._progress: dict[str, Line] = {}
        self._lines: deque[tuple[engine_pb2.LogSeverity.ValueType, str, Line]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._in_flight: tuple[str, asyncio.Future[None]] | None = None

    def progress(self, urn: str, line: Line) -> None:
        """Show a line on a resource's row, in place of the previous one."""
        self._progress[urn] = line
        self._send()

    async def finish(self, urn: str) -> None:
        """Show the latest line about a resource now, so that none comes after the end of its call."""
        line = self._progress.pop(urn, None)
        if self._in_flight is not None and self._in_flight[0] == urn:
            await asyncio.wait([self._in_flight[1]], timeout=_LAST_SECONDS)
        if line is not None:
            await self._log(_in_place(urn, line), _LAST_SECONDS)

    def warn(self, urn: str, line: Line) -> None:
        """Show a line that stays."""
        self._lines.append((engine_pb2.WARNING, urn, line))
        self._send()

    async def warn_now(self, urn: str, line: str) -> None:
        """Show a line that stays now: the engine may end with the call about the resource."""
        await self._log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=line, urn=urn), _LAST_SECONDS)

    def pass_on_messages(self) -> None:
        """Show the package's warnings and debug lines: the engine writes standard error to its log only."""
        loop = asyncio.get_running_loop()

        def call(add: Callable[..., None], *arguments: Any) -> None:
            # A thread may still be at work when the loop has ended. A line is best effort there, too.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(add, *arguments)

        def show(message: Warning | str, category: type[Warning], *_where: Any, **_more: Any) -> None:
            if issubclass(category, CosJobWarning):
                call(self.warn, "", functools.partial(str, message))

        warnings.showwarning = show
        pass_on_debug_lines(lambda line: call(self.debug, functools.partial(str, line)))

    def debug(self, line: Line) -> None:
        """Write a line to the engine's log."""
        self._lines.append((engine_pb2.DEBUG, "", line))
        self._send()

    async def close(self) -> None:
        """Close the connection."""
        if self._sending is not None:
            self._progress.clear()
            await asyncio.wait([self._sending], timeout=_LAST_SECONDS)
            self._sending.cancel()
        await self._channel.close()

    def _send(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._lines or self._progress:
            if self._lines:
                severity, urn, line = self._lines.popleft()
                request = engine_pb2.LogRequest(severity=severity, message=line(), urn=urn)
            else:
                urn = next(iter(self._progress))
                request = _in_place(urn, self._progress.pop(urn))
            self._in_flight = request.urn, asyncio.ensure_future(self._log(request, _LOG_SECONDS))
            await self._in_flight[1]

    async def _log(self, request: Any, seconds: float) -> None:
        # Best effort: if the engine cannot be reached, the wait goes on.
        with contextlib.suppress(grpc.RpcError):
            await self._stub.Log(request, timeout=seconds)


def _in_place(urn: str, line: Line) -> Any:
    return engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line(), urn=urn, ephemeral=True)
