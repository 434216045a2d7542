"""`make bench`: prints the numbers behind every claim about speed.

`ARGS=--json` prints data; `ARGS=--small` runs small sizes, to check that every row works; `ARGS=--docs` also writes the
tables into `docs/performance.md`. The exit code is 1 if a row is over its target.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import measurements
import simulation
from rows import SMALL, Row, Sizes

JOBS = 600
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


@dataclass(frozen=True)
class Waiting:
    """The results of one policy in the simulated year."""

    policy: str
    in_time: float
    latest: float
    mean: float
    under_a_minute: float
    under_ten_minutes: float
    under_two_hours: float
    longer: float
    never_ending: int


def waiting(jobs: int) -> list[Waiting]:
    """Wait with each policy for the same year of jobs."""
    return [
        Waiting(
            name,
            in_time=statistics.fmean(each.share_of_target <= 1 for each in noticed),
            latest=max(each.share_of_target for each in noticed),
            mean=statistics.fmean(each.share_of_target for each in noticed),
            under_a_minute=_requests(noticed, 0, 60),
            under_ten_minutes=_requests(noticed, 60, 600),
            under_two_hours=_requests(noticed, 600, 7200),
            longer=_requests(noticed, 7200, float("inf")),
            never_ending=endless,
        )
        for name, noticed, endless in simulation.policies(simulation.year_of_jobs(seed=2026, jobs=jobs))
    ]


def _requests(noticed: list[simulation.Noticed], least: float, most: float) -> float:
    return statistics.fmean(each.requests for each in noticed if least <= each.job.length < most)


def _compared(rows: Sequence[Row]) -> str:
    lines = [f"{'ours':>24} {'floor':>9} {'ratio':>7} {'spread':>13} {'target':>9}"]
    for row in rows:
        ours, floor = row.medians()
        spread = "{:.2f} to {:.2f}".format(*row.spread)
        target = "" if row.target is None else f"{row.target:.2f}"
        mark = "  MISSED" if row.missed else ""
        figures = f"{ours:9.2f} {row.unit:2} {floor:9.2f} {row.ratio:7.2f} {spread:>13} {target:>9}{mark}"
        lines += ["", row.what, f"  / {row.compared_with}", f"{'':12}{figures}".rstrip()]
        lines += [f"  {part}" for part in row.note.split("; ") if part]
    return "\n".join(lines)


def _started(steps: dict[str, float]) -> str:
    total = sum(steps.values())
    lines = [f"{milliseconds:7.0f} ms {milliseconds / total:5.0%}  {name}" for name, milliseconds in steps.items()]
    return "\n".join([*lines, f"{total:7.0f} ms  100%  in all"])


def _waited(found: Sequence[Waiting]) -> str:
    lines = ["                                      requests for a job of       that never"]
    lines += ["waiting          in time latest   mean   <1 min<10 min <2 h  longer   ends, 30 d"]
    lines += [
        f"{row.policy:16} {row.in_time:7.1%} {row.latest:6.2f} {row.mean:6.2f} {row.under_a_minute:7.1f}"
        f"{row.under_ten_minutes:7.1f}{row.under_two_hours:7.0f}{row.longer:8.0f} {row.never_ending:12,}"
        for row in found
    ]
    return "\n".join(lines)


def _missed(rows: Sequence[Row], found: Sequence[Waiting]) -> int:
    ours = found[0]
    cheaper = any(each.in_time == 1 and each.longer <= ours.longer for each in found[1:])
    return sum((*(row.missed for row in rows), ours.in_time < 1, cheaper))


def main(arguments: Sequence[str]) -> int:
    """Print the figures; return 1 if a row is over its target."""
    small, as_json = "--small" in arguments, "--json" in arguments
    sizes = SMALL if small else Sizes()
    rows, steps = measurements.measure(sizes, lambda text: print(f"bench: {text}", file=sys.stderr, flush=True))
    found = waiting(60 if small else JOBS)
    missed = _missed(rows, found)
    if as_json:
        rows_as_data = [{**asdict(row), "ratio": row.ratio, "spread": row.spread, "missed": row.missed} for row in rows]
        data = {"rows": rows_as_data, "start_ms": steps, "waiting": [asdict(row) for row in found], "missed": missed}
        print(json.dumps(data, indent=2))
        return 1 if missed else 0
    tables = {"compared": _compared(rows), "start": _started(steps), "waiting": _waited(found)}
    print(f"\n{machine()}\n\n{tables['compared']}\n")
    print(f"A provider's process, up to its first response:\n\n{tables['start']}\n")
    print(f"Waiting for a simulated year of jobs of 3 s to 3 days:\n\n{tables['waiting']}\n")
    print(f"{missed} rows over target")
    if "--docs" in arguments:
        write(PAGE, {"machine": machine(), **tables})
    return 1 if missed else 0


def machine() -> str:
    """Describe the machine."""
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write(page: Path, tables: dict[str, str]) -> None:
    """Write tables into a page, each between its marks."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        before, begin, rest = text.partition(f"<!-- {name}: written by `make bench ARGS=--docs` -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        if not (begin and end):
            sys.exit(f"bench: {page} has no place for {name}")
        text = f"{before}{begin}```text\n{table}\n```\n{end}{after}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
