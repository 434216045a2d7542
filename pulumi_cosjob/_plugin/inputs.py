"""Between the protocol and the core: names in both directions, secrets, and messages of a length that gRPC takes."""

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
from pulumi_cosjob._model.naming import camel_name, snake_name
from pulumi_cosjob._program.secret_texts import SecretTexts
from pulumi_cosjob._service.settings import SETTINGS

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.properties import Properties

__all__ = ["PLUGIN", "core_inputs", "offending_input", "render", "secret_outputs", "secret_texts", "truncate_message"]

PLUGIN = Audience(
    name=camel_name,
    argument="input",
    arguments=frozenset(("appid", *SETTINGS)),
    namespaces=("cosjob",),
    any_number="-1",
)
"""Programs in all languages that use the plugin."""

# The engine takes 16 MiB (measured: 4,000,000 characters of ASCII, and 1,000,000 Chinese ones), and shows each message
# three times.
_MOST_BYTES = 1_000_000
_SHORTEST_SECRET = 3
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def core_inputs(properties: Properties) -> dict[str, Any]:
    """Return the inputs that are present, by their names in Python."""
    return {snake_name(name): value for name, value in properties.values.items() if value is not None}


def offending_input(error: CosJobError, names: Iterable[str]) -> str | None:
    """Return which of these inputs an error is about; None if it is about none of them."""
    candidates: tuple[str, ...] = ()
    if isinstance(error, InvalidArgumentError):
        candidates = (error.argument, f"{error.argument}s")
    elif isinstance(error, (JobFailedError, JobsFailedError, NoSuchJobError)):
        candidates = ("job_id", "job_ids")
    elif isinstance(error, JobSuspendedError):
        candidates = ("fail_when_suspended",)
    elif isinstance(error, WaitTimeoutError):
        candidates = ("timeout",)
    named = {snake_name(name): name for name in names}
    return next((named[name] for name in candidates if name in named), None)


def render(error: CosJobError) -> str:
    """Return the message of an error, with the names of the protocol."""
    return error.render(PLUGIN)


def truncate_message(message: str, most_bytes: int = _MOST_BYTES) -> str:
    """Return as many lines of a message as an engine takes by gRPC: in a header, percent-encoded."""
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
    """Return all texts in secret properties.

    Texts of up to three characters are left out: they occur in too many words.
    """
    found = (text for each in many for name in each.secret for text in _texts(each.values[name]))
    return SecretTexts(text for text in found if len(text) > _SHORTEST_SECRET)


def _texts(value: Any) -> Iterable[str]:
    """Yield all texts in a value, names included."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield name
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)


def secret_outputs(outputs: Mapping[str, Any], secrets: SecretTexts) -> set[str]:
    """Return the outputs that contain a secret: an APPID, for example, is a part of the name of a bucket."""
    return {name for name, value in outputs.items() if any(map(secrets.are_in, _texts(value)))}
