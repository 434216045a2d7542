"""Programs with `pulumi_cosjob.native` need no installed plugin: on the real engine, in an empty home."""

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
    """Return a function that makes a stack with a gate for a completed job, in an empty home."""
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
    """Configure the native example to wait for a job of each account."""
    settings: list[str] = []
    for name, service in accounts.items():
        service.create_job("completes", seconds=3, job_id="job")
        variables = service.environment()
        secret = {"secretId": variables["TENCENTCLOUD_SECRET_ID"], "secretKey": variables["TENCENTCLOUD_SECRET_KEY"]}
        plain = {"jobId": "job", "endpoint": service.endpoint}
        for kind, values in (("--secret", secret), ("--plaintext", plain)):
            settings += [part for key, value in values.items() for part in (kind, f"{name}:{key}={value}")]
    stack.run("config", "set-all", *settings).ok()


def empty_home(stack: Stack) -> None:
    """Empty the home of a stack, as on a machine where no program ran."""
    for path in sorted((stack.folder / "home").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


# ------------------------------------------------------------------------------------------------------- the first use


@pytest.fixture(scope="module")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment, which shares the dependencies of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    python = new_environment(folder / "environment", package=False)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build: list[str | Path] = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    # `--ignore-installed`, because the package of this environment is found there too.
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


@pytest.mark.extra
def test_the_wheel_runs_the_native_example_in_an_empty_home(tmp_path: Path, wheel_python: Path) -> None:
    """Preview, update, refresh and destroy, each in an empty home, without a message about plugins."""
    assert [path.name for path in wheel_python.parent.glob("*cosjob*")] == ["cosjob"], "no plugin on PATH"
    with CosBatchEmulator() as archive, CosBatchEmulator() as live:
        stack = Stack(tmp_path / "stack", ROOT / "examples" / "native", {}, wheel_python)
        configure(stack, archive=archive, live=live)
        output = ""
        for command in (
            ["preview"],
            ["up", "--yes", "--skip-preview"],
            ["up", "--yes", "--skip-preview", "--expect-no-changes"],
            ["refresh", "--yes", "--skip-preview", "--run-program"],
            ["destroy", "--yes", "--skip-preview", "--run-program"],
        ):
            empty_home(stack)
            output += stack.run(*command).ok().text
            assert str(wheel_python.parent) in (installed(stack) / EXECUTABLE).read_text()
    assert "6 created" in output
    assert "6 deleted" in output
    assert "warning" not in output
    assert "plugin" not in output


def test_commands_that_run_no_program_need_an_installation(new_stack: NewStack) -> None:
    """If no program ran before, the engine reports the missing plugin; `cosjob plugin install` installs it."""
    stack = new_stack()
    stack.up().ok()
    empty_home(stack)
    assert NOT_FOUND in stack.refresh().failed().text
    assert NOT_FOUND in stack.destroy().failed().text
    subprocess.run([BIN / "cosjob", "plugin", "install"], env=stack.variables, check=True, timeout=60)
    stack.refresh().ok()
    stack.destroy().ok()


def test_installation_can_be_disabled(new_stack: NewStack) -> None:
    """By COSJOB_PLUGIN_INSTALL=never; other values than `auto` and `never` are refused."""
    stack = new_stack(COSJOB_PLUGIN_INSTALL="never")
    assert NOT_FOUND in stack.preview().failed().text
    assert not installed(stack).exists()
    stack.variables["COSJOB_PLUGIN_INSTALL"] = "no"
    text = stack.preview().failed().text
    assert "COSJOB_PLUGIN_INSTALL must be one of auto, never, not 'no'" in text
    assert "Traceback" not in text
    assert not installed(stack).exists()


def test_a_read_only_home_is_reported(new_stack: NewStack) -> None:
    """A warning gives the reason, before the engine reports the missing plugin."""
    stack = new_stack()
    plugins = installed(stack).parent
    plugins.mkdir(parents=True)
    as_root = ["--user", "--map-root-user"] if os.getuid() else []
    mount = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"'
    stack.prefix = ["unshare", "--mount", *as_root, "sh", "-c", mount, str(plugins)]
    text = " ".join(stack.preview().failed().text.split())
    assert f"warning: the plugin cannot be written to {installed(stack)}: Read-only file system. Make that " in text
    assert NOT_FOUND in text


def test_concurrent_programs_share_one_installation(new_stack: NewStack, tmp_path: Path) -> None:
    """All of them start with the same empty home, and none fails."""
    stacks = [new_stack(f"stack{number}", PULUMI_HOME=str(tmp_path / "home")) for number in range(3)]
    with ThreadPoolExecutor(len(stacks)) as pool:
        for run in pool.map(Stack.up, stacks):
            run.ok()
    assert [path.name for path in installed(stacks[0]).iterdir()] == [EXECUTABLE]


def test_the_installation_of_another_environment_is_kept(new_stack: NewStack, tmp_path: Path) -> None:
    """It has the same version. Once its environment is removed, the next program replaces it."""
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
    """The engine starts the version that the program requests; the newer one here would fail."""
    stack = new_stack()
    newer = installed(stack).with_name("resource-cosjob-v99.0.0")
    newer.mkdir(parents=True)
    (newer / EXECUTABLE).write_text("#!/bin/sh\nexit 1\n")
    (newer / EXECUTABLE).chmod(0o755)
    stack.up().ok()
    assert [path.name for path in newer.iterdir()] == [EXECUTABLE]


@pytest.mark.parametrize("section", ["plugins", "packages"])
def test_a_project_that_declares_a_plugin_installs_none(new_stack: NewStack, tmp_path: Path, section: str) -> None:
    """The engine uses the declared plugin."""
    declared = tmp_path / "declared"
    declared.mkdir()
    stack = new_stack(plugin=declared if section == "plugins" else None)
    if section == "packages":
        with (stack.folder / "Pulumi.yaml").open("a") as file:
            file.write(f"packages: {{cosjob: {declared}}}\n")
    stack.preview().failed()
    assert not installed(stack).exists()


def test_each_run_of_the_automation_api_installs_a_missing_plugin(new_stack: NewStack) -> None:
    """One process may run a program repeatedly, and the plugin may be removed in between."""
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
    """Unit tests of programs write nothing to the user's home."""
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


def test_an_engine_attaches_to_a_running_plugin(tmp_path: Path) -> None:
    """For a program with two accounts; the plugin keeps running after a preview, updates and a failure."""
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
