"""Decodes a response into a `JobDescription` or a `JobPage`, validated against its schema."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._checks import check_choice
from pulumi_cosjob._errors import CosJobWarning, InvalidArgumentError, Problem, SchemaError
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.job_summary import JobPage
from pulumi_cosjob._text import kind_of
from pulumi_cosjob._xml.modes import DEFAULT_VALIDATION, VALIDATIONS, Validation
from pulumi_cosjob._xml.readers import Found, UnrecognisedError, document_reader
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, LIST_JOBS, Document
from pulumi_cosjob._xml.xml_reader import read_xml

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = ["describe", "describe_page", "new_warnings", "parse_describe_job_result", "parse_list_jobs_result"]

_STRICT_HINT = Message(
    "Report this response if it came from the service itself. {validation}=lenient, the default, reads all parts "
    "that are valid; it is set by {validation:places}."
)
_FOREIGN_HINT = "Check the endpoint: this is not a response of COS Batch."


def parse_describe_job_result(document: bytes, *, validation: Validation = DEFAULT_VALIDATION) -> JobDescription:
    """Validate the response to a DescribeJob request and return the job that it describes.

    Args:
        document: The response's body, in UTF-8, UTF-16 or the encoding that it declares.
        validation: `strict` refuses a response that violates the schema. `lenient` leaves out the elements that violate
            it, with a warning for each, and returns the rest. Neither accepts a response without one job, one JobId,
            one Status and counts of tasks that are whole numbers, or with a repeated element.

    Raises:
        NotXmlError: The response is not an XML document.
        SchemaError: The response violates the schema; all problems are in the error.
        InvalidResponseError: The response is too large.
    """
    described, left_out = describe(_read(document, validation), validation=validation)
    for text in new_warnings(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return described


def parse_list_jobs_result(document: bytes, *, validation: Validation = DEFAULT_VALIDATION) -> JobPage:
    """Validate the response to a ListJobs request and return the page of jobs that it holds.

    Args:
        document: The response's body, in UTF-8, UTF-16 or the encoding that it declares.
        validation: `strict` refuses a response that violates the schema. `lenient` leaves out the elements that violate
            it, with a warning for each element and rule, and returns the rest, all jobs among it. Neither accepts a
            job without one JobId, one Status and counts of tasks that are whole numbers, or a repeated element.

    Returns:
        The jobs in the order of the response, and the token of the next page.

    Raises:
        NotXmlError: The response is not an XML document.
        SchemaError: The response violates the schema; all problems are in the error.
        InvalidResponseError: The response is too large.
    """
    page, left_out = describe_page(_read(document, validation), validation=validation)
    for text in new_warnings(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return page


def _read(document: bytes, validation: Validation) -> ET.Element:
    """Check the arguments of a parser, and parse the document."""
    if not isinstance(document, (bytes, bytearray)):
        raise InvalidArgumentError("document", f"must be bytes, not {kind_of(document)}")
    check_choice("validation", validation, VALIDATIONS)
    return read_xml(bytes(document))


def describe(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, redact: Callable[[str], str] = str
) -> tuple[JobDescription, Sequence[Problem]]:
    """Validate and decode the parsed response to a DescribeJob request, without warnings.

    Args:
        root: The document. Lenient validation removes from it what violates the schema.
        validation: As for `parse_describe_job_result`.
        redact: Removes secrets from a text of the document before it is quoted.

    Returns:
        The job, and the problems for which something was left out. `new_warnings` makes warnings of them.

    Raises:
        SchemaError: The document violates the schema; with lenient validation, in a part that cannot be left out.
    """
    values, _, problems = _decode(root, DESCRIBE_JOB, validation, redact)
    return values["job"], problems


def describe_page(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, redact: Callable[[str], str] = str
) -> tuple[JobPage, Sequence[Problem]]:
    """Do as `describe` with the parsed response to a ListJobs request."""
    values, found, problems = _decode(root, LIST_JOBS, validation, redact)
    return JobPage(values.get("jobs", ()), values.get("next_token"), tuple(found.elements)), problems


def new_warnings(left_out: Sequence[Problem], warned: set[str]) -> Sequence[str]:
    """Return the warnings about what was left out of a response, but for those given before: the second argument."""
    if not left_out:
        return ()
    from pulumi_cosjob._xml.lenient import warnings_of  # noqa: PLC0415  few responses need it

    return warnings_of(left_out, warned)


def _decode(
    root: ET.Element, document: Document, validation: Validation, redact: Callable[[str], str]
) -> tuple[Mapping[str, Any], Found, Sequence[Problem]]:
    """Return the fields of a document, what it holds beyond the schema, and the problems as `describe` returns them."""
    if root.tag == document.root:
        try:
            return *_read_root(root, document), ()
        except UnrecognisedError:
            pass
    problems = _validate(root, document, validation, redact)
    return *_read_root(root, document, is_valid=True), problems


def _read_root(root: ET.Element, document: Document, *, is_valid: bool = False) -> tuple[Mapping[str, Any], Found]:
    reader, found = document_reader(document), Found(is_valid=is_valid)
    # First what is beside the job or the jobs.
    for child in root:
        if child.tag not in reader.children:
            found.elements[f"/{root.tag}/{child.tag}"] = None
    return reader.read(root, found), found


def _validate(
    root: ET.Element, document: Document, validation: Validation, redact: Callable[[str], str]
) -> Sequence[Problem]:
    """Return the problems for which lenient validation left something out; raise if a document cannot be decoded."""
    from pulumi_cosjob._xml.lenient import prune  # noqa: PLC0415  only where the checks do not recognise a document
    from pulumi_cosjob._xml.validation import collect_problems  # noqa: PLC0415  as above

    problems = collect_problems(root, document, redact)
    if problems and root.tag != document.root:
        raise SchemaError(problems, document=document.root, hint=_FOREIGN_HINT)
    if problems and validation == "strict":
        raise SchemaError(problems, document=document.root, hint=_STRICT_HINT)
    return prune(root, document, problems, redact) if problems else problems
