"""Outputs under `pulumi.runtime.set_mocks`, where the mocks of a unit test stand in place of the engine.

Providers here carry a job as one text. Mocks that users write give fields, as for any other resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import settings
from pulumi.runtime.proto import resource_pb2_grpc

from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._program.outputs import Field, jobs_by_id, partial_job

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import JobDescriptionOutput, JobsOutput

__all__ = ["given_job", "given_jobs", "given_missing", "is_mocked", "placeholders", "taken"]


def is_mocked() -> bool:
    """Return whether mocks respond in place of an engine, to which there is always a connection by gRPC."""
    monitor = settings.get_monitor()
    return monitor is not None and not isinstance(monitor, resource_pb2_grpc.ResourceMonitorStub)


def placeholders(names: Iterable[str]) -> dict[str, Any]:
    """Return properties by which the SDK keeps outputs of these names; none where there is an engine.

    The SDK drops outputs that a resource has not declared, and each one that it has declared costs time.
    """
    return dict.fromkeys(names) if is_mocked() else {}


def taken(resource: pulumi.Resource, names: Iterable[str]) -> dict[str, pulumi.Output[Any]]:
    """Take outputs away from a resource, and return them by name."""
    return {name: resource.__dict__.pop(name) for name in names}


def given_job(
    fields: Mapping[str, pulumi.Output[Any]], job_id: pulumi.Input[str], carrier: pulumi.Output[Any] | None = None
) -> JobDescriptionOutput:
    """Return the job that mocks give: as a whole, or else by its fields.

    Args:
        fields: Outputs by name. What is not given is None, in a preview too where any other field is given.
        job_id: The job's id, where it is not among the fields.
        carrier: The job as a provider of this package carries it.
    """

    def made(values: Sequence[Any]) -> Any:
        job, known_id, *rest = values
        if isinstance(job, JobDescription):
            return job
        given = {name: value for name, value in zip(fields, rest, strict=True) if _is_given(value)}
        if isinstance(known_id, Unknown) or (isinstance(job, Unknown) and not given.keys() - {"job_id"}):
            return pulumi.UNKNOWN
        return partial_job({"job_id": known_id, **given})

    return cast("JobDescriptionOutput", _made_of([_or_nothing(carrier), job_id, *fields.values()], made))


def given_jobs(jobs: pulumi.Output[Any], carrier: pulumi.Output[Any]) -> JobsOutput:
    """Do the same for several jobs, by job id; None where mocks give none."""

    def made(values: Sequence[Any]) -> Any:
        whole, given = values
        return jobs_by_id(given) if _is_given(given) and not _is_given(whole) else whole

    return cast("JobsOutput", _made_of([carrier, jobs], made))


def given_missing(
    missing: pulumi.Output[Any], job_ids: pulumi.Input[Any], jobs: pulumi.Output[Any]
) -> pulumi.Output[Sequence[str]]:
    """Return which jobs are missing: those that mocks list, or else those that are not among the jobs."""

    def made(values: Sequence[Any]) -> Any:
        listed, wanted, found = values
        if _is_given(listed):
            return listed
        if isinstance(wanted, Unknown) or isinstance(found, Unknown):
            return pulumi.UNKNOWN
        return None if found is None else [job_id for job_id in dict.fromkeys(wanted) if job_id not in found]

    return _made_of([missing, job_ids, jobs], made)


def _is_given(value: Any) -> bool:
    return value is not None and not isinstance(value, Unknown)


def _or_nothing(carrier: pulumi.Output[Any] | None) -> Any:
    """Return what was carried; where nothing is, that may come in an update only."""
    return (pulumi.UNKNOWN if pulumi.runtime.is_dry_run() else None) if carrier is None else carrier


def _made_of(values: Sequence[Any], made: Callable[[Sequence[Any]], Any]) -> Field:
    """Make an output of several: one that is not known is UNKNOWN to what makes it, which may return that as well."""

    def kept(value: Any) -> pulumi.Output[Any]:
        # In a function: of a description, which is a dict, `Output.all` and `from_input` would make a plain one.
        output = value if isinstance(value, pulumi.Output) else pulumi.Output.from_input(value)
        return output.apply(lambda each: (lambda: each) if _is_given(each) else each, run_with_unknowns=True)

    def made_of_kept(values: Sequence[Any]) -> Any:
        return made([value() if callable(value) else value for value in values])

    return Field.of(pulumi.Output.all(*map(kept, values)).apply(made_of_kept, run_with_unknowns=True))
