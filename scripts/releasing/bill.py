"""The bill of materials: what an installation has at run time, in the versions and with the hashes that are pinned."""

from __future__ import annotations

import importlib.metadata
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["Pin", "bill_of_materials", "read_pins"]

PROJECT = "pulumi-cosjob"
_PIN = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


class Pin(NamedTuple):
    """A version of a distribution, pinned by the hashes of its files.

    Args:
        name: Its normalized name.
        version: Its version.
        marker: Where it is installed; empty for everywhere.
        hashes: The SHA-256 of each of its files, in hexadecimal.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The address of the distribution as a package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_pins(file: Path) -> list[Pin]:
    """Return the pins of a file of `scripts/requirements`."""
    found = _PIN.findall(file.read_text(encoding="utf-8"))
    return [
        Pin(canonicalize_name(name), version, marker, tuple(re.findall("[0-9a-f]{64}", hashes)))
        for name, version, marker, hashes in found
    ]


def _requirements(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    """Yield what a distribution requires on any system, with extras; nothing if it is not installed here."""
    try:
        required = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for each in map(Requirement, required):
        marker = each.marker
        of_extra = marker is not None and "extra ==" in str(marker)
        if marker is None or not of_extra or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield each


def _closure(extras: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the names of all that is installed with the project, each with the names of what it requires itself."""
    found: dict[str, set[str]] = {}
    waiting = [(PROJECT, extras)]
    while waiting:
        name, with_extras = waiting.pop()
        below = list(_requirements(name, with_extras))
        names = {canonicalize_name(each.name) for each in below}
        if names <= found.get(name, set()) and name in found:
            continue
        found.setdefault(name, set()).update(names)
        waiting += [(canonicalize_name(each.name), tuple(each.extras)) for each in below]
    return found


def _component(pin: Pin, *, required: bool) -> dict[str, Any]:
    marker = [{"name": f"{PROJECT}:marker", "value": pin.marker}] if pin.marker else []
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if required else "optional",
        "hashes": [{"alg": "SHA-256", "content": each} for each in pin.hashes],
        "purl": pin.purl,
        **({"properties": marker} if marker else {}),
    }


def bill_of_materials(pins: list[Pin], version: str, date: int) -> dict[str, Any]:
    """Return the bill of materials, as CycloneDX 1.6.

    What the command alone needs is required; what the extras `pulumi` and `emulator` add is optional.

    Args:
        pins: The pinned versions; those that the project does not require are left out.
        version: The project's version.
        date: The date of the release, in seconds since 1970.
    """
    tree, core = _closure(("pulumi", "emulator")), _closure(())
    own = f"pkg:pypi/{PROJECT}@{version}"
    used = [pin for pin in pins if pin.name in tree]
    references = {own: PROJECT, **{pin.purl: pin.name for pin in used}}
    dependencies = [
        {"ref": reference, "dependsOn": sorted(pin.purl for pin in used if pin.name in tree[name])}
        for reference, name in references.items()
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # A release has one bill: the number depends on the version only.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(date)),
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": PROJECT,
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": [_component(pin, required=pin.name in core) for pin in used],
        "dependencies": dependencies,
    }
