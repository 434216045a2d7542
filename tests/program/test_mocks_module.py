"""`CosJobMocks`: resources of other packages, the modules that are loaded, and the example of the page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

import pulumi_cosjob
import pulumi_cosjob.testing
from mocked import APPID, JOB, Mine, Seen, both, seen
from places import ROOT
from pulumi_cosjob import (
    native,
)
from pulumi_cosjob.testing import CosJobMocks

if TYPE_CHECKING:
    from pulumi.runtime import MockCallArgs


def test_all_other_types_and_calls_are_the_fallbacks() -> None:
    """Their outputs and ids are those that it returns; it gets no resources of this package."""

    class Fallback(Mine):
        def call(self, args: MockCallArgs) -> Any:
            return {"token": args.token, **args.args}

    fallback = Fallback({"extra": "1"})

    def program() -> dict[str, pulumi.Output[Any]]:
        other = pulumi.CustomResource("a:b:C", "other", {"extra": None, "own": 2})
        return {
            "job": pulumi_cosjob.get_job(JOB, APPID).status,
            "native": native.get_job(JOB, APPID).status,
            "extra": other.extra,  # type: ignore[attr-defined]
            "own": other.own,  # type: ignore[attr-defined]
            "id": other.id,
            "call": pulumi.runtime.invoke_output("a:b:c", {"x": "y"}),
        }

    assert seen(CosJobMocks({JOB: {}}, fallback), program) == {
        "job": Seen("Complete"),
        "native": Seen("Complete"),
        "extra": Seen("1"),
        "own": Seen(2),
        "id": Seen("other_id"),
        "call": Seen({"token": "a:b:c", "x": "y"}),
    }
    assert [args.typ for args in fallback.made] == ["a:b:C"]


def test_without_a_fallback_a_resource_has_its_inputs() -> None:
    """It has an id, too; a function returns nothing, and a component works."""

    class Release(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("x:y:Release", "release")
            self.own = pulumi.CustomResource("a:b:C", "own", {"n": 1}, pulumi.ResourceOptions(parent=self))

    def program() -> dict[str, pulumi.Output[Any]]:
        own = Release().own
        provider = native.Provider("p", region="ap-chengdu")
        job = native.get_job(JOB, APPID, opts=pulumi.InvokeOptions(provider=provider))
        return {
            "id": own.id,
            "n": own.n,  # type: ignore[attr-defined]
            "call": pulumi.runtime.invoke_output("a:b:c", {}),
            "job": job.status,
        }

    assert seen(CosJobMocks({JOB: {}}), program) == {
        "id": Seen("own_id"),
        "n": Seen(1),
        "call": Seen({}),
        "job": Seen("Complete"),
    }


def test_transforms_reach_the_fallback() -> None:
    """If the SDK passes them to mocks, and the fallback accepts them."""
    passed: list[Any] = []

    class Fallback(Mine):
        def register_transform(self, transform: Any) -> None:
            passed.append(transform)

    CosJobMocks({}, Fallback({})).register_transform("t")
    CosJobMocks({}).register_transform("t")
    CosJobMocks({}).register_invoke_transform("t")
    assert passed == ["t"]


def run_python(program: str, *arguments: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_the_mocks_need_no_aiohttp() -> None:
    """The extra `emulator` is only for the emulator."""
    program = """
import sys
sys.modules["aiohttp"] = None
from pulumi_cosjob.testing import CosJobMocks
CosJobMocks({"a": {}})
print(*sys.modules)
"""
    loaded = set(run_python(program).split())
    assert {"pulumi", "pulumi_cosjob._mocks.cos_job_mocks"} <= loaded
    assert not loaded & {"requests", "xmlschema", "qcloud_cos", "pytest"}


def test_the_emulator_needs_no_pulumi() -> None:
    """Importing the module for the emulator loads neither the SDK nor the emulator's server."""
    loaded = set(
        run_python("import sys; from pulumi_cosjob.testing import CosBatchEmulator; print(*sys.modules)").split()
    )
    assert not loaded & {"pulumi", "aiohttp", "pulumi_cosjob._mocks.cos_job_mocks"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """With the same message as Python's own."""
    with pytest.raises(AttributeError, match=r"module 'pulumi_cosjob.testing' has no attribute 'CosJobMock'"):
        pulumi_cosjob.testing.CosJobMock  # noqa: B018


@both
def test_the_pages_example_runs_as_it_is(package: ModuleType, tmp_path: Path) -> None:
    """The program and its tests run under pytest as printed, and again with the import of the native variant."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.DOTALL))
    assert set(files) == {"release.py", "test_release.py"}
    for name, text in files.items():
        moved = re.sub(
            r"^from pulumi_cosjob import JobCompletion$",
            f"from {package.__name__} import JobCompletion",
            text,
            flags=re.MULTILINE,
        )
        (tmp_path / name).write_text(moved, encoding="utf-8")
    assert ("pulumi_cosjob.native" in (tmp_path / "release.py").read_text()) == (package is native)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "3 passed" in done.stdout
