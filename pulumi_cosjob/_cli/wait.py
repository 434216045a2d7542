"""`cosjob wait`."""

from __future__ import annotations

import contextlib
import math
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulumi_cosjob._checks import DEFAULT_TIMEOUT, check_count, check_identifier, check_timeout
from pulumi_cosjob._cli.formats import Query, compile_query, print_data
from pulumi_cosjob._cli.options import (
    FAILED,
    INTERRUPTED,
    TERMINATED,
    account_options,
    exit_code,
    job_ids_argument,
    open_client,
    output_option,
    query_option,
    quiet_option,
    whole_number,
)
from pulumi_cosjob._cli.output import QUIET, fail, render, write_error, write_warning
from pulumi_cosjob._errors import CosJobError

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._service.client import CosBatchClient
    from pulumi_cosjob._service.location import Location
    from pulumi_cosjob._waiting.policy import WaitOptions
    from pulumi_cosjob._waiting.waiter import JobWaiter, Outcome

__all__ = ["run_wait", "wait"]

_NOT_AFFECTED = "the wait has ended; the jobs are not affected"


@click.command()
@job_ids_argument
@click.option("--timeout", default=DEFAULT_TIMEOUT, show_default=True, help="Such as 90s, 2h or 1d12h.")
@click.option("--max-failed-tasks", default="0", show_default=True, help="Failed tasks to accept per job, or any.")
@click.option("--fail-when-suspended", is_flag=True, help="Fail when a job waits for a person.")
@click.option("--fail-fast/--no-fail-fast", default=True, show_default=True, help="End when the first job fails.")
@click.option(
    "--heartbeat",
    help="Write a line when there was none for so long; 0 for never. 1m by default, and for lines only.",
)
@output_option(("text", "json"))
@query_option
@quiet_option
@account_options
@click.pass_context
def wait(
    context: click.Context,
    /,
    job_ids: tuple[str, ...],
    timeout: str,
    max_failed_tasks: str,
    fail_when_suspended: bool,
    fail_fast: bool,
    heartbeat: str | None,
    output: str,
    query: str | None,
    **settings: str | None,
) -> None:
    """Wait until jobs have completed.

    Shows a progress bar for each job on a terminal. Elsewhere, and on a terminal that is dumb or narrower than 40
    columns, lines on standard error, with the time in UTC and since the wait began.

    With --output json every job is printed on standard output when the wait has ended, whether or not it completed, as
    an object by job id: {"description": the job as it was last read, "error": null if it has completed}.

    The first job that fails ends the wait: the others are read once more. With --no-fail-fast each job is waited for.
    """
    try:
        options = _options(timeout, max_failed_tasks, fail_when_suspended)
        seconds, quiet = _heartbeat(heartbeat), bool(context.meta.get(QUIET))
        expression = compile_query(query)
        for job_id in job_ids:
            check_identifier("job_id", job_id)
        with _signals(), open_client(settings) as client:
            waiter = run_wait(client, job_ids, options, heartbeat=seconds, fail_fast=fail_fast, quiet=quiet)
    except CosJobError as error:
        fail(error, exit_code(error))
    except KeyboardInterrupt:
        fail(f"interrupted: {_NOT_AFFECTED}", INTERRUPTED)
    except _TerminatedError:
        fail(f"terminated: {_NOT_AFFECTED}", TERMINATED)
    code = _write_verdict(waiter, client.location)
    if output == "json" or expression is not None:
        _print_outcomes(waiter.outcomes(), output, expression, code)
    sys.exit(code)


def run_wait(
    client: CosBatchClient,
    job_ids: Sequence[str],
    options: WaitOptions,
    *,
    heartbeat: float,
    fail_fast: bool,
    quiet: bool,
    clock: Clock | None = None,
) -> JobWaiter:
    """Wait for jobs and show their progress; return the ended waits.

    Args:
        client: Sends the requests.
        job_ids: The jobs; each is waited for once.
        options: What the wait accepts.
        heartbeat: Seconds without a line after which there is one.
        fail_fast: Whether the first failure ends the wait for all jobs.
        quiet: Whether to show nothing.
        clock: Replaces the machine's clock in tests, for the wait and its lines.
    """
    from pulumi_cosjob._cli.progress import progress  # noqa: PLC0415  as above
    from pulumi_cosjob._clock import SystemClock  # noqa: PLC0415  needed by this command only
    from pulumi_cosjob._waiting.loop import wait_for_each  # noqa: PLC0415  as above

    clock = clock or SystemClock()
    unique_ids = list(dict.fromkeys(job_ids))
    shown = contextlib.nullcontext(None) if quiet else progress(unique_ids, write_error, heartbeat, clock)
    with shown as display:
        more: dict[str, Any] = {"report": display.report, "tick": display.tick} if display else {}
        return wait_for_each(client, unique_ids, None, options, fail_fast=fail_fast, clock=clock, **more)


def _options(timeout: str, max_failed_tasks: str, fail_when_suspended: bool) -> WaitOptions:
    from pulumi_cosjob._waiting.policy import WaitOptions  # noqa: PLC0415  needed by this command only

    return WaitOptions(check_timeout(timeout), _failed_tasks(max_failed_tasks), fail_when_suspended)


def _failed_tasks(text: str) -> int | None:
    """Return how many failed tasks are accepted; None for any number."""
    return None if text == "any" else check_count("max_failed_tasks", whole_number(text))


def _heartbeat(text: str | None) -> float:
    """Return the seconds of the heartbeat; infinite if there is none."""
    from pulumi_cosjob._waiting.progress import HEARTBEAT_SECONDS  # noqa: PLC0415  needed by this command only

    if text is None:
        return HEARTBEAT_SECONDS
    return math.inf if re.fullmatch(r"0[dhms]?", text) else check_timeout(text, "heartbeat")


def _write_verdict(waiter: JobWaiter, location: Location) -> int:
    """Write the error of the wait, or what a person has to know of the completed jobs; return the exit code."""
    from pulumi_cosjob._waiting.notices import opening_notice  # noqa: PLC0415  needed by this command only

    try:
        notice = opening_notice(waiter.result(location, None))
    except CosJobError as error:
        write_error(f"cosjob: {render(error)}")
        return exit_code(error)
    if notice:
        write_warning(notice)
    return 0


def _print_outcomes(outcomes: Mapping[str, Outcome], output: str, query: Query | None, code: int) -> None:
    """Print how the wait for each job ended. If that fails, the exit code is that of the wait unless it succeeded."""
    try:
        print_data({job_id: _plain(outcome) for job_id, outcome in outcomes.items()}, output, query)
    except CosJobError as error:
        write_error(f"cosjob: {render(error)}")
        sys.exit(code or exit_code(error))
    except SystemExit:
        sys.exit(code or FAILED)


def _plain(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome of a job as plain data."""
    error = outcome.error
    if error is None:
        return {"description": outcome.description, "error": None}
    details = {
        "type": type(error).__name__,
        "message": render(error),
        "code": error.code,
        "http_status": error.http_status,
        "request_id": error.request_id,
    }
    return {"description": outcome.description, "error": details}


# ------------------------------------------------------------------------------------------------------------- signals


class _TerminatedError(BaseException):
    """SIGTERM was received. As with KeyboardInterrupt, no handler of errors is to catch it."""


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """End the wait at SIGTERM as Ctrl-C does, so that the terminal is left as it was."""

    def terminate(_number: int, _frame: object) -> NoReturn:
        raise _TerminatedError

    # Not where the process was started with the signal ignored, as by nohup and its like.
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
