"""Name lookups with a time limit: the operating system's cannot be interrupted, so they run in daemon threads."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pulumi_cosjob._errors import no_thread

__all__ = ["RESOLVER", "Address", "LookupTimeoutError", "Resolver"]

Address = tuple[Any, ...]
"""Family, kind, protocol, canonical name and socket address, as `socket.getaddrinfo` returns them."""

# Lookups that may be under way, and so threads that may hang, in the whole process.
_MOST_LOOKUPS = 16
# Further requests wait for the lookup of the same name that is under way until it is this old; then another one begins,
# with twice the time.
_FIRST_SHARE_SECONDS = 60.0


class LookupTimeoutError(TimeoutError):
    """The lookup had not ended when the caller's time was over, or when the caller was cancelled."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "the name lookup did not end")


@dataclass
class _Lookup:
    share_seconds: float
    shared_until: float
    outcome: list[Address] | Exception | None = None


class Resolver:
    """Resolves names for many threads at once; threads that need the same name at the same time share one lookup.

    Args:
        most: How many lookups may be under way; more wait for one of them to end.
        monotonic: Returns seconds that never go back.
    """

    def __init__(self, most: int = _MOST_LOOKUPS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self.reset()

    def reset(self) -> None:
        """Begin anew: after a fork, the threads belong to the parent process."""
        self._changed = threading.Condition()
        self._newest: dict[tuple[Any, ...], _Lookup] = {}
        self._running = 0

    def resolve(
        self, host: str, port: int | None, family: int, seconds: float, is_cancelled: Callable[[], bool]
    ) -> list[Address]:
        """Return the addresses of a name, as `socket.getaddrinfo` does.

        Args:
            host: The name, or an address.
            port: The port.
            family: The family of the addresses.
            seconds: How long to wait at most.
            is_cancelled: Returns whether to stop waiting; called again at each `wake`.

        Raises:
            LookupTimeoutError: The time is over, or the caller was cancelled.
            OSError: As the operating system raises it; `socket.gaierror` where there is no such name.
            RequestError: No thread can be started.
        """
        lookup: _Lookup | None = None

        def is_over() -> bool:
            nonlocal lookup
            if is_cancelled():
                return True
            lookup = lookup or self._join((host, port, family, socket.SOCK_STREAM))
            return lookup is not None and lookup.outcome is not None

        with self._changed:
            self._changed.wait_for(is_over, max(0.0, seconds))
        outcome = lookup.outcome if lookup else None
        if outcome is None:
            raise LookupTimeoutError
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wake(self) -> None:
        """Make all callers check whether they are cancelled."""
        with self._changed:
            self._changed.notify_all()

    def _join(self, query: tuple[Any, ...]) -> _Lookup | None:
        """Return the lookup of this name that is under way, or begin one; None while there are too many."""
        newest, now = self._newest.get(query), self._monotonic()
        if (newest is not None and now < newest.shared_until) or self._running >= self._most:
            return newest
        share_seconds = newest.share_seconds * 2 if newest else _FIRST_SHARE_SECONDS
        lookup = _Lookup(share_seconds, now + share_seconds)
        try:
            threading.Thread(target=self._run, args=(query, lookup), name="cosjob-lookup", daemon=True).start()
        except RuntimeError as error:
            raise no_thread(error) from None
        self._newest[query] = lookup
        self._running += 1
        return lookup

    def _run(self, query: tuple[Any, ...], lookup: _Lookup) -> None:
        changed = self._changed
        outcome: list[Address] | Exception
        try:
            outcome = list(socket.getaddrinfo(*query))
        except Exception as error:  # noqa: BLE001  raised by `resolve`
            outcome = error
        with changed:
            lookup.outcome = outcome
            self._running -= 1
            if self._newest.get(query) is lookup:
                del self._newest[query]
            changed.notify_all()


RESOLVER = Resolver()
"""The resolver of this process."""

os.register_at_fork(after_in_child=RESOLVER.reset)
