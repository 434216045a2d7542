"""Checks the Pulumi CLI on PATH, which is to find the installed plugin."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._text import quoted, reason_of, truncate

__all__ = ["check_pulumi"]

# Its first start on a machine unpacks and writes files.
_SECONDS = 60.0
_INSTALL = "Install it anew: https://www.pulumi.com/docs/install/"


def check_pulumi(environment: Mapping[str, str] = os.environ) -> bool:
    """Check that the CLI on PATH can be run, and is not older than the SDK that this package needs.

    Args:
        environment: The environment variables, PATH among them.

    Returns:
        Whether there is a CLI at all. It may be installed later, or be in another container.

    Raises:
        ConfigurationError: It cannot be run, fails or is too old.
    """
    found = _find(environment)
    if found is None:
        return False
    shown = truncate(found, 200)
    try:
        done = subprocess.run(  # noqa: S603  the user's own PATH, as their shell reads it
            [found, "version"],
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"{shown} version did not end within {_SECONDS:.0f} s", hint=_INSTALL) from None
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be run: {reason_of(error)}", hint=_INSTALL) from None
    if done.returncode != 0:
        how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        why = f": {quoted(lines[0], 200)}" if lines else ""
        raise ConfigurationError(f"{shown} version failed with {how}{why}", hint=_INSTALL)
    _check_version(shown, done.stdout)
    return True


def _find(environment: Mapping[str, str]) -> str | None:
    """Return the CLI; else the first file of that name that cannot be executed, as shells report it; else None."""
    path = environment.get("PATH", os.defpath)
    found = shutil.which("pulumi", path=path)
    if found is not None:
        return found
    files = (os.path.join(folder or os.curdir, "pulumi") for folder in path.split(os.pathsep))  # noqa: PTH118  as which
    return next((file for file in files if os.path.isfile(file)), None)  # noqa: PTH113  Path raises without permission


def _check_version(cli: str, printed: str) -> None:
    words = printed.split()
    match = re.match(r"v?([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})", words[0]) if words else None
    if match is None:
        raise ConfigurationError(f"{cli} version prints no version, but {quoted(printed.strip())}", hint=_INSTALL)
    oldest = _oldest()
    if tuple(map(int, match.groups())) < oldest:
        needed = ".".join(map(str, oldest))
        raise ConfigurationError(f"{cli} is version {'.'.join(match.groups())}, and {needed} is needed", hint=_INSTALL)


def _oldest() -> tuple[int, ...]:
    """Return the oldest version of the SDK that this package accepts: the CLI is released with the SDK."""
    try:
        requirements = requires("pulumi-cosjob") or []
    except PackageNotFoundError:
        return ()
    ranges = (each for each in requirements if re.match(r"pulumi\b(?!-)", each))
    match = re.search(r">=([0-9.]+)", next(ranges, ""))
    return tuple(map(int, match[1].split("."))) if match else ()
