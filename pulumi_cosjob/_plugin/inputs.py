"""Between the protocol and the core: names in both directions, secrets, and messages that fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pulumi_cosjob._errors import (
    CosJobError,
    InvalidArgumentError,
    JobFailedError,
    JobsFailedError,
    JobSuspendedError,
    NoSuchJobError,
    WaitTimeoutError,
)
from pulumi_cosjob._messages import Audience
from pulumi_cosjob._model.job import camel_name, snake_name
from pulumi_cosjob._program.secret_texts import SecretTexts
from pulumi_cosjob._service.settings import SETTINGS

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.properties import Properties

__all__ = [
    "PLUGIN",
    "about",
    "core_inputs",
    "echoing",
    "explain",
    "fitting",
    "secret_texts",
]

PLUGIN = Audience(
    name=camel_name,
    argument="input",
    arguments=frozenset(SETTINGS),
    namespaces=("cosjob",),
    any_number="-1",
)
"""Programs in all languages that use the plugin."""

# The engine takes 16 MiB (tried: 4,000,000 characters of ASCII, and 1,000,000 Chinese ones), and shows each message
# three times.
_MOST_BYTES = 1_000_000
_SHORTEST_SECRET = 3
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def core_inputs(properties: Properties) -> dict[str, Any]:
    """Return inputs by the core's names, absent ones left out."""
    return {snake_name(name): value for name, value in properties.values.items() if value is not None}


def about(error: CosJobError, names: Iterable[str]) -> str | None:
    """Return the input that an error is about, of these; None where it is about none of them."""
    candidates: tuple[str, ...] = ()
    if isinstance(error, InvalidArgumentError):
        candidates = (error.argument, f"{error.argument}s")
    elif isinstance(error, (JobFailedError, JobsFailedError, NoSuchJobError)):
        candidates = ("job_id", "job_ids")
    elif isinstance(error, JobSuspendedError):
        candidates = ("fail_when_suspended",)
    elif isinstance(error, WaitTimeoutError):
        candidates = ("timeout",)
    there = {snake_name(name): name for name in names}
    return next((there[name] for name in candidates if name in there), None)


def explain(error: CosJobError) -> str:
    """Return an error's message with the protocol's names."""
    return error.render(PLUGIN)


def fitting(message: str, most_bytes: int = _MOST_BYTES) -> str:
    """Return as much of a message as an engine takes by gRPC: in a header, percent-encoded."""
    lines = message.encode("utf-8", "replace").decode().split("\n")
    kept, room = [], most_bytes
    for line in lines:
        room -= len(quote(line, safe=_PLAIN)) + len("%0A")
        if room < 0:
            break
        kept.append(line)
    if len(kept) == len(lines):
        return "\n".join(kept)
    if not kept:
        return f"{lines[0][: most_bytes // 12]}…"
    return "\n".join([*kept, f"  … {len(lines) - len(kept)} more lines"])


def secret_texts(*many: Properties) -> SecretTexts:
    """Return all texts that are secret in properties.

    Texts of up to three characters occur in too many words to be hidden.
    """
    found = (text for each in many for name in each.secret for text in texts(each.values[name]))
    return SecretTexts(text for text in found if len(text) > _SHORTEST_SECRET)


def texts(value: Any) -> Iterable[str]:
    """Yield all texts in a value, names included."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield name
            yield from texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from texts(child)


def echoing(outputs: Mapping[str, Any], secrets: SecretTexts) -> set[str]:
    """Return the outputs in which a secret stands: an APPID, for one, is a part of many a name."""
    return {name for name, value in outputs.items() if any(map(secrets.are_in, texts(value)))}
