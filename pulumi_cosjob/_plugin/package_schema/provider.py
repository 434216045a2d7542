"""The provider of the plugin's schema, and the configuration: the same settings, in two places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_cosjob._model.naming import snake_name
from pulumi_cosjob._plugin.package_schema.parts import Property, default_text, documentation, property_of, reference
from pulumi_cosjob._service.settings import LONGEST_REQUEST_TIMEOUT, Settings, environment_variable

__all__ = ["CONFIG", "SETTINGS", "config_variables", "provider", "variable_of"]

SETTINGS: Mapping[str, Property] = {
    "uin": property_of("string", "UIN of the main account, such as `100000000001`."),
    "appid": property_of("string", "APPID of the account that owns the jobs, such as `1250000000`."),
    "region": property_of("string", "Region of the jobs, such as `ap-chengdu`."),
    "secretId": property_of("string", "Secret id of the credentials that sign requests.", secret=True),
    "secretKey": property_of("string", "Secret key that belongs to `secretId`.", secret=True),
    "token": property_of("string", "Session token that belongs to temporary credentials.", secret=True),
    "endpoint": property_of(
        "string", "Endpoint of the service, in place of the default for `uin` and `region`; an emulator's, for example."
    ),
    "site": {
        **reference("Site"),
        "description": "The vendor's site that the account belongs to, where `uin` or `appid` has to be discovered.",
    },
    "validation": {
        **reference("Validation"),
        "description": "How to treat a response that violates the schema of `DescribeJobResult`: `strict` fails, "
        "`lenient` leaves out the elements that violate it, with a warning.",
    },
    "requestTimeout": property_of(
        "number",
        f"Seconds for one request with all its attempts, at most {LONGEST_REQUEST_TIMEOUT:g}. One attempt may take a "
        "sixth of it, but at least 10 s.",
    ),
}
"""The settings by name, without their defaults."""

_DEFAULTS: Mapping[str, Any] = {
    "site": Settings.site,
    "validation": Settings.validation,
    "requestTimeout": int(Settings.request_timeout),
}
_OTHER_SOURCES = {
    **dict.fromkeys(("secretId", "secretKey", "token"), ("the vendor's credentials files and machine roles",)),
    **dict.fromkeys(("uin", "appid"), ("that of the credentials, which is discovered",)),
}

# SDKs send a default as if the program had set the value. It is then kept in the state, and the plugin, which reads
# the environment itself, cannot tell the difference. For this reason SDKs read only these inputs of an explicit
# provider from the program's environment: they identify the account of a stack, and a destroy elsewhere needs them.
# Credentials are excluded, because SECURITY promises that those of the environment reach no state. So are the endpoint,
# because an emulator's would stay in the state, and settings that an environment chooses for a single run. And no input
# of a provider has a `default`, which would hide the environment of a plugin that runs in another one than the program.
_KEPT_IN_STATE = ("uin", "appid", "region")


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return environment_variable(snake_name(name))


def _with_sources(name: str, property_: Property) -> Property:
    """Return a setting whose description lists the sources that are read if it is not set."""
    sources = [f"the environment variable `{variable_of(name)}`", *_OTHER_SOURCES.get(name, ())]
    if name in _DEFAULTS:
        sources.append(f"`{default_text(_DEFAULTS[name])}`")
    return {**property_, "description": f"{property_['description']} Default: {', then '.join(sources)}."}


CONFIG: Mapping[str, Property] = {name: _with_sources(name, each) for name, each in SETTINGS.items()}
"""The settings by name, with their defaults in the descriptions."""


def _from_environment(name: str) -> Property:
    return {"defaultInfo": {"environment": [variable_of(name)]}}


def provider() -> Property:
    """Return the provider resource."""
    inputs = {
        name: {**each, **(_from_environment(name) if name in _KEPT_IN_STATE else {})} for name, each in CONFIG.items()
    }
    return {
        "description": "One account and region. Settings that are not given are taken from the environment of the "
        f"Pulumi command.\n\n{documentation('Provider')}",
        "inputProperties": inputs,
    }


def config_variables() -> dict[str, Property]:
    """Return the configuration that SDKs offer to programs, which is never sent to the plugin.

    SDKs return a secret as plain text: secrets have no source here.
    """
    variables = {}
    for name, each in CONFIG.items():
        default = {"default": _DEFAULTS[name]} if name in _DEFAULTS else {}
        variables[name] = each if each.get("secret") else {**each, **default, **_from_environment(name)}
    # The SDK of TypeScript reads the configuration of an enumeration as JSON, that is, `strict` in quotes.
    for name in ("site", "validation"):
        del variables[name]["$ref"]
        variables[name]["type"] = "string"
    return variables
