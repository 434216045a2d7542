"""`make release`: all that a release publishes, in `dist/`; the last lines list what is missing before.

- `index/`: the wheel, the source archive and the SDK for Python, for the Python package index
- `plugin/`: archives of the plugin, which a plugin server serves as they are
- `sdk/`: the SDKs for TypeScript and Go
- `schema.json`: the plugin's schema
- `site.tar.gz`: the pages, as `make docs` built them
- `bill-of-materials.cdx.json`, `RELEASE.md`, `SHA256SUMS`

The files are tested as they are there: the engine installs the plugin from a server, programs run on the SDKs. Two
builds of one commit are equal. `--set-version X` sets the version everywhere, and names the changelog's section.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_cosjob._version import semantic
from releasing.archives import CHECKSUMS, checksums, read_tree, source_date, write_tar
from releasing.bill import bill_of_materials, read_pins
from releasing.changelog import CHANGELOG, UNRELEASED, section
from releasing.missing import missing_decisions, missing_steps
from releasing.plugin_archives import write_plugin_archives
from releasing.python_packages import build_python_packages, check_python_packages
from releasing.sdks import build_go_sdk, build_nodejs_sdk, build_python_sdk, pin_npm
from releasing.tools import BUILT, ROOT, ReleaseError, report, run
from releasing.version import read_version, set_version

SITE = ROOT / "site"


def release_text(version: str) -> str:
    """Return the text of the release: the changelog's section of the version, or what is unreleased.

    Raises:
        ReleaseError: Both are missing or empty.
    """
    changelog = (ROOT / CHANGELOG).read_text(encoding="utf-8")
    text = section(changelog, version) or section(changelog, UNRELEASED)
    if text is None:
        raise ReleaseError(f'{CHANGELOG} has text neither under "{version}" nor under "{UNRELEASED}"')
    return text


def build_sdks(folder: Path, date: int) -> None:
    """Build the SDKs, and write the schema, into the folder of the release."""
    schema = package_schema(semantic(read_version(ROOT)))
    (folder / "schema.json").write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as work:
        report("the SDK for Python")
        build_python_sdk(schema, folder / "index", Path(work), date)
        report("the SDK for Go")
        build_go_sdk(schema, folder / "sdk", Path(work), date)
        report("the SDK for TypeScript")
        build_nodejs_sdk(schema, folder / "sdk", Path(work))


def build(folder: Path, version: str, date: int) -> None:
    """Build the release into a new folder.

    Raises:
        ReleaseError: Something is not as it has to be.
    """
    text = release_text(version)
    for name in ("index", "plugin", "sdk"):
        (folder / name).mkdir(parents=True)
    report("the wheel and the source archive")
    wheel = build_python_packages(folder / "index", date)
    report("the archives of the plugin")
    write_plugin_archives(folder / "plugin", wheel, semantic(version), date)
    build_sdks(folder, date)
    check_python_packages(folder / "index")
    if SITE.is_dir():
        write_tar(folder / "site.tar.gz", read_tree(SITE), date)
    bill = bill_of_materials(read_pins(ROOT / "scripts" / "requirements" / "dev.txt"), version, date)
    (folder / "bill-of-materials.cdx.json").write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    (folder / "RELEASE.md").write_text(text, encoding="utf-8")
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")


def listing(folder: Path) -> Iterator[str]:
    """Yield a line for each file of a folder, with its size."""
    for name, content in read_tree(folder).items():
        yield f"{len(content) / 1024:8.1f} KiB  {name}"


def check(folder: Path) -> None:
    """Test the files of a release.

    Raises:
        ReleaseError: A test fails; the message has the output of the tests.
    """
    report("tests of these files")
    tests = "tests/project/test_released_files.py"
    pytest = ("-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", tests)
    printed = run(ROOT, sys.executable, *pytest, variables={BUILT: str(folder)})
    report(printed.strip().splitlines()[-1])


def release(folder: Path, *, strict: bool, tested: bool = True) -> int:
    """Build the release into a folder, which is replaced; return the exit code.

    Args:
        folder: The folder.
        strict: Whether the exit code is 1 if anything is missing.
        tested: Whether the files are tested.
    """
    version = read_version(ROOT)
    installed = importlib.metadata.version("pulumi-cosjob")
    if installed != version:
        raise ReleaseError(f"version {installed} is installed here, not {version}: run make release")
    shutil.rmtree(folder, ignore_errors=True)
    build(folder, version, source_date(ROOT))
    if tested:
        check(folder)
    print(f"pulumi-cosjob {version}:")
    print("\n".join(listing(folder)))
    missing = [*missing_decisions(), *missing_steps(ROOT, version, site=SITE.is_dir())]
    if not missing:
        print("\nready to publish")
        return 0
    print("\nnot ready to publish:")
    print("\n".join(f"- {each}" for each in missing))
    return 1 if strict else 0


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--strict", action="store_true", help="exit with 1 if anything is missing")
    parser.add_argument(
        "--into", type=Path, default=ROOT / "dist", help="the folder, which is replaced; dist by default"
    )
    parser.add_argument("--untested", action="store_true", help="leave out the tests of what is built")
    parser.add_argument("--set-version", metavar="X", help="set the version everywhere, and build nothing")
    parser.add_argument("--pin-npm", action="store_true", help="write the pins of the SDK for TypeScript only")
    options = parser.parse_args()
    try:
        if options.set_version:
            today = dt.datetime.now(dt.timezone.utc).date().isoformat()
            print("\n".join(set_version(ROOT, options.set_version, today)))
            return 0
        if options.pin_npm:
            with tempfile.TemporaryDirectory() as work:
                pin_npm(package_schema(semantic(read_version(ROOT))), Path(work))
            return 0
        return release(options.into.resolve(), strict=options.strict, tested=not options.untested)
    except (ReleaseError, ValueError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
