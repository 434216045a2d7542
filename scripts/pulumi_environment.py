"""The environment of the Pulumi CLI for tests, demo and benchmarks: a backend and a home in a local folder."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import engine

__all__ = ["STATE", "engine_path", "pulumi_environment", "write_project"]

STATE = "state"
"""The folder of the backend, inside the folder that an environment is made for."""


@functools.cache
def engine_path(*, all_languages: bool = False) -> str:
    """Return the folders of the Pulumi CLI and its language hosts, joined as in PATH.

    Args:
        all_languages: Whether programs in all languages are run, or in Python only.
    """
    folders = engine.provide(engine.ALL if all_languages else engine.DEFAULT)
    return os.pathsep.join(map(str, folders))


def pulumi_environment(folder: Path, *, python: Path | None = None, all_languages: bool = False) -> dict[str, str]:
    """Return the environment variables of the Pulumi CLI: those of this process, with a backend and home in a folder.

    Args:
        folder: Holds the backend, which is created, and the CLI's home.
        python: The interpreter that runs programs; by default the first on PATH.
        all_languages: Whether programs in all languages are run, or in Python only.
    """
    state = folder / STATE
    state.mkdir(parents=True, exist_ok=True)
    # The engine's Python host runs the first interpreter on PATH.
    first = [] if python is None else [str(python.parent)]
    return {
        **os.environ,
        "PATH": os.pathsep.join([*first, engine_path(all_languages=all_languages), os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # An editable install hides its pulumi-plugin.json: without this, each command looks for a plugin to download.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def write_project(folder: Path, name: str, program: str) -> None:
    """Write a Pulumi project with a Python program into a folder."""
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n", encoding="utf-8")
    (folder / "__main__.py").write_text(program, encoding="utf-8")
