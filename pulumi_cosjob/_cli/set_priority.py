"""`cosjob set-priority`."""

from __future__ import annotations

import click

from pulumi_cosjob._cli.change import OUTPUT_FORMATS, change
from pulumi_cosjob._cli.options import account_options, output_option, whole_number

__all__ = ["set_priority"]


@click.command()
@click.argument("job_id")
@click.argument("priority")
@output_option(OUTPUT_FORMATS)
@account_options
def set_priority(job_id: str, priority: str, output: str, **settings: str | None) -> None:
    """Give a job that has not ended another priority, 0 to 2147483647.

    Prints the priority of the job afterwards. The policy of the credentials has to allow cos:UpdateJobPriority.
    """
    number = whole_number(priority)
    change(lambda client: client.set_job_priority(job_id, number), output, settings)
