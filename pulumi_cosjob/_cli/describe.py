"""`cosjob describe`."""

from __future__ import annotations

from typing import Any

import click

from pulumi_cosjob._cli.options import account_options, exit_code
from pulumi_cosjob._cli.output import OUTPUT_FORMATS, fail, print_description
from pulumi_cosjob._errors import CosJobError

__all__ = ["describe"]


@click.command()
@click.argument("job_id")
@account_options
@click.option(
    "--output",
    type=click.Choice(OUTPUT_FORMATS),
    default="table",
    show_default=True,
    help="Format of the output.",
)
def describe(job_id: str, appid: str, output: str, **settings: Any) -> None:
    """Print the current state of a job."""
    from pulumi_cosjob._service.client import describe_job  # noqa: PLC0415  loads the request layer

    try:
        description = describe_job(job_id, appid, **settings)
    except CosJobError as error:
        fail(error, exit_code(error))
    print_description(description, output)
