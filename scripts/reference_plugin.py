"""Writes the page on the plugin's schema, from the schema that the plugin serves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_cosjob._plugin.package_schema import package_schema
from reference_parts import NOTICE, code, table

__all__ = ["page"]

_PREFIX = "cosjob:index:"
_LANGUAGES = {"typescript": "TypeScript", "python": "Python", "go": "Go", "java": "Java", "yaml": "YAML"}
_VERSION = "0.0.0"  # no page names a version

_HEAD = f"""# Plugin schema

{NOTICE}

The package `cosjob` for YAML, TypeScript, Go and every other language of Pulumi: what `pulumi package get-schema`
prints, as a page. Names are those of YAML and TypeScript; Go and .NET write `JobId`, Python `job_id`. Tokens begin with
`{_PREFIX}`, which YAML shortens to `cosjob:`.
"""


def _type(property_: Mapping[str, Any]) -> str:
    """Return the type of a property, with a link to its own section where it has one."""
    if "$ref" in property_:
        name = property_["$ref"].rpartition(":")[2]
        return f"[`{name}`](#{name.lower()})"
    if "items" in property_:
        return f"list of {_type(property_['items'])}"
    if "additionalProperties" in property_:
        return f"map of {_type(property_['additionalProperties'])}"
    return str(property_["type"])


def _properties(properties: Mapping[str, Mapping[str, Any]], required: tuple[str, ...] = ()) -> str:
    rows = (
        (code(name), _type(each), f"{'**Required.** ' if name in required else ''}{each.get('description', '')}")
        for name, each in properties.items()
    )
    return table(("name", "type", "meaning"), rows)


def _description(text: str, level: int) -> Iterator[str]:
    """Yield a description, and its examples below headings of a level, each language folded."""
    text, _, examples = text.partition("{{% examples %}}")
    yield text.strip() + "\n"
    for example in re.findall(r"(?s)\{\{% example %\}\}\n(.*?)\{\{% /example %\}\}", examples):
        headed = re.sub(r"(?m)^### (?=Example: )", f"{'#' * level} ", example).strip()
        yield re.sub(r"(?s)```(\w+)\n.*?```", _folded, headed) + "\n"


def _folded(block: re.Match[str]) -> str:
    language = _LANGUAGES.get(block[1], block[1])
    return f"<details><summary>{language}</summary>\n\n{block[0]}\n\n</details>"


def _functions(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## Functions\n"
    for token, each in schema["functions"].items():
        yield f"### {token.removeprefix(_PREFIX)}\n"
        yield from _description(each["description"], 4)
        yield f"#### Inputs of {token.removeprefix(_PREFIX)}\n"
        yield _properties(each["inputs"]["properties"], tuple(each["inputs"].get("required", ())))
        yield f"#### Outputs of {token.removeprefix(_PREFIX)}\n"
        yield _properties(each["outputs"]["properties"])


def _resources(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## Resources\n"
    for token, each in schema["resources"].items():
        yield f"### {token.removeprefix(_PREFIX)}\n"
        yield from _description(each["description"], 4)
        yield f"#### Inputs of {token.removeprefix(_PREFIX)}\n"
        yield _properties(each["inputProperties"], tuple(each.get("requiredInputs", ())))
        yield f"#### Outputs of {token.removeprefix(_PREFIX)}\n"
        yield _properties(each["properties"])


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## Types\n"
    for token, each in schema["types"].items():
        yield f"### {token.removeprefix(_PREFIX)}\n"
        yield each.get("description", "") + "\n"
        if "enum" in each:
            rows = ((code(one["name"]), code(one["value"]), one.get("description", "")) for one in each["enum"])
            yield table(("constant", "value", "meaning"), rows)
        elif each["properties"]:
            yield _properties(each["properties"])


def page() -> str:
    """Return the page."""
    schema = package_schema(_VERSION)
    provider = schema["provider"]
    parts = [_HEAD, "## Provider\n", *_description(provider["description"], 3)]
    parts += ["### Inputs of the provider\n", _properties(provider["inputProperties"])]
    parts.append("[Settings](settings.md) has every other place in which they can be set.\n")
    return "\n".join([*parts, *_functions(schema), *_resources(schema), *_types(schema)])
