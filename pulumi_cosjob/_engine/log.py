"""Live progress in `pulumi up`: lines that the engine shows in place while a resource is being created."""

from __future__ import annotations

import contextlib
import inspect
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._engine.watch import engine_address
from pulumi_cosjob._errors import CosJobWarning
from pulumi_cosjob._waiting.progress import ProgressLines

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.state import PollState

__all__ = ["NO_PROXY", "EngineLog", "Send", "pass_on_debug_lines", "pass_on_messages", "to_engine"]

Send = Callable[[str, bool], None]
"""Called with a line and whether it is progress, which is shown in place, or a warning, which stays."""

_LOG_SECONDS = 2.0
# Severities of the protocol.
_DEBUG, _INFO, _WARNING = 0, 1, 2
# By default, gRPC would use a proxy even for the engine on this machine.
NO_PROXY = [("grpc.enable_http_proxy", 0)]


class EngineLog:
    """Shows the progress of jobs in the engine's display; it is passed to waits as their report.

    Args:
        send: Called with each line.
        jobs: The number of jobs that are waited for; many jobs have one line in common.
    """

    def __init__(self, send: Send, jobs: int = 1) -> None:
        self._send = send
        self._lines = ProgressLines(jobs)
        self._lock = threading.Lock()

    def __call__(self, job_id: str, state: PollState, now: float) -> None:
        """Send the lines that are due after a poll."""
        with self._lock:
            for line in self._lines.add(job_id, state, now):
                self._send(line.text, not line.stays)


def to_engine(arguments: list[str] | None = None) -> Send:
    """Return a function that sends lines to the engine that started this process, for a call of a dynamic provider.

    The engine shows them on the resource's own row. If the engine cannot be reached, the wait goes on without progress.

    Args:
        arguments: The arguments of this process, the engine's address among them.
    """
    address = engine_address(arguments or sys.argv)
    if address is None:
        return lambda _line, _ephemeral: None
    log, urn = _log_of(address), _urn_of_call()

    def send(line: str, ephemeral: bool) -> None:
        log(severity=_INFO if ephemeral else _WARNING, message=line, urn=urn, ephemeral=ephemeral)

    return send


def _log_of(address: str) -> Callable[..., None]:
    """Return a function that sends a line to the log of an engine; nothing happens if the engine cannot be reached."""
    import grpc  # noqa: PLC0415  comes with the Pulumi SDK, which the command line does not need
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415  as above

    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=NO_PROXY))

    def log(**line: Any) -> None:
        with contextlib.suppress(grpc.RpcError):
            stub.Log(engine_pb2.LogRequest(**line), timeout=_LOG_SECONDS)

    return log


def pass_on_messages(arguments: list[str] | None = None) -> None:
    """Show the package's warnings as the engine's, and its debug lines. Has an effect in a dynamic provider only.

    Args:
        arguments: The arguments of this process, the engine's address among them.
    """
    address = engine_address(arguments or sys.argv)
    if address is None:
        return
    pass_on_debug_lines(lambda line: _log_of(address)(severity=_DEBUG, message=line))
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *position: Any, **options: Any) -> None:
        if issubclass(category, CosJobWarning):
            to_engine(arguments)(str(message), False)
        else:
            before(message, category, *position, **options)

    warnings.showwarning = show


class _DebugLines(logging.Handler):
    """Passes on what the package logs."""

    def __init__(self, send: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        # Best effort: what is being logged goes on, also after the engine, the event loop or the channel has ended.
        with contextlib.suppress(Exception):
            self._send(record.getMessage())


def pass_on_debug_lines(send: Callable[[str], None]) -> None:
    """Pass on what the package logs at debug level, such as the account that was discovered.

    Args:
        send: Called with each line, in the thread that logs it.
    """
    logger = logging.getLogger("pulumi_cosjob")
    logger.setLevel(logging.DEBUG)
    # Not to the handlers of the root, which write to standard error.
    logger.propagate = False
    logger.handlers[:] = [_DebugLines(send)]


def _urn_of_call() -> str:
    """Return the URN of the resource of the current call; "" if it is not found, which means the stack's row.

    A dynamic provider is not given the URN of its resource. The SDK's servicer has it, in the engine's request some
    frames up in the same thread.
    """
    from pulumi.runtime.proto import provider_pb2  # noqa: PLC0415  as above

    frame = inspect.currentframe()
    while frame is not None:
        request = frame.f_locals.get("request")
        if isinstance(request, (provider_pb2.CheckRequest, provider_pb2.CreateRequest, provider_pb2.UpdateRequest)):
            return str(request.urn)
        frame = frame.f_back
    return ""
