"""The command alone, where the Pulumi SDK is not installed: each way in works, or says what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_cosjob.testing import CosBatchEmulator

# As where none of them is installed.
ABSENT = "import sys; sys.modules.update(dict.fromkeys(('pulumi', 'grpc', 'google.protobuf')))\n"
COMMAND = f"{ABSENT}from pulumi_cosjob._cli.main import main; main(prog_name='cosjob')"
INSTALL = 'pip install "pulumi-cosjob[pulumi]"'


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["get_job", "get_jobs", "list_jobs", "JobCompletion", "AllJobsCompletion"])
def test_a_program_learns_what_it_needs(name: str) -> None:
    """The last line names the extra, not a module that nobody has heard of."""
    done = run(f"{ABSENT}from pulumi_cosjob import {name}")
    assert done.stderr.splitlines()[-1] == f"ImportError: {name} needs the Pulumi SDK; install it with: {INSTALL}"


@pytest.mark.parametrize(
    ("imported", "what"), [("native", "pulumi_cosjob.native"), ("testing.CosJobMocks", "CosJobMocks")]
)
def test_modules_for_programs_name_the_extra(imported: str, what: str) -> None:
    """So do the modules that only programs import; another module that is missing is reported as it is."""
    module, _, name = imported.partition(".")
    program = f"from pulumi_cosjob.{module} import {name}" if name else f"import pulumi_cosjob.{module}"
    assert run(ABSENT + program).stderr.splitlines()[-1].startswith(f"ImportError: {what} needs the Pulumi SDK")
    other = run(f"import sys; sys.modules['dataclasses'] = None\n{program}")
    assert "ModuleNotFoundError" in other.stderr
    assert "Pulumi SDK" not in other.stderr


def test_scripts_and_the_command_do_without(full_response: Any, tmp_path: Path) -> None:
    """Jobs are read, listed and waited for, responses validated, and the emulator serves."""
    (tmp_path / "full.xml").write_bytes(full_response)
    with CosBatchEmulator() as service:
        service.create_job("completes", seconds=0, job_id="done")
        service.clock.advance(60)
        variables = service.environment()
        script = (
            "from pulumi_cosjob import CosBatchClient\nprint(*(job.job_id for job in CosBatchClient().list_jobs()))"
        )
        assert run(ABSENT + script, **variables).stdout == "done\n"
        for arguments in (["describe", "done"], ["wait", "done"], ["validate", str(tmp_path / "full.xml")], ["--help"]):
            done = run(COMMAND, *arguments, **variables)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["install", "serve"])
def test_the_plugin_is_not_installed_where_it_cannot_run(command: str, tmp_path: Path) -> None:
    """It would fail at the first deployment; the command says so, and writes nothing."""
    done = run(COMMAND, "plugin", command, PULUMI_HOME=str(tmp_path / "home"))
    assert done.returncode == 2
    what = "the plugin needs the Pulumi SDK in its Python environment"
    assert done.stderr == f"cosjob: {what}. Install it there: {INSTALL}\n"
    assert not (tmp_path / "home").exists()
