"""Stacks on the real Pulumi engine, for tests: a program and a backend in a temporary folder."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from patience import HANGS, until
from places import ROOT
from pulumi_environment import STATE, engine_path, pulumi_environment, write_project

NO_PIP = ROOT / "tests" / "no_pip"
STACK = "dev"


def pulumi_executable() -> str:
    """Return the path of the Pulumi CLI."""
    found = shutil.which("pulumi", path=engine_path(all_languages=True))
    assert found is not None
    return found


@functools.cache
def new_backend(project: str) -> Path:
    """Return a folder with a backend and a stack of a project, to be copied.

    Creating a stack takes half a second of CPU time: its key is derived from the passphrase.
    """
    folder = Path(tempfile.mkdtemp(prefix="backend-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_project(folder, project, "")
    done = subprocess.run(
        [pulumi_executable(), "stack", "init", STACK, "--non-interactive"],
        cwd=folder,
        env=pulumi_environment(folder, all_languages=True),
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def name_plugin(folder: Path, plugin: Path) -> None:
    """Name the folder of the native plugin in a project, in place of an installation of it."""
    with (folder / "Pulumi.yaml").open("a") as file:
        file.write(f"plugins: {{providers: [{{name: cosjob, path: {json.dumps(str(plugin))}}}]}}\n")


@dataclass(frozen=True)
class Run:
    """Exit code and output of a CLI call."""

    code: int
    text: str

    def ok(self) -> Run:
        """Assert that the call succeeded."""
        assert self.code == 0, self.text
        return self

    def failed(self) -> Run:
        """Assert that the call failed."""
        assert self.code != 0, self.text
        return self

    def diagnostics(self) -> str:
        """Return the engine's messages, on one line."""
        return " ".join(self.text.partition("Diagnostics:")[2].split())


@dataclass(frozen=True)
class Process:
    """A process of this machine; its start time tells it from a later process with the same number."""

    number: int
    started: str
    command: str

    @classmethod
    def all(cls) -> dict[Process, int]:
        """Return all processes that run now, each with the number of its parent; zombies are left out."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state, parent, *_rest = fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if state not in "ZX":
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[cls(int(folder.name), fields[19], command)] = int(parent)
        return found

    def is_running(self) -> bool:
        """Return whether the process still runs."""
        return any((each.number, each.started) == (self.number, self.started) for each in Process.all())

    def wait(self) -> None:
        """Wait until the process has ended by itself."""
        until(lambda: not self.is_running(), lambda: f"still running: {self.command}")

    def kill(self) -> None:
        """Kill the process, if it runs."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGKILL)


class Running:
    """A CLI call that is under way.

    Args:
        process: The CLI.
        output: The file with its output.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output
        self._seen: set[Process] = set()

    @property
    def text(self) -> str:
        """The output so far."""
        return self._output.read_text(errors="replace")

    def children(self) -> list[Process]:
        """Return the running processes that the CLI started, directly or indirectly."""
        running = Process.all()
        family = {self.process.pid}
        for each in sorted(running, key=lambda each: int(each.started)):
            if running[each] in family:
                family.add(each.number)
        found = [each for each in running if each.number in family - {self.process.pid}]
        self._seen.update(found)
        return found

    def wait(self) -> Run:
        """Wait until the call ends by itself."""
        code = self.process.wait(HANGS)
        return Run(code, self.text)

    def end(self) -> None:
        """Kill the CLI and all processes that it started."""
        self.children()
        self.process.kill()
        self.process.wait()
        for each in self._seen:
            each.kill()


class Stack:
    """One stack of one program.

    Args:
        folder: Holds the program and its backend; it is created.
        program: A Python program; or a folder with a project in any language, copied to `folder` unless it is that one.
        variables: Environment variables beyond those of every stack.
        python: The interpreter that runs the program; by default the tests' own.
        plugin: The folder that holds the native plugin, for programs that need it.
    """

    def __init__(
        self,
        folder: Path,
        program: str | Path,
        variables: dict[str, str],
        python: Path | None = None,
        plugin: Path | None = None,
    ) -> None:
        self.folder = folder
        self.prefix: Sequence[str] = ()
        """A command that runs the CLI, such as `nice`; empty where the CLI is run directly."""
        self.variables = {
            **pulumi_environment(folder, python=python or Path(sys.executable), all_languages=True),
            "PULUMI_STACK": STACK,
            # With another interpreter, its pip is part of what is tested.
            **({} if python else {"PYTHONPATH": str(NO_PIP)}),
            "PYTHONWARNINGS": "default",
            **variables,
        }
        project = folder / "Pulumi.yaml"
        if not isinstance(program, Path):
            write_project(folder, "tests", program)
        elif program != folder:
            shutil.copytree(program, folder, dirs_exist_ok=True)
        if plugin is not None:
            name_plugin(folder, plugin)
        backend = new_backend(yaml.safe_load(project.read_text())["name"])
        shutil.copytree(backend / STATE, folder / STATE, dirs_exist_ok=True)
        shutil.copy(backend / f"Pulumi.{STACK}.yaml", folder)

    def write(self, program: str) -> None:
        """Replace the program."""
        (self.folder / "__main__.py").write_text(program)

    def command(self, *arguments: str) -> list[str]:
        """Return the full command of a CLI call."""
        return [*self.prefix, pulumi_executable(), *arguments, "--non-interactive", "--color", "never"]

    def run(self, *arguments: str) -> Run:
        """Run the CLI."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """Run the CLI in the background; at the end it is killed, with all processes that it started."""
        with (self.folder / "output").open("wb") as output:
            process = subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(process, self.folder / "output")
        try:
            yield running
        finally:
            running.end()

    def preview(self, *arguments: str) -> Run:
        """Run `pulumi preview`."""
        return self.run("preview", *arguments)

    def up(self, *arguments: str) -> Run:
        """Run `pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def refresh(self) -> Run:
        """Run `pulumi refresh`."""
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        """Run `pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        outputs: dict[str, Any] = json.loads(self.run("stack", "output", "--json").ok().text)
        return outputs

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state."""
        state = json.loads(self.run("stack", "export").ok().text)
        resources: list[dict[str, Any]] = state["deployment"].get("resources", [])
        return resources


NewStack = Callable[..., Stack]
"""Makes a stack of a program, with further variables; the type of the fixture `new_stack`."""


def error_line(run: Run) -> str:
    """Return the line of the first error of a resource."""
    about_resource = run.failed().text.partition("Diagnostics:")[2].partition("pulumi-python:dynamic")[2]
    return next(line.strip() for line in about_resource.splitlines() if "error: " in line)
