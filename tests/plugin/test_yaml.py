"""Programs that need no SDK, on the real engine: in YAML, and the example of two accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from places import ROOT
from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob.testing import CosBatchEmulator
from sdk_programs import JOB, OTHER_JOB, create_completed_jobs, documented, run_example
from stacks import Stack

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plugin of this environment; the host of YAML writes a file beside it."""
    folder = tmp_path_factory.mktemp("plugin") / "cosjob"
    folder.mkdir()
    write_launcher(folder)
    return folder


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose clock is held until a test releases it."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


@pytest.mark.parametrize("name", documented("yaml"))
def test_documented_example_in_yaml(tmp_path: Path, plugin: Path, service: CosBatchEmulator, name: str) -> None:
    """It returns outputs without warnings; programs in YAML get no defaults from the schema."""
    create_completed_jobs(service)
    waiting = service.create_job(description="nightly copy", starts="first-request", seconds=0)
    service.clock.release()
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: documented\nruntime: yaml\n{documented('yaml')[name]}")
    stack = Stack(tmp_path / "stack", folder, service.environment(), plugin=plugin)
    assert "warning" not in stack.up().ok().text
    outputs = stack.outputs()
    assert outputs
    assert None not in outputs.values()
    assert outputs.get("status", "Complete") == "Complete"
    assert set(outputs.get("jobs", (JOB, OTHER_JOB))) == {JOB, OTHER_JOB}
    assert outputs.get("waitedFor", [waiting]) == [waiting]


def test_example_of_two_accounts(tmp_path: Path) -> None:
    """Requests to each account have its own credentials, it refuses the other's, and no file has them in plain text."""
    with (
        CosBatchEmulator(secret_id="archive-id", secret_key="archive-key") as archive,
        CosBatchEmulator(secret_id="live-id", secret_key="live-key") as other,
    ):
        accounts = {"archive": archive, "live": other}
        settings: list[str] = []
        for name, account in accounts.items():
            account.clock.hold()
            job_id = account.create_job("completes", seconds=3)
            for setting, value in {"jobId": job_id, "endpoint": account.endpoint}.items():
                settings += ["--plaintext", f"{name}:{setting}={value}"]
        stack = Stack(tmp_path / "stack", ROOT / "examples" / "native", {})
        # It has credentials of emulators too.
        (stack.folder / "README.md").unlink()
        # The engine ends a preview with the first error, so there is one for each account.
        for wrong, account in accounts.items():
            owners = {**{name: name for name in accounts}, wrong: "live" if wrong == "archive" else "archive"}
            stack.run("config", "set-all", *settings, *credentials(**owners)).ok()
            refused = stack.preview().failed().diagnostics()
            assert "the service reports 'The SecretId does not exist.'" in refused
            assert f"endpoint {account.endpoint}" in refused
        stack.run("config", "set-all", *credentials(archive="archive", live="live")).ok()
        outputs = run_example(stack, 6, archive, other)
        files = "".join(path.read_text(errors="replace") for path in stack.folder.rglob("*") if path.is_file())
        assert "archive-copied" in files
        assert not [secret for secret in ("archive-id", "archive-key", "live-id", "live-key") if secret in files]
        assert outputs["released"] == "2026.11"
        assert outputs["objects"] == 200
        assert set(outputs["terminated_at"]) == set(accounts)


def test_messages_in_yaml(tmp_path: Path, plugin: Path, service: CosBatchEmulator) -> None:
    """Errors of a program without types name the input; the message for a malformed secret does not show it."""
    job_id = service.create_job("fails", seconds=1)
    folder = tmp_path / "program"
    folder.mkdir()
    project = folder / "Pulumi.yaml"
    project.write_text("name: wrong\nruntime: yaml\n")
    stack = Stack(tmp_path / "stack", folder, service.environment(), plugin=plugin)
    head = (stack.folder / project.name).read_text()

    def error(properties: str, options: str = "", others: str = "") -> str:
        gate = f"{{type: cosjob:JobCompletion, properties: {{{properties}}}, options: {{{options}}}}}"
        (stack.folder / project.name).write_text(f"{head}resources:\n  gate: {gate}\n{others}")
        return stack.preview().failed().diagnostics()

    assert "Missing required property 'jobId'" in error('appid: "1250000000"')
    assert "Property retries does not exist on 'cosjob:index:JobCompletion'" in error(
        f'jobId: {job_id}, appid: "1250000000", retries: 3'
    )
    assert "timeout cannot be '2 hours'" in error(f'jobId: {job_id}, appid: "1250000000", timeout: 2 hours')
    provider = "  account: {type: pulumi:providers:cosjob, properties: {secretId: an id, secretKey: a pasted key}}\n"
    refused = error(f'jobId: {job_id}, appid: "1250000000"', 'provider: "${account}"', provider)
    assert "cosjob:secretId must be printable ASCII without white space" in refused
    assert "an id" not in refused
    assert "pasted" not in refused
    service.clock.advance(60)
    assert "jobId: the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: " in error(
        f'jobId: {job_id}, appid: "1250000000"'
    )


def credentials(**owners: str) -> list[str]:
    """Return arguments of `pulumi config set-all` that give each account the credentials of an account."""
    secrets = [
        f"{name}:secret{part}={owner}-{part.lower()}" for name, owner in owners.items() for part in ("Id", "Key")
    ]
    return [argument for secret in secrets for argument in ("--secret", secret)]
