"""Makes the native plugin known to the Pulumi CLI: a folder with a launcher for this Python environment."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._version import plugin_version

__all__ = ["install_plugin", "write_launcher"]

EXECUTABLE = "pulumi-resource-cosjob"

# The CLI copies the folder, so the environment has to be named. A program's own folder is taken off the module path, in
# which -c puts it: nothing there is to be imported in place of what the plugin needs.
_LAUNCHER = """\
#!/bin/sh
# Starts the plugin in the Python environment that installed it; `cosjob plugin install` wrote this.
python={python}
if [ ! -x "$python" ]; then
    echo "{executable}: the Python environment of $python is gone; run: cosjob plugin install" >&2
    exit 1
fi
exec "$python" -c 'import sys; sys.path[:] = filter(None, sys.path)
from pulumi_cosjob._plugin import main; main()' "$@"
"""


def write_launcher(folder: Path) -> Path:
    """Write what starts the plugin in this environment into a folder, and return it."""
    launcher = folder / EXECUTABLE
    launcher.write_text(_LAUNCHER.format(python=shlex.quote(sys.executable), executable=EXECUTABLE), encoding="utf-8")
    launcher.chmod(0o755)
    return launcher


def install_plugin() -> str:
    """Install the plugin of this environment in the Pulumi CLI, in place of one of the same version.

    Returns:
        Its version.

    Raises:
        ConfigurationError: There is no Pulumi CLI, or it refused.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise ConfigurationError("there is no pulumi on PATH", hint="Install the Pulumi CLI, or put it there.")
    if os.name == "nt":
        raise ConfigurationError(
            "the plugin cannot be installed on Windows", hint="Put this environment's Scripts folder on PATH instead."
        )
    found = plugin_version()
    with tempfile.TemporaryDirectory(prefix="cosjob-plugin-") as folder:
        write_launcher(Path(folder))
        command = [pulumi, "plugin", "install", "resource", "cosjob", found, "--file", folder, "--reinstall"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  the user's own CLI
    if done.returncode:
        raise ConfigurationError(f"pulumi plugin install failed: {(done.stderr or done.stdout).strip()}")
    return found
