"""`JobCompletion` and `AllJobsCompletion`: resources that exist once jobs have completed.

What depends on one of them does not start before. State files name the providers by this module and their names, and
`refresh` and `destroy` load them from there: both stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.runtime import rpc

from pulumi_cosjob._dynamic.functions import ABSENT, ConfiguredProvider
from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._model.job import JobDescription, from_plain, to_plain
from pulumi_cosjob._program.arguments import Timeout, accepted_failures, arguments, secret_placeholder, timeout_input
from pulumi_cosjob._program.mock_outputs import given_job, given_jobs, placeholders, taken
from pulumi_cosjob._program.options import DYNAMIC_GATE, check_options, custom_timeouts, take_secret_fields
from pulumi_cosjob._program.outputs import JOB_FIELDS, JobOutputs, dump_job, jobs_output, load_job
from pulumi_cosjob._waiting.gate import (
    ANY_NUMBER,
    INPUTS,
    SERVICE_ENDPOINT,
    UNKNOWN,
    TargetInput,
    changed_inputs,
    check_inputs,
    is_known,
    job_ids_of,
    limits_of,
    make_id,
    new_job_ids,
    replacing_inputs,
    with_service_endpoint,
)

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import DynamicAllJobsAttributes, GateAttributes
else:
    DynamicAllJobsAttributes = GateAttributes = object

__all__ = ["AllJobsCompletion", "AllJobsCompletionProvider", "JobCompletion", "JobCompletionProvider"]

# Tells `check` that this is a preview, and is never stored. Only a preview fails for a missing job, which may still
# appear in an update.
_PREVIEW = "preview"
# The engine tells a dynamic provider nothing of them.
_CUSTOM_TIMEOUTS = "custom_timeouts"


# ------------------------------------------------------------------------------------------- in the provider's process


class _GateProvider(ConfiguredProvider):
    """What both gates have in common."""

    subject: TargetInput

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse malformed inputs and, before the gate exists, jobs that can never complete."""
        preview = bool(news.pop(_PREVIEW, False))
        # The inputs are all that is told here of a gate that there is.
        before = _inputs_before(_olds)
        inputs = with_service_endpoint(_inputs(news), self._config, before)
        if SERVICE_ENDPOINT in inputs:
            news[SERVICE_ENDPOINT] = inputs[SERVICE_ENDPOINT]
        try:
            check_inputs(self.subject, inputs)
            if is_known(inputs):
                new = new_job_ids(self.subject, before, inputs, job_ids_of(self.subject, before))
                self._look(inputs, new, preview=preview)
        except InvalidArgumentError as error:
            return CheckResult(news, [CheckFailure(error.argument, str(error))])
        except CosJobError as error:
            return CheckResult(news, [CheckFailure(self.subject, str(error))])
        return CheckResult(news, [])

    def there(self, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the jobs that have been waited for, as the state has them, by their ids."""
        raise NotImplementedError

    def _look(self, inputs: Mapping[str, Any], job_ids: Sequence[str], *, preview: bool) -> None:
        """Look at jobs once; raise where one will never complete."""
        if not job_ids:
            return
        from pulumi_cosjob._engine.log import to_engine  # noqa: PLC0415  programs import this module, and never wait
        from pulumi_cosjob._waiting.loop import poll_before_waiting  # noqa: PLC0415  as above

        client, limits = self._clients.get(inputs), limits_of(inputs)
        notice = poll_before_waiting(client, job_ids, inputs["appid"], limits, preview=preview)
        if notice:
            to_engine()(notice, False)

    def wait(self, props: Mapping[str, Any], operation: str, there: Mapping[str, Any]) -> Mapping[str, JobDescription]:
        """Wait for the jobs that have not completed yet; return them as they were then.

        Args:
            props: The gate's inputs.
            operation: `create` or `update`, for the custom timeout that counts where the inputs have no time limit.
            there: The jobs that have completed.
        """
        from pulumi_cosjob._engine.log import EngineLog, to_engine  # noqa: PLC0415  as in _look
        from pulumi_cosjob._engine.watch import CancellableClock  # noqa: PLC0415  as in _look
        from pulumi_cosjob._waiting.loop import wait_for_jobs  # noqa: PLC0415  as in _look
        from pulumi_cosjob._waiting.policy import opening_notice  # noqa: PLC0415  as in _look

        inputs = _inputs(props)
        check_inputs(self.subject, inputs)
        job_ids = [job_id for job_id in job_ids_of(self.subject, inputs) if job_id not in there]
        timeout = (props.get(_CUSTOM_TIMEOUTS) or {}).get(operation)
        client, limits = self._clients.get(inputs), limits_of(inputs, timeout)
        send = to_engine()
        report = EngineLog(send, len(job_ids))
        done = wait_for_jobs(client, job_ids, inputs["appid"], limits, report=report, clock=CancellableClock())
        notice = opening_notice(done)
        if notice:
            send(notice, False)
        return done

    def recheck(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Hold jobs that have been waited for against another number of failed tasks."""
        from pulumi_cosjob._waiting.loop import recheck  # noqa: PLC0415  as in _look

        inputs = _inputs(news)
        if "max_failed_tasks" not in changed_inputs(_inputs_before(olds), inputs):
            return
        there, named = self.there(olds), job_ids_of(self.subject, inputs)
        jobs = {job_id: from_plain(JobDescription, load_job(there[job_id])) for job_id in named if job_id in there}
        recheck(jobs, limits_of(inputs), inputs["appid"])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another job or account is another gate; another way of waiting changes only what the state says."""
        olds, news = _inputs_before(_olds), _inputs(_news)
        replaces = replacing_inputs(olds, news)
        return DiffResult(changes=bool(changed_inputs(olds, news) or replaces), replaces=replaces)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Leave the gate be, also after the jobs have aged out: what it stands for has happened."""
        if not props.get("result") and not props.get("results"):
            what = "a gate cannot be looked up: declare it, and it opens at once where its job is complete"
            raise InvalidArgumentError("id", f"cannot be {id_!r}; {what}")
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Touch nothing: a gate owns no job."""


def _inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are there, as the core takes them; of them all that is known is kept in the state."""
    inputs = {name: _core_value(props[name]) for name in (*INPUTS, SERVICE_ENDPOINT) if props.get(name) is not None}
    if inputs.get(SERVICE_ENDPOINT) is UNKNOWN:  # what stands for it until the inputs are known
        del inputs[SERVICE_ENDPOINT]
    return inputs


def _core_value(value: Any) -> Any:
    """Return a value as the core takes it: what is not known yet is an object of the SDK, and a text in older ones."""
    if isinstance(value, (list, tuple)):
        return [_core_value(each) for each in value]
    return UNKNOWN if isinstance(value, pulumi.output.Unknown) or value == rpc.UNKNOWN else value


def _inputs_before(olds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a gate that there is: at first the state had none for "any number of failed tasks"."""
    return {"max_failed_tasks": ANY_NUMBER, **_inputs(olds)}


class JobCompletionProvider(_GateProvider):
    """Waits for one job."""

    subject = "job_id"

    def there(self, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the job, once it has completed."""
        return {outputs["job_id"]: outputs["result"]} if outputs.get("result") else {}

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the job."""
        [description] = self.wait(props, "create", {}).values()
        return CreateResult(make_id(), {**_inputs(props), "result": dump_job(description)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep what is known: the job is not asked about again."""
        self.recheck(_olds, _news)
        return UpdateResult({**_inputs(_news), "result": _olds["result"]})


class AllJobsCompletionProvider(_GateProvider):
    """Waits for many jobs. They travel as JSON text: the engine takes a second over 200 of them as properties."""

    subject = "job_ids"

    def there(self, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the jobs that have completed."""
        jobs: Mapping[str, Any] = json.loads(outputs["results"]) if outputs.get("results") else {}
        return jobs

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs."""
        results = to_plain(self.wait(props, "create", {}))
        return CreateResult(make_id(), {**_inputs(props), "results": json.dumps(results)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait for the jobs that are new; those taken out are forgotten."""
        self.recheck(_olds, _news)
        there = self.there(_olds)
        results = {**there, **to_plain(self.wait(_news, "update", there))}
        kept = {job_id: results[job_id] for job_id in job_ids_of(self.subject, _news)}
        return UpdateResult({**_inputs(_news), "results": json.dumps(kept)})


# -------------------------------------------------------------------------------------------- in the program's process


def _props(
    named: Mapping[str, Any],
    timeout: pulumi.Input[Timeout] | None,
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
    opts: pulumi.ResourceOptions | None,
) -> dict[str, Any]:
    """Return the inputs of a gate; they are outputs too, whether they are given or not."""
    placeholder = secret_placeholder(named)
    return {
        **ABSENT,
        **named,
        "timeout": timeout_input(timeout),
        "max_failed_tasks": accepted_failures(max_failed_tasks),
        **arguments(fail_when_suspended=fail_when_suspended),
        SERVICE_ENDPOINT: placeholder,
        _CUSTOM_TIMEOUTS: custom_timeouts(opts) or None,
        _PREVIEW: pulumi.runtime.is_dry_run(),
    }


def _drop_hints(gate: pulumi.Resource) -> None:
    """Take back what is sent to the provider alone: the SDK makes an attribute of each input."""
    for name in (_PREVIEW, _CUSTOM_TIMEOUTS):
        del gate.__dict__[name]


class JobCompletion(JobOutputs, pulumi.dynamic.Resource, GateAttributes, module="cosjob", name="JobCompletion"):
    """Stands for "this job has completed": it exists once that is so, and what depends on it waits.

    All fields of the job are outputs, as they were then. A preview never waits; it fails at once for malformed
    arguments and for a job that is missing, failed or cancelled. A gate that failed leaves nothing behind: the next
    `up` waits again. Deleting it touches nothing, and `refresh` leaves it be, also after the job has aged out.

    Args:
        resource_name: Name in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`.
        timeout: For how long to wait, at most: seconds, `"90s"`, `"2h"`, `"1d12h"` or a timedelta. By default what
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

    max_failed_tasks: pulumi.Output[int]
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
        check_options(opts, DYNAMIC_GATE)
        named = arguments(job_id=job_id, appid=appid, uin=uin, region=region, endpoint=endpoint)
        props = _props(named, timeout, max_failed_tasks, fail_when_suspended, opts)
        opts, secret_fields = take_secret_fields(opts, JOB_FIELDS, INPUTS, "result")
        placeholder = props[SERVICE_ENDPOINT]
        mocked = placeholders(name for name in JOB_FIELDS if name not in props)
        outputs = {**mocked, "result": placeholder}
        super().__init__(JobCompletionProvider(), resource_name, {**props, **outputs}, opts)
        _drop_hints(self)
        self._completed_jobs = [self.result]
        self._carry(self.result, placeholder, secret_fields)
        if mocked:
            self.result = given_job(taken(self, mocked), job_id, self.result)


class AllJobsCompletion(pulumi.dynamic.Resource, DynamicAllJobsAttributes, module="cosjob", name="AllJobsCompletion"):
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

    max_failed_tasks: pulumi.Output[int]
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
        check_options(opts, DYNAMIC_GATE)
        named = arguments(job_ids=job_ids, appid=appid, uin=uin, region=region, endpoint=endpoint)
        props = _props(named, timeout, max_failed_tasks, fail_when_suspended, opts)
        opts, _ = take_secret_fields(opts, ["jobs"], INPUTS, "results")
        mocked = placeholders(["jobs"])
        outputs = {**mocked, "results": props[SERVICE_ENDPOINT]}
        super().__init__(AllJobsCompletionProvider(), resource_name, {**props, **outputs}, opts)
        _drop_hints(self)
        self._completed_jobs = [self.results]
        given = taken(self, mocked)
        self.jobs = jobs_output(self.results)
        if given:
            self.jobs = given_jobs(given["jobs"], self.jobs)
