"""`make faults`: every fault at every place, and its outcome, as a table; exits with 1 if a row is wrong.

With words as ARGS, it prints only the faults whose names hold one of them. `tests/service/test_faults.py` tests the
same rows; the faults are in `tests/support/hostile_bodies.py` and `tests/support/hostile_connections.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from fault_table import HEAD, FaultRunner, fault_cases


def main(words: Sequence[str]) -> int:
    """Print the table; return 1 if a row is wrong."""
    began = time.monotonic()
    print(HEAD)
    with FaultRunner() as runner:
        rows = [runner.start(case) for case in fault_cases(words)]
        wrong = 0
        for row in rows:
            print(row.result(), flush=True)
            wrong += bool(row.result().mistakes)
    print(f"{len(rows)} rows, {wrong} wrong, in {time.monotonic() - began:.0f} s")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
