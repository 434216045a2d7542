"""`pulumi-resource-cosjob`: the native provider plugin, for programs in every language that Pulumi knows.

A servicer on the provider protocol itself, which is stable and has errors without stack traces.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main(port_to: int | None = None) -> None:
    """Serve until the engine that started this process is done with it; the engine's address is the last argument.

    Args:
        port_to: The file descriptor from which the engine reads the port. By default that of standard output, which is
            then kept for the port alone: whatever else is printed goes to standard error.
    """
    address = sys.argv[-1]
    if len(sys.argv) < 2 or ":" not in address:
        print(  # noqa: T201  for people who try it
            "pulumi-resource-cosjob is started by the Pulumi engine; `cosjob plugin install` makes it known there, "
            "and `cosjob plugin serve` starts it by hand, for an engine that attaches to it",
            file=sys.stderr,
        )
        sys.exit(2)
    if port_to is None:
        port_to = os.dup(1)
        os.dup2(2, 1)
    import asyncio  # noqa: PLC0415  after what libraries print has gone another way

    from pulumi_cosjob._plugin.server import serve  # noqa: PLC0415  as above

    asyncio.run(serve(address, port_to))
    # A thread may hang in the resolver for minutes; nothing is left to be written.
    os._exit(0)
