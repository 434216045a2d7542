"""Arguments in a Pulumi program: what is known already is checked there and then, an output where it arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pulumi

from pulumi_cosjob._errors import InvalidArgumentError, kind_of
from pulumi_cosjob._gate_inputs import ANY_NUMBER
from pulumi_cosjob._settings import (
    MISSING,
    OR_ANY_NUMBER,
    check_choice,
    check_endpoint,
    check_flag,
    check_identifier,
    check_number,
)

__all__ = ["InvalidProgramArgumentError", "Timeout", "accepted_failures", "arguments", "converted"]

Timeout = float | str | timedelta
"""How programs write a time limit; `check_timeout` reads it."""


class InvalidProgramArgumentError(InvalidArgumentError, pulumi.RunError):
    """An argument in the program is malformed; Pulumi shows the message and no traceback."""


def arguments(**given: Any) -> dict[str, Any]:
    """Return the arguments that are there, by their names.

    Raises:
        InvalidArgumentError: One that is known already is malformed. Outputs are checked where they arrive.
    """
    for name, value in given.items():
        if not _is_later(value) and (value is not None or name in _REQUIRED):
            _refusing(_CHECKS[name], value)
    return {name: value for name, value in given.items() if value is not None}


def converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Convert an argument, which may refuse it; where it is not known yet, when it is.

    Raises:
        InvalidArgumentError: It is malformed.
    """
    if _is_later(value):
        return pulumi.Output.from_input(value).apply(lambda known: converted(known, convert))
    return _refusing(convert, value)


def accepted_failures(value: pulumi.Input[int] | None) -> Any:
    """Return how many failed tasks a gate accepts, as its input: any number only where the program itself says None.

    An output that turns out to be None may as well be one that another stack lacks.
    """
    return ANY_NUMBER if value is None else converted(value, _check_failures)


_check_failures = partial(check_number, "max_failed_tasks", least=0, more=OR_ANY_NUMBER)


def _is_later(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")


def _refusing(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except InvalidArgumentError as error:
        raise InvalidProgramArgumentError(
            error.argument, error.what.removeprefix(error.argument + " "), hint=error.hint
        ) from None


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
