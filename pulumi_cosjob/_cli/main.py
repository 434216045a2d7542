"""The `cosjob` command: arguments in, text and an exit code out.

Each command is a module of this room, which is loaded when the command runs. A further command is a module and a line
in `COMMANDS`.

Exit codes: 0 success; 1 failure; 2 malformed arguments, or something that the command needs is missing; 124 the time
limit was reached; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import click

from pulumi_cosjob._cli.output import write_error
from pulumi_cosjob._errors import CosJobWarning

__all__ = ["COMMANDS", "main"]

COMMANDS: Mapping[str, str] = {
    "describe": "Print the state of a job.",
    "wait": "Wait until jobs have completed.",
    "validate": "Check saved responses against the schema.",
    "plugin": "Manage the native plugin, for all languages of Pulumi.",
    "emulator": "Serve COS Batch on this machine, for tests.",
}
"""Each command with its line in the help, in the order in which the help lists them.

The command `set-priority` is the function `set_priority` of the module `set_priority`.
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
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"pulumi_cosjob._cli.{name}"), name)
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
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
