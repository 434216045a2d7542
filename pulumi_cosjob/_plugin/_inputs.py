"""Between the protocol's inputs and those of the core: names, "any number", values that are not known yet, secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
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
from pulumi_cosjob._gate_inputs import HOW
from pulumi_cosjob._job import camel_name, snake_name
from pulumi_cosjob._plugin._properties import UNKNOWN, Properties
from pulumi_cosjob._settings import SETTINGS

__all__ = [
    "about",
    "core_inputs",
    "echoing",
    "explain",
    "fitting",
    "is_known",
    "known_inputs",
    "secret_texts",
]

_ANY_NUMBER = -1
_MOST_BYTES = 7000
_SHORTEST_SECRET = 3
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_NAMES = ("job_id", "job_ids", "appid", "missing", "max_concurrency", *SETTINGS, *HOW, "validation", "request_timeout")
_IN_CAMEL_CASE = {name: camel_name(name) for name in _NAMES if "_" in name}
_IN_WORDS = {
    "NoneType": "nothing",
    "bool": "true or false",
    "dict": "an object",
    "float": "a number",
    "int": "a number",
    "list": "a list",
    "str": "text",
    "_Unknown": "what is not known yet",
}
_TYPE = re.compile(rf"\bnot ({'|'.join(_IN_WORDS)})\b")
_PHRASES = (
    ("from 0, or None.", "from 0, or -1 for any number."),
    ("It is True or False.", "It is true or false."),
    ('"1d12h", or a timedelta;', '"1d12h";'),
    ("It is a number of seconds, a text such as", "It is a text such as"),
)
_WORD = re.compile(rf"\b(?:{'|'.join(_IN_CAMEL_CASE)})\b")


def core_inputs(properties: Properties) -> dict[str, Any]:
    """Return inputs as the core takes them, absent ones left out; what is not known yet stays UNKNOWN."""
    inputs = {snake_name(name): value for name, value in properties.values.items() if value is not None}
    failed = inputs.setdefault("max_failed_tasks", 0)
    if failed == _ANY_NUMBER and not isinstance(failed, bool):
        inputs["max_failed_tasks"] = None
    return inputs


def is_known(value: Any) -> bool:
    """Tell whether a value is known, with all that is in it."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, (list, tuple)) else value is not UNKNOWN


def known_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are known, of a list its items that are."""

    def known(value: Any) -> Any:
        return [each for each in value if is_known(each)] if isinstance(value, list) else value

    return {name: known(value) for name, value in inputs.items() if value is not UNKNOWN}


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
    """Return an error's message in the words of every language: the protocol's names, and no types of Python."""
    text = _WORD.sub(lambda match: _IN_CAMEL_CASE[match[0]], str(error))
    text = _TYPE.sub(lambda match: f"not {_IN_WORDS[match[1]]}", text)
    for ours, theirs in _PHRASES:
        text = text.replace(ours, theirs)
    return text


def fitting(message: str) -> str:
    """Return as much of a message as gRPC carries: in a header, percent-encoded, of 8 kB at the most."""
    lines = message.encode("utf-8", "replace").decode().split("\n")
    kept, room = [], _MOST_BYTES
    for line in lines:
        room -= len(quote(line, safe=_PLAIN)) + len("%0A")
        if room < 0:
            break
        kept.append(line)
    if len(kept) == len(lines):
        return "\n".join(kept)
    if not kept:
        return f"{lines[0][: _MOST_BYTES // 12]}…"
    return "\n".join([*kept, f"  … {len(lines) - len(kept)} more lines"])


def secret_texts(*many: Properties) -> list[str]:
    """Return all texts that are secret in properties, the longest first: one may be a part of another.

    Those of up to three characters stand in too many a word to be hidden.
    """
    found = {text for each in many for name in each.secret for text in texts(each.values[name])}
    return sorted((text for text in found if len(text) > _SHORTEST_SECRET), key=len, reverse=True)


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


def echoing(outputs: Mapping[str, Any], secrets: Collection[str]) -> set[str]:
    """Return the outputs in which a secret stands: an APPID, for one, is a part of many a name."""
    return {name for name, value in outputs.items() if any(each in text for text in texts(value) for each in secrets)}
