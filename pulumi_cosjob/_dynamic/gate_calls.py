"""What the dynamic providers of gates do when the engine calls them. `Gate` has the rules; values are converted for it.

Only the provider's process loads this module, and all that a wait needs with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import rpc

from pulumi_cosjob._dynamic.providers import CUSTOM_TIMEOUTS, PREVIEW
from pulumi_cosjob._engine.log import EngineLog, to_engine
from pulumi_cosjob._engine.watch import CancellableClock
from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._waiting.gate import (
    INPUTS,
    LOCATION,
    SERVICE_ENDPOINT,
    UNKNOWN,
    Gate,
    TargetInput,
    known_inputs,
    make_id,
    unusable_state,
)
from pulumi_cosjob._waiting.loop import poll_before_waiting, recheck, wait_for_jobs
from pulumi_cosjob._waiting.notices import opening_notice

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.clients import Clients

__all__ = ["check", "create", "differences", "keep", "update"]

Properties = Mapping[str, Any]
"""Inputs or outputs of a gate by their names, as the SDK passes them."""


def check(clients: Clients, target: TargetInput, olds: Properties, news: dict[str, Any]) -> Sequence[tuple[str, str]]:
    """Refuse malformed inputs and, before the gate waits for them, jobs that never complete.

    Args:
        clients: Where the clients of accounts come from.
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


def create(clients: Clients, target: TargetInput, props: Properties) -> tuple[str, dict[str, Any]]:
    """Wait for the jobs of a gate; return its id and its outputs."""
    return make_id(), _opened(clients, target, props, {}, "create")


def update(clients: Clients, target: TargetInput, olds: Properties, news: Properties) -> dict[str, Any]:
    """Wait for the new jobs only; return the outputs. Jobs that are no longer named are removed from the state."""
    return _opened(clients, target, news, olds, "update")


def _opened(
    clients: Clients, target: TargetInput, props: Properties, olds: Properties, operation: str
) -> dict[str, Any]:
    """Wait, and return the outputs.

    Args:
        clients: Where the clients of accounts come from.
        target: The input that names the jobs of the gate.
        props: The inputs.
        olds: The state of the gate; empty before it is created.
        operation: `create` or `update`: which custom timeout is the time limit where the inputs have none.
    """
    prior = Gate(target, _gate_inputs(olds), _completed(target, olds))
    gate = Gate(target, _gate_inputs(props))
    gate.check(preview=False)
    recheck(gate.jobs_to_recheck(prior), gate.options(), gate.inputs.get("appid"))
    timeout = (props.get(CUSTOM_TIMEOUTS) or {}).get(operation)
    found = _wait(clients, gate, gate.new_job_ids(prior), timeout)
    gate = gate.located(clients.locate(gate.inputs, discover=False), prior)
    completed = gate.completed_jobs(prior, to_plain(found))
    # The jobs of many travel as JSON text: the engine takes a second over 200 of them as properties.
    name, value = ("result", next(iter(completed.values()))) if target == "job_id" else ("results", completed)
    return {**gate.inputs, name: json.dumps(value)}


def _completed(target: TargetInput, outputs: Properties) -> Mapping[str, Any]:
    """Return the plain values of the jobs in the outputs of a gate, by job id."""
    name = "result" if target == "job_id" else "results"
    if not outputs.get(name):
        return {}
    try:
        value = dict(json.loads(outputs[name]))
    except (TypeError, ValueError):
        raise unusable_state(name, "is not as it was written") from None
    return {outputs["job_id"]: value} if target == "job_id" else value


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


def keep(id_: str, props: dict[str, Any]) -> dict[str, Any]:
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
