"""The process of the `cosjob` command, which ends with it."""

from __future__ import annotations

import atexit
import gc

__all__ = ["main"]

# By default after 700: a command loads some hundred modules, of which nothing is garbage.
_COLLECT_AFTER = 20_000


def main() -> None:
    """Run the command with the arguments of this process."""
    gc.set_threshold(_COLLECT_AFTER)
    # Python would search everything that is loaded for garbage before it exits: a tenth of the time of a short command.
    atexit.register(gc.freeze)
    from pulumi_cosjob._cli.main import main as run  # noqa: PLC0415  after the above

    run()
