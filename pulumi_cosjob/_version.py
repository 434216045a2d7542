"""The package's version, as Python and as Pulumi write versions."""

from __future__ import annotations

import functools
import re

__all__ = ["PACKAGE_VERSION", "plugin_version", "semantic"]

# Written by `make release ARGS='--set-version …'`, as it stands in pyproject.toml. To look it up in the metadata of the
# installed package takes longer than all other imports of this package.
PACKAGE_VERSION = "0.1.0"
"""The version of the package."""

_PYTHON = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+)(?:(a|b|rc)([0-9]+))?(?:\.post[0-9]+)?(?:\.dev([0-9]+))?(?:\+.*)?")
_STAGES = {"a": "alpha", "b": "beta", "rc": "rc"}


@functools.cache
def plugin_version() -> str:
    """Return the version of the plugin, which is the package's."""
    return semantic(PACKAGE_VERSION)


def semantic(python_version: str) -> str:
    """Write a version of Python's as a semantic one: 0.2.0rc1 is 0.2.0-rc.1 there."""
    match = _PYTHON.fullmatch(python_version)
    if match is None:
        return python_version
    release, stage, number, dev = match.groups()
    parts = ([_STAGES[stage], number] if stage else []) + (["dev", dev] if dev else [])
    return f"{release}-{'.'.join(parts)}" if parts else release
