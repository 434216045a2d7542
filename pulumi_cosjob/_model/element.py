"""The base class of all elements, and how the fields of an element are read."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from pulumi_cosjob._records import Record

__all__ = ["Element", "FieldType", "element_builder", "element_fields", "items"]

_E = TypeVar("_E", bound="Element")


class _Item:
    """An attribute that reads the item of its name; of the class, it is the default.

    Args:
        name: The name.
        default: The default, if there is one.
    """

    def __init__(self, name: str, default: Any) -> None:
        self._name, self._default = name, default

    def __get__(self, element: dict[str, Any] | None, cls: type[Any]) -> Any:
        value = self._default if element is None else element.get(self._name, dataclasses.MISSING)
        if value is dataclasses.MISSING:
            raise AttributeError(f"{cls.__name__} has no {self._name}", name=self._name)
        return value


class Element(Record, dict[str, Any]):
    """An element of a response: frozen, with its children as attributes and as items.

    A child that the response lacks is None. An element is a dict so that a Pulumi program can export it, or a list of
    elements, or pass it to another resource.
    """

    if not TYPE_CHECKING:  # type checkers know the fields of each class

        def __init_subclass__(cls) -> None:
            """Let each attribute read the item of its name: the values are kept once."""
            super().__init_subclass__()
            for name in inspect.get_annotations(cls):
                if name in cls._defaults:
                    setattr(cls, name, _Item(name, cls._defaults[name]))

        def __init__(self, *positional: Any, **named: Any) -> None:
            """Set the fields, as items."""
            super().__init__(*positional, **named)
            dict.update(self, self.__dict__)
            self.__dict__.clear()

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    __eq__ = dict.__eq__

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash by value. The class does not count, as it does not count for equality."""
        return hash(tuple(self.values()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Build copies from the values, because items cannot be set afterwards."""
        return type(self), tuple(self.values())


def items(tag: str) -> Any:
    """Declare a field that is a list of elements of this name."""
    return dataclasses.field(default=None, metadata={"item": tag})


class FieldType(NamedTuple):
    """The type of one field of an element.

    Attributes:
        type: `str`, `bool`, `int` or the class of an element.
        item: Name of the elements in a list; None if the field is no list.
    """

    type: type[Any]
    item: str | None


@functools.cache
def element_fields(cls: type[Element]) -> Mapping[str, FieldType]:
    """Return the fields of a class that stand for XML elements, by field name."""
    found = {}
    for field in dataclasses.fields(cls):
        if field.metadata.get("beyond_schema"):
            continue
        (inner, *_) = [arg for arg in typing.get_args(field.type) if arg is not type(None)] or [field.type]
        item = field.metadata.get("item")
        found[field.name] = FieldType(typing.get_args(inner)[0] if item else inner, item)
    return types.MappingProxyType(found)


@functools.cache
def element_builder(cls: type[_E]) -> Callable[[Mapping[str, Any]], _E]:
    """Return a function that does as `cls(**values)`, in less time: it does not check the names of fields.

    A required field that is not given is None.
    """
    absent = {
        field.name: None if field.default is dataclasses.MISSING else field.default for field in dataclasses.fields(cls)
    }

    def build(values: Mapping[str, Any]) -> _E:
        element = cls.__new__(cls)
        dict.update(element, absent)
        dict.update(element, values)
        return element

    return build
