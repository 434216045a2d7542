"""Responses as XML documents."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from pulumi_cosjob._emulator.element_values import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_cosjob._emulator.scenarios import Snapshot
    from pulumi_cosjob._emulator.state import JobPage, JobView

__all__ = [
    "create_job_result",
    "describe_job_result",
    "error",
    "list_jobs_result",
    "update_job_priority_result",
    "update_job_status_result",
]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LISTED = ("CreationTime", "Description", "JobId", "Operation", "Priority", "ProgressSummary", "Status")


def describe_job_result(view: JobView) -> bytes:
    """Return the response to DescribeJob: every element that applies, in the order of the reference.

    Args:
        view: The job and its state.
    """
    root = Element("DescribeJobResult")
    SubElement(root, "Job").extend(_job_elements(view).values())
    return _written(root)


def create_job_result(job_id: str) -> bytes:
    """Return the response to CreateJob.

    Args:
        job_id: The new job's id.
    """
    return _written(_group("CreateJobResult", [_leaf("JobId", job_id)]))


def update_job_status_result(view: JobView) -> bytes:
    """Return the response to UpdateJobStatus.

    Args:
        view: The job and its new state.
    """
    elements = _job_elements(view)
    shown = [elements[name] for name in ("JobId", "Status", "StatusUpdateReason") if name in elements]
    return _written(_group("UpdateJobStatusResult", shown))


def update_job_priority_result(view: JobView) -> bytes:
    """Return the response to UpdateJobPriority.

    Args:
        view: The job with its new priority.
    """
    elements = _job_elements(view)
    return _written(_group("UpdateJobPriorityResult", [elements[name] for name in ("JobId", "Priority")]))


def list_jobs_result(page: JobPage) -> bytes:
    """Return the response to ListJobs.

    Args:
        page: The jobs, and the token of the next page.
    """
    root = Element("ListJobsResult")
    SubElement(root, "Jobs").extend(_group("member", _member(view)) for view in page.views)
    if page.next_token is not None:
        root.append(_leaf("NextToken", page.next_token))
    return _written(root)


def error(code: str, message: str, resource: str, request_id: str, trace_id: str) -> bytes:
    """Return an error document.

    Args:
        code: The error code.
        message: The message.
        resource: The path of the request.
        request_id: The id of the request.
        trace_id: The id of its trace.
    """
    values = {
        "Code": code,
        "Message": message,
        "Resource": resource,
        "RequestId": request_id,
        "TraceId": trace_id,
    }
    return _written(_group("Error", [_leaf(name, value) for name, value in values.items()]))


def _job_elements(view: JobView) -> dict[str, Element]:
    """Return the elements of a description by name, in the order of the reference (the alphabet's)."""
    job = view.job
    elements = {element.tag: element for element in _changing_elements(view)}
    merged = {**elements, **job.given, **job.overrides}
    present = {name: element for name, element in merged.items() if element is not None}
    for path, text in view.snapshot.gained:
        _set(present, path, text)
    return dict(sorted(present.items()))


def _set(elements: dict[str, Element], path: str, text: str) -> None:
    """Set the text of an element, and add it where it is absent; the elements of the stored job stay unchanged."""
    name, _, below = path.partition("/")
    element = elements[name] = deepcopy(elements[name]) if name in elements else Element(name)
    for step in below.split("/") if below else ():
        child = element.find(step)
        element = SubElement(element, step) if child is None else child
    element.text = text


def _changing_elements(view: JobView) -> Iterator[Element]:
    """Yield the elements that change with the state of a job."""
    job, snapshot = view.job, view.snapshot
    yield _leaf("CreationTime", timestamp(job.timeline.created_at))
    yield _leaf("JobId", job.job_id)
    yield _leaf("Status", snapshot.status)
    if snapshot.failures:
        yield _failures(snapshot)
    if snapshot.progress is not None:
        yield _progress(snapshot.progress)
    reason = job.status_update_reason or snapshot.status_update_reason
    if reason is not None:
        yield _leaf("StatusUpdateReason", reason)
    if snapshot.suspended_at is not None:
        yield _leaf("SuspendedCause", job.timeline.definition.suspended_cause or "")
        yield _leaf("SuspendedDate", timestamp(snapshot.suspended_at))
    if snapshot.ended_at is not None:
        yield _leaf("TerminationDate", timestamp(snapshot.ended_at))


def _failures(snapshot: Snapshot) -> Element:
    return _group(
        "FailureReasons",
        [
            _group("JobFailure", [_leaf("FailureCode", code), _leaf("FailureReason", reason)])
            for code, reason in snapshot.failures
        ],
    )


def _progress(progress: tuple[int, int, int]) -> Element:
    names = ("NumberOfTasksFailed", "NumberOfTasksSucceeded", "TotalNumberOfTasks")
    leaves = [_leaf(name, str(count)) for name, count in zip(names, progress, strict=True)]
    return _group("ProgressSummary", leaves)


def _member(view: JobView) -> list[Element]:
    """Return the elements of one job in a list, which has only the name of the operation."""
    elements = _job_elements(view)
    if "Operation" in elements:
        elements["Operation"] = _leaf("Operation", "".join(child.tag for child in elements["Operation"]))
    return [elements[name] for name in (*_LISTED, "TerminationDate") if name in elements]


def _leaf(name: str, text: str) -> Element:
    element = Element(name)
    element.text = text
    return element


def _group(name: str, children: Iterable[Element]) -> Element:
    element = Element(name)
    element.extend(children)
    return element


def _written(root: Element) -> bytes:
    return (_DECLARATION + tostring(root, encoding="unicode")).encode()
