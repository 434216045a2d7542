"""The table of jobs that a test gives to `CosJobMocks`: checked, and converted to descriptions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pulumi_cosjob._checks import check_identifier
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._model.element import Element, FieldType, element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription, Operation
from pulumi_cosjob._model.job_summary import JobSummary, ListedProgressSummary
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._text import format_value, kind_of

__all__ = ["job_table", "summary_of"]

_E = TypeVar("_E", bound=Element)


def job_table(jobs: Any) -> dict[str, JobDescription]:
    """Return the descriptions of a table of jobs.

    Args:
        jobs: A mapping of job ids to descriptions, or to mappings of their fields.

    Raises:
        InvalidArgumentError: It is no such mapping; the error names the wrong field.
    """
    if not isinstance(jobs, Mapping):
        raise InvalidArgumentError("jobs", f"must be a mapping of job ids, not {kind_of(jobs)}")
    return {job_id: _job(job_id, given) for job_id, given in jobs.items()}


def summary_of(job: JobDescription) -> JobSummary:
    """Return a job of the table as a list shows it."""
    summary, operation = job.progress_summary, job.operation
    names = [name for name in element_fields(Operation) if operation is not None and operation[name] is not None]
    return JobSummary(
        job_id=job.job_id,
        status=job.status,
        creation_time=job.creation_time,
        description=job.description,
        operation=xml_name(names[0]) if names else None,
        priority=job.priority,
        progress_summary=None if summary is None else ListedProgressSummary(**summary),
        termination_date=job.termination_date,
    )


def _job(job_id: Any, given: Any) -> JobDescription:
    place = f"jobs[{format_value(job_id)}]"
    try:
        check_identifier("job_id", job_id)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(place, f"is no job: {error.what}") from None
    job = _element(JobDescription, {"job_id": job_id, "status": "Complete"}, given, place)
    if job.job_id != job_id:
        raise InvalidArgumentError(f"{place}.job_id", f"must be {format_value(job_id)}, not {format_value(job.job_id)}")
    if job.status not in STATES:
        hint = f"There are {', '.join(STATES)}."
        raise InvalidArgumentError(f"{place}.status", f"cannot be {format_value(job.status)}", hint=hint)
    return job


def _element(cls: type[_E], defaults: Mapping[str, Any], given: Any, place: str) -> _E:
    """Return an element from a mapping of its fields; `place` names it in errors."""
    if isinstance(given, cls):
        return given
    if not isinstance(given, Mapping):
        raise InvalidArgumentError(place, f"must be a mapping of fields, not {kind_of(given)}")
    declared = {**element_fields(cls)}
    if cls is JobDescription:
        declared.update(dict.fromkeys(BEYOND_SCHEMA, FieldType(str, "member")))
    for name in given:
        if name not in declared:
            alike = difflib.get_close_matches(str(name), declared, 1)
            hint = f"Did you mean {alike[0]}?" if alike else f"There are {', '.join(declared)}."
            raise InvalidArgumentError(f"{place}.{name}", "is no field of a job", hint=hint)
    values = {
        name: _value(declared[name], value, f"{place}.{name}") for name, value in given.items() if value is not None
    }
    return cls(**{**defaults, **values})


def _value(field: FieldType, given: Any, place: str) -> Any:
    if field.item is None:
        return _single(field.type, given, place)
    if not isinstance(given, (list, tuple)):
        raise InvalidArgumentError(place, f"must be a list, not {kind_of(given)}")
    return [_single(field.type, each, f"{place}[{position}]") for position, each in enumerate(given)]


_KINDS: Mapping[type[Any], str] = {str: "text", bool: "true or false", int: "a whole number"}


def _single(kind: type[Any], given: Any, place: str) -> Any:
    if issubclass(kind, Element):
        return _element(kind, {}, given, place)
    if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
        raise InvalidArgumentError(place, f"must be {_KINDS[kind]}, not {kind_of(given)}")
    return given
