"""`cosjob set-priority`."""

from __future__ import annotations

import re

import click

from pulumi_cosjob._cli.change import OUTPUT_FORMATS, change
from pulumi_cosjob._cli.options import account_options, output_option

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
    # Longer numbers stay text, which the check of the argument refuses.
    number = int(priority) if re.fullmatch(r"[0-9]{1,18}", priority) else priority
    change(lambda client: client.set_job_priority(job_id, number), output, settings)  # type: ignore[arg-type]
