"""Warnings of gates, beside their progress: on the real engine, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from places import RESPONSES
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from stacks import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
from pulumi_cosjob{module} import AllJobsCompletion, JobCompletion

JobCompletion("one", job_id="nightly", appid="1250000000")
AllJobsCompletion("many", job_ids=["nightly", "weekly"], appid="1250000000")
"""


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator with two completed restore jobs."""
    document = (RESPONSES / "restore-complete.xml").read_text()
    with CosBatchEmulator() as emulator:
        for job_id in ("nightly", "weekly"):
            emulator.replay(job_id, document.replace("nightly", job_id))
        yield emulator


@pytest.mark.parametrize("module", ["", ".native"])
def test_gates_warn_where_a_status_is_not_enough(tmp_path: Path, service: CosBatchEmulator, module: str) -> None:
    """A preview that cannot poll, and what Complete means of a restore job; there is no other warning."""
    stack = Stack(tmp_path / "stack", PROGRAM.format(module=module), service.environment())
    assert "warning" not in stack.preview().ok().text
    service.inject(Fault("error", code="ServiceUnavailable", status=503, times=None))
    text = stack.preview().ok().diagnostics()
    problem = "the service is not available: 'A fault was injected.' (job nightly, appid 1250000000, endpoint http://"
    assert f"warning: the preview has no valid response about job nightly: {problem}" in text
    assert "about 2 of 2 jobs, the first of them job nightly: the service is not available" in text
    assert text.count("The update polls again.") == 2, "each gate warns once"
    service._service.faults.clear()
    text = stack.up().ok().diagnostics()
    meaning = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
    assert f"warning: job nightly restores objects: {meaning}" in text
    assert f"warning: 2 jobs restore objects (nightly, weekly): {meaning}" in text
    assert text.count("warning: ") == 2
    assert "warning" not in stack.up("--expect-no-changes").ok().text
