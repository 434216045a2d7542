"""The tutorial shows what its lines print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from places import ROOT
from transcripts import assert_prints_what_it_shows

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.mark.engine
def test_the_tutorials_lines_print_what_it_shows(tmp_path: Path) -> None:
    """Typed into a shell on a terminal, in order, each line prints what stands below it."""
    assert_prints_what_it_shows(PAGE, tmp_path)


def test_each_program_of_the_tutorial_is_run() -> None:
    """Below each program there is a block of lines that begins with an update, before the next program."""
    programs = re.findall(r"```python\n.*?```(.*?)(?=```python|\Z)", PAGE, re.DOTALL)
    assert len(programs) == 4
    assert all("```console\n$ pulumi up" in following for following in programs)
