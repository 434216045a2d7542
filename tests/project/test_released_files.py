"""The files of a release, used as their users do: each is installed and run, none is read from this repository.

`make release` runs these tests on what it has put into `dist/`; `make extra` builds a release for them.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from places import ROOT
from pulumi_cosjob._plugin.publication import GO_MODULE, NPM_PACKAGE, PYTHON_PACKAGE
from pulumi_cosjob._version import semantic
from pulumi_cosjob.testing import CosBatchEmulator
from pulumi_environment import pulumi_environment
from releasing.archives import source_date
from releasing.changelog import section
from releasing.plugin_archives import PLATFORMS
from releasing.sdks import GO_LANGUAGE
from releasing.tools import BUILT
from releasing.version import read_version
from sdk_programs import run, run_example
from stacks import Stack

# One worker runs them all: a release is built once.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.extra,
    pytest.mark.timeout(1200),
    pytest.mark.xdist_group("release"),
]

VERSION = read_version(ROOT)
PLUGIN = f"pulumi-resource-cosjob-v{semantic(VERSION)}"
BUILDER = "scripts/release.py"


def build(source: Path, folder: Path) -> None:
    """Build the release of a source folder, with the tools of this one."""
    subprocess.run(["make", ".venv-release/ready"], cwd=ROOT, capture_output=True, timeout=600, check=True)
    if source != ROOT:
        (source / ".venv-release").symlink_to(ROOT / ".venv-release")
    path = os.pathsep.join(str(source / each) for each in (".", "scripts"))
    variables = {"PYTHONPATH": path, "SOURCE_DATE_EPOCH": str(source_date(ROOT))}
    run(source, sys.executable, BUILDER, "--untested", "--into", folder, **variables)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a release."""
    if BUILT in os.environ:
        return Path(os.environ[BUILT])
    folder = tmp_path_factory.mktemp("release") / "dist"
    build(ROOT, folder)
    return folder


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose clock is held until a test releases it."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


# ----------------------------------------------------------------------------------------------------------- the folder


def test_the_folder_has_the_files_of_a_release(released: Path) -> None:
    """All of them, no other, with the checksums that the list has; the site where it is built."""
    files = {path.relative_to(released).as_posix() for path in released.rglob("*") if path.is_file()}
    assert files - {"site.tar.gz"} == {
        "RELEASE.md",
        "SHA256SUMS",
        "bill-of-materials.cdx.json",
        "schema.json",
        f"index/pulumi_cosjob-{VERSION}-py3-none-any.whl",
        f"index/pulumi_cosjob-{VERSION}.tar.gz",
        f"index/{PYTHON_PACKAGE}-{VERSION}-py3-none-any.whl",
        *(f"plugin/{PLUGIN}-{platform}.tar.gz" for platform in PLATFORMS),
        f"sdk/cosjob-sdk-go-v{semantic(VERSION)}.zip",
        f"sdk/{NPM_PACKAGE.removeprefix('@').replace('/', '-')}-{semantic(VERSION)}.tgz",
    }
    checked = run(released, "sha256sum", "--check", "--strict", "SHA256SUMS")
    assert {line.rpartition(": OK")[0] for line in checked.splitlines()} == files - {"SHA256SUMS"}


def test_the_text_is_that_of_the_changelog(released: Path) -> None:
    """The section of the version, or what is unreleased."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    text = section(changelog, VERSION) or section(changelog, "Unreleased")
    assert (released / "RELEASE.md").read_text(encoding="utf-8") == text


def test_a_second_build_is_equal(released: Path, tmp_path: Path) -> None:
    """In another folder, without git, from files that only their owner can read."""
    copied = tmp_path / "elsewhere"
    files = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if not (ROOT / ".git").exists():
        pytest.skip("this is a source archive")
    listed = subprocess.run(files, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copied / name)
        (copied / name).chmod(0o600)
    if (ROOT / "site").is_dir():
        shutil.copytree(ROOT / "site", copied / "site")
    build(copied, tmp_path / "dist")
    assert (tmp_path / "dist" / "SHA256SUMS").read_text() == (released / "SHA256SUMS").read_text()


# ------------------------------------------------------------------------------------------------- package and plugin


@pytest.fixture(scope="module")
def environment(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a new environment in which the wheels are installed, with what they require."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(ROOT, sys.executable, "-m", "venv", folder)
    wheels = sorted((released / "index").glob("*.whl"))
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(ROOT, *pip, *wheels)
    return folder / "bin"


def test_the_wheels_work_in_a_new_environment(environment: Path, tmp_path: Path) -> None:
    """The command runs; the SDK is imported without a warning, and has the version."""
    assert run(tmp_path, environment / "cosjob", "--version", PYTHONPATH="").split()[-1] == VERSION
    program = f"import {PYTHON_PACKAGE} as sdk; print(sdk.JobCompletion.__name__, sdk._utilities.get_version())"
    printed = run(tmp_path, environment / "python", "-W", "error", "-c", program, PYTHONPATH="")
    assert printed.split() == ["JobCompletion", semantic(VERSION)]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and writes no log."""

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def home(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of an engine that has installed the plugin from a server of the release."""
    folder = tmp_path_factory.mktemp("engine")
    handler = functools.partial(Quiet, directory=str(released / "plugin"))
    install = ("pulumi", "plugin", "install", "resource", "cosjob", semantic(VERSION), "--server")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        variables = {**pulumi_environment(folder, all_languages=True), "PYTHONPATH": ""}
        run(folder, *install, address, **variables)
        server.shutdown()
    return folder / "home"


def new_stack(folder: Path, program: Path, home: Path, variables: dict[str, str]) -> Stack:
    """Return a stack whose engine has what is in a home, and nothing of this environment."""
    stack = Stack(folder, program, {**variables, "PULUMI_HOME": str(home)})
    # The tests' own environment is not the one in which the plugin runs.
    stack.variables["PYTHONPATH"] = ""
    return stack


def test_the_engine_installs_the_plugin_from_a_server(home: Path) -> None:
    """It makes an environment for it, with the wheel of the release in it."""
    folder = home / "plugins" / f"resource-cosjob-v{semantic(VERSION)}"
    assert list(folder.rglob(f"site-packages/pulumi_cosjob-{VERSION}.dist-info"))
    assert not folder.with_name(f"{folder.name}.partial").exists()


def test_a_program_in_yaml_runs_on_it(home: Path, tmp_path: Path, service: CosBatchEmulator) -> None:
    """From a preview to the end; the gate waits for its job."""
    service.create_job("completes", seconds=3, job_id="my-job", description="Copy for the archive")
    stack = new_stack(tmp_path / "stack", ROOT / "examples" / "yaml", home, service.environment())
    outputs = run_example(stack, 3, service)
    assert (outputs["status"], outputs["released"]) == ("Complete", ["my-job"])


def test_a_plugin_without_its_environment_names_what_to_do(released: Path, tmp_path: Path) -> None:
    """The launcher writes one line, and ends with 1."""
    with tarfile.open(released / "plugin" / f"{PLUGIN}-linux-amd64.tar.gz") as archive:
        launcher = archive.extractfile("pulumi-resource-cosjob")
        assert launcher is not None
        (tmp_path / "pulumi-resource-cosjob").write_bytes(launcher.read())
        (tmp_path / "pulumi-resource-cosjob").chmod(archive.getmember("pulumi-resource-cosjob").mode)
    done = subprocess.run(
        [tmp_path / "pulumi-resource-cosjob", "127.0.0.1:1"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"the Python environment in {tmp_path} is gone; run: pulumi plugin rm resource cosjob" in done.stderr


def test_the_archives_are_the_same_for_all_platforms(released: Path) -> None:
    """The plugin is Python: each has the same bytes."""
    archives = [(released / "plugin" / f"{PLUGIN}-{platform}.tar.gz").read_bytes() for platform in PLATFORMS]
    assert archives == [archives[0]] * len(PLATFORMS)


# ------------------------------------------------------------------------------------------------------------- the SDKs


def test_the_example_in_typescript(released: Path, home: Path, tmp_path: Path, service: CosBatchEmulator) -> None:
    """It compiles with the package as npm installs it, and runs on the plugin of the release."""
    folder = tmp_path / "program"
    shutil.copytree(ROOT / "examples" / "typescript", folder, ignore=shutil.ignore_patterns("sdks", "node_modules"))
    [package] = (released / "sdk").glob("*.tgz")
    project = json.loads((folder / "package.json").read_text())
    project["dependencies"][NPM_PACKAGE] = f"file:{package}"
    (folder / "package.json").write_text(json.dumps(project))
    run(folder, "npm", "install", "--no-package-lock", "--no-fund", "--no-audit", "--loglevel=error")
    assert run(folder, folder / "node_modules" / ".bin" / "tsc", "--noEmit", "-p", "tsconfig.json") == ""
    job_id = service.create_job("completes", seconds=3)
    stack = new_stack(folder, folder, home, service.environment())
    stack.run("config", "set", "jobId", job_id).ok()
    outputs = run_example(stack, 3, service)
    assert (outputs["released"], outputs["isComplete"]) == ("2026.11", True)
    # Too large to be kept with other files of tests.
    shutil.rmtree(folder / "node_modules")


def test_the_example_in_go(released: Path, home: Path, tmp_path: Path, service: CosBatchEmulator) -> None:
    """It is compiled with the module of the archive, whose layout is that of module proxies."""
    folder = tmp_path / "program"
    shutil.copytree(ROOT / "examples" / "go", folder, ignore=shutil.ignore_patterns("sdks"))
    [archive] = (released / "sdk").glob("*.zip")
    root = f"{GO_MODULE}@v{semantic(VERSION)}"
    with zipfile.ZipFile(archive) as zipped:
        assert all(name.startswith(f"{root}/") for name in zipped.namelist())
        assert {f"{root}/{name}" for name in ("go.mod", "go.sum", "LICENSE", "README.md")} <= set(zipped.namelist())
    shutil.unpack_archive(archive, tmp_path)
    module = tmp_path / root
    assert (module / "go.mod").read_text().startswith(f"module {GO_MODULE}\n")
    (folder / "sdks").mkdir()
    shutil.move(module, folder / "sdks" / "cosjob")
    # With the modules that the engine was built from, which are compiled already.
    pinned = ROOT / "scripts" / "engine" / "pulumi"
    required = re.compile(r"^(?:require|replace|\)|\t(?!github.com/pulumi/pulumi/sdk)).*\n", re.MULTILINE)
    with (folder / "go.mod").open("a") as file:
        file.writelines(required.findall((pinned / "go.mod").read_text()))
    shutil.copyfile(pinned / "go.sum", folder / "go.sum")
    language = {**GO_LANGUAGE, "GOFLAGS": f"{GO_LANGUAGE['GOFLAGS']} -mod=mod"}
    run(folder, "go", "vet", "./...", **language)
    job_id = service.create_job("completes", seconds=3)
    stack = new_stack(tmp_path / "stack", folder, home, {**service.environment(), **language})
    stack.run("config", "set", "jobId", job_id).ok()
    outputs = run_example(stack, 3, service)
    assert (outputs["released"], outputs["isComplete"]) == ("2026.11", True)
