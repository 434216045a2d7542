"""Installs the native plugin for the Pulumi engine: a folder with a launcher for this Python environment.

When the first resource needs the plugin, the engine searches `$PULUMI_HOME/plugins/resource-cosjob-vVERSION`. The
engine's own installer keeps two files beside that folder: the process that holds a lock on `….lock` may write, and
`….partial` marks a folder that must not be used.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._text import quoted, truncate
from pulumi_cosjob._version import plugin_version

__all__ = ["EXECUTABLE", "can_start", "install_plugin", "plugin_folder", "write_launcher"]

EXECUTABLE = "pulumi-resource-cosjob"
_SOURCE = "PulumiPlugin.yaml"

# PYTHONPATH and PYTHONHOME of the program's shell may be for another environment. `-c` puts the current folder on the
# module path. It is removed there: no file of the program may shadow a module that the plugin needs. The engine reads
# the port from standard output; all other output goes to standard error from the start.
_LAUNCHER = """\
#!/bin/sh
# Starts the plugin in the Python environment that installed it; pulumi-cosjob wrote this.
python={python}
package={package}
if [ ! -x "$python" ]; then
    echo "{executable}: the Python environment of $python is gone; run: cosjob plugin install" >&2
    exit 1
fi
if [ ! -e "$package" ]; then
    echo "{executable}: the Python environment of $python no longer has pulumi-cosjob {version}; install it there," \\
        "or run in an environment that has it: cosjob plugin install" >&2
    exit 1
fi
unset PYTHONPATH PYTHONHOME
exec "$python" -c 'import sys; sys.path[:] = filter(None, sys.path)
try:
    from pulumi_cosjob._plugin import main; main(3)
except ModuleNotFoundError as error:
    sys.exit(f"{executable}: the Python environment of {{sys.executable}} lacks the module {{error.name}}; install "
        "pulumi-cosjob there, or run in an environment that has it: cosjob plugin install")' "$@" 3>&1 1>&2
"""
_OURS = "pulumi-cosjob wrote this"
_PATHS = re.compile(r"^(?:python|package)=(.*)$", re.MULTILINE)


def plugin_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder in which the engine searches the plugin of this version.

    Args:
        environment: The engine's environment variables.

    Raises:
        ConfigurationError: There is no such folder: this user has no home.
    """
    home = environment.get("PULUMI_HOME")
    return (Path(home) if home else _users_home() / ".pulumi") / "plugins" / f"resource-cosjob-v{plugin_version()}"


def _users_home() -> Path:
    """Return the home that the engine uses: that of the user's entry in the system's database, not HOME."""
    if sys.platform == "win32":
        return Path.home()
    import pwd  # noqa: PLC0415  not on Windows

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        home = os.environ.get("HOME")
        if not home:
            raise ConfigurationError("this user has no home folder", hint="Set PULUMI_HOME.") from None
        return Path(home)


def write_launcher(folder: Path) -> Path:
    """Write the launcher of the plugin in this environment into a folder; return its path. Replaces another one."""
    launcher = folder / EXECUTABLE
    handle, written = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_launcher())
    Path(written).chmod(0o755)
    Path(written).replace(launcher)
    return launcher


def can_start(folder: Path) -> bool:
    """Return whether the engine finds a plugin in a folder, and the environment of a launcher of this package exists.

    Args:
        folder: As `plugin_folder` returns it.
    """
    if os.path.exists(_beside(folder, ".partial")):  # noqa: PTH110  Path raises without permission
        return False
    try:
        launcher = (folder / EXECUTABLE).read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return os.path.exists(folder / _SOURCE)  # noqa: PTH110  as above
    except OSError:
        return True
    in_shell = _PATHS.findall(launcher) if _OURS in launcher else []
    # Most paths have no quotes; parsing quotes would take most of the time.
    paths = [shlex.split(each)[0] if "'" in each else each for each in in_shell]
    return all(map(os.path.exists, paths))


def install_plugin(folder: Path, *, replace: bool) -> None:
    """Install the plugin of this environment.

    Args:
        folder: As `plugin_folder` returns it.
        replace: Whether to replace a plugin that can be started.

    Raises:
        ConfigurationError: The plugin cannot be written there.
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "the plugin cannot be installed on Windows", hint="Run `cosjob plugin serve` beside the program instead."
        )
    try:
        with _writing(folder) as temporary:
            # Another program may have installed the plugin while this one waited for the lock.
            if replace or not can_start(folder):
                _put(folder, temporary)
    except OSError as error:
        reason = error.strerror or quoted(str(error))
        raise ConfigurationError(
            f"the plugin cannot be written to {truncate(str(folder), 200)}: {reason}",
            hint="Make that folder writable, or set PULUMI_HOME to one that is.",
        ) from None


def _launcher() -> str:
    from importlib.metadata import distribution  # noqa: PLC0415  every native program imports this module

    found = distribution("pulumi-cosjob")
    # This folder's name has the version: an update removes it, as does the removal of the environment.
    package = Path(str(found.locate_file(f"pulumi_cosjob-{found.version}.dist-info")))
    if not package.exists():
        package = Path(__file__)
    python, installed = (shlex.quote(str(each)) for each in (sys.executable, package))
    return _LAUNCHER.format(python=python, package=installed, executable=EXECUTABLE, version=found.version)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """Lock out other installers, and yield a temporary folder on the same file system; it is removed at the end."""
    import fcntl  # noqa: PLC0415  not on Windows

    home, plugins = folder.parent.parent, folder.parent
    # With the engine's permissions: the home holds credentials.
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    plugins.mkdir(mode=0o700, exist_ok=True)
    with (
        _beside(folder, ".lock").open("ab") as lock,
        tempfile.TemporaryDirectory(prefix=".cosjob-", dir=plugins) as temporary,
    ):
        # Some network file systems have no locks. Each of the following steps is atomic anyway.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(temporary)


def _put(folder: Path, temporary: Path) -> None:
    if folder.is_dir():
        write_launcher(folder)
    else:
        complete = temporary / folder.name
        complete.mkdir()
        write_launcher(complete)
        complete.rename(folder)
    # Left by an interrupted installation; it would hide the plugin.
    _beside(folder, ".partial").unlink(missing_ok=True)


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(folder.name + suffix)
