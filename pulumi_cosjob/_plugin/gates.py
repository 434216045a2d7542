"""A gate as a request of the protocol describes it: what it waits for, and what its outputs are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.naming import camel_name, in_camel_case, in_snake_case
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._plugin.inputs import core_inputs, echoing
from pulumi_cosjob._plugin.package_schema import JOB_GATE, JOBS_GATE
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob._program.outputs import load_job
from pulumi_cosjob._text import kind_of, quoted
from pulumi_cosjob._waiting.gate import (
    ANY_NUMBER,
    SERVICE_ENDPOINT,
    UNKNOWN,
    TargetInput,
    changed_inputs,
    check_inputs,
    is_known,
    job_ids_of,
    limits_of,
    new_job_ids,
    replacing_inputs,
    with_service_endpoint,
)
from pulumi_cosjob._waiting.loop import recheck

if TYPE_CHECKING:
    from pulumi_cosjob._program.secret_texts import SecretTexts
    from pulumi_cosjob._waiting.policy import WaitOptions

__all__ = ["DYNAMIC", "JOB_OUTPUTS", "Gate", "PriorState", "is_about_many", "job_outputs"]

_T = TypeVar("_T")

JOB_OUTPUTS = tuple(map(camel_name, (*element_fields(JobDescription), *BEYOND_SCHEMA)))
"""The outputs of a job, in the order of the description."""

DYNAMIC = ("result", "results")
"""Outputs that only dynamic gates have; they are found where a program moves over."""

Config = Callable[[str], Any]


def job_outputs(description: JobDescription) -> dict[str, Any]:
    """Return a job as outputs."""
    outputs: dict[str, Any] = in_camel_case(to_plain(description, exact=False))
    return outputs


def is_about_many(request: Any) -> bool:
    """Tell whether a request is about a gate for any number of jobs."""
    return _type_in(request.urn) == JOBS_GATE


def _type_in(urn: str) -> str:
    """Return the type of a resource; its URN reads urn:pulumi:stack::project::parents$type::name."""
    return next(iter(urn.split("::")[2:3]), "").rpartition("$")[2]


_SUBJECTS: Mapping[str, TargetInput] = {JOB_GATE: "job_id", JOBS_GATE: "job_ids"}


def _subject_of(urn: str) -> TargetInput:
    """Return which input of a gate names what it waits for.

    Raises:
        InvalidArgumentError: The URN names no gate.
    """
    kind = _type_in(urn)
    if urn.count("::") < 3 or not kind:
        raise InvalidArgumentError("urn", f"is that of no resource: {quoted(urn)}", hint=_OF_THE_STATE)
    if kind not in _SUBJECTS:
        hint = f"There are {' and '.join(_SUBJECTS)}."
        raise InvalidArgumentError("urn", f"cannot be used: there is no resource {quoted(kind)}", hint=hint)
    return _SUBJECTS[kind]


_OF_THE_STATE = (
    "If the stack's state was edited by hand, undo that. Else remove the gate from it (pulumi state delete) and run "
    "pulumi up: the new gate opens once its jobs are complete."
)


def _unusable(name: str, problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("state", f"of the gate cannot be used: {name} {problem}", hint=_OF_THE_STATE)


class PriorState:
    """A gate as the state has it, perhaps of a dynamic provider.

    Attributes:
        inputs: As the core takes them.
        outputs: In the form of this plugin's.
        dynamic: Names of the outputs that this plugin's gates do not have.

    Raises:
        InvalidArgumentError: The state is not as a gate wrote it.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        values = from_struct(outputs).values
        self.dynamic = [name for name in DYNAMIC if name in values]
        self.outputs = _native(values)
        # Engines that are too old to tell the inputs apart tell them among the outputs.
        self.properties = from_struct(inputs if inputs.fields else outputs)
        self.inputs = core_inputs(self.properties)
        _check_texts("jobId", [self.inputs.get("job_id"), self.outputs.get("jobId")])
        _check_texts("jobIds", _checked("jobIds", self.inputs.get("job_ids"), list) or [])
        _check_jobs("jobs", self.outputs.get("jobs"))
        endpoint = values.get(camel_name(SERVICE_ENDPOINT)) or values.get(SERVICE_ENDPOINT)
        if endpoint:
            self.inputs[SERVICE_ENDPOINT] = endpoint
        if self.dynamic:
            # At first dynamic gates had none for "any number".
            self.inputs.setdefault("max_failed_tasks", ANY_NUMBER)


def _native(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return outputs of a dynamic gate in the form of this plugin's."""
    if "result" in outputs:
        return {**dict.fromkeys(JOB_OUTPUTS), **in_camel_case(_received("result", outputs))}
    if "results" in outputs:
        jobs = _check_jobs("results", _received("results", outputs))
        return {"jobs": {job_id: in_camel_case(job) for job_id, job in jobs.items()}}
    return outputs


def _received(name: str, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        value = load_job(outputs[name])
    except ValueError:
        raise _unusable(name, "is no JSON") from None
    return _checked(name, value, dict) or {}


def _check_jobs(name: str, jobs: Any) -> Mapping[str, Any]:
    for job_id, job in (_checked(name, jobs, dict) or {}).items():
        _checked(f"{name}[{quoted(job_id)}]", job, dict)
    return jobs or {}


def _check_texts(name: str, values: Iterable[Any]) -> None:
    for value in values:
        _checked(name, value, str)


def _checked(name: str, value: Any, kind: type[_T]) -> _T | None:
    """Return a value of the state that is there as a gate wrote it, or not at all."""
    if value is None or isinstance(value, kind):
        return value
    raise _unusable(name, f"is {kind_of(value)}")


class Gate:
    """A gate as it is to be.

    Args:
        request: Of Check, Diff, Create or Update.
        properties: The inputs in it.
        config: Returns the provider's configuration by a full key, such as `cosjob:uin`.
        secrets: What no message shows; an output in which one of them stands is secret, too.

    Raises:
        InvalidArgumentError: The request is about no gate.
    """

    def __init__(self, request: Any, properties: Properties, config: Config, secrets: SecretTexts) -> None:
        self.properties = properties
        self._subject = _subject_of(request.urn)
        self.kind = _type_in(request.urn)
        self.inputs = core_inputs(properties)
        self.is_known = is_known(self.inputs)
        self.urn: str = request.urn
        self.secrets = secrets
        self._config = config
        self._timeout: float | None = getattr(request, "timeout", 0.0) or None

    def check(self, *, preview: bool = True) -> None:
        """Refuse inputs by which it cannot wait.

        Raises:
            InvalidArgumentError: An input is malformed or missing, or only known in a preview.
        """
        check_inputs(self._subject, self.inputs)
        if not preview and not self.is_known:
            name = next(name for name, value in self.inputs.items() if not is_known(value))
            raise InvalidArgumentError(name, "is not known")

    @property
    def job_ids(self) -> list[str]:
        """The jobs that it waits for; none while that is not known."""
        return job_ids_of(self._subject, self.inputs) if self.is_known else []

    @property
    def limits(self) -> WaitOptions:
        """What the wait accepts; the time limit is the engine's where the inputs have none."""
        return limits_of(self.inputs, self._timeout)

    def changed(self, before: PriorState) -> list[str]:
        """Return the inputs that differ, and outputs that are to be written in this plugin's form."""
        changed = [camel_name(name) for name in changed_inputs(before.inputs, self.inputs)]
        changed += [name for name in self.replacing(before) if name not in changed]
        secrets = before.properties.secret ^ self.properties.secret
        return [*changed, *(name for name in secrets if name not in changed), *before.dynamic]

    def replacing(self, before: PriorState) -> list[str]:
        """Return those of them that make it another gate."""
        return [camel_name(name) for name in replacing_inputs(before.inputs, self._inputs_after(before))]

    def new_job_ids(self, before: PriorState) -> list[str]:
        """Return the jobs that have not been waited for."""
        if not self.is_known:
            return []
        inputs = self._inputs_after(before)
        return new_job_ids(self._subject, before.inputs, inputs, self._there(before.outputs))

    def _inputs_after(self, before: PriorState | None) -> Mapping[str, Any]:
        return with_service_endpoint(self.inputs, self._config, before.inputs if before else {})

    def recheck(self, before: PriorState, new: Collection[str]) -> None:
        """Hold the other jobs against the failed tasks that are accepted now, where that has changed.

        Raises:
            JobFailedError: One has more failed tasks.
            JobsFailedError: Several have.
            InvalidArgumentError: The state does not tell.
        """
        if "max_failed_tasks" not in changed_inputs(before.inputs, self.inputs):
            return
        there = self._there(before.outputs)
        again = [job_id for job_id in self.job_ids if job_id not in new]
        try:
            jobs = {job_id: from_plain(JobDescription, in_snake_case(there[job_id])) for job_id in again}
            recheck(jobs, self.limits, self.inputs["appid"])
        except CosJobError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise _unusable("the description of a job", "is not as it was read") from None

    def _there(self, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the outputs of jobs that have been waited for, by their ids."""
        if self._subject == "job_ids":
            jobs: Mapping[str, Any] = outputs.get("jobs") or {}
            return jobs
        return {outputs["jobId"]: outputs} if outputs.get("status") and outputs.get("jobId") else {}

    def write_outputs(self, into: Any, jobs: Mapping[str, Mapping[str, Any]], before: PriorState | None = None) -> None:
        """Write the outputs.

        Args:
            into: The properties of a response.
            jobs: The outputs of jobs; in a preview some may lack.
            before: The gate before an update.
        """
        echoed = {name: value for name, value in self.properties.values.items() if not name.startswith("__")}
        there = {**(self._there(before.outputs) if before else {}), **jobs}
        known = self.is_known and all(job_id in there for job_id in self.job_ids)
        if self._subject == "job_ids":
            outputs: dict[str, Any] = {"jobs": {each: there[each] for each in self.job_ids} if known else UNKNOWN}
        else:
            job = there[self.job_ids[0]] if known else dict.fromkeys(JOB_OUTPUTS, UNKNOWN)
            outputs = {name: job.get(name) for name in JOB_OUTPUTS}
        endpoint = self._inputs_after(before).get(SERVICE_ENDPOINT)
        outputs[camel_name(SERVICE_ENDPOINT)] = endpoint if endpoint or self.is_known else UNKNOWN
        secret = self.properties.secret | echoing(outputs, self.secrets)
        to_struct(Properties({**outputs, **echoed}, frozenset(secret)), into)
