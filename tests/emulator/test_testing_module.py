"""`pulumi_cosjob.testing`: its names, the modules that it loads, and the fixture."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pulumi_cosjob.testing
from pulumi_cosjob.testing import Scenario

if TYPE_CHECKING:
    from pathlib import Path


WITHOUT = """
import sys
sys.modules["aiohttp"] = None
import pulumi_cosjob._emulator
import pulumi_cosjob.testing
try:
    pulumi_cosjob.testing.CosBatchEmulator()
except ImportError as error:
    print(error)
"""


def test_without_aiohttp_the_error_has_the_install_command() -> None:
    """Without aiohttp, the error has the command that installs it; `_emulator` itself still loads."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == 'the emulator needs aiohttp; install it with: pip install "pulumi-cosjob[emulator]"\n'


def test_module_does_not_load_pytest_or_the_request_layer() -> None:
    """The public module loads neither pytest nor the request layer that the emulator tests."""

    def loaded_by(module: str) -> set[str]:
        program = f"import sys, {module}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    loaded = loaded_by("pulumi_cosjob.testing") - loaded_by("pulumi_cosjob")
    own = {name for name in loaded if name.startswith("pulumi_cosjob") and "._emulator" not in name}
    assert own <= {"pulumi_cosjob._clock", "pulumi_cosjob.testing"}
    assert not loaded & {"pytest", "requests", "xmlschema", "qcloud_cos", "pulumi"}


PLUGIN_TEST = '''
def test_one(cos_batch_emulator):
    """The fixture yields an emulator that serves."""
    assert cos_batch_emulator.create_job("fails")
    assert cos_batch_emulator.environment()["COSJOB_ENDPOINT"].startswith("http://127.0.0.1:")
'''


def test_fixture_for_users(tmp_path: Path) -> None:
    """A conftest that names the module as a plugin has the fixture, also if warnings are errors."""
    (tmp_path / "conftest.py").write_text('import pulumi_cosjob.testing\npytest_plugins = ["pulumi_cosjob.testing"]\n')
    (tmp_path / "test_it.py").write_text(PLUGIN_TEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
    ]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_exported_names() -> None:
    """The public names are sorted and exist; the fixture is the only other one."""
    names = pulumi_cosjob.testing.__all__
    assert names == sorted(names)
    assert all(hasattr(pulumi_cosjob.testing, name) for name in names)
    public = {
        name
        for name, value in vars(pulumi_cosjob.testing).items()
        if getattr(value, "__module__", "").startswith("pulumi_cosjob") and not name.startswith("_")
    }
    assert set(names) - {"CosJobMocks"} <= public
    assert public - set(names) <= {"JobOwner", "AcceptedCredentials", "ServerThread", "Service", "cos_batch_emulator"}
    assert Scenario("fails") is Scenario.FAILS
