"""`cosjob describe`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY, check_identifier
from pulumi_cosjob._cli.formats import compile_query, print_data
from pulumi_cosjob._cli.options import (
    account_options,
    exit_code,
    job_ids_argument,
    open_client,
    output_option,
    query_option,
    quiet_option,
)
from pulumi_cosjob._cli.output import fail, render, write_error
from pulumi_cosjob._errors import ConfigurationError, CosJobError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["describe"]


@click.command()
@job_ids_argument
@click.option("--full", is_flag=True, help="All fields that have a value, in place of the summary.")
@output_option(("table", "json", "yaml"))
@query_option
@quiet_option
@account_options
def describe(job_ids: tuple[str, ...], full: bool, output: str, query: str | None, **settings: str | None) -> None:
    """Print the current state of jobs.

    A table has five lines for each job. On a terminal they are as wide as the terminal; elsewhere no line is folded or
    cut. JSON and YAML have all fields: of one job its description, of several an object by job id.

    A job that cannot be read is an error on standard error; the others are printed. The exit code is then that of the
    worst error. With --query and without -o, a text that is selected is printed without quotes.
    """
    unique_ids = list(dict.fromkeys(job_ids))
    try:
        expression = compile_query(query)
        for job_id in unique_ids:
            check_identifier("job_id", job_id)
        with open_client(settings) as client:
            jobs, errors = _read(client, unique_ids)
        _write_errors(errors)
        if jobs and output == "table" and expression is None:
            from pulumi_cosjob._cli.table import print_descriptions  # noqa: PLC0415  not needed for the other formats

            print_descriptions(jobs.values(), full=full)
        elif jobs:
            print_data(jobs if len(unique_ids) > 1 else jobs[unique_ids[0]], output, expression)
    except CosJobError as error:
        fail(error, exit_code(error))
    sys.exit(max(map(exit_code, errors), default=0))


def _read(client: CosBatchClient, job_ids: Sequence[str]) -> tuple[dict[str, JobDescription], list[CosJobError]]:
    """Read jobs at the same time; return those that could be read by their ids, and the errors of the others."""
    if len(job_ids) == 1:
        return {job_ids[0]: client.describe_job(job_ids[0])}, []
    jobs: dict[str, JobDescription] = {}
    errors: list[CosJobError] = []
    pool = ThreadPoolExecutor(min(DEFAULT_CONCURRENCY, len(job_ids)), "cosjob-read")
    try:
        reads = {each: pool.submit(client.describe_job, each) for each in job_ids}
        for job_id, read in reads.items():
            error = read.exception()
            if isinstance(error, CosJobError):
                errors.append(error)
            else:
                jobs[job_id] = read.result()
    except BaseException:
        client.abort()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return jobs, errors


def _write_errors(errors: Sequence[CosJobError]) -> None:
    """Write the errors; what is wrong with the settings is the same for all jobs, and is written once."""
    about_settings = [error for error in errors if isinstance(error, ConfigurationError)]
    for error in about_settings[:1] or errors:
        write_error(f"cosjob: {render(error)}")
