"""The description of a job for people: a summary of five lines, or all fields. And what other tables share with it."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from pulumi_cosjob._cli.output import printable, write_output
from pulumi_cosjob._details import task_counts
from pulumi_cosjob._text import duration

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription, Operation, ProgressSummary
    from pulumi_cosjob._model.states import JobState

__all__ = ["fit", "percent", "print_descriptions", "styled_status", "terminal_width", "text_width"]

_INDENT = "  "
Row = tuple[str, str, int | None]
"""A label, a text, and how much of the text is never cut; None for all of it."""


def print_descriptions(jobs: Iterable[JobDescription], *, full: bool) -> None:
    """Print the descriptions of jobs, with an empty line between two.

    Lines are as wide as the terminal. Elsewhere nothing is folded or cut.

    Args:
        jobs: The jobs.
        full: Whether to print all fields that have a value in place of the summary.
    """
    width = terminal_width()
    written = (_description(job, width, full=full) for job in jobs)
    write_output("\n".join(written), newline=False)


def _description(job: JobDescription, width: int | None, *, full: bool) -> str:
    rows = list(_all_fields(job) if full else _summary(job))
    label_width = max(len(label) for label, _, _ in rows)
    lines = []
    for label, text, kept in rows:
        indent = " " * (label_width + len(_INDENT))
        parts = fit(text, None if width is None else max(10, width - len(indent)), kept)
        if label == "status":
            status, colon, meaning = parts[0].partition(":")
            parts[0] = styled_status(status, job.state) + colon + meaning
        first = f"{label:{label_width}}{_INDENT}{parts[0]}".rstrip()
        lines += [first, *(indent + each for each in parts[1:])]
    return "".join(f"{line}\n" for line in lines)


def styled_status(text: str, state: JobState) -> str:
    """Return the text of a status with the colour of its state, on a terminal that shows colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
        return text
    colour = "green" if state.succeeded else "red" if state.final else "yellow" if state.needs_person else "cyan"
    return click.style(text, fg=colour, bold=True)


# ------------------------------------------------------------------------------------------------------------- summary


def _summary(job: JobDescription) -> Iterator[Row]:
    """Yield five lines: which job, its status and why, its progress, its times, and what it does."""
    words = f'{_INDENT}"{job.description}"' if job.description else ""
    yield "job", printable(job.job_id + words), len(job.job_id)
    meaning = job.state.meaning if job.state.meaning != job.status.lower() else None
    details = "; ".join(filter(None, (meaning, _reasons(job)))) or "no reason is given"
    yield "status", printable(f"{job.status}: {details}"), 0
    yield "progress", _progress(job), 0
    yield "times", printable(_times(job)), 0
    yield "operation", printable(_what(job)), 0


def _reasons(job: JobDescription) -> str:
    reasons = [": ".join(filter(None, (each.failure_code, each.failure_reason))) for each in job.failure_reasons or ()]
    cause = job.suspended_cause if job.state.needs_person else None
    return "; ".join(filter(None, (*reasons, cause, job.status_update_reason if job.status == "Cancelled" else None)))


def _progress(job: JobDescription) -> str:
    done = percent(job.progress_summary)
    return "no tasks are counted yet" if done is None else f"{done} %, {task_counts(job)}"


def percent(summary: ProgressSummary | None) -> int | None:
    """Return how many percent of the tasks have ended; None where none are counted."""
    total = summary.total_number_of_tasks if summary else None
    if summary is None or not total:
        return None
    done = (summary.number_of_tasks_succeeded or 0) + (summary.number_of_tasks_failed or 0)
    return min(100, 100 * done // total)


def _times(job: JobDescription) -> str:
    created, ended = job.creation_datetime, job.termination_datetime
    took = f" after {duration((ended - created).total_seconds())}" if created and ended and ended >= created else ""
    suspended = job.suspended_date if job.state.needs_person else None
    times = (("created", job.creation_time), ("suspended", suspended), ("ended", job.termination_date))
    return ", ".join(f"{name} {time}" for name, time in times if time) + took or "unknown"


def _what(job: JobDescription) -> str:
    priority = None if job.priority is None else f"priority {job.priority}"
    return ", ".join(filter(None, (_operation(job.operation), priority))) or "unknown"


def _operation(operation: Operation | None) -> str | None:
    if operation is None:
        return None
    copy, restore = operation.cos_put_object_copy, operation.cos_initiate_restore_object
    if copy is not None:
        return f"copies to {copy.target_resource}" if copy.target_resource else "copies"
    if restore is not None:
        days = f" for {restore.expiration_in_days} days" if restore.expiration_in_days else ""
        return f"restores{days}{f', {restore.job_tier}' if restore.job_tier else ''}"
    if operation.cos_put_object_tagging is not None:
        return "sets tags"
    return "deletes" if operation.cos_delete_object is not None else None


# ---------------------------------------------------------------------------------------------------------- all fields


def _all_fields(job: JobDescription) -> Iterator[Row]:
    yield "job_id", job.job_id, None
    yield "status", printable(f"{job.status}: {job.state.meaning}"), None
    for name, text in _rows({name: value for name, value in job.items() if name not in ("job_id", "status")}):
        yield name, text, None


def _rows(element: dict[str, Any], indent: str = "") -> Iterator[tuple[str, str]]:
    """Yield a name, indented by its depth, and a text for each field that has a value."""
    for name, value in element.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            if any(isinstance(item, dict) for item in value):
                yield indent + name, ""
                yield from _rows({f"[{position}]": item for position, item in enumerate(value)}, indent + _INDENT)
            elif value:
                yield indent + name, printable(", ".join(value))
        elif isinstance(value, dict):
            yield indent + name, ""
            yield from _rows(value, indent + _INDENT)
        elif isinstance(value, bool):
            yield indent + name, "yes" if value else "no"
        else:
            yield indent + name, printable(str(value))


# --------------------------------------------------------------------------------------------------------------- width


def terminal_width() -> int | None:
    """Return how many columns lines may have; None where standard output is no terminal, for any number."""
    # Python 3.10 returns 0 for a terminal that does not know its width.
    return (shutil.get_terminal_size().columns or 80) if sys.stdout.isatty() else None


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def fit(text: str, width: int | None, kept: int | None) -> list[str]:
    """Return the lines of a text so that none is wider than a number of columns.

    Args:
        text: The text.
        width: The columns; None for any number.
        kept: How many characters at its beginning are never cut. None folds the text, and cuts nothing.
    """
    if width is None or text_width(text) <= width:
        return [text]
    if kept is None:
        return list(_folded(text, width))
    # What is kept is the id of a job, of one column for each character.
    return list(_folded(text[:kept], width)) if kept >= width else [next(_folded(text, width - 1)) + "…"]


def _folded(text: str, width: int) -> Iterator[str]:
    line, used = "", 0
    for character in text:
        columns = _columns(character)
        if used + columns > width:
            yield line
            line, used = "", 0
        line, used = line + character, used + columns
    yield line


def _columns(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
