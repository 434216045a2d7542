"""`make faults`: every fault at every place, and what comes of it, as a table; exits with 1 where a row is wrong.

With words as ARGS, it is only the faults whose names hold one of them. What has to come of a fault stands in
`tests/support/hostile.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import fault_table


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 1 where a row is wrong."""
    began = time.monotonic()
    print(fault_table.HEAD)
    found = []
    for row in fault_table.rows(arguments):
        print(row, flush=True)
        found.append(row)
    wrong = sum(bool(row.wrong) for row in found)
    print(f"{len(found)} rows, {wrong} wrong, in {time.monotonic() - began:.0f} s")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
