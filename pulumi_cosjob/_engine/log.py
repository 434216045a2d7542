"""Live progress in `pulumi up`: lines that the engine shows in place while a resource is being created."""

from __future__ import annotations

import contextlib
import inspect
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

__all__ = ["NO_PROXY", "EngineLog", "Send", "pass_on_warnings", "to_engine"]

Send = Callable[[str, bool], None]
"""Called with a line and whether it is progress, which is shown in place, or a warning, which stays."""

_LOG_SECONDS = 2.0
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
    import grpc  # noqa: PLC0415  comes with the Pulumi SDK, which the command line does not need
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415  as above

    address = engine_address(arguments or sys.argv)
    if address is None:
        return lambda _line, _ephemeral: None
    urn = _urn_of_call()
    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=NO_PROXY))

    def send(line: str, ephemeral: bool) -> None:
        severity = engine_pb2.INFO if ephemeral else engine_pb2.WARNING
        request = engine_pb2.LogRequest(severity=severity, message=line, urn=urn, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):
            stub.Log(request, timeout=_LOG_SECONDS)

    return send


def pass_on_warnings(arguments: list[str] | None = None) -> None:
    """Show the package's warnings as the engine's. Has an effect in the process of a dynamic provider only.

    Args:
        arguments: The arguments of this process, the engine's address among them.
    """
    if engine_address(arguments or sys.argv) is None:
        return
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *position: Any, **options: Any) -> None:
        if issubclass(category, CosJobWarning):
            to_engine(arguments)(str(message), False)
        else:
            before(message, category, *position, **options)

    warnings.showwarning = show


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
