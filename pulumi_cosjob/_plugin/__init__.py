"""`pulumi-resource-cosjob`: the native provider plugin, for programs in every language of Pulumi.

It implements the provider protocol itself, which is stable and has errors without stack traces.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main(port_to: int | None = None) -> None:
    """Serve until the engine that started this process ends it. The engine's address is the last argument.

    Args:
        port_to: The file descriptor from which the engine reads the port. By default that of standard output, which is
            then reserved for the port: everything else that is printed goes to standard error.
    """
    address = sys.argv[-1]
    if len(sys.argv) < 2 or ":" not in address:
        print(  # noqa: T201  for a user who starts it by hand
            "pulumi-resource-cosjob is started by the Pulumi engine; `cosjob plugin install` makes it known there, "
            "and `cosjob plugin serve` starts it by hand, for an engine that attaches to it",
            file=sys.stderr,
        )
        sys.exit(2)
    if port_to is None:
        port_to = os.dup(1)
        os.dup2(2, 1)
    import asyncio  # noqa: PLC0415  after standard output is redirected

    from pulumi_cosjob._plugin.server import serve  # noqa: PLC0415  as above

    asyncio.run(serve(address, port_to))
    # A thread may block in the resolver for minutes; nothing is left to be written.
    os._exit(0)
