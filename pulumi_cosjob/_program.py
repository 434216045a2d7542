"""Arguments in a Pulumi program: what is known already is checked there and then, an output when it is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pulumi

from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._settings import check_identifier

__all__ = ["InvalidProgramArgumentError", "Timeout", "check_plain", "check_plain_ids", "in_program"]

Timeout = float | str | timedelta
"""How programs write a time limit; `check_timeout` reads it."""


class InvalidProgramArgumentError(InvalidArgumentError, pulumi.RunError):
    """An argument in the program is malformed; Pulumi shows the message and no traceback."""


def in_program(value: Any, check: Callable[[Any], Any]) -> Any:
    """Check, or convert, an argument; where it is not known yet, when it is."""
    if isinstance(value, pulumi.Output) or hasattr(value, "__await__"):
        return pulumi.Output.from_input(value).apply(lambda known: in_program(known, check))
    try:
        return check(value)
    except InvalidArgumentError as error:
        raise InvalidProgramArgumentError(
            error.argument, error.what.removeprefix(error.argument + " "), hint=error.hint
        ) from None


def check_plain(name: str, value: Any) -> None:
    """Check an argument that is known already; outputs are checked in the provider."""
    if value is not None and not isinstance(value, pulumi.Output) and not hasattr(value, "__await__"):
        in_program(value, lambda known: check_identifier(name, known))


def check_plain_ids(job_ids: Any) -> None:
    """Do the same for a list of job ids."""
    if isinstance(job_ids, (str, bytes)) or job_ids is None:
        raise InvalidProgramArgumentError("job_ids", f"must be a list of ids, not {type(job_ids).__name__}")
    for job_id in job_ids if isinstance(job_ids, (list, tuple)) else ():
        check_plain("job_id", job_id)
