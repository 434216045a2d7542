"""The `cosjob` command: arguments in, text and an exit code out.

Each command is a module of this room, which is loaded when the command runs. A further command is a module and a line
in `COMMANDS`. What the exit codes mean is in `options`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import click

from pulumi_cosjob._cli.options import EXIT_CODES, INTERRUPTED
from pulumi_cosjob._cli.output import (
    fail,
    lost_output,
    normalise_columns,
    open_closed_streams,
    write_error,
    write_warning,
)
from pulumi_cosjob._errors import CosJobWarning

__all__ = ["COMMANDS", "main"]

COMMANDS: Mapping[str, str] = {
    "list": "List the jobs of the account.",
    "describe": "Print the state of jobs.",
    "wait": "Wait until jobs have completed.",
    "confirm": "Confirm a job that is Suspended.",
    "cancel": "Cancel a job.",
    "set-priority": "Give a job another priority.",
    "validate": "Check saved responses against the schema.",
    "plugin": "Manage the native plugin, for all languages of Pulumi.",
    "emulator": "Serve COS Batch on this machine, for tests.",
    "completion": "Print the script that completes commands in a shell.",
}
"""Each command with its line in the help, in the order in which the help lists them.

The command `set-priority` is the function `set_priority` of the module `set_priority`; `list`, which is a builtin of
Python, is `list_jobs`.
"""


class LazyGroup(click.Group):
    """A group whose commands are loaded when they run, and not for its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  the signature is that of click
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        """Load a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        name = "list_jobs" if cmd_name == "list" else cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"pulumi_cosjob._cli.{name}"), name)
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """Write the table of exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT002  the signature is that of click
        **extra: Any,
    ) -> Any:
        """Run the command and exit. Click's own way ends in a traceback where a stream cannot be written."""
        open_closed_streams()
        normalise_columns()
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            fail("interrupted", INTERRUPTED)
        except click.ClickException as error:
            text = io.StringIO()
            error.show(text)
            write_error(text.getvalue(), newline=False)
            sys.exit(error.exit_code)
        except OSError as error:
            # Only click itself writes without `write_output`: help, the version and what completes a word.
            lost_output(error)
        # Click returns the code of `Context.exit`, as after --help, else what the command returns.
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="pulumi-cosjob")
def main() -> None:
    """Read Tencent Cloud COS Batch jobs, wait for them, and change them.

    Only confirm, cancel and set-priority change anything.

    The secret id and the secret key come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, from
    ~/.tencentcloud/credentials or /etc/tencentcloud/credentials, or from a role of this machine.
    """
    click.get_current_context().with_resource(_warnings_as_lines())


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Write warnings as lines, like errors, without the place in the code.

    Python's filters neither hide the package's warnings, which are about the result, nor end the command.
    """
    meta = click.get_current_context().meta

    def show(message: Warning | str, category: type[Warning], *_where: Any, **_more: Any) -> None:
        name = "" if issubclass(category, CosJobWarning) else f"{category.__name__}: "
        write_warning(f"{name}{message}", meta)

    with warnings.catch_warnings():
        # A list of its own within `catch_warnings`; it has no public way to remove single filters.
        filters = cast("list[tuple[Any, ...]]", warnings.filters)
        filters[:] = [each for each in filters if each[0] != "error"]
        warnings.filterwarnings("always", category=CosJobWarning)
        warnings.showwarning = show
        yield
