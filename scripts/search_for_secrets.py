"""`make secrets`: search everything that is written at the highest log levels for credentials.

Prints a table; exits with 1 if there is a hit outside the engine's own log lines.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import secrets_found
import secrets_search


def main() -> int:
    """Search and print a table; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = secrets_search.run_rounds(Path(folder))
    print("\n".join(secrets_found.table(rounds)))
    wrong = [f"{done.source}: {name!r} ended unexpectedly" for done in rounds for name in done.wrong()]
    for done in rounds:
        wrong += [f"{done.source}: {place}: {dict(hits.found)}" for place, hits in done.hits().items() if hits.found]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
