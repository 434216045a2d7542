"""The functions of the plugin's schema."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY, MAX_CONCURRENCY
from pulumi_cosjob._plugin.package_schema.inputs import ACCOUNT, APPID, JOB_ID, JOB_IDS
from pulumi_cosjob._plugin.package_schema.parts import (
    PACKAGE,
    Property,
    documentation,
    list_of,
    property_of,
    reference,
    with_default,
)
from pulumi_cosjob._plugin.package_schema.types import REQUIRED_OF_JOB, jobs_by_id

__all__ = ["GET_JOB", "GET_JOBS", "functions"]

GET_JOB, GET_JOBS = f"{PACKAGE}:index:getJob", f"{PACKAGE}:index:getJobs"

_MANY = {
    "missing": with_default(
        {
            **reference("Missing"),
            "description": "How to treat jobs that the service does not know: `error` fails and lists all of them, "
            "`skip` leaves them out and lists them in `missingJobIds`.",
        },
        "error",
    ),
    "maxConcurrency": with_default(
        property_of(
            "integer",
            f"Number of requests that may be sent at the same time, 1 to {MAX_CONCURRENCY}; fewer while the service "
            "limits the rate.",
        ),
        DEFAULT_CONCURRENCY,
    ),
}


def functions(job: Mapping[str, Property]) -> dict[str, Property]:
    """Return the functions by token.

    Args:
        job: The properties of a job.
    """
    return {GET_JOB: _get_job(job), GET_JOBS: _get_jobs()}


def _get_job(job: Mapping[str, Property]) -> Property:
    return {
        "description": "Reads the current state of a job. Nothing is kept in the stack's state.\n\n"
        + documentation("getJob"),
        "inputs": {
            "type": "object",
            "description": "The job to read.",
            "properties": {**JOB_ID, **APPID, **ACCOUNT},
            "required": ["jobId"],
        },
        "outputs": {
            "type": "object",
            "description": "The job. Fields that the response lacks are absent; times are text.",
            "properties": dict(job),
            "required": REQUIRED_OF_JOB,
        },
    }


def _get_jobs() -> Property:
    return {
        "description": "Reads the current states of many jobs, with concurrent requests.\n\n"
        + documentation("getJobs"),
        "inputs": {
            "type": "object",
            "description": "The jobs to read.",
            "properties": {**JOB_IDS, **APPID, **_MANY, **ACCOUNT},
            "required": ["jobIds"],
        },
        "outputs": {
            "type": "object",
            "description": "The jobs that were found.",
            "properties": {
                "jobs": jobs_by_id("The jobs by job id."),
                "missingJobIds": list_of({"type": "string"}, "Ids of the jobs that were skipped."),
            },
            "required": ["jobs", "missingJobIds"],
        },
    }
