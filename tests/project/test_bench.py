"""`make bench`, with small sizes: every row can be measured, and a row over its target is reported."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bench
import measurements
from places import PYTHONPATH, ROOT
from rows import Row

TABLES = ("machine", "compared", "start", "waiting")
HEARD = "the 200 ms within which Ctrl-C is to be heard"
# What is measured, its floor and its target, at the small size.
ROWS = [
    ("import pulumi and pulumi_cosjob", "import pulumi", 1.05),
    ("validate and decode a full response", "xmlschema's to_dict with the same schema", 1.0),
    ("validate and decode a full response", "xml.etree, parsing alone", None),
    ("the same, not recognised by the compiled checks", "xmlschema's to_dict with the same schema", None),
    ("fetching 6 jobs by get_jobs, in the provider", "16 bare threads with requests, nothing parsed", 2.0),
    ("memory of the provider after 60 reads", "after 20", 1.05),
    ("preview with 1 get_job", "a dynamic read of a constant", 1.25),
    ("preview with 3 get_job", "3 dynamic reads of constants", 1.3),
    ("preview with discovery of the account", "the same with an APPID", 1.1),
    ("growth: preview of 4 jobs by get_jobs", "the line through 1 and 2 jobs", None),
    ("up with 6 jobs by get_jobs", "the same by get_job", 0.1),
    ("up with 6 JobCompletion of jobs that end after 5 s", "as many resources that sleep until then", 1.15),
    ("up with 3 get_job of the plugin (Invoke)", "3 get_job of the dynamic provider", None),
    ("state of 3 get_job of the plugin, exports included", "3 get_job of the dynamic provider", None),
    ("longest stall of the plugin by a gate for 60 jobs", HEARD, 1.0),
    ("longest stall of the plugin by a gate for 60 jobs, a warning each", HEARD, 1.0),
]


@pytest.mark.engine
@pytest.mark.extra
def test_every_row_is_measured() -> None:
    """Each row of the table is there, with a ratio, its spread and its floor."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, str(ROOT / "benchmarks" / "bench.py"), "--small", "--json"]
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": path, "PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    data = json.loads(done.stdout)
    assert [(row["what"], row["compared_with"], row["target"]) for row in data["rows"]] == ROWS
    for row in data["rows"]:
        assert 0 < row["spread"][0] <= row["ratio"] <= row["spread"][1] < 1000, row
        assert row["missed"] == (row["target"] is not None and row["ratio"] > row["target"])
    assert done.returncode == (1 if data["missed"] else 0)
    assert len(data["start_ms"]) == 7
    assert all(milliseconds > 0 for milliseconds in data["start_ms"].values())
    assert data["waiting"][0]["in_time"] == 1


@pytest.mark.parametrize(("ratios", "missed"), [([0.5, 1.0, 9.0], False), ([0.5, 1.01, 1.02], True), ([1.0], False)])
def test_a_row_misses_its_target_by_its_median(ratios: list[float], missed: bool) -> None:
    """One slow pair is no miss; a median slightly over the target is one."""
    row = Row("a", "b", "s", [(2 * ratio, 2.0) for ratio in ratios], target=1.0)
    assert row.missed is missed
    assert ("MISSED" in bench._compared([row])) is missed
    assert not Row("a", "b", "s", row.pairs).missed


def test_the_table_fits_a_terminal() -> None:
    """No line is longer than 80 columns, whatever the figures."""
    row = Row("a" * 60, "b" * 60, "ms", [(1234.5, 1.0), (9999.9, 3.0)], target=1.05, note="c" * 60)
    assert max(map(len, bench._compared([row]).splitlines())) <= 80 + len("  MISSED")


def test_tables_are_written_between_their_marks(tmp_path: Path) -> None:
    """The rest of the page stays, and the old table is replaced."""
    page = tmp_path / "page.md"
    mark = "<!-- start: written by `make bench ARGS=--docs` -->\n"
    page.write_text(f"before\n{mark}old\n<!-- end of start -->\nafter\n")
    for table in ("one", "two"):
        bench.write(page, {"start": table})
        assert page.read_text() == f"before\n{mark}```text\n{table}\n```\n<!-- end of start -->\nafter\n"
    with pytest.raises(SystemExit, match="no place for other"):
        bench.write(page, {"other": "x"})


def test_the_page_has_a_place_for_each_table() -> None:
    """`docs/performance.md` shows the machine and all tables of the last run."""
    text = bench.PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert f"<!-- {name}: written by `make bench ARGS=--docs` -->\n```text\n" in text
        assert f"```\n<!-- end of {name} -->" in text


def test_the_page_has_the_rows_that_are_measured() -> None:
    """A change of the rows needs a run of `make bench ARGS=--docs`. The page has the large sizes."""

    def of_any_size(text: str) -> str:
        return re.sub(r"[0-9][0-9,]*", "N", text)

    text = bench.PAGE.read_text(encoding="utf-8")
    compared, start = (
        re.findall(rf"<!-- {name}: .*?<!-- end of {name} -->", text, re.DOTALL)[0] for name in TABLES[1:3]
    )
    found = re.findall(r"^(\w.*)\n  / (.*)$", compared, re.MULTILINE)
    assert [(of_any_size(what), of_any_size(floor)) for what, floor in found] == [
        (of_any_size(what), of_any_size(floor)) for what, floor, _ in ROWS
    ]
    steps = re.findall(r"^ *[0-9]+ ms +[0-9]+%  (.*)$", start, re.MULTILINE)
    assert steps == [*re.findall(r'^done\("(.*)"\)$', measurements._STARTING, re.MULTILINE), "in all"]
