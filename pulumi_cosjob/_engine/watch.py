"""A dynamic provider's process ends with the engine, and its waits with it.

The SDK's process waits to be told that it is to end. An engine that was killed tells nobody: the process would stay for
ever, and a gate in it would go on asking the service until its time is up.
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
_SECONDS = 0.5
_HOST = "pulumi.dynamic.__main__"


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return host and port of the engine that started a process with these arguments; None where none did."""
    addresses = [each for each in arguments[1:] if _ADDRESS.fullmatch(each)]
    return addresses[-1] if addresses else None


def in_provider_process() -> bool:
    """Tell whether this is the process that the SDK runs dynamic providers in."""
    return getattr(sys.modules["__main__"].__spec__, "name", "") == _HOST


class CancellableClock(SystemClock):
    """The machine's clock, whose sleeps end with the engine."""

    def __init__(self) -> None:
        super().__init__(engine_exited())

    def sleep(self, seconds: float) -> None:
        """Block this thread.

        Raises:
            RequestError: The engine has gone.
        """
        if self.ended.wait(seconds):
            raise RequestError("the engine that waited for this has gone")


@functools.cache
def engine_exited() -> threading.Event:
    """Return what is set once the engine that started this process has gone; the process ends by itself then."""
    gone = threading.Event()
    address = engine_address(sys.argv)
    # Another process, such as a test's, knows by itself when it is to end.
    if address is not None and in_provider_process():
        threading.Thread(target=_watch, args=(address, gone), name="cosjob-engine", daemon=True).start()
    return gone


def _watch(address: str, gone: threading.Event) -> None:
    # Twice: the only sure sign is that nobody listens there any more, and it is not to be mistaken for anything else.
    refused = 0
    while refused < 2:
        gone.wait(_SECONDS)
        refused = 0 if listens(address) else refused + 1
    gone.set()
    if sys.platform != "win32":
        # The same signal as the engine sends at its end, so that other providers in this process can finish.
        os.kill(os.getpid(), signal.SIGINT)


def listens(address: str) -> bool:
    """Tell whether somebody may be listening: anything but a refusal may pass."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
