"""Programs that name no account, on the real engine: reads and gates of both kinds, and other credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_cosjob.testing import CosBatchEmulator, Fault

if TYPE_CHECKING:
    from stacks import NewStack

pytestmark = pytest.mark.engine

ACCOUNT = "GetUserAppId"
PROGRAM = """
import pulumi
from {module} import AllJobsCompletion, JobCompletion, get_job, get_jobs

gate = JobCompletion("gate", job_id="done")
gates = AllJobsCompletion("gates", job_ids=["done"])
pulumi.export("status", get_job("done").status)
pulumi.export("count", get_jobs(["done"]).jobs.apply(len))
pulumi.export("appid", gate.appid)
pulumi.export("appids", gates.appid)
"""
BOTH = pytest.mark.parametrize("module", ["pulumi_cosjob", "pulumi_cosjob.native"])


def accounts_requested(service: CosBatchEmulator) -> int:
    """Return how often the account was requested."""
    return len([each for each in service.requests if each.method == "POST" and each.path == "/"])


@pytest.mark.oldest
@BOTH
def test_credentials_and_a_region_are_enough(new_stack: NewStack, service: CosBatchEmulator, module: str) -> None:
    """Reads and gates find the account by themselves; gates keep it, and nothing of it changes in a second update."""
    service.create_job("completes", job_id="done", seconds=0)
    service.clock.advance(60)
    stack = new_stack(PROGRAM.format(module=module))
    assert not {"COSJOB_UIN", "COSJOB_APPID"} & set(stack.variables)
    preview = stack.preview().ok().text
    assert "warning" not in preview
    lines = stack.up("--debug").ok().text.splitlines()
    assert [line.strip() for line in lines].count("debug: account 100000000001, APPID 1250000000, discovered") == 1
    assert stack.outputs() == {"status": "Complete", "count": 1, "appid": "1250000000", "appids": "1250000000"}
    sent = [each.headers["x-cos-appid"] for each in service.requests if each.path.startswith("/jobs/")]
    assert set(sent) == {"1250000000"}
    before = accounts_requested(service)
    stack.up("--expect-no-changes").ok()
    # One provider process for all dynamic resources, one for the plugin.
    assert accounts_requested(service) - before == 1
    stack.variables["COSJOB_APPID"] = "1250000000"
    before = accounts_requested(service)
    stack.up("--expect-no-changes").ok()
    assert accounts_requested(service) == before


@BOTH
def test_credentials_of_another_account_replace_gates(
    new_stack: NewStack, service: CosBatchEmulator, module: str
) -> None:
    """They are a change of account like any other; where the account cannot be discovered, nothing changes."""
    service.create_job("completes", job_id="done", seconds=0)
    service.clock.advance(60)
    stack = new_stack(
        f"from {module} import AllJobsCompletion, JobCompletion\n"
        'JobCompletion("gate", job_id="done")\nAllJobsCompletion("gates", job_ids=["done"])'
    )
    stack.up().ok()
    # The same endpoint for both accounts, so that nothing but the APPID differs.
    port = int(service.endpoint.rpartition(":")[2])
    service.stop()
    with CosBatchEmulator(port=port, secret_id="other-id", secret_key="other-key", appid="1250000009") as other:
        stack.variables |= other.environment()
        other.inject(Fault("error", action=ACCOUNT, code="AuthFailure.UnauthorizedOperation", times=None))
        stack.up("--expect-no-changes").ok()
        other.reset()
        other.create_job("completes", job_id="done", seconds=0, appid="1250000009")
        other.clock.advance(60)
        assert "2 to replace" in stack.preview().ok().text
        assert "2 replaced" in stack.up().ok().text
        assert {each["outputs"]["appid"] for each in gates(stack)} == {"1250000009"}


def gates(stack: Any) -> list[dict[str, Any]]:
    """Return the gates in the state."""
    return [each for each in stack.resources() if "Completion" in each["type"]]


@BOTH
def test_a_refused_account_is_a_sentence(new_stack: NewStack, service: CosBatchEmulator, module: str) -> None:
    """It names both settings, where the console shows them and the action; never a traceback."""
    service.inject(Fault("error", action=ACCOUNT, times=None, code="AuthFailure.UnauthorizedOperation", message="no"))
    stack = new_stack(f'from {module} import get_job\nget_job("a")')
    text = stack.preview().failed().diagnostics()
    assert "the account of the credentials could not be discovered" in text
    for words in (
        "cosjob:uin",
        "COSJOB_UIN",
        "cosjob:appid",
        "COSJOB_APPID",
        "Account Information",
        "cam:GetUserAppId",
    ):
        assert words in text
    assert "Traceback" not in text


@BOTH
def test_a_gate_outlives_an_outage_of_the_account(new_stack: NewStack, service: CosBatchEmulator, module: str) -> None:
    """A preview reports that nothing could be read; the update waits until the account is discovered."""
    service.create_job("completes", job_id="done", seconds=0)
    service.clock.advance(60)
    stack = new_stack(f'from {module} import JobCompletion\nJobCompletion("gate", job_id="done")')
    service.inject(Fault("reset", action=ACCOUNT, times=None))
    assert "could not be discovered" in stack.preview().ok().text
    service.reset()
    service.create_job("completes", job_id="done", seconds=0)
    service.clock.advance(60)
    service.inject(Fault("reset", action=ACCOUNT, times=3))
    stack.up().ok()
    [gate] = gates(stack)
    assert gate["outputs"]["appid"] == "1250000000"
    stack.up("--expect-no-changes").ok()
    assert json.dumps(gate["inputs"]).count("1250000000") <= 1
