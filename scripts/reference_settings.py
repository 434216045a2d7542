"""Writes the page on settings, from the tables that the package reads them by."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_cosjob._cli.describe import describe
from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._model.naming import camel_name
from pulumi_cosjob._places import CREDENTIALS, CREDENTIALS_FILES, NAMESPACES, PLACES
from pulumi_cosjob._plugin.package_schema.provider import SETTINGS
from pulumi_cosjob._service.settings import Settings, default_endpoint, resolve
from reference_parts import NOTICE, code, table

__all__ = ["page"]

_HEAD = f"""# Settings

{NOTICE}

A setting is read from the first of these places that has it: the argument or option, Pulumi config, the environment. An
empty text in Pulumi config or in the environment counts as not set. Credentials are the exception: all parts of them
come from one place.

Pulumi config belongs to a stack: only Pulumi programs read it. Namespaces are read in the order {code(*NAMESPACES)}.
"""


def _required() -> frozenset[str]:
    """Return the settings without which nothing is read, by leaving all of them out."""
    try:
        resolve({"secret_id": "id", "secret_key": "key"}, environment={})
    except ConfigurationError as error:
        return frozenset(name for name in PLACES if f"{name} is not set" in error.what)
    return frozenset()


def _default(name: str) -> str:
    if name in _required():
        return "none: it has to be set, unless `endpoint` is"
    if name == "endpoint":
        return f"`{default_endpoint('UIN', 'REGION')}`"
    value = getattr(Settings, name, None)
    if value is not None:
        return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
    return "that of the credentials, discovered by one request"


def _places(name: str) -> Iterator[tuple[str, str]]:
    options = {each.name: each.opts[0] for each in describe.params}
    places = PLACES[name]
    yield "argument in Python", code(name)
    yield "option of `cosjob`", code(options[name])
    yield "Pulumi config", ", then ".join(map(code, places.config))
    yield "input of the plugin's `Provider`", code(camel_name(name))
    yield "environment variable", ", then ".join(map(code, places.environment))
    yield "default", _default(name)


def _credentials() -> Iterator[str]:
    names = {"argument": "arguments of `CosBatchClient` in Python", "config": "Pulumi config (`--secret`)"}
    for kind, keys in CREDENTIALS:
        yield f"{names.get(kind, 'environment variables')}: {code(*keys)}"
    yield f"the files {code(*CREDENTIALS_FILES)}"
    yield "a role of this machine"


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for name in PLACES:
        text = SETTINGS[camel_name(name)]["description"]
        parts.append(f"## `{name}`\n\n{text}\n\n{table(('where', 'name'), _places(name))}")
    places = "".join(f"{number}. {each}\n" for number, each in enumerate(_credentials(), 1))
    parts.append(
        "## Credentials\n\nA secret id, the secret key that belongs to it and, for temporary credentials, a token. The "
        f"first of these places that has a secret id or a secret key is used alone:\n\n{places}\n"
        "The inputs of the plugin's `Provider` are `secretId`, `secretKey` and `token`. The command has no options for "
        "credentials: process arguments can be read by other users of a machine.\n"
    )
    return "\n".join(parts)
