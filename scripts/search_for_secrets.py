"""`make secrets`: search everything that is written at the highest log levels for keys.

Prints a table; exits with 1 where there is a hit that is not the engine's own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import secrets_found
import secrets_search


def main() -> int:
    """Search, print a table, and say whether all is well."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = secrets_search.run_rounds(Path(folder))
    print("\n".join(secrets_found.table(rounds)))
    wrong = [f"{done.source}: {name!r} did not end as it had to" for done in rounds for name in done.wrong()]
    for done in rounds:
        wrong += [f"{done.source}: {place}: {dict(hits.found)}" for place, hits in done.hits().items() if hits.found]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
