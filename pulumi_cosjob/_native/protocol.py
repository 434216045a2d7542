"""Arguments and jobs by their names in the plugin's schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.naming import camel_name, in_snake_case
from pulumi_cosjob._model.serialization import from_plain
from pulumi_cosjob._program.outputs import jobs_by_id

__all__ = ["job_of", "jobs_of", "properties", "summaries_of"]


def properties(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that are not None, by their names in the plugin's schema."""
    return {camel_name(name): value for name, value in arguments.items() if value is not None}


def job_of(values: Mapping[str, Any]) -> JobDescription:
    return from_plain(JobDescription, in_snake_case(values))


def jobs_of(jobs: Mapping[str, Any] | None) -> Mapping[str, JobDescription] | None:
    """Return jobs by job id; None for a gate that does not exist and that the engine does not create (`--target`)."""
    return None if jobs is None else jobs_by_id({job_id: in_snake_case(job) for job_id, job in jobs.items()})


def summaries_of(jobs: Iterable[Mapping[str, Any]] | None) -> Sequence[JobSummary] | None:
    """Return the jobs of a list; None where users' mocks return none."""
    return None if jobs is None else [from_plain(JobSummary, in_snake_case(job)) for job in jobs]
