"""`get_job` and `get_jobs` on Pulumi dynamic providers: nothing to install but the wheel.

The engine reads an external resource at every preview, up and refresh, and never creates, changes or deletes it. What a
refresh reads here is what was read last.
State files name the providers by this module and their names, and `refresh` and `destroy` load them from there: both
stay.
"""

from __future__ import annotations

import collections
import json
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic

from pulumi_cosjob._model.job import to_plain
from pulumi_cosjob._program.arguments import arguments, known_after, secret_placeholder
from pulumi_cosjob._program.mock_outputs import given_job, given_jobs, given_missing, placeholders, taken
from pulumi_cosjob._program.options import DYNAMIC_READ, check_options, take_secret_fields
from pulumi_cosjob._program.outputs import JOB_FIELDS, JobOutputs, dump_job, jobs_output, missing_ids_output
from pulumi_cosjob._service.settings import SETTINGS, Missing
from pulumi_cosjob._waiting.gate import check_inputs

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import AccountAttributes, JobDescriptionOutput, JobsAttributes
else:
    AccountAttributes = JobsAttributes = object

__all__ = [
    "Job",
    "JobProvider",
    "Jobs",
    "JobsProvider",
    "get_job",
    "get_job_output",
    "get_jobs",
    "get_jobs_output",
]


# ------------------------------------------------------------------------------------------- in the provider's process


class ConfiguredProvider(pulumi.dynamic.ResourceProvider):
    """Has what it takes to ask. Pickled by reference into the state, so it holds nothing before it is configured."""

    serialize_as_secret_always = False

    def configure(self, req: pulumi.dynamic.ConfigureRequest) -> None:
        """Keep the stack's config, secrets among it, in this process only."""
        from pulumi_cosjob._dynamic.provider_errors import show_sentences  # noqa: PLC0415  as above
        from pulumi_cosjob._engine.log import pass_on_warnings  # noqa: PLC0415  as above
        from pulumi_cosjob._engine.watch import CancellableClock  # noqa: PLC0415  as above
        from pulumi_cosjob._service.client import Clients  # noqa: PLC0415  programs import this module, and never ask

        show_sentences()
        self._config = req.config.get
        self._clients = Clients(req.config.get, CancellableClock())
        pass_on_warnings()


class JobProvider(ConfiguredProvider):
    """Reads a job."""

    def read(self, id_: str, props: dict[str, Any]) -> pulumi.dynamic.ReadResult:
        """Read the job for a program; a refresh keeps what was read last.

        Were it read anew there, `pulumi refresh --expect-no-changes` would fail for as long as a job is under way.
        """
        if props.get("result"):
            return pulumi.dynamic.ReadResult(id_, props)
        inputs = _inputs(props, "job_id", "appid", *SETTINGS)
        check_inputs("job_id", inputs)
        description = self._clients.get(inputs).describe_job(inputs["job_id"], inputs["appid"])
        return pulumi.dynamic.ReadResult(id_, {**inputs, "result": dump_job(description)})


class JobsProvider(ConfiguredProvider):
    """Reads many jobs. They travel as JSON text: the engine takes seconds over hundreds of them as properties."""

    def read(self, id_: str, props: dict[str, Any]) -> pulumi.dynamic.ReadResult:
        """Read the jobs for a program; a refresh keeps what was read last, as for one job."""
        if props.get("results"):
            return pulumi.dynamic.ReadResult(id_, props)
        inputs = _inputs(props, "job_ids", "appid", "missing", "max_concurrency", *SETTINGS)
        check_inputs("job_ids", inputs)
        given = {name: inputs[name] for name in ("missing", "max_concurrency") if name in inputs}
        found = self._clients.get(inputs).describe_jobs(inputs["job_ids"], inputs["appid"], **given)
        results = {job_id: to_plain(found[job_id]) for job_id in found}
        return pulumi.dynamic.ReadResult(id_, {**inputs, "results": json.dumps(results)})


def _inputs(props: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: props[name] for name in names if props.get(name) is not None}


# -------------------------------------------------------------------------------------------- in the program's process


_used_names: weakref.WeakKeyDictionary[Any, tuple[Any, collections.Counter[str]]] = weakref.WeakKeyDictionary()
_used_without_stack: collections.Counter[str] = collections.Counter()


def unused_name(name: str) -> str:
    """Return a resource name that this run of the program has not been given yet: the second one ends in -2."""
    used = _names_of_this_run()
    used[name] += 1
    return name if used[name] == 1 else f"{name}-{used[name]}"


def _names_of_this_run() -> collections.Counter[str]:
    """Return how often each name was taken.

    Each program, and each `pulumi.runtime.set_mocks`, has a manager of requests of its own. `pulumi.runtime.test` keeps
    it from one test to the next, and the stack as well, but gives it another list of requests.
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
    """Return the options by which a resource is read once all is known and there that the read needs.

    With less, a preview has nothing to read, and the outputs are not known either.

    Args:
        resource_name: The resource's name; its id too where no other will do.
        props: What it is read by.
        opts: The options of the program.
        id_: The resource's id, where that is no secret: ids are never kept as such.
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


# Inputs are outputs too, whether they are given or not.
ABSENT = dict.fromkeys(SETTINGS)


class Job(JobOutputs, pulumi.dynamic.Resource, AccountAttributes, module="cosjob", name="Job"):
    """A job that `get_job` reads; every field is an output. See `get_job`."""

    def __init__(
        self,
        resource_name: str,
        props: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the job; programs call `get_job`."""
        opts = read_options(resource_name, props, opts, props["job_id"])
        opts, secret_fields = take_secret_fields(opts, JOB_FIELDS, props, "result")
        placeholder = secret_placeholder(props)
        mocked = placeholders(name for name in JOB_FIELDS if name not in props)
        inputs = {**mocked, **ABSENT, **props, "result": placeholder}
        super().__init__(JobProvider(), resource_name, inputs, opts)
        self._carry(self.result, placeholder, secret_fields)
        if mocked:
            self.result = given_job(taken(self, mocked), props["job_id"], self.result)


def get_job(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str],
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Job:
    """Read the state of a COS Batch job into a Pulumi program.

    The job is read anew at every preview and up; a refresh keeps what was read last. It is never owned: nothing is
    created, changed or deleted.

    Args:
        job_id: Id of the job, 1 to 64 bytes.
        appid: APPID of the account that owns it, such as `1250000000`.
        uin: Id of the main account, such as `100000000001`; by default config `cosjob:uin`, then `COSJOB_UIN`.
        region: Such as `ap-chengdu`; by default config `cosjob:region`, `tencentcloud:region`, then
            `TENCENTCLOUD_REGION`.
        endpoint: In place of the one that uin and region make up; by default config `cosjob:endpoint`, then
            `COSJOB_ENDPOINT`.
        resource_name: Name in the stack; by default the job's id, or `job` where that is not known yet.
        opts: Options as any resource takes them: parent, depends_on, …

    Returns:
        The job, with an output for each of its fields; one that the job lacks is None, in a preview too.

    Raises:
        InvalidArgumentError: An argument is malformed. All that the service has to say comes from the engine, as an
            error of this resource.
    """
    props = arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint)
    name = resource_name or unused_name(job_id if isinstance(job_id, str) else "job")
    return Job(name, props, opts)


def get_job_output(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str],
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> JobDescriptionOutput:
    """Do as `get_job`; the job as one output."""
    job = get_job(job_id, appid, uin=uin, region=region, endpoint=endpoint, resource_name=resource_name, opts=opts)
    return job.result


class Jobs(pulumi.dynamic.Resource, JobsAttributes, module="cosjob", name="Jobs"):
    """Jobs that `get_jobs` reads. See there."""

    max_concurrency: pulumi.Output[int]
    """How many questions may be under way."""

    def __init__(
        self,
        resource_name: str,
        props: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the jobs; programs call `get_jobs`."""
        opts = read_options(resource_name, props, opts)
        opts, _ = take_secret_fields(opts, ("jobs", "missing_job_ids"), props, "results")
        mocked = placeholders(["jobs", "missing_job_ids"])
        inputs = {**mocked, **ABSENT, **props, "results": secret_placeholder(props)}
        super().__init__(JobsProvider(), resource_name, inputs, opts)
        given = taken(self, mocked)
        self.jobs = jobs_output(self.results)
        self.missing_job_ids = missing_ids_output(props["job_ids"], self.results)
        if given:
            self.jobs = given_jobs(given["jobs"], self.jobs)
            self.missing_job_ids = given_missing(given["missing_job_ids"], props["job_ids"], self.jobs)


def get_jobs(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str],
    *,
    missing: Missing = "error",
    max_concurrency: int = 16,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Jobs:
    """Read the states of many COS Batch jobs into a Pulumi program, as one read of the engine.

    They are read at the same time, anew at every preview and up, and never owned: as by `get_job`, which for hundreds
    of jobs makes the engine write its state hundreds of times.

    Args:
        job_ids: Ids of the jobs, 1 to 64 bytes each.
        appid: APPID of the account that owns them, such as `1250000000`.
        missing: What to do about a job that the service does not know: `error` (default) fails and names all of them,
            `skip` leaves them out of `jobs` and lists them in `missing_job_ids`.
        max_concurrency: How many questions may be under way, 1 to 64; fewer while the service asks to slow down.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: Name in the stack; by default `jobs`, the second one `jobs-2`.
        opts: Options as any resource takes them.

    Returns:
        The jobs, in its output `jobs` by job id, each typed as what `get_job` returns in `result`.

    Raises:
        InvalidArgumentError: An argument is malformed. All that the service has to say comes from the engine, as an
            error of this resource.
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
    appid: pulumi.Input[str],
    *,
    missing: Missing = "error",
    max_concurrency: int = 16,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Do as `get_jobs`; `jobs` and `missing_job_ids` as one output."""
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
