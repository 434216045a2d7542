"""Writes the pages on the Python API: a directive for each public name, which the site's generator documents."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from reference_parts import NOTICE

__all__ = ["MODULES", "first_module", "page"]

MODULES: Mapping[str, str] = {
    "pulumi_cosjob": "python",
    "pulumi_cosjob.native": "python-native",
    "pulumi_cosjob.testing": "python-testing",
    "pulumi_cosjob.types": "python-types",
}
"""Each public module with the name of its page."""


def first_module(module: str, name: str) -> str:
    """Return the module on whose page a public name stands: the first one that has the same object by that name."""
    value = getattr(importlib.import_module(module), name)
    loaded = ((each, importlib.import_module(each)) for each in MODULES)
    return next(each for each, candidate in loaded if name in candidate.__all__ and getattr(candidate, name) is value)


def _directive(module: str, name: str) -> Iterator[str]:
    """Yield the lines of a directive."""
    value: Any = getattr(importlib.import_module(module), name)
    kind = "class" if inspect.isclass(value) else "function" if inspect.isfunction(value) else "data"
    if inspect.isclass(value) and issubclass(value, BaseException):
        kind = "exception"
    yield f".. auto{kind}:: {module}.{name}"
    if kind == "data":
        yield "   :no-value:"
    elif kind == "class":
        yield "   :members:"


def page(module: str) -> str:
    """Return the page of a module."""
    loaded = importlib.import_module(module)
    groups: dict[str, list[str]] = {"Functions": [], "Classes": [], "Errors": [], "Constants": []}
    for name in sorted(loaded.__all__, key=str.lower):
        value = getattr(loaded, name)
        if inspect.isclass(value):
            groups["Errors" if issubclass(value, BaseException) else "Classes"].append(name)
        else:
            groups["Functions" if inspect.isfunction(value) else "Constants"].append(name)
    parts = [f"# Python: {module}\n\n{NOTICE}\n", f"```{{eval-rst}}\n.. automodule:: {module}\n   :no-members:\n```\n"]
    for title, names in groups.items():
        if names:
            parts.append(f"## {title}\n")
        for name in names:
            first = first_module(module, name)
            lines = ["```{eval-rst}", *_directive(module, name), "```"]
            value = getattr(loaded, name)
            if (
                inspect.isclass(value)
                and issubclass(value, pulumi.Resource)
                and not issubclass(value, pulumi.ProviderResource)
            ):
                lines.append("\n[Output fields](../fields.md) lists the outputs.")
            if first != module:
                lines = [f"That of `{first}`: [{name}]({MODULES[first]}.md#{name.lower()})."]
            parts.append("\n".join([f"### {name}\n", *lines, ""]))
    return "\n".join(parts)
