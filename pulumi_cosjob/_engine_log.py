"""Live progress in `pulumi up`: lines that the engine shows in place while a resource is being created."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_cosjob._engine_watch import engine_address
from pulumi_cosjob._waiting import progress_line

if TYPE_CHECKING:
    from pulumi_cosjob._waiting import History

__all__ = ["NO_PROXY", "EngineLog", "Send", "to_engine"]

Send = Callable[[str, bool], None]
"""Called with a line and whether it is progress, shown in place, or a warning that stays."""

_LOG_SECONDS = 2.0
# gRPC would ask a proxy for the engine on this very machine.
NO_PROXY = [("grpc.enable_http_proxy", 0)]


class EngineLog:
    """Says how jobs are doing; a report for waits.

    Args:
        send: Takes each line.
        jobs: How many jobs are waited for; of many, only the sum is told.
        names_job: Whether a line about one job begins with its id: not where it stands beside the job's own resource.
    """

    def __init__(self, send: Send, jobs: int = 1, *, names_job: bool = True) -> None:
        self._send, self._jobs, self._names_job = send, jobs, names_job
        self._statuses: dict[str, str | None] = {}
        self._told = ""
        self._lock = threading.Lock()

    def __call__(self, job_id: str, history: History, now: float) -> None:
        """Tell how a job is doing, where that has changed."""
        with self._lock:
            before = self._statuses.get(job_id)
            self._statuses[job_id] = history.status
            seen = history.seen.description if history.seen else None
            if seen is not None and seen.state.needs_person and before != seen.status:
                self._send(f"job {job_id} {seen.state.meaning}; the wait goes on", False)
            name = f"{job_id[:8]}…: " if self._names_job else ""
            line = f"{name}{progress_line(history, now)}" if self._jobs == 1 else self._sum()
            if line != self._told:
                self._told = line
                self._send(line, True)

    def _sum(self) -> str:
        counts: dict[str, int] = {}
        for status in self._statuses.values():
            counts[status or "no answer"] = counts.get(status or "no answer", 0) + 1
        complete = counts.pop("Complete", 0)
        rest = "".join(f", {count} {status}" for status, count in sorted(counts.items()))
        return f"{complete} of {self._jobs} Complete{rest}"


def to_engine(arguments: list[str] | None = None) -> Send:
    """Return what tells the engine that started this process, for a provider whose calls block.

    Progress is a courtesy: where the engine cannot be told, the wait goes on without.

    Args:
        arguments: The arguments of this process, the engine's address among them.
    """
    import grpc  # noqa: PLC0415  comes with the Pulumi SDK, which the command line does not need
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415  as above

    address = engine_address(arguments or sys.argv)
    if address is None:
        return lambda _line, _ephemeral: None
    stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=NO_PROXY))

    def send(line: str, ephemeral: bool) -> None:
        severity = engine_pb2.INFO if ephemeral else engine_pb2.WARNING
        with contextlib.suppress(grpc.RpcError):
            stub.Log(engine_pb2.LogRequest(severity=severity, message=line, ephemeral=ephemeral), timeout=_LOG_SECONDS)

    return send
