"""The map of the site: which pages it has, in which sections, and where a file of the repository stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["DOCS", "INDEX", "OUTSIDE", "ROOT", "SECTIONS", "location", "pages", "sections", "title", "with_lists"]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
INDEX = DOCS / "index.md"
BEGIN, END = "<!-- pages: written by `make docs` -->", "<!-- end of pages -->"

# A pattern may match nothing; a page that no pattern matches is an error of the build.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Start": ("README.md", "docs/tutorial.md"),
    "How-to": ("docs/how-to/*.md", "docs/ci.md", "docs/testing.md", "docs/with-the-vendors-provider.md"),
    "Reference": (
        "docs/fields.md",
        "docs/reference/settings.md",
        "docs/errors.md",
        "docs/reference/error-classes.md",
        "docs/reference/command-line.md",
        "docs/reference/python.md",
        "docs/reference/python-*.md",
        "docs/reference/plugin-schema.md",
        "docs/reference/emulator.md",
    ),
    "Explanation": (
        "docs/waiting.md",
        "docs/validation.md",
        "docs/design.md",
        "docs/performance.md",
        "SECURITY.md",
        "docs/glossary.md",
    ),
    "中文 / 日本語": ("docs/zh-CN/*.md", "docs/ja/*.md"),
    "Project": ("examples/**/README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
}
"""The sections of the navigation, each with the patterns of its pages in their order."""

OUTSIDE: Mapping[str, str] = {
    "README.md": "readme.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Pages outside of docs/ with their places in the site."""


def pages(patterns: tuple[str, ...]) -> Iterator[str]:
    """Yield the pages that match the patterns, by their paths in the repository."""
    seen = set[str]()
    for pattern in patterns:
        found = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
        yield from sorted(each for each in found - seen if "node_modules" not in each)
        seen |= found


def sections() -> Mapping[str, tuple[str, ...]]:
    """Return the sections that have pages."""
    found = {name: tuple(pages(patterns)) for name, patterns in SECTIONS.items()}
    return {name: each for name, each in found.items() if each}


def location(path: str) -> str:
    """Return where a page of the repository stands in the source of the site."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else path.replace("/README.md", "/index.md")


def title(path: str) -> str:
    """Return the title of a page."""
    if path == "README.md":
        return "Overview"
    match = re.search(r"(?m)^# (.+)$", (ROOT / path).read_text(encoding="utf-8"))
    return match[1] if match else path


def _lists() -> Iterator[str]:
    for name, found in sections().items():
        yield f"\n## {name}\n"
        for path in found:
            link = path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}"
            yield f"- [{title(path)}]({link})"
    yield ""


def with_lists(page: str) -> str:
    """Return the home page with its lists of pages replaced by new ones."""
    lists = "\n".join(_lists())
    return re.sub(f"(?s)(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", lambda _: lists, page)
