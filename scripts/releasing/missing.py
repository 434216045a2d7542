"""What is missing before a release can be published: decisions of a person, and steps that were left out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from pulumi_cosjob._plugin import publication
from releasing.changelog import CHANGELOG, UNRELEASED, section
from releasing.version import repeated_versions

__all__ = ["missing_decisions", "missing_steps"]

FILE = "pulumi_cosjob/_plugin/publication.py"

_ADDRESSES = {
    "homepage": "the address of the site",
    "repository": "the address of the repository; until then, README.md has dead links at the package index",
    "pluginDownloadURL": "the address of the plugin server; until then, users install the plugin by themselves",
}
_NAMES = {
    "INDEX_PROJECT": "the project at the Python package index",
    "PYTHON_PACKAGE": "the project of the SDK for Python there",
    "NPM_PACKAGE": "the package at npm",
    "GO_MODULE": "the path of the Go module, which names a repository",
    "PUBLISHER": "the publisher of the plugin",
}


def missing_decisions() -> Iterator[str]:
    """Yield what a person has to decide."""
    for name, meaning in _ADDRESSES.items():
        if publication.ADDRESSES[name] is None:
            yield f'{FILE}: ADDRESSES["{name}"] is not decided: {meaning}'
    for name, meaning in _NAMES.items():
        if name in publication.PROPOSED:
            yield f"{FILE}: {name} is a proposal ({getattr(publication, name)}): {meaning}"


def missing_steps(root: Path, version: str, *, site: bool) -> Iterator[str]:
    """Yield the steps that were left out.

    Args:
        root: The repository.
        version: The version that is released.
        site: Whether the site was built.
    """
    yield from repeated_versions(root).values()
    if section((root / CHANGELOG).read_text(encoding="utf-8"), version) is None:
        yield (
            f"{CHANGELOG} has no section {version}, so that RELEASE.md has the text of {UNRELEASED}: "
            f"run make release ARGS='--set-version {version}'"
        )
    if not site:
        yield "site/ is not built: run make docs"
    if (root / ".git").exists():
        status = ["git", "status", "--porcelain"]
        if subprocess.run(status, cwd=root, capture_output=True, text=True, check=True).stdout:
            yield "files differ from the commit: commit them, and build the release again"
