"""The plugin as archives that `pulumi plugin install --server` downloads.

The engine unpacks an archive, makes a virtual environment for the `requirements.txt` beside `PulumiPlugin.yaml`, and
starts `pulumi-resource-cosjob`. All archives have the same files: the plugin is Python. The wheel is among them, so
that the plugin needs no release of the package at an index.
"""

from __future__ import annotations

from pathlib import Path

from releasing.archives import write_tar
from releasing.tools import ROOT

__all__ = ["PLATFORMS", "write_plugin_archives"]

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
"""Operating systems and processors, in the names that the engine uses."""

_EXECUTABLE = "pulumi-resource-cosjob"
# Language hosts since 2024 make the environment in the folder that PulumiPlugin.yaml names; hosts before, in this one.
# `-I`: PYTHONPATH of the program's shell may be for another environment.
_LAUNCHER = f"""\
#!/bin/sh
# Starts the plugin in the environment that the engine made when it installed this folder.
folder=$(dirname "$0")
for python in "$folder/venv/bin/python" "$folder/bin/python"; do
    if [ -x "$python" ]; then
        exec "$python" -I "$folder/__main__.py" "$@"
    fi
done
echo "{_EXECUTABLE}: the Python environment in $folder is gone; run: pulumi plugin rm resource cosjob, and then" \\
    "install the plugin again" >&2
exit 1
"""


def write_plugin_archives(folder: Path, wheel: Path, version: str, date: int) -> None:
    """Write an archive for each platform into a folder.

    Args:
        folder: What a plugin server serves.
        wheel: The wheel of the package.
        version: The version, as Pulumi writes it.
        date: The date of the release, in seconds since 1970.
    """
    files = {
        "PulumiPlugin.yaml": (ROOT / "plugin" / "PulumiPlugin.yaml").read_bytes(),
        "__main__.py": (ROOT / "plugin" / "__main__.py").read_bytes(),
        "requirements.txt": f"./{wheel.name}[pulumi]\n".encode(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        wheel.name: wheel.read_bytes(),
        _EXECUTABLE: _LAUNCHER.encode(),
    }
    for platform in PLATFORMS:
        write_tar(folder / f"{_EXECUTABLE}-v{version}-{platform}.tar.gz", files, date, {_EXECUTABLE})
