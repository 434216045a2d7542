"""`JobCompletion` and `AllJobsCompletion`: resources that exist once jobs have completed.

What depends on one of them does not start before. They run in the program's process, their providers in another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic

from pulumi_cosjob._dynamic.providers import (
    CUSTOM_TIMEOUTS,
    PREVIEW,
    AllJobsCompletionProvider,
    JobCompletionProvider,
)
from pulumi_cosjob._program.arguments import Timeout, accepted_failures, arguments, secret_placeholder, timeout_input
from pulumi_cosjob._program.mock_outputs import given_job, given_jobs, placeholders, taken
from pulumi_cosjob._program.options import DYNAMIC_GATE, check_options, custom_timeouts, take_secret_fields
from pulumi_cosjob._program.outputs import JOB_FIELDS, JobOutputs, jobs_output
from pulumi_cosjob._service.settings import SETTINGS
from pulumi_cosjob._waiting.gate import INPUTS, SERVICE_ENDPOINT

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import DynamicAllJobsAttributes, GateAttributes
else:
    DynamicAllJobsAttributes = GateAttributes = object

__all__ = ["AllJobsCompletion", "JobCompletion"]


def _props(
    named: Mapping[str, Any],
    timeout: pulumi.Input[Timeout] | None,
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
    opts: pulumi.ResourceOptions | None,
) -> dict[str, Any]:
    """Return the inputs of a gate. Each of them is an output too, also if it is absent."""
    placeholder = secret_placeholder(named)
    return {
        **dict.fromkeys(("appid", *SETTINGS)),
        **named,
        "timeout": timeout_input(timeout),
        "max_failed_tasks": accepted_failures(max_failed_tasks),
        **arguments(fail_when_suspended=fail_when_suspended),
        SERVICE_ENDPOINT: placeholder,
        CUSTOM_TIMEOUTS: custom_timeouts(opts) or None,
        PREVIEW: pulumi.runtime.is_dry_run(),
    }


def _remove_provider_inputs(gate: pulumi.Resource) -> None:
    """Remove the attributes of inputs that are for the provider only: the SDK makes an attribute of each input."""
    for name in (PREVIEW, CUSTOM_TIMEOUTS):
        del gate.__dict__[name]


class JobCompletion(JobOutputs, pulumi.dynamic.Resource, GateAttributes, module="cosjob", name="JobCompletion"):
    """A gate: a resource that exists once a job has completed. Resources that depend on it wait for the job.

    Its outputs are all fields of the job, as they were then. A preview never waits. It fails at once for malformed
    arguments and for a job that is missing, failed or cancelled. A gate that fails leaves nothing in the state: the
    next `up` waits again. Deleting a gate sends no request. `refresh` keeps it as it is, also when the service no
    longer keeps the job.

    Args:
        resource_name: Name in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`. Default: as for `get_job`.
        timeout: How long to wait at most: seconds, `"90s"`, `"2h"`, `"1d12h"` or a timedelta. Default: `create` of
            `custom_timeouts` in opts (`update` for jobs that are added later), then 1 h.
        max_failed_tasks: How many tasks of a complete job may have failed. Default: 0. None for any number.
        fail_when_suspended: Whether to fail when the job waits for a person to confirm it.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Resource options.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int]
    """How many tasks of a complete job may have failed; -1 for any number."""

    def __init__(
        self,
        resource_name: str,
        *,
        job_id: pulumi.Input[str],
        appid: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_options(opts, DYNAMIC_GATE)
        named = arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint)
        props = _props(named, timeout, max_failed_tasks, fail_when_suspended, opts)
        opts, secret_fields = take_secret_fields(opts, JOB_FIELDS, INPUTS, "result")
        placeholder = props[SERVICE_ENDPOINT]
        mocked = placeholders(name for name in JOB_FIELDS if name not in props)
        outputs = {**mocked, "result": placeholder}
        super().__init__(JobCompletionProvider(), resource_name, {**props, **outputs}, opts)
        _remove_provider_inputs(self)
        self._completed_jobs = [self.result]
        self._carry(placeholder, secret_fields)
        if mocked:
            self.result = given_job(taken(self, mocked), job_id, self.result)


class AllJobsCompletion(pulumi.dynamic.Resource, DynamicAllJobsAttributes, module="cosjob", name="AllJobsCompletion"):
    """A gate for many jobs: a resource that exists once all of them have completed. See `JobCompletion`.

    It fails as soon as one job has failed, and lists all jobs that have failed by then. If a job is added later, the
    next `up` waits for that job only.

    Args:
        resource_name: Name in the stack.
        job_ids: Ids of the jobs.
        appid: As for `JobCompletion`.
        timeout: As for `JobCompletion`, for all of them together.
        max_failed_tasks: As for `JobCompletion`, for each of them.
        fail_when_suspended: As for `JobCompletion`.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Resource options.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int]
    """How many tasks of a complete job may have failed; -1 for any number."""

    def __init__(
        self,
        resource_name: str,
        *,
        job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        appid: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_options(opts, DYNAMIC_GATE)
        named = arguments(job_ids=job_ids, appid=appid, uin=uin, region=region, endpoint=endpoint)
        props = _props(named, timeout, max_failed_tasks, fail_when_suspended, opts)
        opts, _ = take_secret_fields(opts, ["jobs"], INPUTS, "results")
        mocked = placeholders(["jobs"])
        outputs = {**mocked, "results": props[SERVICE_ENDPOINT]}
        super().__init__(AllJobsCompletionProvider(), resource_name, {**props, **outputs}, opts)
        _remove_provider_inputs(self)
        self._completed_jobs = [self.results]
        given = taken(self, mocked)
        self.jobs = jobs_output(self.results)
        if given:
            self.jobs = given_jobs(given["jobs"], self.jobs)
