"""Gates in requests of the protocol: values are converted here, and `Gate` has the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.naming import camel_name, in_camel_case, in_snake_case
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._plugin.inputs import core_inputs, secret_outputs
from pulumi_cosjob._plugin.package_schema import JOB_GATE, JOBS_GATE
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob._text import kind_of, quoted
from pulumi_cosjob._waiting.gate import INPUTS, LOCATION, RESTORE_STATE, UNKNOWN, Gate, TargetInput, unusable_state
from pulumi_cosjob._waiting.loop import recheck

if TYPE_CHECKING:
    from pulumi_cosjob._program.secret_texts import SecretTexts
    from pulumi_cosjob._service.location import Location
    from pulumi_cosjob._waiting.policy import WaitOptions

__all__ = ["DYNAMIC", "JOB_OUTPUTS", "GateAdapter", "PriorState", "is_jobs_gate", "job_outputs"]

_T = TypeVar("_T")

JOB_OUTPUTS = tuple(map(camel_name, (*element_fields(JobDescription), *BEYOND_SCHEMA)))
"""The outputs of a job, in the order of the description."""

DYNAMIC = ("result", "results")
"""Outputs of dynamic gates only. A state has them when a program moves to this plugin."""


def job_outputs(description: JobDescription) -> dict[str, Any]:
    """Return a job as outputs."""
    outputs: dict[str, Any] = in_camel_case(to_plain(description, exact=False))
    return outputs


def is_jobs_gate(request: Any) -> bool:
    """Tell whether a request is about a gate for many jobs."""
    return _type_in(request.urn) == JOBS_GATE


def _type_in(urn: str) -> str:
    """Return the type of a resource. Its URN is urn:pulumi:stack::project::parents$type::name."""
    return next(iter(urn.split("::")[2:3]), "").rpartition("$")[2]


_TARGETS: Mapping[str, TargetInput] = {JOB_GATE: "job_id", JOBS_GATE: "job_ids"}


def _target_of(urn: str) -> TargetInput:
    """Return the input of a gate that names its jobs.

    Raises:
        InvalidArgumentError: It is not the URN of a gate.
    """
    kind = _type_in(urn)
    if urn.count("::") < 3 or not kind:
        raise InvalidArgumentError("urn", f"is that of no resource: {quoted(urn)}", hint=RESTORE_STATE)
    if kind not in _TARGETS:
        hint = f"There are {' and '.join(_TARGETS)}."
        raise InvalidArgumentError("urn", f"cannot be used: there is no resource {quoted(kind)}", hint=hint)
    return _TARGETS[kind]


class PriorState:
    """A gate in the state, written by this plugin or by a dynamic provider.

    Args:
        target: The input that names its jobs.
        inputs: Its inputs; empty in requests of older engines, which send them among the outputs.
        outputs: Its outputs.

    Attributes:
        gate: The gate. Its completed jobs are in the form of this plugin's outputs.
        secret: The inputs that are secret.
        dynamic: The outputs that only a dynamic gate has.

    Raises:
        InvalidArgumentError: The state is not in the form in which a gate writes it.
    """

    def __init__(self, target: TargetInput, inputs: Any, outputs: Any) -> None:
        values = from_struct(outputs).values
        properties = from_struct(inputs if inputs.fields else outputs)
        core = {name: value for name, value in core_inputs(properties).items() if name in INPUTS}
        self.secret = properties.secret
        self.dynamic = [name for name in DYNAMIC if name in values]
        native = _native(values)
        _check_texts("jobId", [core.get("job_id"), native.get("jobId")])
        _check_texts("jobIds", _checked("jobIds", core.get("job_ids"), list) or [])
        jobs = _check_jobs("jobs", native.get("jobs"))
        if target == "job_id":
            jobs = {native["jobId"]: native} if native.get("status") and native.get("jobId") else {}
        located = {name: values.get(camel_name(name)) or values.get(name) for name in LOCATION}
        self.gate = Gate(target, {**{name: value for name, value in located.items() if value}, **core}, jobs)


def _native(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return outputs in the form of this plugin; those of a dynamic gate are converted."""
    if "result" in outputs:
        return {**dict.fromkeys(JOB_OUTPUTS), **in_camel_case(_loaded("result", outputs))}
    if "results" in outputs:
        jobs = _check_jobs("results", _loaded("results", outputs))
        return {"jobs": {job_id: in_camel_case(job) for job_id, job in jobs.items()}}
    return outputs


def _loaded(name: str, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    text = _checked(name, outputs[name], str)
    try:
        value = json.loads(text) if text is not None else None
    except ValueError:
        raise unusable_state(name, "is no JSON") from None
    return _checked(name, value, dict) or {}


def _check_jobs(name: str, jobs: Any) -> Mapping[str, Any]:
    for job_id, job in (_checked(name, jobs, dict) or {}).items():
        _checked(f"{name}[{quoted(job_id)}]", job, dict)
    return jobs or {}


def _check_texts(name: str, values: Iterable[Any]) -> None:
    for value in values:
        _checked(name, value, str)


def _checked(name: str, value: Any, kind: type[_T]) -> _T | None:
    """Return a value of the state that is of the type that a gate writes, or None."""
    if value is None or isinstance(value, kind):
        return value
    raise unusable_state(name, f"is {kind_of(value)}")


class GateAdapter:
    """Converts the values of a gate in a request, for `Gate`.

    Args:
        request: Of Check, Diff, Create or Update.
        properties: The inputs in it.
        secrets: Texts that no message shows. An output that contains one of them is secret, too.

    Attributes:
        gate: The gate.
        kind: The type of the resource.
        urn: Its URN.
        location: Where the requests about its jobs go; None while that is not known.

    Raises:
        InvalidArgumentError: The request is about another kind of resource.
    """

    def __init__(self, request: Any, properties: Properties, secrets: SecretTexts) -> None:
        self.gate = Gate(_target_of(request.urn), core_inputs(properties))
        self.kind = _type_in(request.urn)
        self.urn: str = request.urn
        self.properties = properties
        self.secrets = secrets
        self.location: Location | None = None
        self._timeout: float | None = getattr(request, "timeout", 0.0) or None

    @property
    def options(self) -> WaitOptions:
        """The options of the wait. The time limit is the engine's where the inputs have none."""
        return self.gate.options(self._timeout)

    def prior_state(self, request: Any) -> PriorState:
        """Return the gate in the state, as a request of Diff or Update has it."""
        return PriorState(self.gate.target, request.old_inputs, request.olds)

    def changed(self, prior: PriorState) -> list[str]:
        """Return the inputs that differ, and the outputs of a dynamic gate, which are to be converted."""
        changed = [camel_name(name) for name in self._resolved(prior).changed(prior.gate)]
        secrets = prior.secret ^ self.properties.secret
        return [*changed, *(name for name in secrets if name not in changed), *prior.dynamic]

    def replacing(self, prior: PriorState) -> list[str]:
        """Return the changes that replace the gate."""
        return [camel_name(name) for name in self._resolved(prior).replacing(prior.gate)]

    def new_job_ids(self, prior: PriorState) -> list[str]:
        """Return the jobs that the gate has not waited for."""
        return self._resolved(prior).new_job_ids(prior.gate)

    def _resolved(self, prior: PriorState | None) -> Gate:
        return self.gate.located(self.location, prior.gate if prior else None)

    def recheck(self, prior: PriorState) -> None:
        """Compare the failed tasks of completed jobs with `maxFailedTasks`, if that has changed.

        Raises:
            JobFailedError: One job has more failed tasks.
            JobsFailedError: Several jobs have.
            InvalidArgumentError: The state of a job cannot be used.
        """
        to_recheck = self._resolved(prior).jobs_to_recheck(prior.gate)
        if not to_recheck:
            return
        jobs = {job_id: in_snake_case(job) for job_id, job in to_recheck.items()}
        recheck(jobs, self.options, self._resolved(prior).inputs.get("appid"))

    def write_outputs(self, into: Any, found: Mapping[str, Mapping[str, Any]], prior: PriorState | None = None) -> None:
        """Write the outputs of the gate.

        Args:
            into: The properties of a response.
            found: The outputs of new jobs that have completed. In a preview it may be some of them.
            prior: The gate before an update.
        """
        gate = self._resolved(prior)
        jobs = gate.completed_jobs(prior.gate if prior else None, found)
        are_known = gate.is_known and len(jobs) == len(gate.job_ids)
        if gate.target == "job_ids":
            outputs: dict[str, Any] = {"jobs": jobs if are_known else UNKNOWN}
        else:
            [job] = jobs.values() if are_known else [dict.fromkeys(JOB_OUTPUTS, UNKNOWN)]
            outputs = {name: job.get(name) for name in JOB_OUTPUTS}
        for name in LOCATION:
            outputs[camel_name(name)] = gate.inputs.get(name, None if gate.is_known else UNKNOWN)
        inputs = {name: value for name, value in self.properties.values.items() if not name.startswith("__")}
        secret = self.properties.secret | secret_outputs(outputs, self.secrets)
        to_struct(Properties({**outputs, **inputs}, frozenset(secret)), into)
