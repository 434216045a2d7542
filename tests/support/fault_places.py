"""The places where a fault can occur: the decoder, a request, a wait, a list. Each case runs in a process of its own.

The fork server loads this module, so that no process has to load it, and no measurement includes it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import socket
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hostile
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._service import signing, transport
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._waiting import loop
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob._xml.decoder import parse_describe_job_result, parse_list_jobs_result
from pulumi_cosjob._xml.schema import DOCUMENTS, schema_path
from pulumi_cosjob.testing import ManualClock

if TYPE_CHECKING:
    from pulumi_cosjob._xml.modes import Validation

__all__ = ["Measurement", "Target", "decode", "list_jobs", "measure", "request", "wait"]

_CODE = tuple(
    {str(Path(each).resolve()) for each in (*sys.path, sysconfig.get_path("stdlib"), sys.base_prefix) if each}
)
# The request timeout of faults in real time, and of all others: only a request that hangs takes so long.
_SHORT_TIMEOUT = 0.8
_LONG_TIMEOUT = 600.0


@dataclass(frozen=True)
class Target:
    """The endpoint of requests, and the settings of the client.

    Attributes:
        endpoint: The only address that may be connected to.
        certificates: A file of certificates that may be read.
        real_time: Whether the request timeout is a short one in real time.
        clock_error: By how many seconds the client's clock is off.
        limit: The time limit of a wait, in seconds of the simulated clock.
        unresolved: The numbers of the lookups at which the name is not found.
    """

    endpoint: str
    certificates: str
    real_time: bool
    clock_error: float
    limit: float
    unresolved: range


@dataclass(frozen=True)
class Measurement:
    """The outcome of a case, and its cost.

    Attributes:
        outcome: The status of the job, the number of listed jobs, or the name of the error.
        seconds: CPU time; real time depends on the machine and is not measured.
        megabytes: The memory that it took beyond what the process had.
        touched: Files and addresses that were opened and must not be.
        advanced: By how many seconds the simulated clock was advanced.
    """

    outcome: str
    seconds: float
    megabytes: float
    touched: tuple[str, ...]
    advanced: float = 0.0


# What each audit event opens, connects to, looks up or starts.
_TOUCHING: Mapping[str, Callable[[tuple[Any, ...]], Any]] = {
    "open": lambda arguments: arguments[0],
    "socket.connect": lambda arguments: arguments[1],
    "socket.getaddrinfo": lambda arguments: arguments[:2],
    "subprocess.Popen": lambda arguments: arguments[0],
    "os.system": lambda arguments: arguments[0],
}


def measure(run: Callable[[], str], allowed: Sequence[str] = (), clock: ManualClock | None = None) -> Measurement:
    """Run something, and measure it; files and addresses that are not allowed are recorded."""
    touched: dict[str, None] = {}
    watching = True

    def record(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching or event not in _TOUCHING:
            return
        found = _TOUCHING[event](arguments)
        name = f"{found[0]}:{found[1]}" if isinstance(found, tuple) else str(found)
        if name not in allowed and not (event == "open" and str(Path(name).resolve()).startswith(_CODE)):
            touched[name] = None

    before = _peak()
    sys.addaudithook(record)
    begun = time.process_time()
    outcome = _outcome(run)
    seconds = time.process_time() - begun
    watching = False
    return Measurement(outcome, seconds, _peak() - before, tuple(touched), clock.monotonic() if clock else 0.0)


def _outcome(run: Callable[[], str]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except CosJobError as error:
        readable = len(str(error)) < 50_000 and str(error).replace("\n", "").isprintable()
        return type(error).__name__ + ("" if readable else ", unreadable")
    except BaseException as error:  # noqa: BLE001  the table shows any error
        return f"{type(error).__name__}!"


def _peak() -> float:
    """Return the largest memory of this process so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux, getrusage includes the memory of the program that this process ran before.
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def decode(documents: Sequence[bytes], validation: Validation) -> Measurement:
    """Decode documents, which should all have the same outcome."""

    def read(document: bytes) -> str:
        return _outcome(lambda: parse_describe_job_result(document, validation=validation).status)

    return measure(lambda: " or ".join(sorted(set(map(read, documents)))))


def request(target: Target) -> Measurement:
    """Make one request, with all its attempts."""
    with _client(target) as (client, clock):
        return measure(lambda: client.describe_job(hostile.JOB_ID, "1250000000").status, _allowed(target), clock)


def list_jobs(target: Target) -> Measurement:
    """List jobs, over as many pages as there are."""
    with _client(target) as (client, clock):
        return measure(lambda: f"{len([*client.list_jobs('1250000000')])} listed", _allowed(target), clock)


def wait(target: Target) -> Measurement:
    """Wait for a job, by a simulated clock."""
    with _client(target) as (client, clock):
        polls = [time.process_time()]

        def run() -> str:
            polls[:] = [time.process_time()]
            done = loop.wait_for_jobs(
                client,
                [hostile.JOB_ID],
                "1250000000",
                WaitOptions(target.limit),
                report=lambda *_: polls.append(time.process_time()),
                clock=clock,
            )
            return done[hostile.JOB_ID].status

        measurement = measure(run, _allowed(target), clock)
        # A wait has no limit of computing, but each of its polls has.
        slowest = max(later - earlier for earlier, later in itertools.pairwise(polls))
        return replace(measurement, seconds=slowest)


@contextlib.contextmanager
def _client(target: Target) -> Iterator[tuple[CosBatchClient, ManualClock]]:
    """Yield a client, and its clock."""
    # The process is new, and ends with the case.
    os.environ["REQUESTS_CA_BUNDLE"] = target.certificates
    _fail_lookups(target.unresolved)
    clock = ManualClock(hostile.START + target.clock_error)
    client = CosBatchClient(
        endpoint=target.endpoint,
        secret_id="id",
        secret_key="key",
        request_timeout=_SHORT_TIMEOUT if target.real_time else 20,
        clock=clock,
    )
    if not target.real_time:
        sending = client._connection._transport_to(client.endpoint)
        send: Callable[..., Any] = sending.request
        sending.request = lambda *arguments: send(*arguments[:-1], _LONG_TIMEOUT)  # type: ignore[method-assign]
    with contextlib.closing(client):
        yield client, clock


def _allowed(target: Target) -> list[str]:
    host, _, port = target.endpoint.rpartition("/")[2].rpartition(":")
    schemas = [str(schema_path(document)) for document in DOCUMENTS]
    return [f"{host}:{port}", f"127.0.0.1:{port}", f"::1:{port}", target.certificates, *schemas]


def _fail_lookups(unresolved: range) -> None:
    """Let some lookups of names fail, by their numbers."""
    resolve, numbers = socket.getaddrinfo, itertools.count()

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        if next(numbers) in unresolved:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(*args, **kwargs)

    socket.getaddrinfo = getaddrinfo


def _warm_up() -> None:
    """Load all modules that are loaded at first use."""
    document = b"<DescribeJobResult><Job a=''><JobId>a</JobId><Status>New</Status></Job></DescribeJobResult>"
    parse_describe_job_result(document)
    parse_list_jobs_result(b"<ListJobsResult><Jobs a=''/></ListJobsResult>")
    import tenacity  # noqa: F401, PLC0415  a client loads it when an attempt has failed


_warm_up()
_LOADED = (transport, signing)
