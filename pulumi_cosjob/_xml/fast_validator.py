"""Compiles the schema to plain checks, by which `readers` recognise a valid response in a fraction of a millisecond.

The checks either accept a document or leave it open. An XSD processor validates what they leave open; it is slow to
load, and most programs never need it. The checks are compiled from the schema once in each process. An XSD construct
that the compiler does not know is an error, which a test reports. The processor accepts whatever the checks accept. The
checks may leave open a document that is valid but unusual (an attribute, a number with a sign).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import NoReturn
from xml.etree import ElementTree as ET

from pulumi_cosjob._records import Record

__all__ = ["BYTES", "XML_SPACE", "Declared", "Simple", "compile_schema"]

XML_SPACE = " \t\r\n"
# The assertion by which the schema limits the bytes of a text.
BYTES = re.compile(r"string-length\(replace\(encode-for-uri\(\$value\), '%\[0-9A-F\]\{2\}', '_'\)\) le ([0-9]+)")

_XS = "{http://www.w3.org/2001/XMLSchema}"
_OPEN = {"notQName": "##definedSibling", "processContents": "skip"}
# The part of the pattern language that has the same meaning in Python.
_PLAIN_PATTERN = re.compile(r"(?:[A-Za-z0-9 :!~\[\](){}|,?+*-]|\\[-.])*")
_MOST_DIGITS = 20
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])?"
)

# Whether a value passes is the truth of what the check returns.
_Check = Callable[[str], object]


class Simple(Record):
    """A simple type.

    Attributes:
        collapse: Whether white space around a value is ignored, and a run of it inside counts as one space.
        checks: The checks that a value has to pass; empty if any text is valid.
        known: The words that an enumeration lists, each of them valid; empty if there is none. Other words may be valid
            as well.
    """

    collapse: bool
    checks: tuple[_Check, ...]
    known: frozenset[str] = frozenset()

    def accepts(self, text: str) -> bool:
        """Return whether a text is recognised as valid."""
        return self.passes(text.strip(XML_SPACE) if self.collapse else text)

    def passes(self, value: str) -> bool:
        """Return whether a value, which is a text without the white space that is ignored, passes all checks."""
        for check in self.checks:  # noqa: SIM110  all() makes a generator for each text
            if not check(value):
                return False
        return True


class Declared(Record):
    """An element that the schema declares: with a simple type, or with children.

    Attributes:
        simple: The type of its text; None if it has children.
        children: Its declared children by name. Other children are valid too.
        required: Names of the required children.
        repeated: Whether the only declared child may occur more than once; each other child occurs once at most.
        one_of: Whether only one of the children may occur.
    """

    simple: Simple | None = None
    children: Mapping[str, Declared] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    repeated: bool = False
    one_of: bool = False

    def find(self, path: str) -> Declared:
        """Return the declared element at a path below this one, such as `Job/JobId`."""
        found = self
        for name in path.split("/"):
            found = found.children[name]
        return found


# --------------------------------------------------------------------------------------------------------- compiling


def compile_schema(schema: ET.Element) -> Mapping[str, Declared]:
    """Return the declared root elements by name.

    Raises:
        ValueError: The schema has a construct that the compiler does not know.
    """
    return _Compiler(schema).roots()


def _refuse(what: str, where: ET.Element) -> NoReturn:
    raise ValueError(f"{what} in {where.tag.removeprefix(_XS)} {dict(where.attrib)} cannot be compiled")


def _parts(element: ET.Element, *allowed: str) -> list[ET.Element]:
    """Return the children other than annotations; refuse any that is not of the allowed kinds."""
    parts = [child for child in element if child.tag != f"{_XS}annotation"]
    for child in parts:
        if child.tag.removeprefix(_XS) not in allowed:
            _refuse(f"<{child.tag.removeprefix(_XS)}>", element)
    return parts


def _attributes(element: ET.Element, **allowed: str) -> None:
    """Refuse attributes that are not allowed, or whose values do not match their patterns."""
    for name, value in element.attrib.items():
        if not re.fullmatch(allowed.get(name, "(?!)"), value):
            _refuse(f"{name}={value!r}", element)


class _Compiler:
    """Compiles the part of XSD 1.1 that the schema uses."""

    def __init__(self, schema: ET.Element) -> None:
        kinds = ("element", "complexType", "simpleType", "attributeGroup", "defaultOpenContent")
        self._named: dict[tuple[str, str], ET.Element] = {}
        for part in _parts(schema, *kinds):
            self._named[part.tag.removeprefix(_XS), part.get("name", "")] = part
        self._simple: dict[str, Simple] = {}
        self._check_openness(schema)

    def _check_openness(self, schema: ET.Element) -> None:
        """Check that undeclared elements and attributes are valid, and that no declared one counts as undeclared."""
        content = self._named.get(("defaultOpenContent", ""))
        group = self._named.get(("attributeGroup", schema.get("defaultAttributes", "")))
        if content is None or group is None:
            _refuse("the lack of open content or open attributes", schema)
        _attributes(content, mode="interleave", appliesToEmpty="true")
        [wildcard] = _parts(content, "any")
        if wildcard.attrib != _OPEN:
            _refuse("another wildcard", wildcard)

    def roots(self) -> Mapping[str, Declared]:
        return {name: self._element(part) for (kind, name), part in self._named.items() if kind == "element"}

    def _element(self, element: ET.Element) -> Declared:
        _attributes(element, name=r".+", type=r".+", minOccurs="[01]", maxOccurs="1|unbounded")
        _parts(element)
        name = element.get("type", "")
        declared = self._named.get(("complexType", name))
        return Declared(self._simple_type(name)) if declared is None else self._complex_type(declared)

    def _complex_type(self, declared: ET.Element) -> Declared:
        _attributes(declared, name=r".+")
        [group] = _parts(declared, "all", "choice")
        one_of = group.tag == f"{_XS}choice"
        _attributes(group, **({"minOccurs": "0"} if one_of else {}))
        elements = _parts(group, "element")
        repeated = any(each.get("maxOccurs") == "unbounded" for each in elements)
        if repeated and len(elements) > 1:
            _refuse("a list with other children", declared)
        return Declared(
            children={each.get("name", ""): self._element(each) for each in elements},
            required=frozenset(e.get("name", "") for e in elements if not one_of and e.get("minOccurs") != "0"),
            repeated=repeated,
            one_of=one_of,
        )

    def _simple_type(self, name: str) -> Simple:
        if name in _BUILT_IN:
            return _BUILT_IN[name]
        if name not in self._simple:
            if ("simpleType", name) not in self._named:
                raise ValueError(f"the type {name!r} cannot be compiled")
            self._simple[name] = self._derived(self._named["simpleType", name])
        return self._simple[name]

    def _derived(self, declared: ET.Element) -> Simple:
        [how] = _parts(declared, "restriction", "union")
        if how.tag == f"{_XS}union":
            return self._union(how)
        _attributes(how, base=r".+")
        base = self._simple_type(how.get("base", ""))
        facets: dict[str, list[str]] = {}
        for facet in _parts(how, *_FACETS, "assertion"):
            value = "test" if facet.tag == f"{_XS}assertion" else "value"
            _attributes(facet, **{value: r".+"})
            facets.setdefault(facet.tag.removeprefix(_XS), []).append(facet.get(value, ""))
        checks = (*base.checks, *(_FACETS[kind](values) for kind, values in facets.items()))
        known = filter(Simple(base.collapse, checks).accepts, facets.get("enumeration", ()))
        return Simple(base.collapse, checks, frozenset(known))

    def _union(self, how: ET.Element) -> Simple:
        _attributes(how, memberTypes=r".+")
        members = [self._simple_type(member) for member in how.get("memberTypes", "").split()]
        members += [self._derived(member) for member in _parts(how, "simpleType")]
        collapse = all(member.collapse for member in members)
        return Simple(
            collapse,
            (_any_of([member.passes if collapse else member.accepts for member in members]),)
            if all(member.checks for member in members)
            else (),
            frozenset().union(*(member.known for member in members)),
        )


def _any_of(checks: Sequence[_Check]) -> _Check:
    def passes(value: str) -> bool:
        for check in checks:  # noqa: SIM110  as in Simple.passes
            if check(value):
                return True
        return False

    return passes


def _below(limit: int) -> _Check:
    return lambda value: value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS and int(value) < limit


def _date_time(value: str) -> bool:
    match = _DATE_TIME.fullmatch(value)
    try:
        return match is not None and datetime.fromisoformat(match[1]) is not None
    except ValueError:
        return False


_BUILT_IN: Mapping[str, Simple] = {
    "xs:string": Simple(collapse=False, checks=()),
    "xs:token": Simple(collapse=True, checks=()),
    "xs:boolean": Simple(collapse=True, checks=(frozenset(("true", "false", "0", "1")).__contains__,)),
    "xs:int": Simple(collapse=True, checks=(_below(2**31),)),
    "xs:unsignedLong": Simple(collapse=True, checks=(_below(2**64),)),
    "xs:dateTime": Simple(collapse=True, checks=(_date_time,)),
}


def _pattern(values: list[str]) -> _Check:
    [pattern] = values
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise ValueError(f"the pattern {pattern!r} cannot be compiled")
    return re.compile(pattern).fullmatch


def _assertion(values: list[str]) -> _Check:
    [test] = values
    match = BYTES.fullmatch(test)
    if match is None:
        raise ValueError(f"the assertion {test!r} cannot be compiled")
    limit = int(match[1])
    return lambda value: len(value) * 4 <= limit or len(value.encode("utf-8", "surrogatepass")) <= limit


def _limit(check: Callable[[int], _Check]) -> Callable[[list[str]], _Check]:
    def compiled(values: list[str]) -> _Check:
        [limit] = values
        return check(int(limit))

    return compiled


_FACETS: Mapping[str, Callable[[list[str]], _Check]] = {
    "enumeration": lambda values: frozenset(values).__contains__,
    "pattern": _pattern,
    "minInclusive": _limit(lambda limit: lambda value: int(value) >= limit),
    "maxInclusive": _limit(lambda limit: lambda value: int(value) <= limit),
    "minLength": _limit(lambda limit: lambda value: len(value) >= limit),
    "maxLength": _limit(lambda limit: lambda value: len(value) <= limit),
    "assertion": _assertion,
}
