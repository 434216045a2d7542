"""The README and the other pages show what the code does."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

import picture
import pulumi_cosjob
from mocked import seen
from places import ROOT
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._emulator.element_values import element
from pulumi_cosjob._emulator.elements import CREATE_JOB_REQUEST
from pulumi_cosjob._emulator.faults import KINDS, REPLACES_RESPONSE
from pulumi_cosjob._emulator.request_checks import check_request
from pulumi_cosjob._service.responses import _POLICY
from pulumi_cosjob._waiting.loop import MAX_CONCURRENT_POLLS
from pulumi_cosjob.testing import CosBatchEmulator, CosJobMocks, Fault, Scenario
from transcripts import assert_prints_what_it_shows, comparable

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
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_each_page_is_found_from_the_readme() -> None:
    """The README links to every page; the site's first page stands for it there."""
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", README)}
    assert set(PAGES) - {"README.md", "docs/index.md"} - linked == set()


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


def test_the_readme_is_short() -> None:
    """A reader finds the way in within 150 lines; all else has a page of its own."""
    assert len(README.splitlines()) <= 150


@pytest.mark.engine
def test_the_readmes_lines_print_what_it_shows(tmp_path: Path) -> None:
    """Typed into a shell on a terminal, in order, they do what the README shows: a wait, and a gate that opens."""
    assert README.count("$ pulumi up") == 1
    assert_prints_what_it_shows(README, tmp_path)


def test_the_lines_for_an_account_are_complete() -> None:
    """The same commands work at the emulator, with its credentials in place of an account's."""
    [lines] = re.findall(r"```sh\n(.*?)```", README.partition("## With an account")[2], re.DOTALL)
    commands = [line for line in lines.splitlines() if line.startswith("cosjob ")]
    assert [command.split()[1] for command in commands] == ["list", "wait"]
    with CosBatchEmulator() as emulator:
        emulator.create_job("completes", seconds=0.1, job_id="53dc6228-c50b-46f7-8ad7-65e7159f1aae")
        emulator.clock.advance(60)
        variables = {
            **os.environ,
            **emulator.environment(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        for name in re.findall(r"^export (\w+)=|(?<= )(\w+)=", lines, re.MULTILINE):
            assert "".join(name) in {"TENCENTCLOUD_REGION", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"}
        for command in commands:
            done = subprocess.run(
                ["sh", "-c", command], env=variables, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stderr


def test_the_policy_is_that_of_the_page_on_errors() -> None:
    """The README has the statement that its readers need, in short form."""
    [policy], [other] = (re.findall(r"```json\n(.*?)```", page, re.DOTALL)[:1] for page in (README, ERRORS))
    assert json.loads(policy) == json.loads(other)


def test_the_settings_of_the_readme_exist() -> None:
    """Each variable, and each name in Pulumi config, is one that the package reads."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pulumi_cosjob").rglob("*.py"))
    variables = set(re.findall(r"`((?:COSJOB|TENCENTCLOUD)_[A-Z_]+)`", README))
    names = set(re.findall(r"`cosjob:(\w+)`", README)) - {"JobCompletion"}
    assert {"COSJOB_UIN", "COSJOB_APPID", "COSJOB_SITE"} <= variables
    assert {"uin", "appid", "region", "secretId", "secretKey", "site"} == names
    for name in variables | names:
        assert re.search(rf'[":]{name}\b', source), name


# -------------------------------------------------------------------------------------------------------------- picture


@pytest.mark.engine
def test_the_picture_shows_what_a_run_prints() -> None:
    """Recorded again, the film has the same words and ends with the same screen; durations differ."""
    drawn, recorded = (
        picture.texts(picture.PICTURE.read_text(encoding="utf-8")),
        picture.texts(picture.draw(picture.record())),
    )
    assert picture.words(recorded) == picture.words(drawn), "run `make docs`"
    ends = [comparable("\n".join(scenes[-1])) for scenes in (drawn, recorded)]
    assert ends[0] == ends[1]


def test_the_picture_is_small_and_still_where_nothing_may_move() -> None:
    """It is well-formed, has no scripts, and fits a page; without animation its last screen shows."""
    text = picture.PICTURE.read_text(encoding="utf-8")
    scenes = picture.texts(text)
    assert {scene[0] for scene in scenes if len(scene) > 1} == {"$ pulumi up --yes --skip-preview"}
    assert "objects_copied: 20000" in scenes[-1]
    assert any("50 %" in line for scene in scenes for line in scene)
    assert len(text.encode()) < 60_000
    assert not re.search(r"<script|<image|@import|https?://(?!www\.w3\.org/2000/svg)| on[a-z]+=", text)
    height = int(re.findall(r'<svg x=[^>]* height="([0-9]+)"', text)[0])
    assert f".film {{ transform: translateY(-{height * (len(scenes) - 1)}px)" in text


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


def test_pages_name_the_limit_of_polls() -> None:
    """Those who plan for many gates read it there; the code has it in one place."""
    languages = (ROOT / "docs" / "how-to" / "languages.md").read_text(encoding="utf-8")
    assert f"at most {MAX_CONCURRENT_POLLS} polls are under way" in PAGES["docs/waiting.md"]
    assert f"by {MAX_CONCURRENT_POLLS} polls of an account at once" in languages
