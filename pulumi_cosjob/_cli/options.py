"""What several commands share: the options of the account, and the exit code of an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pulumi_cosjob._errors import (
    ConfigurationError,
    CosJobError,
    InvalidArgumentError,
    JobsFailedError,
    WaitTimeoutError,
)

__all__ = ["account_options", "exit_code"]


def exit_code(error: CosJobError) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, (InvalidArgumentError, ConfigurationError)):
        return 2
    errors = error.errors if isinstance(error, JobsFailedError) else (error,)
    return 124 if all(isinstance(each, WaitTimeoutError) for each in errors) else 1


def account_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select the account. Credentials come from the environment or files only."""
    for option in reversed(
        (
            click.option("--appid", required=True, help="APPID of the account, such as 1250000000."),
            click.option("--uin", help="Id of the main account; else COSJOB_UIN."),
            click.option("--region", help="Such as ap-chengdu; else TENCENTCLOUD_REGION."),
            click.option("--endpoint", help="In place of the one of uin and region; else COSJOB_ENDPOINT."),
            click.option("--validation", help="lenient (default) or strict; else COSJOB_VALIDATION."),
            click.option("--request-timeout", help="Seconds per request; else COSJOB_REQUEST_TIMEOUT, or 60."),
        )
    ):
        command = option(command)
    return command
