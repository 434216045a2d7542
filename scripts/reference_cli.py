"""Writes the page on the command line, from its commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from pulumi_cosjob._cli.describe import describe
from pulumi_cosjob._cli.main import main
from pulumi_cosjob._cli.options import EXIT_CODES
from pulumi_cosjob._places import PLACES
from reference_parts import NOTICE, code, table

__all__ = ["page"]

_COLUMNS = ("option", "default", "meaning")

_HEAD = f"""# Command line

{NOTICE}

`cosjob` comes with `pip install pulumi-cosjob`, without the Pulumi SDK. `cosjob COMMAND --help` prints what this page
has.
"""


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command below a group, groups included, by its words."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name  # noqa: S101  the group lists it
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _help(command: click.Command) -> str:
    """Return the help of a command as Markdown."""
    return "\n\n".join(map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n")))


def _paragraph(text: str) -> str:
    """Return a paragraph with its names as code; one whose lines click keeps as they are is a block of code."""
    if text.startswith("\b\n"):
        return f"```text\n{text.removeprefix(chr(8)).strip()}\n```"
    return re.sub(r"(?<![\w`])(--[a-z][\w-]+|[A-Z]+_[A-Z_]+|~?(?:/\.?[\w.]+){2,}|\{.*?\})", r"`\1`", text)


def _usage(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    return " ".join([path, *command.collect_usage_pieces(context)])


def _options(command: click.Command, *, of_the_account: bool) -> Iterator[tuple[str, str, str]]:
    """Yield option, default and meaning of each parameter that is an option, of the account's or of all others."""
    context = click.Context(command)
    for each in command.params:
        if not isinstance(each, click.Option) or (each.name in PLACES) != of_the_account:
            continue
        *short, name = each.opts
        value = "" if each.is_flag else f" {each.make_metavar(context).removesuffix(' RANGE')}"
        other = f" / {code(*each.secondary_opts)}" if each.secondary_opts else ""
        yield f"{code(*short, f'{name}{value}')}{other}", _default(each), _paragraph(each.help or "")


def _default(option: click.Option) -> str:
    if option.secondary_opts:
        return code((option.opts if option.default else option.secondary_opts)[0])
    shown = option.show_default and isinstance(option.default, (str, int, float)) and not option.is_flag
    return f"`{option.default}`" if shown else ""


def page() -> str:
    """Return the page."""
    parts = [_HEAD, _help(main) + "\n"]
    listed = [(path, command) for path, command in _commands(main, "cosjob")]
    parts.append(table(("exit code", "meaning"), ((f"`{number}`", text) for number, text in EXIT_CODES.items())))
    parts.append("Every command has `-h` and `--help`; `cosjob` itself has `--version`.\n")
    parts.append(
        "## Options of the account\n\nWhere the table of a command ends with a link to here, it has these options too; "
        "[Settings](settings.md) describes them.\n"
    )
    parts.append(table(_COLUMNS, _options(describe, of_the_account=True)))
    for path, command in listed:
        depth = len(path.split())
        parts.append(f"{'#' * depth} `{path}`\n\n```text\n{_usage(path, command)}\n```\n\n{_help(command)}\n")
        rows = list(_options(command, of_the_account=False))
        if any(_options(command, of_the_account=True)):
            rows.append(("[options of the account](#options-of-the-account)", "", "Which account, and where."))
        if rows:
            parts.append(table(_COLUMNS, rows))
    return "\n".join(parts)
