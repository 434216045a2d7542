"""The blocks of pages, and how tests run them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks import Stack

__all__ = ["Page", "Shell", "call", "run", "shows"]


class Page:
    """The blocks of a page that a test has not used yet, in their order."""

    def __init__(self, text: str) -> None:
        self.blocks: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

    def take(self, language: str) -> str:
        """Return the next block of a language."""
        position = [each for each, _ in self.blocks].index(language)
        return self.blocks.pop(position)[1]


def shows(expected: str, output: str) -> None:
    """Check that an output has what a page shows of it; `…` stands for any text, and lines may be folded elsewhere."""
    assert expected.strip("…\n "), "nothing is shown"
    parts = [re.escape(" ".join(part.split())) for part in expected.split("…")]
    pattern = r"\s*.*?\s*".join(parts)
    assert re.search(pattern, " ".join(output.split())), f"{expected}\nis not in\n{output}"


@dataclass(frozen=True)
class Shell:
    """A folder and environment variables; a stack has both too."""

    folder: Path
    variables: dict[str, str]


def call(place: Stack | Shell, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder and environment of a place."""
    return subprocess.run(
        command,
        executable=shutil.which(command[0], path=place.variables["PATH"]),
        cwd=place.folder,
        env=place.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(place: Stack | Shell, block: str) -> None:
    """Run the lines of a page that begin with `$`, and compare their outputs; exports count for all later lines.

    Args:
        place: In whose folder and with whose variables they run.
        block: The lines.
    """
    exports: list[str] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        if line.startswith("export "):
            exports.append(line)
            continue
        typed = re.sub(r"\bpulumi up(?! --yes)", "pulumi up --yes --skip-preview", line)
        done = call(place, "bash", "-ec", "\n".join([*exports, typed]))
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        if expected.strip("…\n "):
            shows(expected, done.stdout + done.stderr)
