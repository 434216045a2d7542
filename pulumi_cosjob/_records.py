"""Frozen values with named fields, which cost a program little to import.

For each class that it decorates, `dataclasses` generates and compiles half a dozen methods: half a millisecond. For the
forty classes that a program imports, that was most of the time of the import. Here all classes share the same methods,
and are dataclasses in every other way: `fields`, `replace` and `match` work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_how: Any) -> Callable[[Any], Any]:
        """Do nothing: type checkers read it."""
        return lambda decorated: decorated


__all__ = ["Record"]


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class Record:
    """The base class of frozen values: a subclass declares its fields as a dataclass does.

    Values are equal if they have the same class and equal fields.
    """

    _defaults: ClassVar[Mapping[str, Any]] = {}
    """The values of fields that are not given, in the order of the fields."""
    _required: ClassVar[frozenset[str]] = frozenset()
    """The fields that have to be given."""
    _factories: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    """What makes the value of a field that is not given."""

    def __init_subclass__(cls) -> None:
        """Read the fields."""
        super().__init_subclass__()
        make_fields: Any = dataclasses.dataclass(init=False, repr=False, eq=False)
        fields = dataclasses.fields(make_fields(cls))
        cls._defaults = {field.name: field.default for field in fields}
        missing = {field.name: field.default_factory for field in fields if field.default is dataclasses.MISSING}
        cls._factories = {name: make for name, make in missing.items() if make is not dataclasses.MISSING}
        cls._required = frozenset(missing.keys() - cls._factories.keys())

    if not TYPE_CHECKING:  # type checkers know the fields of each class, and that they cannot be set

        def __init__(self, *positional: Any, **named: Any) -> None:
            """Set the fields, in their order or by their names."""
            values = {**self._defaults, **named}
            if positional:
                values.update(zip(self._defaults, positional))  # noqa: B905  checked below
            if positional or len(values) != len(self._defaults) or (self._required and self._required - named.keys()):
                self._check_fields(positional, named)
            for name, make in self._factories.items():
                if values[name] is dataclasses.MISSING:
                    values[name] = make()
            self.__dict__.update(values)

        def __setattr__(self, name: str, _value: Any) -> NoReturn:
            """Refuse a change."""
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> NoReturn:
            """Refuse a change."""
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _check_fields(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        """Raise a TypeError where a call would be an error of a plain function, too."""
        by_position = list(self._defaults)[: len(positional)]
        wrong = sorted(named.keys() - self._defaults.keys()) or sorted(named.keys() & {*by_position})
        if wrong or len(positional) > len(by_position):
            raise TypeError(f"{type(self).__name__} has no place for {', '.join(wrong) or 'so many values'}")
        if missing := sorted(self._required - {*by_position, *named}):
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")

    def __repr__(self) -> str:
        """Return the class with its fields, but for those that are declared with `repr=False`."""
        shown = [field.name for field in dataclasses.fields(self) if field.repr]  # type: ignore[arg-type]
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self, other: object) -> bool:
        """Compare by value."""
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self._values())

    def _values(self) -> tuple[Any, ...]:
        """Return the values of the fields; a property that is cached is none of them."""
        return tuple(map(self.__dict__.__getitem__, self._defaults))
