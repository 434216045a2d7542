"""The wheel in an empty environment, on the real engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from places import ROOT
from stacks import Stack

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.engine


@pytest.mark.extra
def test_the_wheel_alone_runs_the_quickstart(tmp_path: Path, service: CosBatchEmulator) -> None:
    """In an empty environment, the wheel has everything that the quickstart needs, with the schema."""

    def run(*command: Any) -> None:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ".")
    [wheel] = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[pulumi]")
    job_id = service.create_job("completes", description="from the wheel")
    program = (ROOT / "examples" / "quickstart" / "__main__.py").read_text()
    stack = Stack(tmp_path / "stack", program, service.environment(), python)
    del stack.variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]
    stack.run("config", "set", "jobId", job_id).ok()
    log = stack.up("--logtostderr", "-v=9", "--logflow").ok().text
    assert stack.outputs()["description"] == "from the wheel"
    assert "Ignoring package pulumi-cosjob with resource set to false" in log
    assert "pulumi-resource-cosjob" not in log, "the engine searches for no plugin"
