"""Metadata of the package that depends on what is decided: its addresses, and links of its README.

At a package index, a link of README.md to another file of the repository is dead. With a repository in
`pulumi_cosjob/_plugin/publication.py`, the build makes these links absolute, to the files of that version.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

__all__ = ["PackageMetadata", "absolute_links"]

# A target that is neither an address nor a place on the page; images, whose text may stand in a link, included.
_LINK = re.compile(r"(!?)(\[[^\[\]]*(?:\[[^\[\]]*\]\([^()]*\)[^\[\]]*)*\]\()(?![a-z][a-z0-9+.-]*:|#)([^()\s]+)(\))")
_SOURCE = re.compile(r'(<(img|a|source)\b[^>]*?\b(?:src|href|srcset)=")(?![a-z][a-z0-9+.-]*:|#)([^"\s]+)(")')


def absolute_links(text: str, repository: str, version: str) -> str:
    """Return a page of Markdown whose links lead to the files of a version in a repository.

    Args:
        text: The page, which stands in the root of the repository.
        repository: Address of the repository, at a host that serves files below `blob` and `raw`.
        version: The version, whose tag has a `v` before it.
    """

    def address(target: str, *, image: bool) -> str:
        kind = "raw" if image else "blob"
        return f"{repository.rstrip('/')}/{kind}/v{version}/{target.removeprefix('./')}"

    def link(match: re.Match[str]) -> str:
        mark, before, target, after = match.groups()
        inner = _LINK.sub(link, before[1:-2])
        return f"{mark}[{inner}]({address(target, image=bool(mark))}{after}"

    def source(match: re.Match[str]) -> str:
        before, element, target, after = match.groups()
        return f"{before}{address(target, image=element != 'a')}{after}"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _SOURCE.sub(source, _LINK.sub(link, part)) for part in parts)


class PackageMetadata(MetadataHookInterface):
    """Sets the fields that `pyproject.toml` lists as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme` and `urls`."""
        root = Path(self.root)
        # The package cannot be imported where it is built: its dependencies are not there.
        decided = runpy.run_path(str(root / "pulumi_cosjob" / "_plugin" / "publication.py"))["ADDRESSES"]
        repository, homepage = decided["repository"], decided["homepage"]
        text = (root / "README.md").read_text(encoding="utf-8")
        if repository:
            text = absolute_links(text, repository, metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        addresses = {"Documentation": homepage, "Source": repository}
        if repository:
            addresses["Changelog"] = f"{repository.rstrip('/')}/blob/v{metadata['version']}/CHANGELOG.md"
        metadata["urls"] = {name: address for name, address in addresses.items() if address}
