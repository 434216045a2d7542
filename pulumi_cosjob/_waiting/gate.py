"""What all gates know, whichever way in: inputs are checked and compared here, by their names in Python.

An input that is absent is None or not in the mapping. One that is not known yet, in a preview, is UNKNOWN. An absent
`max_failed_tasks` is 0: a value that got lost on its way accepts no failed task.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from pulumi_cosjob._checks import (
    ANY_NUMBER,
    DEFAULT_TIMEOUT,
    check_count,
    check_endpoint,
    check_flag,
    check_identifier,
    check_timeout,
)
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.settings import SETTINGS
from pulumi_cosjob._text import kind_of
from pulumi_cosjob._waiting.policy import WaitOptions

if TYPE_CHECKING:
    from pulumi_cosjob._service.location import Location

__all__ = [
    "DEFAULTS",
    "INPUTS",
    "LOCATION",
    "RESTORE_STATE",
    "SERVICE_ENDPOINT",
    "UNKNOWN",
    "WAIT_INPUTS",
    "Gate",
    "TargetInput",
    "check_account",
    "check_inputs",
    "is_known",
    "job_ids_of",
    "known_inputs",
    "make_id",
    "unusable_state",
    "wait_options",
]


class _Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value that is not known yet."""

TargetInput = Literal["job_id", "job_ids"]
"""The input that names what is read or waited for: one job, or many."""

WAIT_INPUTS = ("timeout", "max_failed_tasks", "fail_when_suspended")
"""Inputs that say how to wait. A change never replaces the gate."""

SERVICE_ENDPOINT = "service_endpoint"
"""The endpoint that the jobs of a gate are read from: an output, which the program does not set."""

LOCATION = (SERVICE_ENDPOINT, "appid")
"""What of a gate's values follows from settings or discovery where the program does not set it."""

INPUTS = ("job_id", "job_ids", "appid", *SETTINGS, *WAIT_INPUTS)

DEFAULTS: Mapping[str, Any] = {"max_failed_tasks": 0, "fail_when_suspended": False}


RESTORE_STATE = (
    "If the stack's state was edited by hand, undo that. Else remove the gate from it (pulumi state delete) and run "
    "pulumi up: the new gate opens once its jobs are complete."
)
"""What to do about a state that no version of this package has written."""


def unusable_state(name: str, problem: str) -> InvalidArgumentError:
    """Return the error for a value in the state of a gate, such as `results` that `is no JSON`."""
    return InvalidArgumentError("state", f"of the gate cannot be used: {name} {problem}", hint=RESTORE_STATE)


def is_known(value: Any) -> bool:
    """Tell whether a value and everything in it is known."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, (list, tuple)) else value is not UNKNOWN


def known_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are present and known; of a list, its known items."""

    def known(value: Any) -> Any:
        return [each for each in value if is_known(each)] if isinstance(value, (list, tuple)) else value

    return {name: known(value) for name, value in inputs.items() if value is not None and value is not UNKNOWN}


def check_inputs(target: TargetInput, inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that cannot be used. Inputs that are not known yet pass.

    Raises:
        InvalidArgumentError: An input is malformed or missing; the error names it.
    """
    if inputs.get(target) is None:
        raise InvalidArgumentError(target, "is missing")
    check_account(inputs)
    known = known_inputs(inputs)
    for job_id in job_ids_of(target, known):
        check_identifier("job_id", job_id)
    wait_options(known)


def check_account(inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that name no account, region or endpoint. Inputs that are not known yet pass.

    Raises:
        InvalidArgumentError: An input is malformed; the error names it.
    """
    known = known_inputs(inputs)
    for name in ("appid", "uin", "region"):
        if name in known:
            check_identifier(name, known[name])
    if "endpoint" in known:
        check_endpoint(known["endpoint"])


def job_ids_of(target: TargetInput, inputs: Mapping[str, Any]) -> list[Any]:
    """Return the job ids in the inputs, each once; an empty list if the target is absent or not known yet.

    Raises:
        InvalidArgumentError: `job_ids` is not a list.
    """
    value = inputs.get(target)
    if value is None or value is UNKNOWN:
        return []
    if target == "job_id":
        return [value]
    if not isinstance(value, (list, tuple)):
        raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(value)}")
    return list(dict.fromkeys(value)) if all(isinstance(each, str) for each in value) else list(value)


def wait_options(inputs: Mapping[str, Any], timeout: float | None = None) -> WaitOptions:
    """Return the options of a wait.

    Args:
        inputs: The inputs of a gate.
        timeout: Time limit in seconds where the inputs have none; 1 h by default.

    Raises:
        InvalidArgumentError: An input is malformed.
    """
    given = inputs.get("timeout")
    failed, suspended = (_value(inputs, name) for name in ("max_failed_tasks", "fail_when_suspended"))
    any_number = failed == ANY_NUMBER and not isinstance(failed, bool)
    return WaitOptions(
        timeout=timeout if given is None and timeout else check_timeout(DEFAULT_TIMEOUT if given is None else given),
        max_failed_tasks=None if any_number else check_count("max_failed_tasks", failed),
        fail_when_suspended=check_flag("fail_when_suspended", suspended),
    )


def _value(inputs: Mapping[str, Any], name: str) -> Any:
    value = inputs.get(name)
    return DEFAULTS.get(name) if value is None else value


def make_id() -> str:
    """Return the id of a new gate. It is random: an id is never secret, and the job ids may be."""
    return uuid.uuid4().hex


class Gate(Record):
    """A gate as a program declares it, or as the state has it. Nothing here sends a request.

    Attributes:
        target: The input that names the jobs.
        inputs: The inputs, with the service endpoint where it is known.
        completed: The jobs that the gate has waited for, by job id, in the form of the caller. A gate that a program
            declares has none.
    """

    target: TargetInput
    inputs: Mapping[str, Any]
    completed: Mapping[Any, Any] = field(default_factory=dict)

    @cached_property
    def is_known(self) -> bool:
        """Whether all inputs are known."""
        return is_known(self.inputs)

    @cached_property
    def job_ids(self) -> list[Any]:
        """The jobs to wait for, each once. The list is empty while an input is not known."""
        return job_ids_of(self.target, self.inputs) if self.is_known else []

    def check(self, *, preview: bool = True) -> None:
        """Refuse inputs that cannot be used.

        Args:
            preview: Whether inputs may be unknown.

        Raises:
            InvalidArgumentError: An input is malformed, missing or, outside of a preview, not known.
        """
        check_inputs(self.target, self.inputs)
        if not preview and not self.is_known:
            name = next(name for name, value in self.inputs.items() if not is_known(value))
            raise InvalidArgumentError(name, "is not known")

    def options(self, timeout: float | None = None) -> WaitOptions:
        """Return the options of the wait; see `wait_options`."""
        return wait_options(self.inputs, timeout)

    def located(self, location: Location | None, prior: Gate | None = None) -> Gate:
        """Return this gate with its endpoint and its APPID, which a later update is compared with.

        What is not known now, because settings are missing or the account could not be discovered, is that of the gate
        in the state: nothing is known to have changed.

        Args:
            location: Where the requests about its jobs go; None if that is not known.
            prior: The gate in the state, if there is one.
        """
        before: Mapping[str, Any] = prior.inputs if prior else {}
        known = {
            SERVICE_ENDPOINT: (location.endpoint if location else "") or before.get(SERVICE_ENDPOINT),
            "appid": self.inputs.get("appid") or (location.appid if location else None) or before.get("appid"),
        }
        return replace(self, inputs={**self.inputs, **{name: value for name, value in known.items() if value}})

    def changed(self, prior: Gate) -> list[str]:
        """Return the inputs that differ from those of the gate in the state, and the service endpoint if it does."""
        changed = [name for name in INPUTS if _value(prior.inputs, name) != _value(self.inputs, name)]
        before, after = prior.inputs.get(SERVICE_ENDPOINT), self.inputs.get(SERVICE_ENDPOINT)
        return [*changed, SERVICE_ENDPOINT] if before and after and before != after else changed

    def replacing(self, prior: Gate) -> list[str]:
        """Return the changes that replace the gate: another job, another APPID, or another endpoint of the service.

        A gate stands for a job at the endpoint that it was read from. Which of uin, region, endpoint, configuration and
        environment lead there makes no difference.
        """
        return [name for name in self.changed(prior) if name in ("job_id", "appid", SERVICE_ENDPOINT)]

    def new_job_ids(self, prior: Gate) -> list[Any]:
        """Return the jobs that the gate in the state has not waited for: a wait, or a poll before it, is about them."""
        is_same_account = all(name == "job_id" for name in self.replacing(prior))
        known = set(prior.job_ids) & set(prior.completed) if is_same_account else set()
        return [job_id for job_id in self.job_ids if job_id not in known]

    def jobs_to_recheck(self, prior: Gate) -> dict[Any, Any]:
        """Return the completed jobs to compare with `max_failed_tasks` again: none unless that has changed."""
        if "max_failed_tasks" not in self.changed(prior):
            return {}
        new = set(self.new_job_ids(prior))
        return {job_id: prior.completed[job_id] for job_id in self.job_ids if job_id not in new}

    def completed_jobs(self, prior: Gate | None, found: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the jobs of this gate that have completed, by job id, in the order of its inputs.

        Args:
            prior: The gate in the state, if there is one.
            found: The new jobs that have completed.
        """
        jobs = {**(prior.completed if prior else {}), **found}
        return {job_id: jobs[job_id] for job_id in self.job_ids if job_id in jobs}
