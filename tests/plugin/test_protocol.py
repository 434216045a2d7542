"""The plugin has the messages of the protocol without the SDK that they are a part of."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SDK = "print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'pulumi'))"


def run(program: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", f"import sys\n{program}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_plugin_loads_nothing_else_of_the_sdk() -> None:
    """Neither what serves nor what sends requests: the SDK is half of the time in which a process starts."""
    loaded = run(f"import pulumi_cosjob._plugin.server, pulumi_cosjob._service.transport\n{_SDK}")
    assert loaded == ""


@pytest.mark.parametrize("first", ["pulumi.runtime.proto", "pulumi_cosjob._plugin.protocol"])
def test_the_messages_are_the_sdks(first: str) -> None:
    """Where the SDK is loaded too, before or after: a message of one is a message of the other."""
    program = f"""
import {first}
from pulumi.runtime import proto
from pulumi_cosjob._plugin import protocol
print(protocol.provider_pb2.CreateResponse is proto.provider_pb2.CreateResponse, protocol.engine_pb2.__file__)
"""
    same, file = run(program).split()
    assert same == "True"
    assert "pulumi" in file


def test_a_missing_sdk_is_named() -> None:
    """The message of the plugin's start says what is missing: as any import of it would."""
    program = """
sys.path[:] = [each for each in sys.path if "site-packages" not in each]
try:
    import pulumi_cosjob._plugin.protocol
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(program) == "No module named 'pulumi'"
