"""`make bench`: prints the numbers behind every claim about speed.

`ARGS="--row NAME"` measures one row, `ARGS=--help` lists the options and the rows. The exit code is 1 if a row is over
its target, but not if the machine was too busy to judge.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

import bench_tables
import pulumi_cosjob
from rig import Rig
from rows import MISSED, SMALL, Row, Sizes
from table import SPECS, measure
from waiting_table import Waiting, missed, waiting

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
PACKAGE = Path(pulumi_cosjob.__file__).parent
WAITING = "waiting"
NAMES = (*(spec.name for spec in SPECS), WAITING)
_JOBS, _FEW_JOBS = 600, 60


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; end with exit code 2 if they cannot be used."""
    parser = argparse.ArgumentParser(
        prog="make bench",
        usage='make bench [ARGS="OPTION..."]',
        description="Print the numbers behind every claim about speed.",
        epilog=f"Rows: {', '.join(NAMES)}.",
    )
    parser.add_argument(
        "--row",
        action="append",
        choices=NAMES,
        metavar="NAME",
        help="measure this row only; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print data")
    parser.add_argument("--docs", action="store_true", help="also write what was measured into docs/performance.md")
    parser.add_argument("--small", action="store_true", help="small sizes, to check that every row can be measured")
    found = parser.parse_args(arguments)
    if found.small and found.docs:
        parser.error("--docs is for the usual sizes")
    return found


def measured(names: Collection[str], sizes: Sizes) -> tuple[list[Row], dict[str, float]]:
    """Measure rows; return them, and the milliseconds of each step of a provider's process if one is about these."""
    compile_all()
    rows = []
    with tempfile.TemporaryDirectory(prefix="cosjob-bench-") as folder, contextlib.ExitStack() as exits:
        rig = Rig(sizes, Path(folder), exits)
        for spec in SPECS:
            if spec.name in names:
                row = measure(spec, rig)
                rows.append(row)
                print(f"bench: {row.name}: {row.ratio:.2f} {row.verdict or ''}".rstrip(), file=sys.stderr, flush=True)
    return rows, rig.steps


def compile_all() -> None:
    """Write bytecode, as an installation does: an editable one has none where PYTHONDONTWRITEBYTECODE is set."""
    for folder in (PACKAGE, Path(__file__).parent):
        compileall.compile_dir(folder, quiet=1)


def main(arguments: Sequence[str]) -> int:
    """Print the figures; return 1 if a row is over its target."""
    chosen = options(arguments)
    names = chosen.row or NAMES
    rows, steps = measured(names, SMALL if chosen.small else Sizes())
    found = waiting(_FEW_JOBS if chosen.small else _JOBS) if WAITING in names else []
    over = sum(row.verdict == MISSED for row in rows) + missed(found)
    if chosen.json:
        print(json.dumps(as_data(rows, steps, found, over), indent=2))
    else:
        print_tables(rows, steps, found)
        print(bench_tables.summary(over, rows))
    if chosen.docs:
        write(PAGE, rows, steps, found)
    return 1 if over else 0


def as_data(rows: Sequence[Row], steps: dict[str, float], found: Sequence[Waiting], over: int) -> dict[str, object]:
    """Return the figures as data."""
    return {
        "rows": [{**asdict(row), "ratio": row.ratio, "spread": row.spread, "verdict": row.verdict} for row in rows],
        "start_ms": steps,
        "waiting": [asdict(row) for row in found],
        "missed": over,
    }


def print_tables(rows: Sequence[Row], steps: dict[str, float], found: Sequence[Waiting]) -> None:
    """Print the tables of what was measured."""
    print(f"\n{machine()}\n")
    if rows:
        print(f"{bench_tables.compared(bench_tables.blocks(rows))}\n")
    if steps:
        print(f"A provider's process, up to its first response:\n\n{bench_tables.started(steps)}\n")
    if found:
        print(f"Waiting for a simulated year of jobs of 3 s to 3 days:\n\n{bench_tables.waited(found)}\n")


def write(page: Path, rows: Sequence[Row], steps: dict[str, float], found: Sequence[Waiting]) -> None:
    """Write what was measured into a page. Other rows stay as they are, and with them the machine."""
    tables = {}
    if rows:
        table = bench_tables.read(page, "compared")
        names = [spec.name for spec in SPECS]
        tables["compared"] = bench_tables.merged(table, bench_tables.blocks(rows), names)
        if len(rows) == len(SPECS):
            tables["machine"] = machine()
    if steps:
        tables["start"] = bench_tables.started(steps)
    if found:
        tables["waiting"] = bench_tables.waited(found)
    bench_tables.write(page, tables)


def machine() -> str:
    """Describe the machine."""
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
