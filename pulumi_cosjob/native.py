"""The same names as in `pulumi_cosjob`, on the native plugin: gates without limits, several accounts in one program.

```python
from pulumi_cosjob.native import JobCompletion, Provider, get_job
```

A program moves here by that change of its imports; what its stack knows of gates that have opened is kept. The plugin
needs no installation: where the engine would not find it, the program's first use of it here installs it
(COSJOB_PLUGIN_INSTALL=never prevents that). A `pulumi destroy` or `refresh` runs no program: on a machine where none
has run, it needs `cosjob plugin install` first. Beyond the package's names there is `Provider`, for other accounts or
regions than the configured ones (`opts=ResourceOptions(provider=…)`), and `custom_timeouts` is honoured. The engine
gives a plugin no configuration but its own, so keys in `tencentcloud:` are not seen here; the environment's are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY
from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.naming import camel_name, in_snake_case, snake_name
from pulumi_cosjob._plugin.first_use import provide_plugin
from pulumi_cosjob._program.arguments import Timeout, accepted_failures, arguments, created, timeout_input
from pulumi_cosjob._program.mock_outputs import given_job, is_mocked
from pulumi_cosjob._program.options import NATIVE_FUNCTION, NATIVE_GATE, check_options
from pulumi_cosjob._program.outputs import Field, JobOutputs, jobs_by_id, partial_job
from pulumi_cosjob._program.secret_texts import SecretTexts
from pulumi_cosjob._service.settings import SETTINGS, Missing
from pulumi_cosjob._version import plugin_version
from pulumi_cosjob._waiting.gate import INPUTS, SERVICE_ENDPOINT, WAIT_INPUTS

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import (
        AllJobsAttributes,
        GateAttributes,
        JobDescriptionOutput,
        JobsOutput,
    )
else:
    AllJobsAttributes = GateAttributes = object

__all__ = [
    "AllJobsCompletion",
    "Job",
    "JobCompletion",
    "Jobs",
    "Provider",
    "get_job",
    "get_job_output",
    "get_jobs",
    "get_jobs_output",
]

Options = pulumi.ResourceOptions | pulumi.InvokeOptions | pulumi.InvokeOutputOptions

_OUTPUTS = tuple(map(camel_name, (*element_fields(JobDescription), *BEYOND_SCHEMA)))


def _given(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that are there by their names in the protocol."""
    return {camel_name(name): value for name, value in arguments.items() if value is not None}


class Provider(pulumi.ProviderResource):
    """One account and region; what is not given comes from the environment of the Pulumi command.

    Args:
        resource_name: Name in the stack.
        uin: Id of the main account, such as `100000000001`.
        region: Such as `ap-chengdu`.
        secret_id: Id of the key to sign with; kept as a secret, as are the next two.
        secret_key: The key.
        token: The token that belongs to a temporary key.
        endpoint: In place of the one that uin and region make up.
        validation: `lenient` (default) leaves out what violates the schema, with a warning; `strict` fails.
        request_timeout: Seconds for one request with all its attempts, 60 by default.
        opts: Options as any resource takes them.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        secret_id: pulumi.Input[str] | None = None,
        secret_key: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        validation: pulumi.Input[str] | None = None,
        request_timeout: pulumi.Input[float] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        arguments(uin=uin, region=region, endpoint=endpoint)
        secrets = _given(secret_id=secret_id, secret_key=secret_key, token=token)
        number = None if request_timeout is None else pulumi.Output.from_input(request_timeout).apply(json.dumps)
        settings = _given(uin=uin, region=region, endpoint=endpoint, validation=validation, request_timeout=number)
        props = {**settings, **{name: pulumi.Output.secret(value) for name, value in secrets.items()}}
        own = pulumi.ResourceOptions(version=plugin_version(), additional_secret_outputs=list(secrets))
        provide_plugin()
        super().__init__("cosjob", resource_name, props, pulumi.ResourceOptions.merge(own, opts))


# ----------------------------------------------------------------------------------------------------------- functions


class Job(JobOutputs):
    """A job that `get_job` reads; every field is an output."""

    def __init__(self, result: JobDescriptionOutput) -> None:
        self.result = result

    def __repr__(self) -> str:
        """Say why it is no parent, and nothing to depend on."""
        return "<a job that was read by a function, which is no resource: name what it depends on itself>"


class Jobs:
    """Jobs that `get_jobs` reads."""

    jobs: JobsOutput
    """The jobs by job id, each with every field."""

    missing_job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs that were skipped, as the service does not know them."""

    def __init__(self, jobs: JobsOutput, missing: pulumi.Output[Sequence[str]]) -> None:
        self.jobs = jobs
        self.missing_job_ids = missing

    def __repr__(self) -> str:
        """Say why they are no parent, and nothing to depend on."""
        return "<jobs that were read by a function, which are no resource: name what they depend on themselves>"


def get_job(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str],
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: Options | None = None,
) -> Job:
    """Read the state of a COS Batch job into a Pulumi program, without a trace in the stack's state.

    Args:
        job_id: As for `pulumi_cosjob.get_job`.
        appid: As there.
        uin: As there; by default the provider's.
        region: As there; by default the provider's.
        endpoint: As there; by default the provider's.
        resource_name: Not needed here: nothing in the stack has this name.
        opts: Options as invokes take them; of those of a resource parent, provider and depends_on are taken.

    Returns:
        The job, with an output for each of its fields; one that the job lacks is None, in a preview too.

    Raises:
        InvalidArgumentError: An argument is malformed. All that the service has to say comes from the engine.
    """
    del resource_name
    return Job(get_job_output(job_id, appid, uin=uin, region=region, endpoint=endpoint, opts=opts))


def get_job_output(
    job_id: pulumi.Input[str],
    appid: pulumi.Input[str],
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> JobDescriptionOutput:
    """Do as `get_job`; the job as one output."""
    given = _given(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
    output = _invoke("cosjob:index:getJob", given, opts).apply(_description)
    return cast("JobDescriptionOutput", Field.of(output))


def get_jobs(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str],
    *,
    missing: Missing = "error",
    max_concurrency: int = DEFAULT_CONCURRENCY,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    resource_name: str | None = None,
    opts: Options | None = None,
) -> Jobs:
    """Read the states of many COS Batch jobs, asked about at the same time.

    Args:
        job_ids: As for `pulumi_cosjob.get_jobs`.
        appid: As there.
        missing: As there.
        max_concurrency: As there.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        resource_name: As for `get_job`.
        opts: As for `get_job`.

    Returns:
        The jobs, in its output `jobs` by job id.

    Raises:
        InvalidArgumentError: An argument is malformed. All that the service has to say comes from the engine.
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
    return Jobs(cast("JobsOutput", Field.of(found)["jobs"]), Field.of(found)["missing_job_ids"])


def get_jobs_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str],
    *,
    missing: Missing = "error",
    max_concurrency: int = DEFAULT_CONCURRENCY,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Do as `get_jobs`; `jobs` and `missing_job_ids` as one output."""
    given = _given(
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
        jobs, missing = _descriptions(found.get("jobs")), found.get("missingJobIds")
        if missing is None and jobs is not None:  # mocks may leave it to be found out
            missing = [job_id for job_id in dict.fromkeys(found["jobIds"]) if job_id not in jobs]
        return {"jobs": jobs, "missing_job_ids": missing}

    return Field.of(_invoke("cosjob:index:getJobs", given, opts).apply(read))


def _invoke(token: str, arguments: Mapping[str, Any], opts: Options | None) -> pulumi.Output[Any]:
    check_options(opts, NATIVE_FUNCTION)
    provide_plugin()
    options = pulumi.InvokeOptions(
        parent=getattr(opts, "parent", None),
        provider=getattr(opts, "provider", None),
        version=getattr(opts, "version", None) or plugin_version(),
        plugin_download_url=getattr(opts, "plugin_download_url", None),
    )
    after = created(getattr(opts, "depends_on", None))
    known: pulumi.Output[Any] = pulumi.Output.all(pulumi.Output.all(**arguments), after)
    return known.apply(lambda values: _ask(token, values[0], options, known))


async def _ask(
    token: str, arguments: Mapping[str, Any], options: pulumi.InvokeOptions, known: pulumi.Output[Any]
) -> Any:
    """Call a function of the plugin; what goes wrong is a message to the program's author, and no traceback."""
    try:
        found = await pulumi.runtime.invoke_async(token, arguments, options)
    except Exception as error:  # noqa: BLE001  the SDK raises no other
        what = str(error)
        if await known.is_secret():
            # The SDK takes that mark off: the plugin did not know.
            texts = [text for value in arguments.values() for text in (value if isinstance(value, list) else [value])]
            what = SecretTexts(text for text in texts if isinstance(text, str)).redact(what)
        raise pulumi.RunError(what.partition(" returned an error: ")[2] or what) from None
    # A provider whose settings are not known yet returns nothing in a preview; mocks may return nothing in an update.
    if not found and pulumi.runtime.is_dry_run():
        return pulumi.output.UNKNOWN
    return {**arguments, **(found or {})}


def _description(values: Mapping[str, Any]) -> JobDescription:
    return partial_job(in_snake_case(values))


def _descriptions(jobs: Mapping[str, Any] | None) -> Mapping[str, JobDescription] | None:
    """Return jobs by their ids; None where the engine was to leave a resource alone that there is not."""
    return None if jobs is None else jobs_by_id({job_id: in_snake_case(job) for job_id, job in jobs.items()})


# --------------------------------------------------------------------------------------------------------------- gates


def _how(
    timeout: pulumi.Input[Timeout] | None,
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
) -> dict[str, Any]:
    """Return how to wait, as inputs."""
    return _given(
        timeout=timeout_input(timeout),
        max_failed_tasks=accepted_failures(max_failed_tasks),
        **arguments(fail_when_suspended=fail_when_suspended),
    )


class _Gate(pulumi.CustomResource, GateAttributes):
    """What both gates have in common."""

    def __init__(
        self,
        name: str,
        resource_name: str,
        outputs: Sequence[str],
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        absent = [camel_name(each) for each in (*SETTINGS, *WAIT_INPUTS)]
        props = {**dict.fromkeys([*outputs, *absent, camel_name(SERVICE_ENDPOINT)]), **inputs}
        provide_plugin()
        super().__init__(f"cosjob:index:{name}", resource_name, props, _gate_options(name, opts))
        self._carried = {each: self.__dict__.pop(each) for each in outputs}
        self._completed_jobs = list(self._carried.values())[:1]
        for each in (*INPUTS, SERVICE_ENDPOINT):
            # The inputs are outputs too, by the names that they have in Python.
            if camel_name(each) in self.__dict__:
                self.__dict__[each] = self.__dict__.pop(camel_name(each))

    def translate_input_property(self, prop: str) -> str:
        """Take the names of Python in `ignore_changes` and the like."""
        return camel_name(prop)


def _gate_options(name: str, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    check_options(opts, NATIVE_GATE)
    # What a stack knows of a dynamic gate of this name is taken over.
    before = pulumi.Alias(type_=f"pulumi-python:dynamic/cosjob:{name}")
    own = pulumi.ResourceOptions(version=plugin_version(), aliases=[before])
    return pulumi.ResourceOptions.merge(own, opts)


class JobCompletion(JobOutputs, _Gate):
    """Stands for "this job has completed": it exists once that is so, and what depends on it waits.

    As `pulumi_cosjob.JobCompletion`; any number of them wait at the same time, and Ctrl-C ends them.

    Args:
        resource_name: Name in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`.
        timeout: For how long to wait at the most: seconds, `"90s"`, `"2h"`, `"1d12h"` or a timedelta. By default what
            `custom_timeouts` in opts says for create (for jobs that are added later: for update), then 1 h.
        max_failed_tasks: Failed tasks that a complete job may have: 0 by default, None for any number.
        fail_when_suspended: Whether to give up when the job waits for a person to confirm it.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Options as any resource takes them.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int] = pulumi.property("maxFailedTasks")
    """Failed tasks that a complete job may have; -1 for any number."""

    def __init__(
        self,
        resource_name: str,
        *,
        job_id: pulumi.Input[str],
        appid: pulumi.Input[str],
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = _given(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
        how = _how(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("JobCompletion", resource_name, _OUTPUTS, {**props, **how}, opts)
        result = Field.together(self._carried, _description, known_by="status", secret_by=_OUTPUTS)
        self.result = cast("JobDescriptionOutput", result)
        if is_mocked():
            self.result = self._given(_OUTPUTS)

    def _given(self, secret_by: Sequence[str]) -> JobDescriptionOutput:
        """Return the job that mocks give."""
        given = {
            snake_name(name): (each if name in secret_by else pulumi.Output.unsecret(each)).apply(in_snake_case)
            for name, each in self._carried.items()
        }
        return given_job(given, given["job_id"])

    def _output_of(self, name: str) -> pulumi.Output[Any]:
        # By itself: where another field is a secret, this one need not be.
        camel = camel_name(name)
        if is_mocked():
            return Field.of(self._given([camel])).__getattr__(name)
        dump_job = {each: self._carried[each] for each in ("status", camel)}

        def made(values: Mapping[str, Any]) -> Any:
            return getattr(_description({"jobId": "", **values}), name)

        return Field.together(dump_job, made, known_by="status", secret_by=[camel])


class AllJobsCompletion(_Gate, AllJobsAttributes):
    """Stands for "all these jobs have completed", asked about at the same time; see `JobCompletion`.

    It fails as soon as one job has failed, and names all that have by then. A job that is added later is waited for by
    the next `up`; those that have completed are not asked about again.

    Args:
        resource_name: Name in the stack.
        job_ids: Ids of the jobs.
        appid: APPID of the account that owns the jobs.
        timeout: As for `JobCompletion`, for all of them together.
        max_failed_tasks: As for `JobCompletion`, for each of them.
        fail_when_suspended: As for `JobCompletion`.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Options as any resource takes them.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int] = pulumi.property("maxFailedTasks")
    """Failed tasks that a complete job may have; -1 for any number."""

    def __init__(
        self,
        resource_name: str,
        *,
        job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        appid: pulumi.Input[str],
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = _given(**arguments(job_ids=job_ids, appid=appid, uin=uin, region=region, endpoint=endpoint))
        how = _how(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("AllJobsCompletion", resource_name, ["jobs"], {**props, **how}, opts)
        self.jobs = cast("JobsOutput", Field.of(self._carried["jobs"].apply(_descriptions)))
