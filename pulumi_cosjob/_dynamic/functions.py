"""`get_job`, `get_jobs` and `list_jobs` on Pulumi dynamic providers: only the wheel has to be installed.

They run in the program's process, their providers in another one. The engine reads an external resource at every
preview, up and refresh, and never creates, changes or deletes it. A refresh keeps what was read last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY
from pulumi_cosjob._dynamic.providers import JobListProvider, JobProvider, JobsProvider
from pulumi_cosjob._dynamic.reads import read_options, unused_name
from pulumi_cosjob._program.arguments import CreationTime, arguments, filter_inputs, secret_placeholder
from pulumi_cosjob._program.mock_outputs import (
    given_ids,
    given_job,
    given_jobs,
    given_missing,
    given_summaries,
    placeholders,
    taken,
)
from pulumi_cosjob._program.options import take_secret_fields
from pulumi_cosjob._program.outputs import (
    JOB_FIELDS,
    JobOutputs,
    jobs_output,
    missing_ids_output,
    summaries_output,
    summary_ids_output,
    together,
)
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob._service.settings import SETTINGS, Missing

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import (
        AccountAttributes,
        JobDescriptionOutput,
        JobListAttributes,
        JobsAttributes,
    )
else:
    AccountAttributes = JobListAttributes = JobsAttributes = object

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


class Job(JobOutputs, pulumi.dynamic.Resource, AccountAttributes, module="cosjob", name="Job"):
    """A job that `get_job` reads. Every field is an output."""

    def __init__(
        self,
        resource_name: str,
        props: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the job. Programs call `get_job`."""
        opts = read_options(resource_name, props, opts, props["job_id"])
        opts, secret_fields = take_secret_fields(opts, JOB_FIELDS, props, "result")
        placeholder = secret_placeholder(props)
        mocked = placeholders(name for name in JOB_FIELDS if name not in props)
        # Inputs are outputs too, whether they are given or not.
        inputs = {**mocked, **dict.fromkeys(("appid", *SETTINGS)), **props, "result": placeholder}
        super().__init__(JobProvider(), resource_name, inputs, opts)
        self._carry(placeholder, secret_fields)
        if mocked:
            self.result = given_job(taken(self, mocked), props["job_id"], self.result)


def get_job(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str] | None = None,
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Job:
    """Read the state of a COS Batch job into a Pulumi program.

    Every preview and up reads the job again; a refresh keeps what was read last. The stack does not own the job:
    nothing is created, changed or deleted.

    Args:
        job_id: Id of the job, 1 to 64 bytes.
        appid: APPID of the account that owns it, such as `1250000000`. Default: config `cosjob:appid`, then
            `COSJOB_APPID`, then that of the credentials, which one GetUserAppId discovers.
        uin: Id of the main account, such as `100000000001`. Default: config `cosjob:uin`, then `COSJOB_UIN`, then that
            of the credentials, which the same request discovers.
        region: Region of the job, such as `ap-chengdu`. Default: config `cosjob:region`, `tencentcloud:region`, then
            `TENCENTCLOUD_REGION`.
        endpoint: Endpoint of the service. Default: config `cosjob:endpoint`, then `COSJOB_ENDPOINT`, then the endpoint
            of uin and region.
        resource_name: Name in the stack. Default: the job's id, or `job` if that is not known yet.
        opts: Resource options: parent, depends_on, …

    Returns:
        The job, with an output for each of its fields. A field that the job lacks is None, in a preview too.

    Raises:
        InvalidArgumentError: An argument is malformed. Errors of the service are shown by the engine, as errors of
            this resource.
    """
    props = arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint)
    name = resource_name or unused_name(job_id if isinstance(job_id, str) else "job")
    return Job(name, props, opts)


def get_job_output(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str] | None = None,
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> JobDescriptionOutput:
    """Return the job that `get_job` reads as one output."""
    job = get_job(job_id, appid, uin=uin, region=region, endpoint=endpoint, resource_name=resource_name, opts=opts)
    return job.result


class Jobs(pulumi.dynamic.Resource, JobsAttributes, module="cosjob", name="Jobs"):
    """The jobs that `get_jobs` reads."""

    max_concurrency: pulumi.Output[int]
    """How many requests may be sent at the same time."""

    def __init__(
        self,
        resource_name: str,
        props: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the jobs. Programs call `get_jobs`."""
        opts = read_options(resource_name, props, opts)
        opts, _ = take_secret_fields(opts, ("jobs", "missing_job_ids"), props, "results")
        mocked = placeholders(["jobs", "missing_job_ids"])
        # Inputs are outputs too, whether they are given or not.
        inputs = {**mocked, **dict.fromkeys(("appid", *SETTINGS)), **props, "results": secret_placeholder(props)}
        super().__init__(JobsProvider(), resource_name, inputs, opts)
        given = taken(self, mocked)
        self.jobs = jobs_output(self.results)
        self.missing_job_ids = missing_ids_output(props["job_ids"], self.jobs)
        if given:
            self.jobs = given_jobs(given["jobs"], self.jobs)
            self.missing_job_ids = given_missing(given["missing_job_ids"], props["job_ids"], self.jobs)


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
    opts: pulumi.ResourceOptions | None = None,
) -> Jobs:
    """Read the states of many COS Batch jobs into a Pulumi program, as one resource.

    The jobs are read concurrently, as `get_job` reads one. With `get_job` for each of hundreds of jobs the engine
    writes its state hundreds of times.

    Args:
        job_ids: Ids of the jobs, 1 to 64 bytes each.
        appid: As for `get_job`.
        missing: What to do about a job that the service does not know: `error` (default) fails and lists all of them,
            `skip` leaves them out of `jobs` and lists them in `missing_job_ids`.
        max_concurrency: How many requests may be sent at the same time, 1 to 64; 16 by default. Fewer are sent while
            the service asks to slow down.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: Name in the stack. Default: `jobs`, for the second one `jobs-2`.
        opts: Resource options.

    Returns:
        A resource with the output `jobs`: descriptions by job id, each of the type of `result` of `get_job`.

    Raises:
        InvalidArgumentError: An argument is malformed. Errors of the service are shown by the engine, as errors of
            this resource.
    """
    props = arguments(
        job_ids=job_ids,
        appid=appid,
        missing=missing,
        max_concurrency=max_concurrency,
        uin=uin,
        region=region,
        endpoint=endpoint,
    )
    return Jobs(resource_name or unused_name("jobs"), props, opts)


def get_jobs_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str] | None = None,
    *,
    missing: Missing = "error",
    max_concurrency: int = DEFAULT_CONCURRENCY,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Return `jobs` and `missing_job_ids` of `get_jobs` as one output."""
    found = get_jobs(
        job_ids,
        appid,
        missing=missing,
        max_concurrency=max_concurrency,
        uin=uin,
        region=region,
        endpoint=endpoint,
        resource_name=resource_name,
        opts=opts,
    )
    return together(jobs=found.jobs, missing_job_ids=found.missing_job_ids)


class JobList(pulumi.dynamic.Resource, JobListAttributes, module="cosjob", name="JobList"):
    """The jobs that `list_jobs` found."""

    limit: pulumi.Output[int | None]
    """How many jobs are listed at most, the newest; None for all."""

    def __init__(
        self,
        resource_name: str,
        props: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """List the jobs. Programs call `list_jobs`."""
        opts = read_options(resource_name, props, opts)
        opts, _ = take_secret_fields(opts, ("jobs", "job_ids"), props, "results")
        mocked = placeholders(["jobs", "job_ids"])
        # Inputs are outputs too, whether they are given or not.
        absent = dict.fromkeys(("appid", *FILTERS, *SETTINGS))
        inputs = {**mocked, **absent, **props, "results": secret_placeholder(props)}
        super().__init__(JobListProvider(), resource_name, inputs, opts)
        given = taken(self, mocked)
        self.jobs = summaries_output(self.results)
        self.job_ids = summary_ids_output(self.jobs)
        if given:
            self.jobs = given_summaries(given["jobs"], self.jobs)
            self.job_ids = given_ids(given["job_ids"], self.jobs)


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
    opts: pulumi.ResourceOptions | None = None,
) -> JobList:
    """List the COS Batch jobs of the last 90 days in a Pulumi program, newest first.

    Jobs of the same time are in the order of their ids. A filter that is None, or an output of null, leaves out no job.

    Every preview and up lists the jobs again; a refresh keeps what was listed last. `get_jobs(found.job_ids)` reads
    their descriptions, and `AllJobsCompletion("name", job_ids=found.job_ids)` waits for them. Such a gate follows the
    list: the next update waits for jobs that were added. Jobs that are no longer listed are removed from its state.
    When the list becomes empty, the gate stays open.

    Args:
        appid: APPID of the account that owns the jobs. Default: as for `get_job`.
        statuses: A status such as `Active`, or several: only jobs that have one of them.
        created_after: Only jobs created at this time or later: a datetime with a time zone, a text such as
            `2026-11-20T18:00:30Z` or `2026-11-20` (UTC if it has no offset), or a duration such as `7d`, which each
            read counts back from its own time. Jobs without a creation time are left out; else they are the last ones.
        created_before: Only jobs created before this time, in the same forms.
        description: Only jobs whose whole description matches this glob, such as `nightly*`, upper and lower case
            apart: `*` is any text, `?` any character, `[ab]` one of some.
        operation: Only jobs of this operation, by the name of its element, such as `COSPutObjectCopy`.
        limit: The newest of those jobs, at most so many. All pages are read in any case.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: Name in the stack. Default: `job-list`, for the second one `job-list-2`.
        opts: Resource options.

    Returns:
        A resource with the outputs `jobs`, a list of `JobSummary`, and `job_ids`, both empty if no job was found.

    Raises:
        InvalidArgumentError: An argument is malformed. Errors of the service are shown by the engine, as errors of
            this resource; a list that cannot be read to its end is one of them.
    """
    filters = filter_inputs(
        statuses=statuses,
        created_after=created_after,
        created_before=created_before,
        description=description,
        operation=operation,
        limit=limit,
    )
    props = {**filters, **arguments(appid=appid, uin=uin, region=region, endpoint=endpoint)}
    return JobList(resource_name or unused_name("job-list"), props, opts)


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
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Return `jobs` and `job_ids` of `list_jobs` as one output."""
    found = list_jobs(
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
        resource_name=resource_name,
        opts=opts,
    )
    return together(jobs=found.jobs, job_ids=found.job_ids)
