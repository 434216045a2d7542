"""What the README shows is what is there."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import pulumi_cosjob
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob.testing import CosBatchEmulator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

sys.path.insert(0, str(ROOT / "tools"))


@pytest.mark.newest
def test_the_table_of_fields_is_the_schemas() -> None:
    """`make docs` was run after the schema had changed."""
    import field_table  # noqa: PLC0415  a tool, not a package

    assert field_table.with_table(README) == README


def test_the_first_program_is_the_quickstart() -> None:
    """What the README shows is what the demo and the tests run."""
    assert (ROOT / "examples" / "quickstart" / "__main__.py").read_text() in PYTHON


def test_the_program_in_yaml_is_the_example() -> None:
    """What the README shows is what the tests run."""
    assert f"```yaml\n{(ROOT / 'examples' / 'yaml' / 'Pulumi.yaml').read_text()}```" in README


def test_the_plain_script_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The script without Pulumi prints the job."""
    [script] = [snippet for snippet in PYTHON if "CosBatchClient" in snippet]
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        emulator.create_job("completes", job_id="53dc6228-c50b-46f7-8ad7-65e7159f1aae")
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        exec(compile(script, "README.md", "exec"), {})  # noqa: S102  our own README
    assert capsys.readouterr().out.startswith("New created, not looked at yet 20")


def test_the_emulators_snippet_runs() -> None:
    """The snippet for tests leaves the job half done."""
    [script] = [snippet for snippet in PYTHON if "CosBatchEmulator" in snippet]
    names: dict[str, object] = {}
    body = ast.parse(script).body
    with_statement = body[-1]
    assert isinstance(with_statement, ast.With)
    with_statement.body += ast.parse("state = client(variables, job_id)").body
    names["client"] = _describe
    exec(compile(ast.Module(body, []), "README.md", "exec"), names)  # noqa: S102  our own README
    description = names["state"]
    assert isinstance(description, pulumi_cosjob.JobDescription)
    assert description.status == "Active"
    assert description.progress_summary is not None
    assert description.progress_summary.total_number_of_tasks == 1000


def _describe(variables: dict[str, str], job_id: str) -> pulumi_cosjob.JobDescription:
    with CosBatchClient(
        endpoint=variables["COSJOB_ENDPOINT"],
        secret_id=variables["TENCENTCLOUD_SECRET_ID"],
        secret_key=variables["TENCENTCLOUD_SECRET_KEY"],
    ) as client:
        return client.describe_job(job_id, "1250000000")


def test_every_error_stands_in_the_readme() -> None:
    """Each class that a user may catch has its row in the table of errors."""
    named = set(re.findall(r"^\| `(\w+)`", README, re.MULTILINE))
    concrete = {
        name
        for name in pulumi_cosjob.__all__
        if name.endswith("Error") and name not in ("CosJobError", "RequestError", "InvalidAnswerError", "WaitError")
    }
    assert concrete <= named
