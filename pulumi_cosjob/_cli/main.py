"""The `cosjob` command: arguments in, text and an exit code out.

Exit codes: 0 done, 1 it failed, 2 it was called wrongly or something that it needs is missing, 124 time was up, 130 it
was interrupted.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulumi_cosjob._checks import DEFAULT_TIMEOUT, check_identifier, check_timeout
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
from pulumi_cosjob._text import quoted

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = ["main"]


def _fail(message: str | CosJobError, code: int) -> NoReturn:
    text = message.told(_as_typed) if isinstance(message, CosJobError) else message
    _tell(f"cosjob: {text}")
    sys.exit(code)


def _as_typed(name: str) -> str:
    """Return what an argument of the package is called in the command that is run."""
    if name == "job_id":
        return "JOB_ID"
    for parameter in click.get_current_context().command.params:
        if parameter.name == name and isinstance(parameter, click.Option):
            return parameter.opts[0]
    return name


def _tell(text: str) -> None:
    """Write a line on standard error; where nothing can be written there, the exit code has to do."""
    try:
        click.echo(text, err=True)
    except OSError:
        # What could not be written is kept there, and would be tried again at the end of the process.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as standard error, until the end


def _print(text: str, *, newline: bool = True) -> None:
    """Write on standard output, what its encoding lacks escaped; or fail with a sentence."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=newline, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as in _tell
        _fail(f"standard output cannot be written: {error.strerror}", 1)


def _plain(character: str) -> bool:
    """Tell whether a character can be shown as it is: in the output's encoding, and without moving the cursor."""
    try:
        character.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return character.isprintable()


def _printable(text: str) -> str:
    """Escape what cannot be shown as it is: the text comes from outside."""
    return "".join(each if _plain(each) else each.encode("unicode_escape").decode() for each in text)


def _as_json(value: Any) -> str:
    """Write as JSON, with what cannot be shown as it is escaped as JSON does."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(r"[^\n -~]", lambda match: match[0] if _plain(match[0]) else json.dumps(match[0])[1:-1], text)


def _account_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which account to ask about; keys come from the environment or files only."""
    for option in reversed(
        (
            click.option("--appid", required=True, help="APPID of the account, such as 1250000000."),
            click.option("--uin", help="Id of the main account; else COSJOB_UIN."),
            click.option("--region", help="Such as ap-chengdu; else TENCENTCLOUD_REGION."),
            click.option("--endpoint", help="In place of what uin and region make up; else COSJOB_ENDPOINT."),
            click.option("--validation", help="lenient (default) or strict; else COSJOB_VALIDATION."),
            click.option("--request-timeout", help="Seconds for one request with all its attempts; 60 by default."),
        )
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="pulumi-cosjob")
def main() -> None:
    """Look at Tencent Cloud COS Batch jobs.

    The secret id and the secret key come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, from
    ~/.tencentcloud/credentials or /etc/tencentcloud/credentials, or from a role of this machine.
    """
    click.get_current_context().with_resource(_warnings_as_lines())


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show the package's warnings as the command shows its errors, without a place in the code."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, CosJobWarning):
            _tell(f"cosjob: warning: {message}")
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
    type=click.Choice(["table", "json", "yaml"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
def describe(job_id: str, appid: str, output: str, **settings: Any) -> None:
    """Print the state of a job, as it is now."""
    from pulumi_cosjob._service.client import describe_job  # noqa: PLC0415  loads what asks the service

    try:
        description = describe_job(job_id, appid, **settings)
    except (InvalidArgumentError, ConfigurationError) as error:
        _fail(error, 2)
    except CosJobError as error:
        _fail(error, 1)
    _PRINTERS[output](description)


def _print_json(description: JobDescription) -> None:
    _print(_as_json(description))


def _print_yaml(description: JobDescription) -> None:
    import yaml  # noqa: PLC0415  not needed for the other forms

    plain = json.loads(json.dumps(description))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    if not all(each == "\n" or _plain(each) for each in text):
        text = yaml.safe_dump(plain, sort_keys=False)
    _print(text, newline=False)


def _print_table(description: JobDescription) -> None:
    from rich import console, table, text  # noqa: PLC0415  not needed for the other forms

    state = description.state
    colour = "green" if state.succeeded else "red" if state.final else "yellow" if state.needs_person else "cyan"
    rows = table.Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("job_id", text.Text(description.job_id, style="bold"))
    rows.add_row("status", text.Text.assemble((state.status, f"bold {colour}"), f": {state.meaning}"))
    for name, value in _rows({k: v for k, v in description.items() if k not in ("job_id", "status")}):
        rows.add_row(name, text.Text(value))
    shown = io.StringIO()
    console.Console(file=shown, force_terminal=sys.stdout.isatty() or None, highlight=False).print(rows)
    _print(shown.getvalue(), newline=False)


def _rows(element: dict[str, Any], indent: str = "") -> Iterator[tuple[str, str]]:
    """Walk through all that is there, as names, indented by their depth, and texts."""
    for name, value in element.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            if any(isinstance(item, dict) for item in value):
                yield indent + name, ""
                yield from _rows({f"[{position}]": item for position, item in enumerate(value)}, indent + "  ")
            elif value:
                yield indent + name, _printable(", ".join(value))
        elif isinstance(value, dict):
            yield indent + name, ""
            yield from _rows(value, indent + "  ")
        elif isinstance(value, bool):
            yield indent + name, "yes" if value else "no"
        else:
            yield indent + name, _printable(str(value))


_PRINTERS: dict[str, Callable[[JobDescription], None]] = {
    "table": _print_table,
    "json": _print_json,
    "yaml": _print_yaml,
}


# ---------------------------------------------------------------------------------------------------------------- wait


@main.command(short_help="Wait until jobs have completed.")
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@_account_options
@click.option("--timeout", default=DEFAULT_TIMEOUT, show_default=True, help="Such as 90s, 2h or 1d12h.")
@click.option("--max-failed-tasks", default="0", show_default=True, help="Failed tasks a job may have; any for any.")
@click.option("--fail-when-suspended", is_flag=True, help="Give up when a job waits for a person.")
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
    1 when one has failed, 2 when called wrongly or without what it needs, 124 when time is up, 130 when interrupted.
    """
    from pulumi_cosjob._cli.progress import progress  # noqa: PLC0415  as above
    from pulumi_cosjob._service.client import CosBatchClient  # noqa: PLC0415  loads what asks the service
    from pulumi_cosjob._waiting.loop import wait_for_jobs  # noqa: PLC0415  as above
    from pulumi_cosjob._waiting.notices import opening_notice  # noqa: PLC0415  as above
    from pulumi_cosjob._waiting.policy import WaitOptions  # noqa: PLC0415  as above

    try:
        limits = WaitOptions(check_timeout(timeout), _failed_tasks(max_failed_tasks), fail_when_suspended)
        for job_id in job_ids:
            check_identifier("job_id", job_id)
        check_identifier("appid", appid)
        with CosBatchClient(**settings) as client, progress(list(dict.fromkeys(job_ids)), _tell) as report:
            done = wait_for_jobs(client, job_ids, appid, limits, report=report)
    except (InvalidArgumentError, ConfigurationError) as error:
        _fail(error, 2)
    except WaitTimeoutError as error:
        _fail(error, 124)
    except JobsFailedError as error:
        _fail(error, 124 if all(isinstance(each, WaitTimeoutError) for each in error.errors) else 1)
    except CosJobError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        _fail("interrupted: the wait has ended, and no job is changed by that", 130)
    notice = opening_notice(done)
    if notice:
        _tell(f"cosjob: warning: {notice}")
    if output == "json":
        _print(_as_json(done))


def _failed_tasks(text: str) -> int | None:
    """Read how many failed tasks are accepted; None for any number."""
    if text == "any":
        return None
    # No job has as many tasks as that many digits make.
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise InvalidArgumentError(
            "max_failed_tasks", f"cannot be {quoted(text)}", hint="It is a whole number from 0, or any."
        )
    return int(text)


# ------------------------------------------------------------------------------------------------------------ validate


@main.command(short_help="Check saved answers against the schema.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def validate(files: tuple[str, ...]) -> None:
    """Check saved answers of DescribeJob against the schema; - reads standard input.

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
            _tell(f"cosjob: {_printable(name)} cannot be read: {error.strerror}")
            code = 2
            continue
        problems: list[Problem | str] = []
        try:
            problems += find_problems(document)
        except InvalidResponseError as error:
            problems.append(error.what)
        for problem in problems:
            _print(_printable(f"{name}: {problem}"))
        code = max(code, 1 if problems else 0)
    sys.exit(code)


# -------------------------------------------------------------------------------------------------------------- plugin


@main.group(short_help="The native plugin, for all languages of Pulumi.")
def plugin() -> None:
    """Manage the native plugin, by which programs in all languages of Pulumi read jobs and wait for them."""


@plugin.command(short_help="Make it known to the Pulumi CLI.")
def install() -> None:
    """Install the plugin of this Python environment where the Pulumi CLI looks for plugins (PULUMI_HOME).

    It runs in this environment from then on: run this again after the environment has moved or was updated. Programs on
    pulumi_cosjob.native do this by themselves. To take it out: pulumi plugin rm resource cosjob
    """
    from pulumi_cosjob._plugin.install import install_plugin, plugin_folder  # noqa: PLC0415  the one command that needs it
    from pulumi_cosjob._version import plugin_version  # noqa: PLC0415  as above

    try:
        folder = plugin_folder()
        install_plugin(folder, replace=True)
    except ConfigurationError as error:
        _fail(error, 2)
    _print(
        _printable(
            f"installed resource plugin cosjob {plugin_version()} in {folder.parent}; it runs by {sys.executable}"
        )
    )


@plugin.command(short_help="Start it by hand, for engines that attach to it.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one by default.")
def serve(port: int) -> None:
    """Serve the plugin until Ctrl-C, to debug it, or where it cannot be installed.

    Prints a line for the shell in which pulumi runs: it attaches to this process then, and starts none.
    """
    import asyncio  # noqa: PLC0415  the one command that needs it

    from pulumi_cosjob._plugin.server import serve_by_hand  # noqa: PLC0415  as above

    try:
        asyncio.run(serve_by_hand(port, lambda served: _print(f"export PULUMI_DEBUG_PROVIDERS=cosjob:{served}")))
    except RuntimeError:
        # So gRPC says it; what else there is to know it writes to standard error itself.
        _fail(f"port {port} of 127.0.0.1 cannot be listened on; take another one, or 0 for any", 2)
    except KeyboardInterrupt:
        # Where there are no signal handlers.
        sys.exit(0)


# ------------------------------------------------------------------------------------------------------------ emulator


@main.command(short_help="Serve COS Batch on this machine, for tests.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one by default.")
@click.option("--secret-id", default="emulator-id", show_default=True, help="Secret id that requests are signed with.")
@click.option("--secret-key", default="emulator-key", show_default=True, help="Secret key that goes with it.")
@click.option(
    "--job",
    "jobs",
    multiple=True,
    metavar="ID=SCENARIO[,seconds=N][,tasks=N][,starts=first-request]",
    help="A job to begin with; its life starts now, or with the first request about it.",
)
@click.option("--replay", "replays", multiple=True, metavar="ID=FILE", help="Answer with this file for a job.")
def emulator(port: int, secret_id: str, secret_key: str, jobs: tuple[str, ...], replays: tuple[str, ...]) -> None:
    """Serve COS Batch on this machine, to test programs without an account. Ctrl-C ends it.

    Prints where it listens, and lines for a shell by which programs reach it.

    Scenarios: completes, completes-with-failed-tasks, fails, cancelled, waits-for-confirmation, pauses, restore,
    gains-a-word, stalls, never-ends.
    """
    from pulumi_cosjob import _emulator  # noqa: PLC0415  the one command that needs it

    def ready(url: str) -> None:
        variables = {"COSJOB_ENDPOINT": url, "TENCENTCLOUD_SECRET_ID": secret_id, "TENCENTCLOUD_SECRET_KEY": secret_key}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        _print("\n".join([f"listening on {url}", *lines]))

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
        _fail('the emulator needs aiohttp; install it with: pip install "pulumi-cosjob[emulator]"', 2)
    except (ValueError, OSError) as error:
        _fail(str(error), 2)
