"""The same names as in `pulumi_cosjob`, on the native plugin: gates without limits, several accounts in one program.

```python
from pulumi_cosjob.native import JobCompletion, Provider, get_job
```

A program moves here by changing this import; open gates in its stack stay open. The plugin needs no installation: if
the engine would not find it, the program's first use of it installs it (COSJOB_PLUGIN_INSTALL=never prevents that).
`pulumi destroy` and `refresh` run no program: on a machine where none has run, run `cosjob plugin install` first. In
addition to the package's names there is `Provider`, for accounts or regions other than the configured ones
(`opts=ResourceOptions(provider=…)`). The engine passes a plugin only its own configuration: credentials in
`tencentcloud:` are not read here; those of the environment are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_cosjob._model.job import (
    BEYOND_SCHEMA,
    JobDescription,
    camel_name,
    element_fields,
    in_snake_case,
    snake_name,
)
from pulumi_cosjob._plugin.first_use import provide_plugin
from pulumi_cosjob._program.arguments import Timeout, accepted_failures, arguments, known_after, timeout_input
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


def _properties(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that are not None, by their names in the plugin's schema."""
    return {camel_name(name): value for name, value in arguments.items() if value is not None}


class Provider(pulumi.ProviderResource):
    """One account and region. Settings that are not given are read from the environment of the Pulumi command.

    Args:
        resource_name: Name of the provider in the stack.
        uin: UIN of the main account, such as `100000000001`.
        region: Region of the jobs, such as `ap-chengdu`.
        secret_id: Secret id of the credentials that sign requests. A secret in the state, like the next two.
        secret_key: Secret key that belongs to `secret_id`.
        token: Session token that belongs to temporary credentials.
        endpoint: Endpoint of the service, in place of the default for `uin` and `region`.
        validation: How to treat a response that violates the schema: `lenient` (default) leaves out the elements that
            violate it, with a warning; `strict` fails.
        request_timeout: Seconds for one request with all its attempts. Default: 60.
        opts: Resource options.

    Raises:
        InvalidArgumentError: `uin`, `region` or `endpoint` is malformed.
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
        secrets = _properties(secret_id=secret_id, secret_key=secret_key, token=token)
        # Settings of a provider that are not text travel as JSON.
        seconds = None if request_timeout is None else pulumi.Output.from_input(request_timeout).apply(json.dumps)
        settings = _properties(
            uin=uin, region=region, endpoint=endpoint, validation=validation, request_timeout=seconds
        )
        props = {**settings, **{name: pulumi.Output.secret(value) for name, value in secrets.items()}}
        own = pulumi.ResourceOptions(version=plugin_version(), additional_secret_outputs=list(secrets))
        provide_plugin()
        super().__init__("cosjob", resource_name, props, pulumi.ResourceOptions.merge(own, opts))


# ----------------------------------------------------------------------------------------------------------- functions


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
    """Read the current state of a COS Batch job. Nothing is kept in the stack's state.

    Args:
        job_id: Id of the job.
        appid: APPID of the account that owns the job, such as `1250000000`.
        uin: UIN of the main account. Default: the provider's.
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
    appid: pulumi.Input[str],
    *,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> JobDescriptionOutput:
    """Read a job as `get_job` does; return it as one output."""
    inputs = _properties(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
    output = _invoke("cosjob:index:getJob", inputs, opts).apply(_job)
    return cast("JobDescriptionOutput", Field.of(output))


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
    opts: Options | None = None,
) -> Jobs:
    """Read the current states of many COS Batch jobs, with concurrent requests.

    Args:
        job_ids: Ids of the jobs.
        appid: APPID of the account that owns the jobs, such as `1250000000`.
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
    return Jobs(cast("JobsOutput", Field.of(found)["jobs"]), Field.of(found)["missing_job_ids"])


def get_jobs_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    appid: pulumi.Input[str],
    *,
    missing: Missing = "error",
    max_concurrency: int = 16,
    uin: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    opts: Options | None = None,
) -> pulumi.Output[Mapping[str, Any]]:
    """Read jobs as `get_jobs` does; return `jobs` and `missing_job_ids` as one output."""
    inputs = _properties(
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
        jobs, missing = _jobs(found.get("jobs")), found.get("missingJobIds")
        if missing is None and jobs is not None:  # users' mocks need not return it
            missing = [job_id for job_id in dict.fromkeys(found["jobIds"]) if job_id not in jobs]
        return {"jobs": jobs, "missing_job_ids": missing}

    return Field.of(_invoke("cosjob:index:getJobs", inputs, opts).apply(read))


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
    inputs: pulumi.Output[Any] = pulumi.Output.all(pulumi.Output.all(**arguments), dependencies)
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


def _job(values: Mapping[str, Any]) -> JobDescription:
    return partial_job(in_snake_case(values))


def _jobs(jobs: Mapping[str, Any] | None) -> Mapping[str, JobDescription] | None:
    """Return jobs by job id; None for a gate that does not exist and that the engine does not create (`--target`)."""
    return None if jobs is None else jobs_by_id({job_id: in_snake_case(job) for job_id, job in jobs.items()})


# --------------------------------------------------------------------------------------------------------------- gates


# Both gates repeat their parameters: editors and documentation show them from the signature.
def _wait_inputs(
    timeout: pulumi.Input[Timeout] | None,
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
) -> dict[str, Any]:
    """Return the inputs of a wait."""
    return _properties(
        timeout=timeout_input(timeout),
        max_failed_tasks=accepted_failures(max_failed_tasks),
        **arguments(fail_when_suspended=fail_when_suspended),
    )


class _Gate(pulumi.CustomResource, GateAttributes):
    """The base class of both gates.

    Args:
        name: Name of the resource type.
        resource_name: Name in the stack.
        outputs: Names of the outputs with jobs or their fields. The subclass makes its attributes of them.
        inputs: Inputs by their names in the plugin's schema.
        opts: Resource options.
    """

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
        self._outputs = {each: self.__dict__.pop(each) for each in outputs}
        self._completed_jobs = list(self._outputs.values())[:1]
        for each in (*INPUTS, SERVICE_ENDPOINT):
            # Inputs are outputs too, by their names in Python.
            if camel_name(each) in self.__dict__:
                self.__dict__[each] = self.__dict__.pop(camel_name(each))

    def translate_input_property(self, prop: str) -> str:
        """Return the name in the plugin's schema, for `ignore_changes` and similar options."""
        return camel_name(prop)


def _gate_options(name: str, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    check_options(opts, NATIVE_GATE)
    # A dynamic gate of the same name in the stack becomes this gate.
    dynamic = pulumi.Alias(type_=f"pulumi-python:dynamic/cosjob:{name}")
    own = pulumi.ResourceOptions(version=plugin_version(), aliases=[dynamic])
    return pulumi.ResourceOptions.merge(own, opts)


class JobCompletion(JobOutputs, _Gate):
    """A gate that opens when a job has completed: the resource is created then, and its dependents wait until then.

    As `pulumi_cosjob.JobCompletion`; any number of gates wait at the same time, and Ctrl-C ends them.

    Args:
        resource_name: Name of the gate in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`.
        timeout: How long to wait at most: seconds, a text such as `"90s"`, `"2h"` or `"1d12h"`, or a timedelta.
            Default: `create` of `custom_timeouts` in opts, then 1 h.
        max_failed_tasks: Number of failed tasks that a complete job may have; None for any number. Default: 0.
        fail_when_suspended: Whether to fail when the job waits for a person to confirm it.
        uin: As for `get_job`. Another account replaces the gate.
        region: As for `get_job`. Another region replaces the gate.
        endpoint: As for `get_job`. Another endpoint replaces the gate.
        opts: Resource options.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int] = pulumi.property("maxFailedTasks")
    """Number of failed tasks that a complete job may have; -1 for any number."""

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
        props = _properties(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
        wait = _wait_inputs(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("JobCompletion", resource_name, _OUTPUTS, {**props, **wait}, opts)
        result = Field.combined(self._outputs, _job, known_by="status", secret_by=_OUTPUTS)
        self.result = cast("JobDescriptionOutput", result)
        if is_mocked():
            self.result = self._mocked_result(_OUTPUTS)

    def _mocked_result(self, secret_by: Sequence[str]) -> JobDescriptionOutput:
        """Return the job that mocks return, secret if one of some outputs is."""
        fields = {
            snake_name(name): (each if name in secret_by else pulumi.Output.unsecret(each)).apply(in_snake_case)
            for name, each in self._outputs.items()
        }
        return given_job(fields, fields["job_id"])

    def _output_of(self, name: str) -> pulumi.Output[Any]:
        # From its own output, not from `result`, which is secret if any field is.
        camel = camel_name(name)
        if is_mocked():
            return Field.of(self._mocked_result([camel])).__getattr__(name)
        outputs = {each: self._outputs[each] for each in ("status", camel)}

        def field(values: Mapping[str, Any]) -> Any:
            return getattr(_job({"jobId": "", **values}), name)

        return Field.combined(outputs, field, known_by="status", secret_by=[camel])


class AllJobsCompletion(_Gate, AllJobsAttributes):
    """A gate that opens when all of many jobs have completed; see `JobCompletion`.

    It fails as soon as one job has failed, and lists all that have failed by then. The next update waits for jobs that
    were added; jobs that have completed are not requested again.

    Args:
        resource_name: Name of the gate in the stack.
        job_ids: Ids of the jobs.
        appid: APPID of the account that owns the jobs.
        timeout: As for `JobCompletion`, for all jobs together. For jobs that are added later the default is `update` of
            `custom_timeouts`, then 1 h.
        max_failed_tasks: As for `JobCompletion`, for each job.
        fail_when_suspended: As for `JobCompletion`.
        uin: As for `JobCompletion`.
        region: As for `JobCompletion`.
        endpoint: As for `JobCompletion`.
        opts: Resource options.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    max_failed_tasks: pulumi.Output[int] = pulumi.property("maxFailedTasks")
    """Number of failed tasks that a complete job may have; -1 for any number."""

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
        props = _properties(**arguments(job_ids=job_ids, appid=appid, uin=uin, region=region, endpoint=endpoint))
        wait = _wait_inputs(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("AllJobsCompletion", resource_name, ["jobs"], {**props, **wait}, opts)
        self.jobs = cast("JobsOutput", Field.of(self._outputs["jobs"].apply(_jobs)))
