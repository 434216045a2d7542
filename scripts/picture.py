"""Write `docs/images/gate.svg`: a real `pulumi up` with a gate that waits for a job and opens, as a film of a terminal.

The program runs on the real engine, against the emulator. The emulator's clock is held, and advanced once the screen
shows that the gate has seen the job's state: each run shows the same words. Nothing is drawn that a run did not print.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import engine
from pulumi_cosjob.testing import CosBatchEmulator
from pulumi_environment import pulumi_environment
from terminal import COLUMNS, Frame, Row, Shell, Style

__all__ = ["PICTURE", "draw", "record", "texts", "words"]

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "gate.svg"

JOB_ID, SECONDS = "nightly-copy", 20
PROGRAM = """import pulumi
from pulumi_cosjob.native import JobCompletion

copied = JobCompletion("copied", job_id="nightly-copy", timeout="2h")
release = pulumi.Stash("release", input="2026.11", opts=pulumi.ResourceOptions(depends_on=[copied]))
pulumi.export("objects_copied", copied.progress_summary.number_of_tasks_succeeded)
"""
COMMAND = "pulumi up --yes --skip-preview"

# What the gate's row shows, and the seconds by which the clock is advanced then: a tenth of the tasks each time.
STEPS = (
    *(("New", 1), ("Preparing", 1), ("Ready", 1 + SECONDS / 10)),
    *((f"{tenth}0 %", SECONDS / 10) for tenth in range(1, 10)),
    ("Completing", 1),
)

# --------------------------------------------------------------------------------------------------------------- record


def record() -> list[Frame]:
    """Run the program, and return what the terminal showed."""
    with tempfile.TemporaryDirectory(prefix="cosjob-picture-") as temporary, CosBatchEmulator() as emulator:
        folder = Path(temporary)
        (folder / "Pulumi.yaml").write_text("name: web\nruntime: python\n", encoding="utf-8")
        (folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
        emulator.clock.hold()
        emulator.create_job("completes", seconds=SECONDS, tasks=20_000, job_id=JOB_ID)
        variables = {**pulumi_environment(folder, python=Path(sys.executable)), **emulator.environment()}
        with Shell(folder, variables) as shell:
            shell.type("pulumi stack init dev; cosjob plugin install")
            return _watch(shell, emulator)


def _watch(shell: Shell, emulator: CosBatchEmulator) -> list[Frame]:
    """Type the command, advance the clock with what the gate's row shows, and return the frames from then on."""
    steps = list(STEPS)

    def advance() -> None:
        [row] = [line for line in shell.screen.lines() if "JobCompletion" in line] or [""]
        if steps and re.search(rf"(?<!\d){steps[0][0]}", row):
            emulator.clock.advance(steps.pop(0)[1])

    first = len(shell.screen.rows()) - 1
    shell.frames.clear()
    shell.type(COMMAND, advance)
    if steps:
        sys.exit(f"picture: the screen never showed {steps[0][0]!r}\n" + "\n".join(shell.screen.lines()))
    return [Frame(frame.seconds, frame.rows[first:]) for frame in shell.frames]


# ----------------------------------------------------------------------------------------------------------------- draw

TITLE = "A pulumi up that waits for a COS Batch job, shows its progress, and goes on when the job is complete"
# Where nothing changes for longer, such as while the program starts, the film goes on.
_LONGEST = 1.2
_LAST = 5.0
_MARGIN, _LINE, _SIZE, _WIDTH = 14, 19, 14, 8.43

_COLORS = {1: "red", 2: "green", 4: "blue", 5: "magenta", 12: "blue", 13: "magenta"}
_STYLE = """
.window { fill: #0d1117; stroke: #3d444d }
text { font: %(size)dpx ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3 }
.b { font-weight: bold } .d { opacity: .6 } .u { text-decoration: underline }
.red { fill: #ff7b72 } .green { fill: #56d364 } .blue { fill: #79c0ff } .magenta { fill: #d2a8ff }
@media (prefers-color-scheme: light) {
.window { fill: #ffffff; stroke: #d1d9e0 } text { fill: #1f2328 }
.red { fill: #cf222e } .green { fill: #116329 } .blue { fill: #0550ae } .magenta { fill: #8250df }
}
.film { transform: translateY(-%(last)dpx); animation: film %(seconds).1fs step-end infinite }
@media (prefers-reduced-motion: reduce) { .film { animation: none } }
@keyframes film {
%(frames)s
}"""


def draw(frames: Sequence[Frame]) -> str:
    """Return the frames as an SVG that shows one after the other; the last one where nothing may move."""
    shown = list(_scenes(frames))
    height = max(len(rows) for _, rows in shown) * _LINE
    width = round(COLUMNS * _WIDTH)
    ids = {row: f"r{number}" for number, row in enumerate(dict.fromkeys(row for _, rows in shown for row in rows))}
    seconds = sum(length for length, _ in shown)
    style = _STYLE % {
        "size": _SIZE,
        "last": height * (len(shown) - 1),
        "seconds": seconds,
        "frames": "\n".join(_keyframes([length / seconds for length, _ in shown], height)),
    }
    outer = width + 2 * _MARGIN, height + 2 * _MARGIN
    size = f'viewBox="0 0 {outer[0]} {outer[1]}" width="{outer[0]}" height="{outer[1]}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
            f'<title id="title">{escape(TITLE)}</title>',
            f"<style>{style}</style>",
            f"<defs>{''.join(_text(row, name) for row, name in ids.items() if row)}</defs>",
            f'<rect class="window" x=".5" y=".5" width="{outer[0] - 1}" height="{outer[1] - 1}" rx="8"/>',
            f'<svg x="{_MARGIN}" y="{_MARGIN}" width="{width}" height="{height}"><g class="film">',
            *(_scene(rows, ids, height * number) for number, (_, rows) in enumerate(shown)),
            "</g></svg>",
            "</svg>\n",
        ]
    )


def _scenes(frames: Iterable[Frame]) -> Iterator[tuple[float, tuple[Row, ...]]]:
    """Yield each picture that differs from the one before by more than the dots that move, and its seconds."""
    different = [next(same) for _, same in groupby(frames, lambda frame: _without_dots(_plain(frame.rows)))]
    for frame, following in zip(different, [*different[1:], None], strict=True):
        length = _LAST if following is None else min(_LONGEST, following.seconds - frame.seconds)
        yield length, tuple(map(_trimmed, frame.rows))


def _plain(rows: Iterable[Row]) -> str:
    return "\n".join("".join(character for character, _ in row).rstrip() for row in rows).rstrip()


def _without_dots(text: str) -> str:
    return re.sub(r"(?<=\))\.+ *", " ", re.sub(r" +", " ", text))


def _trimmed(row: Row) -> Row:
    return row[: len("".join(character for character, _ in row).rstrip())]


def _keyframes(shares: Sequence[float], height: int) -> Iterator[str]:
    begin = 0.0
    for number, share in enumerate(shares):
        yield f"{begin:.2%} {{ transform: translateY({-height * number}px) }}"
        begin += share


def _text(row: Row, name: str) -> str:
    """Return a line of text; each part is placed by itself, as the widths of fonts differ."""
    parts, column = [], 0
    for style, run in groupby(row, lambda cell: cell[1]):
        run_text = "".join(character for character, _ in run)
        for word in re.finditer(r"\S+( \S+)*", run_text):
            x = round((column + word.start()) * _WIDTH, 1)
            parts.append(f'<tspan x="{x:g}"{_classes(style)}>{escape(word[0])}</tspan>')
        column += len(run_text)
    return f'<text id="{name}">{"".join(parts)}</text>'


def _classes(style: Style) -> str:
    named = ((style.bold, "b"), (style.dim, "d"), (style.underline, "u"), (True, _COLORS.get(style.color or 0, "")))
    classes = " ".join(name for given, name in named if given and name)
    return f' class="{classes}"' if classes else ""


def _scene(rows: Sequence[Row], ids: dict[Row, str], top: int) -> str:
    lines = (f'<use href="#{ids[row]}" y="{top + number * _LINE + _SIZE}"/>' for number, row in enumerate(rows) if row)
    return f"<g>{''.join(lines)}</g>"


# ----------------------------------------------------------------------------------------------------------------- read

_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[list[str]]:
    """Return the lines of each picture of a film, with single spaces, and without words that the screen's edge cuts."""
    root = ET.fromstring(svg)  # noqa: S314  our own
    lines = {text.get("id"): " ".join(map(_whole, text)) for text in root.iter(f"{_SVG}text")}
    [film] = [group for group in root.iter(f"{_SVG}g") if group.get("class") == "film"]
    return [[lines[(use.get("href") or "")[1:]] for use in scene] for scene in film]


def _whole(part: ET.Element) -> str:
    text = part.text or ""
    end = round(float(part.get("x", "0")) / _WIDTH) + len(text)
    return text if end < COLUMNS - 1 else text.rpartition(" ")[0]


def words(scenes: Iterable[Iterable[str]]) -> set[str]:
    """Return the words of a film, with `#` for each number: what every run has in common."""
    found = (re.sub(r"[\d.]*\d", "#", word).rstrip(".") for lines in scenes for line in lines for word in line.split())
    return {word for word in found if word}


def main() -> None:
    """Record, draw and write."""
    engine.heed_interrupts()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(record()), encoding="utf-8")


if __name__ == "__main__":
    main()
