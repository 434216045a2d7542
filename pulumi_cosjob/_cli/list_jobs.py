"""`cosjob list`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timezone
from typing import TYPE_CHECKING

import click

from pulumi_cosjob._cli.formats import Query, compile_query, print_data
from pulumi_cosjob._cli.options import (
    account_options,
    exit_code,
    open_client,
    output_option,
    query_option,
    quiet_option,
    whole_number,
)
from pulumi_cosjob._cli.output import QUIET, fail, printable, write_error, write_output
from pulumi_cosjob._cli.table import fit, percent, styled_status, terminal_width, text_width
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._model.states import STATES

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from pulumi_cosjob._model.job_summary import JobSummary

__all__ = ["list_jobs"]


def _complete_status(_context: click.Context, _parameter: click.Parameter, word: str) -> list[str | CompletionItem]:
    return [status for status in STATES if status.lower().startswith(word.lower())]


@click.command("list")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    shell_complete=_complete_status,
    help="Only jobs of this status, such as Active; may be repeated.",
)
@click.option("--description", metavar="GLOB", help='Only jobs whose whole description matches, such as "nightly*".')
@click.option(
    "--since", "created_after", metavar="TIME", help="Only jobs created since then: 7d, 2026-11-20 or in full."
)
@click.option("--before", "created_before", metavar="TIME", help="Only jobs created before then, in the same forms.")
@click.option("--operation", metavar="NAME", help="Only jobs of this operation, such as COSPutObjectCopy.")
@click.option("--limit", metavar="N", help="The newest jobs of those, at most so many.")
@output_option(("table", "json", "yaml", "ids"))
@query_option
@quiet_option
@account_options
@click.pass_context
def list_jobs(
    context: click.Context,
    /,
    statuses: tuple[str, ...],
    created_after: str | None,
    created_before: str | None,
    description: str | None,
    operation: str | None,
    limit: str | None,
    output: str,
    query: str | None,
    **settings: str | None,
) -> None:
    """List the jobs of the last 90 days, newest first.

    A table has one line for each job, with its time of creation in UTC. On a narrow terminal it has several; the
    description is cut to the terminal's width, the id is not. Elsewhere nothing is cut, and a tab separates columns.

    JSON and YAML have all fields that the service lists. With ids, each line is the id of a job: cosjob wait $(cosjob
    list --status Active -o ids). No jobs are no error. The policy of the credentials has to allow cos:ListJobs.
    """
    try:
        expression = compile_query(query)
        with open_client(settings) as client:
            found = client.list_jobs(
                statuses=statuses or None,
                created_after=created_after,
                created_before=created_before,
                description=description,
                operation=operation,
                limit=None if limit is None else whole_number(limit),
            )
            jobs = list(found)
        if not jobs and not context.meta.get(QUIET):
            write_error("cosjob: there are no such jobs among those of the last 90 days")
        _print(jobs, output, expression)
    except CosJobError as error:
        fail(error, exit_code(error))


def _print(jobs: Sequence[JobSummary], output: str, query: Query | None) -> None:
    if query is not None or output in ("json", "yaml"):
        print_data(jobs, output, query)
    elif jobs:
        width = terminal_width()
        lines = (printable(job.job_id) for job in jobs) if output == "ids" else _table(jobs, width)
        write_output("".join(f"{line}\n" for line in lines), newline=False)


# --------------------------------------------------------------------------------------------------------------- table

_HEADER = ("JOB", "STATUS", "DONE", "CREATED", "DESCRIPTION", "OPERATION", "PRIORITY")
_JOB, _STATUS, _DONE, _CREATED, _DESCRIPTION, _OPERATION, _PRIORITY = range(len(_HEADER))
_LAYOUTS = (
    ((_JOB, _STATUS, _DONE, _CREATED, _DESCRIPTION, _OPERATION, _PRIORITY),),
    ((_JOB, _STATUS, _DONE, _CREATED), (_DESCRIPTION, _OPERATION, _PRIORITY)),
    ((_JOB,), (_STATUS, _DONE, _PRIORITY), (_CREATED, _OPERATION), (_DESCRIPTION,)),
)
"""The lines of a job by their columns, for terminals from wide to narrow."""

_LEAST_DESCRIPTION = 16
"""The columns of a description below which a job gets more lines."""

_INDENT, _GAP, _ABSENT = "  ", "  ", "-"
_TIME, _MINUTE = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M"


def _table(jobs: Sequence[JobSummary], width: int | None) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        jobs: The jobs, one at least.
        width: The columns of the terminal; None for tabs between the cells, and nothing cut.
    """
    if width is None:
        yield from ("\t".join(row) for row in (_HEADER, *(_cells(job, _TIME) for job in jobs)))
        return
    rows = [(*_HEADER[:_CREATED], "CREATED (UTC)", *_HEADER[_DESCRIPTION:]), *(_cells(job, _MINUTE) for job in jobs)]
    natural = [max(map(text_width, column)) for column in zip(*rows, strict=True)]
    layout = next((each for each in _LAYOUTS if _has_room(each, natural, width)), _LAYOUTS[-1])
    widths = _widths(layout, natural, width)
    for row, job in zip(rows, (None, *jobs), strict=True):
        for position, columns in enumerate(layout):
            line = _line(row, job, columns, widths)
            yield from (((_INDENT if position else "") + part).rstrip() for part in line)


def _cells(job: JobSummary, time_format: str) -> tuple[str, ...]:
    done = percent(job.progress_summary)
    cells = (
        job.job_id,
        job.status,
        None if done is None else f"{done} %",
        _created(job, time_format),
        job.description,
        job.operation,
        None if job.priority is None else str(job.priority),
    )
    return tuple(printable(cell) if cell else _ABSENT for cell in cells)


def _created(job: JobSummary, time_format: str) -> str | None:
    created = job.creation_datetime
    try:
        return created.astimezone(timezone.utc).strftime(time_format) if created else job.creation_time
    except OverflowError:  # on the first or the last day that Python knows
        return job.creation_time


def _room(columns: Sequence[int], natural: Sequence[int], width: int) -> int:
    """Return how much wider than a line the terminal is, with an indented line and all of each cell."""
    indent = 0 if _JOB in columns else len(_INDENT)
    return width - indent - len(_GAP) * (len(columns) - 1) - sum(natural[column] for column in columns)


def _has_room(layout: Sequence[Sequence[int]], natural: Sequence[int], width: int) -> bool:
    """Return whether all cells fit, the description down to its least width."""
    spare = max(0, natural[_DESCRIPTION] - _LEAST_DESCRIPTION)
    return all(_room(columns, natural, width) + (spare if _DESCRIPTION in columns else 0) >= 0 for columns in layout)


def _widths(layout: Sequence[Sequence[int]], natural: Sequence[int], width: int) -> list[int]:
    """Return the widths of all columns; in each line that is too wide, the description or the last ones have less."""
    widths = list(natural)
    for columns in layout:
        excess = -_room(columns, natural, width)
        for column in [_DESCRIPTION] if _DESCRIPTION in columns else reversed(columns):
            less = max(0, min(excess, widths[column] - 1))
            widths[column] -= less
            excess -= less
    return widths


def _line(row: Sequence[str], job: JobSummary | None, columns: Sequence[int], widths: Sequence[int]) -> Iterator[str]:
    """Yield a line of a job, or of the header without one; an id that is wider than the terminal is folded."""
    cells, rest = [], []
    for column in columns:
        text, *more = fit(row[column], widths[column], None if column == _JOB else 0)
        padding = " " * (widths[column] - text_width(text))
        shown = styled_status(text, job.state) if job and column == _STATUS else text
        cells.append(padding + shown if column in (_DONE, _PRIORITY) else shown + padding)
        rest += more
    yield _GAP.join(cells)
    yield from rest
