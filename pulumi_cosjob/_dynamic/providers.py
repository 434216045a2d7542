"""The dynamic providers: they run in the process that the SDK starts for them, not in the program's.

State files name the providers by this module and their class names, and `refresh` and `destroy` load them from there:
none of these names may change. Programs import this module and never call a provider, so what only a call needs is
imported in the call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.dynamic
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.runtime import rpc

from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._program.outputs import dump_job, load_job
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob._service.settings import SETTINGS
from pulumi_cosjob._waiting.gate import (
    INPUTS,
    LOCATION,
    SERVICE_ENDPOINT,
    UNKNOWN,
    Gate,
    TargetInput,
    check_account,
    check_inputs,
    known_inputs,
    make_id,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CUSTOM_TIMEOUTS",
    "PREVIEW",
    "AllJobsCompletionProvider",
    "ConfiguredProvider",
    "JobCompletionProvider",
    "JobListProvider",
    "JobProvider",
    "JobsProvider",
]

PREVIEW = "preview"
"""The input that marks a preview for `check`. It is never stored.

Only a preview fails for a missing job: during an update the job may still appear.
"""

CUSTOM_TIMEOUTS = "custom_timeouts"
"""The input with the custom timeouts: the engine does not pass them to a dynamic provider."""


class ConfiguredProvider(pulumi.dynamic.ResourceProvider):
    """A provider that can send requests. It is pickled into the state, so it has no attributes until `configure`."""

    serialize_as_secret_always = False

    def configure(self, req: pulumi.dynamic.ConfigureRequest) -> None:
        """Keep the stack's configuration, with its secrets, in this process only."""
        from pulumi_cosjob._dynamic.provider_errors import show_sentences  # noqa: PLC0415  see the module
        from pulumi_cosjob._engine.log import pass_on_messages  # noqa: PLC0415  see the module
        from pulumi_cosjob._engine.watch import CancellableClock  # noqa: PLC0415  see the module
        from pulumi_cosjob._service.clients import Clients  # noqa: PLC0415  see the module

        show_sentences()
        self._config = req.config.get
        self._clients = Clients(req.config.get, CancellableClock())
        pass_on_messages()


class JobProvider(ConfiguredProvider):
    """Reads a job."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the job for a program. A refresh keeps what was read last.

        If a refresh read the job, `pulumi refresh --expect-no-changes` would fail for as long as a job is under way.
        """
        if props.get("result"):
            return ReadResult(id_, props)
        inputs = _present(props, "job_id", "appid", *SETTINGS)
        check_inputs("job_id", inputs)
        client, appid = self._clients.get(inputs), inputs.get("appid")
        description = client.describe_job(inputs["job_id"], appid)
        return ReadResult(id_, {**inputs, "appid": appid or client.location.appid, "result": dump_job(description)})


class JobsProvider(ConfiguredProvider):
    """Reads many jobs. They travel as JSON text: the engine takes seconds over hundreds of them as properties."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the jobs for a program. A refresh keeps what was read last, as for one job."""
        if props.get("results"):
            return ReadResult(id_, props)
        inputs = _present(props, "job_ids", "appid", "missing", "max_concurrency", *SETTINGS)
        check_inputs("job_ids", inputs)
        options = _present(inputs, "missing", "max_concurrency")
        client, appid = self._clients.get(inputs), inputs.get("appid")
        found = client.describe_jobs(inputs["job_ids"], appid, **options)
        results = {job_id: to_plain(found[job_id]) for job_id in found}
        return ReadResult(id_, {**inputs, "appid": appid or client.location.appid, "results": json.dumps(results)})


class JobListProvider(ConfiguredProvider):
    """Lists jobs. They travel as JSON text, as those of `JobsProvider` do."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """List the jobs for a program. A refresh keeps what was read last, as for one job."""
        if props.get("results"):
            return ReadResult(id_, props)
        inputs = _present(props, "appid", *FILTERS, *SETTINGS)
        check_account(inputs)
        client, appid = self._clients.get(inputs), inputs.get("appid")
        found = client.list_jobs(appid, **_present(inputs, *FILTERS))
        results = json.dumps([to_plain(job) for job in found])
        return ReadResult(id_, {**inputs, "appid": appid or client.location.appid, "results": results})


def _present(props: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: props[name] for name in names if props.get(name) is not None}


class _GateProvider(ConfiguredProvider):
    """Converts values for `Gate`, which has the rules of both gates."""

    target: TargetInput

    def completed(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plain values of the jobs in the outputs of a gate, by job id."""
        raise NotImplementedError

    def outputs(self, jobs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs for jobs that have completed."""
        raise NotImplementedError

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse malformed inputs and, before the gate waits for them, jobs that never complete."""
        preview = bool(news.pop(PREVIEW, False))
        prior = Gate(self.target, _gate_inputs(_olds))
        declared = Gate(self.target, _gate_inputs(news))
        try:
            declared.check()
            # The polls of a new gate discover its account, and report where that fails.
            gate = declared.located(self._clients.locate(declared.inputs, discover=bool(prior.inputs)), prior)
            # Of the gate in the state only the inputs are passed here. It has waited for all jobs in them.
            prior = replace(prior, completed=dict.fromkeys(prior.job_ids))
            self._poll(gate, gate.new_job_ids(prior), preview=preview)
            gate = declared.located(self._clients.locate(declared.inputs, discover=False), prior)
            known = known_inputs(gate.inputs)
            news.update({name: known[name] for name in LOCATION if name in known})
        except InvalidArgumentError as error:
            return CheckResult(news, [CheckFailure(error.argument, str(error))])
        except CosJobError as error:
            return CheckResult(news, [CheckFailure(self.target, str(error))])
        return CheckResult(news, [])

    def _poll(self, gate: Gate, job_ids: Sequence[str], *, preview: bool) -> None:
        """Poll jobs once; raise an error if one of them never completes."""
        if not job_ids:
            return
        from pulumi_cosjob._engine.log import to_engine  # noqa: PLC0415  see the module
        from pulumi_cosjob._waiting.loop import poll_before_waiting  # noqa: PLC0415  see the module

        client = self._clients.get(gate.inputs)
        notice = poll_before_waiting(client, job_ids, gate.inputs.get("appid"), gate.options(), preview=preview)
        if notice:
            to_engine()(notice, False)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the gate with the state."""
        prior, gate = (Gate(self.target, _gate_inputs(each)) for each in (_olds, _news))
        return DiffResult(changes=bool(gate.changed(prior)), replaces=gate.replacing(prior))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs."""
        return CreateResult(make_id(), self._opened(props, Gate(self.target, {}), "create"))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait for the new jobs only. Jobs that are no longer named are removed from the state."""
        prior = Gate(self.target, _gate_inputs(_olds), self.completed(_olds))
        return UpdateResult(self._opened(_news, prior, "update"))

    def _opened(self, props: Mapping[str, Any], prior: Gate, operation: str) -> dict[str, Any]:
        """Wait, and return the outputs.

        Args:
            props: The inputs.
            prior: The gate in the state.
            operation: `create` or `update`: which custom timeout is the time limit where the inputs have none.
        """
        from pulumi_cosjob._waiting.loop import recheck  # noqa: PLC0415  see the module

        gate = Gate(self.target, _gate_inputs(props))
        gate.check(preview=False)
        to_recheck = gate.jobs_to_recheck(prior)
        jobs = {job_id: from_plain(JobDescription, plain) for job_id, plain in to_recheck.items()}
        recheck(jobs, gate.options(), gate.inputs.get("appid"))
        timeout = (props.get(CUSTOM_TIMEOUTS) or {}).get(operation)
        found = self._wait(gate, gate.new_job_ids(prior), timeout)
        gate = gate.located(self._clients.locate(gate.inputs, discover=False), prior)
        return {**gate.inputs, **self.outputs(gate.completed_jobs(prior, to_plain(found)))}

    def _wait(self, gate: Gate, job_ids: Sequence[str], timeout: float | None) -> Mapping[str, JobDescription]:
        """Wait for jobs; return them as they were when they had completed."""
        if not job_ids:
            return {}
        from pulumi_cosjob._engine.log import EngineLog, to_engine  # noqa: PLC0415  see the module
        from pulumi_cosjob._engine.watch import CancellableClock  # noqa: PLC0415  see the module
        from pulumi_cosjob._waiting.loop import wait_for_jobs  # noqa: PLC0415  see the module
        from pulumi_cosjob._waiting.notices import opening_notice  # noqa: PLC0415  see the module

        client, appid, options = self._clients.get(gate.inputs), gate.inputs.get("appid"), gate.options(timeout)
        send = to_engine()
        report = EngineLog(send, len(job_ids))
        found = wait_for_jobs(client, job_ids, appid, options, report=report, clock=CancellableClock())
        notice = opening_notice(found)
        if notice:
            send(notice, False)
        return found

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Keep the gate as it is, also when the service no longer keeps the jobs: they have completed."""
        if not props.get("result") and not props.get("results"):
            what = "a gate cannot be looked up: declare it, and it opens at once where its job is complete"
            raise InvalidArgumentError("id", f"cannot be {id_!r}; {what}")
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: a gate owns no job."""


class JobCompletionProvider(_GateProvider):
    """Waits for one job."""

    target = "job_id"

    def completed(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the job, once it has completed."""
        return {outputs["job_id"]: load_job(outputs["result"])} if outputs.get("result") else {}

    def outputs(self, jobs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the job as text."""
        [job] = jobs.values()
        return {"result": json.dumps(job)}


class AllJobsCompletionProvider(_GateProvider):
    """Waits for many jobs. They travel as JSON text: the engine takes a second over 200 of them as properties."""

    target = "job_ids"

    def completed(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the jobs that have completed."""
        return dict(json.loads(outputs["results"])) if outputs.get("results") else {}

    def outputs(self, jobs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the jobs as text."""
        return {"results": json.dumps(jobs)}


def _gate_inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a gate that are present, with UNKNOWN for those that are not known yet."""
    inputs = {name: _known_value(props[name]) for name in (*INPUTS, SERVICE_ENDPOINT) if props.get(name) is not None}
    if inputs.get(SERVICE_ENDPOINT) is UNKNOWN:  # a placeholder until the inputs are known
        del inputs[SERVICE_ENDPOINT]
    return inputs


def _known_value(value: Any) -> Any:
    """Return a value with UNKNOWN for what is not known yet: in the SDK an object, in older ones a text."""
    if isinstance(value, (list, tuple)):
        return [_known_value(each) for each in value]
    return UNKNOWN if isinstance(value, pulumi.output.Unknown) or value == rpc.UNKNOWN else value
