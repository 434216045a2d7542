"""Arguments in a Pulumi program: what is known already is checked there and then, an output where it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pulumi

from pulumi_cosjob._checks import (
    OR_ANY_NUMBER,
    check_choice,
    check_endpoint,
    check_flag,
    check_identifier,
    check_number,
    check_timeout,
)
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._program.options import InvalidProgramArgumentError
from pulumi_cosjob._service.settings import MISSING, SETTINGS, config_keys
from pulumi_cosjob._text import kind_of
from pulumi_cosjob._waiting.gate import ANY_NUMBER

__all__ = [
    "Timeout",
    "accepted_failures",
    "arguments",
    "checked",
    "created",
    "echo_placeholder",
    "timeout_input",
]

Timeout = float | str | timedelta
"""How programs write a time limit; `check_timeout` reads it."""


def arguments(**given: Any) -> dict[str, Any]:
    """Return the arguments that are there, by their names.

    Raises:
        InvalidArgumentError: One that is known already is malformed. Outputs are checked where they arrive.
    """
    for name, value in given.items():
        if not _is_later(value) and (value is not None or name in _REQUIRED):
            checked(_CHECKS[name], value)
    return {name: value for name, value in given.items() if value is not None}


def timeout_input(value: pulumi.Input[Timeout] | None) -> Any:
    """Return a time limit as the input of a gate: text.

    Raises:
        InvalidArgumentError: It is malformed. An output is checked where it arrives: an error raised in the program
            while an output is read would be shown with a traceback.
    """
    if value is None or _is_later(value):
        return None if value is None else pulumi.Output.from_input(value).apply(_as_text)
    checked(check_timeout, value)
    return _as_text(value)


def _as_text(timeout: Any) -> Any:
    """Return a time limit as text, and what is none as it is."""
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return seconds
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def accepted_failures(value: pulumi.Input[int] | None) -> Any:
    """Return how many failed tasks a gate accepts, as its input: any number only where the program itself says None.

    An output that resolves to null may as well be one that another stack lacks.

    Raises:
        InvalidArgumentError: It is malformed. An output is checked where it arrives.
    """
    if _is_later(value):
        return pulumi.Output.from_input(value).apply(_no_any_number)
    return ANY_NUMBER if value is None else checked(_check_failures, value)


def _no_any_number(value: Any) -> Any:
    """Return what an output holds; what would stand for any number becomes text, which is refused where it arrives."""
    return "null" if value is None else str(value) if value == ANY_NUMBER else value


_check_failures = partial(check_number, "max_failed_tasks", least=0, more=OR_ANY_NUMBER)


def created(resources: Any) -> pulumi.Output[Any]:
    """Return what is known once resources are there, with those inside components.

    Args:
        resources: As `depends_on` takes them: one, a list, or an output of either.
    """

    def all_of(known: Any) -> pulumi.Output[Any]:
        outputs: list[pulumi.Output[Any]] = []
        for resource in known if isinstance(known, (list, tuple)) else [known] if known else []:
            if not isinstance(resource, pulumi.Resource):
                raise InvalidProgramArgumentError("opts.depends_on", f"cannot be {resource!r}")
            outputs.append(resource.id if isinstance(resource, pulumi.CustomResource) else resource.urn)
            # In a preview in which a gate waits for more jobs its id is known, and these are not.
            outputs.extend(getattr(resource, "_completed_jobs", ()))
            outputs.append(all_of(list(getattr(resource, "_childResources", ()))))
        return pulumi.Output.all(*outputs)

    return pulumi.Output.from_input(resources).apply(all_of)


def echo_placeholder(inputs: Mapping[str, Any]) -> pulumi.Output[str | None]:
    """Return the input that stands for an output in which inputs are echoed: an empty secret where one is secret.

    The engine tells a dynamic provider nothing of secrets. It marks an output as secret where the input of the same
    name is one; null would get lost on its way through the provider's check.
    """
    echoed: pulumi.Output[Any] = pulumi.Output.all(
        *(inputs[name] for name in ("job_id", "job_ids", "appid", *SETTINGS) if name in inputs)
    )
    # The endpoint comes from the configuration where no input names it.
    if any(pulumi.runtime.is_config_secret(key) for name in SETTINGS for key in config_keys(name)):
        echoed = pulumi.Output.secret(echoed)

    async def make(_: Any) -> str | None:
        return "" if await echoed.is_secret() else None

    return echoed.apply(make)


def _is_later(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")


def checked(check: Callable[[Any], Any], value: Any) -> Any:
    """Return what a check makes of a value; what it refuses, Pulumi shows without a traceback.

    Raises:
        InvalidArgumentError: The value is refused.
    """
    try:
        return check(value)
    except InvalidArgumentError as error:
        raise InvalidProgramArgumentError(error.argument, error.problem, hint=error.hint) from None


def _check_ids(job_ids: Any) -> None:
    if not isinstance(job_ids, (list, tuple)):
        raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(job_ids)}")
    for job_id in job_ids:
        if not _is_later(job_id):
            check_identifier("job_id", job_id)


_REQUIRED = ("job_id", "job_ids", "appid")
_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    **{name: partial(check_identifier, name) for name in ("job_id", "appid", "uin", "region")},
    "job_ids": _check_ids,
    "endpoint": check_endpoint,
    "missing": partial(check_choice, "missing", choices=MISSING),
    "max_concurrency": partial(check_number, "max_concurrency", least=1, most=64),
    "fail_when_suspended": partial(check_flag, "fail_when_suspended"),
}
