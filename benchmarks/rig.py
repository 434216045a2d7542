"""What measurements run on: the emulator with its jobs, and stacks on the real engine; made at their first use."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import requests

import local_service
from pulumi_environment import write_project
from rows import Sizes, seconds_of

__all__ = ["BESIDE_WORK", "JOB_SECONDS", "Rig", "control", "user_environment"]

BESIDE_WORK = 4.0
"""Seconds that a job of the emulator takes before and after it is Active."""

JOB_SECONDS = 3600.0
"""Seconds for which jobs that are only read are Active: longer than all of `make bench`."""

_LAUNCHER = """#!/bin/sh
unset PYTHONPATH PYTHONHOME
exec {python} -c {code} "$@"
"""
# As the launcher that `cosjob plugin install` writes.
_CODE = (
    "import sys; sys.path[:] = filter(None, sys.path); sys.path.append({folder!r}); from sleeper import main; main()"
)
_SLEEPER_VERSION = "0.1.0"


class Rig:
    """The emulator and stacks of one run.

    Args:
        sizes: The sizes of the run.
        folder: For stacks.
        exits: Ends at the end of the run what is started here.

    Attributes:
        steps: The milliseconds of each step of a provider's process up to its first response, once they are measured.
    """

    def __init__(self, sizes: Sizes, folder: Path, exits: contextlib.ExitStack) -> None:
        self.sizes = sizes
        self.steps: dict[str, float] = {}
        self._folder = folder
        self._exits = exits
        self._stacks = 0
        self._job_ids: list[str] = []

    @functools.cached_property
    def endpoint(self) -> str:
        """The endpoint of the emulator, which is a process of its own."""
        return self._exits.enter_context(local_service.emulator())

    def another(self, name: str) -> Rig:
        """Return another emulator, without jobs, with stacks in a folder of that name."""
        folder = self._folder / name
        folder.mkdir()
        return Rig(self.sizes, folder, self._exits)

    def variables(self) -> dict[str, str]:
        """Return the environment of a program or a command that reads jobs of the emulator."""
        return {**user_environment(), **local_service.service_environment(self.endpoint)}

    def jobs(self, number: int) -> list[str]:
        """Return the ids of so many jobs, which are Active for long."""
        missing = [f"job-{each}" for each in range(len(self._job_ids), number)]
        self.create(missing, JOB_SECONDS)
        self._job_ids += missing
        return self._job_ids[:number]

    def create(self, job_ids: Sequence[str], seconds: float, scenario: str = "completes") -> None:
        """Create jobs, which are Active for so many seconds."""
        with requests.Session() as session:
            for job_id in job_ids:
                job = {"job_id": job_id, "scenario": scenario, "seconds": seconds}
                session.post(f"{self.endpoint}/_emulator/jobs", json=job, timeout=10).raise_for_status()

    @functools.cached_property
    def completed_job(self) -> str:
        """The id of a job that has completed."""
        self.create(["completed"], 0)
        control(self.endpoint, "clock", {"advance": BESIDE_WORK + 1})
        return "completed"

    def stack(self, program: str) -> local_service.Shell:
        """Create a stack of a program; it may use the provider `sleeper`."""
        self._stacks += 1
        name = f"bench{self._stacks}"
        folder = self._folder / name
        folder.mkdir()
        write_project(folder, name, program)
        shell = local_service.Shell(folder, local_service.environment(self.endpoint, folder))
        shell.read("pulumi", "stack", "init", "bench")
        plugins = Path(shell.variables["PULUMI_HOME"]) / "plugins" / f"resource-sleeper-v{_SLEEPER_VERSION}"
        plugins.mkdir(parents=True)
        launcher = plugins / "pulumi-resource-sleeper"
        code = _CODE.format(folder=str(Path(__file__).parent))
        text = _LAUNCHER.format(python=shlex.quote(sys.executable), code=shlex.quote(code))
        launcher.write_text(text, encoding="utf-8")
        launcher.chmod(0o755)
        return shell

    def preview(self, program: str) -> Callable[[], float]:
        """Return what measures the seconds of a preview of a program, in a stack that has had one already."""
        shell = self.stack(program)
        run = functools.partial(shell.read, "pulumi", "preview", "--non-interactive")
        run()  # so that files are in memory, and the plugin is installed
        return lambda: seconds_of(run)

    @staticmethod
    def update(shell: local_service.Shell, *options: str) -> float:
        """Update a stack; return the seconds."""
        command = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", *options)
        return seconds_of(lambda: shell.read(*command))


def user_environment() -> dict[str, str]:
    """Return the environment of a program or a command as a user runs it: without the module path of `make bench`."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def control(endpoint: str, route: str, data: object) -> None:
    """Send data to a control route of the emulator."""
    requests.post(f"{endpoint}/_emulator/{route}", json=data, timeout=10).raise_for_status()
