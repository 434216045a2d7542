"""`JobCompletion` and `AllJobsCompletion` on the native plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi

from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.naming import camel_name, in_snake_case, snake_name
from pulumi_cosjob._native.protocol import job_of, jobs_of, properties
from pulumi_cosjob._plugin.first_use import provide_plugin
from pulumi_cosjob._program.arguments import Timeout, accepted_failures, arguments, timeout_input
from pulumi_cosjob._program.mock_outputs import given_job, is_mocked
from pulumi_cosjob._program.options import NATIVE_GATE, check_options
from pulumi_cosjob._program.outputs import Field, JobOutputs
from pulumi_cosjob._service.settings import SETTINGS
from pulumi_cosjob._version import plugin_version
from pulumi_cosjob._waiting.gate import INPUTS, SERVICE_ENDPOINT, WAIT_INPUTS

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import AllJobsAttributes, GateAttributes, JobDescriptionOutput, JobsOutput
else:
    AllJobsAttributes = GateAttributes = object

__all__ = ["AllJobsCompletion", "JobCompletion"]

_OUTPUTS = tuple(map(camel_name, (*element_fields(JobDescription), *BEYOND_SCHEMA)))


def _wait_inputs(
    timeout: pulumi.Input[Timeout] | None,
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
) -> dict[str, Any]:
    """Return the inputs of a wait."""
    return properties(
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
        absent = [camel_name(each) for each in ("appid", *SETTINGS, *WAIT_INPUTS)]
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


# Both gates repeat their parameters, because editors show them from the signature.
class JobCompletion(JobOutputs, _Gate):
    """A gate that opens when a job has completed: the resource is created then, and its dependents wait until then.

    As `pulumi_cosjob.JobCompletion`; any number of gates wait at the same time, and Ctrl-C ends them.

    Args:
        resource_name: Name of the gate in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`. Default: as for `get_job`.
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
        appid: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = properties(**arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint))
        wait = _wait_inputs(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("JobCompletion", resource_name, _OUTPUTS, {**props, **wait}, opts)
        self._make_result_when_used()

    def _mocked_result(self, secret_by: Sequence[str]) -> JobDescriptionOutput:
        """Return the job that mocks return, secret if one of some outputs is."""
        fields = {
            snake_name(name): (each if name in secret_by else pulumi.Output.unsecret(each)).apply(in_snake_case)
            for name, each in self._outputs.items()
        }
        return given_job(fields, fields["job_id"])

    def _output_of(self, name: str) -> pulumi.Output[Any]:
        if name == "result":
            if is_mocked():
                return self._mocked_result(_OUTPUTS)
            return Field.combined(self._outputs, job_of, known_by="status", secret_by=_OUTPUTS)
        # From its own output, not from `result`, which is secret if any field is.
        camel = camel_name(name)
        if is_mocked():
            return Field.attribute(self._mocked_result([camel]), name)
        outputs = {each: self._outputs[each] for each in ("status", camel)}

        def field(values: Mapping[str, Any]) -> Any:
            return getattr(job_of(values), name)

        return Field.combined(outputs, field, known_by="status", secret_by=[camel])


class AllJobsCompletion(_Gate, AllJobsAttributes):
    """A gate that opens when all of many jobs have completed; see `JobCompletion`.

    It fails as soon as one job has failed, and lists all that have failed by then. The next update waits for jobs that
    were added; jobs that have completed are not requested again.

    Args:
        resource_name: Name of the gate in the stack.
        job_ids: Ids of the jobs.
        appid: As for `JobCompletion`.
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
        appid: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[Timeout] | None = None,
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = properties(**arguments(job_ids=job_ids, appid=appid, uin=uin, region=region, endpoint=endpoint))
        wait = _wait_inputs(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__("AllJobsCompletion", resource_name, ["jobs"], {**props, **wait}, opts)
        self.jobs = cast("JobsOutput", Field.applied(self._outputs["jobs"], jobs_of))
