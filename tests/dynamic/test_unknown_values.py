"""Values that this version does not know, on the real engine, and the wheel in an empty environment."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from places import RESPONSES, ROOT
from stacks import NewStack, Stack

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"


def test_unknown_values_reach_a_program(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """A gate opens for a complete job with unknown values, and a read returns an unknown status; outputs list both."""
    service.replay("copy-to-the-archive", RESPONSES / "new-words.xml")
    service.replay(
        FULL, f"<DescribeJobResult><Job><JobId>{FULL}</JobId><Status>Archiving</Status></Job></DescribeJobResult>"
    )
    program = f"""
import pulumi
from pulumi_cosjob import JobCompletion, get_job

gate = JobCompletion("gate", job_id="copy-to-the-archive", appid="1250000000")
job = get_job("{FULL}", "1250000000")
pulumi.export("storage_class", gate.operation.cos_put_object_copy.storage_class)
pulumi.export("gate", gate.unknown_values)
pulumi.export("elements", gate.unknown_elements)
pulumi.export("status", job.status)
pulumi.export("read", job.unknown_values)
"""
    stack = new_stack(program)
    run = stack.up().ok()
    assert "warning" not in run.text
    outputs = stack.outputs()
    copied = "/DescribeJobResult/Job/Operation/COSPutObjectCopy"
    assert outputs == {
        "storage_class": "DEEP_COLD",
        "gate": [
            f"{copied}/CannedAccessControlList: default",
            f"{copied}/NewObjectMetadata/SSEAlgorithm: cos/kms",
            f"{copied}/StorageClass: DEEP_COLD",
            f"{copied}/TaggingDirective: Replace",
        ],
        "elements": ["/DescribeJobResult/Job/ProgressSummary/AutoManifestStatus"],
        "status": "Archiving",
        "read": ["/DescribeJobResult/Job/Status: Archiving"],
    }


def test_a_gate_waits_while_the_status_is_unknown(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """It shows one warning on its row, and opens once the job is complete."""
    job_id, text = "copy-to-the-archive", (RESPONSES / "new-words.xml").read_text()
    service.replay(job_id, text.replace("Complete", "Archiving"))
    program = """
import pulumi
from pulumi_cosjob import JobCompletion

gate = JobCompletion("gate", job_id="copy-to-the-archive", appid="1250000000")
pulumi.export("status", gate.status)
"""

    def complete() -> None:
        while len(service.requests) < 3:
            threading.Event().wait(0.05)
        service.replay(job_id, text)

    stack = new_stack(program)
    completing = threading.Thread(target=complete)
    completing.start()
    run = stack.up().ok()
    completing.join()
    known = f"job {job_id} has the status 'Archiving', which this version does not know; the wait goes on"
    assert f"warning: {known}" in run.text
    assert stack.outputs() == {"status": "Complete"}


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
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    job_id = service.create_job("completes", description="from the wheel")
    program = (ROOT / "examples" / "quickstart" / "__main__.py").read_text()
    stack = Stack(tmp_path / "stack", program, service.environment(), python)
    del stack.variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]
    stack.run("config", "set", "jobId", job_id).ok()
    log = stack.up("--logtostderr", "-v=9", "--logflow").ok().text
    assert stack.outputs()["description"] == "from the wheel"
    assert "Ignoring package pulumi-cosjob with resource set to false" in log
    assert "pulumi-resource-cosjob" not in log, "the engine searches for no plugin"
