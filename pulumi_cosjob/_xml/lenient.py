"""Lenient validation: removes from a document what violates the schema, and makes warnings of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import Problem, SchemaError
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared
from pulumi_cosjob._xml.schema import compiled_schema, load_schema
from pulumi_cosjob._xml.validation import (
    INSTANCE_NAMESPACE,
    SPACE_AROUND,
    SPACE_BETWEEN,
    find_excess,
    is_recognised,
    only_once,
    texts_between,
    violations,
    without_positions,
)

__all__ = ["prune", "warnings_of"]

_JOB = "/DescribeJobResult/Job"
# Gates depend on these elements: neither they nor anything below them is left out.
_DECISIVE = frozenset({"JobId", "Status", "ProgressSummary"})
# Each pruning costs a whole validation. A response that needs more of them is refused.
_MOST_PRUNINGS = 10
_INSTANCE = re.compile(rf"{re.escape(INSTANCE_NAMESPACE)}(?:type|nil)")
_DECISIVE_HINT = (
    "Report this response if it came from the service itself. Even lenient validation requires one job with one JobId, "
    "one Status and whole numbers as counts of tasks, and no repeated element."
)


def prune(root: ET.Element, problems: Sequence[Problem]) -> Sequence[Problem]:
    """Remove from a document what violates the schema, until it is valid.

    Returns:
        The problems for which something was removed.

    Raises:
        SchemaError: An element that gates depend on would have to be removed, or an element is repeated.
    """
    refusal = SchemaError(problems, hint=_DECISIVE_HINT)
    if any(_is_distorted(part) for job in root.iterfind("Job") for part in _decisive_parts(job)):
        raise refusal
    excess = find_excess(root)
    _strip(root)
    if excess:
        problems = _remove_unrecognised(root, excess)
    for _ in range(_MOST_PRUNINGS):
        if is_recognised(root):
            return problems
        parents = {child: parent for parent in root.iter() for child in parent}
        decisive = {part for job in root.iterfind("Job") for part in _decisive_parts(job)}
        to_remove: set[ET.Element] = set()
        for violation in violations(root):
            offending = violation.offending
            if offending is root or parents[offending] is root or offending in decisive or violation.is_repeated:
                raise refusal
            to_remove.add(offending)
        if not to_remove:
            return problems
        for parent in {parents[element] for element in to_remove}:
            parent[:] = [child for child in parent if child not in to_remove]
    raise SchemaError(problems, hint="Too much of the response violates the schema, even for lenient validation.")


def _remove_unrecognised(root: ET.Element, rule: str) -> list[Problem]:
    """Remove the parts of the job that the compiled checks do not accept, from a document too large to be validated."""
    problems = []
    declared = compiled_schema().find("Job")
    for job in root.iterfind("Job"):
        for child in list(job):
            known = declared.children.get(child.tag)
            if known is not None and child.tag not in _DECISIVE and not known.accepts(child):
                job.remove(child)
                problems.append(Problem(f"{_JOB}/{child.tag}", None, rule))
    return problems[:MOST_PROBLEMS]


def _strip(root: ET.Element) -> None:
    """Remove attributes and texts between elements: neither has a meaning."""
    for element in root.iter():
        element.attrib.clear()
        if len(element):
            element.text = None
            for child in element:
                child.tail = None


def _decisive_parts(job: ET.Element) -> Iterator[ET.Element]:
    """Yield the job and all elements that gates depend on."""
    yield job
    for child in job:
        if child.tag in _DECISIVE:
            yield from child.iter()


def _is_distorted(element: ET.Element) -> bool:
    """Return whether an element has attributes or stray text that change its meaning."""
    texts = texts_between(element) if len(element) and element.tag != "Job" else ()
    return any(map(_INSTANCE.match, element.attrib)) or any(text.strip(XML_SPACE) for text in texts)


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
    paths, rules = _fixed_words()
    path = without_positions(problem.path)
    path = path if path in paths else _JOB
    return f"{path}: {problem.rule}" if problem.rule in rules else path


@functools.cache
def _fixed_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the paths of all declared elements, and the rules that are the same for every document."""

    def walk(declared: Declared, path: str) -> Iterator[str]:
        yield path
        for name, child in declared.children.items():
            yield from walk(child, f"{path}/{name}")

    paths = frozenset(walk(compiled_schema(), "/DescribeJobResult"))
    rules = {SPACE_AROUND, SPACE_BETWEEN, *map(only_once, {path.rpartition("/")[2] for path in paths})}
    for component in load_schema().iter_components():
        words = getattr(getattr(component, "annotation", None), "documentation", ())
        rules.update(str(each.text) for each in words if each.text)
    return paths, frozenset(rules)
