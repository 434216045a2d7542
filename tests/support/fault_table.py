"""Every fault at every place, and what comes of it, as rows of a table.

What has to come of it stands in `hostile`. A row is wrong, too, where an answer took more than 5 s of computing, where
it all took more than 200 MB, or where a file or an address was opened that is none of its business. How long it took by
the clock on the wall says more of the machine, and is not judged. With words as ARGS, it is only the faults whose names
hold one of them.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import multiprocessing
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme

import fault_places
import hostile
from fault_places import Measured, Place
from places import PYTHONPATH
from servers import serving

__all__ = ["HEAD", "Row", "rows"]

_MOST_SECONDS = 5.0
_MOST_MEGABYTES = 200.0
# No row takes so long, however busy the machine is, unless it hangs.
_PATIENCE = 600.0
_FOR_EVER = 1_000_000_000

HEAD = f"{'fault':35} {'place':8} {'outcome':21} {'CPU s':>5} {'MB':>4}"


@dataclass(frozen=True)
class Row:
    """One fault at one place."""

    fault: str
    place: str
    expected: str
    measured: Measured
    lasts: float = 0.0
    ends: float = math.inf

    @property
    def wrong(self) -> str:
        """What is wrong with it; empty where nothing is."""
        measured = self.measured
        reasons = {
            f"expected {self.expected}": measured.outcome != self.expected,
            "too much computing": measured.seconds > _MOST_SECONDS,
            "too much memory": measured.megabytes > _MOST_MEGABYTES,
            f"opened {', '.join(measured.touched)}": bool(measured.touched),
            f"over after {measured.turned:.0f} s": not self.lasts <= measured.turned <= self.ends,
        }
        return "; ".join(reason for reason, holds in reasons.items() if holds)

    def __str__(self) -> str:
        """Show it within 80 columns; what is wrong stands below."""
        measured = self.measured
        figures = f"{measured.outcome[:21]:21} {measured.seconds:5.2f} {measured.megabytes:4.0f}"
        told = f"WRONG\n    {self.wrong}" if self.wrong else "ok"
        return f"{self.fault[:35]:35} {self.place:8} {figures} {told}"


class _Bench:
    """Runs one thing after the other, each in a new process: two at a time, as one mostly waits."""

    def __init__(self, folder: Path, words: Sequence[str]) -> None:
        self._authority = trustme.CA()
        self._words = words
        self._certificates = folder / "bundle.pem"
        self._authority.cert_pem.write_to_path(str(self._certificates))
        self._secret = folder / "secret"
        self._secret.write_text("Complete")
        os.environ["REQUESTS_CA_BUNDLE"] = str(self._certificates)
        # Up to Python 3.12 the fork server does not take this process's own.
        os.environ["PYTHONPATH"] = PYTHONPATH
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["fault_places"])
        self._pool = context.Pool(2, maxtasksperchild=1)
        self._good = hostile.context(self._authority)

    def close(self) -> None:
        self._pool.terminate()

    def chosen(self, name: str) -> bool:
        return not self._words or any(word in name for word in self._words)

    def rows(self) -> Iterator[Row]:
        """Yield all rows, those of one fault after the other."""
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            answers = hostile.answers(str(self._secret), nobody.getsockname()[1])
            accidents = hostile.accidents(self._authority)
            jobs = [
                *(functools.partial(self._answer, each) for each in answers if self.chosen(each.name)),
                *(functools.partial(self._accident, each) for each in accidents if self.chosen(each.name)),
            ]
            found: dict[int, list[Row]] = {}
            turns = iter(enumerate(jobs))

            def work() -> None:
                for number, each in iter(lambda: next(turns, (0, None)), (0, None)):
                    found[number] = list(each()) if each else []

            threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
            for thread in threads:
                thread.start()
            for number in range(len(jobs)):
                while number not in found and any(thread.is_alive() for thread in threads):
                    threads[0].join(0.05)
                yield from found[number]

    def _answer(self, answer: hostile.Answer) -> Iterator[Row]:
        for validation in ("strict", "lenient"):
            measured = self._run(fault_places.decode, answer.documents, validation)
            # What lenient validation makes of a broken answer is the tests' business; here it only has its limits.
            lenient = validation == "lenient" and answer.decoder == "SchemaError" and measured.outcome == "Active"
            expected = measured.outcome if lenient else answer.decoder
            yield Row(answer.name, "decoder" if validation == "strict" else "lenient", expected, measured)
        bodies = itertools.cycle(hostile.saying(hostile.answer(body)) for body in answer.asked or answer.documents)
        request = answer.request or answer.decoder
        yield from self._accident(
            hostile.Accident(
                answer.name,
                lambda connection: next(bodies)(connection),  # noqa: PLW0108  another each time
                request,
                times=len(answer.asked) or 3,
                never=request if answer.never else "",
            )
        )

    def _accident(self, accident: hostile.Accident) -> Iterator[Row]:
        yield self._row(accident, "request", accident.request, range(_FOR_EVER))
        if accident.passes:
            yield self._row(accident, "passes", accident.passes, range(1, 1 + accident.times))
        if accident.persists:
            yield self._row(accident, "persists", accident.persists, range(1, _FOR_EVER))
        if accident.never:
            yield self._row(accident, "never", accident.never, range(_FOR_EVER))

    def _row(self, accident: hostile.Accident, place: str, expected: str, when: range) -> Row:
        what = fault_places.ask if place == "request" else fault_places.wait
        lasts = accident.lasts if place == "passes" else 0.0
        ends = accident.ends if place == "never" else math.inf
        limit = accident.limit if place == "persists" else 3 * 3600.0
        with self._service(accident, when) as port:
            scheme, host = ("https", "localhost") if accident.secure else ("http", "127.0.0.1")
            unresolved = when if accident.unresolved else range(0)
            where = Place(
                f"{scheme}://{host}:{port}", str(self._certificates), accident.real, accident.off, limit, unresolved
            )
            return Row(accident.name, place, expected, self._run(what, where), lasts, ends)

    @contextlib.contextmanager
    def _service(self, accident: hostile.Accident, when: range) -> Iterator[int]:
        """Serve a job that completes once the fault has passed."""
        if accident.handle is None:
            with socket.create_server(("127.0.0.1", 0)) as once:
                port = int(once.getsockname()[1])
            yield port
            return
        numbers = itertools.count()

        def handle(connection: socket.socket) -> None:
            number = next(numbers)
            if number in when and accident.handle is not None:
                context, then = accident.tls, accident.handle
            else:
                context, then = (
                    self._good if accident.secure else None,
                    hostile.well(b"Complete" if number else b"Active"),
                )
            if context is None:
                then(connection)
                return
            with context.wrap_socket(connection, server_side=True) as tls:
                then(tls)

        with serving(handle) as port:
            yield port

    def _run(self, what: Callable[..., Measured], *arguments: object) -> Measured:
        try:
            measured: Measured = self._pool.apply_async(what, arguments).get(_PATIENCE)
        except multiprocessing.TimeoutError:
            return Measured("no end", _PATIENCE, 0.0, ())
        return measured


def rows(words: Sequence[str] = ()) -> Iterator[Row]:
    """Try all faults, or those whose names hold one of these words."""
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder), words)
        try:
            yield from bench.rows()
        finally:
            bench.close()
