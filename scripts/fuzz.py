"""`make fuzz ARGS=seconds`: coverage-guided fuzzing of the decoder, for one minute by default.

The seeds are `tests/responses`. Inputs that reach new code are kept in `.fuzz/corpus`, those that break an invariant in
`.fuzz/`. With files as arguments the script checks those files; it neither fuzzes nor needs atheris.
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
    """Fuzz in this process; atheris ends the process."""
    import atheris  # noqa: PLC0415  an optional dependency

    with atheris.instrument_imports(include=["pulumi_cosjob"]):
        import invariants  # noqa: PLC0415  instrumented by the line above
    import mutations  # noqa: PLC0415  imports the package, which has to be instrumented first

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311  reproducible
        if rng.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        return mutations.mutate(data, rng, most)[:most]

    atheris.Setup([sys.argv[0], *arguments], invariants.check, custom_mutator=mutate)
    atheris.Fuzz()


def run(seconds: int) -> int:
    """Fuzz in a process of its own and print the result; return 1 if an invariant was broken."""
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
    print("broken invariants: " + ("none" if child.returncode == 0 else f"see above, and {FOLDER}"))
    return 1 if child.returncode else 0


def main(arguments: Sequence[str]) -> int:
    """Fuzz, or check single files."""
    if arguments and arguments[0] == "--here":
        fuzz(arguments[1:])
    if not arguments or arguments[0].isdigit():
        return run(int(arguments[0]) if arguments else 60)
    import invariants  # noqa: PLC0415  imports the package, which `fuzz` has to instrument first

    for name in arguments:
        print(f"{name}: {invariants.check(Path(name).read_bytes()) or 'refused'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
