"""What people read about waits: progress of one job, and notices of a gate. Pure: the time is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._text import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_cosjob._errors import CosJobError
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._waiting.state import PollState

__all__ = ["ATTENTION", "opening_notice", "preview_notice", "progress_line", "time_left"]

ATTENTION = {"Suspended": "NEEDS CONFIRMATION"}
"""Statuses that only a person can end, with the words that show them."""

# From here on, the seconds of an estimate are noise.
_WHOLE_MINUTES = 300.0


def progress_line(state: PollState, now: float, *, brief: bool = False) -> str:
    """Describe the progress of a job in one line; briefly for a line beside a bar.

    The line begins with what a person needs most: the engine cuts it where the terminal ends, which may be after ten
    characters. For an Active job that is the share of its tasks and the time left, otherwise the status.
    """
    job, error = state.description, state.last_error
    if job is None:
        return f"no response yet: {error.what}" if error else "polling"
    tasks = state.tasks()
    failed = job.progress_summary and job.progress_summary.number_of_tasks_failed
    active = job.status == "Active"
    parts = [
        ATTENTION.get(job.status),
        "no response" if error else None,
        job.status if not active else None,
        f"{100 * tasks[0] // tasks[1]} %" if tasks and (active or not brief) else None,
        time_left(state.seconds_left(now)) if active else None,
        f"{failed:,} failed" if failed else None,
        "Active" if active and not (brief and tasks) else None,
        f"{tasks[0]:,} of {tasks[1]:,}{'' if brief else ' tasks'}" if tasks else None,
    ]
    line = ", ".join(part for part in parts if part)
    return f"{line}: {error.what}" if error else line


_RESTORED = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
# A notice about many jobs names the first of them.
_MAX_NAMED = 3


def opening_notice(jobs: Mapping[str, JobDescription]) -> str | None:
    """Return what a person has to know when a gate opens; None if Complete means what it seems to mean.

    Args:
        jobs: The jobs by their ids.
    """
    restoring = [job_id for job_id, job in jobs.items() if job.operation and job.operation.cos_initiate_restore_object]
    if not restoring:
        return None
    if len(restoring) == 1:
        return f"job {restoring[0]} restores objects: {_RESTORED}"
    named, more = ", ".join(restoring[:_MAX_NAMED]), len(restoring) - _MAX_NAMED
    return f"{len(restoring)} jobs restore objects ({named}{f' and {more} more' if more > 0 else ''}): {_RESTORED}"


def preview_notice(failed: Mapping[str, CosJobError | None], jobs: int, audience: Audience = PYTHON) -> str | None:
    """Return what a person has to know of a preview with failed polls; None if each job had a valid response.

    Args:
        failed: The errors of jobs without a valid response, by job id; None for a job without any response in time.
        jobs: The number of jobs that were polled.
        audience: Who reads it.
    """
    if not failed:
        return None
    job_id, error = next(iter(failed.items()))
    which = f"job {job_id}" if jobs == 1 else f"{len(failed)} of {jobs} jobs, the first of them job {job_id}"
    reason = "none came in time." if error is None else error.render(audience)
    return f"the preview has no valid response about {which}: {reason} The update polls again."


def time_left(seconds: float | None) -> str | None:
    """Return the time left in words; None if it is unknown or less than a second."""
    if seconds is None or seconds < 1:
        return None
    return f"{duration(60 * round(seconds / 60) if seconds >= _WHOLE_MINUTES else seconds)} left"
