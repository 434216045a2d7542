"""`cosjob confirm`."""

from __future__ import annotations

import click

from pulumi_cosjob._cli.change import OUTPUT_FORMATS, change
from pulumi_cosjob._cli.options import account_options, output_option

__all__ = ["confirm"]


@click.command()
@click.argument("job_id")
@output_option(OUTPUT_FORMATS)
@account_options
def confirm(job_id: str, output: str, **settings: str | None) -> None:
    """Confirm a job that is Suspended, so that it runs.

    Prints the status of the job afterwards. The policy of the credentials has to allow cos:UpdateJobStatus.
    """
    change(lambda client: client.confirm_job(job_id), output, settings)
