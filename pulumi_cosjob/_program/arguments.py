"""Arguments in a Pulumi program: plain values are checked at once, outputs by the provider that receives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pulumi

from pulumi_cosjob._checks import (
    ANY_NUMBER,
    OR_ANY_NUMBER,
    check_choice,
    check_concurrency,
    check_endpoint,
    check_flag,
    check_identifier,
    check_number,
    check_timeout,
)
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._program.options import InvalidProgramArgumentError
from pulumi_cosjob._service.job_list import FILTERS, check_listing
from pulumi_cosjob._service.settings import MISSING, SETTINGS, config_keys
from pulumi_cosjob._text import kind_of

__all__ = [
    "CreationTime",
    "Timeout",
    "accepted_failures",
    "arguments",
    "checked",
    "filter_inputs",
    "is_plain",
    "known_after",
    "secret_placeholder",
    "timeout_input",
]

Timeout = float | str | timedelta
"""A time limit in a program: seconds, a text such as `"2h"`, or a timedelta."""

CreationTime = datetime | timedelta | str
"""A limit of the creation time in a program: a time, or how long ago it is."""


def arguments(**values: Any) -> dict[str, Any]:
    """Check arguments and return those that are not None, by name.

    Raises:
        InvalidArgumentError: A plain value is malformed. The provider checks outputs.
    """
    for name, value in values.items():
        if not _is_output(value) and (value is not None or name in _REQUIRED):
            checked(_CHECKS[name], value)
    given = {name: value for name, value in values.items() if value is not None}
    if _is_output(given.get("appid")):
        given["appid"] = pulumi.Output.from_input(given["appid"]).apply(_without_absence)
    return given


def _without_absence(appid: Any) -> Any:
    """Return the APPID of an output; null becomes text, which the provider refuses.

    It may be one that another stack lacks: the program means that account, and not the one of the credentials.
    """
    return "null" if appid is None else appid


def timeout_input(value: pulumi.Input[Timeout] | None) -> Any:
    """Return a time limit as the input of a gate, which is text.

    Raises:
        InvalidArgumentError: A plain value is malformed. The provider checks outputs: an error that is raised while the
            program reads an output would be shown with a traceback.
    """
    if value is None or _is_output(value):
        return None if value is None else pulumi.Output.from_input(value).apply(_as_text)
    checked(check_timeout, value)
    return _as_text(value)


def _as_text(timeout: Any) -> Any:
    """Return a number of seconds or a timedelta as text, any other value unchanged."""
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return seconds
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def filter_inputs(**filters: Any) -> dict[str, Any]:
    """Check the filters of a list; return those that are not None by name, times as text and statuses as a list.

    A duration stays one: each read counts it back from its own time.

    Raises:
        InvalidArgumentError: A plain value is malformed. The provider checks outputs.
    """
    return {name: _filter_input(name, value) for name, value in filters.items() if value is not None}


def _filter_input(name: str, value: Any) -> Any:
    form = _FILTER_FORMS.get(name, _unchanged)
    if _is_output(value):
        return pulumi.Output.from_input(value).apply(form)
    if isinstance(value, datetime):  # as a text without a time zone it would be refused for its form
        checked(partial(_check_filter, name), value)
    text = form(value)
    checked(partial(_check_filter, name), text)
    return text


def _check_filter(name: str, value: Any) -> None:
    if isinstance(value, list):
        known = [each for each in value if not _is_output(each)]
        if value and not known:
            return
        value = known
    # The provider compares the limits of the creation time: durations count back from the time of the read.
    check_listing(now=0.0, **{name: value})


def _as_time_text(value: Any) -> Any:
    """Return a time as text. One without a time zone becomes a text that the provider refuses."""
    if isinstance(value, datetime):
        return str(value) if value.utcoffset() is None else value.isoformat()
    return _as_text(value) if isinstance(value, timedelta) else value


def _as_statuses(value: Any) -> Any:
    """Return a status or several as a list, those of a set in an order that stays the same."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Iterable):
        return value
    return sorted(value, key=str) if isinstance(value, (set, frozenset)) else list(value)


def _unchanged(value: Any) -> Any:
    return value


_FILTER_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "statuses": _as_statuses,
    "created_after": _as_time_text,
    "created_before": _as_time_text,
}


def accepted_failures(value: pulumi.Input[int] | None) -> Any:
    """Return the number of failed tasks that a gate accepts, as its input. Only None itself means any number.

    An output that resolves to null may be one that another stack lacks, so the provider refuses it.

    Raises:
        InvalidArgumentError: A plain value is malformed. The provider checks outputs.
    """
    if _is_output(value):
        return pulumi.Output.from_input(value).apply(_without_any_number)
    return ANY_NUMBER if value is None else checked(_check_failures, value)


def _without_any_number(value: Any) -> Any:
    """Return the value of an output; values that would mean any number become text, which the provider refuses."""
    return "null" if value is None else str(value) if value == ANY_NUMBER else value


_check_failures = partial(check_number, "max_failed_tasks", least=0, more=OR_ANY_NUMBER)


def known_after(resources: Any) -> pulumi.Output[Any]:
    """Return an output that is known once resources exist, with all children of components.

    Args:
        resources: The value of `depends_on`: a resource, a list of them, or an output of either.

    Raises:
        InvalidArgumentError: One is not a resource.
    """

    def all_of(known: Any) -> pulumi.Output[Any]:
        outputs: list[pulumi.Output[Any]] = []
        for resource in known if isinstance(known, (list, tuple)) else [known] if known else []:
            if not isinstance(resource, pulumi.Resource):
                raise InvalidProgramArgumentError("opts.depends_on", f"cannot be {resource!r}")
            outputs.append(resource.id if isinstance(resource, pulumi.CustomResource) else resource.urn)
            # In a preview, the id of a gate to which jobs are added is known, but its jobs are not.
            outputs.extend(getattr(resource, "_completed_jobs", ()))
            outputs.append(all_of(list(getattr(resource, "_childResources", ()))))
        return pulumi.Output.all(*outputs)

    return pulumi.Output.from_input(resources).apply(all_of)


def secret_placeholder(inputs: Mapping[str, Any]) -> pulumi.Output[str | None] | None:
    """Return a placeholder for an output that echoes inputs: an empty secret if one of them is secret, otherwise null.

    The engine does not tell dynamic providers which inputs are secret. It marks an output as secret if the input of the
    same name is secret. The secret is an empty text, because null is dropped when the provider checks the inputs.
    """
    values = [inputs[name] for name in ("job_id", "job_ids", "appid", *SETTINGS, *FILTERS) if name in inputs]
    # Without an input, the endpoint comes from the configuration.
    is_configured_secret = any(pulumi.runtime.is_config_secret(key) for name in SETTINGS for key in config_keys(name))
    if not is_configured_secret and is_plain(values):
        return None
    echoed: pulumi.Output[Any] = pulumi.Output.all(*values)
    if is_configured_secret:
        echoed = pulumi.Output.secret(echoed)

    async def placeholder(_: Any) -> str | None:
        return "" if await echoed.is_secret() else None

    return echoed.apply(placeholder)


def is_plain(value: Any) -> bool:
    """Return whether a value holds no output: all of it is known, and nothing is secret."""
    if isinstance(value, (list, tuple)):
        return all(is_plain(each) for each in value)
    return value is None or isinstance(value, (str, int, float, bool))


def _is_output(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")


def checked(check: Callable[[Any], Any], value: Any) -> Any:
    """Return the result of a check. Pulumi shows its error without a traceback.

    Raises:
        InvalidArgumentError: The check refuses the value.
    """
    try:
        return check(value)
    except InvalidArgumentError as error:
        raise InvalidProgramArgumentError(error.argument, error.problem, hint=error.hint) from None


def _check_ids(job_ids: Any) -> None:
    if not isinstance(job_ids, (list, tuple)):
        raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(job_ids)}")
    for job_id in job_ids:
        if not _is_output(job_id):
            check_identifier("job_id", job_id)


_REQUIRED = ("job_id", "job_ids")
_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    **{name: partial(check_identifier, name) for name in ("job_id", "appid", "uin", "region")},
    "job_ids": _check_ids,
    "endpoint": check_endpoint,
    "missing": partial(check_choice, "missing", choices=MISSING),
    "max_concurrency": check_concurrency,
    "fail_when_suspended": partial(check_flag, "fail_when_suspended"),
}
