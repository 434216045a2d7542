"""`make demo`: a job is read, and a release waits for another, by a real `pulumi up` without any account.

Starts the emulator, creates jobs there, runs two examples on a backend in a temporary folder, and removes all of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local_service import Shell, control, emulator, environment
from pulumi_environment import engine_path

ROOT = Path(__file__).parent.parent
# Seconds by which the emulator's clock advances before each update: created, active, complete.
STEPS = (0, 8, 20)
# Of the second job, which nothing advances.
SECONDS = 8
INTERRUPTED = 130

PLAN = """This takes about half a minute, needs no account, and leaves nothing behind. It

  1. finds a Pulumi engine; if this machine has none, one is built, once, in about five minutes,
  2. starts an emulator of COS Batch on this machine and creates a job there,
  3. reads the job by `pulumi up` while it runs: the program is examples/quickstart,
  4. holds a release until a second job has completed: the program is examples/gate_deployment."""

NEXT = """  examples/README.md                 ten programs in four languages, with the lines that run them
  .venv/bin/cosjob emulator --help   the emulator, for programs of your own
  .venv/bin/cosjob describe JOB_ID   a job of your account; README.md has the settings that it needs"""


def headline(text: str) -> None:
    """Print a line that stands out from the engine's output."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def new_stack(endpoint: str, folder: Path, example: str, job_id: str) -> Shell:
    """Return a shell in a copy of an example with a stack, which is about a job."""
    shutil.copytree(ROOT / "examples" / example, folder / example)
    shell = Shell(folder / example, environment(endpoint, folder))
    shell.read("pulumi", "stack", "init", "demo")
    shell.run("pulumi", "config", "set", "jobId", job_id)
    return shell


def watch(shell: Shell, endpoint: str) -> Iterator[str]:
    """Update the stack while the job advances; yield what the program read each time."""
    for seconds in STEPS:
        control(endpoint, "clock", hold=True, advance=seconds)
        headline(f"{seconds} s later, the program reads the job again" if seconds else "The program reads the job")
        shell.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")
        outputs = json.loads(shell.read("pulumi", "stack", "output", "--json"))
        progress = outputs.get("progress")
        tasks = f"{progress['number_of_tasks_succeeded']} of {progress['total_number_of_tasks']}" if progress else "-"
        yield f"{outputs['status']:10} {tasks}"
    if outputs["status"] != "Complete":
        sys.exit("demo: the job never became complete")


def read_a_job(endpoint: str, folder: Path) -> None:
    """Read a job by the quickstart from its creation to its end."""
    headline(f"COS Batch is emulated on {endpoint}; a job is created there")
    control(endpoint, "clock", hold=True)
    job_id = control(endpoint, "jobs", Description="Copy last year to the archive")["job_id"]
    Shell(folder, environment(endpoint, folder)).run("cosjob", "describe", job_id)
    headline("The quickstart, with its state in a temporary folder")
    shell = new_stack(endpoint, folder, "quickstart", job_id)
    seen = list(watch(shell, endpoint))
    headline("The job's life, as the program read it")
    print("\n".join(seen))
    headline("Deleting the stack does not delete the job")
    remove(shell)


def open_a_gate(endpoint: str, folder: Path) -> None:
    """Hold a deployment until another job, on the real clock, has completed."""
    control(endpoint, "reset")
    job_id = control(endpoint, "jobs", seconds=SECONDS, starts="first-request")["job_id"]
    headline("A gate: the release starts when a second job has completed, and not before")
    shell = new_stack(endpoint, folder, "gate_deployment", job_id)
    shell.run("pulumi", "up", "--yes", "--skip-preview")
    remove(shell)


def remove(shell: Shell) -> None:
    """Delete a stack, with its history and configuration."""
    shell.run("pulumi", "destroy", "--yes", "--skip-preview", "--suppress-progress", "--remove")


def main() -> None:
    """Run the demo."""
    print(PLAN)
    headline("A Pulumi engine")
    print(f"found in {engine_path()}")
    with tempfile.TemporaryDirectory(prefix="cosjob-demo-") as folder, emulator() as endpoint:
        read_a_job(endpoint, Path(folder))
        open_a_gate(endpoint, Path(folder))
    headline("Done; the emulator and the stacks are removed. What to try next:")
    print(NEXT)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ndemo: interrupted; nothing is left running", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except subprocess.CalledProcessError as failed:
        print(failed.stderr or "", end="", file=sys.stderr)
        sys.exit(f"demo: failed: {' '.join(failed.cmd)}")
