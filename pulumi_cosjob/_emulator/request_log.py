"""The requests that the emulator received, for tests to read; secrets are not kept."""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RecordedRequest", "RequestLog", "redacted", "redacted_path"]

_KEPT_REQUESTS = 10_000
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-cos-security-token", "x-tc-token"})
_SECRET_PARAMETERS = re.compile(r"(?i)([?&](?:q-signature|sign|x-cos-security-token)=)[^&]*")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request to the emulator.

    Args:
        time: The time by the service's clock, in seconds since the epoch.
        method: The method.
        path: Path and query of the request line; signatures are replaced by `REDACTED`.
        headers: The headers, by name in lower case; secrets are replaced by `REDACTED`.
        status: The HTTP status of the response; None if there was none, as where the connection was reset.
        fault: The kind of the fault that it met, or None.
    """

    time: float
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    fault: str | None = None


def redacted(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers without their secrets.

    Args:
        headers: Names in lower case, and values.
    """
    return {name: "REDACTED" if name in _SECRET_HEADERS else value for name, value in headers}


def redacted_path(path: str) -> str:
    """Return a path and query without a signature.

    Args:
        path: Path and query of the request line.
    """
    return _SECRET_PARAMETERS.sub(r"\1REDACTED", path) if "?" in path else path


class RequestLog:
    """The latest requests; any thread may read them.

    Attributes:
        total: The number of requests, those included that are no longer kept.
        faulty: The number of requests that met a fault.
    """

    def __init__(self) -> None:
        self.total = self.faulty = 0
        self._lock = threading.Lock()
        self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT_REQUESTS)

    def add(self, request: RecordedRequest) -> None:
        """Keep a request.

        Args:
            request: The request.
        """
        with self._lock:
            self.total += 1
            self.faulty += request.fault is not None
            self._requests.append(request)

    def all(self) -> list[RecordedRequest]:
        """Return the requests that are kept, the oldest first."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self.total = self.faulty = 0
            self._requests.clear()
