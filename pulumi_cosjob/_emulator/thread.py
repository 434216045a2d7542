"""The server in a thread of its own, with bounded start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from aiohttp import web

from pulumi_cosjob._emulator.control import is_loopback
from pulumi_cosjob._emulator.server import Server

if TYPE_CHECKING:
    from pulumi_cosjob._emulator.service import Service

__all__ = ["ServerThread"]

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
# How long aiohttp waits for handlers; those that take long have been stopped before.
_LINGER_SECONDS = 1.0
_LOOP_CYCLES = 8


class ServerThread:
    """Serves from a daemon thread; any thread may start and stop it, again and again, on the same port.

    Args:
        service: What to serve.
        host: A loopback address.
        port: The port; 0 for a free one.

    Raises:
        ValueError: The host is not a loopback address.
    """

    def __init__(self, service: Service, host: str = "127.0.0.1", port: int = 0) -> None:
        if not is_loopback(host):
            raise ValueError(f"the emulator listens on this machine only, not on {host!r}")
        self._service = service
        self._host = host
        self._port = port
        self._lock = threading.Lock()
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """The URL of the server, also after it has been stopped.

        Raises:
            RuntimeError: The port is not known, as the server has never been started.
        """
        if self._port == 0:
            raise RuntimeError("the emulator has not been started: use it in a with statement, or call start()")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Listen and serve; does nothing if it serves already.

        Raises:
            OSError: The server cannot listen there.
        """
        with self._lock:
            if self._running is not None:
                return
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            # Bound here and not in the thread, so that the caller gets the error if the address is in use.
            listener = socket.create_server((self._host, self._port), family=family, backlog=1024)
            try:
                running = _Running(self._service, listener)
                running.start()
            except BaseException:
                listener.close()
                raise
            self._port = listener.getsockname()[1]
            self._running = running

    def stop(self) -> None:
        """End all connections and stop listening; does nothing if it does not serve.

        Raises:
            RuntimeError: The server does not stop in time.
        """
        with self._lock:
            if self._running is not None:
                self._running.stop()
                self._running = None


class _Running:
    """One run of the server, from start to stop."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        self._service = service
        self._listener = listener
        self._ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="cos-batch-emulator", daemon=True)

    def start(self) -> None:
        """Start the thread, and return once it serves."""
        self._thread.start()
        self._ready.result(timeout=_START_SECONDS)

    def stop(self) -> None:
        """End the thread."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=_STOP_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError(f"the emulator did not stop within {_STOP_SECONDS:.0f} s")

    def _run(self) -> None:
        """Serve until it is stopped; an error before that is raised in `start`."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = Server(self._service)
        runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=_LINGER_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, self._listener).start()
            self._ready.set_result(None)
            await self._stopping.wait()
        finally:
            server.stop()
            await self._accept_no_more()
            _abort_connections(runner)
            await runner.cleanup()

    async def _accept_no_more(self) -> None:
        """Accept no more connections, and let the event loop register those that it has just accepted.

        It does so some cycles after it has accepted them. If the listener closes before, asyncio leaves them unclosed.
        """
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().remove_reader(self._listener)
        for _ in range(_LOOP_CYCLES):
            await asyncio.sleep(0)


def _abort_connections(runner: web.AppRunner) -> None:
    """End all connections without sending the rest: a client that does not read would keep them open."""
    for connection in [] if runner.server is None else runner.server.connections:
        if connection.transport is not None:
            connection.transport.abort()
