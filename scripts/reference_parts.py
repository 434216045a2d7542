"""What the scripts of the reference share: tables of Markdown, and the sections of docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["NOTICE", "code", "first_sentence", "section", "table", "text_of"]

NOTICE = "<!-- Written by `make docs` from the code: change the code, not this page. -->"
"""The first line of a page that is written as a whole."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; white space in a cell is folded, and a bar in it is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(each) for each in line)} |\n" for line in lines).replace("| --- ", "|---")


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def code(*names: str) -> str:
    """Return names as code, with commas between them."""
    return ", ".join(f"`{each}`" for each in names)


def text_of(documented: Any) -> str:
    """Return a docstring without its sections (`Args:` and the like)."""
    return re.split(r"\n\n?(?=[A-Z][a-z]+:\n {4})", inspect.getdoc(documented) or "")[0].strip()


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def section(documented: Any, name: str) -> Mapping[str, str]:
    """Return the entries of a docstring's section, such as `Args`, each on one line, by their names."""
    match = re.search(rf"(?m)^{name}:\n((?: {{4}}.*\n?|\n)+)", f"{inspect.getdoc(documented) or ''}\n")
    if match is None:
        return {}
    entries = re.findall(r"(?m)^ {4}(\*{0,2}\w+):\s+((?:.*\n?)(?: {5,}.*\n?)*)", match[1])
    return {entry: " ".join(text.split()) for entry, text in entries}
