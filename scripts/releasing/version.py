"""The version: it stands in `pyproject.toml`; files that have to repeat it are written from there."""

from __future__ import annotations

import re
from pathlib import Path

from pulumi_cosjob._version import semantic
from releasing.changelog import CHANGELOG, name_unreleased

__all__ = ["REPEATED", "read_version", "repeated_versions", "set_version"]

_PROJECT = re.compile(r'^(version = ")([^"]+)(")$', re.MULTILINE)
_NUMBER = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+((a|b|rc)[0-9]+)?")

REPEATED = {
    "pulumi_cosjob/_version.py": re.compile(r'^(PACKAGE_VERSION = ")([^"]+)(")$', re.MULTILINE),
    "plugin/requirements.txt": re.compile(r"^(pulumi-cosjob\[pulumi\]==)(\S+)()$", re.MULTILINE),
    "examples/go/go.mod": re.compile(r"^(\t\S+/sdk/go v)(\S+)()$", re.MULTILINE),
}
"""The other files that have the version, and where: the second group of each pattern."""


def read_version(root: Path) -> str:
    """Return the version in `pyproject.toml`."""
    match = _PROJECT.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert match is not None, "pyproject.toml has no version"  # noqa: S101  a fault of this repository
    return match[2]


def _written(file: str, version: str) -> str:
    """Return a version as a file has it: Go reads semantic versions only."""
    return semantic(version) if file.endswith("go.mod") else version


def repeated_versions(root: Path) -> dict[str, str]:
    """Return a sentence for each file that has another version than `pyproject.toml`, by the file."""
    version, wrong = read_version(root), {}
    for file, pattern in REPEATED.items():
        found = [match[2] for match in pattern.finditer((root / file).read_text(encoding="utf-8"))]
        if found != [_written(file, version)]:
            wrong[file] = f"{file} has {', '.join(found) or 'no version'}, not {_written(file, version)}"
    return wrong


def set_version(root: Path, version: str, day: str) -> list[str]:
    """Write a version into all files that have it, and name the changelog's section "Unreleased" by it.

    Args:
        root: The repository.
        version: The version, as Python writes it.
        day: The date of the release, as 2026-11-30.

    Returns:
        The files that were written.

    Raises:
        ValueError: The version is malformed, or "Unreleased" has no text; no file was written then.
    """
    if not _NUMBER.fullmatch(version):
        raise ValueError(f"{version} is no version such as 1.2.3 or 1.2.3rc1")
    texts = {CHANGELOG: name_unreleased((root / CHANGELOG).read_text(encoding="utf-8"), version, day)}
    for file, pattern in {"pyproject.toml": _PROJECT, **REPEATED}.items():
        before = (root / file).read_text(encoding="utf-8")
        texts[file], count = pattern.subn(rf"\g<1>{_written(file, version)}\g<3>", before)
        assert count == 1, f"{file}: {count} places have a version"  # noqa: S101  a fault of this repository
    for file, text in texts.items():
        (root / file).write_text(text, encoding="utf-8")
    return list(texts)
