"""Settings, from the nearest place that has them: arguments, Pulumi config, environment, the vendor's own files.

The table of places is `_places`. Values are read by it, and messages list the places of it that their readers can use.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, TypeVar, cast

from pulumi_cosjob._checks import SECONDS, check_choice, check_endpoint, check_identifier
from pulumi_cosjob._errors import ConfigurationError, InvalidArgumentError
from pulumi_cosjob._messages import PYTHON, Audience, Message
from pulumi_cosjob._places import CREDENTIALS, CREDENTIALS_FILES, PLACES
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.credentials import Credentials, CredentialSource, VendorChain
from pulumi_cosjob._text import format_value, join_words, kind_of
from pulumi_cosjob._xml.modes import DEFAULT_VALIDATION, VALIDATIONS, Validation

__all__ = [
    "LONGEST_REQUEST_TIMEOUT",
    "MISSING",
    "SETTINGS",
    "SITES",
    "Missing",
    "Settings",
    "Site",
    "config_keys",
    "default_endpoint",
    "environment_variable",
    "resolve",
]

_C = TypeVar("_C", bound=str)

Missing = Literal["error", "skip"]
MISSING: tuple[Missing, ...] = ("error", "skip")

SETTINGS = ("uin", "region", "endpoint")
"""Settings that each call can pass itself, besides the APPID, in place of the configuration."""

Site = Literal["cn", "intl"]
SITES: tuple[Site, ...] = ("cn", "intl")
"""The vendor's sites: tencentcloud.com in China, and the international one. Each has accounts of its own."""

DEFAULT_REQUEST_TIMEOUT = 60.0
LONGEST_REQUEST_TIMEOUT = 3600.0
"""The largest `request_timeout`, in seconds."""


class Settings(Record):
    """All settings of a client.

    Attributes:
        endpoint: Scheme, host and port, such as `https://100000000001.cos-control.ap-chengdu.myqcloud.com`; None where
            the account has to be discovered first.
        credentials: Returns the credentials to sign the next request with.
        appid: The APPID for requests that name none; None where it has to be discovered.
        region: The region, where it is set.
        site: The vendor's site that knows the account.
        validation: What to do with a response that violates the schema.
        request_timeout: Seconds for one request with all its attempts.
        audience: Who reads errors of requests, where no way in renders them for others.
    """

    endpoint: str | None
    credentials: CredentialSource
    appid: str | None = None
    region: str | None = None
    site: Site = "cn"
    validation: Validation = DEFAULT_VALIDATION
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT
    audience: Audience = PYTHON


def config_keys(name: str) -> tuple[str, ...]:
    """Return the keys of the stack's configuration that a setting is read from, such as `cosjob:region`."""
    return PLACES[name].config


def environment_variable(name: str) -> str:
    """Return the environment variable that a setting or a part of the credentials is read from."""
    (arguments,) = [names for kind, names in CREDENTIALS if kind == "argument"]
    (variables,) = [names for kind, names in CREDENTIALS if kind == "environment"]
    return dict(zip(arguments, variables, strict=False)).get(name) or PLACES[name].environment[0]


class _Pair(Record):
    """The credentials that a place has: names and values of the secret id, the secret key and the tokens."""

    names: tuple[str, ...]
    values: tuple[Any, ...] = field(repr=False)


class _Lookup:
    """Finds settings in their places."""

    def __init__(
        self, arguments: Mapping[str, Any], config: Callable[[str], Any], environment: Mapping[str, str] | None
    ) -> None:
        self._sources: Mapping[str, Callable[[str], Any]] = {
            "argument": arguments.get,
            "config": config,
            "environment": (os.environ if environment is None else environment).get,
        }

    def _get(self, kind: str, key: str) -> Any:
        value = self._sources[kind](key)
        return None if value == "" and kind != "argument" else value

    def setting(self, name: str) -> tuple[Any, str]:
        """Return a setting and, for messages, where it was found."""
        value = self._get("argument", name)
        if value is not None:
            return value, ""
        places = PLACES[name]
        for kind, words, keys in (
            ("config", "Pulumi config", places.config),
            ("environment", "environment variable", places.environment),
        ):
            for key in keys:
                value = self._get(kind, key)
                if value is not None:
                    return value, f" (from {words} {key})"
        return None, ""

    def account(self) -> dict[str, str]:
        """Return uin, appid and region, as far as they are set; all are checked even if the endpoint is set.

        Raises:
            InvalidArgumentError: One is malformed.
        """
        found = {name: self.setting(name) for name in ("uin", "appid", "region")}
        return {name: check_identifier(name, *place) for name, place in found.items() if place[0] is not None}

    def choice(self, name: str, choices: tuple[_C, ...]) -> _C | None:
        """Return a setting that is one of a few words, or None.

        Raises:
            InvalidArgumentError: It is another word.
        """
        value, origin = self.setting(name)
        if value is not None:
            check_choice(name, value, choices, origin)
        return cast("_C | None", value)

    def credentials(self) -> _Pair | None:
        """Return what the nearest place has that has a secret id or a secret key; None if no place has one."""
        pairs = (_Pair(names, tuple(self._get(kind, name) for name in names)) for kind, names in CREDENTIALS)
        return next((pair for pair in pairs if pair.values[:2] != (None, None)), None)


def _endpoint(lookup: _Lookup, account: Mapping[str, str]) -> str | None:
    """Return the endpoint; None if it is not set and does not follow from uin and region.

    Raises:
        InvalidArgumentError: The setting is malformed.
    """
    endpoint, origin = lookup.setting("endpoint")
    if endpoint is not None:
        return check_endpoint(endpoint, origin)
    return default_endpoint(account["uin"], account["region"]) if {"uin", "region"} <= account.keys() else None


_CREDENTIALS_HINT = "Provide a secret id and a secret key by {credentials:places}."


def _refuse_missing(missing: Sequence[str], credentials: _Pair | None) -> None:
    """Raise one error that names all settings that are missing.

    Args:
        missing: The settings that are not set.
        credentials: The credentials that were found.

    Raises:
        ConfigurationError: A setting is missing, or one half of the credentials.
    """
    problems, hints = [], []
    if missing:
        names = join_words(f"{{{name}}}" for name in missing)
        problems.append(f"{names} {'is' if len(missing) == 1 else 'are'} not set")
        hints += [*(f"Set {{{name}:places}}." for name in missing), "Or set {endpoint} instead."]
    if credentials is not None and None in credentials.values[:2]:
        secret_id, secret_key, *_ = credentials.names
        present, absent = (secret_id, secret_key) if credentials.values[1] is None else (secret_key, secret_id)
        problems.append(f"{present} is set but {absent} is not")
        hints.append(f"Set both {secret_id} and {secret_key}, or neither.")
    if missing and credentials is None and not _has_credentials_file():
        # A role of this machine may provide them. Only a request would show whether it does.
        hints.append(f"Credentials are not set either. {_CREDENTIALS_HINT}")
    if problems:
        raise ConfigurationError(Message("; ".join(problems)), hint=Message(" ".join(hints)))


def _has_credentials_file() -> bool:
    return any(os.path.exists(os.path.expanduser(name)) for name in CREDENTIALS_FILES)  # noqa: PTH110, PTH111  no home


def _credential_source(pair: _Pair | None) -> CredentialSource:
    """Return a source of the credentials that were found, or else of those of the vendor's default chain.

    Raises:
        InvalidArgumentError: A value is malformed.
    """
    if pair is None:
        return VendorChain(Message(_CREDENTIALS_HINT))
    for name, value in zip(pair.names, pair.values, strict=True):
        _check_secret(name, value)
    secret_id, secret_key, *tokens = pair.values
    found = Credentials(secret_id, secret_key, next((token for token in tokens if token is not None), None))
    return lambda _seconds: found


def _check_secret(name: str, value: Any) -> None:
    """Refuse a secret that cannot be part of a header, without showing it."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[!-~]+", value)):
        raise InvalidArgumentError(name, "must be printable ASCII without white space", hint="Its value is not shown.")


def _request_timeout(value: Any, origin: str) -> float:
    hint = f"It is a number of seconds, such as 60 or 1.5, more than 0 and at most {LONGEST_REQUEST_TIMEOUT:g}."
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InvalidArgumentError("request_timeout", f"must be a number, not {kind_of(value)}{origin}", hint=hint)
    try:
        seconds = math.nan if isinstance(value, str) and not re.fullmatch(SECONDS, value) else float(value)
    except OverflowError:  # a whole number too large for a float
        seconds = math.nan
    if not 0 < seconds <= LONGEST_REQUEST_TIMEOUT:
        raise InvalidArgumentError("request_timeout", f"cannot be {format_value(value)}{origin}", hint=hint)
    return seconds


def resolve(
    arguments: Mapping[str, Any],
    *,
    config: Callable[[str], Any] = lambda _key: None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read every setting from the nearest place that has it.

    Args:
        arguments: By name: uin, appid, region, endpoint, site, validation, request_timeout, secret_id, secret_key,
            token; None or absent if the caller has none.
        config: Returns the Pulumi config value of a full key, such as `cosjob:uin`, or None.
        environment: Environment variables; those of the process by default.

    Raises:
        ConfigurationError: Settings are missing. The message names all of them, and all places where they can be set.
        InvalidArgumentError: A setting is malformed. The message names the place that it was read from.
    """
    lookup = _Lookup(arguments, config, environment)
    account = lookup.account()
    endpoint = _endpoint(lookup, account)
    credentials = lookup.credentials()
    # A uin can be discovered, a region cannot.
    _refuse_missing([] if endpoint or "region" in account else ["region"], credentials)
    timeout, origin = lookup.setting("request_timeout")
    return Settings(
        endpoint=endpoint,
        credentials=_credential_source(credentials),
        appid=account.get("appid"),
        region=account.get("region"),
        site=lookup.choice("site", SITES) or "cn",
        validation=lookup.choice("validation", VALIDATIONS) or DEFAULT_VALIDATION,
        request_timeout=DEFAULT_REQUEST_TIMEOUT if timeout is None else _request_timeout(timeout, origin),
    )


def default_endpoint(uin: str, region: str) -> str:
    """Return the endpoint of an account in a region."""
    return f"https://{uin}.cos-control.{region}.myqcloud.com"
