"""What the dynamic providers do when the engine calls them: from the properties of a resource to its outputs.

Only the provider's process loads this module, and all that a call needs with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.runtime import rpc

from pulumi_cosjob._dynamic.provider_errors import show_sentences
from pulumi_cosjob._dynamic.providers import CUSTOM_TIMEOUTS, PREVIEW
from pulumi_cosjob._engine.log import EngineLog, pass_on_messages, to_engine
from pulumi_cosjob._engine.watch import CancellableClock
from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._program.outputs import dump_job, load_job
from pulumi_cosjob._service.clients import Clients
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
)
from pulumi_cosjob._waiting.loop import poll_before_waiting, recheck, wait_for_jobs
from pulumi_cosjob._waiting.notices import opening_notice

__all__ = ["check_gate", "configure", "differences", "list_jobs", "opened", "read_gate", "read_job", "read_jobs"]

Properties = Mapping[str, Any]
"""Inputs or outputs of a resource by their names, as the SDK passes them."""


def configure(config: Callable[[str], Any]) -> Clients:
    """Prepare this process for calls; return the clients that they use.

    Args:
        config: Returns the stack's configuration, with its secrets, by a full key.
    """
    show_sentences()
    clients = Clients(config, CancellableClock())
    pass_on_messages()
    return clients


# ------------------------------------------------------------------------------------------------------------- reads


def read_job(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a job that is read. A refresh keeps what was read last.

    If a refresh read the job, `pulumi refresh --expect-no-changes` would fail for as long as a job is under way.
    """
    if props.get("result"):
        return props
    inputs = _present(props, "job_id", "appid", *SETTINGS)
    check_inputs("job_id", inputs)
    client, appid = clients.get(inputs), inputs.get("appid")
    description = client.describe_job(inputs["job_id"], appid)
    return {**inputs, "appid": appid or client.location.appid, "result": dump_job(description)}


def read_jobs(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of many jobs that are read. A refresh keeps what was read last, as for one job.

    They travel as JSON text: the engine takes seconds over hundreds of them as properties.
    """
    if props.get("results"):
        return props
    inputs = _present(props, "job_ids", "appid", "missing", "max_concurrency", *SETTINGS)
    check_inputs("job_ids", inputs)
    options = _present(inputs, "missing", "max_concurrency")
    client, appid = clients.get(inputs), inputs.get("appid")
    found = client.describe_jobs(inputs["job_ids"], appid, **options)
    results = {job_id: to_plain(found[job_id]) for job_id in found}
    return {**inputs, "appid": appid or client.location.appid, "results": json.dumps(results)}


def list_jobs(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a list of jobs, as text too. A refresh keeps what was read last, as for one job."""
    if props.get("results"):
        return props
    inputs = _present(props, "appid", *FILTERS, *SETTINGS)
    check_account(inputs)
    client, appid = clients.get(inputs), inputs.get("appid")
    found = client.list_jobs(appid, **_present(inputs, *FILTERS))
    results = json.dumps([to_plain(job) for job in found])
    return {**inputs, "appid": appid or client.location.appid, "results": results}


def _present(props: Properties, *names: str) -> dict[str, Any]:
    return {name: props[name] for name in names if props.get(name) is not None}


# ------------------------------------------------------------------------------------------------------------- gates
# `Gate` has the rules of both gates; here values are converted for it.


def check_gate(
    clients: Clients, target: TargetInput, olds: Properties, news: dict[str, Any]
) -> Sequence[tuple[str, str]]:
    """Refuse malformed inputs and, before the gate waits for them, jobs that never complete.

    Args:
        clients: What `configure` returned.
        target: The input that names the jobs of the gate.
        olds: The inputs in the state.
        news: The inputs of the program; where the requests go is added to them.

    Returns:
        What is refused, by input.
    """
    preview = bool(news.pop(PREVIEW, False))
    prior, declared = (Gate(target, _gate_inputs(each)) for each in (olds, news))
    try:
        declared.check()
        # The polls of a new gate discover its account, and report where that fails.
        gate = declared.located(clients.locate(declared.inputs, discover=bool(prior.inputs)), prior)
        # Of the gate in the state only the inputs are passed here. It has waited for all jobs in them.
        prior = replace(prior, completed=dict.fromkeys(prior.job_ids))
        _poll(clients, gate, gate.new_job_ids(prior), preview=preview)
        gate = declared.located(clients.locate(declared.inputs, discover=False), prior)
        known = known_inputs(gate.inputs)
        news.update({name: known[name] for name in LOCATION if name in known})
    except InvalidArgumentError as error:
        return [(error.argument, str(error))]
    except CosJobError as error:
        return [(target, str(error))]
    return []


def _poll(clients: Clients, gate: Gate, job_ids: Sequence[str], *, preview: bool) -> None:
    """Poll jobs once; raise an error if one of them never completes."""
    if not job_ids:
        return
    client, appid = clients.get(gate.inputs), gate.inputs.get("appid")
    notice = poll_before_waiting(client, job_ids, appid, gate.options(), preview=preview)
    if notice:
        to_engine()(notice, False)


def differences(target: TargetInput, olds: Properties, news: Properties) -> tuple[bool, list[str]]:
    """Compare the inputs of a gate with the state.

    Returns:
        Whether anything has changed, and the names of the inputs that replace the gate.
    """
    prior, gate = (Gate(target, _gate_inputs(each)) for each in (olds, news))
    return bool(gate.changed(prior)), gate.replacing(prior)


def opened(
    clients: Clients, target: TargetInput, props: Properties, operation: str, olds: Properties | None = None
) -> dict[str, Any]:
    """Wait for the jobs of a gate that it has not waited for; return its outputs.

    Args:
        clients: What `configure` returned.
        target: The input that names the jobs of the gate.
        props: The inputs.
        operation: `create` or `update`: which custom timeout is the time limit where the inputs have none.
        olds: The state of the gate, if it exists. Jobs that are no longer named are removed from it.
    """
    old = olds or {}
    prior = Gate(target, _gate_inputs(old), _completed(target, old))
    gate = Gate(target, _gate_inputs(props))
    gate.check(preview=False)
    to_recheck = gate.jobs_to_recheck(prior)
    jobs = {job_id: from_plain(JobDescription, plain) for job_id, plain in to_recheck.items()}
    recheck(jobs, gate.options(), gate.inputs.get("appid"))
    timeout = (props.get(CUSTOM_TIMEOUTS) or {}).get(operation)
    found = _wait(clients, gate, gate.new_job_ids(prior), timeout)
    gate = gate.located(clients.locate(gate.inputs, discover=False), prior)
    completed = gate.completed_jobs(prior, to_plain(found))
    # The jobs of many travel as JSON text: the engine takes a second over 200 of them as properties.
    name, value = ("result", next(iter(completed.values()))) if target == "job_id" else ("results", completed)
    return {**gate.inputs, name: json.dumps(value)}


def _completed(target: TargetInput, outputs: Properties) -> Mapping[str, Any]:
    """Return the plain values of the jobs in the outputs of a gate, by job id."""
    if target == "job_id":
        return {outputs["job_id"]: load_job(outputs["result"])} if outputs.get("result") else {}
    return dict(json.loads(outputs["results"])) if outputs.get("results") else {}


def _wait(clients: Clients, gate: Gate, job_ids: Sequence[str], timeout: float | None) -> Mapping[str, JobDescription]:
    """Wait for jobs; return them as they were when they had completed."""
    if not job_ids:
        return {}
    client, appid, options = clients.get(gate.inputs), gate.inputs.get("appid"), gate.options(timeout)
    send = to_engine()
    report = EngineLog(send, len(job_ids))
    found = wait_for_jobs(client, job_ids, appid, options, report=report, clock=CancellableClock())
    notice = opening_notice(found)
    if notice:
        send(notice, False)
    return found


def read_gate(id_: str, props: dict[str, Any]) -> dict[str, Any]:
    """Keep a gate as it is, also when the service no longer keeps the jobs: they have completed.

    Raises:
        InvalidArgumentError: It has not waited for any job.
    """
    if not props.get("result") and not props.get("results"):
        what = "a gate cannot be looked up: declare it, and it opens at once where its job is complete"
        raise InvalidArgumentError("id", f"cannot be {id_!r}; {what}")
    return props


def _gate_inputs(props: Properties) -> dict[str, Any]:
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
