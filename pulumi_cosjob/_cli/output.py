"""What the `cosjob` command writes: results on standard output, errors and progress on standard error."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._messages import Audience
from pulumi_cosjob._places import PLACES

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = [
    "COMMAND_LINE",
    "OUTPUT_FORMATS",
    "fail",
    "print_description",
    "print_json",
    "printable",
    "write_error",
    "write_output",
]

_OPTIONS = frozenset({"appid", *PLACES, "timeout", "max_failed_tasks", "fail_when_suspended"})


def _command_line_name(argument: str) -> str:
    if argument in ("job_id", "job_ids"):
        return "JOB_ID"
    return f"--{argument.replace('_', '-')}" if argument in _OPTIONS else argument


COMMAND_LINE = Audience(
    name=_command_line_name,
    argument="option",
    arguments=_OPTIONS,
    namespaces=(),
    any_number="any",
)
"""Users of the `cosjob` command, which reads no stack's configuration."""


# ------------------------------------------------------------------------------------------------------------- streams


def fail(message: str | CosJobError, code: int) -> NoReturn:
    """Write an error message and exit."""
    text = message.render(COMMAND_LINE) if isinstance(message, CosJobError) else message
    write_error(f"cosjob: {text}")
    sys.exit(code)


def write_error(text: str) -> None:
    """Write a line on standard error. If it cannot be written, the exit code alone has to do."""
    try:
        click.echo(text, err=True)
    except OSError:
        # The stream keeps what it could not write, and would write it again when the process ends.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as standard error, until the end


def write_output(text: str, *, newline: bool = True) -> None:
    """Write on standard output, with the characters escaped that its encoding lacks; exit with 1 if that fails."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=newline, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as in write_error
        fail(f"standard output cannot be written: {error.strerror}", 1)


def _is_printable(character: str) -> bool:
    """Return whether a character exists in the output's encoding and does not move the cursor."""
    try:
        character.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return character.isprintable()


def printable(text: str) -> str:
    """Return a text from outside with unprintable characters escaped."""
    return "".join(each if _is_printable(each) else each.encode("unicode_escape").decode() for each in text)


# ---------------------------------------------------------------------------------------------------------------- JSON


def print_json(value: Any) -> None:
    """Print a value as JSON, with unprintable characters escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    write_output(re.sub(r"[^\n -~]", lambda match: _in_json(match[0]), text))


def _in_json(character: str) -> str:
    if _is_printable(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


# -------------------------------------------------------------------------------------------------------- descriptions


def print_description(description: JobDescription, output: str) -> None:
    """Print the description of a job in one of the formats."""
    _PRINTERS[output](description)


def _print_yaml(description: JobDescription) -> None:
    import yaml  # noqa: PLC0415  not needed for the other formats

    plain = json.loads(json.dumps(description))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    if not all(each == "\n" or _is_printable(each) for each in text):
        text = yaml.safe_dump(plain, sort_keys=False)
    write_output(text, newline=False)


def _print_table(description: JobDescription) -> None:
    from rich import console, table, text  # noqa: PLC0415  not needed for the other formats

    state = description.state
    colour = "green" if state.succeeded else "red" if state.final else "yellow" if state.needs_person else "cyan"
    rows = table.Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("job_id", text.Text(description.job_id, style="bold"))
    rows.add_row("status", text.Text.assemble((state.status, f"bold {colour}"), f": {state.meaning}"))
    for name, value in _rows({k: v for k, v in description.items() if k not in ("job_id", "status")}):
        rows.add_row(name, text.Text(value))
    rendered = io.StringIO()
    console.Console(file=rendered, force_terminal=sys.stdout.isatty() or None, highlight=False).print(rows)
    write_output(rendered.getvalue(), newline=False)


def _rows(element: dict[str, Any], indent: str = "") -> Iterator[tuple[str, str]]:
    """Yield a name, indented by its depth, and a text for each field that has a value."""
    for name, value in element.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            if any(isinstance(item, dict) for item in value):
                yield indent + name, ""
                yield from _rows({f"[{position}]": item for position, item in enumerate(value)}, indent + "  ")
            elif value:
                yield indent + name, printable(", ".join(value))
        elif isinstance(value, dict):
            yield indent + name, ""
            yield from _rows(value, indent + "  ")
        elif isinstance(value, bool):
            yield indent + name, "yes" if value else "no"
        else:
            yield indent + name, printable(str(value))


_PRINTERS: Mapping[str, Callable[[JobDescription], None]] = {
    "table": _print_table,
    "json": print_json,
    "yaml": _print_yaml,
}
OUTPUT_FORMATS = tuple(_PRINTERS)
