"""Faults on demand, as data: what goes wrong, how often, and for which requests."""

from __future__ import annotations

import math
import random
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator.checks import check_header, check_integer, check_text, format_value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ACTIONS", "GET_USER_APP_ID", "KINDS", "REPLACES_RESPONSE", "Fault", "FaultQueue"]

GET_USER_APP_ID = "GetUserAppId"
"""The action of the account API; all others are those of COS Batch."""

ACTIONS = frozenset({"CreateJob", "DescribeJob", "ListJobs", "UpdateJobPriority", "UpdateJobStatus", GET_USER_APP_ID})
"""The actions that a fault can be for."""

# Kinds that replace the service's response: the request is not performed.
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


# Thirty years: a date that is off by more may be out of range.
_MOST_SECONDS = 10**9
_MOST_LENGTH = 2**31


@dataclass(frozen=True, slots=True)
class Fault:
    r"""Something that goes wrong with a response.

    | kind | what the client receives | fields |
    |---|---|---|
    | `delay` | a response that comes late | `seconds` |
    | `empty` | no body | `status` (200) |
    | `endless` | a body without end | |
    | `error` | an error document | `code`, `status` (the code's own), `message`, `retry_after` |
    | `html` | a page of some proxy | `status` (502), `body` |
    | `other-job` | a response about another job | `other_job_id` |
    | `raw` | these bytes, then the end of the connection | `body` |
    | `redirect` | a redirect | `status` (302), `location`, `retry_after` |
    | `reset` | a connection that is reset before the response | |
    | `reset-in-body` | a connection that is reset in the middle of the body | |
    | `skew` | a server whose clock is off: in the Date, and in the check of signatures | `seconds` |
    | `slow` | a body that comes byte by byte | `seconds` from one to the next |
    | `truncated` | a connection that ends in the middle of the body | |
    | `wrong-length` | a wrong Content-Length; too small leaves some body on the connection | `length` |

    `error`, `html`, `raw` and `redirect` replace the service's response: the request is not performed. All others
    spoil the response to a request that is performed.

    Without `action`, all requests to COS Batch meet a fault, and none to the account API: a program may send one more
    request for its account, and meets the same faults. To the account API, `error` responds with JSON, and with status
    200 unless another one is given: `Fault("error", action="GetUserAppId", code="RequestLimitExceeded")` throttles it,
    code `AuthFailure.UnauthorizedOperation` refuses a sub-account without the permission.

    Args:
        kind: What goes wrong.
        times: The number of requests that meet it; None for all further requests.
        job_id: If given, only requests about this job meet it.
        action: If given, only requests of this action meet it: `CreateJob`, `DescribeJob`, `ListJobs`,
            `UpdateJobPriority`, `UpdateJobStatus`, or `GetUserAppId` of the account API.
        probability: The probability, from 0 to 1, that a request meets it.
        status: The HTTP status.
        code: The error code.
        message: The message of the error document.
        retry_after: The Retry-After header.
        seconds: The delay, the pause between bytes, or the error of the clock.
        location: The target of a redirect.
        other_job_id: The job id in the response.
        body: The bytes to send.
        length: By how many bytes Content-Length is off.
    """

    kind: str
    times: int | None = 1
    job_id: str | None = None
    action: str | None = None
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
            raise ValueError(f"there is no fault {format_value(self.kind)}; the kinds are: {', '.join(sorted(KINDS))}")
        if self.times is not None and (not _is_whole(self.times) or self.times < 1):
            raise ValueError(f"times must be a whole number from 1, or None, not {format_value(self.times)}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability must lie between 0 and 1, not at {format_value(self.probability)}")
        if not math.isfinite(self.seconds) or (self.seconds < 0 and self.kind != "skew"):
            raise ValueError(f"seconds must be a finite number, not {format_value(self.seconds)}")
        if self.action is not None and self.action not in ACTIONS:
            raise ValueError(
                f"there is no action {format_value(self.action)}; the actions are: {', '.join(sorted(ACTIONS))}"
            )
        self._check_response_values()

    def meets(self, job_id: str | None, action: str | None) -> bool:
        """Return whether it is for a request.

        Args:
            job_id: The job that the request is about, or None.
            action: The action of the request, or None if there is no such action.
        """
        meets_action = action != GET_USER_APP_ID if self.action is None else action == self.action
        return meets_action and self.job_id in (None, job_id)

    def _check_response_values(self) -> None:
        """Refuse values that no response can hold: a handler that fails would be a fault of the emulator's own."""
        if abs(self.seconds) > _MOST_SECONDS:
            raise ValueError(
                f"seconds must lie between -{_MOST_SECONDS} and {_MOST_SECONDS}, not at {format_value(self.seconds)}"
            )
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


class FaultQueue:
    """The faults that are still to come, in order; any thread may add to them.

    Args:
        seed: Seed for the random numbers that decide whether a request meets a fault with a probability.
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

    def take(self, job_id: str | None, action: str | None) -> Fault | None:
        """Take the first fault that meets a request.

        Args:
            job_id: The job that the request is about, or None.
            action: The action of the request, or None if there is no such action.

        Returns:
            The fault, or None if the request meets none.
        """
        with self._lock:
            for index, fault in enumerate(self._queue):
                if fault.meets(job_id, action) and self._random.random() < fault.probability:
                    self._use(index, fault)
                    return fault
            return None

    def clear(self) -> None:
        """Remove all faults, and start the random numbers again."""
        with self._lock:
            self._queue.clear()
            self._random.seed(self._seed)

    def _use(self, index: int, fault: Fault) -> None:
        """Count down the remaining times."""
        if fault.times == 1:
            del self._queue[index]
        elif fault.times is not None:
            self._queue[index] = replace(fault, times=fault.times - 1)
