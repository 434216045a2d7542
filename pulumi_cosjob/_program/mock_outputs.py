"""Outputs under `pulumi.runtime.set_mocks`, where the mocks of a unit test replace the engine.

The providers of this package return a job as one text. Mocks of users return fields, as for any other resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import settings
from pulumi.runtime.proto import resource_pb2_grpc

from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.serialization import from_plain
from pulumi_cosjob._program.outputs import Field, jobs_by_id

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import JobDescriptionOutput, JobsOutput, JobSummariesOutput

__all__ = [
    "given_ids",
    "given_job",
    "given_jobs",
    "given_missing",
    "given_summaries",
    "is_mocked",
    "placeholders",
    "taken",
]


def is_mocked() -> bool:
    """Return whether mocks replace the engine; a program with an engine has a gRPC connection to it."""
    monitor = settings.get_monitor()
    return monitor is not None and not isinstance(monitor, resource_pb2_grpc.ResourceMonitorStub)


def placeholders(names: Iterable[str]) -> dict[str, Any]:
    """Return properties with which the SDK keeps outputs of these names; none if there is an engine.

    The SDK drops the outputs that a resource has not declared, and each declared one costs time.
    """
    return dict.fromkeys(names) if is_mocked() else {}


def taken(resource: pulumi.Resource, names: Iterable[str]) -> dict[str, pulumi.Output[Any]]:
    """Remove outputs from a resource, and return them by name."""
    return {name: resource.__dict__.pop(name) for name in names}


def given_job(
    fields: Mapping[str, pulumi.Output[Any]], job_id: pulumi.Input[str], carrier: pulumi.Output[Any] | None = None
) -> JobDescriptionOutput:
    """Return the job that mocks return: as a whole, or else by its fields.

    Args:
        fields: Outputs by name. Absent ones are None, also in a preview if any other field is returned.
        job_id: The job's id, if it is not among the fields.
        carrier: The job as one output of a provider of this package.
    """

    def combine(values: Sequence[Any]) -> Any:
        job, known_id, *rest = values
        if isinstance(job, JobDescription):
            return job
        given = {name: value for name, value in zip(fields, rest, strict=True) if _is_given(value)}
        if isinstance(known_id, Unknown) or (isinstance(job, Unknown) and not given.keys() - {"job_id"}):
            return pulumi.UNKNOWN
        return from_plain(JobDescription, {"job_id": known_id, **given})

    return cast("JobDescriptionOutput", _combined([_or_default(carrier), job_id, *fields.values()], combine))


def given_jobs(jobs: pulumi.Output[Any], carrier: pulumi.Output[Any]) -> JobsOutput:
    """Return several jobs that mocks return, by job id; None if they return none."""

    def combine(values: Sequence[Any]) -> Any:
        whole, given = values
        return jobs_by_id(given) if _is_given(given) and not _is_given(whole) else whole

    return cast("JobsOutput", _combined([carrier, jobs], combine))


def given_missing(
    missing: pulumi.Output[Any], job_ids: pulumi.Input[Any], jobs: pulumi.Output[Any]
) -> pulumi.Output[Sequence[str]]:
    """Return the ids of missing jobs: those that mocks list, or else those that are not among the jobs."""

    def combine(values: Sequence[Any]) -> Any:
        listed, wanted, found = values
        if _is_given(listed):
            return listed
        if isinstance(wanted, Unknown) or isinstance(found, Unknown):
            return pulumi.UNKNOWN
        return None if found is None else [job_id for job_id in dict.fromkeys(wanted) if job_id not in found]

    return _combined([missing, job_ids, jobs], combine)


def given_summaries(jobs: pulumi.Output[Any], carrier: pulumi.Output[Any]) -> JobSummariesOutput:
    """Return the jobs of a list that mocks return; None if they return none."""

    def combine(values: Sequence[Any]) -> Any:
        whole, given = values
        return [from_plain(JobSummary, each) for each in given] if _is_given(given) and not _is_given(whole) else whole

    return cast("JobSummariesOutput", _combined([carrier, jobs], combine))


def given_ids(job_ids: pulumi.Output[Any], jobs: pulumi.Output[Any]) -> pulumi.Output[Sequence[str]]:
    """Return the ids of a list's jobs: those that mocks list, or else those of the jobs."""

    def combine(values: Sequence[Any]) -> Any:
        listed, found = values
        if _is_given(listed):
            return listed
        return [job.job_id for job in found] if _is_given(found) else found

    return _combined([job_ids, jobs], combine)


def _is_given(value: Any) -> bool:
    return value is not None and not isinstance(value, Unknown)


def _or_default(carrier: pulumi.Output[Any] | None) -> Any:
    """Return the output; without one, unknown in a preview, None in an update."""
    return (pulumi.UNKNOWN if pulumi.runtime.is_dry_run() else None) if carrier is None else carrier


def _combined(values: Sequence[Any], combine: Callable[[Sequence[Any]], Any]) -> Field:
    """Return an output made of several; `combine` gets UNKNOWN for an unknown value, and may return it."""

    def wrap(value: Any) -> pulumi.Output[Any]:
        # Within a function, as `Output.all` and `from_input` would convert a description to a plain dict.
        output = value if isinstance(value, pulumi.Output) else pulumi.Output.from_input(value)
        return output.apply(lambda each: (lambda: each) if _is_given(each) else each, run_with_unknowns=True)

    def unwrap(values: Sequence[Any]) -> Any:
        return combine([value() if callable(value) else value for value in values])

    return Field.applied(pulumi.Output.all(*map(wrap, values)), unwrap, run_with_unknowns=True)
