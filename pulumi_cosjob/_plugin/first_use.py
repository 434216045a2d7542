"""Installs the native plugin at its first use in a program, if the engine would not find it."""

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
    """Install the plugin of this environment, if an engine runs this program and would find no plugin that can start.

    Must be called before the first resource or function of the plugin is used. If the plugin cannot be written, this
    is a warning: the engine then reports that it finds no plugin.

    Raises:
        InvalidArgumentError: COSJOB_PLUGIN_INSTALL is neither `auto` nor `never`.
    """
    engine = pulumi.runtime.settings.get_engine()
    # Under mocks the engine is of another class; a program that runs without the CLI has none.
    if isinstance(engine, engine_pb2_grpc.EngineStub):
        _provide(engine)


# A deployment has one engine. A process that uses the Automation API may have several, one after the other.
@functools.lru_cache(maxsize=1)
def _provide(_engine: Any) -> None:
    if not _is_wanted(os.environ):
        return
    try:
        folder = plugin_folder()
        if not can_start(folder) and not _declares_plugin(_project()):
            install_plugin(folder, replace=False)
    except ConfigurationError as error:
        pulumi.log.warn(str(error))


def _is_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether to install a missing plugin: not if COSJOB_PLUGIN_INSTALL is `never`, or one is attached."""
    check = functools.partial(check_choice, INSTALL, choices=("auto", "never"))
    choice = checked(check, environment.get(INSTALL) or "auto")
    running = environment.get("PULUMI_DEBUG_PROVIDERS", "").split(",")
    return choice == "auto" and sys.platform != "win32" and not any(each.startswith("cosjob:") for each in running)


def _project() -> Any:
    """Return the content of Pulumi.yaml; None if it cannot be read."""
    import yaml  # noqa: PLC0415  only if the plugin is missing

    try:
        text = (Path(pulumi.runtime.get_root_directory() or ".") / "Pulumi.yaml").read_text(encoding="utf-8")
        return yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _declares_plugin(project: Any) -> bool:
    """Return whether a project itself declares the source of the plugin."""
    match project:
        case {"packages": {"cosjob": _}}:
            return True
        case {"plugins": {"providers": [*providers]}}:
            return any(isinstance(each, dict) and each.get("name") == "cosjob" for each in providers)
    return False
