"""What several commands share: their options, their exit codes, and the client of the account."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulumi_cosjob._cli.output import QUIET, fail
from pulumi_cosjob._errors import (
    ConfigurationError,
    CosJobError,
    InvalidArgumentError,
    JobsFailedError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = [
    "EXIT_CODES",
    "FAILED",
    "INTERRUPTED",
    "TERMINATED",
    "TIMED_OUT",
    "UNUSABLE",
    "account_options",
    "exit_code",
    "job_ids_argument",
    "open_client",
    "output_option",
    "query_option",
    "quiet_option",
    "whole_number",
]

FAILED, UNUSABLE, TIMED_OUT, INTERRUPTED, TERMINATED = 1, 2, 124, 130, 143

EXIT_CODES: Mapping[int, str] = {
    0: "success: the jobs were read, or are complete",
    FAILED: "a job failed or could not be read, or the output was lost",
    UNUSABLE: "arguments or settings are malformed or missing",
    TIMED_OUT: "wait: the time limit was reached",
    INTERRUPTED: "interrupted (Ctrl-C)",
    TERMINATED: "wait: terminated (SIGTERM)",
}
"""What the exit codes of all commands mean."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def exit_code(error: CosJobError) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, (InvalidArgumentError, ConfigurationError)):
        return UNUSABLE
    errors = error.errors if isinstance(error, JobsFailedError) else (error,)
    return TIMED_OUT if all(isinstance(each, WaitTimeoutError) for each in errors) else FAILED


def account_options(command: _Command) -> _Command:
    """Add the options that select the account. Credentials come from the environment or files only."""
    for name, text in reversed(list(_ACCOUNT.items())):
        command = click.option(name, help=text)(command)
    return command


_ACCOUNT: Mapping[str, str] = {
    "--appid": "APPID of the account; else COSJOB_APPID; else discovered.",
    "--uin": "Id of the main account; else COSJOB_UIN; else discovered.",
    "--region": "Such as ap-chengdu; else TENCENTCLOUD_REGION.",
    "--site": "intl for accounts of the international site; else COSJOB_SITE.",
    "--endpoint": "In place of the one of uin and region; else COSJOB_ENDPOINT.",
    "--validation": "lenient (default) or strict; else COSJOB_VALIDATION.",
    "--request-timeout": "Seconds per request, 60 by default; else COSJOB_REQUEST_TIMEOUT.",
}


def job_ids_argument(command: _Command) -> _Command:
    """Add the argument for one job or several."""

    def check(context: click.Context, _parameter: click.Parameter, job_ids: tuple[str, ...]) -> tuple[str, ...]:
        # Not while a shell completes a line.
        if not job_ids and not context.resilient_parsing:
            fail(_NO_JOB_IDS, UNUSABLE)
        return job_ids

    return click.argument("job_ids", nargs=-1, metavar="JOB_ID...", callback=check)(command)


_NO_JOB_IDS = "there is no JOB_ID: give one at least. If `cosjob list -o ids` was to print it, no job matched."


def output_option(choices: Sequence[str]) -> Callable[[_Command], _Command]:
    """Add the option for the format of the output; the first one is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="Format of the output.",
    )


def query_option(command: _Command) -> _Command:
    """Add the option that selects a part of the result."""
    return click.option("--query", help="Print only what this JMESPath expression selects from the JSON.")(command)


def quiet_option(command: _Command) -> _Command:
    """Add the option for errors only. It sets the value `QUIET` of the context, and is no argument of the command."""

    def keep(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        context.meta[QUIET] = value

    text = "Write nothing but errors on standard error."
    return click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=keep, help=text)(command)


def whole_number(text: str) -> Any:
    """Return a text of digits as a number; any other, and one of too many digits, as it is: checks refuse it."""
    # Python refuses to convert thousands of digits, and nothing here has so many that they need more than these.
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else text


@contextlib.contextmanager
def open_client(settings: Mapping[str, str | None]) -> Iterator[CosBatchClient]:
    """Yield the client of the account that the options select.

    Args:
        settings: The options of `account_options` by their names; None where one is absent.

    Raises:
        InvalidArgumentError: An option is malformed.
        ConfigurationError: A setting is missing.
    """
    from pulumi_cosjob._service.client import CosBatchClient  # noqa: PLC0415  loads the request layer

    given: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
    with CosBatchClient(**given) as client:
        yield client
