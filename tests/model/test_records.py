"""Frozen values: made, compared, shown, copied and pickled as those of a frozen dataclass."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

import pytest

from pulumi_cosjob._records import Record


class Point(Record):
    """A value with a required field, a default, a factory and a field that is not shown."""

    x: int
    y: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="hidden", repr=False)


@dataclasses.dataclass(frozen=True)
class Reference:
    """The same as a dataclass of the standard library."""

    x: int
    y: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="hidden", repr=False)


class Point3(Point):
    """A value with the fields of another one before its own."""

    z: int = 7


MAKERS: list[Any] = [Point, Reference]
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((1,), {"y": 2}),
    ((), {"y": 2}),
    ((), {"y": 2, "x": 1}),
    ((1,), {"x": 1}),
    ((1,), {"colour": "red"}),
    ((1, 2, {"a": "b"}, "c"), {}),
    ((1, 2, {}, "c", 5), {}),
    ((), {"x": 1, "notes": {"a": "b"}, "secret": "key"}),
]


@pytest.mark.parametrize(("positional", "named"), CALLS)
def test_values_are_made_as_those_of_a_dataclass(positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    """The same calls are errors of type, and the others have the same fields."""

    def made(make: Any) -> Any:
        try:
            return dataclasses.astuple(make(*positional, **named))
        except TypeError:
            return TypeError

    assert made(Point) == made(Reference)


@pytest.mark.parametrize(
    ("positional", "named", "reason"),
    [
        ((), {}, "Point needs x"),
        ((1,), {"x": 1}, "Point has no place for x"),
        ((1,), {"colour": "red"}, "Point has no place for colour"),
        ((1, 2, {}, "c", 5), {}, "Point has no place for so many values"),
    ],
)
def test_an_error_of_type_has_a_reason(positional: tuple[Any, ...], named: dict[str, Any], reason: str) -> None:
    """It names the class and the fields."""
    make: Any = Point
    with pytest.raises(TypeError, match=reason):
        make(*positional, **named)


def test_values_are_compared_by_class_and_fields() -> None:
    """Equal values have equal hashes; a subclass with equal fields is another value."""

    class Other(Point):
        pass

    assert Point(1, notes={}) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != (1, 0, {}, "hidden")
    frozen = Point(1, notes=())  # type: ignore[arg-type]
    assert hash(frozen) == hash(Point(1, notes=()))  # type: ignore[arg-type]


def test_a_cached_property_is_no_part_of_a_value() -> None:
    """It stands in the same namespace, but values are equal whether it has been read or not."""

    class Double(Record):
        x: int

        @cached_property
        def twice(self) -> int:
            return 2 * self.x

    read, other = Double(1), Double(1)
    assert read.twice == 2
    assert read == other
    assert hash(read) == hash(other)
    assert repr(read) == repr(other)


def test_values_do_not_share_what_a_factory_makes() -> None:
    """Each value without the field has its own."""
    assert Point(1).notes is not Point(1).notes


def test_values_cannot_be_changed() -> None:
    """Neither fields nor new attributes can be set or deleted, as in a frozen dataclass."""
    for make in MAKERS:
        value = make(1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.colour = "red"
        with pytest.raises(dataclasses.FrozenInstanceError):
            del value.x
        assert value.x == 1


def test_what_is_not_to_be_shown_is_not_shown() -> None:
    """`repr` has the class and the fields but for those with `repr=False`."""
    assert repr(Point(1)) == "Point(x=1, y=0, notes={})"
    assert repr(Point3(1)) == "Point3(x=1, y=0, notes={}, z=7)"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301
def test_copies_are_equal(again: Any) -> None:
    """Copies and pickles have the same class and fields, those of a parent class too."""
    assert again(Point3(1, z=3)) == Point3(1, z=3)
    assert dataclasses.replace(Point3(1), z=3) == Point3(1, z=3)
    assert [each.name for each in dataclasses.fields(Point3)] == ["x", "y", "notes", "secret", "z"]
    match Point3(1, z=3):
        case Point3(x=1, z=z):
            assert z == 3
