"""Holds a document to the schema: what is wrong, where, and by which rule."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import MOST_PROBLEMS, Problem
from pulumi_cosjob._text import quoted, truncate
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared
from pulumi_cosjob._xml.schema import compiled_schema, load_schema
from pulumi_cosjob._xml.xml_reader import read_xml

if TYPE_CHECKING:
    import xmlschema

__all__ = [
    "DEFAULT_VALIDATION",
    "INSTANCE_NAMESPACE",
    "SPACE_AROUND",
    "SPACE_BETWEEN",
    "VALIDATIONS",
    "Validation",
    "Violation",
    "collect_problems",
    "find_excess",
    "find_problems",
    "is_recognised",
    "only_once",
    "texts_between",
    "violations",
    "without_positions",
]

Validation = Literal["strict", "lenient"]
VALIDATIONS: tuple[Validation, ...] = ("strict", "lenient")
DEFAULT_VALIDATION: Validation = "lenient"

# What an answer may hold that is not recognised at once: the time of the XSD processor grows with its square in places,
# to minutes for the largest answer. A real one has dozens, and a few for each reason where many tasks failed.
_MOST_NODES = 5_000
_MOST_ATTRIBUTES = 100
# The longest path of a declared element, with positions, has half of that.
_LONGEST_PATH = 200
_LONGEST_RULE = 200
INSTANCE_NAMESPACE = "{http://www.w3.org/2001/XMLSchema-instance}"
SPACE_AROUND = "must not begin or end with white space that XML does not know"
SPACE_BETWEEN = "must not hold white space that XML does not know between its elements"


def is_recognised(root: ET.Element) -> bool:
    """Tell whether a document is surely valid; if not, it may still be."""
    return root.tag == "DescribeJobResult" and compiled_schema().accepts(root)


@dataclasses.dataclass(frozen=True)
class Violation:
    """Something wrong, with the element that has to go for the rest to be valid.

    Attributes:
        culprit: That element.
        tell: Says what is wrong. Finding out takes the longer the larger the document is.
        is_repeated: Whether it stands more than once where it may stand only once.
    """

    offending: ET.Element
    tell: Callable[[], Problem]
    is_repeated: bool = False


def violations(root: ET.Element) -> Iterator[Violation]:
    import xmlschema  # noqa: PLC0415  as in _load

    if root.tag != "DescribeJobResult":
        rule = f"the document must be a DescribeJobResult, not {root.tag!r}"
        yield Violation(root, lambda: Problem(f"/{root.tag}", None, rule))
        return
    excess = find_excess(root)
    if excess:
        yield Violation(root, lambda: Problem(f"/{root.tag}", None, excess))
        return
    try:
        # The schema hints of a document are nobody's business but its author's: they could name a file or a host.
        for error in load_schema().iter_errors(root, use_location_hints=False):
            element = error.elem if isinstance(error.elem, ET.Element) else root
            child = getattr(error, "invalid_child", None)
            offending = element if child is None else child
            repeated = child is not None and len(element.findall(child.tag)) > 1
            yield Violation(offending, functools.partial(_problem, error, element), is_repeated=repeated)
    except xmlschema.XMLSchemaException as error:  # an xsi:type that there is not
        reason = " ".join(str(error).split())
        yield Violation(root, lambda: Problem(f"/{root.tag}", None, f"cannot be validated: {reason}"))
    yield from _foreign_spaces(compiled_schema(), root, f"/{root.tag}")


def find_excess(root: ET.Element) -> str:
    """Say of what there is more than is worth validating, if of anything."""
    nodes = 0
    for element in root.iter():
        nodes += 1 + len(element.attrib)
        if len(element.attrib) > _MOST_ATTRIBUTES:
            return f"must not hold an element with more than {_MOST_ATTRIBUTES} attributes"
    return f"must hold at most {_MOST_NODES} elements and attributes" if nodes > _MOST_NODES else ""


def _problem(error: xmlschema.XMLSchemaValidationError, element: ET.Element) -> Problem:
    import xmlschema  # noqa: PLC0415  as in _load

    path = error.path or f"/{element.tag}"
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return Problem(path, None, _children_rule(error))
    if isinstance(error.validator, xmlschema.validators.XsdAttributeGroup):
        names = [name for name in element.attrib if not name.startswith(INSTANCE_NAMESPACE)]
        return Problem(path, None, f"must not have the attribute {', '.join(map(repr, names))}")
    is_about_text = not len(element) and not isinstance(error.validator, xmlschema.XsdElement)
    return Problem(path, element.text or "" if is_about_text else None, _rule(error, path))


def _presentable(problem: Problem, shown: Callable[[str], str]) -> Problem:
    """Return a problem as it may be told; until then it holds the document's own texts, whole."""
    return Problem(
        truncate(shown(problem.path), _LONGEST_PATH),
        None if problem.value is None else quoted(shown(problem.value)),
        truncate(shown(problem.rule), _LONGEST_RULE),
    )


def collect_problems(root: ET.Element, shown: Callable[[str], str] = str) -> list[Problem]:
    """Return what is wrong, each thing once, and not more than anybody reads."""
    if is_recognised(root):
        return []
    found: dict[Problem, None] = {}
    for violation in violations(root):
        found[_presentable(violation.tell(), shown)] = None
        if len(found) == MOST_PROBLEMS:
            break
    return list(found)


def _foreign_spaces(declared: Declared, element: ET.Element, path: str) -> Iterator[Violation]:
    """Yield what xmlschema takes for blank and no other processor does: white space that XML does not know."""
    if declared.simple is not None:
        text = element.text or ""
        # Where any word will do, it is one that nobody knows.
        if declared.simple.collapse and declared.simple.checks and text.strip() != text.strip(XML_SPACE):
            yield Violation(element, functools.partial(Problem, path, text, SPACE_AROUND))
        return
    if any(text.strip(XML_SPACE) and not text.strip() for text in texts_between(element)):
        yield Violation(element, functools.partial(Problem, path, None, SPACE_BETWEEN))
    for child in element:
        if child.tag in declared.children:
            yield from _foreign_spaces(declared.children[child.tag], child, f"{path}/{child.tag}")


def texts_between(element: ET.Element) -> Iterator[str]:
    """Yield the texts beside an element's children."""
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _children_rule(error: xmlschema.XMLSchemaChildrenValidationError) -> str:
    if error.invalid_tag is not None:
        children = () if error.elem is None else error.elem
        if len([child for child in children if child.tag == error.invalid_tag]) > 1:
            return only_once(error.invalid_tag)
        return f"must not hold {error.invalid_tag} here"
    missing = ", ".join(str(getattr(each, "local_name", each)) for each in error.expected or ())
    return f"must hold {missing}" if missing else str(error.reason)


def only_once(name: str) -> str:
    return f"must hold {name} only once"


def _rule(error: xmlschema.XMLSchemaValidationError, path: str) -> str:
    """Say what should have been: in the schema's own words where it has some, else in the validator's."""
    import xmlschema  # noqa: PLC0415  as in _load

    components: list[Any] = [error.validator]
    if not isinstance(error.validator, xmlschema.XsdElement):
        # The words of an element's type tell what its value has to be, and nothing of what is wrong beside that.
        components.append(getattr(load_schema().find(without_positions(path)), "type", None))
    for component in components:
        annotation = getattr(component, "annotation", None)
        words = [str(each.text) for each in getattr(annotation, "documentation", ()) if each.text]
        rule = next((each for each in words if each.startswith("must ")), None)
        if rule is not None:
            return rule
    return " ".join(str(error.reason or error.message).split())


def without_positions(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def find_problems(document: bytes) -> list[Problem]:
    """Return every place where an answer breaks the schema, or the first hundred.

    Args:
        document: The answer, in UTF-8, UTF-16 or the encoding that it declares.

    Raises:
        NotXmlError: The answer is no XML document.
        InvalidResponseError: It is too large.
    """
    return collect_problems(read_xml(document))
