"""The places where a fault can strike: the decoder, a request, a wait. Each is tried in a process of its own.

The fork server loads this module, so that no process pays for loading, and measures nothing of it.
"""

from __future__ import annotations

import itertools
import resource
import socket
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hostile
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._service import signing, transport
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._waiting import loop
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.schema import schema_path
from pulumi_cosjob.testing import ManualClock

if TYPE_CHECKING:
    from pulumi_cosjob._xml.validation import Validation

__all__ = ["Measured", "Place", "ask", "decode", "wait"]

_CODE = tuple(
    {str(Path(each).resolve()) for each in (*sys.path, sysconfig.get_path("stdlib"), sys.base_prefix) if each}
)
# Of real time for a question where that is the point; elsewhere only what hangs takes so long.
_SECONDS = 0.8
_HANGS = 600.0


@dataclass(frozen=True)
class Place:
    """Where to ask, and how.

    Attributes:
        endpoint: The only address that may be connected to.
        certificates: A file of certificates that may be read.
        real: Whether real time is the point.
        off: By how much the clock is off.
        limit: How long a wait may take, by the turned clock.
        unresolved: At which questions the name is not found.
    """

    endpoint: str
    certificates: str
    real: bool
    off: float
    limit: float
    unresolved: range


@dataclass(frozen=True)
class Measured:
    """What came of it.

    Attributes:
        outcome: The status of the job, or the name of the error.
        seconds: Of computing; how long it took besides is the machine's business.
        megabytes: How much memory it took beyond what there was.
        touched: Files and addresses that were opened, and had no business to be.
        turned: How far the clock was turned.
    """

    outcome: str
    seconds: float
    megabytes: float
    touched: tuple[str, ...]
    turned: float = 0.0


# What is opened, connected to, looked up or started, by the event that tells of it.
_TOUCHING: Mapping[str, Callable[[tuple[Any, ...]], Any]] = {
    "open": lambda arguments: arguments[0],
    "socket.connect": lambda arguments: arguments[1],
    "socket.getaddrinfo": lambda arguments: arguments[:2],
    "subprocess.Popen": lambda arguments: arguments[0],
    "os.system": lambda arguments: arguments[0],
}


def _measured(run: Callable[[], str], allowed: Sequence[str] = (), clock: ManualClock | None = None) -> Measured:
    touched: dict[str, None] = {}
    watching = True

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching or event not in _TOUCHING:
            return
        where = _TOUCHING[event](arguments)
        shown = f"{where[0]}:{where[1]}" if isinstance(where, tuple) else str(where)
        if shown not in allowed and not (event == "open" and str(Path(shown).resolve()).startswith(_CODE)):
            touched[shown] = None

    before = _peak()
    sys.addaudithook(look)
    begun = time.process_time()
    outcome = _outcome(run)
    seconds = time.process_time() - begun
    watching = False
    return Measured(outcome, seconds, _peak() - before, tuple(touched), clock.monotonic() if clock else 0.0)


def _outcome(run: Callable[[], str]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except CosJobError as error:
        readable = len(str(error)) < 50_000 and str(error).replace("\n", "").isprintable()
        return type(error).__name__ + ("" if readable else ", unreadable")
    except BaseException as error:  # noqa: BLE001  whatever it is, it is to be shown
        return f"{type(error).__name__}!"


def _peak() -> float:
    """Return how much memory this process took at the most so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux, getrusage counts what the program was that this process was before it became another one.
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def decode(documents: Sequence[bytes], validation: Validation) -> Measured:
    """Let the decoder read documents, which have to end all in the same way."""

    def read(document: bytes) -> str:
        return _outcome(lambda: parse_describe_job_result(document, validation=validation).status)

    return _measured(lambda: " or ".join(sorted(set(map(read, documents)))))


def ask(place: Place) -> Measured:
    """Ask once, with all the tries that this may take."""
    with _client(place) as (client, clock):
        return _measured(lambda: client.describe_job(hostile.JOB_ID, "1250000000").status, _allowed(place), clock)


def wait(place: Place) -> Measured:
    """Wait for a job, by a clock that is turned."""
    with _client(place) as (client, clock):
        looks = [time.process_time()]

        def run() -> str:
            looks[:] = [time.process_time()]
            done = loop.wait_for_jobs(
                client,
                [hostile.JOB_ID],
                "1250000000",
                WaitOptions(place.limit),
                report=lambda *_: looks.append(time.process_time()),
                clock=clock,
            )
            return done[hostile.JOB_ID].status

        measured = _measured(run, _allowed(place), clock)
        # A wait takes what it takes: what has a limit is each look.
        return replace(measured, seconds=max(later - earlier for earlier, later in itertools.pairwise(looks)))


class _client:  # noqa: N801  used like a function
    """A client, and the clock that it goes by."""

    def __init__(self, place: Place) -> None:
        _resolve(place)
        self._clock = ManualClock(hostile.START + place.off)
        self._client = CosBatchClient(
            endpoint=place.endpoint,
            secret_id="id",
            secret_key="key",
            request_timeout=_SECONDS if place.real else 20,
            clock=self._clock,
        )
        if not place.real:
            sending = self._client._transport
            get: Callable[..., Any] = sending.get
            sending.get = lambda *arguments: get(*arguments[:-1], _HANGS)  # type: ignore[method-assign]

    def __enter__(self) -> tuple[CosBatchClient, ManualClock]:
        return self._client, self._clock

    def __exit__(self, *_error: object) -> None:
        self._client.close()


def _allowed(place: Place) -> list[str]:
    host, _, port = place.endpoint.rpartition("/")[2].rpartition(":")
    return [f"{host}:{port}", f"127.0.0.1:{port}", f"::1:{port}", place.certificates, str(schema_path())]


def _resolve(place: Place) -> None:
    """Let the name not be found at some questions."""
    real, questions = socket.getaddrinfo, itertools.count()

    def resolve(*args: Any, **kwargs: Any) -> Any:
        if next(questions) in place.unresolved:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(*args, **kwargs)

    socket.getaddrinfo = resolve


def _warm_up() -> None:
    """Load all that is loaded at first use."""
    document = b"<DescribeJobResult><Job a=''><JobId>a</JobId><Status>New</Status></Job></DescribeJobResult>"
    parse_describe_job_result(document)
    import tenacity  # noqa: F401, PLC0415  loaded by a client when it asks


_warm_up()
_LOADED = (transport, signing)
