"""Engines that attach to a plugin that was started by hand: `PULUMI_DEBUG_PROVIDERS=cosjob:PORT`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.servicer import Servicer

__all__ = ["Attached"]

# The address for connections whose engine has not attached: no process listens there, and lines for it are lost.
_NOWHERE = "127.0.0.1:0"


class Attached:
    """Serves each connection as a separate provider.

    An engine that starts plugins starts one for each configuration. An engine that attaches makes a connection for each
    instead. So two accounts in one program stay separate, and the Cancel of one update does not end the next one.

    Args:
        make: Makes a servicer for the engine at an address.
    """

    def __init__(self, make: Callable[[str], Servicer]) -> None:
        self._make = make
        self._others = make(_NOWHERE)
        self._servicers: dict[str, Servicer] = {}

    async def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's name
        """Serve an engine on the connection of this request.

        The servicer stays when the engine ends: it is small, and once cancelled it has to go on refusing.
        """
        self._servicers[context.peer()] = self._make(request.address)
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """Cancel everything that is under way."""
        for servicer in self._servicers.values():
            servicer.interrupt()

    def __getattr__(self, method: str) -> Callable[[Any, Any], Coroutine[Any, Any, Any]]:
        """Pass every other request to the servicer of its connection."""

        async def forward(request: Any, context: Any) -> Any:
            return await getattr(self._servicers.get(context.peer(), self._others), method)(request, context)

        return forward
