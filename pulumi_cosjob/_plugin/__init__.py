"""`pulumi-resource-cosjob`: the native provider plugin, for programs in every language that Pulumi knows.

A servicer on the provider protocol itself, which is stable and has errors without stack traces.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Serve until the engine that started this process is done with it; the engine's address is the last argument."""
    # First of all: were it asked for later, the engine might be gone, and with it the one to watch.
    address, parent = sys.argv[-1], os.getppid()
    if len(sys.argv) < 2 or ":" not in address:
        print(  # noqa: T201  for people who try it
            "pulumi-resource-cosjob is started by the Pulumi engine; `cosjob plugin install` makes it known there",
            file=sys.stderr,
        )
        sys.exit(2)
    import asyncio  # noqa: PLC0415  not to be told that takes no time

    from pulumi_cosjob._plugin._server import serve  # noqa: PLC0415  as above

    asyncio.run(serve(address, parent))
    # A thread may hang in the resolver for minutes; nothing is left to be written.
    os._exit(0)
