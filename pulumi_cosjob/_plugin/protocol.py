"""The messages of Pulumi's provider protocol, as Pulumi's SDK for Python has them, without the rest of the SDK.

To import a part of a package, Python imports all packages above it. Above the messages that is the whole SDK: half of
the time in which the plugin's process starts, and 10 MB, for nothing that it uses. So their folder is loaded as a
package of its own: its modules import each other relatively. Where the SDK is loaded as well, both have the same
classes, because protobuf has one for each message.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc"]


def _package() -> str:
    """Make a package of the folder of the messages; return its name."""
    sdk = importlib.util.find_spec("pulumi")
    if sdk is None or sdk.origin is None:
        raise ImportError
    package = ModuleType(f"{__name__}_messages", "The messages of the protocol.")
    package.__path__ = [str(Path(sdk.origin).parent / "runtime" / "proto")]
    sys.modules[package.__name__] = package
    return package.__name__


def _load(package: str) -> list[ModuleType]:
    return [importlib.import_module(f"{package}.{name}") for name in __all__]


if TYPE_CHECKING:
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc
else:
    try:
        _modules = _load(_package())
    except (ImportError, ValueError):  # they are not where they usually are: the SDK knows, or reports what is wrong
        _modules = _load("pulumi.runtime.proto")
    engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc = _modules
