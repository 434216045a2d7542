"""Pages whose lines are typed into a shell on a terminal, in order: what the page shows is what that prints."""

from __future__ import annotations

import difflib
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from pulumi_environment import pulumi_environment
from terminal import Shell

__all__ = ["assert_prints_what_it_shows", "comparable", "rerun"]

_BLOCK = re.compile(r"(?P<head>[^\n]*\n\n?)```(?P<language>python|console)\n(?P<text>.*?)```", re.DOTALL)
_LINE = re.compile(r"^\$ (?P<typed>.*(?:(?<=\\)\n.*)*)\n(?P<printed>(?:(?!\$ ).*\n)*)", re.MULTILINE)

# What a test has done already, in another way.
_SKIPPED = re.compile(r"(pip |python3 -m venv |\. \.venv/).*")
_PORT = "127.0.0.1:8080"
_READY = "export TENCENTCLOUD_SECRET_KEY"
_PROMPT = re.compile(r"^\$( |$)")

_VARYING = (
    (r"[ \t]+(?=\n|$)", ""),
    (r"(?<=\S) {2,}", "  "),
    (r"\(\d+(\.\d+)?s\)", "(#s)"),
    (r"(?<=Duration:) .*", " #"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?", "TIME"),
    (r"\d+:\d\d:\d\d", "#:##:##"),
    (r"(?<=\[1\]) \d+", " #"),
    # Whether the program notices the end of the update before the engine ends it.
    (r"^ +error: Resource monitor has terminated, shutting down\n", ""),
    (r"(?<=\*\*failed\*\*)  [12] errors?$", ""),
    (r"(?<=\*\*creating failed)( \(#s\))?\*\*.*", "**"),
    (r"[12] errored$", "errored"),
    (r"[├└]─ ", "─ "),
)

# The engine shows resources, and what it says of each, in the order in which they come to their ends.
_RESOURCES = re.compile(r"(?<=Status\n)(?:.*\S.*\n)+")
_DIAGNOSTICS = re.compile(r"(?<=^Diagnostics:\n)(?:  .*\n|\n(?=  ))+", re.MULTILINE)


def comparable(text: str) -> str:
    """Return a text without what differs between two runs.

    There are marks in place of times, durations and process ids, no more than two spaces in a row, and sorted lines
    where the engine keeps no order: the rows of resources, and the paragraphs below "Diagnostics:".
    """
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    text = _RESOURCES.sub(lambda rows: "".join(sorted(rows[0].splitlines(keepends=True))), text)
    return _DIAGNOSTICS.sub(lambda told: "\n\n".join(sorted(told[0].strip("\n").split("\n\n"))) + "\n", text)


def assert_prints_what_it_shows(page: str, folder: Path) -> None:
    """Type all lines of a page into a shell in a folder, and compare what they print with what the page shows."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Shell(folder, pulumi_environment(folder, python=Path(sys.executable))) as shell:
        printed = rerun(page, shell, folder, port)
    shown, now = (comparable(text).splitlines() for text in (page, printed))
    assert shown == now, "\n".join(difflib.unified_diff(shown, now, "the page", "what is printed", lineterm=""))


def rerun(page: str, shell: Shell, folder: Path, port: int) -> str:
    """Type all lines of a page, and return the page with what they printed.

    A block of Python below a line that ends with a file's name is written to that file, in the folder of the latest
    `cd`. Lines that install the package are skipped.

    Args:
        page: The page.
        shell: A shell in which the package is installed.
        folder: Where it was started.
        port: A free port, in place of the page's 8080.
    """
    here = folder

    def block(match: re.Match[str]) -> str:
        nonlocal here
        named = re.search(r"`([\w.]+)`:?\s*$", match["head"])
        if match["language"] == "python":
            if named:
                (here / named[1]).write_text(match["text"], encoding="utf-8")
            return match[0]
        for moved in re.finditer(r"^\$ (?:.*&& )?cd (\S+)(?: &&|$)", match["text"], re.MULTILINE):
            here = here / moved[1]
        return f"{match['head']}```console\n{''.join(_typed(match['text'], shell, port))}```"

    return _BLOCK.sub(block, page)


def _typed(text: str, shell: Shell, port: int) -> Iterator[str]:
    """Yield each line of a block, with what it prints now."""
    for line in _LINE.finditer(text):
        yield f"$ {line['typed']}\n"
        if _SKIPPED.fullmatch(line["typed"]):
            yield line["printed"]
            continue
        typed = line["typed"].replace(_PORT, f"127.0.0.1:{port}").replace("--port 8080", f"--port {port}")
        printed = _type_beside(shell, typed) if typed.endswith("&") else shell.type(typed)
        shown = "\n".join(printed).strip("\n").replace(f"127.0.0.1:{port}", _PORT)
        yield f"{shown}\n" if shown else ""


def _type_beside(shell: Shell, line: str) -> list[str]:
    """Type a line that starts the emulator beside the shell; return what both have printed once it has begun to serve.

    Its lines may come before the next prompt, or after it.
    """
    first = len(shell.screen.lines()) + line.count("\n")
    shell.type(line)
    shell.wait(lambda: any(_READY in row for row in shell.screen.lines()[first:]))
    lines = [_PROMPT.sub("", row) for row in shell.screen.lines()[first:]]
    shell.type("")
    return [row for row in lines if row]
