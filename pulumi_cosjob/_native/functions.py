"""`get_job`, `get_jobs` and `list_jobs` by functions of the native plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY
from pulumi_cosjob._native.protocol import job_of, jobs_of, properties, summaries_of
from pulumi_cosjob._plugin.first_use import provide_plugin
from pulumi_cosjob._program.arguments import CreationTime, arguments, filter_inputs, known_after
from pulumi_cosjob._program.options import NATIVE_FUNCTION, check_options
from pulumi_cosjob._program.outputs import Field, JobOutputs
from pulumi_cosjob._program.secret_texts import SecretTexts
from pulumi_cosjob._version import plugin_version

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import JobDescriptionOutput, JobsOutput, JobSummariesOutput
    from pulumi_cosjob._service.settings import Missing

__all__ = [
    "Job",
    "JobList",
    "Jobs",
    "get_job",
    "get_job_output",
    "get_jobs",
    "get_jobs_output",
    "list_jobs",
    "list_jobs_output",
]

Options = pulumi.ResourceOptions | pulumi.InvokeOptions | pulumi.InvokeOutputOptions


class Job(JobOutputs):
    """A job, as `get_job` returns it; every field is an output."""

    def __init__(self, result: JobDescriptionOutput) -> None:
        self.result = result

    def __repr__(self) -> str:
        """Explain why it cannot be a parent or a dependency."""
        return "<a job that was read by a function, which is no resource: name what it depends on itself>"


class Jobs:
    """Jobs, as `get_jobs` returns them."""

    jobs: JobsOutput
    """The jobs by job id, each with every field."""

    missing_job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs that were skipped because the service does not know them."""

    def __init__(self, jobs: JobsOutput, missing: pulumi.Output[Sequence[str]]) -> None:
        self.jobs = jobs
        self.missing_job_ids = missing

    def __repr__(self) -> str:
        """Explain why they cannot be a parent or a dependency."""
        return "<jobs that were read by a function, which are no resource: name what they depend on themselves>"


class JobList:
    """Jobs, as `list_jobs` returns them."""

    jobs: JobSummariesOutput
    """The jobs, newest first; without a creation time they are the last."""

    job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs, in the same order."""

    def __init__(self, jobs: JobSummariesOutput, job_ids: pulumi.Output[Sequence[str]]) -> None:
        self.jobs = jobs
        self.job_ids = job_ids

    def __repr__(self) -> str:
        """Explain why it cannot be a parent or a dependency."""
        return "<a list of jobs that was read by a function, which is no resource: name what it depends on itself>"


def get_job(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str] | None = None,
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: Options | None = None,
) -> Job:
    """Read the current state of a COS Batch job. Nothing is kept in the stack's state.

    Args:
        job_id: Id of the job.
        appid: APPID of the account that owns the job, such as `1250000000`. Default: the provider's, then that of the
            credentials, which one GetUserAppId discovers.
        uin: UIN of the main account. Default: the provider's, then that of the credentials, which the same request
            discovers.
        region: Region of the job. Default: the provider's.
        endpoint: Endpoint of the service. Default: the provider's.
        resource_name: Ignored; programs for `pulumi_cosjob.get_job` may pass it.
        opts: Invoke options, or resource options of which `parent`, `provider` and `depends_on` take effect.

    Returns:
        The job, with an output for each field. A field that the job lacks is None, in a preview too.

    Raises:
        InvalidArgumentError: An argument is malformed. The engine reports errors of the service.
    """
    del resource_name
    return Job(get_job_output(job_id, appid, uin=uin, region=region, endpoint=endpoint, opts=opts))


def get_job_output(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str] | None = None,
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> JobDescriptionOutput:
    """Read a job as `get_job` does; return it as one output."""
    inputs = properties(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
    return cast("JobDescriptionOutput", Field.applied(_invoke("cosjob:index:getJob", inputs, opts), job_of))


def get_jobs(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str] | None = None,
    *,
    missing: Missing = "error",
    max_concurrency: int = DEFAULT_CONCURRENCY,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: Options | None = None,
) -> Jobs:
    """Read the current states of many COS Batch jobs, with concurrent requests.

    Args:
        job_ids: Ids of the jobs.
        appid: As for `get_job`.
        missing: How to treat jobs that the service does not know: `error` (default) fails and lists all of them,
            `skip` leaves them out and lists them in `missing_job_ids`.
        max_concurrency: Number of requests that may be sent at the same time, 1 to 64; fewer while the service limits
            the rate.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: As for `get_job`.
        opts: As for `get_job`.

    Returns:
        The jobs by job id, in the output `jobs`.

    Raises:
        InvalidArgumentError: An argument is malformed. The engine reports errors of the service.
    """
    del resource_name
    found = get_jobs_output(
        job_ids,
        appid,
        missing=missing,
        max_concurrency=max_concurrency,
        uin=uin,
        region=region,
        endpoint=endpoint,
        opts=opts,
    )
    return Jobs(cast("JobsOutput", found["jobs"]), found["missing_job_ids"])


def get_jobs_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str] | None = None,
    *,
    missing: Missing = "error",
    max_concurrency: int = DEFAULT_CONCURRENCY,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Read jobs as `get_jobs` does; return `jobs` and `missing_job_ids` as one output."""
    inputs = properties(
        **arguments(
            job_ids=job_ids,
            appid=appid,
            missing=missing,
            max_concurrency=max_concurrency,
            uin=uin,
            region=region,
            endpoint=endpoint,
        )
    )

    def read(found: Mapping[str, Any]) -> Mapping[str, Any]:
        jobs, missing = jobs_of(found.get("jobs")), found.get("missingJobIds")
        if missing is None and jobs is not None:  # users' mocks need not return it
            missing = [job_id for job_id in dict.fromkeys(found["jobIds"]) if job_id not in jobs]
        return {"jobs": jobs, "missing_job_ids": missing}

    return Field.applied(_invoke("cosjob:index:getJobs", inputs, opts), read)


def list_jobs(
    appid: pulumi.Input[str] | None = None,
    *,
    statuses: pulumi.Input[str | Sequence[pulumi.Input[str]]] | None = None,
    created_after: pulumi.Input[CreationTime] | None = None,
    created_before: pulumi.Input[CreationTime] | None = None,
    description: pulumi.Input[str] | None = None,
    operation: pulumi.Input[str] | None = None,
    limit: pulumi.Input[int] | None = None,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: Options | None = None,
) -> JobList:
    """List the COS Batch jobs of the last 90 days, newest first. Nothing is kept in the stack's state.

    Jobs of the same time are in the order of their ids. A filter that is None, or an output of null, leaves out no job.
    For gates on a list, see `pulumi_cosjob.list_jobs`.

    Args:
        appid: As for `get_job`.
        statuses: A status such as `Active`, or several: only jobs that have one of them.
        created_after: Only jobs created at this time or later: a datetime with a time zone, a text such as
            `2026-11-20T18:00:30Z` or `2026-11-20` (UTC if it has no offset), or a duration such as `7d`, which each
            call counts back from its own time.
        created_before: Only jobs created before this time, in the same forms.
        description: Only jobs whose whole description matches this glob, such as `nightly*`.
        operation: Only jobs of this operation, by the name of its element, such as `COSPutObjectCopy`.
        limit: The newest of those jobs, at most so many. All pages are read in any case.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: As for `get_job`.
        opts: As for `get_job`.

    Returns:
        The jobs, a list of `JobSummary`, in the output `jobs`, and their ids in `job_ids`.

    Raises:
        InvalidArgumentError: An argument is malformed. The engine reports errors of the service.
    """
    del resource_name
    found = list_jobs_output(
        appid,
        statuses=statuses,
        created_after=created_after,
        created_before=created_before,
        description=description,
        operation=operation,
        limit=limit,
        uin=uin,
        region=region,
        endpoint=endpoint,
        opts=opts,
    )
    return JobList(cast("JobSummariesOutput", found["jobs"]), found["job_ids"])


def list_jobs_output(
    appid: pulumi.Input[str] | None = None,
    *,
    statuses: pulumi.Input[str | Sequence[pulumi.Input[str]]] | None = None,
    created_after: pulumi.Input[CreationTime] | None = None,
    created_before: pulumi.Input[CreationTime] | None = None,
    description: pulumi.Input[str] | None = None,
    operation: pulumi.Input[str] | None = None,
    limit: pulumi.Input[int] | None = None,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """List jobs as `list_jobs` does; return `jobs` and `job_ids` as one output."""
    filters = filter_inputs(
        statuses=statuses,
        created_after=created_after,
        created_before=created_before,
        description=description,
        operation=operation,
        limit=limit,
    )
    inputs = properties(**filters, **arguments(appid=appid, uin=uin, region=region, endpoint=endpoint))

    def read(found: Mapping[str, Any]) -> Mapping[str, Any]:
        jobs, job_ids = summaries_of(found.get("jobs")), found.get("jobIds")
        if job_ids is None and jobs is not None:  # users' mocks need not return it
            job_ids = [job.job_id for job in jobs]
        return {"jobs": jobs, "job_ids": job_ids}

    return Field.applied(_invoke("cosjob:index:listJobs", inputs, opts), read)


def _invoke(token: str, arguments: Mapping[str, Any], opts: Options | None) -> pulumi.Output[Any]:
    check_options(opts, NATIVE_FUNCTION)
    provide_plugin()
    options = pulumi.InvokeOptions(
        parent=getattr(opts, "parent", None),
        provider=getattr(opts, "provider", None),
        version=getattr(opts, "version", None) or plugin_version(),
        plugin_download_url=getattr(opts, "plugin_download_url", None),
    )
    dependencies = known_after(getattr(opts, "depends_on", None))
    # Of no arguments, `Output.all` would make a list.
    given: pulumi.Input[Any] = pulumi.Output.all(**arguments) if arguments else {}
    inputs: pulumi.Output[Any] = pulumi.Output.all(given, dependencies)
    return inputs.apply(lambda values: _call(token, values[0], options, inputs))


async def _call(
    token: str, arguments: Mapping[str, Any], options: pulumi.InvokeOptions, inputs: pulumi.Output[Any]
) -> Any:
    """Call a function of the plugin; an error is shown without a traceback."""
    try:
        found = await pulumi.runtime.invoke_async(token, arguments, options)
    except Exception as error:  # noqa: BLE001  the SDK raises Exception itself
        message = str(error)
        if await inputs.is_secret():
            # The SDK unwraps secrets in arguments of functions: the plugin could not redact them.
            texts = [text for value in arguments.values() for text in (value if isinstance(value, list) else [value])]
            message = SecretTexts(text for text in texts if isinstance(text, str)).redact(message)
        # The SDK puts the function's token in front of the plugin's message.
        raise pulumi.RunError(message.partition(" returned an error: ")[2] or message) from None
    # A provider whose settings are not known yet returns nothing in a preview; mocks may return nothing in an update.
    if not found and pulumi.runtime.is_dry_run():
        return pulumi.output.UNKNOWN
    return {**arguments, **(found or {})}
