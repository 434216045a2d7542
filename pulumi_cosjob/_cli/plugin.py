"""`cosjob plugin`: its commands `install` and `serve`."""

from __future__ import annotations

import sys

import click

from pulumi_cosjob._cli.options import UNUSABLE
from pulumi_cosjob._cli.output import fail, printable, render, write_output, write_warning
from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._extras import check_pulumi_sdk

__all__ = ["plugin"]


@click.group()
def plugin() -> None:
    """Manage the native plugin, with which programs in all languages of Pulumi read jobs and wait for them."""


@plugin.command(short_help="Install it for the Pulumi CLI.")
def install() -> None:
    """Install the plugin of this Python environment in the Pulumi CLI's folder of plugins (see PULUMI_HOME).

    The plugin runs in this environment: run this again after the environment was moved or updated. Programs that use
    pulumi_cosjob.native do this by themselves. To remove it: pulumi plugin rm resource cosjob

    The Pulumi CLI is not needed for this. If there is one on PATH that cannot be run or is too old, the plugin is
    installed, and the exit code is 2.
    """
    from pulumi_cosjob._plugin.install import install_plugin, plugin_folder  # noqa: PLC0415  needed by this command only
    from pulumi_cosjob._plugin.pulumi_cli import check_pulumi  # noqa: PLC0415  as above
    from pulumi_cosjob._version import plugin_version  # noqa: PLC0415  as above

    try:
        check_pulumi_sdk()
        folder = plugin_folder()
        install_plugin(folder, replace=True)
    except ConfigurationError as error:
        fail(error, UNUSABLE)
    text = f"installed resource plugin cosjob {plugin_version()} in {folder.parent}; it runs with {sys.executable}"
    write_output(printable(text))
    try:
        if not check_pulumi():
            write_warning("there is no pulumi on PATH; install the Pulumi CLI before a program uses the plugin")
    except ConfigurationError as error:
        fail(f"the plugin is installed, but {render(error)}", UNUSABLE)


@plugin.command(short_help="Run it in this shell, for engines that attach to it.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one by default.")
def serve(port: int) -> None:
    """Run the plugin until Ctrl-C, to debug it, or where it cannot be installed.

    Prints a line for the shell in which pulumi runs. pulumi then attaches to this process instead of starting one.
    """
    import asyncio  # noqa: PLC0415  needed by this command only

    try:
        check_pulumi_sdk()
    except ConfigurationError as error:
        fail(error, UNUSABLE)
    from pulumi_cosjob._plugin.server import serve_by_hand  # noqa: PLC0415  as above

    try:
        asyncio.run(serve_by_hand(port, lambda served: write_output(f"export PULUMI_DEBUG_PROVIDERS=cosjob:{served}")))
    except RuntimeError:
        # gRPC's error for a port that it cannot bind. It writes the details to standard error itself.
        fail(f"cannot listen on port {port} of 127.0.0.1; choose another one, or 0 for a free one", 2)
    except KeyboardInterrupt:
        # On platforms without signal handlers.
        sys.exit(0)
