"""Provide a Pulumi CLI with its Python host, and print the folders that hold them, joined as in PATH, as the last line.

In this order: a `pulumi` on PATH that is new enough; what was fetched or built before, in the user's cache folder; the
official build, fetched by Pulumi's own Automation API; a build from the Go modules that `scripts/engine` pins. `--all`
adds the hosts of YAML, TypeScript and Go, and `cosjob-sdkgen`, which writes SDKs from a schema. Only what is missing is
built. Needs Python only, and for the last way Go. A build from modules has older hosts than an official one; see
docs/design.md.
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
# Where a binary keeps its version, for each module that it can have it from.
VERSION_VARIABLES = {
    PULUMI_SDK: f"{PULUMI_SDK}/go/common/version.Version",
    PULUMI_YAML: f"{PULUMI_YAML}/pkg/version.Version",
}


class Binary(NamedTuple):
    """What can be built.

    Args:
        name: Of the file.
        module: Folder with its go.mod, below `scripts/engine`.
        package: To build there.
        scripts: What the binary starts, inside the SDK's module.
        versioned_by: The Go module whose version is the binary's.
    """

    name: str
    module: str
    package: str
    scripts: tuple[str, ...] = ()
    versioned_by: str = PULUMI_SDK

    @property
    def version(self) -> str:
        """Its own version, as its go.mod pins it: a host is often older than the CLI."""
        pinned = (MODULES / self.module / "go.mod").read_text(encoding="utf-8")
        match = re.search(rf"^(?:require)?\s+{re.escape(self.versioned_by)} v(\S+)", pinned, re.MULTILINE)
        assert match is not None, f"{self.module}/go.mod does not pin {self.versioned_by}"  # noqa: S101
        return match[1]

    @property
    def linker_flags(self) -> str:
        """What the linker is told: the version, as the makers' own builds have it."""
        return f"-s -w -X {VERSION_VARIABLES[self.versioned_by]}={self.version}"


BINARIES = (
    Binary("pulumi", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
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


def say(text: str) -> None:
    """Tell the user what happens, apart from the answer."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


def version_of(pulumi: str) -> tuple[int, ...] | None:
    """Return the version of a CLI, None where it does not run."""
    try:
        printed = subprocess.run([pulumi, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)", printed.strip())
    return tuple(map(int, match.groups())) if match else None


def holds(folder: Path, name: str) -> bool:
    """Tell whether a folder holds a binary; of the CLI, one that runs and is new enough."""
    found = shutil.which(name, path=str(folder))
    if found is None or name != "pulumi":
        return found is not None
    version = version_of(found)
    return version is not None and version >= tuple(map(int, OLDEST.split(".")))


def missing(names: Collection[str], folders: list[Path]) -> list[Binary]:
    """Return the binaries that none of the folders holds."""
    return [each for each in BINARIES if each.name in names and not any(holds(folder, each.name) for folder in folders)]


def on_path() -> list[Path]:
    """Return the folder of the CLI on PATH, if it will do."""
    found = shutil.which("pulumi")
    folder = Path(found).resolve().parent if found else None
    return [folder] if folder and holds(folder, "pulumi") else []


def cache_folder() -> Path:
    """Return where to keep what is fetched or built; another one when the pinned modules or our own source change."""
    contents = hashlib.sha256()
    for path in sorted(path for path in MODULES.rglob("*") if path.is_file()):
        text = path.read_bytes()
        contents.update(f"{path.relative_to(MODULES).as_posix()} {len(text)} ".encode() + text)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "pulumi-cosjob" / f"engine-{VERSION}-{contents.hexdigest()[:12]}"


def fetch(root: Path) -> bool:
    """Let the Automation API download the official build to `bin`; it needs the pulumi package and a network."""
    try:
        from pulumi.automation import PulumiCommand  # noqa: PLC0415  optional: this script runs without it too
        from semver import VersionInfo  # noqa: PLC0415  as above

        PulumiCommand.install(root=str(root), version=VersionInfo.parse(VERSION))
    except Exception as error:  # noqa: BLE001  whatever keeps it from working, there is another way
        say(f"the official build cannot be fetched here ({type(error).__name__})")
        return False
    return holds(root / "bin", "pulumi")


def build(binary: Binary, folder: Path) -> None:
    """Build from Go modules; about four minutes on two cores for the CLI, half a minute at most for the others."""
    go = shutil.which("go")
    if go is None:
        sys.exit(
            f"engine: no {binary.name} found, and no Go to build it; install either "
            "(https://www.pulumi.com/docs/install)"
        )
    target = str(folder / binary.name)
    command = [go, "build", "-trimpath", "-ldflags", binary.linker_flags, "-o", target, binary.package]
    subprocess.run(command, cwd=MODULES / binary.module, check=True)
    if not binary.scripts:
        return
    # Those of the SDK that the CLI was built with: the programs that they start use one that is no older.
    where = [go, "list", "-m", "-f", "{{.Dir}}", PULUMI_SDK]
    sdk = subprocess.run(where, cwd=MODULES / "pulumi", check=True, capture_output=True, text=True).stdout.strip()
    for script in binary.scripts:
        copied = folder / Path(script).name
        shutil.copyfile(Path(sdk) / script, copied)
        copied.chmod(0o755)


def move(source: Path, target: Path, last: str) -> None:
    """Move files, each at once, and last the one that others look for."""
    target.mkdir(exist_ok=True)
    for path in sorted(source.iterdir(), key=lambda path: path.name == last):
        path.replace(target / path.name)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time fetch or build."""
    import fcntl  # noqa: PLC0415  not on Windows, where a CLI has to be on PATH

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def heed_interrupts() -> None:
    """Let what this process starts heed SIGINT, which a shell makes its background commands ignore.

    The engine ends its dynamic providers by it, and waits for five seconds for one that does not heed it.
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
            say(f"building {binary.name} with Go, once; it is kept in {cache}")
            with tempfile.TemporaryDirectory(dir=cache) as unfinished:
                build(binary, Path(unfinished))
                move(Path(unfinished), cache / "bin", binary.name)
    if missing(binaries, folders):
        sys.exit(f"engine: what was built in {cache} does not run")
    return folders


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="also the other languages' hosts, and cosjob-sdkgen")
    print(os.pathsep.join(map(str, provide(ALL if parser.parse_args().all else DEFAULT))))
