"""Checks of arguments, the same for every way in, with their limits and defaults."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._messages import Message
from pulumi_cosjob._text import format_value, kind_of, quoted

__all__ = [
    "ANY_NUMBER",
    "DEFAULT_CONCURRENCY",
    "DEFAULT_TIMEOUT",
    "MAX_CONCURRENCY",
    "OR_ANY_NUMBER",
    "SECONDS",
    "check_appid",
    "check_choice",
    "check_concurrency",
    "check_count",
    "check_endpoint",
    "check_flag",
    "check_identifier",
    "check_number",
    "check_timeout",
    "is_loopback",
]

DEFAULT_TIMEOUT = "1h"
"""For how long a wait lasts at most, where nothing else is set."""

ANY_NUMBER = -1
"""As `max_failed_tasks` in the state and in other languages: any number of failed tasks."""

DEFAULT_CONCURRENCY = 16
"""How many requests one call sends at the same time, where nothing else is set."""

MAX_CONCURRENCY = 64
"""How many requests to one account may be under way at the same time."""

_IDENTIFIERS = {
    "job_id": (r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}", "1 to 64 of the characters A-Z a-z 0-9 - . _ ~"),
    "appid": (r"[0-9]{1,64}", "digits only, such as 1250000000"),
    "uin": (r"[0-9]{1,63}", "digits only, such as 100000000001"),
    "region": (r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a region's name, such as ap-chengdu"),
}


def check_identifier(name: str, value: Any, origin: str = "") -> str:
    """Return a job id, APPID, UIN or region that is safe in a path, a header or a host name.

    Args:
        name: `job_id`, `appid`, `uin` or `region`.
        value: Its value.
        origin: Where it was read from, for the message.

    Raises:
        InvalidArgumentError: The value is malformed.
    """
    pattern, meaning = _IDENTIFIERS[name]
    if not isinstance(value, str):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        quotes = "; put it in quotes" if is_number else ""
        hint = f"It is {meaning}{quotes}."
        raise InvalidArgumentError(name, f"must be text, not {kind_of(value)}{origin}", hint=hint)
    if not re.fullmatch(pattern, value):
        bucket = re.fullmatch(r"[a-z0-9-]+-([0-9]{4,20})", value) if name == "appid" else None
        ends = f" The name of a bucket ends in it: here, {bucket[1]}." if bucket else ""
        raise InvalidArgumentError(name, f"cannot be {quoted(value)}{origin}", hint=f"It is {meaning}.{ends}")
    return value


def check_appid(value: Any) -> str | None:
    """Return an APPID, or None for that of the settings.

    Raises:
        InvalidArgumentError: The value is malformed.
    """
    return None if value is None else check_identifier("appid", value)


# A number of seconds as text. `float` would also accept digits of other scripts, exponents and the like.
SECONDS = r"[0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}"
_TIMEOUT = re.compile(rf"(?:([0-9]{{1,9}})d)?(?:([0-9]{{1,9}})h)?(?:([0-9]{{1,9}})m)?(?:({SECONDS})s)?")
_LONGEST_TIMEOUT = 366 * 24 * 3600.0


def check_timeout(value: Any, name: str = "timeout") -> float:
    """Return a time limit, or another length of time, in seconds.

    Args:
        value: Seconds, a text such as `90s`, `2h` or `1d12h` (d, h, m and s, the largest first), or a timedelta. In a
            text each number has its unit: `1h30` might mean 30 min or 30 s. A number alone is seconds.
        name: Name of the argument.

    Raises:
        InvalidArgumentError: The value is none of these, not more than 0 s, or more than 366 d.
    """
    hint = (
        'It is a text such as "90s", "2h" or "1d12h", each number with its unit, or a number of seconds; '
        "at most 366 days."
    )
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str):
        match = _TIMEOUT.fullmatch(f"{value}s" if re.fullmatch(SECONDS, value) else value)
        parts = [float(part or 0) for part in match.groups()] if match else [math.nan]
        seconds = math.fsum(part * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=False))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(max(-1, min(value, 2 * _LONGEST_TIMEOUT)))
    else:
        raise InvalidArgumentError(name, f"must be seconds or text, not {kind_of(value)}", hint=hint)
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise InvalidArgumentError(name, f"cannot be {format_value(value)}", hint=hint)
    return seconds


def check_count(name: str, value: Any) -> int | None:
    """Return a whole number from 0, or None for any number.

    Raises:
        InvalidArgumentError: The value is neither.
    """
    return None if value is None else check_number(name, value, 0, more=OR_ANY_NUMBER)


OR_ANY_NUMBER = ", or {any_number} for any number"
"""Continues the hint of `check_number`, as a template."""


def check_number(name: str, value: Any, least: int, most: int | None = None, more: str = "") -> int:
    """Return a whole number within limits. A float with a whole value is accepted: the engine sends numbers as floats.

    Args:
        name: Name of the argument.
        value: Its value.
        least: The smallest allowed number.
        most: The largest allowed number; None for no limit.
        more: What else is allowed: a template that continues the hint.

    Raises:
        InvalidArgumentError: The value is no whole number, or outside the limits.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        limits = f"from {least}" if most is None else f"from {least} to {most}"
        hint = Message(f"It is a whole number {limits}{more}.")
        raise InvalidArgumentError(name, f"cannot be {format_value(value)}", hint=hint)
    return value


def check_concurrency(value: Any) -> int:
    """Return how many requests may be under way at the same time.

    Raises:
        InvalidArgumentError: It is no whole number from 1 to 64.
    """
    return check_number("max_concurrency", value, 1, MAX_CONCURRENCY)


def check_choice(name: str, value: Any, choices: Sequence[str], origin: str = "") -> str:
    """Return one of a few words.

    Raises:
        InvalidArgumentError: The value is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise InvalidArgumentError(name, f"must be one of {', '.join(choices)}, not {format_value(value)}{origin}")
    return value


def check_flag(name: str, value: Any) -> bool:
    """Return True or False.

    Raises:
        InvalidArgumentError: The value is something else, which might be meant as either.
    """
    if not isinstance(value, bool):
        raise InvalidArgumentError(name, f"cannot be {format_value(value)}", hint="It is true or false.")
    return value


_HOST = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def check_endpoint(value: Any, origin: str = "") -> str:
    """Return an endpoint in its normal form: scheme and host in lower case, without a path.

    Raises:
        InvalidArgumentError: It is no scheme and host, or a signature would be sent over plain HTTP.
    """

    def refuse(problem: str) -> InvalidArgumentError:
        hint = "It is a scheme and a host, such as https://100000000001.cos-control.ap-chengdu.myqcloud.com."
        return InvalidArgumentError("endpoint", problem + origin, hint=hint)

    if not isinstance(value, str):
        raise refuse(f"must be text, not {kind_of(value)}")
    if not re.fullmatch(r"[!-~]+", value):
        raise refuse("must be printable ASCII without white space")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refuse("is no URL") from None
    if "@" in value:
        raise refuse("must not hold a user or a password")
    if not host or parts.scheme not in ("http", "https"):
        raise refuse(f"cannot be {quoted(value)}")
    if parts.path not in ("", "/") or parts.query or parts.fragment or not _HOST.fullmatch(host):
        raise refuse(f"must be a scheme and a host only, not {quoted(value)}")
    if parts.scheme == "http" and not is_loopback(host):
        raise refuse("must use https: plain http is for loopback addresses only")
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}" + ("" if port is None else f":{port}")


def is_loopback(host: str) -> bool:
    """Return whether a host is a loopback address of this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
