"""Validates a document against the schema: each violation with its path, its value and its rule."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import Problem
from pulumi_cosjob._records import Record
from pulumi_cosjob._text import join_words, quoted, truncate
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared
from pulumi_cosjob._xml.readers import document_reader
from pulumi_cosjob._xml.schema import DOCUMENTS, Document, compiled_schema, load_schema
from pulumi_cosjob._xml.xml_reader import read_xml

if TYPE_CHECKING:
    import xmlschema

__all__ = [
    "INSTANCE_NAMESPACE",
    "SPACE_AROUND",
    "SPACE_BETWEEN",
    "Violation",
    "collect_problems",
    "find_excess",
    "find_problems",
    "is_recognised",
    "only_once",
    "presentable",
    "recognised_parts",
    "texts_between",
    "violations",
    "without_positions",
]

# A limit on a response that the compiled checks do not recognise; `Document.most_nodes` is another.
_MOST_ATTRIBUTES = 100
# Twice the longest path of a declared element, with positions.
_LONGEST_PATH = 200
_LONGEST_RULE = 200
INSTANCE_NAMESPACE = "{http://www.w3.org/2001/XMLSchema-instance}"
SPACE_AROUND = "must not begin or end with white space that XML does not know"
SPACE_BETWEEN = "must not hold white space that XML does not know between its elements"


def is_recognised(root: ET.Element, document: Document) -> bool:
    """Return whether the compiled checks accept a document. If so, it is valid; if not, the XSD processor decides."""
    return root.tag == document.root and document_reader(document).accepts(root)


def recognised_parts(root: ET.Element, document: Document) -> Collection[ET.Element]:
    """Return the largest parts of a document that the compiled checks accept."""
    return frozenset(document_reader(document).recognised_parts(root)) if root.tag == document.root else frozenset()


class Violation(Record):
    """A violation of the schema, with the element whose removal makes the rest valid.

    Attributes:
        offending: That element.
        make_problem: Returns the problem. This takes longer for larger documents; callers that need only the element do
            not call it.
        is_repeated: Whether the element occurs more than once where the schema allows it once.
    """

    offending: ET.Element
    make_problem: Callable[[], Problem]
    is_repeated: bool = False


def violations(root: ET.Element, document: Document, recognised: Collection[ET.Element] = ()) -> Iterator[Violation]:
    """Yield every violation that the XSD processor finds, and white space that it wrongly accepts.

    Args:
        root: The document.
        document: What it has to be.
        recognised: Elements that the compiled checks accept. The processor would accept them too, and is spared them.
    """
    import xmlschema  # noqa: PLC0415  slow to load

    if root.tag != document.root:
        yield Violation(root, lambda: _foreign(root, [document.root]))
        return
    excess = find_excess(root, document)
    if excess:
        yield Violation(root, lambda: Problem(f"/{root.tag}", None, excess))
        return
    try:
        # The schema hints of a document are ignored: they could name a file or a host.
        errors = load_schema(document).iter_errors(
            root, use_location_hints=False, validation_hook=lambda element, _: element in recognised
        )
        for error in errors:
            element = error.elem if isinstance(error.elem, ET.Element) else root
            child = getattr(error, "invalid_child", None)
            offending = element if child is None else child
            repeated = child is not None and len(element.findall(child.tag)) > 1
            yield Violation(offending, functools.partial(_problem, error, element, document), is_repeated=repeated)
    except xmlschema.XMLSchemaException as error:  # such as an unknown xsi:type
        reason = " ".join(str(error).split())
        yield Violation(root, lambda: Problem(f"/{root.tag}", None, f"cannot be validated: {reason}"))
    yield from _foreign_spaces(compiled_schema(document), root, f"/{root.tag}", recognised)


def find_excess(root: ET.Element, document: Document) -> str:
    """Return the rule that a document too large to be validated violates; an empty text for any other document."""
    nodes = 0
    for element in root.iter():
        nodes += 1 + len(element.attrib)
        if len(element.attrib) > _MOST_ATTRIBUTES:
            return f"must not hold an element with more than {_MOST_ATTRIBUTES} attributes"
    most = document.most_nodes
    return f"must hold at most {most} elements and attributes" if nodes > most else ""


def _foreign(root: ET.Element, expected: Iterable[str]) -> Problem:
    """Return the problem of another document than expected."""
    rule = f"the document must be a {join_words(expected, 'or a')}, not {root.tag!r}"
    return Problem(f"/{root.tag}", None, rule)


def _problem(error: xmlschema.XMLSchemaValidationError, element: ET.Element, document: Document) -> Problem:
    import xmlschema  # noqa: PLC0415  slow to load

    path = error.path or f"/{element.tag}"
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return Problem(path, None, _children_rule(error))
    if isinstance(error.validator, xmlschema.validators.XsdAttributeGroup):
        names = [name for name in element.attrib if not name.startswith(INSTANCE_NAMESPACE)]
        return Problem(path, None, f"must not have the attribute {', '.join(map(repr, names))}")
    is_about_text = not len(element) and not isinstance(error.validator, xmlschema.XsdElement)
    return Problem(path, element.text or "" if is_about_text else None, _rule(error, path, document))


def presentable(problem: Problem, redact: Callable[[str], str]) -> Problem:
    """Return a problem fit for a message: without secrets and of limited length. Until then it quotes in full."""
    return Problem(
        truncate(redact(problem.path), _LONGEST_PATH),
        None if problem.value is None else quoted(redact(problem.value)),
        truncate(redact(problem.rule), _LONGEST_RULE),
    )


def collect_problems(root: ET.Element, document: Document, redact: Callable[[str], str] = str) -> list[Problem]:
    """Return the problems of a document that is not recognised, without duplicates, at most `MOST_PROBLEMS`.

    Args:
        root: The document.
        document: What it has to be.
        redact: Removes secrets from a text of the document before it is quoted.
    """
    found: dict[Problem, None] = {}
    for violation in violations(root, document, recognised_parts(root, document)):
        found[presentable(violation.make_problem(), redact)] = None
        if len(found) == MOST_PROBLEMS:
            break
    return list(found)


def _foreign_spaces(
    declared: Declared, element: ET.Element, path: str, recognised: Collection[ET.Element]
) -> Iterator[Violation]:
    """Yield white space that XML does not define; xmlschema treats it as blank, other processors do not."""
    if declared.simple is not None:
        text = element.text or ""
        # A type without checks accepts any text: there it makes an unknown word.
        if declared.simple.collapse and declared.simple.checks and text.strip() != text.strip(XML_SPACE):
            yield Violation(element, functools.partial(Problem, path, text, SPACE_AROUND))
        return
    if any(text.strip(XML_SPACE) and not text.strip() for text in texts_between(element)):
        yield Violation(element, functools.partial(Problem, path, None, SPACE_BETWEEN))
    for child in element:
        if child.tag in declared.children and child not in recognised:
            yield from _foreign_spaces(declared.children[child.tag], child, f"{path}/{child.tag}", recognised)


def texts_between(element: ET.Element) -> Iterator[str]:
    """Yield the texts between an element's children."""
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
    """Return the rule that a repeated element violates."""
    return f"must hold {name} only once"


def _rule(error: xmlschema.XMLSchemaValidationError, path: str, document: Document) -> str:
    """Return the rule that was violated: in the schema's own words if it has any, otherwise in the processor's."""
    import xmlschema  # noqa: PLC0415  slow to load

    components: list[Any] = [error.validator]
    if not isinstance(error.validator, xmlschema.XsdElement):
        # The documentation of an element's type describes its value only, not its attributes or children.
        components.append(getattr(load_schema(document).find(without_positions(path)), "type", None))
    for component in components:
        annotation = getattr(component, "annotation", None)
        words = [str(each.text) for each in getattr(annotation, "documentation", ()) if each.text]
        rule = next((each for each in words if each.startswith("must ")), None)
        if rule is not None:
            return rule
    return " ".join(str(error.reason or error.message).split())


def without_positions(path: str) -> str:
    """Return a path without the positions in lists, such as `[2]`."""
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def find_problems(document: bytes) -> list[Problem]:
    """Return every violation of its schema in a response, or the first hundred.

    The name of the root decides which schema that is.

    Args:
        document: The response to DescribeJob or ListJobs, in UTF-8, UTF-16 or the encoding that it declares.

    Raises:
        NotXmlError: The response is not an XML document.
        InvalidResponseError: The response is too large.
    """
    root = read_xml(document)
    expected = DOCUMENTS.get(root.tag)
    if expected is None:
        return [presentable(_foreign(root, DOCUMENTS), str)]
    return [] if is_recognised(root, expected) else collect_problems(root, expected)
