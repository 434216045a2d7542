"""`get_job` and `get_jobs` on Pulumi dynamic providers: only the wheel has to be installed.

They run in the program's process, their providers in another one. The engine reads an external resource at every
preview, up and refresh, and never creates, changes or deletes it. A refresh keeps what was read last.
"""

from __future__ import annotations

import collections
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY
from pulumi_cosjob._dynamic.providers import JobProvider, JobsProvider
from pulumi_cosjob._program.arguments import arguments, known_after, secret_placeholder
from pulumi_cosjob._program.mock_outputs import given_job, given_jobs, given_missing, placeholders, taken
from pulumi_cosjob._program.options import DYNAMIC_READ, check_options, take_secret_fields
from pulumi_cosjob._program.outputs import JOB_FIELDS, JobOutputs, jobs_output, missing_ids_output
from pulumi_cosjob._service.settings import SETTINGS, Missing

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import AccountAttributes, JobDescriptionOutput, JobsAttributes
else:
    AccountAttributes = JobsAttributes = object

__all__ = ["Job", "Jobs", "get_job", "get_job_output", "get_jobs", "get_jobs_output"]


_used_names: weakref.WeakKeyDictionary[Any, tuple[Any, collections.Counter[str]]] = weakref.WeakKeyDictionary()
_used_without_stack: collections.Counter[str] = collections.Counter()


def unused_name(name: str) -> str:
    """Return a resource name that this run of the program has not used yet: the second one ends in -2."""
    used = _names_of_this_run()
    used[name] += 1
    return name if used[name] == 1 else f"{name}-{used[name]}"


def _names_of_this_run() -> collections.Counter[str]:
    """Return how often each name was used.

    Each program and each `pulumi.runtime.set_mocks` has its own manager of requests. `pulumi.runtime.test` keeps the
    manager and the stack from one test to the next, but gives the manager a new list of requests.
    """
    manager: Any = pulumi.runtime.settings.SETTINGS.rpc_manager
    if pulumi.runtime.get_root_resource() is None or manager is None:
        return _used_without_stack
    requests = getattr(manager, "rpcs", None)
    if manager not in _used_names or _used_names[manager][0] is not requests:
        _used_names[manager] = requests, collections.Counter()
    return _used_names[manager][1]


def read_options(
    resource_name: str,
    props: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
    id_: pulumi.Input[str] | None = None,
) -> pulumi.ResourceOptions:
    """Return the options that delay the read of a resource until its inputs are known and its dependencies exist.

    Until then a preview reads nothing, and the outputs are not known.

    Args:
        resource_name: The resource's name. It is also its id if `id_` is absent or secret: an id is never secret.
        props: The inputs of the read.
        opts: The options of the program.
        id_: The resource's id.
    """
    check_options(opts, DYNAMIC_READ)
    depends_on = getattr(opts, "depends_on", None)
    if id_ is not None and not depends_on and all(_is_plain(value) for value in [id_, *props.values()]):
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
    identity = pulumi.Output.from_input(id_)
    known: pulumi.Output[Any] = pulumi.Output.all(known_after(depends_on), identity, *props.values())

    async def make(values: list[Any]) -> str:
        return values[1] if values[1] and not await identity.is_secret() else resource_name

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=pulumi.Output.unsecret(known.apply(make))))


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(each) for each in value)
    return isinstance(value, (str, int, float, bool))


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
        self._carry(self.result, placeholder, secret_fields)
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
        self.missing_job_ids = missing_ids_output(props["job_ids"], self.results)
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
    return pulumi.Output.all(jobs=found.jobs, missing_job_ids=found.missing_job_ids)
