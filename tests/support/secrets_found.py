"""What a search for credentials found, by place."""

from __future__ import annotations

import dataclasses
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from recognised_keys import Search

__all__ = ["GRPC", "HANDED_OVER", "PYTHON", "SOURCES", "STDERR", "STDOUT", "TRACE", "Hits", "Round", "table"]

SOURCES = ("environment", "file", "config", "provider")
"""Where keys stand: the environment, the vendor's file, the stack's configuration, or a provider's own arguments."""

HANDED_OVER = ("config", "provider")
"""From where the engine itself takes them to the providers."""

STDOUT = "standard output"
STDERR = "standard error, engine's log"
GRPC = "engine's log of calls"
TRACE = "engine's trace"
PYTHON = "logs of Python"

# What the engine writes of all that it hands to any provider, at its most detailed: each line says what it is about.
_OWN_LINE = re.compile(
    rb'"msg":"(?:Unm|M)arshaling property for RPC\[(?:'
    rb"Provider\[[^\]]*\]\.(?:CheckConfig|DiffConfig|Configure)|ResourceMonitor\.RegisterResource)\("
)
_OWN_CALL = re.compile(
    rb'\{"method":"/pulumirpc\.(?:ResourceProvider/(?:CheckConfig|DiffConfig|Configure)|LanguageRuntime/Run'
    rb'|ResourceMonitor/(?:GetDeploymentInfo|RegisterResource))",'
)
_OWN = {STDERR: _OWN_LINE, GRPC: _OWN_CALL}


class Hits(NamedTuple):
    """How often keys were found in a place.

    Attributes:
        found: Where nobody may see them, by their forms.
        own: In what the engine itself writes about the settings that it hands to providers, when it is told to.
    """

    found: Counter[str]
    own: int


@dataclasses.dataclass
class Round:
    """What came of running everything with keys in one place.

    Attributes:
        source: The place.
        search: Finds the keys.
        places: All that was written, by where it was.
        codes: How each command ended, by its name.
    """

    source: str
    search: Search
    places: dict[str, list[bytes]] = dataclasses.field(default_factory=dict)
    codes: dict[str, int] = dataclasses.field(default_factory=dict)

    def add(self, place: str, data: bytes) -> None:
        """Keep what is to be searched."""
        self.places.setdefault(place, []).append(data)
        if data[:2] == b"\x1f\x8b":
            self.places[place].append(gzip.decompress(data))

    def add_folder(self, place: str, folder: Path, pattern: str = "*") -> None:
        """Keep all files below a folder, and their names."""
        self.places.setdefault(place, [])
        for path in folder.rglob(pattern):
            self.add(place, str(path).encode())
            if path.is_file() and not path.is_symlink():
                self.add(place, path.read_bytes())

    def hits(self) -> dict[str, Hits]:
        """Return what was found, by place."""
        return {place: self._hits(place) for place in self.places}

    def _hits(self, place: str) -> Hits:
        found: Counter[str] = Counter()
        own: Counter[str] = Counter()
        for data in self.places[place]:
            there = self.search.find(data)
            found += there
            if there and self.source in HANDED_OVER:
                own += there if place == TRACE else self._own(place, data)
        return Hits(found - own, sum(own.values()))

    def _own(self, place: str, data: bytes) -> Counter[str]:
        if place not in _OWN:
            return Counter()
        lines = (line for line in data.splitlines() if _OWN[place].search(line))
        return sum(map(self.search.find, lines), Counter())

    def wrong(self) -> list[str]:
        """Return the commands that did not end as they had to: then less was run than is said."""
        return [name for name, code in self.codes.items() if (code == 0) != (name in SUCCEEDING)]


SUCCEEDING = {
    "preview",
    "up",
    "refresh",
    "destroy",
    "describe",
    "describe as JSON",
    "wait",
    "script",
    "script, refused",
}


def table(rounds: Sequence[Round]) -> list[str]:
    """Return what was found as lines: a place each, a column for each place of keys."""
    found = [each.hits() for each in rounds]
    places = list(dict.fromkeys(place for hits in found for place in hits))

    def line(name: str, cells: Iterable[str]) -> str:
        return f"{name:30}" + "".join(f"{cell:>12}" for cell in cells)

    def cell(hits: Hits | None) -> str:
        return "-" if hits is None else f"{sum(hits.found.values())}" + (f" ({hits.own})" if hits.own else "")

    megabytes = [sum(len(data) for each in done.places.values() for data in each) / 1e6 for done in rounds]
    return [
        line("hits, by where the keys stood", (done.source for done in rounds)),
        *(line(place, (cell(hits.get(place)) for hits in found)) for place in places),
        line("MB searched", (f"{size:.1f}" for size in megabytes)),
        line("commands run", (str(len(done.codes)) for done in rounds)),
        "(in brackets: the engine's own, about settings that it hands to providers)",
    ]
