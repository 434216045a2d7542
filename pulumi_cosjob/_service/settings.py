"""Settings, from the nearest place that has them: arguments, Pulumi config, environment, the vendor's own files.

What may stand where is one table, from which values are looked up and messages about missing ones are written.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_cosjob._checks import SECONDS, check_choice, check_endpoint, check_identifier
from pulumi_cosjob._errors import ConfigurationError, InvalidArgumentError
from pulumi_cosjob._service.credentials import Credentials, CredentialSource, VendorChain
from pulumi_cosjob._text import format_value, kind_of
from pulumi_cosjob._xml.validation import DEFAULT_VALIDATION, VALIDATIONS, Validation

__all__ = [
    "MISSING",
    "SETTINGS",
    "Missing",
    "Settings",
    "config_keys",
    "environment_variable",
    "find_endpoint",
    "resolve",
]

Missing = Literal["error", "skip"]
MISSING: tuple[Missing, ...] = ("error", "skip")

SETTINGS = ("uin", "region", "endpoint")
"""What a call may name itself, in place of the configuration."""

DEFAULT_REQUEST_TIMEOUT = 60.0
_LONGEST_REQUEST_TIMEOUT = 3600.0


@dataclass(frozen=True)
class Settings:
    """All that a client needs to know.

    Attributes:
        endpoint: Scheme, host and port, such as `https://100000000001.cos-control.ap-chengdu.myqcloud.com`.
        credentials: Returns the credentials to sign the next request with.
        validation: What to do with an answer that breaks the schema.
        request_timeout: Seconds for one request with all its attempts.
    """

    endpoint: str
    credentials: CredentialSource
    validation: Validation = DEFAULT_VALIDATION
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT


@dataclass(frozen=True)
class _Places:
    """Where a setting may stand, nearest first: the argument of this name, then these."""

    config: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def named(self, argument: str, namespaces: Collection[str]) -> str:
        return ", ".join(
            [
                f"argument {argument} (--{argument.replace('_', '-')} on the command line)",
                *(f"Pulumi config {key}" for key in _seen(self.config, namespaces)),
                *(f"environment variable {key}" for key in self.environment),
            ]
        )


NAMESPACES = ("cosjob", "tencentcloud")
"""Of the stack's configuration, in the order in which they are looked at."""


def _seen(keys: Sequence[str], namespaces: Collection[str]) -> list[str]:
    return [key for key in keys if key.partition(":")[0] in namespaces]


_PLACES = {
    "uin": _Places(("cosjob:uin",), ("COSJOB_UIN",)),
    "region": _Places(("cosjob:region", "tencentcloud:region"), ("TENCENTCLOUD_REGION",)),
    "endpoint": _Places(("cosjob:endpoint",), ("COSJOB_ENDPOINT",)),
    "validation": _Places(("cosjob:validation",), ("COSJOB_VALIDATION",)),
    "request_timeout": _Places(("cosjob:requestTimeout",), ("COSJOB_REQUEST_TIMEOUT",)),
}


def config_keys(name: str) -> tuple[str, ...]:
    """Return the keys of the stack's configuration in which a setting may stand, such as `cosjob:region`."""
    return _PLACES[name].config


# A key pair and its token come from one place together: halves of different accounts never meet.
_KEY_PLACES = (
    ("argument", ("secret_id", "secret_key", "token")),
    ("config", ("cosjob:secretId", "cosjob:secretKey", "cosjob:token")),
    ("config", ("tencentcloud:secretId", "tencentcloud:secretKey", "tencentcloud:securityToken")),
    (
        "environment",
        # The last is tccli's name, for where the vendor's own is not set.
        ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"),
    ),
)


def _credentials_hint(namespaces: Collection[str]) -> str:
    keys = [keys for kind, keys in _KEY_PLACES if kind == "config" and _seen(keys, namespaces)]
    config = ", or ".join(f"{secret_id} and {secret_key}" for secret_id, secret_key, *_ in keys)
    return (
        f"Set a secret id and a secret key: Pulumi config {config} (--secret), environment variables "
        "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, the file ~/.tencentcloud/credentials or "
        "/etc/tencentcloud/credentials, or a role of this machine."
    )


def environment_variable(name: str) -> str:
    """Return the environment variable that a setting is read from, credentials included."""
    (secrets,) = [names for kind, names in _KEY_PLACES if kind == "argument"]
    (variables,) = [names for kind, names in _KEY_PLACES if kind == "environment"]
    return dict(zip(secrets, variables, strict=False)).get(name) or _PLACES[name].environment[0]


class _Lookup:
    """Finds settings in their places."""

    def __init__(
        self,
        arguments: Mapping[str, Any],
        config: Callable[[str], Any],
        environment: Mapping[str, str],
        namespaces: Collection[str] = NAMESPACES,
    ) -> None:
        self._namespaces = namespaces
        self._sources: Mapping[str, Callable[[str], Any]] = {
            "argument": arguments.get,
            "config": config,
            "environment": environment.get,
        }

    def get(self, kind: str, key: str) -> Any:
        value = self._sources[kind](key)
        return None if value == "" and kind != "argument" else value

    def setting(self, name: str) -> tuple[Any, str]:
        """Return a setting and, for messages, where it was found."""
        places = _PLACES[name]
        value = self.get("argument", name)
        if value is not None:
            return value, ""
        for kind, words, keys in (
            ("config", "Pulumi config", _seen(places.config, self._namespaces)),
            ("environment", "environment variable", places.environment),
        ):
            for key in keys:
                value = self.get(kind, key)
                if value is not None:
                    return value, f" (from {words} {key})"
        return None, ""

    def required(self, name: str) -> str:
        value, origin = self.setting(name)
        if value is None:
            hint = f"Set one of: {_PLACES[name].named(name, self._namespaces)}; or name the whole endpoint."
            raise ConfigurationError(f"{name} is not set", hint=hint)
        return check_identifier(name, value, origin)

    def credentials(self) -> CredentialSource:
        for kind, keys in _KEY_PLACES:
            if kind == "config" and not _seen(keys, self._namespaces):
                continue
            secret_id, secret_key, *tokens = values = [self.get(kind, key) for key in keys]
            if secret_id is None and secret_key is None:
                continue
            for key, value in zip(keys, (secret_id, secret_key), strict=False):
                if value is None:
                    other = next(each for each in keys[:2] if each != key)
                    raise ConfigurationError(f"{other} is set but {key} is not", hint="Set both, or neither.")
            for key, value in zip(keys, values, strict=True):
                _check_secret(key, value)
            found = Credentials(secret_id, secret_key, next((token for token in tokens if token is not None), None))
            return lambda _seconds: found
        return VendorChain(_credentials_hint(self._namespaces))


def _check_secret(name: str, value: Any) -> None:
    """Refuse what cannot stand in a header, without showing it."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[!-~]+", value)):
        raise InvalidArgumentError(name, "must be printable ASCII without white space", hint="Its value is not shown.")


def _request_timeout(value: Any, origin: str) -> float:
    hint = f"It is a number of seconds, such as 60 or 1.5, more than 0 and at most {_LONGEST_REQUEST_TIMEOUT:g}."
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InvalidArgumentError("request_timeout", f"must be a number, not {kind_of(value)}{origin}", hint=hint)
    try:
        seconds = math.nan if isinstance(value, str) and not re.fullmatch(SECONDS, value) else float(value)
    except OverflowError:  # of a whole number without end
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_REQUEST_TIMEOUT:
        raise InvalidArgumentError("request_timeout", f"cannot be {format_value(value)}{origin}", hint=hint)
    return seconds


def resolve(
    arguments: Mapping[str, Any],
    *,
    config: Callable[[str], Any] = lambda _key: None,
    environment: Mapping[str, str] | None = None,
    namespaces: Collection[str] = NAMESPACES,
) -> Settings:
    """Find every setting in the nearest place that has it.

    Args:
        arguments: By name: uin, region, endpoint, validation, request_timeout, secret_id, secret_key, token; None or
            missing where the caller has none.
        config: Returns the Pulumi config value of a full key, such as `cosjob:uin`, or None.
        environment: The process's environment where not given.
        namespaces: Those of the config that can be seen.

    Raises:
        ConfigurationError: A setting is missing; the message lists all places where it can be set.
        InvalidArgumentError: A setting cannot be used; the message says where it was found.
    """
    lookup = _Lookup(arguments, config, os.environ if environment is None else environment, namespaces)
    endpoint, origin = lookup.setting("endpoint")
    if endpoint is None:
        endpoint = default_endpoint(lookup.required("uin"), lookup.required("region"))
    else:
        endpoint = check_endpoint(endpoint, origin)
        for name in ("uin", "region"):
            value, place = lookup.setting(name)
            if value is not None:
                check_identifier(name, value, place)
    validation, origin = lookup.setting("validation")
    if validation is not None:
        check_choice("validation", validation, VALIDATIONS, origin)
    timeout, origin = lookup.setting("request_timeout")
    return Settings(
        endpoint=endpoint,
        credentials=lookup.credentials(),
        validation=validation or DEFAULT_VALIDATION,
        request_timeout=DEFAULT_REQUEST_TIMEOUT if timeout is None else _request_timeout(timeout, origin),
    )


def find_endpoint(
    arguments: Mapping[str, Any], config: Callable[[str], Any], environment: Mapping[str, str] | None = None
) -> str | None:
    """Return where questions with these arguments go, as `resolve` finds it; None where that cannot be told."""
    lookup = _Lookup(arguments, config, os.environ if environment is None else environment)
    endpoint, uin, region = (lookup.setting(name)[0] for name in ("endpoint", "uin", "region"))
    try:
        if endpoint is not None:
            return check_endpoint(endpoint)
        return default_endpoint(check_identifier("uin", uin), check_identifier("region", region))
    except InvalidArgumentError:
        return None


def default_endpoint(uin: str, region: str) -> str:
    return f"https://{uin}.cos-control.{region}.myqcloud.com"
