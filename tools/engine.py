"""Provide a Pulumi CLI with its Python host, and print the folder that holds them as the last line.

In this order: a `pulumi` on PATH that is new enough; what was fetched or built before, in the user's cache folder; the
official build, fetched by Pulumi's own Automation API; a build from the Go modules that `tools/engine` pins.
Needs Python only, and for the last way Go.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

VERSION = "3.255.0"
MODULES = Path(__file__).parent / "engine"
LDFLAGS = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}"
# Binary, the folder with its go.mod, and the package to build.
BINARIES = (
    ("pulumi", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
    (
        "pulumi-language-python",
        "language-python",
        "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    ),
)
# What the Python host starts; scripts inside the SDK's module.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def say(text: str) -> None:
    """Tell the user what happens, apart from the answer."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


def version_of(pulumi: Path) -> tuple[int, ...] | None:
    """Return the version of a CLI, None where it does not run."""
    try:
        printed = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)", printed.strip())
    return tuple(map(int, match.groups())) if match else None


def is_usable(folder: Path) -> bool:
    """Tell whether a folder holds a CLI that is new enough, and the Python host."""
    version = version_of(folder / "pulumi")
    wanted = tuple(map(int, VERSION.split(".")))
    return version is not None and version >= wanted and (folder / "pulumi-language-python").exists()


def on_path() -> Path | None:
    """Return the folder of the CLI on PATH, if it will do."""
    found = shutil.which("pulumi")
    folder = Path(found).resolve().parent if found else None
    return folder if folder and is_usable(folder) else None


def fetch(folder: Path) -> bool:
    """Let the Automation API download the official build; it needs the pulumi package and a network."""
    try:
        from pulumi.automation import PulumiCommand  # noqa: PLC0415  optional: this script runs without it too
        from semver import VersionInfo  # noqa: PLC0415  as above

        PulumiCommand.install(root=str(folder.parent), version=VersionInfo.parse(VERSION))
    except Exception as error:  # noqa: BLE001  whatever keeps it from working, there is another way
        say(f"the official build cannot be fetched here ({type(error).__name__})")
        return False
    return is_usable(folder)


def build(folder: Path, cache: Path) -> None:
    """Build from Go modules; about five minutes on two cores."""
    go = shutil.which("go")
    if go is None:
        sys.exit(
            "engine: no Pulumi CLI found, and no Go to build one; install either (https://www.pulumi.com/docs/install)"
        )
    for binary, module, package in BINARIES:
        say(f"building {binary} with Go, once; it is kept in {cache}")
        command = [go, "build", "-trimpath", "-ldflags", LDFLAGS, "-o", str(folder / binary), package]
        subprocess.run(command, cwd=MODULES / module, check=True)
    where = [go, "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]
    sdk = subprocess.run(where, cwd=MODULES / "pulumi", check=True, capture_output=True, text=True).stdout.strip()
    for script in SCRIPTS:
        target = folder / Path(script).name
        shutil.copyfile(Path(sdk) / script, target)
        target.chmod(0o755)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time fetch or build."""
    import fcntl  # noqa: PLC0415  not on Windows, where a CLI has to be on PATH

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def provide() -> Path:
    """Return the folder that holds the CLI."""
    if folder := on_path():
        return folder
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulumi-cosjob" / f"engine-{VERSION}"
    folder = cache / "bin"
    if is_usable(folder):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        if is_usable(folder):
            return folder
        if not fetch(folder):
            with tempfile.TemporaryDirectory(dir=cache) as unfinished:
                build(Path(unfinished) / "bin", cache)
                shutil.rmtree(folder, ignore_errors=True)
                (Path(unfinished) / "bin").rename(folder)
    if not is_usable(folder):
        sys.exit(f"engine: what was built in {folder} does not run")
    return folder


if __name__ == "__main__":
    print(provide())
