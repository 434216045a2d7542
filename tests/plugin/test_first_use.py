"""A program on `pulumi_cosjob.native` needs no installed plugin: on the real engine, in a home that has nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from environments import new_environment
from places import ROOT
from pulumi_cosjob._plugin.install import EXECUTABLE, plugin_folder
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Stack

pytestmark = pytest.mark.engine

BIN = Path(sys.executable).parent
PROGRAM = """
import pulumi
from pulumi_cosjob.native import JobCompletion, get_job

pulumi.export("read", get_job("job", "1250000000").status)
pulumi.export("status", JobCompletion("gate", job_id="job", appid="1250000000").status)
"""
NOT_FOUND = "no resource plugin 'pulumi-resource-cosjob' found"

NewStack = Callable[..., Stack]


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[NewStack]:
    """Make a stack with a gate on a job that is complete, in a home that has nothing."""
    with CosBatchEmulator() as service:
        service.create_job("completes", seconds=0, job_id="job")
        service.clock.advance(30)

        def make(name: str = "stack", python: Path | None = None, plugin: Path | None = None, **more: str) -> Stack:
            return Stack(tmp_path / name, PROGRAM, {**service.environment(), **more}, python, plugin)

        yield make


def installed(stack: Stack) -> Path:
    """Return the plugin's folder in the home of a stack."""
    return plugin_folder(stack.variables)


def configure(stack: Stack, **accounts: CosBatchEmulator) -> None:
    """Let the native example wait for a job of each account."""
    settings: list[str] = []
    for name, service in accounts.items():
        service.create_job("completes", seconds=3, job_id="job")
        variables = service.environment()
        secret = {"secretId": variables["TENCENTCLOUD_SECRET_ID"], "secretKey": variables["TENCENTCLOUD_SECRET_KEY"]}
        plain = {"jobId": "job", "uin": variables["COSJOB_UIN"], "endpoint": service.endpoint}
        for kind, values in (("--secret", secret), ("--plaintext", plain)):
            settings += [part for key, value in values.items() for part in (kind, f"{name}:{key}={value}")]
    stack.run("config", "set-all", *settings).ok()


def forget(stack: Stack) -> None:
    """Take the stack to a machine on which no program ran."""
    # Which stack is selected is forgotten too.
    stack.variables["PULUMI_STACK"] = "dev"
    for path in sorted((stack.folder / "home").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


# ------------------------------------------------------------------------------------------------------- the first use


@pytest.fixture(scope="module")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, which shares what it needs with this one."""
    folder = tmp_path_factory.mktemp("wheel")
    python = new_environment(folder / "environment", package=False)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build: list[str | Path] = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    # Else the one of this environment would do.
    install: list[str | Path] = [
        "--python",
        python,
        "install",
        "--no-deps",
        "--ignore-installed",
        "--no-index",
        "--find-links",
        folder,
    ]
    for command in (build, [*pip, *install, "pulumi-cosjob"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr
    return python


def test_the_wheel_runs_the_native_example_on_a_machine_without_anything(tmp_path: Path, wheel_python: Path) -> None:
    """Preview, update and destroy, each on a machine of its own, without a word about plugins."""
    assert [path.name for path in wheel_python.parent.glob("*cosjob*")] == ["cosjob"], "nothing for the engine on PATH"
    with CosBatchEmulator() as archive, CosBatchEmulator() as live:
        stack = Stack(tmp_path / "stack", ROOT / "examples" / "native", {}, wheel_python)
        configure(stack, archive=archive, live=live)
        said = ""
        for command in (
            ["preview"],
            ["up", "--yes", "--skip-preview"],
            ["up", "--yes", "--skip-preview", "--expect-no-changes"],
            ["refresh", "--yes", "--skip-preview", "--run-program"],
            ["destroy", "--yes", "--skip-preview", "--run-program"],
        ):
            forget(stack)
            said += stack.run(*command).ok().text
            assert str(wheel_python.parent) in (installed(stack) / EXECUTABLE).read_text()
    assert "6 created" in said
    assert "6 deleted" in said
    assert "warning" not in said
    assert "plugin" not in said


def test_a_command_that_runs_no_program_needs_the_command(new_stack: NewStack) -> None:
    """On a machine where no program ran, the engine says what it does not find; `cosjob plugin install` is the way."""
    stack = new_stack()
    stack.up().ok()
    forget(stack)
    assert NOT_FOUND in stack.refresh().failed().text
    assert NOT_FOUND in stack.destroy().failed().text
    subprocess.run([BIN / "cosjob", "plugin", "install"], env=stack.variables, check=True, timeout=60)
    stack.refresh().ok()
    stack.destroy().ok()


def test_it_can_be_forbidden(new_stack: NewStack) -> None:
    """Nothing is written then; and what might have been meant so is refused."""
    stack = new_stack(COSJOB_PLUGIN_INSTALL="never")
    assert NOT_FOUND in stack.preview().failed().text
    assert not installed(stack).exists()
    stack.variables["COSJOB_PLUGIN_INSTALL"] = "no"
    said = stack.preview().failed().text
    assert "COSJOB_PLUGIN_INSTALL must be one of auto, never, not 'no'" in said
    assert "Traceback" not in said
    assert not installed(stack).exists()


def test_where_it_cannot_be_written_that_is_said(new_stack: NewStack) -> None:
    """A warning says why, before the engine says what it does not find."""
    stack = new_stack()
    plugins = installed(stack).parent
    plugins.mkdir(parents=True)
    own = ["--user", "--map-root-user"] if os.getuid() else []
    mount = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"'
    stack.prefix = ["unshare", "--mount", *own, "sh", "-c", mount, str(plugins)]
    said = " ".join(stack.preview().failed().text.split())
    assert f"warning: the plugin cannot be written to {installed(stack)}: Read-only file system. Make that " in said
    assert NOT_FOUND in said


def test_programs_at_the_same_time_share_it(new_stack: NewStack, tmp_path: Path) -> None:
    """Several begin in a home that has nothing, and none of them fails."""
    stacks = [new_stack(f"stack{number}") for number in range(3)]
    for stack in stacks:
        stack.variables |= {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_STACK": "dev"}
    with ThreadPoolExecutor(len(stacks)) as pool:
        for run in pool.map(Stack.up, stacks):
            run.ok()
    assert [path.name for path in installed(stacks[0]).iterdir()] == [EXECUTABLE]


def test_another_environment_that_is_there_is_kept(new_stack: NewStack, tmp_path: Path) -> None:
    """One of a version is as good as another; once its environment is gone, the next program takes over."""
    python = new_environment(tmp_path / "other")
    first = new_stack("first", python)
    first.up().ok()
    launcher = (installed(first) / EXECUTABLE).read_text()
    assert str(python.parent) in launcher
    second = new_stack("second", PULUMI_HOME=first.variables["PULUMI_HOME"])
    second.up().ok()
    assert (installed(first) / EXECUTABLE).read_text() == launcher
    for name in ("python", "python3"):
        (python.parent / name).unlink()
    second.destroy().failed()
    second.up("--expect-no-changes").ok()
    assert str(BIN) in (installed(first) / EXECUTABLE).read_text()
    second.destroy().ok()


def test_a_newer_version_beside_it_is_not_used(new_stack: NewStack) -> None:
    """The engine takes the version that the program names; another one in its place would fail here."""
    stack = new_stack()
    newer = installed(stack).with_name("resource-cosjob-v99.0.0")
    newer.mkdir(parents=True)
    (newer / EXECUTABLE).write_text("#!/bin/sh\nexit 1\n")
    (newer / EXECUTABLE).chmod(0o755)
    stack.up().ok()
    assert [path.name for path in newer.iterdir()] == [EXECUTABLE]


@pytest.mark.parametrize("how", ["plugins", "packages"])
def test_a_project_that_says_where_it_is_installs_none(new_stack: NewStack, tmp_path: Path, how: str) -> None:
    """What the project names is what the engine takes."""
    named = tmp_path / "named"
    named.mkdir()
    stack = new_stack(plugin=named if how == "plugins" else None)
    if how == "packages":
        with (stack.folder / "Pulumi.yaml").open("a") as file:
            file.write(f"packages: {{cosjob: {named}}}\n")
    stack.preview().failed()
    assert not installed(stack).exists()


def test_a_program_of_the_automation_api_installs_it_each_time(new_stack: NewStack) -> None:
    """One process may run it again and again, and what was there before need not be there now."""
    stack = new_stack()
    program = """
import pathlib, shutil, sys
from pulumi import automation

def run():
    exec(pathlib.Path("__main__.py").read_text(), {})

inline = automation.create_or_select_stack("inline", "tests", run)
for _ in range(2):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    assert inline.up().outputs["status"].value == "Complete"
"""
    done = subprocess.run(
        [sys.executable, "-c", program, installed(stack).parent],
        cwd=stack.folder,
        env=stack.variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (installed(stack) / EXECUTABLE).exists()


def test_mocks_and_programs_without_an_engine_install_none(tmp_path: Path) -> None:
    """Tests of programs leave nothing in the home of whoever runs them."""
    program = """
import pulumi

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return "id", {**args.inputs, "status": "Complete"}
    def call(self, args):
        return {"status": "Complete"}

pulumi.runtime.set_mocks(Mocks())
from pulumi_cosjob.native import JobCompletion, Provider

Provider("provider")
JobCompletion("gate", job_id="job", appid="1250000000")
"""
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PULUMI_HOME": str(tmp_path / "home")},
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------------------------------- attaching


def test_an_engine_attaches_to_one_that_was_started_by_hand(tmp_path: Path) -> None:
    """With two accounts in a program, through a preview, updates and a failure; it lives on after each of them."""
    with (
        CosBatchEmulator(secret_id="archive-id", secret_key="archive-key") as archive,
        CosBatchEmulator(secret_id="live-id", secret_key="live-key") as live,
        subprocess.Popen([BIN / "cosjob", "plugin", "serve"], stdout=subprocess.PIPE, text=True) as served,
    ):
        try:
            assert served.stdout is not None
            name, _, value = served.stdout.readline().removeprefix("export ").strip().partition("=")
            stack = Stack(tmp_path / "stack", ROOT / "examples" / "native", {name: value})
            configure(stack, archive=archive, live=live)
            stack.preview().ok()
            up = stack.up().ok()
            assert re.search(r"copied creating \([0-9]+s\) \w+, \d+ %, \d+ of 100 tasks", up.text), "progress"
            stack.up("--expect-no-changes").ok()
            stack.run("config", "set", "live:jobId", "nope").ok()
            stack.up().failed()
            stack.destroy().ok()
            assert not installed(stack).exists()
            assert served.poll() is None
            served.send_signal(signal.SIGINT)
            assert served.wait(60) == 0
        finally:
            served.kill()
