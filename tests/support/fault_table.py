"""The cases of the table of faults: every fault at every place, and what is measured there.

The expected outcomes are in `hostile_bodies` and `hostile_connections`. A row is wrong if the outcome is another one,
if a response took more than 5 s of CPU time, if the case took more than 200 MB, or if it opened a file or an address
that it must not open. Real time depends on the machine and is not checked.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import trustme
from typing_extensions import Self

import fault_places
from fault_places import Measurement, Target
from hostile import Fault, Forbidden
from hostile_bodies import BodyFault, body_faults
from hostile_connections import ConnectionFault, Handler, connection_faults, respond_with, respond_with_job, tls_context
from list_documents import member, page
from places import PYTHONPATH
from servers import reply, serving

__all__ = ["HEAD", "FaultCase", "FaultRow", "FaultRunner", "fault_cases"]

_MOST_SECONDS = 5.0
_MOST_MEGABYTES = 200.0
# No case takes so long, however busy the machine is, unless it hangs.
_HANGS = 600.0
_ALL = range(1_000_000_000)
_AT_ONCE = 2
_FIRST_PAGE = respond_with(reply(page([member(JobId="a")], "a")))

HEAD = f"{'fault':35} {'place':8} {'outcome':21} {'CPU s':>5} {'MB':>4}"


@dataclass(frozen=True)
class FaultCase:
    """One fault at one place.

    Attributes:
        fault: The fault.
        place: `decoder` or `lenient` for a body; `request`; a `list` that meets the fault from its second page on; or a
            wait that meets it for some time (`passes`), from its second request on (`persists`), or always (`never`).
        outcomes: The outcomes that are right.
    """

    fault: Fault
    place: str
    outcomes: tuple[str, ...]

    def __str__(self) -> str:
        """Return the id of its test."""
        return f"{self.fault.name}, {self.place}"

    @property
    def faulty_requests(self) -> range:
        """The numbers of the requests that meet the fault."""
        if self.place == "passes":
            return _ALL[1 : 1 + self.fault.times]
        return _ALL[1:] if self.place in ("persists", "list") else _ALL


@dataclass(frozen=True)
class FaultRow:
    """A case, and what was measured."""

    case: FaultCase
    measurement: Measurement

    @property
    def mistakes(self) -> str:
        """The reasons for which it is wrong; empty if there are none."""
        found, fault, place = self.measurement, self.case.fault, self.case.place
        earliest = fault.lasts if place == "passes" else 0.0
        latest = fault.ends if place == "never" else math.inf
        reasons = {
            f"expected {' or '.join(self.case.outcomes)}": found.outcome not in self.case.outcomes,
            "too much computing": found.seconds > _MOST_SECONDS,
            "too much memory": found.megabytes > _MOST_MEGABYTES,
            f"opened {', '.join(found.touched)}": bool(found.touched),
            f"over after {found.advanced:.0f} s": not earliest <= found.advanced <= latest,
        }
        return "; ".join(reason for reason, holds in reasons.items() if holds)

    def __str__(self) -> str:
        """Return its line of the table, of at most 80 columns, with its mistakes in the next line."""
        found = self.measurement
        figures = f"{found.outcome[:21]:21} {found.seconds:5.2f} {found.megabytes:4.0f}"
        verdict = f"WRONG\n    {self.mistakes}" if self.mistakes else "ok"
        return f"{self.case.fault.name[:35]:35} {self.case.place:8} {figures} {verdict}"


def fault_cases(words: Sequence[str] = ()) -> list[FaultCase]:
    """Return all cases, or those of faults whose names hold one of the words."""
    faults: list[Fault] = [*body_faults(), *connection_faults()]
    chosen = [fault for fault in faults if not words or any(word in fault.name for word in words)]
    return [case for fault in chosen for case in _cases_of(fault)]


def _cases_of(fault: Fault) -> Iterator[FaultCase]:
    if isinstance(fault, BodyFault):
        yield FaultCase(fault, "decoder", (fault.decoder,))
        # Other tests check what lenient validation leaves out; here, only its limits are checked.
        accepted = ("Active",) if fault.decoder == "SchemaError" else ()
        yield FaultCase(fault, "lenient", (fault.decoder, *accepted))
    yield FaultCase(fault, "request", (fault.request,))
    # A page that is no page is an error whatever it is; of the others, tests of lists know the outcomes.
    if fault.request.endswith("Error") and fault.request not in ("SchemaError", "WrongJobError"):
        yield FaultCase(fault, "list", (fault.request,))
    for place, outcome in (("passes", fault.passes), ("persists", fault.persists), ("never", fault.never)):
        if outcome:
            yield FaultCase(fault, place, (outcome,))


class FaultRunner:
    """Runs cases, each in a new process; two at a time, as a process mostly waits."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self._good_tls = tls_context(self._authority)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._certificates = folder / "bundle.pem"
            self._authority.cert_pem.write_to_path(str(self._certificates))
            secret = folder / "secret"
            secret.write_text("Complete")
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
            self._forbidden = Forbidden(str(secret).encode(), url.encode())
            self._processes = _process_pool()
            stack.callback(self._processes.terminate)
            self._threads = ThreadPoolExecutor(_AT_ONCE)
            stack.callback(self._threads.shutdown, cancel_futures=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def start(self, case: FaultCase) -> Future[FaultRow]:
        """Start a case, once those that were started before leave room for it."""
        return self._threads.submit(self._row, case)

    def _row(self, case: FaultCase) -> FaultRow:
        if case.place in ("decoder", "lenient") and isinstance(case.fault, BodyFault):
            validation = "strict" if case.place == "decoder" else "lenient"
            documents = case.fault.documents(self._forbidden)
            return FaultRow(case, self._measure(fault_places.decode, documents, validation))
        fault = case.fault
        with self._service(case) as port:
            scheme, host = ("https", "localhost") if fault.secure else ("http", "127.0.0.1")
            target = Target(
                endpoint=f"{scheme}://{host}:{port}",
                certificates=str(self._certificates),
                real_time=fault.real_time,
                clock_error=fault.clock_error,
                limit=fault.limit if case.place == "persists" else 3 * 3600.0,
                unresolved=case.faulty_requests if fault.unresolved else range(0),
            )
            places = {"request": fault_places.request, "list": fault_places.list_jobs}
            place = places.get(case.place, fault_places.wait)
            return FaultRow(case, self._measure(place, target))

    @contextlib.contextmanager
    def _service(self, case: FaultCase) -> Iterator[int]:
        """Serve a job that completes once the fault has passed, or a page that is not the last; yield the port."""
        fault = case.fault
        faulty = self._faulty_handler(fault)
        if faulty is None:
            with socket.create_server(("127.0.0.1", 0)) as closed:
                port = int(closed.getsockname()[1])
            yield port
            return
        faulty_tls = fault.tls(self._authority) if fault.tls else None
        numbers = itertools.count()

        def handle(connection: socket.socket) -> None:
            number = next(numbers)
            if number in case.faulty_requests:
                tls, respond = faulty_tls, faulty
            else:
                tls = self._good_tls if fault.secure else None
                respond = (
                    _FIRST_PAGE if case.place == "list" else respond_with_job(b"Complete" if number else b"Active")
                )
            if tls is None:
                respond(connection)
                return
            with tls.wrap_socket(connection, server_side=True) as wrapped:
                respond(wrapped)

        with serving(handle) as port:
            yield port

    def _faulty_handler(self, fault: Fault) -> Handler | None:
        """Return the handler for requests that meet the fault; None if nothing listens."""
        if isinstance(fault, ConnectionFault):
            return fault.handle
        assert isinstance(fault, BodyFault)
        bodies = fault.responses(self._forbidden)
        handlers = itertools.cycle([respond_with(reply(body)) for body in bodies])
        return lambda connection: next(handlers)(connection)  # noqa: PLW0108  another one for each request

    def _measure(self, place: Callable[..., Measurement], *arguments: object) -> Measurement:
        try:
            return self._processes.apply_async(place, arguments).get(_HANGS)
        except multiprocessing.TimeoutError:
            return Measurement("no end", _HANGS, 0.0, ())


def _process_pool() -> multiprocessing.pool.Pool:
    """Return a pool in which each case has a new process, which the fork server has prepared."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fault_places"])
    before = os.environ.get("PYTHONPATH")
    # Up to Python 3.12, the fork server does not get the path of this process.
    os.environ["PYTHONPATH"] = PYTHONPATH if before is None else os.pathsep.join((PYTHONPATH, before))
    try:
        return context.Pool(_AT_ONCE, maxtasksperchild=1)
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
