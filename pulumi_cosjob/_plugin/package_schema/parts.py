"""Names and building blocks of the plugin's schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_cosjob._plugin import publication

__all__ = [
    "PACKAGE",
    "Property",
    "default_text",
    "documentation",
    "enumeration",
    "list_of",
    "property_of",
    "reference",
    "with_default",
]

PACKAGE = "cosjob"

Property = dict[str, Any]
"""A part of the schema, as JSON has it: a property, a type, a function or a resource."""


def property_of(type_: str, description: str, **more: Any) -> Property:
    """Return a property of a type, such as `string`."""
    return {"type": type_, "description": description, **more}


def list_of(item: Property, description: str) -> Property:
    """Return a property that is a list."""
    return property_of("array", description, items=item)


def reference(name: str) -> Property:
    """Return a reference to a type of this schema."""
    return {"$ref": f"#/types/{PACKAGE}:index:{name}"}


def default_text(value: Any) -> str:
    """Return a default as descriptions write it."""
    return value if isinstance(value, str) else json.dumps(value)


def with_default(property_: Property, default: Any) -> Property:
    """Return a property with a default, in its description too: SDKs do not show defaults."""
    description = f"{property_['description']} Default: `{default_text(default)}`."
    return {**property_, "description": description, "default": default}


def enumeration(description: str, meanings: Mapping[str, str]) -> Property:
    """Return a type that lists values.

    Args:
        description: Of the type.
        meanings: The descriptions of the values, by value.
    """
    values = [
        {"name": _enumerator(value), "value": value, "description": meaning} for value, meaning in meanings.items()
    ]
    return {"type": "string", "description": description, "enum": values}


def _enumerator(value: str) -> str:
    """Return a name from which each language derives its own: `PublicRead`, `CosBatchOperationsCsvV1`."""
    # Capitals in a row are one word. Otherwise Python's generator splits them: CSVV1 becomes CSV_V1.
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", value)
    return "".join(map(str.capitalize, words))


def documentation(name: str) -> str:
    """Return a text of the folder `documentation`, with the names under which SDKs are published."""
    text = (Path(__file__).parent / "documentation" / f"{name}.md").read_text(encoding="utf-8")
    for placeholder, published in (
        ("go module", publication.GO_MODULE),
        ("npm package", publication.NPM_PACKAGE),
        ("python package", publication.PYTHON_PACKAGE),
        ("java package", publication.JAVA_PACKAGE),
    ):
        text = text.replace(f"<{placeholder}>", published)
    return text
