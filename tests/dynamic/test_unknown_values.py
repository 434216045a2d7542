"""Values that this version does not know, on the real engine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from places import RESPONSES

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator
    from stacks import NewStack

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
