"""Faults on demand, as data: what goes wrong, how often, and with which job."""

from __future__ import annotations

import math
import random
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator.checks import check_header, check_integer, check_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KINDS", "REPLACES_RESPONSE", "Fault", "Faults"]

# Kinds that answer in the service's place: the request is not performed.
REPLACES_RESPONSE = frozenset({"error", "html", "raw", "redirect"})
KINDS = REPLACES_RESPONSE | frozenset(
    {
        "delay",
        "empty",
        "endless",
        "other-job",
        "reset",
        "reset-in-body",
        "skew",
        "slow",
        "truncated",
        "wrong-length",
    }
)


# Thirty years: a date that is off by more may be none.
_MOST_SECONDS = 10**9
_MOST_LENGTH = 2**31


@dataclass(frozen=True, slots=True)
class Fault:
    r"""Something that goes wrong with an answer.

    | kind | what the client meets | fields |
    |---|---|---|
    | `delay` | the answer comes late | `seconds` |
    | `empty` | no body | `status` (200) |
    | `endless` | a body without end | |
    | `error` | an error document | `code`, `status` (the code's own), `message`, `retry_after` |
    | `html` | a page of some proxy | `status` (502), `body` |
    | `other-job` | the answer speaks of another job | `other_job_id` |
    | `raw` | these bytes, then the end of the connection | `body` |
    | `redirect` | a redirect | `status` (302), `location`, `retry_after` |
    | `reset` | the connection is reset before the answer | |
    | `reset-in-body` | the connection is reset in the middle of the body | |
    | `skew` | the server's clock is off: the Date, and the judgement on signatures | `seconds` |
    | `slow` | the body comes byte by byte | `seconds` from one to the next |
    | `truncated` | the connection ends in the middle of the body | |
    | `wrong-length` | Content-Length is off; too small leaves some body on the connection | `length` |

    `error`, `html`, `raw` and `redirect` stand in the service's place: what was asked for is not done. With
    all others it is done, and the answer suffers.

    Args:
        kind: What goes wrong.
        times: How many requests it meets; None for no end.
        job_id: Only requests about this job.
        probability: How likely it meets a request that it could meet.
        status: The HTTP status.
        code: The error code.
        message: The error's sentence.
        retry_after: The Retry-After header.
        seconds: How late, how slow or how far off.
        location: Where a redirect leads.
        other_job_id: The job that the answer speaks of instead.
        body: What is sent.
        length: By how many bytes Content-Length is off.
    """

    kind: str
    times: int | None = 1
    job_id: str | None = None
    probability: float = 1.0
    status: int | None = None
    code: str = "ServiceUnavailable"
    message: str = "A fault was injected."
    retry_after: str | int | None = None
    seconds: float = 1.0
    location: str = "/elsewhere"
    other_job_id: str = "00000000-0000-0000-0000-000000000000"
    body: bytes = b"<html><body>502 Bad Gateway</body></html>"
    length: int = 10

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise ValueError(f"there is no fault {shown(self.kind)}; the kinds are: {', '.join(sorted(KINDS))}")
        if self.times is not None and (not _is_whole(self.times) or self.times < 1):
            raise ValueError(f"times is a whole number from 1, or None, not {shown(self.times)}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability lies between 0 and 1, not at {shown(self.probability)}")
        if not math.isfinite(self.seconds) or (self.seconds < 0 and self.kind != "skew"):
            raise ValueError(f"seconds is a finite number, not {shown(self.seconds)}")
        self._check_what_is_sent()

    def _check_what_is_sent(self) -> None:
        """Refuse what no answer can hold: a handler that fails would be a fault of the emulator's own."""
        if abs(self.seconds) > _MOST_SECONDS:
            raise ValueError(f"seconds lies between -{_MOST_SECONDS} and {_MOST_SECONDS}, not at {shown(self.seconds)}")
        if self.status is not None:
            check_integer("status", self.status, 200, 599)
        check_integer("length", self.length, -_MOST_LENGTH, _MOST_LENGTH)
        if self.retry_after is not None:
            check_header("retry_after", self.retry_after if not _is_whole(self.retry_after) else f"{self.retry_after}")
        check_header("location", self.location)
        for name in ("code", "message", "other_job_id"):
            check_text(name, getattr(self, name))
        if self.job_id is not None:
            check_text("job_id", self.job_id)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Faults:
    """The faults that are still to come, in order; any thread may add to them.

    Args:
        seed: Seed for the random numbers that decide whether a fault with a probability strikes.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated is the point
        self._queue: list[Fault] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Put faults at the end of the queue.

        Args:
            faults: The faults.
        """
        with self._lock:
            self._queue.extend(faults)

    def take(self, job_id: str | None) -> Fault | None:
        """Take the first fault that meets a request.

        Args:
            job_id: The job that the request is about, if it is about one.

        Returns:
            The fault, or None if the request is to be answered as it should be.
        """
        with self._lock:
            for index, fault in enumerate(self._queue):
                if fault.job_id in (None, job_id) and self._random.random() < fault.probability:
                    self._use(index, fault)
                    return fault
            return None

    def clear(self) -> None:
        """Forget the faults, and begin the random numbers again."""
        with self._lock:
            self._queue.clear()
            self._random.seed(self._seed)

    def _use(self, index: int, fault: Fault) -> None:
        """Count down the remaining times."""
        if fault.times == 1:
            del self._queue[index]
        elif fault.times is not None:
            self._queue[index] = replace(fault, times=fault.times - 1)
