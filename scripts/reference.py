"""Writes the pages below docs/reference, and the list of all pages in docs/index.md. `make docs` runs it.

A test compares each page with what this script writes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import reference_cli
import reference_emulator
import reference_errors
import reference_plugin
import reference_python
import reference_settings
import site_map

__all__ = ["FOLDER", "PAGES", "write"]

FOLDER = site_map.DOCS / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "command-line": reference_cli.page,
    "emulator": reference_emulator.page,
    "error-classes": reference_errors.page,
    "plugin-schema": reference_plugin.page,
    "settings": reference_settings.page,
    **{name: functools.partial(reference_python.page, module) for module, name in reference_python.MODULES.items()},
}
"""The pages by name, each with the function that returns it."""


def write(folder: Path = FOLDER) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
    site_map.INDEX.write_text(site_map.with_lists(site_map.INDEX.read_text(encoding="utf-8")), encoding="utf-8")
