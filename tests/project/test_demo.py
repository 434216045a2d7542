"""`make demo` as a person sees it: from its first line to its last, and when it is interrupted."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from patience import HANGS, until
from places import PYTHONPATH, ROOT
from stacks import Process

pytestmark = pytest.mark.engine


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return the demo as a process, whose temporary folder is below that of the test."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "PYTHONPATH": PYTHONPATH, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "demo.py")],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def left_in(folder: Path) -> list[str]:
    """Return the commands of all processes whose environment names a folder, other than this process."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.name != str(os.getpid()) and str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_the_demo_says_what_it_does_and_what_comes_next(demo: subprocess.Popen[str]) -> None:
    """First a plan, then two programs without a warning, and at the end three lines with what to try."""
    text, _ = demo.communicate(timeout=HANGS)
    assert demo.returncode == 0, text
    assert text.startswith("This takes about half a minute, needs no account, and leaves nothing behind.")
    assert re.findall(r"^  (\d)\. ", text.partition("\n==")[0], re.MULTILINE) == ["1", "2", "3", "4"]
    assert "New        -\nActive     50 of 100\nComplete   100 of 100\n" in text
    assert re.search(r"copied creating \(\d+s\) \d+ %", text), "the gate waits"
    assert text.rindex("copied created") < text.index("release creating")
    assert not re.search("warning|error|--appid|--uin", text)
    *_, headline, first, second, third = text.splitlines()
    assert headline.endswith("What to try next:")
    for line in (first, second, third):
        what = line.split()[0]
        assert (ROOT / what).exists() or what == ".venv/bin/cosjob", line


def test_an_interrupted_demo_leaves_nothing_running(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    """While a gate waits: the engine with all it started has ended, and so has the emulator; no file is left."""
    assert demo.stdout is not None
    before = ""
    for line in demo.stdout:
        before += line
        if "JobCompletion copied creating" in line:
            break
    started = [each for each, parent in Process.all().items() if parent == demo.pid]
    assert started, before
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=HANGS)
    assert demo.returncode == 130, before + rest
    assert rest.splitlines()[-1] == "demo: interrupted; nothing is left running"
    assert "Traceback" not in rest
    for each in started:
        each.wait()
    # The engine's own processes end when it has.
    until(lambda: not left_in(tmp_path), lambda: str(left_in(tmp_path)))
    assert not list(tmp_path.glob("cosjob-demo-*"))
