"""`cosjob emulator`."""

from __future__ import annotations

import shlex

import click

from pulumi_cosjob._cli.output import fail, write_output

__all__ = ["emulator"]


@click.command()
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
