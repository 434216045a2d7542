"""Provide a Pulumi CLI with its Python host. The last line of output is their folders, joined as in PATH.

The sources, in this order: a `pulumi` on PATH that is new enough; the user's cache folder, with what was fetched or
built before; the official build, fetched by Pulumi's own Automation API; a build from the Go modules that
`scripts/engine` pins. `--all` adds the hosts of YAML, TypeScript and Go, and `cosjob-sdkgen`, which writes SDKs from a
schema. Only missing binaries are built. Needs Python only, and Go for a build. A build from modules has older hosts
than an official one; see docs/design.md.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

VERSION = "3.274.1"
"""The CLI that is fetched or built."""

OLDEST = "3.255.0"
"""The oldest CLI on PATH that is used."""

MODULES = Path(__file__).parent / "engine"
PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
PULUMI_YAML = "github.com/pulumi/pulumi-yaml"
# The variable that holds the version of a binary, by the module that defines the version.
VERSION_VARIABLES = {
    PULUMI_SDK: f"{PULUMI_SDK}/go/common/version.Version",
    PULUMI_YAML: f"{PULUMI_YAML}/pkg/version.Version",
}


# Seconds between two lines of progress, and how many last lines of Go are shown if it fails.
REPORT_EVERY = 5.0
LAST_LINES = 30


class Binary(NamedTuple):
    """A binary that can be built.

    Args:
        name: Name of the file.
        module: Folder with its go.mod, below `scripts/engine`.
        package: Go package to build.
        scripts: Scripts that the binary starts, as paths inside the SDK's module.
        versioned_by: The Go module whose version is the binary's.
        takes: How long a build takes on two processors.
    """

    name: str
    module: str
    package: str
    scripts: tuple[str, ...] = ()
    versioned_by: str = PULUMI_SDK
    takes: str = "half a minute"

    @property
    def version(self) -> str:
        """The version, as go.mod pins it: a host is often older than the CLI."""
        pinned = (MODULES / self.module / "go.mod").read_text(encoding="utf-8")
        match = re.search(rf"^(?:require)?\s+{re.escape(self.versioned_by)} v(\S+)", pinned, re.MULTILINE)
        assert match is not None, f"{self.module}/go.mod does not pin {self.versioned_by}"  # noqa: S101
        return match[1]

    @property
    def linker_flags(self) -> str:
        """Linker flags that set the version, as official builds do."""
        return f"-s -w -X {VERSION_VARIABLES[self.versioned_by]}={self.version}"


BINARIES = (
    Binary("pulumi", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", takes="four minutes"),
    Binary(
        "pulumi-language-python",
        "language-python",
        f"{PULUMI_SDK}/python/cmd/pulumi-language-python",
        ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"),
    ),
    Binary("cosjob-sdkgen", "pulumi", "./cosjob-sdkgen"),
    Binary(
        "pulumi-language-yaml",
        "language-yaml",
        f"{PULUMI_YAML}/cmd/pulumi-language-yaml",
        versioned_by=PULUMI_YAML,
    ),
    Binary(
        "pulumi-language-nodejs",
        "language-nodejs-go",
        f"{PULUMI_SDK}/nodejs/cmd/pulumi-language-nodejs",
    ),
    Binary("pulumi-language-go", "language-nodejs-go", f"{PULUMI_SDK}/go/pulumi-language-go"),
)
ALL = tuple(binary.name for binary in BINARIES)
DEFAULT = ("pulumi", "pulumi-language-python")


def report(text: str) -> None:
    """Print progress to standard error: standard output is for the folders."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


def version_of(pulumi: str) -> tuple[int, ...] | None:
    """Return the version of a CLI; None if it does not run."""
    try:
        printed = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)", printed.strip())
    return tuple(map(int, match.groups())) if match else None


def holds(folder: Path, name: str) -> bool:
    """Return whether a folder holds a binary; the CLI also has to run and to be new enough."""
    found = shutil.which(name, path=str(folder))
    if found is None or name != "pulumi":
        return found is not None
    version = version_of(found)
    return version is not None and version >= tuple(map(int, OLDEST.split(".")))


def missing(names: Collection[str], folders: list[Path]) -> list[Binary]:
    """Return the binaries that none of the folders holds."""
    return [each for each in BINARIES if each.name in names and not any(holds(folder, each.name) for folder in folders)]


def on_path() -> list[Path]:
    """Return the folder of the CLI on PATH, if it can be used."""
    found = shutil.which("pulumi")
    folder = Path(found).resolve().parent if found else None
    return [folder] if folder and holds(folder, "pulumi") else []


def cache_folder() -> Path:
    """Return the folder for binaries that are fetched or built; it depends on the content of `scripts/engine`."""
    contents = hashlib.sha256()
    for path in sorted(path for path in MODULES.rglob("*") if path.is_file()):
        text = path.read_bytes()
        contents.update(f"{path.relative_to(MODULES).as_posix()} {len(text)} ".encode() + text)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "pulumi-cosjob" / f"engine-{VERSION}-{contents.hexdigest()[:12]}"


def fetch(root: Path) -> bool:
    """Download the official build to `bin` by the Automation API, which needs the pulumi package and a network."""
    try:
        from pulumi.automation import PulumiCommand  # noqa: PLC0415  optional: this script runs without it too
        from semver import VersionInfo  # noqa: PLC0415  as above

        PulumiCommand.install(root=str(root), version=VersionInfo.parse(VERSION))
    except Exception as error:  # noqa: BLE001  after any error the CLI is built
        report(f"the official build cannot be fetched here ({type(error).__name__}), so it is built")
        return False
    return holds(root / "bin", "pulumi")


def run_with_progress(command: list[str], folder: Path, what: str) -> None:
    """Run a command that writes a line to standard error for each of its steps; report every few seconds where it is.

    Args:
        command: The command.
        folder: Where it runs.
        what: What it builds, for the lines.
    """
    started = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        lines: list[str] = []
        assert process.stderr is not None  # noqa: S101  it is piped
        reader = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            reader.join(REPORT_EVERY)
            while reader.is_alive():
                step = f"{len(lines)} steps so far, now {lines[-1].strip()}" if lines else "Go reads the modules"
                report(f"{time.monotonic() - started:.0f} s: {what}; {step}")
                reader.join(REPORT_EVERY)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        sys.exit("".join([*lines[-LAST_LINES:], f"engine: {command[0]} could not build {what}"]))


def build(binary: Binary, folder: Path) -> None:
    """Build from Go modules: about four minutes on two cores for the CLI, at most half a minute for the others."""
    go = shutil.which("go")
    if go is None:
        sys.exit(
            f"engine: no {binary.name} found, and no Go to build it; install either "
            "(https://www.pulumi.com/docs/install)"
        )
    target = str(folder / binary.name)
    # Go names each module that it downloads, and each package that it compiles.
    command = [go, "build", "-v", "-trimpath", "-ldflags", binary.linker_flags, "-o", target, binary.package]
    run_with_progress(command, MODULES / binary.module, f"{binary.name}, which takes {binary.takes} on two processors")
    if not binary.scripts:
        return
    # From the SDK that the CLI is built with. Programs use this version of the SDK or a newer one.
    where = [go, "list", "-m", "-f", "{{.Dir}}", PULUMI_SDK]
    sdk = subprocess.run(where, cwd=MODULES / "pulumi", check=True, capture_output=True, text=True).stdout.strip()
    for script in binary.scripts:
        copied = folder / Path(script).name
        shutil.copyfile(Path(sdk) / script, copied)
        copied.chmod(0o755)


def move(source: Path, target: Path, last: str) -> None:
    """Move files one by one, each atomically; `last` is the file that shows others that all are there."""
    target.mkdir(exist_ok=True)
    for path in sorted(source.iterdir(), key=lambda path: path.name == last):
        path.replace(target / path.name)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock: one process at a time fetches or builds."""
    import fcntl  # noqa: PLC0415  not on Windows, where a CLI has to be on PATH

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def heed_interrupts() -> None:
    """Stop ignoring SIGINT in this process and those that it starts; shells make background commands ignore it.

    The engine ends its dynamic providers by this signal, and waits five seconds for one that ignores it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def provide(binaries: Collection[str] = DEFAULT) -> list[Path]:
    """Return the folders that hold the binaries, in the order in which they have to be on PATH."""
    own = on_path()
    if own and not missing(binaries, own):
        return own
    cache = cache_folder()
    folders = [*own, cache / "bin"]
    if not missing(binaries, folders):
        return folders
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        wanted = missing(binaries, folders)
        if any(binary.name == "pulumi" for binary in wanted):
            with tempfile.TemporaryDirectory(dir=cache) as unfinished:
                if fetch(Path(unfinished)):
                    move(Path(unfinished) / "bin", cache / "bin", "pulumi")
                    wanted = missing(binaries, folders)
        for binary in wanted:
            report(f"building {binary.name} with Go, once, in about {binary.takes}; it is kept in {cache}")
            with tempfile.TemporaryDirectory(dir=cache) as unfinished:
                build(binary, Path(unfinished))
                move(Path(unfinished), cache / "bin", binary.name)
    if missing(binaries, folders):
        sys.exit(f"engine: the binaries in {cache} do not run")
    return folders


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="also the other languages' hosts, and cosjob-sdkgen")
    wanted = ALL if parser.parse_args().all else DEFAULT
    try:
        print(os.pathsep.join(map(str, provide(wanted))))
    except KeyboardInterrupt:
        sys.exit("\nengine: interrupted")
