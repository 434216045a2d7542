"""The tutorial shows what its lines print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from places import ROOT
from transcripts import assert_prints_what_it_shows, comparable

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.mark.engine
def test_the_tutorials_lines_print_what_it_shows(tmp_path: Path) -> None:
    """Typed into a shell on a terminal, in order, each line prints what stands below it."""
    assert_prints_what_it_shows(PAGE, tmp_path)


ROWS = [" +   ├─ cosjob:index:Job  copied  created (0.02s)\n", " -   └─ pulumi:index:Stash  old  deleted (1s)\n"]
TOLD = ["  pulumi:pulumi:Stack (dev):\n    error: update failed\n", "  cosjob:index:Job (copied):\n    error: no\n"]


def printed(rows: list[str], told: list[str]) -> str:
    """Return what an update prints."""
    head = "Updating (dev):\n     Type  Name  Status\n     pulumi:pulumi:Stack  dev\n"
    outputs = "Outputs:\n    b: 1\n    a: 2\n"
    return head + "".join(rows) + "\nDiagnostics:\n" + "\n".join([*told, outputs])


def test_resources_end_in_any_order() -> None:
    """The engine shows rows and messages as resources come to their ends: no order of theirs is a difference."""
    one, other = printed(ROWS, TOLD), printed([ROWS[1], ROWS[0]], [TOLD[1], TOLD[0]])
    assert one != other
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("created", "failed"),
        ("error: no", "error: yes"),
        ("copied", "copy"),
        ("    b: 1\n    a: 2", "    a: 2\n    b: 1"),
    ],
)
def test_all_else_is_a_difference(old: str, new: str) -> None:
    """What a row or a message says, and the order of all other lines, are compared."""
    text = printed(ROWS, TOLD)
    assert comparable(text) != comparable(text.replace(old, new))


def test_each_program_of_the_tutorial_is_run() -> None:
    """Below each program there is a block of lines that begins with an update, before the next program."""
    programs = re.findall(r"```python\n.*?```(.*?)(?=```python|\Z)", PAGE, re.DOTALL)
    assert len(programs) == 4
    assert all("```console\n$ pulumi up" in following for following in programs)
