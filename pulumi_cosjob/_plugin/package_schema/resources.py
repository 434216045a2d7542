"""The resources of the plugin's schema: gates."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_cosjob._checks import ANY_NUMBER, DEFAULT_TIMEOUT
from pulumi_cosjob._plugin.package_schema.inputs import ACCOUNT, APPID, JOB_ID, JOB_IDS
from pulumi_cosjob._plugin.package_schema.parts import (
    PACKAGE,
    Property,
    documentation,
    property_of,
    with_default,
)
from pulumi_cosjob._plugin.package_schema.types import REQUIRED_OF_JOB, jobs_by_id
from pulumi_cosjob._waiting.gate import DEFAULTS

__all__ = ["JOBS_GATE", "JOB_GATE", "resources"]

JOB_GATE, JOBS_GATE = f"{PACKAGE}:index:JobCompletion", f"{PACKAGE}:index:AllJobsCompletion"

_ACCOUNT = {
    name: {**each, "description": f"{each['description']} A change replaces the gate if it leads to another endpoint."}
    for name, each in ACCOUNT.items()
}
_WAIT = {
    # Without `default`: the value that an SDK sent would hide the time limits of `customTimeouts`.
    "timeout": property_of(
        "string",
        'How long to wait at most: `"90s"`, `"2h"`, `"1d12h"`. Default: `create` of `customTimeouts` (`update` for '
        f'jobs that are added later), then `"{DEFAULT_TIMEOUT}"`.',
    ),
    "maxFailedTasks": with_default(
        property_of("integer", f"Number of failed tasks that a complete job may have; {ANY_NUMBER} for any number."),
        DEFAULTS["max_failed_tasks"],
    ),
    "failWhenSuspended": with_default(
        property_of("boolean", "Whether to fail when a job waits for a person to confirm it."),
        DEFAULTS["fail_when_suspended"],
    ),
}
_SERVICE_ENDPOINT = {
    "serviceEndpoint": property_of(
        "string",
        "Endpoint of the service that the jobs were read from. The gate is replaced if inputs, provider, configuration "
        "or environment lead to another one.",
    )
}


def resources(job: Mapping[str, Property]) -> dict[str, Property]:
    """Return the gates by token.

    Args:
        job: The properties of a job.
    """
    return {JOB_GATE: _job_gate(job), JOBS_GATE: _jobs_gate()}


def _job_gate(job: Mapping[str, Property]) -> Property:
    return {
        "description": "A gate that opens when a job has completed: the resource is created then, and resources that "
        "depend on it wait until then. All fields of the job are outputs, with their values at that time.\n\n"
        "A preview does not wait. It fails for malformed inputs, and for a job that is missing, failed or cancelled. "
        "A gate that fails leaves nothing in the state: the next update waits again. Deleting or refreshing a gate "
        "makes no requests, and an open gate stays when the service no longer keeps the job.\n\n"
        "Changing the job or the account replaces the gate. Changing `timeout`, `maxFailedTasks` or "
        "`failWhenSuspended` updates it in place; the update fails if the completed job exceeds the new "
        f"`maxFailedTasks`.\n\n{documentation('JobCompletion')}",
        "properties": {**job, **_echoed({**APPID, **_WAIT, **_ACCOUNT}), **_SERVICE_ENDPOINT},
        "required": [*REQUIRED_OF_JOB, "appid"],
        "inputProperties": {**_replacing({**JOB_ID, **APPID}), **_WAIT, **_ACCOUNT},
        "requiredInputs": ["jobId"],
    }


def _jobs_gate() -> Property:
    return {
        "description": "A gate that opens when all of many jobs have completed: the resource is created then, and "
        "resources that depend on it wait until then.\n\n"
        "It fails as soon as one job has failed, and lists all that have failed by then. The next update waits for "
        "jobs that were added to `jobIds`; jobs that have completed are not requested again. Changing the account "
        f"replaces the gate.\n\n{documentation('AllJobsCompletion')}",
        "properties": {
            "jobs": jobs_by_id("The jobs by job id, with their values at the time when they had completed."),
            **_echoed({**JOB_IDS, **APPID, **_WAIT, **_ACCOUNT}),
            **_SERVICE_ENDPOINT,
        },
        "required": ["jobs", "jobIds", "appid"],
        "inputProperties": {**JOB_IDS, **_replacing(APPID), **_WAIT, **_ACCOUNT},
        "requiredInputs": ["jobIds"],
    }


def _replacing(inputs: Mapping[str, Property]) -> dict[str, Property]:
    """Return inputs of which a change replaces the gate."""
    return {
        name: {
            **each,
            "description": f"{each['description']} A change replaces the gate.",
            "willReplaceOnChanges": True,
        }
        for name, each in inputs.items()
    }


def _echoed(inputs: Mapping[str, Property]) -> dict[str, Property]:
    """Return inputs as outputs that have the same values; an output has no default."""
    return {name: {key: part for key, part in each.items() if key != "default"} for name, each in inputs.items()}
