"""Sending responses, whole or spoilt by a fault."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp.abc import AbstractStreamWriter

    from pulumi_cosjob._emulator.faults import Fault

    _FaultySender = Callable[[web.Request, "PreparedResponse", Fault], Awaitable[web.StreamResponse]]

__all__ = ["PreparedResponse", "Responder"]

_CHUNK = b"x" * 16_384
_CHUNK_SECONDS = 0.001
# Time for the client to read what was sent: a reset may discard what it has not read.
_SETTLE_SECONDS = 0.05
_JOB_ID = re.compile(rb"<JobId>[^<]*</JobId>")
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class PreparedResponse:
    """A response before it is sent.

    Args:
        status: The HTTP status.
        headers: The headers, without Content-Length.
        body: The body.
        endless_start: What an endless body begins with.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    endless_start: bytes = b"<DescribeJobResult><Job><Description>"


class _AlreadySent(web.StreamResponse):
    """A response whose bytes have been written past the framework, which has nothing left to send."""

    def __init__(self, *, closes: bool) -> None:
        super().__init__()
        if closes:
            self.force_close()
        self._open = not closes

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open."""
        return self._open

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Send no head."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no body."""


class Responder:
    """Sends responses, and aborts those that take long when the server stops."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._faulty: dict[str, _FaultySender] = {
            "endless": self._endless,
            "reset": self._reset,
            "reset-in-body": self._reset_in_body,
            "slow": self._slow,
        }

    def stop(self) -> None:
        """Abort the responses that take long."""
        self._stopping.set()

    async def pause(self, seconds: float) -> None:
        """Wait, at most until the server stops.

        Args:
            seconds: How long.
        """
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def send(self, request: web.Request, prepared: PreparedResponse, fault: Fault | None) -> web.StreamResponse:
        """Send a response.

        Args:
            request: The request.
            prepared: The response.
            fault: The fault that spoils it, or None.

        Returns:
            The response for the framework.
        """
        if fault is not None:
            if fault.kind in self._faulty:
                return await self._faulty[fault.kind](request, prepared, fault)
            if fault.kind in _RAW:
                return _RAW[fault.kind](request, prepared, fault)
            prepared = _with_other_body(prepared, fault)
        return web.Response(status=prepared.status, headers=prepared.headers, body=prepared.body)

    async def _reset(self, request: web.Request, _prepared: PreparedResponse, _fault: Fault) -> web.StreamResponse:
        _abort(request)
        return _AlreadySent(closes=True)

    async def _reset_in_body(
        self, request: web.Request, prepared: PreparedResponse, _fault: Fault
    ) -> web.StreamResponse:
        _write(request, _head(prepared, len(prepared.body)) + prepared.body[: len(prepared.body) // 2])
        await self.pause(_SETTLE_SECONDS)
        _abort(request)
        return _AlreadySent(closes=True)

    async def _slow(self, request: web.Request, prepared: PreparedResponse, fault: Fault) -> web.StreamResponse:
        response = web.StreamResponse(status=prepared.status, headers=prepared.headers)
        response.content_length = len(prepared.body)
        pieces = (prepared.body[index : index + 1] for index in range(len(prepared.body)))
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
                await self.pause(fault.seconds)
                if self._stopping.is_set():
                    _abort(request)
                    break
        return response

    async def _endless(self, request: web.Request, prepared: PreparedResponse, _fault: Fault) -> web.StreamResponse:
        response = web.StreamResponse(status=prepared.status, headers=prepared.headers)
        response.enable_chunked_encoding()
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(prepared.endless_start)
            while not self._stopping.is_set():
                await response.write(_CHUNK)
                await self.pause(_CHUNK_SECONDS)
            _abort(request)
        return response


def _with_other_body(prepared: PreparedResponse, fault: Fault) -> PreparedResponse:
    """Return a response with another body, which is sent whole."""
    if fault.kind == "empty":
        return replace(prepared, status=fault.status or 200, body=b"")
    if fault.kind == "other-job":
        element = f"<JobId>{fault.other_job_id}</JobId>".encode()
        return replace(prepared, body=_JOB_ID.sub(lambda _: element, prepared.body, count=1))
    return prepared


def _truncated(request: web.Request, prepared: PreparedResponse, _fault: Fault) -> web.StreamResponse:
    _write(request, _head(prepared, len(prepared.body)) + prepared.body[: len(prepared.body) // 2])
    return _close(request)


def _wrong_length(request: web.Request, prepared: PreparedResponse, fault: Fault) -> web.StreamResponse:
    _write(request, _head(prepared, max(len(prepared.body) + fault.length, 0)) + prepared.body)
    # A body longer than Content-Length spoils the next response, so the connection stays open.
    return _close(request) if fault.length > 0 else _AlreadySent(closes=False)


def _raw(request: web.Request, _prepared: PreparedResponse, fault: Fault) -> web.StreamResponse:
    _write(request, fault.body)
    return _close(request)


_RAW: dict[str, Callable[[web.Request, PreparedResponse, Fault], web.StreamResponse]] = {
    "raw": _raw,
    "truncated": _truncated,
    "wrong-length": _wrong_length,
}


def _head(prepared: PreparedResponse, length: int) -> bytes:
    """Return the head of a response with any Content-Length."""
    lines = [f"HTTP/1.1 {prepared.status} {HTTPStatus(prepared.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in prepared.headers.items()]
    lines += [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode()


def _write(request: web.Request, data: bytes) -> None:
    """Write bytes to the connection past the framework."""
    transport = request.transport
    if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
        transport.write(data)


def _close(request: web.Request) -> web.StreamResponse:
    """Close the connection once all has been sent."""
    if request.transport is not None:
        request.transport.close()
    return _AlreadySent(closes=True)


def _abort(request: web.Request) -> None:
    """Reset the connection."""
    transport = request.transport
    if not isinstance(transport, asyncio.WriteTransport):
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # With a linger time of zero, the end of the connection is a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
