"""The changelog's sections, of which one is the text of a release."""

from __future__ import annotations

import re

__all__ = ["CHANGELOG", "UNRELEASED", "name_unreleased", "section"]

CHANGELOG = "CHANGELOG.md"
UNRELEASED = "Unreleased"


def section(text: str, name: str) -> str | None:
    """Return the text of a section without its heading; None if there is no such section, or it is empty.

    Args:
        text: The changelog.
        name: The version, or "Unreleased".
    """
    heading = rf"^## {re.escape(name)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)"
    match = re.search(heading, text, re.MULTILINE | re.DOTALL)
    body = match[1].strip() if match else ""
    # Headings alone are no text.
    has_text = any(line.strip() and not line.startswith("#") for line in body.splitlines())
    return f"{body}\n" if has_text else None


def name_unreleased(text: str, version: str, day: str) -> str:
    """Return the changelog with the section "Unreleased" named by a version and a date.

    A changelog that has a section of this version already, and none that is unreleased, is returned as it is.

    Raises:
        ValueError: The section is missing or empty, or there is one of this version already.
    """
    named, unreleased = section(text, version), section(text, UNRELEASED)
    if named is not None and unreleased is None:
        return text
    if named is not None:
        raise ValueError(
            f'{CHANGELOG} has sections "{version}" and "{UNRELEASED}"; merge them, or choose a new version'
        )
    if unreleased is None:
        raise ValueError(f'{CHANGELOG} has no text under "{UNRELEASED}"')
    return re.sub(rf"^## {UNRELEASED}\b.*$", f"## {version} ({day})", text, count=1, flags=re.MULTILINE)
