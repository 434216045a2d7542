"""The wheel and the source archive, as `make dist` builds them, have all that they need and nothing else."""

from __future__ import annotations

import email
import email.message
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import pulumi_cosjob
from places import ROOT

pytestmark = pytest.mark.newest


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both; return the folder."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    return folder


@pytest.fixture
def wheel(built: Path) -> zipfile.ZipFile:
    """Return the wheel."""
    [path] = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    """Return the wheel's metadata."""
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(wheel.read(name))


def test_the_wheel_has_the_whole_package(wheel: zipfile.ZipFile) -> None:
    """Every module and every data file of the package is in it, the schemas besides, and no test."""
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pulumi_cosjob").rglob("*") if path.is_file()}
    expected = {name for name in package if "__pycache__" not in name}
    schemas = {f"pulumi_cosjob/{path.name}": path for path in (ROOT / "schema").iterdir()}
    assert len(schemas) == 2
    assert files == expected | schemas.keys()
    assert all(wheel.read(name) == path.read_bytes() for name, path in schemas.items())


def test_the_metadata_name_version_and_licence(wheel: zipfile.ZipFile) -> None:
    """The licence is named by its SPDX id, and the file that explains it is in the wheel."""
    found = metadata(wheel)
    assert (found["Name"], found["Version"]) == ("pulumi-cosjob", pulumi_cosjob.__version__)
    assert found["License-Expression"] == "Apache-2.0"
    assert found.get_all("License-File") == ["LICENSE"]
    [licence] = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert b"SPDX-License-Identifier: Apache-2.0" in wheel.read(licence)


def test_the_classifiers_are_what_the_workflow_tests(wheel: zipfile.ZipFile) -> None:
    """Each Python of the workflow's matrix is named in the metadata."""
    named = {each.rpartition(" ")[2] for each in metadata(wheel).get_all("Classifier", []) if "Python :: 3." in each}
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    [matrix] = re.findall(r"python: \[(.*)\]", workflow)
    assert set(re.findall(r'"(.*?)"', matrix)) <= named


def test_the_source_archive_has_the_repository(built: Path) -> None:
    """All files that are under version control are in it, so that `make test` runs in it."""
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"README.md", "LICENSE", "CONTRIBUTING.md", "Makefile", "pyproject.toml", "PKG-INFO"}
    if not (ROOT / ".git").exists():
        pytest.skip("this is a source archive itself")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert set(listed.stdout.split()) - names == {".ci/run"}
