"""Installing the plugin: the folder, what is replaced and what is kept, and concurrent installations."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from environments import new_environment
from pulumi_cosjob import ConfigurationError
from pulumi_cosjob._plugin import install
from pulumi_cosjob._plugin.install import EXECUTABLE, can_start, install_plugin, plugin_folder, write_launcher
from pulumi_cosjob._version import plugin_version

BIN = Path(sys.executable).parent
NAME = f"resource-cosjob-v{plugin_version()}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the plugin's folder in a home that does not exist yet."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "of" / "pulumi"))
    return plugin_folder()


def content(folder: Path) -> dict[str, str]:
    """Return the contents of the files of a folder, by name."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_folder_is_the_one_that_the_engine_searches(folder: Path, tmp_path: Path) -> None:
    """In PULUMI_HOME; by default in the home of the user's entry in the system's database, not in HOME."""
    assert folder == tmp_path / "of" / "pulumi" / "plugins" / NAME
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert os.environ["HOME"] != str(home)
    for environment in ({}, {"PULUMI_HOME": ""}):
        assert plugin_folder(environment) == home / ".pulumi" / "plugins" / NAME


def test_installation_into_an_empty_home(folder: Path) -> None:
    """The folder holds only the executable launcher; other users cannot read the home, which holds credentials."""
    assert not can_start(folder)
    install_plugin(folder, replace=False)
    assert can_start(folder)
    assert list(content(folder)) == [EXECUTABLE]
    assert os.access(folder / EXECUTABLE, os.X_OK)
    assert {path.name for path in folder.parent.iterdir()} == {NAME, f"{NAME}.lock"}
    assert [path.stat().st_mode & 0o777 for path in (folder.parent.parent, folder.parent)] == [0o700, 0o700]


STARTABLE = {
    "another environment that exists": f"# pulumi-cosjob wrote this.\npython={sys.executable}\npackage=/\n",
    "a path in quotes": f"# pulumi-cosjob wrote this.\npython={sys.executable}\npackage='/'\n",
    "a plugin that another program wrote": "#!/bin/sh\npython=/gone/too\nexec 'something\n",
}
BROKEN = {
    "an environment that was removed": "# pulumi-cosjob wrote this.\npython=/gone/python\npackage=/\n",
    "an environment with another version": f"# pulumi-cosjob wrote this.\npython={sys.executable}\npackage='/g one'\n",
}


@pytest.mark.parametrize("launcher", STARTABLE.values(), ids=list(STARTABLE))
def test_a_launcher_that_can_start_is_replaced_on_demand_only(folder: Path, launcher: str) -> None:
    """A program's first use keeps it; the command replaces it."""
    folder.mkdir(parents=True)
    (folder / EXECUTABLE).write_text(launcher)
    assert can_start(folder)
    install_plugin(folder, replace=False)
    assert content(folder) == {EXECUTABLE: launcher}
    install_plugin(folder, replace=True)
    assert content(folder) == {EXECUTABLE: install._launcher()}


@pytest.mark.parametrize("launcher", BROKEN.values(), ids=list(BROKEN))
def test_a_launcher_that_cannot_start_is_replaced(folder: Path, launcher: str) -> None:
    """The engine would find it, and fail."""
    folder.mkdir(parents=True)
    (folder / EXECUTABLE).write_text(launcher)
    assert not can_start(folder)
    install_plugin(folder, replace=False)
    assert content(folder) == {EXECUTABLE: install._launcher()}


def test_the_launcher_of_a_removed_environment_cannot_start(folder: Path, tmp_path: Path) -> None:
    """A launcher can start while the environment that wrote it exists, with the same version of the package."""
    python = new_environment(tmp_path / "environment")
    program = """
import pathlib, sys
from pulumi_cosjob._plugin.install import install_plugin
install_plugin(pathlib.Path(sys.argv[1]), replace=False)
"""
    subprocess.run([python, "-c", program, folder], check=True, timeout=60)
    assert str(python) in content(folder)[EXECUTABLE]
    assert can_start(folder)
    python.rename(python.with_name("elsewhere"))
    assert not can_start(folder)


def test_a_plugin_from_source_can_start(folder: Path) -> None:
    """`pulumi plugin install --file` installs a folder without an executable."""
    folder.mkdir(parents=True)
    assert not can_start(folder)
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    assert can_start(folder)


def test_an_interrupted_installation_is_completed(folder: Path) -> None:
    """The engine's installer marks it with a file beside the folder, and does not use a marked folder."""
    folder.mkdir(parents=True)
    (folder / EXECUTABLE).write_text(install._launcher())
    mark = folder.with_name(f"{NAME}.partial")
    mark.touch()
    assert not can_start(folder)
    install_plugin(folder, replace=False)
    assert can_start(folder)
    assert not mark.exists()


def test_other_versions_are_left_alone(folder: Path) -> None:
    """Other stacks use newer and older versions."""
    others = [folder.with_name(f"resource-cosjob-v{version}") for version in ("0.0.9", "99.0.0")]
    for other in others:
        other.mkdir(parents=True)
        (other / EXECUTABLE).write_text("another")
    install_plugin(folder, replace=False)
    install_plugin(folder, replace=True)
    assert can_start(folder)
    assert [content(other) for other in others] == [{EXECUTABLE: "another"}] * 2


def test_concurrent_installations(folder: Path) -> None:
    """No process sees an incomplete launcher, and all find the plugin in the end."""
    program = """
import pathlib, sys
from pulumi_cosjob._plugin.install import can_start, install_plugin
folder, replace = pathlib.Path(sys.argv[1]), sys.argv[2] == "replace"
print(flush=True)
sys.stdin.readline()
install_plugin(folder, replace=replace)
assert can_start(folder)
"""
    commands = [[sys.executable, "-c", program, str(folder), way] for way in ("provide", "replace") * 4]
    running = [subprocess.Popen(each, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for each in commands]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen = set()
    while any(process.poll() is None for process in running):
        if folder.exists():
            seen.add((folder / EXECUTABLE).read_text())
    assert [process.communicate()[0] and process.returncode for process in running] in ([0] * 8, [""] * 8)
    assert seen | {install._launcher()} == {install._launcher()}
    assert {path.name for path in folder.parent.iterdir()} == {NAME, f"{NAME}.lock"}


def test_it_waits_for_the_engines_installer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin that the Pulumi CLI installs in the meantime is kept."""
    folder.mkdir(parents=True)
    mark = folder.with_name(f"{NAME}.partial")
    mark.touch()
    waiting = threading.Event()
    order: list[str] = []
    real = fcntl.flock

    def flock(file: Any, operation: int) -> None:
        waiting.set()
        real(file, operation)
        order.append("locked")

    with folder.with_name(f"{NAME}.lock").open("w") as lock:
        real(lock, fcntl.LOCK_EX)
        monkeypatch.setattr(fcntl, "flock", flock)
        installing = threading.Thread(target=install_plugin, args=(folder,), kwargs={"replace": False})
        installing.start()
        assert waiting.wait(30)
        (folder / EXECUTABLE).write_text("by the CLI")
        mark.unlink()
        order.append("released")
    installing.join(30)
    assert order == ["released", "locked"]
    assert content(folder) == {EXECUTABLE: "by the CLI"}


def test_a_home_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    """The message has the folder, the reason and what to do."""
    (tmp_path / "file").touch()
    folder = plugin_folder({"PULUMI_HOME": str(tmp_path / "file")})
    assert not can_start(folder)
    with pytest.raises(ConfigurationError) as caught:
        install_plugin(folder, replace=False)
    assert str(caught.value) == (
        f"the plugin cannot be written to {folder}: File exists. "
        "Make that folder writable, or set PULUMI_HOME to one that is."
    )


@pytest.mark.parametrize("home", ["/" + "a" * 5000, "/dev/null/home", "/dev/null", "loop"])
def test_any_malformed_home_is_an_error(home: str, tmp_path: Path) -> None:
    """The message names the variable, and is short."""
    (tmp_path / "loop").symlink_to("loop")
    folder = plugin_folder({"PULUMI_HOME": str(tmp_path / home)})
    assert can_start(folder) in (True, False)
    with pytest.raises(ConfigurationError, match="PULUMI_HOME") as caught:
        install_plugin(folder, replace=True)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_folder_that_cannot_be_read_is_left_to_the_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """It may hold a plugin, so none is installed, and the program continues."""

    def fail(path: Any, *_args: object, **_more: object) -> Any:
        raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", fail)
        patched.setattr(Path, "read_bytes", fail)
        assert can_start(folder)


def test_windows_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher is a shell script."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigurationError, match="cosjob plugin serve"):
        install_plugin(folder, replace=True)


def test_a_launcher_is_replaced_atomically(tmp_path: Path) -> None:
    """No temporary file is left beside it."""
    (tmp_path / EXECUTABLE).write_text("before")
    assert write_launcher(tmp_path) == tmp_path / EXECUTABLE
    assert content(tmp_path) == {EXECUTABLE: install._launcher()}


# ------------------------------------------------------------------------------------------------- the command


def run_command(home: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run `cosjob plugin install`."""
    return subprocess.run(
        [BIN / "cosjob", "plugin", "install"],
        env={**os.environ, "PULUMI_HOME": str(home), "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_needs_no_pulumi(tmp_path: Path) -> None:
    """An image may install the plugin before the CLI. Running the command twice has the same result as once."""
    for _ in range(2):
        done = run_command(tmp_path / "home", tmp_path)
        assert done.returncode == 0
        assert done.stderr == (
            "cosjob: warning: there is no pulumi on PATH; install the Pulumi CLI before a program uses the plugin\n"
        )
        assert done.stdout.startswith(
            f"installed resource plugin cosjob {plugin_version()} in {tmp_path / 'home' / 'plugins'}; it runs with "
        )
    assert can_start(tmp_path / "home" / "plugins" / NAME)


def test_the_command_reports_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    """With the reason, on standard error, and exit code 2."""
    (tmp_path / "file").touch()
    done = run_command(tmp_path / "file", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cosjob: the plugin cannot be written to ")
    assert done.stderr.endswith("or set PULUMI_HOME to one that is.\n")
