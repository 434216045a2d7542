"""`make bench`: what is claimed about speed, as numbers that anyone can print again. `ARGS=--json` prints data."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import simulation

JOBS = 600
# What importing the package may add to a program that imports Pulumi anyway.
MOST_IMPORT_MS = 30.0
IMPORT_PAIRS = 15


@dataclass(frozen=True)
class Row:
    """How one way of waiting did in the simulated year."""

    policy: str
    in_time: float
    latest: float
    mean: float
    under_a_minute: float
    under_ten_minutes: float
    under_two_hours: float
    longer: float
    never_ending: int


def rows() -> list[Row]:
    """Let each policy wait for the same year of jobs."""
    return [
        Row(
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
        for name, noticed, endless in simulation.policies(simulation.year_of_jobs(seed=2026, jobs=JOBS))
    ]


def _requests(noticed: list[simulation.Noticed], least: float, most: float) -> float:
    return statistics.fmean(each.requests for each in noticed if least <= each.job.length < most)


def import_ms() -> float:
    """Return what `import pulumi_cosjob` adds to `import pulumi`: whole processes, in pairs, the median difference."""

    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    pairs = [(seconds("import pulumi, pulumi_cosjob"), seconds("import pulumi")) for _ in range(IMPORT_PAIRS)]
    return 1000 * statistics.median(ours - theirs for ours, theirs in pairs)


def main() -> None:
    """Print the figures; exit with 1 where one of ours misses its target."""
    imported = import_ms()
    found = rows()
    ours = found[0]
    if "--json" in sys.argv[1:]:
        print(json.dumps({"import_ms": imported, "waiting": [asdict(row) for row in found]}, indent=2))
    else:
        print(f"import pulumi_cosjob adds {imported:.0f} ms to import pulumi; it may add {MOST_IMPORT_MS:.0f}.\n")
        print(f"Waiting for a simulated year of {JOBS} jobs of 3 s to 3 days: even, bursty, stalled and sudden ones.")
        print("An end is to be noticed within 2 s for jobs under a minute, else within 5 % of")
        print("the job's length, 30 s at the most; latest and mean are shares of that.\n")
        print("                 noticed                 mean requests for a job of       30 days")
        print("                 in time latest   mean   <1min <10min    <2h    more   never ending")
        for row in found:
            print(
                f"{row.policy:16} {row.in_time:7.1%} {row.latest:6.2f} {row.mean:6.2f} {row.under_a_minute:7.1f}"
                f"{row.under_ten_minutes:7.1f}{row.under_two_hours:7.0f}{row.longer:8.0f} {row.never_ending:14,}"
            )
    over = sum(
        (
            imported > MOST_IMPORT_MS,
            ours.in_time < 1,
            any(r.in_time == 1 and r.longer <= ours.longer for r in found[1:]),
        )
    )
    print(f"\n{over} rows over target", file=sys.stderr if "--json" in sys.argv[1:] else sys.stdout)
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
