"""`cosjob validate`."""

from __future__ import annotations

import sys

import click

from pulumi_cosjob._cli.output import printable, write_error, write_output
from pulumi_cosjob._errors import InvalidResponseError, Problem

__all__ = ["validate"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True), metavar="FILE...")
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
