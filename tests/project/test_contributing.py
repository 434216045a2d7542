"""What a contributor meets: workflows, templates and hooks run commands that exist, in the versions of `make lint`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from places import ROOT

pytestmark = pytest.mark.newest

FILES = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"])
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _steps(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the steps of a workflow."""
    for job in _read(path)["jobs"].values():
        yield from job.get("steps", [])


def _made(command: str) -> list[str]:
    """Return the targets of the calls of make in a command."""
    return [target for call in re.findall(r"\bmake ([^\n]*)", command) for target in re.findall(r"^[a-z]+", call)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_is_yaml(path: Path) -> None:
    """Each is a mapping, and names no path of one machine."""
    assert isinstance(_read(path), dict)
    assert not re.search(r"(?<![\w.$}*])/(home|root|tmp|usr|work|Users)/", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_targets_that_exist(path: Path) -> None:
    """Every `make …` in it is a target of the Makefile; test files that it names exist."""
    assert _read(path)["permissions"] == {"contents": "read"}, "a job that needs more permissions lists them itself"
    for step in _steps(path):
        command = step.get("run", "")
        assert set(_made(command)) <= TARGETS, command
        for file in re.findall(r"tests/[\w/]+\.py", command):
            assert (ROOT / file).exists(), file


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_has_a_version(path: Path) -> None:
    """An action is named by a tag of a version, and a workflow of this repository by its path."""
    jobs = _read(path)["jobs"].values()
    for used in [*(step["uses"] for step in _steps(path) if "uses" in step), *(job.get("uses", "") for job in jobs)]:
        if used.startswith("./"):
            assert (ROOT / used).exists(), used
        else:
            assert not used or re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", used), used


def test_the_workflow_tests_every_python() -> None:
    """From the oldest that pyproject.toml allows, one after the other."""
    pythons = _read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["python"]["strategy"]["matrix"]["python"]
    oldest = re.findall(r'^requires-python = ">=(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert pythons == [f"3.{minor}" for minor in range(10, 10 + len(pythons))]
    assert pythons[0] == oldest[0]


def test_the_hooks_have_the_versions_of_make_lint() -> None:
    """The hooks run what `make lint` runs, in the versions of scripts/requirements/dev.txt."""
    pins = (ROOT / "scripts" / "requirements" / "dev.txt").read_text(encoding="utf-8")
    hooks = [hook for repo in _read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    for hook in hooks:
        [requirement] = hook["additional_dependencies"]
        name = requirement.partition("==")[0]
        [pinned] = re.findall(rf"^{re.escape(name)}==(\S+)", pins, re.MULTILINE)
        assert requirement == f"{name}=={pinned}", "update .pre-commit-config.yaml after `make pins`"
    [recipe] = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    linted = re.findall(r"bin/(.+)$", recipe, re.MULTILINE)
    run = [re.sub(r" --(force-exclude|python-executable \S+)", "", hook["entry"]) for hook in hooks]
    assert run == linted


def test_the_page_names_files_that_exist() -> None:
    """Each path in CONTRIBUTING.md that looks like one of this repository exists, but for what a release makes."""
    named = {each for each in re.findall(r"`([\w.]+(?:/[\w.-]+)+)`", PAGE) if not re.search(r"^dist/|v1\.2\.3", each)}
    assert len(named) > 5
    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []


def test_the_page_names_tests_that_exist() -> None:
    """The tests that a worked example refers to are there."""
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", PAGE)
    assert len(named) > 5
    assert [each for each in named if f"def {each}(" not in tests] == []


def test_the_page_explains_each_marker() -> None:
    """The markers of pyproject.toml stand on the page."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [listed] = re.findall(r"^markers = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r'"(\w+):', listed)) <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
