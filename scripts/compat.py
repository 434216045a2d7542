"""`make compat`: the tests on every Python of this machine from 3.10 on, with the newest and the oldest dependencies.

Searches interpreters on PATH and among those of pyenv and uv; one that is too new for a dependency is reported as such.
All tests without the engine run on each; of those on the real engine a few, enough to load every provider there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = ROOT / "scripts" / "requirements"
OLDEST = 10
# As in the Makefile.
PARALLEL = f"--numprocesses={(os.cpu_count() or 1) + 2}"
ON_THE_ENGINE = (
    "tests/dynamic/test_gates.py::test_gate_deployment",
    "tests/plugin/test_native.py::test_a_program_on_the_plugin",
)


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine."""

    minor: int
    path: Path

    @property
    def name(self) -> str:
        """Its version in short."""
        return f"3.{self.minor}"


def minor_of(python: Path) -> int | None:
    """Return the minor version of a Python 3; None if it does not run, such as the shim of a version that is removed.

    None too for other implementations and for free-threaded builds: the dependencies have no wheels for them.
    """
    code = "import sys, sysconfig; print(sys.version_info[:2]); "
    code += "sys.exit(sys.implementation.name != 'cpython' or bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    try:
        printed = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"\(3, ([0-9]+)\)", printed)
    return int(match[1]) if match else None


def candidates() -> Iterator[Path]:
    """Yield paths that may be interpreters."""
    yield Path(sys.executable)
    for minor in range(OLDEST, OLDEST + 20):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/3.*/bin/python"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    yield from sorted(uv.glob("cpython-3.*/bin/python3"))


def interpreters() -> list[Interpreter]:
    """Return one interpreter of each supported version, the oldest first."""
    found: dict[int, Interpreter] = {}
    for path in candidates():
        minor = minor_of(path)
        if minor is not None and minor >= OLDEST:
            found.setdefault(minor, Interpreter(minor, path))
    return [found[minor] for minor in sorted(found)]


def environment(python: Interpreter, pins: str) -> Path:
    """Return the Python of an environment with these dependencies; it is created if it is missing or out of date."""
    folder = ROOT / f".venv-{python.name}-{pins}"
    inside, ready = folder / "bin" / "python", folder / "ready"
    newest = max(path.stat().st_mtime for path in (PINS / f"{pins}.txt", ROOT / "pyproject.toml"))
    if not ready.exists() or ready.stat().st_mtime < newest:
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([str(python.path), "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", str(PINS / f"{pins}.txt")], check=True)
        subprocess.run([*pip, "--no-build-isolation", "--editable", str(ROOT)], check=True)
        ready.touch()
    return inside


def run(python: Path, pins: str) -> str:
    """Run the tests; return their results in one line."""
    deselected = " and not newest" if pins == "lowest" else ""
    results = []
    for arguments in (["-m", f"not engine{deselected}"], list(ON_THE_ENGINE)):
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", PARALLEL, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = (done.stdout.strip().splitlines() or ["nothing was run"])[-1]
        results.append(re.sub(r"(, [0-9]+ deselected)? in .*", "", last))
        if done.returncode:
            print(done.stdout[-5000:], done.stderr[-2000:])
            results[-1] += " FAILED"
    return ", on the engine ".join(results)


def main(arguments: list[str]) -> int:
    """Run the tests on all interpreters; with `--oldest` print the path of the oldest one."""
    found = interpreters()
    if "--oldest" in arguments:
        print(found[0].path)
        return 0
    rows = []
    for python in found:
        for pins in ("dev", "lowest") if python is found[0] else ("dev",):
            started = time.monotonic()
            try:
                result = run(environment(python, pins), pins)
            except subprocess.CalledProcessError as error:
                result = f"no environment FAILED: {error}"
            which = "oldest" if pins == "lowest" else "newest"
            rows.append(f"Python {python.name:5} {which} dependencies  {time.monotonic() - started:4.0f} s  {result}")
            print(rows[-1], flush=True)
    print("\n" + "\n".join(rows))
    return 1 if any("FAILED" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
