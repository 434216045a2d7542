"""Ends a dynamic provider's process, and its waits, when the engine has exited.

The SDK's process waits for a signal of the engine. An engine that was killed sends none: the process would stay for
ever, and a gate in it would go on polling the service until its time is up.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Sequence

from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._errors import RequestError

__all__ = ["CancellableClock", "engine_address", "engine_exited", "in_provider_process", "listens"]

_ADDRESS = re.compile(r"[0-9A-Za-z.:\[\]-]+:[0-9]+")
_CHECK_INTERVAL = 0.5
_HOST_MODULE = "pulumi.dynamic.__main__"


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return host and port of the engine that started a process with these arguments; None if no engine did."""
    addresses = [each for each in arguments[1:] if _ADDRESS.fullmatch(each)]
    return addresses[-1] if addresses else None


def in_provider_process() -> bool:
    """Return whether this is the process in which the SDK runs dynamic providers."""
    return getattr(sys.modules["__main__"].__spec__, "name", "") == _HOST_MODULE


class CancellableClock(SystemClock):
    """The machine's clock; its sleeps end when the engine exits."""

    def __init__(self) -> None:
        super().__init__(engine_exited())

    def sleep(self, seconds: float) -> None:
        """Block this thread.

        Raises:
            RequestError: The engine has exited.
        """
        if self.ended.wait(seconds):
            raise RequestError("the engine that waited for this has exited")


@functools.cache
def engine_exited() -> threading.Event:
    """Return an event that is set once the engine that started this process has exited; this process then ends too."""
    exited = threading.Event()
    address = engine_address(sys.argv)
    # Any other process, such as that of a test, has its own way to end.
    if address is not None and in_provider_process():
        threading.Thread(target=_watch, args=(address, exited), name="cosjob-engine", daemon=True).start()
    return exited


def _watch(address: str, exited: threading.Event) -> None:
    # The only reliable sign is that the port refuses connections. Two refusals in a row rule out an accident.
    refusals = 0
    while refusals < 2:
        exited.wait(_CHECK_INTERVAL)
        refusals = 0 if listens(address) else refusals + 1
    exited.set()
    if sys.platform != "win32":
        # The signal that the engine sends when it ends normally, so that other providers in this process can finish.
        os.kill(os.getpid(), signal.SIGINT)


def listens(address: str) -> bool:
    """Return whether a process may be listening: any outcome but a refused connection may pass."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CHECK_INTERVAL).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
