"""The `cosjob` command: arguments in, text and an exit code out.

Exit codes: 0 success; 1 failure; 2 malformed arguments, or something that the command needs is missing; 124 the time
limit was reached; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import click

from pulumi_cosjob._checks import DEFAULT_TIMEOUT, check_count, check_identifier, check_timeout
from pulumi_cosjob._cli.output import (
    OUTPUT_FORMATS,
    fail,
    print_description,
    print_json,
    printable,
    write_error,
    write_output,
)
from pulumi_cosjob._errors import (
    ConfigurationError,
    CosJobError,
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    JobsFailedError,
    Problem,
    WaitTimeoutError,
)

__all__ = ["main"]


def _exit_code(error: CosJobError) -> int:
    if isinstance(error, (InvalidArgumentError, ConfigurationError)):
        return 2
    errors = error.errors if isinstance(error, JobsFailedError) else (error,)
    return 124 if all(isinstance(each, WaitTimeoutError) for each in errors) else 1


def _account_options(command: Callable[..., Any]) -> Callable[..., Any]:
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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="pulumi-cosjob")
def main() -> None:
    """Read Tencent Cloud COS Batch jobs, and wait for them.

    The secret id and the secret key come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, from
    ~/.tencentcloud/credentials or /etc/tencentcloud/credentials, or from a role of this machine.
    """
    click.get_current_context().with_resource(_warnings_as_lines())


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Write the package's warnings as lines, like errors, without the place in the code."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, CosJobWarning):
            write_error(f"cosjob: warning: {message}")
        else:
            before(message, category, *where, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


# ------------------------------------------------------------------------------------------------------------ describe


@main.command(short_help="Print the state of a job.")
@click.argument("job_id")
@_account_options
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
        fail(error, _exit_code(error))
    print_description(description, output)


# ---------------------------------------------------------------------------------------------------------------- wait


@main.command(short_help="Wait until jobs have completed.")
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@_account_options
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
        fail(error, _exit_code(error))
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


# ------------------------------------------------------------------------------------------------------------ validate


@main.command(short_help="Check saved responses against the schema.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def validate(files: tuple[str, ...]) -> None:
    """Check saved responses of DescribeJob against the schema; - reads standard input.

    Prints one line for each problem. Exits with 0 if all files are valid, 1 if some are not, 2 if one cannot be read.
    """
    from pulumi_cosjob._xml.validation import find_problems  # noqa: PLC0415  loads the schema
    from pulumi_cosjob._xml.xml_reader import MOST_BYTES  # noqa: PLC0415  loads the schema

    code = 0
    for name in files:
        try:
            with click.open_file(name, "rb") as file:
                document = file.read(MOST_BYTES + 1)
        except OSError as error:
            write_error(f"cosjob: {printable(name)} cannot be read: {error.strerror}")
            code = 2
            continue
        problems: list[Problem | str] = []
        try:
            problems += find_problems(document)
        except InvalidResponseError as error:
            problems.append(error.what)
        for problem in problems:
            write_output(printable(f"{name}: {problem}"))
        code = max(code, 1 if problems else 0)
    sys.exit(code)


# -------------------------------------------------------------------------------------------------------------- plugin


@main.group(short_help="Manage the native plugin, for all languages of Pulumi.")
def plugin() -> None:
    """Manage the native plugin, with which programs in all languages of Pulumi read jobs and wait for them."""


@plugin.command(short_help="Install it for the Pulumi CLI.")
def install() -> None:
    """Install the plugin of this Python environment in the Pulumi CLI's folder of plugins (see PULUMI_HOME).

    The plugin runs in this environment: run this again after the environment was moved or updated. Programs that use
    pulumi_cosjob.native do this by themselves. To remove it: pulumi plugin rm resource cosjob
    """
    from pulumi_cosjob._plugin.install import install_plugin, plugin_folder  # noqa: PLC0415  needed by this command only
    from pulumi_cosjob._version import plugin_version  # noqa: PLC0415  as above

    try:
        folder = plugin_folder()
        install_plugin(folder, replace=True)
    except ConfigurationError as error:
        fail(error, 2)
    text = f"installed resource plugin cosjob {plugin_version()} in {folder.parent}; it runs with {sys.executable}"
    write_output(printable(text))


@plugin.command(short_help="Run it in this shell, for engines that attach to it.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one by default.")
def serve(port: int) -> None:
    """Run the plugin until Ctrl-C, to debug it, or where it cannot be installed.

    Prints a line for the shell in which pulumi runs. pulumi then attaches to this process instead of starting one.
    """
    import asyncio  # noqa: PLC0415  needed by this command only

    from pulumi_cosjob._plugin.server import serve_by_hand  # noqa: PLC0415  as above

    try:
        asyncio.run(serve_by_hand(port, lambda served: write_output(f"export PULUMI_DEBUG_PROVIDERS=cosjob:{served}")))
    except RuntimeError:
        # gRPC's error for a port that it cannot bind. It writes the details to standard error itself.
        fail(f"cannot listen on port {port} of 127.0.0.1; choose another one, or 0 for a free one", 2)
    except KeyboardInterrupt:
        # On platforms without signal handlers.
        sys.exit(0)


# ------------------------------------------------------------------------------------------------------------ emulator


@main.command(short_help="Serve COS Batch on this machine, for tests.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one by default.")
@click.option("--secret-id", default="emulator-id", show_default=True, help="Secret id that requests are signed with.")
@click.option("--secret-key", default="emulator-key", show_default=True, help="Its secret key.")
@click.option(
    "--job",
    "jobs",
    multiple=True,
    metavar="ID=SCENARIO[,seconds=N][,tasks=N][,starts=first-request]",
    help="Create a job, which starts now or with the first request about it.",
)
@click.option("--replay", "replays", multiple=True, metavar="ID=FILE", help="Respond with this file for a job.")
def emulator(port: int, secret_id: str, secret_key: str, jobs: tuple[str, ...], replays: tuple[str, ...]) -> None:
    """Serve COS Batch on this machine, to test programs without an account, until Ctrl-C.

    Prints its address, and lines for the shell in which programs that use it run.

    Scenarios: completes, completes-with-failed-tasks, fails, cancelled, waits-for-confirmation, pauses, restore,
    gains-a-word, stalls, never-ends.
    """
    from pulumi_cosjob import _emulator  # noqa: PLC0415  needed by this command only

    def ready(url: str) -> None:
        variables = {"COSJOB_ENDPOINT": url, "TENCENTCLOUD_SECRET_ID": secret_id, "TENCENTCLOUD_SECRET_KEY": secret_key}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        write_output("\n".join([f"listening on {url}", *lines]))

    try:
        from pulumi_cosjob._emulator.signature import AcceptedCredentials  # noqa: PLC0415  as above

        _emulator.serve(
            ("127.0.0.1", port),
            [_emulator.parse_job(each) for each in jobs],
            [_emulator.parse_replay(each) for each in replays],
            AcceptedCredentials(secret_id, secret_key),
            ready,
        )
    except ImportError:
        fail('the emulator needs aiohttp; install it with: pip install "pulumi-cosjob[emulator]"', 2)
    except (ValueError, OSError) as error:
        fail(str(error), 2)
