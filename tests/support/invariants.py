"""What holds for every document whatever, as the fuzzer and the property tests check it.

An answer is never taken for another job's, and no status, no count and no value is read that does not stand in it. What
the schema does not list is listed, and an empty element of a type is an absent one.

The document is read here once more, by plain means, and each value is decoded once more, by the XSD processor alone: a
mistake of the package must not hide itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import CosJobWarning, InvalidResponseError, ServiceError
from pulumi_cosjob._model.job import STATES, Element, JobDescription, element_fields, xml_name
from pulumi_cosjob._service.responses import parse_response
from pulumi_cosjob._service.transport import Response
from pulumi_cosjob._xml import schema as schema_module

__all__ = ["BrokenPromiseError", "check"]

_XML_SPACE = " \t\r\n"
# A hundred problems, each on a line that can be read.
_MOST_TOLD = 30_000
_LONGEST_LINE = 600
_ASKED_FOR = "the-job-that-was-asked-for"
_MOST_LISTED, _LONGEST_LISTED = 100, 200
# An item of a list keeps its place, empty or not.
_LISTS_OF_WORDS = frozenset({"/DescribeJobResult/Job/Manifest/Spec/Fields/member"})


class BrokenPromiseError(Exception):
    """Something that must never happen."""


def _hold(promise: object, what: str) -> None:
    if not promise:
        raise BrokenPromiseError(what)


def check(document: bytes) -> str | None:
    """Return the status that a document says, None where it is refused.

    Raises:
        BrokenPromiseError: It was not refused, and should have been; or not read as what it is.
    """
    strict = _outcome(lambda: schema_module.parse_describe_job_result(document, validation="strict"))
    lenient = _outcome(lambda: schema_module.parse_describe_job_result(document, validation="lenient"))
    judged = _outcome(lambda: parse_response(Response(200, {}, document), job_id=_ASKED_FOR, endpoint=""))
    _hold(judged is None or judged.job_id == _ASKED_FOR, "an answer was taken for another job's")
    if strict is not None:
        _hold(lenient == strict, "lenient validation reads something else")
    if lenient is not None:
        _hold_to_the_word(lenient, document)
        _hold_to_what_is_listed(lenient)
    if strict is not None:
        _hold_to_the_processor(strict, document)
    return None if strict is None else strict.status


def _outcome(read: Callable[[], JobDescription]) -> JobDescription | None:
    """Return what was read, or nothing where that was refused by an error for people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CosJobWarning)
        try:
            return read()
        except (InvalidResponseError, ServiceError) as error:
            told = str(error)
            longest = max(map(len, told.splitlines()))
            _hold(longest < _LONGEST_LINE and len(told) < _MOST_TOLD, "the message is too long to be read")
            _hold(told.replace("\n", "").isprintable(), "the message holds what cannot be printed")
            _hold(isinstance(error, ServiceError) or error.code is None, "the error has a code from nowhere")
            return None


def _read(document: bytes) -> ET.Element:
    """Read a document without any care, and take the root's namespace off."""
    root = ET.fromstring(document)  # noqa: S314  the package has let it pass: nothing in it is declared
    namespace, brace, _ = root.tag.rpartition("}")
    for element in root.iter():
        element.tag = element.tag.removeprefix(namespace + brace)
    return root


def _collapsed(text: str) -> str:
    """Take off white space around a text, and make one space of a row of it."""
    return re.sub(f"[{_XML_SPACE}]+", " ", text).strip(" ")


def _hold_to_the_word(described: JobDescription, document: bytes) -> None:
    """Hold job and status to the only elements that may say them."""
    jobs = _read(document).findall("Job")
    _hold(len(jobs) == 1, f"one job was read out of {len(jobs)}")
    ids = [each.text or "" for each in jobs[0].findall("JobId")]
    _hold(ids == [described.job_id], f"JobId was read as {described.job_id!r} out of {ids!r}")
    statuses = [_collapsed(each.text or "") for each in jobs[0].findall("Status")]
    _hold(statuses == [described.status], f"Status was read as {described.status!r} out of {statuses!r}")


def _hold_to_what_is_listed(described: JobDescription) -> None:
    """Hold what an answer has beyond the schema to its limits; an unknown status is neither an end nor a success."""
    _hold(len(described.unknown_values) <= _MOST_LISTED, "too many values are listed")
    _hold(all(len(each) < _LONGEST_LISTED for each in described.unknown_values), "a value is listed at any length")
    listed = f"/DescribeJobResult/Job/Status: {described.status}" in described.unknown_values
    _hold(listed == (described.status not in STATES), "a status is listed that is known, or another is not")
    _hold(not (listed and (described.state.final or described.state.succeeded)), "an unknown status ends a wait")
    counts = described.progress_summary.values() if described.progress_summary else ()
    _hold(all(each is None or each >= 0 for each in counts), "a count is no whole number")


def _hold_to_the_processor(described: JobDescription, document: bytes) -> None:
    """Hold the whole description to what the XSD processor makes of the document."""
    root = _read(document)
    if not schema_module._excess(root):
        errors = schema_module._schema().iter_errors(root, use_location_hints=False)
        error = next(iter(errors), None)
        _hold(error is None, f"the processor refuses what was accepted: {error}")
    _compare(described, root.findall("Job")[0], "/DescribeJobResult/Job")


def _expected(simple: Any, text: str, path: str, *, is_text: bool) -> Any:
    """Return what the processor makes of a text."""
    if not simple.is_union():
        return simple.normalize(text) if is_text else simple.decode(text)
    # It normalizes no text by a union. The members of all of ours collapse white space.
    text = _collapsed(text)
    if not text:
        return "" if path in _LISTS_OF_WORDS else None
    return text if is_text else simple.decode(text)


def _compare(value: Any, element: ET.Element, path: str) -> None:
    if not isinstance(value, Element):
        simple = schema_module._schema().find(path).type  # type: ignore[union-attr]
        text = element.text or ""
        expected = _expected(simple, text, path, is_text=isinstance(value, str))
        _hold(
            (type(value), value) == (type(expected), expected), f"{path} is {value!r}, and {expected!r} by the schema"
        )
        return
    for name, field in element_fields(type(value)).items():
        tag = xml_name(name)
        children = element.findall(tag)
        if not children:
            _hold(value[name] is None, f"{path}/{tag} came from nowhere")
            continue
        _hold(len(children) == 1, f"{path}/{tag} stands more than once")
        if field.item is None:
            _compare(value[name], children[0], f"{path}/{tag}")
            continue
        items = children[0].findall(field.item)
        _hold(len(items) == len(value[name]), f"{path}/{tag} has lost or won an item")
        for each, item in zip(value[name], items, strict=True):
            _compare(each, item, f"{path}/{tag}/{field.item}")
