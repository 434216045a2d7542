"""Makes the native plugin known to the Pulumi engine: a folder with a launcher for this Python environment.

The engine looks for it in `$PULUMI_HOME/plugins/resource-cosjob-vVERSION` when the first resource needs it. Beside that
folder its own installer keeps two files: whoever holds a lock on `….lock` may write, and `….partial` says that the
folder is not to be used.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._text import quoted, truncate
from pulumi_cosjob._version import plugin_version

__all__ = ["EXECUTABLE", "can_start", "install_plugin", "plugin_folder", "write_launcher"]

EXECUTABLE = "pulumi-resource-cosjob"
_SOURCE = "PulumiPlugin.yaml"

# What the shell of a program has set up for Python is not for this environment; and a program's own folder is taken off
# the module path, in which -c puts it: nothing there is to be imported in place of what the plugin needs. The engine
# reads the port from standard output, so whatever else is printed goes to standard error from the start.
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
    """Return where the engine looks for the plugin of this version.

    Args:
        environment: The variables that the engine has.

    Raises:
        ConfigurationError: It looks nowhere: this user has no home.
    """
    home = environment.get("PULUMI_HOME")
    return (Path(home) if home else _users_home() / ".pulumi") / "plugins" / f"resource-cosjob-v{plugin_version()}"


def _users_home() -> Path:
    """Return the home that the engine knows: the user's entry counts there, whatever HOME says."""
    if sys.platform == "win32":
        return Path.home()
    import pwd  # noqa: PLC0415  there is none on Windows

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        home = os.environ.get("HOME")
        if not home:
            raise ConfigurationError("this user has no home folder", hint="Set PULUMI_HOME.") from None
        return Path(home)


def write_launcher(folder: Path) -> Path:
    """Write what starts the plugin in this environment into a folder, in place of another one, and return it."""
    launcher = folder / EXECUTABLE
    handle, written = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_launcher())
    Path(written).chmod(0o755)
    Path(written).replace(launcher)
    return launcher


def can_start(folder: Path) -> bool:
    """Tell whether the engine finds a plugin in a folder; one that was written here, whether its environment is there.

    Args:
        folder: As `plugin_folder` returns it.
    """
    if os.path.exists(_beside(folder, ".partial")):  # noqa: PTH110  Path raises where it cannot be looked at
        return False
    try:
        launcher = (folder / EXECUTABLE).read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return os.path.exists(folder / _SOURCE)  # noqa: PTH110  as above
    except OSError:
        return True
    quoted = _PATHS.findall(launcher) if _OURS in launcher else []
    # Most need no quotes, and to read those takes most of the time.
    paths = [shlex.split(each)[0] if "'" in each else each for each in quoted]
    return all(map(os.path.exists, paths))


def install_plugin(folder: Path, *, replace: bool) -> None:
    """Install the plugin of this environment.

    Args:
        folder: As `plugin_folder` returns it.
        replace: Whether to install it in place of one that can be started.

    Raises:
        ConfigurationError: It cannot be written there.
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "the plugin cannot be installed on Windows", hint="Run `cosjob plugin serve` beside the program instead."
        )
    try:
        with _writing(folder) as temporary:
            # Another program may have installed it while this one waited for the lock.
            if replace or not can_start(folder):
                _put(folder, temporary)
    except OSError as error:
        told, reason = truncate(str(folder), 200), error.strerror or quoted(str(error))
        raise ConfigurationError(
            f"the plugin cannot be written to {told}: {reason}",
            hint="Make that folder writable, or set PULUMI_HOME to one that is.",
        ) from None


def _launcher() -> str:
    found = distribution("pulumi-cosjob")
    # Its name has the version: it goes with an update, not only with the environment.
    package = Path(str(found.locate_file(f"pulumi_cosjob-{found.version}.dist-info")))
    if not package.exists():
        package = Path(__file__)
    python, known = (shlex.quote(str(each)) for each in (sys.executable, package))
    return _LAUNCHER.format(python=python, package=known, executable=EXECUTABLE, version=found.version)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """Keep all others from writing; gives a folder beside it that goes away with all that is left in it."""
    import fcntl  # noqa: PLC0415  there is none on Windows

    home, plugins = folder.parent.parent, folder.parent
    # As the engine makes them: credentials lie there.
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    plugins.mkdir(mode=0o700, exist_ok=True)
    with (
        _beside(folder, ".lock").open("ab") as lock,
        tempfile.TemporaryDirectory(prefix=".cosjob-", dir=plugins) as temporary,
    ):
        # Some network file systems have no locks. What follows is whole at each moment all the same.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(temporary)


def _put(folder: Path, temporary: Path) -> None:
    if folder.is_dir():
        write_launcher(folder)
    else:
        whole = temporary / folder.name
        whole.mkdir()
        write_launcher(whole)
        whole.rename(folder)
    # Left behind by an installation that was broken off: it would hide the plugin.
    _beside(folder, ".partial").unlink(missing_ok=True)


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(folder.name + suffix)
