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
    from marked_credentials import Search

__all__ = ["GRPC", "HANDED_OVER", "PYTHON", "SOURCES", "STDERR", "STDOUT", "TRACE", "Hits", "Round", "table"]

SOURCES = ("environment", "file", "config", "provider")
"""Sources of credentials: the environment, the vendor's file, the stack's configuration, arguments of a provider."""

HANDED_OVER = ("config", "provider")
"""The sources whose values the engine itself passes to providers."""

STDOUT = "standard output"
STDERR = "standard error, engine's log"
GRPC = "engine's log of calls"
TRACE = "engine's trace"
PYTHON = "logs of Python"

# What the engine logs, at its highest level, about the settings that it passes to any provider.
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
    """Numbers of credentials in one place.

    Attributes:
        found: Those that must not be there, by form.
        own: Those in the engine's own log lines about the settings that it passes to providers.
    """

    found: Counter[str]
    own: int


@dataclasses.dataclass
class Round:
    """The results of running everything with credentials from one source.

    Attributes:
        source: The source.
        search: Finds the credentials.
        places: All data that was written, by place.
        codes: The exit codes of the commands, by name.
        methods: The HTTP methods of all requests to COS Batch but those of the commands that change a job.
    """

    source: str
    search: Search
    places: dict[str, list[bytes]] = dataclasses.field(default_factory=dict)
    codes: dict[str, int] = dataclasses.field(default_factory=dict)
    methods: set[str] = dataclasses.field(default_factory=set)

    def add(self, place: str, data: bytes) -> None:
        """Add data to search; compressed data is searched decompressed too."""
        self.places.setdefault(place, []).append(data)
        if data[:2] == b"\x1f\x8b":
            self.places[place].append(gzip.decompress(data))

    def add_folder(self, place: str, folder: Path, pattern: str = "*") -> None:
        """Add the names and contents of all files below a folder."""
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
            hits = self.search.find(data)
            found += hits
            if hits and self.source in HANDED_OVER:
                own += hits if place == TRACE else self._own(place, data)
        return Hits(found - own, sum(own.values()))

    def _own(self, place: str, data: bytes) -> Counter[str]:
        if place not in _OWN:
            return Counter()
        lines = (line for line in data.splitlines() if _OWN[place].search(line))
        return sum(map(self.search.find, lines), Counter())

    def wrong(self) -> list[str]:
        """Return the commands that ended unexpectedly: less was searched then than intended."""
        return [name for name, code in self.codes.items() if (code == 0) != (name in SUCCEEDING)]


# The names of the commands that have to succeed; all others have to fail.
SUCCEEDING = {
    "preview",
    "up",
    "refresh",
    "destroy",
    "describe",
    "describe as JSON",
    "wait",
    "confirm",
    "set-priority",
    "cancel",
    "script",
    "script, refused",
}


def table(rounds: Sequence[Round]) -> list[str]:
    """Return the results as lines of a table: a row for each place, a column for each source."""
    found = [each.hits() for each in rounds]
    places = list(dict.fromkeys(place for hits in found for place in hits))

    def line(name: str, cells: Iterable[str]) -> str:
        return f"{name:30}" + "".join(f"{cell:>12}" for cell in cells)

    def cell(hits: Hits | None) -> str:
        return "-" if hits is None else f"{sum(hits.found.values())}" + (f" ({hits.own})" if hits.own else "")

    megabytes = [sum(len(data) for each in done.places.values() for data in each) / 1e6 for done in rounds]
    return [
        line("hits, by source", (done.source for done in rounds)),
        *(line(place, (cell(hits.get(place)) for hits in found)) for place in places),
        line("MB searched", (f"{size:.1f}" for size in megabytes)),
        line("commands run", (str(len(done.codes)) for done in rounds)),
        "(in brackets: in the engine's lines about settings that it passes to providers)",
    ]
