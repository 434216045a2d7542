"""The first use of the native plugin in a program installs it, where the engine would find none."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.proto import engine_pb2_grpc

from pulumi_cosjob._checks import check_choice
from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._plugin.install import can_start, install_plugin, plugin_folder
from pulumi_cosjob._program.arguments import checked

__all__ = ["provide_plugin"]

INSTALL = "COSJOB_PLUGIN_INSTALL"


def provide_plugin() -> None:
    """Install the plugin of this environment, if an engine runs this program and would find none that can be started.

    To be called before the first resource or function of the plugin. What keeps it from being written is a warning: the
    engine says what it does not find.

    Raises:
        InvalidArgumentError: COSJOB_PLUGIN_INSTALL is set to something that it cannot be.
    """
    engine = pulumi.runtime.settings.get_engine()
    # Mocks have another one, and a program that is run by hand has none.
    if isinstance(engine, engine_pb2_grpc.EngineStub):
        _provide(engine)


# One deployment has one engine. Programs of the Automation API may see several in one process.
@functools.lru_cache(maxsize=1)
def _provide(_engine: Any) -> None:
    if not _is_wanted(os.environ):
        return
    try:
        folder = plugin_folder()
        if not can_start(folder) and not _comes_with(_project()):
            install_plugin(folder, replace=False)
    except ConfigurationError as error:
        pulumi.log.warn(str(error))


def _is_wanted(environment: Mapping[str, str]) -> bool:
    """Tell whether a plugin that is missing is to be installed: not where it is forbidden, or one runs already."""
    known = functools.partial(check_choice, INSTALL, choices=("auto", "never"))
    choice = checked(known, environment.get(INSTALL) or "auto")
    running = environment.get("PULUMI_DEBUG_PROVIDERS", "").split(",")
    return choice == "auto" and sys.platform != "win32" and not any(each.startswith("cosjob:") for each in running)


def _project() -> Any:
    """Return what the project's file says; None where there is none that can be read."""
    import yaml  # noqa: PLC0415  only where a plugin is missing

    try:
        text = (Path(pulumi.runtime.get_root_directory() or ".") / "Pulumi.yaml").read_text(encoding="utf-8")
        return yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _comes_with(project: Any) -> bool:
    """Tell whether a project says by itself where the plugin comes from."""
    match project:
        case {"packages": {"cosjob": _}}:
            return True
        case {"plugins": {"providers": [*providers]}}:
            return any(isinstance(each, dict) and each.get("name") == "cosjob" for each in providers)
    return False
