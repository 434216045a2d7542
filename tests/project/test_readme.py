"""The README and the other pages show what the code does."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from types import ModuleType
from typing import Any

import pulumi
import pytest

import pulumi_cosjob
from mocked import seen
from places import ROOT
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._emulator.element_values import element
from pulumi_cosjob._emulator.elements import CREATE_JOB_REQUEST
from pulumi_cosjob._emulator.faults import KINDS, REPLACES_RESPONSE
from pulumi_cosjob._emulator.request_checks import check_request
from pulumi_cosjob._service.responses import _POLICY
from pulumi_cosjob.testing import CosBatchEmulator, CosJobMocks, Fault, Scenario

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
}
README, ERRORS, TESTING = PAGES["README.md"], PAGES["docs/errors.md"], PAGES["docs/testing.md"]
PYTHON = re.findall(r"```python\n(.*?)```", README + TESTING, re.DOTALL)


@pytest.mark.newest
def test_the_table_of_fields_is_the_schemas() -> None:
    """`make docs` was run after the schema had changed."""
    import field_table  # noqa: PLC0415  a tool, not a package

    page = PAGES["docs/fields.md"]
    assert field_table.PAGE == ROOT / "docs" / "fields.md"
    assert len(page.splitlines()) > 80
    rows, expected = page.splitlines(), field_table.with_table(page).splitlines()
    missing, obsolete = (
        [row for row in one if row not in other] for one, other in ((expected, rows), (rows, expected))
    )
    assert rows == expected, f"run `make docs`: docs/fields.md lacks {missing} and has {obsolete} too much"


def _anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Each link within the repository leads to a file, and to a heading of it where it names one."""
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_each_page_is_found_from_the_readme() -> None:
    """The README links to every page."""
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", README)}
    assert set(PAGES) - {"README.md"} - linked == set()


def test_make_help_lists_all_targets() -> None:
    """`make help` leaves none out, and no page names one that does not exist."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    assert sorted(targets) == sorted(phony.split())
    command = ["make", "--no-print-directory", "help"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout
    assert [line.split()[0] for line in printed.splitlines()] == targets
    assert all(len(line.split()) > 1 for line in printed.splitlines())
    for name, page in PAGES.items():
        assert set(re.findall(r"(?:^\$ |`)make ([a-z]+)", page, re.MULTILINE)) <= set(targets), name


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
    assert capsys.readouterr().out.startswith("New created, not processed yet 20")


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


class Vendor(pulumi.runtime.Mocks):
    """Stands for the vendor's provider: its resource has created a job."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Return a resource that has created a job."""
        assert args.typ == "tencentcloud:index/cosBatch:CosBatch"
        self.created.append(args.inputs)
        return f"{args.inputs['uin']}#{args.inputs['appid']}#made", {**args.inputs, "job_id": "made"}

    def call(self, _args: pulumi.runtime.MockCallArgs) -> Any:
        """Serve no function."""
        return {}


class CosBatch(pulumi.CustomResource):
    """The vendor's resource, as far as the page uses it."""

    job_id: pulumi.Output[str]

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__("tencentcloud:index/cosBatch:CosBatch", name, {**inputs, "job_id": None})


@pytest.mark.parametrize("preview", [False, True])
def test_the_program_with_the_vendors_provider_runs(monkeypatch: pytest.MonkeyPatch, *, preview: bool) -> None:
    """The gate waits for the job of the vendor's resource, and CreateJob takes what that one is given."""
    module = ModuleType("pulumi_tencentcloud")
    monkeypatch.setattr(module, "CosBatch", CosBatch, raising=False)
    monkeypatch.setitem(sys.modules, "pulumi_tencentcloud", module)
    [program] = re.findall(r"```python\n(.*?)```", PAGES["docs/with-the-vendors-provider.md"], re.DOTALL)
    vendor = Vendor()

    def outputs() -> dict[str, pulumi.Output[Any]]:
        names: dict[str, Any] = {}
        exec(compile(program, "page", "exec"), names)  # noqa: S102  the page's own
        return {"job_id": names["copied"].job_id, "status": names["copied"].status}

    jobs = CosJobMocks({"made": {"status": "Complete"}}, fallback=vendor)
    found = seen(jobs, outputs, preview=preview)
    assert [each.value for each in found.values()] == ["made", "Complete"]
    [created] = vendor.created
    # The engine has no whole numbers, only floats.
    assert (created.pop("appid"), created["priority"]) == (1_250_000_000, 10)
    given = {name: value for name, value in created.items() if name not in ("uin", "job_id")}
    given |= {"client_request_token": "t", "priority": int(created["priority"])}
    check_request(element("CreateJobRequest", given, CREATE_JOB_REQUEST))


def test_every_error_has_a_row_on_its_page() -> None:
    """Each class that is raised has its row in the table of errors; the others are only roots."""
    named = set(re.findall(r"^\| `(\w+)`", ERRORS, re.MULTILINE))
    assert named == {name for name in pulumi_cosjob.__all__ if name.endswith("Error")} - {"CosJobError", "WaitError"}
    raised = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pulumi_cosjob").rglob("*.py"))
    for name in named:
        assert re.search(rf"\b{name}[(,]", raised), name
    assert not re.search(r"raise (CosJob|Wait)Error\(", raised)


def test_the_policy_for_reading_is_on_its_page() -> None:
    """The error of a refusal refers to it; it names both actions, for operations rather than for a bucket."""
    [policy] = re.findall(r"```json\n(.*?)```", ERRORS, re.DOTALL)
    [statement] = json.loads(policy)["statement"]
    assert statement == {"effect": "allow", "action": ["cos:DescribeJob", "cos:ListJobs"], "resource": "*"}
    assert "docs/errors.md" in str(_POLICY)
    assert all(action in str(_POLICY) for action in statement["action"])


def test_the_page_on_testing_has_all_faults_and_scenarios() -> None:
    """Its tables are those of the code, row by row."""
    kinds = re.findall(r"^\| `[a-z-]+` \|.*\|.*\|$", TESTING.partition("## Faults")[2], re.MULTILINE)
    assert Fault.__doc__ is not None
    assert [row for row in map(str.strip, Fault.__doc__.splitlines()) if row.startswith("| `")] == kinds
    assert {row.split("`")[1] for row in kinds} == KINDS
    assert "`error`, `html`, `raw` and `redirect` replace the service's response" in TESTING
    assert {"error", "html", "raw", "redirect"} == REPLACES_RESPONSE
    documented = set(re.findall(r"`([a-z_]+)`", TESTING.partition("## Faults")[2]))
    assert documented >= {field.name for field in fields(Fault)} - {"kind"}
    scenarios = TESTING.partition("## Scenarios")[2].partition("## Faults")[0]
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", scenarios, re.MULTILINE)) == sorted(each.value for each in Scenario)


def test_the_control_routes_do_what_the_page_shows() -> None:
    """Every line by curl runs, and has the response of the table."""
    [lines] = re.findall(r"```sh\n(.*?)```", TESTING, re.DOTALL)
    with CosBatchEmulator() as emulator:
        variables = {**os.environ, **emulator.environment(), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        responses = []
        for line in lines.splitlines():
            done = subprocess.run(
                ["sh", "-c", line], env=variables, capture_output=True, text=True, timeout=30, check=True
            )
            responses.append(json.loads(done.stdout))
            if "advance" in line:
                description = _describe(emulator.environment(), "nightly")
    assert (description.status, description.description) == ("Failed", "Nightly copy")
    clock, job, advanced, error, both, [request], statistics, reset = responses
    assert job == {"job_id": "nightly"}
    assert advanced == {"now": clock["now"] + 30}
    assert (error, both) == ({"added": 1}, {"added": 2})
    assert (request["path"], request["status"], request["fault"]) == ("/jobs/nightly", 200, None)
    assert set(request) == set(re.findall(r"`([a-z]+)`", _row("requests").rpartition("|")[0].rpartition("|")[2]))
    assert statistics == {"requests": 1, "faulty": 0}
    assert reset == {}


def _row(route: str) -> str:
    """Return the row of a control route."""
    return next(line for line in TESTING.splitlines() if line.startswith("| `") and f"/_emulator/{route}`" in line)
