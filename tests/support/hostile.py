"""What the faults of the table have in common: their outcomes at each place, and the documents that they spoil."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from places import RESPONSES

if TYPE_CHECKING:
    import trustme

__all__ = ["FULL", "JOB_ID", "START", "Fault", "Forbidden", "job_document"]

JOB_ID = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
FULL = (RESPONSES / "full.xml").read_bytes().rstrip()
START = 1_704_067_200.0
"""The time of the client's clock, if the fault is not about clocks: 2024 has just begun."""


@dataclass(frozen=True)
class Forbidden:
    """What a document may name and the client must not open.

    Attributes:
        file: The path of a file.
        url: An address at which a server of this machine listens.
    """

    file: bytes
    url: bytes


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong, and its expected outcome at each place.

    An outcome is the status of the job or the name of the error; an empty one means that the place is left out.

    Attributes:
        name: A few words.
        request: The outcome of a request with its attempts.
        passes: The outcome of a wait that meets it a few times.
        persists: The outcome of a wait that meets it at all requests but the first.
        never: The outcome of a wait that meets it at all requests.
        ends: The latest end of that wait, in seconds of the simulated clock.
        times: The number of requests that meet it before it passes.
        lasts: The shortest time that a wait needs until it has passed, in seconds of the simulated clock.
        limit: The time limit of the wait that it persists in, in seconds of the simulated clock.
        secure: Whether the endpoint is an https one.
        tls: Makes the TLS settings of the server while it is faulty; without them it does not speak TLS.
        unresolved: Whether the host name cannot be resolved while it is faulty.
        clock_error: By how many seconds the client's clock is off.
        real_time: Whether the request timeout is a short one in real time.
    """

    name: str
    request: str
    passes: str = "Complete"
    persists: str = "WaitTimeoutError"
    never: str = ""
    ends: float = 330.0
    times: int = 5
    lasts: float = 0.0
    limit: float = 4.0
    secure: bool = False
    tls: Callable[[trustme.CA], ssl.SSLContext] | None = None
    unresolved: bool = False
    clock_error: float = 0.0
    real_time: bool = False


def job_document(inside: bytes = b"", status: bytes = b"Active", job_id: bytes = JOB_ID.encode()) -> bytes:
    """Return a description with something inside its Job; with Complete, it has all that a gate requires."""
    head = b"<DescribeJobResult><Job><JobId>" + job_id + b"</JobId><Status>" + status + b"</Status>"
    count = b"<ProgressSummary><NumberOfTasksFailed>0</NumberOfTasksFailed></ProgressSummary>"
    return head + (count if b"Complete" in status + inside else b"") + inside + b"</Job></DescribeJobResult>"
