"""What `make bench` prints, and the page that its tables are written into."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rows import TOO_BUSY, Row

if TYPE_CHECKING:
    from waiting_table import Waiting

__all__ = ["blocks", "compared", "merged", "read", "started", "summary", "waited", "write"]

_HEADER = f"{'ours':>16} {'floor':>12} {'ratio':>7} {'spread':>13} {'target':>7}"
_MARK = "written by `make bench ARGS=--docs`"


def blocks(rows: Sequence[Row]) -> dict[str, str]:
    """Return the lines of each row by its name."""
    return {row.name: _block(row) for row in rows}


def _block(row: Row) -> str:
    ours, floor = row.medians()
    spread = "{:.2f} to {:.2f}".format(*row.spread)
    target = "" if row.target is None else f"{row.target:.2f}"
    figures = f"{ours:13.2f} {row.unit:2} {floor:12.2f} {row.ratio:7.2f} {spread:>13} {target:>7}  {row.verdict or ''}"
    lines = [f"{row.name}: {row.what}", f"  / {row.compared_with}", figures.rstrip()]
    return "\n".join([*lines, *(f"  {part}" for part in row.note.split("; ") if part)])


def compared(found: Mapping[str, str]) -> str:
    """Return the table of rows, of the lines of each."""
    return "\n\n".join([_HEADER, *found.values()])


def merged(table: str, found: Mapping[str, str], names: Sequence[str]) -> str:
    """Return a table in which rows that were measured replace those of the same name, or are added.

    Args:
        table: The table so far.
        found: The lines of each row that was measured.
        names: The names of all rows, in their order. Rows of other names are left out.
    """
    before = {block.partition(":")[0]: block for block in table.split("\n\n")[1:]}
    after = {**before, **found}
    return compared({name: after[name] for name in names if name in after})


def started(steps: Mapping[str, float]) -> str:
    """Return the table of the steps of a provider's process."""
    total = sum(steps.values())
    lines = [f"{milliseconds:7.0f} ms {milliseconds / total:5.0%}  {name}" for name, milliseconds in steps.items()]
    return "\n".join([*lines, f"{total:7.0f} ms  100%  in all"])


def waited(found: Sequence[Waiting]) -> str:
    """Return the table of waiting."""
    lines = ["                                      requests for a job of       that never"]
    lines += ["waiting          in time latest   mean   <1 min<10 min <2 h  longer   ends, 30 d"]
    lines += [
        f"{row.policy:16} {row.in_time:7.1%} {row.latest:6.2f} {row.mean:6.2f} {row.under_a_minute:7.1f}"
        f"{row.under_ten_minutes:7.1f}{row.under_two_hours:7.0f}{row.longer:8.0f} {row.never_ending:12,}"
        for row in found
    ]
    return "\n".join(lines)


def summary(missed: int, rows: Sequence[Row]) -> str:
    """Return the last line.

    Args:
        missed: How many rows, those about waiting included, are over their target.
        rows: All rows, for those that could not be judged.
    """
    undecided = sum(row.verdict == TOO_BUSY for row in rows)
    line = f"{_rows(missed)} over target"
    return f"{line}, {undecided} not judged: the machine was too busy" if undecided else line


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def write(page: Path, tables: Mapping[str, str]) -> None:
    """Write tables into a page, each between its marks."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        before, _, after = _parts(page, text, name)
        text = f"{before}```text\n{table}\n```\n{after}"
    page.write_text(text, encoding="utf-8")


def read(page: Path, name: str) -> str:
    """Return the table that a page has between the marks of a name."""
    _, table, _ = _parts(page, page.read_text(encoding="utf-8"), name)
    return table.removeprefix("```text\n").removesuffix("\n```\n")


def _parts(page: Path, text: str, name: str) -> tuple[str, str, str]:
    """Return what is before a table with its mark, the table, and its end mark with what is after it."""
    pattern = rf"(.*<!-- {re.escape(name)}: {re.escape(_MARK)} -->\n)(.*)(<!-- end of {re.escape(name)} -->.*)"
    match = re.fullmatch(pattern, text, re.DOTALL)
    if not match:
        sys.exit(f"bench: {page} has no place for {name}")
    return match[1], match[2], match[3]
