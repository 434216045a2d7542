"""Engines that attach to a plugin which was started by hand: `PULUMI_DEBUG_PROVIDERS=cosjob:PORT`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.servicer import Servicer

__all__ = ["Attached"]

# Nobody listens there: what is said to an engine that has not attached is lost.
_NOWHERE = "127.0.0.1:0"


class Attached:
    """Serves each connection as a provider of its own.

    An engine that starts plugins starts one for each set of configuration. One that attaches makes a connection for
    each, so that two accounts in one program stay apart, and what one update has cancelled does not end the next one.

    Args:
        make: Makes a servicer for the engine at an address.
    """

    def __init__(self, make: Callable[[str], Servicer]) -> None:
        self._make = make
        self._others = make(_NOWHERE)
        self._servicers: dict[str, Servicer] = {}

    async def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's name
        """Serve an engine, by the connection on which it says so.

        What serves it stays, though the engine may end: it is not much, and has to go on refusing once it is cancelled.
        """
        self._servicers[context.peer()] = self._make(request.address)
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """End all that is under way."""
        for servicer in self._servicers.values():
            servicer.interrupt()

    def __getattr__(self, method: str) -> Callable[[Any, Any], Coroutine[Any, Any, Any]]:
        """Hand every other request to the servicer of its connection."""

        async def handed_on(request: Any, context: Any) -> Any:
            return await getattr(self._servicers.get(context.peer(), self._others), method)(request, context)

        return handed_on
