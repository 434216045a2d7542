"""What a gate takes, whichever way in: its inputs, checked and compared, by their names in Python.

An input that is absent is None or not there; one that is not known yet, in a preview, is UNKNOWN. `max_failed_tasks`
is -1 for any number and 0 where it is absent: what got lost on its way accepts nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal

from pulumi_cosjob._checks import check_count, check_endpoint, check_flag, check_identifier, check_timeout
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._service.settings import SETTINGS, find_endpoint
from pulumi_cosjob._text import kind_of
from pulumi_cosjob._waiting.policy import WaitOptions

__all__ = [
    "ANY_NUMBER",
    "DEFAULTS",
    "INPUTS",
    "SERVICE_ENDPOINT",
    "UNKNOWN",
    "WAIT_INPUTS",
    "TargetInput",
    "changed_inputs",
    "check_inputs",
    "is_known",
    "job_ids_of",
    "known_inputs",
    "limits_of",
    "make_id",
    "new_job_ids",
    "replacing_inputs",
    "with_service_endpoint",
]


class _Unknown:
    """Stands for a value that is not known yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()

TargetInput = Literal["job_id", "job_ids"]
"""The input that names what is waited for: one job, or many."""

WAIT_INPUTS = ("timeout", "max_failed_tasks", "fail_when_suspended")
"""Inputs that say how to wait. Changing one never makes it another gate."""

SERVICE_ENDPOINT = "service_endpoint"
"""The endpoint that a gate was answered from: an output, which the program does not set."""

INPUTS = ("job_id", "job_ids", "appid", *SETTINGS, *WAIT_INPUTS)

ANY_NUMBER = -1
_DEFAULT_TIMEOUT = 3600.0
DEFAULTS: Mapping[str, Any] = {"max_failed_tasks": 0, "fail_when_suspended": False}


def is_known(value: Any) -> bool:
    """Tell whether a value is known, with all that is in it."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, (list, tuple)) else value is not UNKNOWN


def known_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are there and known, of a list its items that are known."""

    def known(value: Any) -> Any:
        return [each for each in value if is_known(each)] if isinstance(value, (list, tuple)) else value

    return {name: known(value) for name, value in inputs.items() if value is not None and value is not UNKNOWN}


def check_inputs(subject: TargetInput, inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that cannot be used; those that are not known yet pass.

    Raises:
        InvalidArgumentError: One is malformed, or missing; the error names it.
    """
    for name in (subject, "appid"):
        if inputs.get(name) is None:
            raise InvalidArgumentError(name, "is missing")
    known = known_inputs(inputs)
    for name in ("appid", "uin", "region"):
        if name in known:
            check_identifier(name, known[name])
    if "endpoint" in known:
        check_endpoint(known["endpoint"])
    for job_id in job_ids_of(subject, known):
        check_identifier("job_id", job_id)
    limits_of(known)


def job_ids_of(subject: TargetInput, inputs: Mapping[str, Any]) -> list[Any]:
    """Return the jobs that inputs name; none where that is not known.

    Raises:
        InvalidArgumentError: job_ids is no list.
    """
    value = inputs.get(subject)
    if value is None or value is UNKNOWN:
        return []
    if subject == "job_id":
        return [value]
    if not isinstance(value, (list, tuple)):
        raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(value)}")
    return list(dict.fromkeys(value)) if all(isinstance(each, str) for each in value) else list(value)


def limits_of(inputs: Mapping[str, Any], timeout: float | None = None) -> WaitOptions:
    """Return what a wait accepts.

    Args:
        inputs: The gate's.
        timeout: Seconds to wait where the inputs do not say; 1 h where this does not either.

    Raises:
        InvalidArgumentError: An input is malformed.
    """
    given = inputs.get("timeout")
    failed, suspended = (_value(inputs, name) for name in ("max_failed_tasks", "fail_when_suspended"))
    any_number = failed == ANY_NUMBER and not isinstance(failed, bool)
    return WaitOptions(
        timeout=(timeout or _DEFAULT_TIMEOUT) if given is None else check_timeout(given),
        max_failed_tasks=None if any_number else check_count("max_failed_tasks", failed),
        fail_when_suspended=check_flag("fail_when_suspended", suspended),
    )


def _value(inputs: Mapping[str, Any], name: str) -> Any:
    value = inputs.get(name)
    return DEFAULTS.get(name) if value is None else value


def changed_inputs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return which inputs differ."""
    return [name for name in INPUTS if _value(olds, name) != _value(news, name)]


def make_id() -> str:
    """Return the id of a new gate. It says nothing of the jobs, which may be secret: ids are never kept as such."""
    return uuid.uuid4().hex


def with_service_endpoint(
    inputs: Mapping[str, Any], config: Callable[[str], Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a gate with the endpoint that they lead to, which is what a later update is compared with.

    Where it cannot be found (settings are missing, or not known yet) the gate keeps the endpoint that it has.

    Args:
        inputs: Those that the gate is to have.
        config: Returns the configuration's value of a full key, such as `cosjob:uin`, or None.
        before: The inputs of the gate as it is; nothing where there is none.
    """
    endpoint = find_endpoint(inputs, config) or before.get(SERVICE_ENDPOINT)
    return {**inputs, SERVICE_ENDPOINT: endpoint} if endpoint else dict(inputs)


def replacing_inputs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return what makes it another gate: another job, another APPID, or another endpoint of the service.

    A gate stands for a job at the endpoint that it was read from. Which of uin, region, endpoint, configuration and
    environment lead there makes no difference.

    Args:
        olds: The inputs of the gate as it is, with its service endpoint.
        news: Those that it is to have, with theirs.
    """
    replacing = [name for name in changed_inputs(olds, news) if name in ("job_id", "appid")]
    before, after = olds.get(SERVICE_ENDPOINT), news.get(SERVICE_ENDPOINT)
    return [*replacing, SERVICE_ENDPOINT] if before and after and before != after else replacing


def new_job_ids(
    subject: TargetInput,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    there: Collection[Any],
) -> list[Any]:
    """Return the jobs that a gate has not waited for yet.

    Args:
        subject: The input that names them.
        olds: The inputs of the gate as it is; nothing where there is none.
        news: Those that it is to have.
        there: The jobs whose descriptions it has.
    """
    is_same_account = all(name == "job_id" for name in replacing_inputs(olds, news))
    known = set(job_ids_of(subject, olds)) & set(there) if is_same_account else set()
    return [job_id for job_id in job_ids_of(subject, news) if job_id not in known]
