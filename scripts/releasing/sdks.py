"""The SDKs for TypeScript, Go and Python, generated from the plugin's schema and built."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi_environment
from pulumi_cosjob._plugin.publication import GO_MODULE
from releasing.archives import read_tree, write_zip
from releasing.tools import ROOT, TOOLS, run

__all__ = ["GO_LANGUAGE", "build_go_sdk", "build_nodejs_sdk", "build_python_sdk", "pin_npm"]

LOCK = ROOT / "scripts" / "requirements" / "sdk-nodejs.json"
"""The versions with which the SDK for TypeScript is compiled, as npm writes `package-lock.json`."""

_NPM = ("--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error")
GO_LANGUAGE = {"GOWORK": "off", "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -trimpath".strip()}
"""Environment variables of Go; with `-trimpath`, what was compiled for the engine is not compiled again."""


def _generate(language: str, schema: Mapping[str, Any], folder: Path) -> Path:
    """Write the SDK of a language into a new folder, with the licence; return that folder."""
    source = folder / "schema.json"
    source.write_text(json.dumps(schema), encoding="utf-8")
    path = os.pathsep.join([pulumi_environment.engine_path(all_languages=True), os.environ["PATH"]])
    target = folder / language
    generator = shutil.which("cosjob-sdkgen", path=path)
    assert generator is not None, "engine_path provides it"  # noqa: S101
    run(folder, generator, language, source, target)
    shutil.copyfile(ROOT / "LICENSE", target / "LICENSE")
    return target


def build_nodejs_sdk(schema: Mapping[str, Any], target: Path, work: Path) -> None:
    """Compile the SDK for TypeScript, and pack it as npm publishes it.

    Args:
        schema: The plugin's schema.
        target: The folder for the archive.
        work: An empty folder for what is needed on the way.
    """
    package = _generate("nodejs", schema, work)
    shutil.copyfile(LOCK, package / "package-lock.json")
    run(package, "npm", "ci", *_NPM)
    run(package, package / "node_modules" / ".bin" / "tsc")
    # What is published is the folder of the compiled code, which reads its version from the package.json beside it.
    for file in ("package.json", "README.md", "LICENSE"):
        shutil.copyfile(package / file, package / "bin" / file)
    run(package / "bin", "npm", "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", target)


def pin_npm(schema: Mapping[str, Any], work: Path) -> None:
    """Write the newest versions with which the SDK for TypeScript can be compiled into `scripts/requirements`."""
    package = _generate("nodejs", schema, work)
    # Without the addresses of a registry.
    run(package, "npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved", *_NPM)
    shutil.copyfile(package / "package-lock.json", LOCK)


def build_go_sdk(schema: Mapping[str, Any], target: Path, work: Path, date: int) -> None:
    """Check the SDK for Go, and pack it as a module proxy serves it: what a repository has in the module's folder.

    Args:
        schema: The plugin's schema.
        target: The folder for the archive.
        work: An empty folder for what is needed on the way.
        date: The date of the release, in seconds since 1970.
    """
    module = _generate("go", schema, work)
    (module / "README.md").write_text(schema["language"]["go"]["readme"], encoding="utf-8")
    run(module, "go", "mod", "tidy", variables=GO_LANGUAGE)
    files = read_tree(module)
    _vet(module)
    version = schema["version"]
    root = f"{GO_MODULE}@v{version}"
    write_zip(target / f"cosjob-sdk-go-v{version}.zip", {f"{root}/{name}": files[name] for name in files}, date)


def _vet(module: Path) -> None:
    """Run `go vet` with the modules that the engine was built from, which are compiled already."""
    pinned = ROOT / "scripts" / "engine" / "pulumi"
    required = re.compile(r"^(?:require|replace|\)|\t(?!github.com/pulumi/pulumi/sdk)).*\n", re.MULTILINE)
    with (module / "go.mod").open("a", encoding="utf-8") as file:
        file.writelines(required.findall((pinned / "go.mod").read_text(encoding="utf-8")))
    with (module / "go.sum").open("a", encoding="utf-8") as file:
        file.write((pinned / "go.sum").read_text(encoding="utf-8"))
    run(module, "go", "vet", "-mod=mod", "./...", variables=GO_LANGUAGE)


def build_python_sdk(schema: Mapping[str, Any], target: Path, work: Path, date: int) -> None:
    """Build the wheel of the SDK for Python; the arguments are those of `build_go_sdk`."""
    package = _generate("python", schema, work)
    [module] = [path for path in package.iterdir() if path.is_dir()]
    shutil.copyfile(module / "README.md", package / "README.md")
    build = "import setuptools.build_meta as builder, sys; builder.build_wheel(sys.argv[1])"
    run(package, TOOLS, "-c", build, target, variables={"SOURCE_DATE_EPOCH": str(date)})
