"""`make bench`: every row can be measured, alone too, and a row over its target is reported, unless by accident."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import bench
import bench_tables
import starting
import table
from places import PYTHONPATH, ROOT
from rows import MET, MISSED, SMALL, TOO_BUSY, Measurement, Row, Sizes, alternately, quartiles, verdict
from waiting_table import Waiting, missed
from whole_commands import slopes

TABLES = ("machine", "compared", "start", "waiting")
HEARD = "the 200 ms within which Ctrl-C is to be heard"
LOADED = "xmlschema's to_dict, with the schema loaded"
REQUEST = "python -c: import requests, the same request"
# The name of each row, what is measured, its floor and its target, at the small size.
ROWS = [
    ("import", "from pulumi_cosjob import get_job, after import pulumi", "the 10 ms that it may take", 1.0),
    ("own-share", "a provider's own share before its first request", "the 60 ms that it may take", 1.0),
    ("decode", "validate and decode a full response", "xml.etree, parsing alone", 2.5),
    ("decode-xmlschema", "validate and decode a full response", LOADED, 1.0),
    (
        "decode-unrecognised-first",
        "decode a response that is not recognised: the first",
        "xmlschema's first to_dict, its import and schema included",
        None,
    ),
    ("decode-unrecognised", "decode a response that is not recognised: each later one", LOADED, 0.9),
    ("fetching", "6 jobs by get_jobs, in the provider", "16 bare threads with requests, nothing parsed", 1.3),
    ("list", "list_jobs of 20 jobs, 1,000 on a page", "the same requests bare, nothing parsed", 1.5),
    ("memory", "the provider's process after 60 reads", "after 20", 1.05),
    ("describe", "cosjob describe", REQUEST, 1.3),
    ("wait", "cosjob wait, for a job that has completed", REQUEST, 1.3),
    ("help", "cosjob --help", "python -c: import requests", 0.6),
    ("preview-1", "preview with 1 get_job", "a dynamic read of a constant", 1.08),
    (
        "preview-1-native",
        "preview with 1 get_job of the native plugin",
        "a function of a native provider that returns a constant",
        1.1,
    ),
    ("preview-200", "preview with 3 get_job", "3 dynamic reads of constants", 1.08),
    ("preview-none", "preview with 1 get_job", "the same program without any read", None),
    ("discovery", "preview with discovery of the account", "the same with an APPID", 1.1),
    ("growth", "one more job in a preview by get_jobs, from 4 to 6 jobs", "one more from 3 to 4 jobs", 1.2),
    ("ups", "up with 6 jobs by get_jobs", "the same by get_job", 0.1),
    (
        "gates",
        "up with 6 JobCompletion of jobs that end after 1 s of work",
        "as many resources that sleep until then",
        1.08,
    ),
    ("gates-memory", "memory of the plugin's process with those gates", "the 100 MB that it may take", 1.0),
    ("gates-threads", "threads of the plugin's process with those gates", "the 40 threads that it may have", 1.0),
    ("invoke", "up with 3 get_job of the native plugin", "3 get_job of the dynamic provider", None),
    (
        "invoke-state",
        "state of 3 get_job of the native plugin, exports included",
        "3 get_job of the dynamic provider",
        None,
    ),
    ("stall", "longest stall by a gate for 60 jobs", HEARD, 1.0),
    ("stall-warnings", "longest stall by a gate for 60 jobs, a warning each", HEARD, 1.0),
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make bench` with small sizes."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "bench.py"), "--small", *arguments],
        env={**os.environ, "PATH": path, "PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )


@pytest.mark.engine
@pytest.mark.extra
def test_every_row_is_measured() -> None:
    """Each row of the table is there, with a ratio, its spread, its floor and its verdict."""
    done = run("--json")
    assert done.stdout, done.stderr
    data = json.loads(done.stdout)
    assert [(row["name"], row["what"], row["compared_with"], row["target"]) for row in data["rows"]] == ROWS
    for row in data["rows"]:
        # How large they are is the machine's affair: with so few jobs, a slope is how the start of processes varies.
        assert 0 < row["spread"][0] <= row["ratio"] <= row["spread"][1], row
        assert math.isfinite(row["spread"][1]), row
        assert row["verdict"] == (None if row["target"] is None else MISSED if row["ratio"] > row["target"] else MET)
    assert done.returncode == (1 if data["missed"] else 0)
    assert list(data["start_ms"]) == list(starting.STEPS)
    assert all(milliseconds > 0 for milliseconds in data["start_ms"].values())
    assert data["waiting"][0]["in_time"] == 1


# ------------------------------------------------------------------------------------------------------- single rows


def test_chosen_rows_alone_are_measured() -> None:
    """`--row` measures what it names and nothing else, in the order of the table; `--row=NAME` is the same."""
    done = run("--json", "--row", "decode-xmlschema", "--row=decode")
    data = json.loads(done.stdout)
    assert [row["name"] for row in data["rows"]] == ["decode", "decode-xmlschema"]
    assert (data["waiting"], data["start_ms"]) == ([], {})
    assert done.stderr.count("bench: ") == 2


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The names of all rows are listed, and the exit code is 2."""
    with pytest.raises(SystemExit) as ended:
        bench.options(["--row", "preview"])
    assert ended.value.code == 2
    listed = capsys.readouterr().err
    assert all(re.search(rf"\b{name}\b", listed) for name in bench.NAMES)


def test_small_figures_are_not_written_into_the_page() -> None:
    """`--small --docs` is refused: its figures show only that rows can be measured."""
    with pytest.raises(SystemExit) as ended:
        bench.options(["--small", "--docs"])
    assert ended.value.code == 2


def test_the_names_of_rows_differ() -> None:
    """A name on the command line stands for one row."""
    assert len(set(bench.NAMES)) == len(bench.NAMES)


# ---------------------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("ratios", "found"),
    [
        ([0.5, 1.0, 9.0], MET),
        ([1.0], MET),
        # Three quarters of the pairs are over the target, and the rest lie close to them.
        ([1.09, 1.10, 1.10, 1.11], MISSED),
        ([1.01], MISSED),
        # The median is 0.02 over the target, and the middle half of the pairs is 0.05 wide or more.
        ([0.90, 0.99, 1.02, 1.05, 1.30], TOO_BUSY),
        # As wide as the distance is far: that is no accident.
        ([0.5, 1.0, 1.5, 2.0, 2.5], TOO_BUSY),
        ([1.5, 1.75, 2.0, 2.25, 2.5], MISSED),
        # One pair that was disturbed changes nothing.
        ([1.10, 1.10, 1.10, 1.11, 7.0], MISSED),
    ],
)
def test_a_miss_is_further_from_the_target_than_the_pairs_are_apart(ratios: list[float], found: str) -> None:
    """A median over the target is a miss only where the middle half of the pairs is narrower than the distance."""
    assert verdict(ratios, 1.0) == found
    assert verdict(ratios[::-1], 1.0) == found


def test_quartiles_are_of_the_middle_half() -> None:
    """The spread leaves out a quarter of the pairs at either end; of one pair it is that pair."""
    assert quartiles([4.0, 1.0, 2.0, 3.0, 100.0]) == (2.0, 4.0)
    assert quartiles([1.5]) == (1.5, 1.5)


def row_of(ratios: Sequence[float], **others: Any) -> Row:
    """Return a row with these ratios."""
    return Row("name", "a", "b", "s", [(2 * ratio, 2.0) for ratio in ratios], **{"target": 1.0, **others})


def test_each_verdict_is_shown_and_counted() -> None:
    """A row shows its verdict; the last line counts what is over its target apart from what could not be judged."""
    rows = [row_of([0.9]), row_of([1.1]), row_of([0.8, 1.01, 1.3]), row_of([5.0], target=None)]
    assert [row.verdict for row in rows] == [MET, MISSED, TOO_BUSY, None]
    for row in rows:
        assert bench_tables.blocks([row])["name"].splitlines()[2].endswith(row.verdict or "1.00 to 5.00"[-4:])
    assert bench_tables.summary(2, rows[:2]) == "2 rows over target"
    assert bench_tables.summary(1, rows) == "1 row over target, 1 not judged: the machine was too busy"


def test_the_exit_code_is_that_of_missed_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row over its target makes it 1, a row that could not be judged does not."""
    for ratios, code in (([1.1], 1), ([0.8, 1.01, 1.3], 0), ([0.9], 0)):
        monkeypatch.setattr(bench, "measured", lambda *_, ratios=ratios: ([row_of(ratios)], {}))
        assert bench.main(["--row", "decode"]) == code


def waiting_of(in_time: float, requests: float) -> Waiting:
    """Return the results of a policy."""
    return Waiting("", in_time, 1.0, 0.5, 1.0, 1.0, 1.0, requests, 1)


def test_waiting_misses_by_a_late_end_or_by_a_cheaper_interval() -> None:
    """The policy notices each end in time, and no interval that does so sends fewer requests."""
    ours = waiting_of(1.0, 100)
    assert missed([ours, waiting_of(1.0, 101), waiting_of(0.9, 5)]) == 0
    assert missed([ours, waiting_of(1.0, 99)]) == 1
    assert missed([waiting_of(0.99, 100)]) == 1
    assert missed([]) == 0


# ---------------------------------------------------------------------------------------------------------- measuring


class FakeRig:
    """Holds the sizes of a run."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes


def measured(sizes: Sizes, ours: Sequence[float], **changes: Any) -> Row:
    """Measure a row of four pairs whose floor is 1, and whose values are these, over and over."""
    values = [(each, 1.0) for each in ours]
    measurement = Measurement(lambda number: values[number % len(values)], lambda: "a note")
    spec = table.Spec("name", "of {jobs:,}", "floor", "s", 1.0, 4, lambda _rig: measurement)
    return table.measure(replace(spec, **changes), cast("Any", FakeRig(sizes)))


def test_a_row_that_meets_its_target_is_measured_once() -> None:
    """Its pairs are those of the table, and its text has the sizes of the run."""
    row = measured(Sizes(), [0.9])
    assert len(row.pairs) == 4
    assert (row.what, row.note) == ("of 1,000", "a note")
    assert len(measured(Sizes(), [9.0], target=None).pairs) == 4


@pytest.mark.parametrize(("further", "pairs"), [(2, 12), (1, 8), (0, 4)])
def test_a_row_is_measured_again_before_it_is_a_miss(further: int, pairs: int) -> None:
    """Twice as many pairs follow, or fewer where the row says so, all before the next verdict."""
    row = measured(Sizes(), [1.1], further=further)
    assert (len(row.pairs), row.verdict) == (pairs, MISSED)
    # The first four pairs are over the target, the later ones are not.
    assert measured(Sizes(), [1.1] * 4 + [0.9] * 8, further=further).verdict == (MET if further else MISSED)


def test_a_small_run_has_a_pair_of_each_row() -> None:
    """It checks that rows can be measured, and judges none again."""
    assert len(measured(SMALL, [1.1]).pairs) == 1


def test_pairs_are_measured_by_turns() -> None:
    """The floor is first in every second pair."""
    calls = []

    def value(name: str, found: float) -> float:
        calls.append(name)
        return found

    measurement = alternately(lambda: value("ours", 2.0), lambda: value("floor", 1.0))
    assert [measurement.pair(number) for number in (0, 1)] == [(2.0, 1.0)] * 2
    assert calls == ["ours", "floor", "floor", "ours"]
    measurement.pair(1)
    assert len(calls) == 4


def test_slopes_are_those_of_each_step() -> None:
    """They are in milliseconds a job, between a number of jobs and the next."""
    assert slopes({1: 1.0, 11: 1.1, 111: 1.3}) == pytest.approx([10.0, 2.0])


def test_the_steps_import_what_a_first_request_imports() -> None:
    """The table shows where the time goes: nothing is in it that a provider does not need."""
    code = """
import http.client, os, sys, pulumi.dynamic
from pulumi_cosjob._dynamic.providers import JobProvider
def sending(*arguments):
    print(*sys.modules, flush=True)
    os._exit(0)
http.client.HTTPConnection.send = sending
provider = JobProvider()
settings = {"cosjob:endpoint": "http://127.0.0.1:9", "cosjob:secretId": "id", "cosjob:secretKey": "secret"}
provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config(settings, "project")))
provider.read("job", {"job_id": "job", "appid": "1250000000"})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    source = Path(starting.__file__).read_text(encoding="utf-8")
    imported = re.findall(r"^    import (\w+)  # noqa: F401", source, re.MULTILINE)
    assert imported, source
    assert set(imported) <= set(done.stdout.split())


# ---------------------------------------------------------------------------------------------------------- the page


def test_the_table_fits_a_terminal() -> None:
    """No line is longer than 80 columns, whatever the figures."""
    pairs = [(1.0, 100.0), (2000.0, 100.0), (9999.9, 100.0)]
    texts = [[text.format(**vars(Sizes())) for text in (spec.what, spec.compared_with)] for spec in table.SPECS]
    rows = [
        Row(spec.name, what, floor, "ms", pairs, 1.05, note="c" * 78)
        for spec, (what, floor) in zip(table.SPECS, texts, strict=True)
    ]
    assert {row.verdict for row in rows} == {TOO_BUSY}
    lines = bench_tables.compared(bench_tables.blocks(rows)).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_tables_are_written_between_their_marks(tmp_path: Path) -> None:
    """The rest of the page stays, and the old table is replaced."""
    page = tmp_path / "page.md"
    mark = "<!-- start: written by `make bench ARGS=--docs` -->\n"
    page.write_text(f"before\n{mark}old\n<!-- end of start -->\nafter\n")
    for text in ("one", "two"):
        bench_tables.write(page, {"start": text})
        assert page.read_text() == f"before\n{mark}```text\n{text}\n```\n<!-- end of start -->\nafter\n"
        assert bench_tables.read(page, "start") == text
    with pytest.raises(SystemExit, match="no place for other"):
        bench_tables.write(page, {"other": "x"})


def test_a_row_alone_replaces_its_own_lines_on_the_page(tmp_path: Path) -> None:
    """`--row NAME --docs` leaves the other rows, the machine and the other tables as they are."""
    page = tmp_path / "page.md"
    page.write_text(
        "".join(f"<!-- {name}: written by `make bench ARGS=--docs` -->\n<!-- end of {name} -->\n" for name in TABLES)
    )
    first, second = table.SPECS[:2]
    two = [replace(row_of([ratio]), name=spec.name) for spec, ratio in ((second, 1.25), (first, 1.5))]
    bench.write(page, two, {"a step": 1.0}, [waiting_of(1.0, 100)])
    before = page.read_text()
    assert before.index(f"{first.name}: a") < before.index(f"{second.name}: a")
    assert bench.machine() not in before
    bench.write(page, [replace(two[0], pairs=[(7.0, 2.0)])], {}, [])
    assert page.read_text() == before.replace(
        "2.50 s          2.00    1.25  1.25 to 1.25", "7.00 s          2.00    3.50  3.50 to 3.50"
    )
    old = bench_tables.compared({**bench_tables.blocks(two), "gone": "gone: a row that there was\n  / b"})
    assert "gone" not in bench_tables.merged(old, {}, [first.name, second.name])


def test_the_page_has_a_place_for_each_table() -> None:
    """`docs/performance.md` shows the machine and all tables of the last run."""
    text = bench.PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert f"<!-- {name}: written by `make bench ARGS=--docs` -->\n```text\n" in text
        assert f"```\n<!-- end of {name} -->" in text


def test_the_page_has_the_rows_that_are_measured() -> None:
    """A change of the rows needs a run of `make bench ARGS=--docs`. The page has the large sizes, and the targets."""

    def of_any_size(text: str) -> str:
        return re.sub(r"[0-9][0-9,]*", "N", text)

    found = re.findall(
        r"^([a-z0-9-]+): (.*)\n  / (.*)\n.* to +[0-9.]+(.*)$", bench_tables.read(bench.PAGE, "compared"), re.MULTILINE
    )
    shown = [(name, of_any_size(what), of_any_size(floor), rest.split()[:1]) for name, what, floor, rest in found]
    assert shown == [
        (name, of_any_size(what), of_any_size(floor), [] if target is None else [f"{target:.2f}"])
        for name, what, floor, target in ROWS
    ]
    steps = re.findall(r"^ *[0-9]+ ms +[0-9]+%  (.*)$", bench_tables.read(bench.PAGE, "start"), re.MULTILINE)
    assert steps == [*starting.STEPS, "in all"]


def test_each_row_is_explained_on_the_page() -> None:
    """The text below the table names each row."""
    text = bench.PAGE.read_text(encoding="utf-8").partition("How to read it")[2]
    missing = [name for name in bench.NAMES if f"`{name}`" not in text]
    assert missing == []
