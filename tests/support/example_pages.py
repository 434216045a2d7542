"""The pages of the examples: the lines that a reader types, run by a shell beside emulators whose clocks are held."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from places import ROOT
from pulumi_environment import pulumi_environment

__all__ = ["ACCOUNT", "EMULATED", "FOLDER", "SDK", "page", "run_at_the_emulator", "run_with_an_account", "sections"]

FOLDER = ROOT / "examples"
# The sections of the pages.
BEFORE, AFTERWARDS = "Before the first example", "Afterwards"
SDK, EMULATED, ACCOUNT = "The SDK, once", "At the emulator", "With an account"

_EMULATOR = "cosjob emulator "
# The lines of the index that a test leaves out: the package is installed, and the state is in a folder of the test.
_PREPARED = ("python3 -m venv ", "pip install ", "pulumi login ")

_END = "end-of-command"
# Later than a job of 20 seconds has begun, and earlier than it has ended: progress is reported in between.
_ADVANCE = 9
_PROGRESS = re.compile(r" \S*cosjob:\S*Completion \S+ creating \(")
# What differs from run to run, and is no part of what a page shows.
_MASKS = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"creating \(\d+s\) .*(tasks|jobs Complete\b.*)$"), "creating PROGRESS"),
    (re.compile(r"\([\d.]+s\)"), "(SECONDS)"),
)


@dataclass(frozen=True)
class Step:
    """A line that is typed, and the lines that it prints as the page shows them."""

    command: str
    shown: list[str] = field(default_factory=list)


def page(name: str = "") -> str:
    """Return the page of an example; by default the index."""
    return (FOLDER / name / "README.md").read_text(encoding="utf-8")


def sections(text: str) -> dict[str, list[Step]]:
    """Return the steps of a page below each heading of the second level: its blocks of the language `console`."""
    found = (section.partition("\n") for section in text.split("\n## ")[1:])
    return {
        name.strip(): _steps("".join(re.findall(r"```console\n(.*?)```", below, re.DOTALL))) for name, _, below in found
    }


def _steps(block: str) -> list[Step]:
    steps: list[Step] = []
    for line in re.sub(r" \\\n\s*", " ", block).splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        else:
            steps[-1].shown.append(line)
    return steps


def masked(line: str) -> str:
    """Return a line of output without what differs from run to run: ports, times, ids of jobs and progress."""
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return line.rstrip()


def show(shown: list[str], printed: list[str]) -> bool:
    """Return whether lines of a page are those that were printed; the line `...` stands for any lines.

    A page that shows nothing of a command leaves out what it printed.
    """
    pattern = "".join(".*" if line == "..." else re.escape(masked(line)) + "\n" for line in shown)
    return not shown or re.fullmatch(pattern, "".join(f"{masked(line)}\n" for line in printed), re.DOTALL) is not None


class Clocks:
    """The clocks of the jobs at emulators, which stand still until they are advanced.

    Args:
        endpoints: The endpoints of the emulators, by the port that the page names.
    """

    def __init__(self, endpoints: dict[str, str]) -> None:
        self.endpoints = endpoints
        self._post("clock", {"hold": True})

    def advance(self, seconds: float) -> None:
        """Advance all of them."""
        self._post("clock", {"advance": seconds})

    def create_job(self, job_id: str, **properties: Any) -> None:
        """Create a job at each emulator."""
        self._post("jobs", {"job_id": job_id, **properties})

    def _post(self, route: str, body: dict[str, Any]) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for endpoint in self.endpoints.values():
            opener.open(f"{endpoint}/_emulator/{route}", json.dumps(body).encode(), timeout=60).close()


@contextlib.contextmanager
def emulators(steps: list[Step]) -> Iterator[Clocks]:
    """Run the emulators of a page, each as a process on a free port in place of the one that the page names."""
    with contextlib.ExitStack() as ends:
        endpoints = {}
        for step in steps:
            [port] = re.findall(r"--port (\d+)", step.command)
            words = shlex.split(step.command.replace(f"--port {port}", "--port 0"))
            assert words.pop(0) == "cosjob"
            command = [str(Path(sys.executable).with_name("cosjob")), *words]
            process = ends.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            ends.callback(process.terminate)
            assert process.stdout is not None
            printed = [process.stdout.readline().rstrip("\n") for _ in range(4)]
            assert show(step.shown, printed), printed
            endpoints[port] = printed[0].removeprefix("listening on ")
        yield Clocks(endpoints)


class Session:
    """A bash in which lines are typed.

    While a gate waits, the clocks are advanced when the engine has reported progress; `sleep` advances them at once.

    Args:
        bash: The process.
        clocks: The clocks of the jobs that the lines are about.
    """

    def __init__(self, bash: subprocess.Popen[str], clocks: Clocks) -> None:
        self._bash = bash
        self._clocks = clocks

    def type(self, command: str) -> list[str]:
        """Type a line, which has to succeed; return what it printed."""
        if pause := re.fullmatch(r"sleep (\d+)", command):
            self._clocks.advance(int(pause[1]))
            return []
        for port, endpoint in self._clocks.endpoints.items():
            command = command.replace(f"http://127.0.0.1:{port}", endpoint)
        assert self._bash.stdin is not None
        # In this shell, so that `export` lasts, but without the lines that are yet to be typed as its input.
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null; echo; echo {_END} $?\n")
        self._bash.stdin.flush()
        *printed, last, end = self._printed()
        printed = printed if last == "" else [*printed, last]
        assert end == f"{_END} 0", "\n".join([command, *printed])
        return printed

    def _printed(self) -> Iterator[str]:
        assert self._bash.stdout is not None
        for line in self._bash.stdout:
            yield line.rstrip("\n")
            if line.startswith(_END):
                return
            if _PROGRESS.search(line):
                self._clocks.advance(_ADVANCE)
        raise AssertionError("the shell has ended")


@contextlib.contextmanager
def _session(folder: Path, variables: dict[str, str], clocks: Clocks) -> Iterator[Session]:
    """Run a shell in a folder; at the end it is killed, with a command that hangs in it."""
    with subprocess.Popen(
        ["bash", "--norc", "--noprofile"],
        cwd=folder,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as bash:
        try:
            yield Session(bash, clocks)
        finally:
            os.killpg(bash.pid, signal.SIGKILL)


def _environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a terminal of a reader who has installed the package and the Pulumi CLI."""
    variables = pulumi_environment(folder / "elsewhere", python=Path(sys.executable), all_languages=True)
    # The index has a line for it.
    del variables["PULUMI_CONFIG_PASSPHRASE"]
    return {**variables, "PYTHONPATH": str(ROOT / "tests" / "no_pip"), **more}


def _before() -> list[str]:
    """Return the lines of the index that come before those of the first example."""
    typed = [step.command for step in sections(page())[BEFORE]]
    assert [line for line in typed if line.startswith(_PREPARED)] == typed[:3]
    return typed[3:]


def run_at_the_emulator(name: str, folder: Path, **more: str) -> None:
    """Run the lines of an example at the emulator, and those of the index before and after them.

    Args:
        name: Name of the example.
        folder: A copy of it.
        more: Environment variables besides those that a reader has.
    """
    steps = sections(page(name))[EMULATED]
    own = [step for step in steps if step.command.startswith(_EMULATOR)]
    assert own
    typed = [step for step in steps if step not in own]
    with emulators(own) as clocks, _session(folder, _environment(folder.parent, **more), clocks) as session:
        for line in _before():
            session.type(line)
        for step in [*typed, *sections(page())[AFTERWARDS]]:
            printed = session.type(step.command)
            assert show(step.shown, printed), "\n".join([step.command, *printed])
            assert not [line for line in printed if "warning" in line], printed
        assert session.type("pulumi stack ls --json") == ["[]"]


def run_with_an_account(name: str, folder: Path, **more: str) -> None:
    """Run the lines of an example that are for an account; an emulator that has completed jobs is the service.

    Args:
        name: Name of the example.
        folder: A copy of it.
        more: Environment variables besides those that a reader has.
    """
    steps = sections(page(name))[ACCOUNT]
    jobs = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", page(name).partition(f"## {ACCOUNT}")[2]))
    with emulators([Step("cosjob emulator --port 8080")]) as clocks:
        # The program in YAML has the id of its job in itself.
        for job_id in jobs | {"my-job"}:
            clocks.create_job(job_id)
        clocks.advance(60)
        [endpoint] = clocks.endpoints.values()
        variables = {
            "COSJOB_ENDPOINT": endpoint,
            "TENCENTCLOUD_SECRET_ID": "emulator-id",
            "TENCENTCLOUD_SECRET_KEY": "emulator-key",
        }
        with _session(folder, _environment(folder.parent, **variables, **more), clocks) as session:
            for line in [*_before(), *(step.command for step in steps)]:
                # In place of what is typed at a prompt.
                typed = re.sub(
                    r"secret(Id|Key) --secret$", lambda found: f"{found[0]} emulator-{found[1].lower()}", line
                )
                session.type(f"{line} --yes --skip-preview" if line == "pulumi up" else typed)
