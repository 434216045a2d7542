"""Name lookups that end in time: the operating system's own cannot be cut off, so they run in daemon threads."""

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

# Of threads that hang, in the whole process.
_MOST_LOOKUPS = 16
# A lookup of the same name joins the one under way until that is this old, and the one after it until twice that.
_PATIENCE = 60.0


class LookupTimeoutError(TimeoutError):
    """The lookup had not ended when the caller's time was over, or when the caller was cut off."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "the name lookup did not end")


@dataclass
class _Lookup:
    patience: float
    joined_until: float
    outcome: list[Address] | Exception | None = None


class Resolver:
    """Looks up names for many threads at once; those that want the same name at the same time share one lookup.

    Args:
        most: How many lookups may be under way; more wait for one of them to end.
        monotonic: Returns seconds that never go back.
    """

    def __init__(self, most: int = _MOST_LOOKUPS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self.reset()

    def reset(self) -> None:
        """Begin afresh: after a fork the threads have stayed behind."""
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
            seconds: How long the caller can wait.
            is_cancelled: Tells whether the caller is to wait no more; `wake` lets it be asked.

        Raises:
            LookupTimeoutError: The time is over, or the caller was cancelled.
            OSError: What the operating system says; `socket.gaierror` where there is no such name.
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
        """Let all callers ask whether they are cancelled."""
        with self._changed:
            self._changed.notify_all()

    def _join(self, key: tuple[Any, ...]) -> _Lookup | None:
        """Return the lookup of this name that is under way, or begin one; None while there are too many."""
        newest, now = self._newest.get(key), self._monotonic()
        if (newest is not None and now < newest.joined_until) or self._running >= self._most:
            return newest
        patience = newest.patience * 2 if newest else _PATIENCE
        lookup = _Lookup(patience, now + patience)
        try:
            threading.Thread(target=self._run, args=(key, lookup), name="cosjob-lookup", daemon=True).start()
        except RuntimeError as error:
            raise no_thread(error) from None
        self._newest[key] = lookup
        self._running += 1
        return lookup

    def _run(self, key: tuple[Any, ...], lookup: _Lookup) -> None:
        changed = self._changed
        outcome: list[Address] | Exception
        try:
            outcome = list(socket.getaddrinfo(*key))
        except Exception as error:  # noqa: BLE001  handed over to those who wait for it
            outcome = error
        with changed:
            lookup.outcome = outcome
            self._running -= 1
            if self._newest.get(key) is lookup:
                del self._newest[key]
            changed.notify_all()


RESOLVER = Resolver()
"""The one of this process."""

os.register_at_fork(after_in_child=RESOLVER.reset)
