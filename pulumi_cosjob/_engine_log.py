"""Live progress in `pulumi up`: lines that the engine shows in place while a resource is being created."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_cosjob._waiting import progress_line

if TYPE_CHECKING:
    from pulumi_cosjob._waiting import History

__all__ = ["EngineLog"]

_ADDRESS = re.compile(r"[0-9A-Za-z.:\[\]-]+:[0-9]+")
_LOG_SECONDS = 2.0


class EngineLog:
    """Says how jobs are doing to the engine that started this process; a report for `wait_for_jobs`.

    Progress is a courtesy: where the engine cannot be told, the wait goes on without.

    Args:
        arguments: The arguments of this process, the engine's address among them.
        jobs: How many jobs are waited for; of many, only the sum is told.
    """

    def __init__(self, jobs: int = 1, arguments: list[str] | None = None) -> None:
        addresses = [each for each in (arguments or sys.argv)[1:] if _ADDRESS.fullmatch(each)]
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(addresses[-1])) if addresses else None
        self._jobs = jobs
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
                self._log(f"job {job_id} {seen.state.meaning}; the wait goes on", ephemeral=False)
            line = f"{job_id[:8]}…: {progress_line(history, now)}" if self._jobs == 1 else self._sum()
            if line != self._told:
                self._told = line
                self._log(line, ephemeral=True)

    def _sum(self) -> str:
        counts: dict[str, int] = {}
        for status in self._statuses.values():
            counts[status or "no answer"] = counts.get(status or "no answer", 0) + 1
        complete = counts.pop("Complete", 0)
        rest = "".join(f", {count} {status}" for status, count in sorted(counts.items()))
        return f"{complete} of {self._jobs} jobs Complete{rest}"

    def _log(self, message: str, *, ephemeral: bool) -> None:
        if self._stub is None:
            return
        severity = engine_pb2.INFO if ephemeral else engine_pb2.WARNING
        with contextlib.suppress(grpc.RpcError):
            self._stub.Log(
                engine_pb2.LogRequest(severity=severity, message=message, ephemeral=ephemeral), timeout=_LOG_SECONDS
            )
