"""Lenient validation: removes from a document what violates the schema, and makes warnings of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import Problem, SchemaError
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared
from pulumi_cosjob._xml.readers import document_reader
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, DOCUMENTS, Document, compiled_schema, load_schema
from pulumi_cosjob._xml.validation import (
    INSTANCE_NAMESPACE,
    SPACE_AROUND,
    SPACE_BETWEEN,
    find_excess,
    is_recognised,
    only_once,
    presentable,
    recognised_parts,
    texts_between,
    violations,
    without_positions,
)

__all__ = ["prune", "warnings_of"]

# Each pruning costs a whole validation. A response that needs more of them is refused.
_MOST_PRUNINGS = 10
_INSTANCE = re.compile(rf"{re.escape(INSTANCE_NAMESPACE)}(?:type|nil)")
_DECISIVE_HINT = (
    "Report this response if it came from the service itself. Even lenient validation requires one JobId and one "
    "Status of each job, whole numbers as counts of tasks, and no repeated element."
)


def prune(
    root: ET.Element, document: Document, problems: Sequence[Problem], redact: Callable[[str], str] = str
) -> Sequence[Problem]:
    """Remove from a document what violates the schema, until it is valid.

    Args:
        root: The document.
        document: What it has to be.
        problems: Its problems, as `collect_problems` returns them.
        redact: Removes secrets from a text of the document before it is quoted.

    Returns:
        The problems for which something was removed: each element of the schema has one at least.

    Raises:
        SchemaError: An element that callers depend on would have to be removed, or an element is repeated.
    """
    refusal = SchemaError(problems, document=document.root, hint=_DECISIVE_HINT)
    if _is_distorted(root, document):
        raise refusal
    excess = find_excess(root, document)
    _strip(root)
    if excess:
        problems = _remove_unrecognised(root, document, excess)
    found = list(problems)
    for _ in range(_MOST_PRUNINGS):
        if is_recognised(root, document):
            return found
        parents = {child: parent for parent in root.iter() for child in parent}
        decisive = set(_decisive_parts(root, document))
        seen = {without_positions(problem.path) for problem in found}
        to_remove: set[ET.Element] = set()
        for violation in violations(root, document, recognised_parts(root, document)):
            offending = violation.offending
            if offending is root or offending in decisive or violation.is_repeated:
                raise refusal
            to_remove.add(offending)
            # The problems are the first hundred only, which may all be about one element of many jobs.
            if (path := _path(offending, parents)) not in seen and len(problems) == MOST_PROBLEMS:
                seen.add(path)
                found.append(presentable(violation.make_problem(), redact))
        if not to_remove:
            return found
        for parent in {parents[element] for element in to_remove}:
            parent[:] = [child for child in parent if child not in to_remove]
    what = "Too much of the response violates the schema, even for lenient validation."
    raise SchemaError(problems, document=document.root, hint=what)


def _path(element: ET.Element, parents: Mapping[ET.Element, ET.Element]) -> str:
    """Return the path of an element, without positions."""
    above = parents.get(element)
    return f"{'' if above is None else _path(above, parents)}/{element.tag}"


def _remove_unrecognised(root: ET.Element, document: Document, rule: str) -> list[Problem]:
    """Remove what the compiled checks do not accept of each job, from a document too large to be validated."""
    problems: dict[Problem, None] = {}
    reader = document_reader(document).find(document.job)
    for job in root.iterfind(document.job):
        for parent, path in [(job, ""), *((child, f"{child.tag}/") for child in job if child.tag in document.decisive)]:
            known = reader if parent is job else reader.children[parent.tag]
            names = known.children.keys() - document.decisive if parent is job else document.spared
            for child in [each for each in parent if each.tag in names and each.tag in known.children]:
                if not known.children[child.tag].accepts(child):
                    parent.remove(child)
                    problems[Problem(f"/{document.root}/{document.job}/{path}{child.tag}", None, rule)] = None
    return list(problems)[:MOST_PROBLEMS]


def _strip(root: ET.Element) -> None:
    """Remove attributes and texts between elements: neither has a meaning."""
    for element in root.iter():
        element.attrib.clear()
        if len(element):
            element.text = None
            for child in element:
                child.tail = None


def _decisive_parts(root: ET.Element, document: Document) -> Iterator[ET.Element]:
    """Yield the jobs, the elements around them, and all elements that callers depend on."""
    for path in document.skeleton:
        yield from root.iterfind(path)
    for job in root.iterfind(document.job):
        for child in job:
            if child.tag in document.decisive:
                spared = {part for path in document.spared for each in child.iterfind(path) for part in each.iter()}
                yield from (part for part in child.iter() if part not in spared)


def _is_distorted(root: ET.Element, document: Document) -> bool:
    """Return whether a decisive element has attributes or stray text that change its meaning."""
    skeleton = {part for path in document.skeleton for part in root.iterfind(path)}
    for part in _decisive_parts(root, document):
        texts = texts_between(part) if len(part) and part not in skeleton else ()
        if any(map(_INSTANCE.match, part.attrib)) or any(text.strip(XML_SPACE) for text in texts):
            return True
    return False


def warnings_of(left_out: Sequence[Problem], warned: set[str]) -> list[str]:
    """Return the warnings about what was left out of a response: one for each element and rule.

    Args:
        left_out: The problems.
        warned: The warnings given before; new ones are added. It stays small, even if a response keeps changing during
            a wait of days.
    """
    texts = []
    for problem in left_out:
        key = _fixed_part(problem)
        if key not in warned:
            warned.add(key)
            texts.append(f"a part of the response violates the schema and was left out: {problem}")
    return texts


def _fixed_part(problem: Problem) -> str:
    """Return the path and the rule of a problem, without any text that comes from the document."""
    path = without_positions(problem.path)
    document = DOCUMENTS.get(path.split("/")[1], DESCRIBE_JOB)
    paths, rules = _fixed_words(document)
    path = path if path in paths else f"/{document.root}/{document.job}"
    return f"{path}: {problem.rule}" if problem.rule in rules else path


@functools.cache
def _fixed_words(document: Document) -> tuple[frozenset[str], frozenset[str]]:
    """Return the paths of all declared elements, and the rules that are the same for every document."""

    def walk(declared: Declared, path: str) -> Iterator[str]:
        yield path
        for name, child in declared.children.items():
            yield from walk(child, f"{path}/{name}")

    paths = frozenset(walk(compiled_schema(document), f"/{document.root}"))
    rules = {SPACE_AROUND, SPACE_BETWEEN, *map(only_once, {path.rpartition("/")[2] for path in paths})}
    for component in load_schema(document).iter_components():
        words = getattr(getattr(component, "annotation", None), "documentation", ())
        rules.update(str(each.text) for each in words if each.text)
    return paths, frozenset(rules)
