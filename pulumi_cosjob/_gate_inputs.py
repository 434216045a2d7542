"""What a gate takes, whichever way in: inputs checked and compared, by their names in Python.

An input that is absent is None or not there; the caller leaves out those that are not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._settings import SETTINGS, check_count, check_flag, check_identifier, check_timeout
from pulumi_cosjob._waiting import Limits

__all__ = ["HOW", "changed_inputs", "check_inputs", "is_same_account", "job_ids_of", "limits_of", "replacing_inputs"]

# How to wait: no other gate, whatever they say.
HOW = ("timeout", "max_failed_tasks", "fail_when_suspended")

_DEFAULT_TIMEOUT = 3600.0


def check_inputs(inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that cannot be used.

    Raises:
        InvalidArgumentError: One is malformed; the error names it.
    """
    known = {name: value for name, value in inputs.items() if value is not None}
    for name in ("appid", "uin", "region"):
        if name in known:
            check_identifier(name, known[name])
    for job_id in job_ids_of(known):
        check_identifier("job_id", job_id)
    limits_of(known)


def job_ids_of(inputs: Mapping[str, Any]) -> list[str]:
    """Return the jobs that inputs name, of a gate for one job or for many.

    Raises:
        InvalidArgumentError: job_ids is no list.
    """
    if inputs.get("job_id") is not None:
        return [inputs["job_id"]]
    job_ids = inputs.get("job_ids") or []
    if not isinstance(job_ids, (list, tuple)):
        raise InvalidArgumentError("job_ids", f"must be a list of ids, not {type(job_ids).__name__}")
    return list(job_ids)


def limits_of(inputs: Mapping[str, Any], timeout: float | None = None) -> Limits:
    """Return what a wait accepts.

    Args:
        inputs: The gate's.
        timeout: Seconds to wait where the inputs do not say; 1 h where this does not either.

    Raises:
        InvalidArgumentError: An input is malformed.
    """
    given, suspended = inputs.get("timeout"), inputs.get("fail_when_suspended")
    return Limits(
        timeout=(timeout or _DEFAULT_TIMEOUT) if given is None else check_timeout(given),
        max_failed_tasks=check_count("max_failed_tasks", inputs.get("max_failed_tasks")),
        fail_when_suspended=check_flag("fail_when_suspended", False if suspended is None else suspended),
    )


def changed_inputs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return which inputs differ."""
    names = ("job_id", "job_ids", "appid", *SETTINGS, *HOW)
    return [name for name in names if olds.get(name) != news.get(name)]


def replacing_inputs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return which of the inputs that differ make another gate: another job, or another account.

    Naming the account here or leaving it to the configuration is the same.
    """
    moved = [name for name in SETTINGS if olds.get(name) and news.get(name) and olds[name] != news[name]]
    return [*(name for name in changed_inputs(olds, news) if name in ("job_id", "appid")), *moved]


def is_same_account(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether jobs of these ids are the same jobs."""
    return all(name == "job_id" for name in replacing_inputs(olds, news))


def new_job_ids(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Sequence[str]:
    """Return the jobs that a gate has not waited for yet."""
    known = set(job_ids_of(olds)) if is_same_account(olds, news) else set()
    return [job_id for job_id in dict.fromkeys(job_ids_of(news)) if job_id not in known]
