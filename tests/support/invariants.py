"""Invariants of the decoder for any document; the fuzzer and the property tests check them.

A response never counts as one about another job. No status, count or value is read that the document does not hold.
Values that the schema does not list are reported as unknown. An empty element with a type counts as absent.

The check parses the document a second time, with plain ElementTree, and decodes each value a second time, with the XSD
processor alone. So a defect of the package cannot hide itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._errors import CosJobWarning, InvalidResponseError, ServiceError
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._service.responses import parse_response
from pulumi_cosjob._service.transport import Response
from pulumi_cosjob._xml import decoder
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, load_schema
from pulumi_cosjob._xml.validation import find_excess

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = ["BrokenInvariantError", "check"]

_XML_SPACE = " \t\r\n"
# A hundred problems, each on a line of readable length.
_LONGEST_MESSAGE = 30_000
_LONGEST_LINE = 600
_REQUESTED = "the-requested-job"
_MOST_LISTED, _LONGEST_LISTED = 100, 200
# Items of these lists are kept even if they are empty.
_LISTS_OF_WORDS = frozenset({"/DescribeJobResult/Job/Manifest/Spec/Fields/member"})


class BrokenInvariantError(Exception):
    """An invariant does not hold."""


def _require(condition: object, what: str) -> None:
    if not condition:
        raise BrokenInvariantError(what)


def check(document: bytes) -> str | None:
    """Return the status in a document; None if the document is refused.

    Raises:
        BrokenInvariantError: The document was read although it is invalid, or was not read as what it holds.
    """
    strict = _outcome(lambda: decoder.parse_describe_job_result(document, validation="strict"))
    lenient = _outcome(lambda: decoder.parse_describe_job_result(document, validation="lenient"))
    parsed = _outcome(lambda: parse_response(Response(200, {}, document), job_id=_REQUESTED, endpoint=""))
    _require(parsed is None or parsed.job_id == _REQUESTED, "a response about another job was accepted")
    if strict is not None:
        _require(lenient == strict, "lenient validation reads something else")
    if lenient is not None:
        _check_required(lenient, document)
        _check_unknown(lenient)
    if strict is not None:
        _check_by_processor(strict, document)
    return None if strict is None else strict.status


def _outcome(read: Callable[[], JobDescription]) -> JobDescription | None:
    """Return the description; None if the package raised one of its own errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CosJobWarning)
        try:
            return read()
        except (InvalidResponseError, ServiceError) as error:
            message = str(error)
            longest = max(map(len, message.splitlines()))
            _require(longest < _LONGEST_LINE and len(message) < _LONGEST_MESSAGE, "the message is too long")
            _require(message.replace("\n", "").isprintable(), "the message holds unprintable characters")
            _require(
                isinstance(error, ServiceError) or error.code is None,
                "the error has a code that the service did not send",
            )
            return None


def _read(document: bytes) -> ET.Element:
    """Parse a document with plain ElementTree, and remove the root's namespace."""
    root = ET.fromstring(document)  # noqa: S314  the package accepted it, so it has no document type
    namespace, brace, _ = root.tag.rpartition("}")
    for element in root.iter():
        element.tag = element.tag.removeprefix(namespace + brace)
    return root


def _collapsed(text: str) -> str:
    """Remove white space around a text, and replace each run of it inside by one space."""
    return re.sub(f"[{_XML_SPACE}]+", " ", text).strip(" ")


def _check_required(described: JobDescription, document: bytes) -> None:
    """Compare job id and status with the only elements that may hold them."""
    jobs = _read(document).findall("Job")
    _require(len(jobs) == 1, f"one job was read out of {len(jobs)}")
    ids = [each.text or "" for each in jobs[0].findall("JobId")]
    _require(ids == [described.job_id], f"JobId was read as {described.job_id!r} out of {ids!r}")
    statuses = [_collapsed(each.text or "") for each in jobs[0].findall("Status")]
    _require(statuses == [described.status], f"Status was read as {described.status!r} out of {statuses!r}")


def _check_unknown(described: JobDescription) -> None:
    """Check the limits on unknown values; an unknown status is neither final nor a success."""
    _require(len(described.unknown_values) <= _MOST_LISTED, "too many values are listed")
    _require(all(len(each) < _LONGEST_LISTED for each in described.unknown_values), "a listed value is too long")
    listed = f"/DescribeJobResult/Job/Status: {described.status}" in described.unknown_values
    _require(listed == (described.status not in STATES), "a known status is listed, or an unknown one is not")
    _require(not (listed and (described.state.final or described.state.succeeded)), "an unknown status ends a wait")
    counts = described.progress_summary.values() if described.progress_summary else ()
    _require(all(each is None or each >= 0 for each in counts), "a count is no whole number")


def _check_by_processor(described: JobDescription, document: bytes) -> None:
    """Compare the whole description with the values that the XSD processor decodes."""
    root = _read(document)
    if not find_excess(root, DESCRIBE_JOB):
        errors = load_schema(DESCRIBE_JOB).iter_errors(root, use_location_hints=False)
        error = next(iter(errors), None)
        _require(error is None, f"the processor refuses an accepted document: {error}")
    _compare(described, root.findall("Job")[0], "/DescribeJobResult/Job")


def _expected(simple: Any, text: str, path: str, *, is_text: bool) -> Any:
    """Return the value that the processor decodes from a text."""
    if not simple.is_union():
        return simple.normalize(text) if is_text else simple.decode(text)
    # The processor does not normalize texts of union types. All members of the schema's unions collapse white space.
    text = _collapsed(text)
    if not text:
        return "" if path in _LISTS_OF_WORDS else None
    return text if is_text else simple.decode(text)


def _compare(value: Any, element: ET.Element, path: str) -> None:
    if not isinstance(value, Element):
        simple = load_schema(DESCRIBE_JOB).find(path).type  # type: ignore[union-attr]
        text = element.text or ""
        expected = _expected(simple, text, path, is_text=isinstance(value, str))
        _require(
            (type(value), value) == (type(expected), expected), f"{path} is {value!r}, and {expected!r} by the schema"
        )
        return
    for name, field in element_fields(type(value)).items():
        tag = xml_name(name)
        children = element.findall(tag)
        if not children:
            _require(value[name] is None, f"{path}/{tag} is not in the document")
            continue
        _require(len(children) == 1, f"{path}/{tag} is repeated")
        if field.item is None:
            _compare(value[name], children[0], f"{path}/{tag}")
            continue
        items = children[0].findall(field.item)
        _require(len(items) == len(value[name]), f"{path}/{tag} has another number of items")
        for each, item in zip(value[name], items, strict=True):
            _compare(each, item, f"{path}/{tag}/{field.item}")
