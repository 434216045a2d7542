"""`make fuzz ARGS=seconds`: coverage-guided fuzzing of the decoder; a minute where nothing is said.

The seeds are `tests/responses`. Inputs that reach new code are kept in `.fuzz/corpus`, those that break a promise in
`.fuzz/`. With files as arguments it checks those, without any fuzzing and without atheris.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".fuzz"
SEEDS = ROOT / "tests" / "responses"
_PROGRESS = re.compile(r"#(\d+)\t.*cov: (\d+) ft: (\d+) corp: (\d+)/")


def fuzz(arguments: Sequence[str]) -> None:
    """Fuzz in this process, which ends with it."""
    import atheris  # noqa: PLC0415  installed only where there is fuzzing to do

    with atheris.instrument_imports(include=["pulumi_cosjob"]):
        import invariants  # noqa: PLC0415  has to be loaded by the line above
    import mutations  # noqa: PLC0415  as above, and not worth to be covered

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311  to be repeated
        if chance.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        return mutations.mutated(data, chance, most)[:most]

    atheris.Setup([sys.argv[0], *arguments], invariants.check, custom_mutator=mutate)
    atheris.Fuzz()


def run(seconds: int) -> int:
    """Fuzz for so long in a process of its own, and tell what came of it; return 1 where a promise was broken."""
    corpus = FOLDER / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS.glob("*.xml"):
        (corpus / seed.name).write_bytes(seed.read_bytes())
    options = [
        *(f"-max_total_time={seconds}", "-max_len=16384", "-timeout=5", "-rss_limit_mb=2048", "-print_final_stats=1"),
        *(f"-artifact_prefix={FOLDER}/", str(corpus)),
    ]
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, __file__, "--here", *options], stderr=subprocess.PIPE, text=True, errors="replace"
    ) as child:
        lines = []
        for line in child.stderr or ():
            lines.append(line)
            if "pulse" in line or not line.startswith("#"):
                print(line, end="", file=sys.stderr, flush=True)
    marks = [tuple(map(int, found.groups())) for line in lines if (found := _PROGRESS.match(line))]
    (_, cov, features, inputs), (executions, *last) = marks[0], marks[-1]
    took = time.monotonic() - began
    print(f"{executions:,} documents in {took:.0f} s, {executions / took:.0f} a second")
    print(f"coverage: {cov} edges to {last[0]}, {features} features to {last[1]}, {inputs} inputs to {last[2]}")
    print("broken promises: " + ("none" if child.returncode == 0 else f"see above, and {FOLDER}"))
    return 1 if child.returncode else 0


def main(arguments: Sequence[str]) -> int:
    """Fuzz, or check single files."""
    if arguments and arguments[0] == "--here":
        fuzz(arguments[1:])
    if not arguments or arguments[0].isdigit():
        return run(int(arguments[0]) if arguments else 60)
    import invariants  # noqa: PLC0415  loads the package, which fuzz has to do by itself

    for name in arguments:
        print(f"{name}: {invariants.check(Path(name).read_bytes()) or 'refused'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
