"""`cosjob wait`."""

from __future__ import annotations

import re
from typing import Any

import click

from pulumi_cosjob._checks import DEFAULT_TIMEOUT, check_count, check_identifier, check_timeout
from pulumi_cosjob._cli.options import account_options, exit_code
from pulumi_cosjob._cli.output import fail, print_json, write_error
from pulumi_cosjob._errors import CosJobError

__all__ = ["wait"]


@click.command()
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@account_options
@click.option("--timeout", default=DEFAULT_TIMEOUT, show_default=True, help="Such as 90s, 2h or 1d12h.")
@click.option("--max-failed-tasks", default="0", show_default=True, help="Failed tasks to accept per job, or any.")
@click.option("--fail-when-suspended", is_flag=True, help="Fail when a job waits for a person.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print.")
def wait(
    job_ids: tuple[str, ...],
    appid: str,
    timeout: str,
    max_failed_tasks: str,
    fail_when_suspended: bool,
    output: str,
    **settings: Any,
) -> None:
    """Wait until jobs have completed.

    Shows a progress bar for each job on a terminal, and plain lines on standard error elsewhere. With --output json
    the final descriptions are printed on standard output, as an object by job id. Exits with 0 when all are complete,
    1 when one has failed, 2 when arguments or settings are malformed or missing, 124 when the time limit is reached,
    130 when interrupted.
    """
    from pulumi_cosjob._cli.progress import progress  # noqa: PLC0415  as above
    from pulumi_cosjob._service.client import CosBatchClient  # noqa: PLC0415  loads the request layer
    from pulumi_cosjob._waiting.loop import wait_for_jobs  # noqa: PLC0415  as above
    from pulumi_cosjob._waiting.notices import opening_notice  # noqa: PLC0415  as above
    from pulumi_cosjob._waiting.policy import WaitOptions  # noqa: PLC0415  as above

    try:
        options = WaitOptions(check_timeout(timeout), _failed_tasks(max_failed_tasks), fail_when_suspended)
        for job_id in job_ids:
            check_identifier("job_id", job_id)
        check_identifier("appid", appid)
        with CosBatchClient(**settings) as client, progress(list(dict.fromkeys(job_ids)), write_error) as report:
            completed = wait_for_jobs(client, job_ids, appid, options, report=report)
    except CosJobError as error:
        fail(error, exit_code(error))
    except KeyboardInterrupt:
        fail("interrupted: the wait has ended; the jobs are not affected", 130)
    notice = opening_notice(completed)
    if notice:
        write_error(f"cosjob: warning: {notice}")
    if output == "json":
        print_json(completed)


def _failed_tasks(text: str) -> int | None:
    """Return how many failed tasks are accepted; None for any number."""
    # No job has so many tasks that their number has more digits.
    number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else text
    return None if text == "any" else check_count("max_failed_tasks", number)
