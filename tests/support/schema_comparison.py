"""Compares the schema with the classes of elements, element by element.

It reads the schema as plain XML, without the package's own code, so that a defect of the package cannot hide itself.
"""

from __future__ import annotations

import ast
import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from pulumi_cosjob._model import job as job_module
from pulumi_cosjob._model import job_summary as summary_module
from pulumi_cosjob._model.element import Element

XS = "{http://www.w3.org/2001/XMLSchema}"
_INTEGERS = {"xs:int", "xs:unsignedLong", "xs:integer"}
_TEXTS = {"xs:string", "xs:token", "xs:dateTime"}
# The only XML names that are not words with one capital letter each.
_IRREGULAR = {
    "ETag": "etag",
    "SSEAlgorithm": "sse_algorithm",
    "UnModifiedSinceConstraint": "unmodified_since_constraint",
}

CLASSES: dict[str, type[Element]] = {
    cls.__name__: cls
    for cls in vars(job_module).values()
    if isinstance(cls, type) and issubclass(cls, Element) and cls is not Element
}
# The only class whose name differs from its type in the schema.
CLASSES["Job"] = CLASSES.pop("JobDescription")

# The classes of a list's schema; it shares no complex type with that of a job.
CLASSES_OF_LISTS: dict[str, type[Element]] = {
    cls.__name__: cls for cls in (summary_module.JobSummary, summary_module.ListedProgressSummary)
}


@dataclass(frozen=True)
class Kind:
    """What an element holds: `str`, `int`, `bool` or the name of a complex type; the item's name where it is a list."""

    of: str
    item: str | None = None

    def __str__(self) -> str:
        """Return the text for messages."""
        return self.of if self.item is None else f"list of {self.item} ({self.of})"


def snake_case(tag: str) -> str:
    """Return the name that the field of an element must have."""
    if tag in _IRREGULAR:
        return _IRREGULAR[tag]
    tag = f"Cos{tag[3:]}" if tag.startswith("COS") else tag
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in tag).removeprefix("_")


class Schema:
    """The schema as plain XML."""

    def __init__(self, root: ET.Element) -> None:
        self._root = root
        self._complex = {each.get("name", ""): each for each in root.iter(f"{XS}complexType")}
        self._simple = {each.get("name", ""): each for each in root.findall(f"{XS}simpleType")}

    def elements(self, complex_type: str) -> dict[str, Kind]:
        """Return the elements of a complex type by name."""
        found = {}
        for element in self._complex[complex_type].iter(f"{XS}element"):
            found[element.get("name", "")] = self._kind(element.get("type", ""))
        return found

    def meanings(self, complex_type: str) -> dict[str, str]:
        """Return the documentation of the elements of a complex type, by name, with their known values."""
        found = {}
        for element in self._complex[complex_type].iter(f"{XS}element"):
            text = element.findtext(f"{XS}annotation/{XS}documentation", "")
            declared = element.get("type", "")
            values = self.enumeration(declared) if declared in self._simple else []
            found[element.get("name", "")] = text + (
                f" Known values: {', '.join(f'`{each}`' for each in values)}." * bool(values)
            )
        return found

    def enumeration(self, simple_type: str) -> list[str]:
        """Return the known values of a list."""
        return [each.get("value", "") for each in self._simple[simple_type].iter(f"{XS}enumeration")]

    def value_meanings(self, simple_type: str) -> dict[str, str]:
        """Return the known values of a list with their documentation."""
        values = self._simple[simple_type].iter(f"{XS}enumeration")
        return {each.get("value", ""): each.findtext(f"{XS}annotation/{XS}documentation", "") for each in values}

    def _kind(self, name: str) -> Kind:
        if name in self._complex:
            inner = list(self._complex[name].iter(f"{XS}element"))
            if len(inner) == 1 and inner[0].get("maxOccurs") == "unbounded":
                return Kind(self._kind(inner[0].get("type", "")).of, inner[0].get("name"))
            return Kind(name)
        return Kind(self._leaf(name))

    def _leaf(self, name: str) -> str:
        if name == "xs:boolean":
            return "bool"
        if name in _INTEGERS:
            return "int"
        if name in _TEXTS:
            return "str"
        return self._simple_leaf(self._simple[name])

    def _simple_leaf(self, simple: ET.Element) -> str:
        union = simple.find(f"{XS}union")
        if union is not None:
            # An empty element counts as absent.
            kinds = {self._leaf(member) for member in union.get("memberTypes", "").split() if member != "Empty"}
            kinds |= {self._simple_leaf(member) for member in union.findall(f"{XS}simpleType")}
            # A value of either kind is kept as text.
            return kinds.pop() if len(kinds) == 1 else "str"
        restriction = simple.find(f"{XS}restriction")
        assert restriction is not None, simple.attrib
        return self._leaf(restriction.get("base", ""))


def class_fields(cls: type) -> dict[str, Kind]:
    """Return the fields of a class that stand for elements, by name, according to their annotations."""
    hints = typing.get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        if not field.metadata.get("beyond_schema"):
            (inner,) = [each for each in _alternatives(hints[field.name]) if each is not types.NoneType]
            arguments = typing.get_args(inner)
            found[field.name] = Kind((arguments[0] if arguments else inner).__name__, field.metadata.get("item"))
    return found


def _alternatives(hint: typing.Any) -> tuple[typing.Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in {types.UnionType, typing.Union} else (hint,)


def differences(
    schema: Schema, classes: Mapping[str, type], complex_type: str = "Job", path: str = "Job"
) -> Iterator[str]:
    """Yield each difference between the classes and the schema, from one complex type downwards.

    Args:
        schema: The schema.
        classes: The classes by the name of the complex type that each stands for.
        complex_type: The complex type to begin with.
        path: Its path in the messages.
    """
    elements = schema.elements(complex_type)
    fields = class_fields(classes[complex_type])
    expected = {snake_case(tag): (tag, kind) for tag, kind in elements.items()}
    for name in fields.keys() - expected.keys():
        yield f"{path}: the field {name} has no element"
    for name, (tag, kind) in expected.items():
        if name not in fields:
            yield f"{path}/{tag}: the element has no field {name}"
            continue
        of = classes[kind.of].__name__ if kind.of in classes else kind.of
        if (of, kind.item) != (fields[name].of, fields[name].item):
            yield f"{path}/{tag}: is {kind}, but the field is {fields[name]}"
        elif kind.of in classes:
            below = f"{path}/{tag}" if kind.item is None else f"{path}/{tag}/{kind.item}"
            yield from differences(schema, classes, kind.of, below)


@dataclass(frozen=True)
class Declared:
    """An attribute as declared in the source of its class."""

    annotation: str
    text: str


def declared_attributes(source: Path, class_name: str) -> dict[str, Declared]:
    """Return the attributes that a class declares, each with its docstring.

    Attributes under an `if` are left out, because editors do not show their docstrings.
    """
    (found,) = [
        node
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == class_name
    ]
    declared = {}
    for node, after in zip(found.body, [*found.body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.AnnAssign):
            text = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
            declared[ast.unparse(node.target)] = Declared(ast.unparse(node.annotation), " ".join(text.split()))
    return declared
