"""Examples in all languages, of the plugin's schema and of this repository, and how tests run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patience import moved_by_requests
from pulumi_cosjob import __version__
from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_environment import engine_path

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator
    from stacks import Stack

__all__ = ["JOB", "OTHER_JOB", "SCHEMA", "create_completed_jobs", "documented", "run", "run_example"]

# The job id of the vendor's own example. Programs in YAML contain it: their host here does not read configuration.
JOB = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
# The second job id of the schema's examples.
OTHER_JOB = "7b1f7f0e-2c5d-4a39-9a53-0d8c1c1c6f4e"
SCHEMA = package_schema(__version__)


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    """Run a tool, which has to succeed; return its output."""
    path = os.pathsep.join([engine_path(all_languages=True), os.environ["PATH"]])
    done = subprocess.run(
        command,
        executable=shutil.which(command[0], path=path),
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def documented(language: str) -> dict[str, str]:
    """Return the examples of the schema in a language, by the name of the resource or function."""
    parts = {"Provider": SCHEMA["provider"], **SCHEMA["functions"], **SCHEMA["resources"]}
    fence = re.compile(f"```{language}\n(.*?)```", re.DOTALL)
    return {
        name.rpartition(":")[2]: code for name, each in parts.items() for code in fence.findall(each["description"])
    }


def run_example(stack: Stack, created: int, *services: CosBatchEmulator) -> dict[str, Any]:
    """Run an example from a preview to `pulumi destroy`; its jobs run after the preview.

    Args:
        stack: The example.
        created: The number of its resources, including the stack.
        services: The emulators with its jobs, whose clocks are held.

    Returns:
        The outputs of the stack.
    """
    assert f"{created} to create" in stack.preview().ok().text
    with moved_by_requests(*services):
        up = stack.up().ok()
    assert "warning" not in up.text
    assert re.search(r"copied creating \([0-9]+s\) .*\d+ %, .*\d+ of 100 tasks", up.text), "live progress is shown"
    # The gate is created before the creation of its dependents starts.
    assert up.text.rindex("copied created") < up.text.index("release creating")
    outputs = stack.outputs()
    assert f"{created} unchanged" in stack.up("--expect-no-changes").ok().text
    # Of a program that reads the job beside its gate, one output shows how it was before.
    assert {**stack.outputs(), "statusBefore": ""} == {**outputs, "statusBefore": ""}
    assert f"{created} deleted" in stack.destroy().ok().text
    return outputs


def create_completed_jobs(service: CosBatchEmulator) -> None:
    """Create the jobs of the schema's examples, which then have completed."""
    for job_id in (JOB, OTHER_JOB):
        service.create_job("completes", seconds=3, job_id=job_id)
    service.clock.advance(60)
