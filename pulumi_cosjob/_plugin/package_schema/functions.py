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
from pulumi_cosjob._plugin.package_schema.types import REQUIRED_OF_JOB, SUMMARY, jobs_by_id
from pulumi_cosjob._service.job_list import MOST_PAGES

__all__ = ["GET_JOB", "GET_JOBS", "LIST_JOBS", "functions"]

GET_JOB, GET_JOBS = f"{PACKAGE}:index:getJob", f"{PACKAGE}:index:getJobs"
LIST_JOBS = f"{PACKAGE}:index:listJobs"

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


_TIME = (
    'A text such as `"2026-11-20T18:00:30Z"` or `"2026-11-20"` (UTC if it has no offset), or a duration back from now, '
)
_FILTERS = {
    "statuses": list_of({"type": "string"}, "Only jobs that have one of these statuses, such as `Active`."),
    "createdAfter": property_of(
        "string",
        f'Only jobs created at this time or later. {_TIME}such as `"7d"`. Jobs without a creation time are '
        "left out; without this limit they are the last ones.",
    ),
    "createdBefore": property_of("string", f'Only jobs created before this time. {_TIME}such as `"1h"`.'),
    "description": property_of(
        "string",
        "Only jobs whose whole description matches this glob, such as `nightly*`, upper and lower case apart: `*` is "
        "any text, `?` any character, `[ab]` one of some.",
    ),
    "operation": property_of(
        "string", "Only jobs of this operation, by the name of its element, such as `COSPutObjectCopy`."
    ),
    "limit": property_of("integer", "The newest of those jobs, at most so many. All pages are read in any case."),
}


def functions(job: Mapping[str, Property]) -> dict[str, Property]:
    """Return the functions by token.

    Args:
        job: The properties of a job.
    """
    return {GET_JOB: _get_job(job), GET_JOBS: _get_jobs(), LIST_JOBS: _list_jobs()}


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


def _list_jobs() -> Property:
    return {
        "description": "Lists the jobs of the last 90 days, newest first; those of the same time by their ids.\n\n"
        f"All pages of the list are read: a list that cannot be read to its end, or has more than {MOST_PAGES} pages, "
        "is an error and never a part of the list. A gate on `jobIds` follows the list: the next update waits for jobs "
        "that were added, and jobs that are no longer listed are removed from the gate's state. When the list becomes "
        f"empty, the gate stays open.\n\n{documentation('listJobs')}",
        "inputs": {
            "type": "object",
            "description": "Which jobs to list; all of the account if nothing is given.",
            "properties": {**APPID, **_FILTERS, **ACCOUNT},
        },
        "outputs": {
            "type": "object",
            "description": "The jobs that were found.",
            "properties": {
                "jobs": list_of(
                    reference(SUMMARY), "The jobs, newest first; without a creation time they are the last."
                ),
                "jobIds": list_of({"type": "string"}, "Ids of the jobs, in the same order."),
            },
            "required": ["jobs", "jobIds"],
        },
    }
