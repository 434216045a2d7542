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

PASSPHRASE = "tests"
NO_PIP = ROOT / "tests" / "no_pip"
STACK = "dev"
# What keeps a call of the engine from a network, and from what is not under test.
QUIET = {
    "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    # An editable install hides its pulumi-plugin.json, and every command would look for a plugin to download.
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@functools.cache
def engine_path() -> str:
    """Return the folders of the Pulumi CLI and its hosts, as in PATH; a failure to provide them fails the test."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "engine.py", "--all"],
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    assert done.returncode == 0, f"no Pulumi engine: {done.stderr}"
    return done.stdout.splitlines()[-1]


@functools.cache
def new_backend(project: str) -> Path:
    """Return a folder with a backend, and a stack of a project in it, to be copied: making one takes long.

    Half a second of computing goes into the key that each stack derives from its passphrase.
    """
    folder = Path(tempfile.mkdtemp(prefix="backend-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": project, "runtime": "python"}))
    variables = {**os.environ, **QUIET, "PULUMI_HOME": str(folder / "home")}
    variables["PULUMI_BACKEND_URL"] = f"file://{folder / 'state'}"
    command = [shutil.which("pulumi", path=engine_path()) or "pulumi", "stack", "init", STACK, "--non-interactive"]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@dataclass(frozen=True)
class Run:
    """What a CLI call did."""

    code: int
    text: str

    def ok(self) -> Run:
        """Fail the test where the call failed."""
        assert self.code == 0, self.text
        return self

    def failed(self) -> Run:
        """Fail the test where the call did not fail."""
        assert self.code != 0, self.text
        return self


@dataclass(frozen=True)
class Process:
    """A process of this machine, which is not taken for another one that has got its number."""

    number: int
    started: str
    command: str

    @classmethod
    def all(cls) -> dict[Process, int]:
        """Return all that run now, each with the number of its parent; those that only have to be reaped do not."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state, parent, *_rest = fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if state not in "ZX":
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[cls(int(folder.name), fields[19], command)] = int(parent)
        return found

    def is_running(self) -> bool:
        """Tell whether it runs still."""
        return any((each.number, each.started) == (self.number, self.started) for each in Process.all())

    def wait(self) -> None:
        """Wait until it has ended by itself."""
        until(lambda: not self.is_running(), lambda: f"goes on: {self.command}")

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGKILL)


class Running:
    """A CLI call that is under way.

    Args:
        process: The CLI.
        said: The file with what it has said.
    """

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self.process = process
        self._said = said
        self._seen: set[Process] = set()

    @property
    def text(self) -> str:
        """What it has said by now."""
        return self._said.read_text(errors="replace")

    def children(self) -> list[Process]:
        """Return what it has started, and what that has started, as far as it runs."""
        running = Process.all()
        family = {self.process.pid}
        for each in sorted(running, key=lambda each: int(each.started)):
            if running[each] in family:
                family.add(each.number)
        found = [each for each in running if each.number in family - {self.process.pid}]
        self._seen.update(found)
        return found

    def wait(self) -> Run:
        """Wait until it ends by itself."""
        code = self.process.wait(HANGS)
        return Run(code, self.text)

    def end(self) -> None:
        """Kill it and all that it has started, as far as that runs still."""
        self.children()
        self.process.kill()
        self.process.wait()
        for each in self._seen:
            each.kill()


class Stack:
    """One stack of one program.

    Args:
        folder: Holds the program and its backend; it is made.
        program: A Python program; or a folder with a whole one in any language, which is copied if it is another.
        variables: What the environment has besides.
        python: Another interpreter for the program than the tests'.
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
        """What the CLI is run by, where it is not run as it is: a command that ends in another one."""
        (folder / "state").mkdir(parents=True)
        project = folder / "Pulumi.yaml"
        if isinstance(program, Path):
            if program != folder:
                shutil.copytree(program, folder, dirs_exist_ok=True)
        else:
            project.write_text("name: tests\nruntime: python\n")
            self.write(program)
        if plugin is not None:
            with project.open("a") as file:
                file.write(f"plugins: {{providers: [{{name: cosjob, path: {json.dumps(str(plugin))}}}]}}\n")
        backend = new_backend(yaml.safe_load(project.read_text())["name"])
        shutil.copytree(backend / "state", folder / "state", dirs_exist_ok=True)
        shutil.copy(backend / f"Pulumi.{STACK}.yaml", folder)
        # The Python host of the engine takes whichever interpreter comes first on PATH.
        binaries = (python or Path(sys.executable)).parent
        self.variables = {
            **os.environ,
            "PATH": os.pathsep.join([str(binaries), engine_path(), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_STACK": STACK,
            **QUIET,
            # In this environment; in others it is part of what is tested.
            **({} if python else {"PYTHONPATH": str(NO_PIP)}),
            "PYTHONWARNINGS": "default",
            **variables,
        }

    def write(self, program: str) -> None:
        """Replace the program."""
        (self.folder / "__main__.py").write_text(program)

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command by which the CLI is run."""
        pulumi = shutil.which("pulumi", path=engine_path())
        assert pulumi is not None
        return [*self.prefix, pulumi, *arguments, "--non-interactive", "--color", "never"]

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
        """Run the CLI beside the test; what is left of it is killed in the end, with all that it started."""
        with (self.folder / "said").open("wb") as said:
            process = subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(process, self.folder / "said")
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
