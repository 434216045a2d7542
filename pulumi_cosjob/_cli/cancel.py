"""`cosjob cancel`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pulumi_cosjob._cli.change import OUTPUT_FORMATS, change
from pulumi_cosjob._cli.options import FAILED, INTERRUPTED, UNUSABLE, account_options, output_option
from pulumi_cosjob._cli.output import fail, printable, write_error
from pulumi_cosjob._details import task_counts
from pulumi_cosjob._text import truncate

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.client import CosBatchClient
    from pulumi_cosjob._service.job_updates import JobUpdate

__all__ = ["cancel"]

_DESCRIPTION_LENGTH = 120


@click.command()
@click.argument("job_id")
@click.option("--reason", help="Shown in descriptions of the job; at most 256 bytes.")
@click.option("-y", "--yes", is_flag=True, help="Cancel without a confirmation on the terminal.")
@output_option(OUTPUT_FORMATS)
@account_options
def cancel(job_id: str, reason: str | None, yes: bool, output: str, **settings: str | None) -> None:
    """Cancel a job that has not ended.

    On a terminal it shows the job, and has to be confirmed by "y" or "yes"; elsewhere it needs --yes. Prints the status
    of the job afterwards; a job that is cancelled already is no error. The policy of the credentials has to allow
    cos:UpdateJobStatus.
    """
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail("there is no terminal on which to confirm that the job is cancelled: add --yes", UNUSABLE)

    def make(client: CosBatchClient) -> JobUpdate:
        try:
            if not yes:
                _confirm(client.describe_job(job_id))
        except KeyboardInterrupt:
            fail("interrupted: the job was not cancelled", INTERRUPTED)
        return client.cancel_job(job_id, reason=reason)

    change(make, output, settings)


def _confirm(job: JobDescription) -> None:
    """Show a job that has not ended, and exit unless a person confirms that it is to be cancelled."""
    if job.state.final:
        return
    shown = truncate(job.description or "", _DESCRIPTION_LENGTH)
    lines = [
        f"job {job.job_id}: {job.status}, {job.state.meaning}",
        task_counts(job),
        shown and f"description: {shown}",
    ]
    for line in filter(None, lines):
        write_error(printable(line))
    write_error("Cancel this job? [y/N] ", newline=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        fail("the job was not cancelled", FAILED)
