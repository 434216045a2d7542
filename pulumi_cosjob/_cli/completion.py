"""`cosjob completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pulumi_cosjob._cli.output import write_output

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    bash (from 4.4 on), in ~/.bashrc:  eval "$(cosjob completion bash)"
    zsh, in ~/.zshrc after compinit:   eval "$(cosjob completion zsh)"
    fish, once:  cosjob completion fish > ~/.config/fish/completions/cosjob.fish

    Nothing is requested from the service: job ids are not completed.
    """  # noqa: D301  click needs the character itself
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  click has these three
    script = kind(context.find_root().command, {}, "cosjob", "_COSJOB_COMPLETE")
    # Not by `source`: that of bash starts a bash to read its version.
    write_output(script.source_template % script.source_vars())
