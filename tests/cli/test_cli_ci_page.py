"""The pipelines of docs/ci.md, run line by line against the emulator: install, find, wait, gate, artifacts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from places import ROOT
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._cli.options import EXIT_CODES
from pulumi_cosjob._cli.wait import run_wait
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
NEWEST = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
INSTALLS = re.compile(r".*\bpulumi-cosjob\b.*")


def fenced(language: str, section: str) -> str:
    """Return the only block of a language in a section of the page."""
    [block] = re.findall(
        rf"```{language}\n(.*?)```", PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0], re.DOTALL
    )
    return str(block)


@dataclass(frozen=True)
class Step:
    """A step of a pipeline: its lines for the shell, and the variables that it gets."""

    script: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """The steps of a pipeline in order, and the files that are kept of the wait, whatever its end."""

    steps: list[Step]
    artifacts: list[str]


SECRETS = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY")


def github() -> Pipeline:
    """Read the workflow: its jobs have to be in the order in which they need each other."""
    workflow = yaml.safe_load(fenced("yaml", "GitHub Actions"))
    assert workflow["defaults"]["run"]["shell"] == "bash"
    wait, deploy = workflow["jobs"].values()
    assert (deploy["needs"], "if" in deploy) == ("wait", False)
    steps = []
    for job in (wait, deploy):
        variables = {**workflow["env"], **job.get("env", {})}
        steps += [Step(step["run"], variables) for step in job["steps"] if "run" in step]
    [upload] = [step for step in wait["steps"] if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert (wait["steps"][-1], upload["if"]) == (upload, "always()")
    return Pipeline(steps, upload["with"]["path"].split())


def gitlab() -> Pipeline:
    """Read the jobs in the order of their stages; all variables of the project are secrets, and in the environment."""
    jobs = yaml.safe_load(fenced("yaml", "GitLab CI"))
    stages, variables = jobs.pop("stages"), jobs.pop("variables")
    wait, deploy = jobs.values()
    assert [wait["stage"], deploy["stage"]] == stages
    assert "allow_failure" not in wait
    secrets = {name: f"${{{{ secrets.{name} }}}}" for name in SECRETS}
    steps = [Step(line, {**variables, **secrets}) for line in wait["script"]]
    steps += [Step(line, variables) for line in deploy["script"]]
    assert wait["artifacts"]["when"] == "always"
    return Pipeline(steps, wait["artifacts"]["paths"])


def jenkins() -> Pipeline:
    """Read the `sh` steps of the stages. Braces are balanced, and no shell line is in double quotes."""
    text = fenced("groovy", "Jenkins")
    strings = re.compile(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"", re.DOTALL)
    depth = 0
    for brace in re.sub(r"[^{}]", "", strings.sub("", text)):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert 'sh "' not in text
    common, *stages = re.split(r"stage\('", text)
    steps = []
    for stage in stages:
        plain = dict(re.findall(r"(\w+) = '([^']*)'", common))
        secrets = dict(re.findall(r"(\w+) = credentials\('([^']*)'\)", stage))
        assert all(identifier == name.lower().replace("_", "-") for name, identifier in secrets.items())
        variables = {**plain, **{name: f"${{{{ secrets.{name} }}}}" for name in secrets}}
        scripts = re.findall(r"\bsh (?:'''(.*?)'''|'([^'\n]*)')", stage, re.DOTALL)
        steps += [Step(several or one, {"JOB_ID": "", **variables}) for several, one in scripts]
    [kept] = re.findall(r"post \{ always \{ archiveArtifacts artifacts: '([^']*)'", stages[0])
    return Pipeline(steps, kept.split(","))


PIPELINES = {"GitHub Actions": github, "GitLab CI": gitlab, "Jenkins": jenkins}


class Runner:
    """Runs steps in a folder of their own, with no other variables than those of the pipeline."""

    def __init__(self, folder: Path, service: CosBatchEmulator) -> None:
        self.folder = folder
        self._service = service
        self.log = ""
        tools = folder / "tools"
        self.path = f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
        tools.mkdir()
        code = "from pulumi_cosjob._cli.main import main; main()"
        self.tool("cosjob", f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = 'cosjob'\n{code}\n")
        self.tool("pulumi", "import sys; open('pulumi.log', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n")
        deploy = folder / "deploy.sh"
        deploy.write_text("#!/bin/sh\necho deployed > deployed\n")
        deploy.chmod(0o755)

    def tool(self, name: str, program: str) -> None:
        """Put a program on PATH."""
        path = self.folder / "tools" / name
        path.write_text(f"#!{sys.executable}\n{program}")
        path.chmod(0o755)

    def start(self, step: Step, job_id: str = "") -> subprocess.Popen[str]:
        """Start the shell of a step with a file that has its lines, as the systems do."""
        script = self.folder / "tools" / "step.sh"
        script.write_text(step.script)
        variables = {name: self._value(text, job_id) for name, text in step.variables.items()}
        variables |= {"JOB_ID": job_id} if job_id else {}
        variables |= {"PATH": self.path, "HOME": str(self.folder), "COSJOB_ENDPOINT": self._service.endpoint}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        return subprocess.Popen(command, cwd=self.folder, env=variables, stderr=subprocess.PIPE, text=True)

    def run(self, steps: list[Step], job_id: str = "") -> list[int]:
        """Run steps until one fails; return their exit codes. Steps that install are left out."""
        codes: list[int] = []
        for step in steps:
            if INSTALLS.fullmatch(step.script.strip()):
                continue
            with self.start(step, job_id) as process:
                _, self.log = process.communicate(timeout=120)
            codes.append(process.returncode)
            if process.returncode:
                break
        return codes

    def _value(self, text: str, job_id: str) -> str:
        values = {f"secrets.{name}": value for name, value in self._service.environment().items()}
        values["inputs.job_id"] = job_id
        return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: values[match[1]], text)

    def outcomes(self) -> dict[str, Any]:
        """Return what the wait has printed."""
        return dict(json.loads((self.folder / "outcome.json").read_text()))

    @property
    def deployed(self) -> bool:
        """Whether the step behind the gate has run."""
        return (self.folder / "deployed").exists()


@pytest.fixture
def runner(tmp_path: Path, service: CosBatchEmulator) -> Runner:
    """A runner, and an account with an older job and one of another description."""
    service.create_job("fails", job_id="yesterday", description="nightly copy of the archive", seconds=0)
    service.clock.advance(3600)
    return Runner(tmp_path, service)


@pytest.mark.parametrize("system", PIPELINES)
@pytest.mark.parametrize("given", [False, True], ids=["found", "given"])
def test_a_pipeline_goes_on_after_a_job_that_completed(
    system: str, given: bool, runner: Runner, service: CosBatchEmulator
) -> None:
    """The newest job is found, or the one that is given is taken; the artifacts are there, and the gate opens."""
    service.create_job("completes", job_id=NEWEST, seconds=0, description="other" if given else "nightly copy, all")
    service.clock.advance(60)
    service.create_job("fails", job_id="newer", seconds=0, description="not the nightly copy")
    pipeline = PIPELINES[system]()
    assert runner.run(pipeline.steps, NEWEST if given else "") == [0, 0, 0], runner.log
    assert runner.deployed
    [(job_id, outcome)] = runner.outcomes().items()
    assert (job_id, outcome["error"], outcome["description"]["status"]) == (NEWEST, None, "Complete")
    assert pipeline.artifacts == ["job_ids", "outcome.json"]
    assert all((runner.folder / name).stat().st_size for name in pipeline.artifacts)


@pytest.mark.parametrize("system", PIPELINES)
def test_a_pipeline_ends_at_a_job_that_failed(system: str, runner: Runner, service: CosBatchEmulator) -> None:
    """The step behind the gate does not run, and the artifact has the reason."""
    service.create_job("fails", job_id=NEWEST, seconds=0, description="nightly copy")
    service.clock.advance(60)
    assert runner.run(PIPELINES[system]().steps) == [0, 1]
    assert not runner.deployed
    assert runner.outcomes()[NEWEST]["error"]["type"] == "JobFailedError"
    assert f"{NEWEST}: Failed" in runner.log


@pytest.mark.parametrize("system", PIPELINES)
def test_a_pipeline_without_a_job_ends_with_a_sentence(system: str, tmp_path: Path, service: CosBatchEmulator) -> None:
    """No job matches: the exit code is 2, not 0 and not a usage text."""
    runner = Runner(tmp_path, service)
    assert runner.run(PIPELINES[system]().steps) == [0, 2]
    assert runner.log.startswith("cosjob: there is no JOB_ID: give one at least.")
    assert not runner.deployed


@pytest.mark.parametrize("given", ["--endpoint=http://127.0.0.1:9", "$(touch deployed)", "; touch deployed"])
@pytest.mark.parametrize("system", PIPELINES)
def test_a_given_id_is_neither_option_nor_command(system: str, given: str, runner: Runner) -> None:
    """A text that is no id is refused as one."""
    assert runner.run(PIPELINES[system]().steps, given) == [0, 2]
    assert runner.log.startswith("cosjob: JOB_ID cannot be ")
    assert not runner.deployed


@pytest.mark.parametrize("system", PIPELINES)
def test_a_list_that_fails_ends_the_pipeline(system: str, tmp_path: Path, service: CosBatchEmulator) -> None:
    """The step that finds the job fails; nothing is waited for."""
    service.inject(Fault("error", code="AccessDenied", times=None))
    runner = Runner(tmp_path, service)
    assert runner.run(PIPELINES[system]().steps) == [1]
    assert "cos:ListJobs" in runner.log
    assert not runner.deployed


def test_an_abort_reaches_the_wait_of_github(runner: Runner, service: CosBatchEmulator) -> None:
    """The signal to the step's shell is one to the command, which has taken its place."""
    service.create_job("never-ends", job_id=NEWEST)
    (runner.folder / "job_ids").write_text(f"{NEWEST}\n")
    with runner.start(github().steps[2]) as process:
        try:
            assert process.stderr is not None
            assert "New" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 143
            assert process.stderr.read().splitlines()[-1].startswith("cosjob: terminated: the wait has ended")
        finally:
            process.kill()
    assert (runner.folder / "outcome.json").read_text() == ""


def test_each_pipeline_installs_the_command() -> None:
    """Exactly the first step does, so all others are run by these tests."""
    for read in PIPELINES.values():
        steps = read().steps
        assert [bool(INSTALLS.fullmatch(step.script.strip())) for step in steps] == [True, False, False, False]


def test_the_jobs_of_an_aborted_pipeline_are_cancelled(runner: Runner, service: CosBatchEmulator) -> None:
    """The page's line cancels each job of the file, without a terminal."""
    for job_id in ("a", "b"):
        service.create_job("never-ends", job_id=job_id)
    (runner.folder / "job_ids").write_text("a\nb\n")
    variables = {name: f"${{{{ secrets.{name} }}}}" for name in SECRETS}
    region = {"TENCENTCLOUD_REGION": service.environment()["TENCENTCLOUD_REGION"]}
    assert runner.run([Step(fenced("sh", "Abort"), {**variables, **region})]) == [0], runner.log
    with CosBatchClient(endpoint=service.endpoint, secret_id="emulator-id", secret_key="emulator-key") as client:
        jobs = [client.describe_job(job_id) for job_id in ("a", "b")]
    assert {(job.status, job.status_update_reason) for job in jobs} == {("Cancelling", "the pipeline was aborted")}


def test_the_steps_of_a_gate_in_pulumi(runner: Runner) -> None:
    """The job id is set in the stack's configuration before the update."""
    steps = [Step(step["run"]) for step in yaml.safe_load(fenced("yaml", "A gate in Pulumi instead"))]
    assert INSTALLS.fullmatch(steps[0].script)
    assert runner.run(steps, NEWEST) == [0], runner.log
    assert (runner.folder / "pulumi.log").read_text().splitlines() == [
        f"config set jobId {NEWEST} --stack production",
        "up --yes --stack production",
    ]


def test_the_page_has_all_exit_codes() -> None:
    """Its table has a row for each code of the command."""
    section = PAGE.partition("\n## Exit codes\n")[2].partition("\n## ")[0]
    assert list(map(int, re.findall(r"^\| (\d+) \|", section, re.MULTILINE))) == list(EXIT_CODES)


def test_the_log_is_that_of_a_wait(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The page shows each line that a wait of ten minutes writes, on a clock that is advanced."""
    monkeypatch.setattr("random.random", lambda: 1.0)
    clock = ManualClock()
    with CosBatchEmulator(clock=clock) as service:
        service.create_job("completes", job_id=NEWEST, seconds=580, tasks=250_000)
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        with CosBatchClient(clock=clock) as client:
            run_wait(client, [NEWEST], WaitOptions(7200.0), heartbeat=60.0, fail_fast=True, quiet=False, clock=clock)
    written = capsys.readouterr().err
    assert written == fenced("text", "The log of ten minutes"), f"docs/ci.md is to show:\n{written}"


def test_the_page_is_short() -> None:
    """A person can read it in one go."""
    assert len(PAGE.splitlines()) < 250
