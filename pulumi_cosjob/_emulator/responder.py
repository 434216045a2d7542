"""Sending answers: as they should be, or as a fault has it."""

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

__all__ = ["Answer", "Sender"]

_CHUNK = b"x" * 16_384
_CHUNK_SECONDS = 0.001
# Long enough for the client to have read what was sent: a reset may throw away what it has not read.
_SETTLE_SECONDS = 0.05
_JOB_ID = re.compile(rb"<JobId>[^<]*</JobId>")
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is sent.

    Args:
        status: The HTTP status.
        headers: Its headers, but for Content-Length.
        body: Its body.
        closes: Whether the connection ends after it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    closes: bool = False


class _Sent(web.StreamResponse):
    """Stands for an answer whose bytes are on the wire already: the framework has nothing left to send."""

    def __init__(self, *, closes: bool) -> None:
        super().__init__()
        if closes:
            self.force_close()
        self._open = not closes

    @property
    def keep_alive(self) -> bool:
        """Whether the connection goes on."""
        return self._open

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Send no head."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no body."""


class Sender:
    """Sends answers, and breaks off those that take long when the server stops."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._faulty: dict[str, Callable[[web.Request, Answer, Fault], Awaitable[web.StreamResponse]]] = {
            "endless": self._endless,
            "reset": self._reset,
            "reset-in-body": self._reset_in_body,
            "slow": self._slow,
        }

    def stop(self) -> None:
        """Break off what takes long."""
        self._stopping.set()

    async def pause(self, seconds: float) -> None:
        """Let time pass, but not past the server's end.

        Args:
            seconds: How long.
        """
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def send(self, request: web.Request, answer: Answer, fault: Fault | None) -> web.StreamResponse:
        """Send an answer.

        Args:
            request: The request.
            answer: What to send.
            fault: How it suffers on the way.

        Returns:
            What the framework is to go on with.
        """
        if fault is not None:
            if fault.kind in self._faulty:
                return await self._faulty[fault.kind](request, answer, fault)
            if fault.kind in _RAW:
                return _RAW[fault.kind](request, answer, fault)
            answer = _altered(answer, fault)
        response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        if answer.closes:
            response.force_close()
        return response

    async def _reset(self, request: web.Request, _answer: Answer, _fault: Fault) -> web.StreamResponse:
        _abort(request)
        return _Sent(closes=True)

    async def _reset_in_body(self, request: web.Request, answer: Answer, _fault: Fault) -> web.StreamResponse:
        _write(request, _head(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
        await self.pause(_SETTLE_SECONDS)
        _abort(request)
        return _Sent(closes=True)

    async def _slow(self, request: web.Request, answer: Answer, fault: Fault) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_length = len(answer.body)
        pieces = (answer.body[index : index + 1] for index in range(len(answer.body)))
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
                await self.pause(fault.seconds)
                if self._stopping.is_set():
                    _abort(request)
                    break
        return response

    async def _endless(self, request: web.Request, answer: Answer, _fault: Fault) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.enable_chunked_encoding()
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(b"<DescribeJobResult><Job><Description>")
            while not self._stopping.is_set():
                await response.write(_CHUNK)
                await self.pause(_CHUNK_SECONDS)
            _abort(request)
        return response


def _altered(answer: Answer, fault: Fault) -> Answer:
    """Return an answer that is sent properly, but says something else."""
    if fault.kind == "empty":
        return replace(answer, status=fault.status or 200, body=b"")
    if fault.kind == "other-job":
        told = f"<JobId>{fault.other_job_id}</JobId>".encode()
        return replace(answer, body=_JOB_ID.sub(lambda _: told, answer.body, count=1))
    return answer


def _truncated(request: web.Request, answer: Answer, _fault: Fault) -> web.StreamResponse:
    _write(request, _head(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
    return _ended(request)


def _wrong_length(request: web.Request, answer: Answer, fault: Fault) -> web.StreamResponse:
    _write(request, _head(answer, max(len(answer.body) + fault.length, 0)) + answer.body)
    # A body that is longer than announced does its harm only if the connection goes on.
    return _ended(request) if fault.length > 0 else _Sent(closes=False)


def _raw(request: web.Request, _answer: Answer, fault: Fault) -> web.StreamResponse:
    _write(request, fault.body)
    return _ended(request)


_RAW: dict[str, Callable[[web.Request, Answer, Fault], web.StreamResponse]] = {
    "raw": _raw,
    "truncated": _truncated,
    "wrong-length": _wrong_length,
}


def _head(answer: Answer, length: int) -> bytes:
    """Return the head of an answer with any Content-Length."""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines += [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode()


def _write(request: web.Request, data: bytes) -> None:
    """Put bytes on the wire past the framework."""
    transport = request.transport
    if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
        transport.write(data)


def _ended(request: web.Request) -> web.StreamResponse:
    """End the connection once all has been sent."""
    if request.transport is not None:
        request.transport.close()
    return _Sent(closes=True)


def _abort(request: web.Request) -> None:
    """Reset the connection."""
    transport = request.transport
    if not isinstance(transport, asyncio.WriteTransport):
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Lingering for no time at all turns the end of the connection into a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
