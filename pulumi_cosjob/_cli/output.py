"""What the `cosjob` command writes: results on standard output, errors and progress on standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any, NoReturn

import click

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._messages import Audience
from pulumi_cosjob._places import PLACES

__all__ = [
    "COMMAND_LINE",
    "QUIET",
    "fail",
    "is_printable",
    "lost_output",
    "normalise_columns",
    "open_closed_streams",
    "printable",
    "render",
    "write_error",
    "write_output",
    "write_warning",
]

_OPTIONS = frozenset(
    {"appid", "site", *PLACES, "timeout", "max_failed_tasks", "fail_when_suspended", "heartbeat", "query", "reason"}
    | {"statuses", "created_after", "created_before", "description", "operation", "limit"}
)
_SHORT_NAMES = {"statuses": "--status", "created_after": "--since", "created_before": "--before"}


def _command_line_name(argument: str) -> str:
    if argument in ("job_id", "job_ids"):
        return "JOB_ID"
    if argument == "priority":
        return "PRIORITY"
    if argument in _SHORT_NAMES:
        return _SHORT_NAMES[argument]
    return f"--{argument.replace('_', '-')}" if argument in _OPTIONS else argument


COMMAND_LINE = Audience(
    name=_command_line_name,
    argument="option",
    arguments=_OPTIONS,
    namespaces=(),
    any_number="any",
)
"""Users of the `cosjob` command, which reads no stack's configuration."""

QUIET = "pulumi_cosjob.quiet"
"""The name in click's `Context.meta` of whether only errors are written on standard error."""


def render(error: CosJobError) -> str:
    """Return the message of an error, with the names that the command line uses."""
    return error.render(COMMAND_LINE)


# ------------------------------------------------------------------------------------------------------------- streams


def open_closed_streams() -> None:
    """Open the null device in place of a standard stream that is closed, as by `2>&-`.

    Without this, the first socket would get the number of the closed stream, and what a library writes on standard
    error would be sent to the service.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is used, which is this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  until the end


def normalise_columns(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove COLUMNS if it is no width: libraries would use it, and show one character in each line, or none."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", environment.get("COLUMNS", "1")):
        del environment["COLUMNS"]


def fail(message: str | CosJobError, code: int) -> NoReturn:
    """Write an error message and exit."""
    write_error(f"cosjob: {render(message) if isinstance(message, CosJobError) else message}")
    sys.exit(code)


def write_error(text: str, *, newline: bool = True) -> None:
    """Write a line on standard error. If it cannot be written, the exit code alone has to do."""
    try:
        click.echo(text, err=True, nl=newline)
    except OSError:
        # The stream keeps what it could not write, and would write it again when the process ends.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as standard error, until the end


def write_warning(text: str, meta: MutableMapping[str, Any] | None = None) -> None:
    """Write a warning as one line on standard error, unless only errors are to be written.

    Args:
        text: The warning.
        meta: That of click's context, for threads, which have none; by default that of this thread.
    """
    context = click.get_current_context(silent=True)
    if not (meta if meta is not None else context.meta if context else {}).get(QUIET):
        write_error(f"cosjob: warning: {' '.join(text.split())}")


def write_output(text: str, *, newline: bool = True) -> None:
    """Write on standard output, with the characters escaped that its encoding lacks; exit with 1 if that fails."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=newline, color=True)
    except OSError as error:
        lost_output(error)


def lost_output(error: OSError) -> NoReturn:
    """Exit with 1, as standard output cannot be written; without a message if its reader has gone."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as in write_error
    if isinstance(error, BrokenPipeError):
        sys.exit(1)
    fail(f"standard output cannot be written: {error.strerror}", 1)


def is_printable(character: str) -> bool:
    """Return whether a character exists in the output's encoding and does not move the cursor."""
    try:
        character.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return character.isprintable()


def printable(text: str) -> str:
    """Return a text from outside with unprintable characters escaped."""
    return "".join(each if is_printable(each) else each.encode("unicode_escape").decode() for each in text)
