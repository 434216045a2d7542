"""What errors report in detail: problems of a response, and how a job ended without completion."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pulumi_cosjob._messages import Message
from pulumi_cosjob._records import Record
from pulumi_cosjob._text import quoted, truncate

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

__all__ = [
    "MOST_PROBLEMS",
    "Account",
    "Problem",
    "confirm_command",
    "failure",
    "failure_hint",
    "suspension",
    "task_counts",
]


class Account(Record):
    """The account of a set of credentials, as the service names it.

    Attributes:
        uin: Id of the main account.
        appid: Its APPID.
    """

    uin: str
    appid: str

    def describe(self, appid: str | None) -> str:
        """Return the account as messages show it.

        Args:
            appid: The APPID that a request was made for.
        """
        if appid in (None, self.appid):
            return f"account {self.uin}, APPID {self.appid}, discovered"
        return f"account {self.uin}, discovered, APPID {appid}"


class Problem(Record):
    """One place where a response violates the schema.

    Attributes:
        path: The element, such as `/DescribeJobResult/Job/Status`.
        value: Its text, truncated; None if the problem is not about a text.
        rule: What it should have been.
    """

    path: str
    value: str | None
    rule: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.path}: {self.rule}" + ("" if self.value is None else f", but is {self.value}")


# A document can violate the schema in any number of places.
MOST_PROBLEMS = 100

_NEXT_JOB = "fix the cause, create a new job and wait for it."


def failure(description: JobDescription, max_failed_tasks: int | None, contradiction: str) -> str:
    """Return how a job failed, with its counts of tasks, the reasons and the place of its report.

    Args:
        description: The job as it was last read.
        max_failed_tasks: How many failed tasks were accepted; None for any number.
        contradiction: In what way its counts of tasks contradict each other; empty if they do not.
    """
    parts = (
        _verdict(description, max_failed_tasks, contradiction),
        task_counts(description),
        _reasons(description),
        _report(description),
    )
    return "; ".join(filter(None, parts))


def failure_hint(description: JobDescription) -> str | Message:
    """Return what to do about a job that failed."""
    if description.status != "Complete":
        return _NEXT_JOB.capitalize()
    if description.failed_tasks is None:
        return Message(f"Accept any number of them by {{max_failed_tasks}}, or {_NEXT_JOB}")
    return Message(f"Accept them by {{max_failed_tasks}}, or {_NEXT_JOB}")


def confirm_command(job_id: str) -> str:
    """Return the command that confirms a job, as it can be pasted into a shell."""
    # A job id has no character that a shell treats specially, except at its beginning.
    return f"cosjob confirm {'-- ' if job_id.startswith('-') else ''}{shlex.quote(job_id)}"


def suspension(description: JobDescription) -> str:
    """Return that a job waits for a person, with the cause if the service gives one."""
    cause = f": {quoted(description.suspended_cause, 120)}" if description.suspended_cause else ""
    return f"the job waits for a person to confirm it{cause}"


def task_counts(description: JobDescription) -> str:
    """Return how many tasks succeeded and failed; empty if the total is unknown."""
    summary = description.progress_summary
    if summary is None or summary.total_number_of_tasks is None:
        return ""
    succeeded, failed = summary.number_of_tasks_succeeded or 0, summary.number_of_tasks_failed or 0
    return f"{succeeded:,} of {summary.total_number_of_tasks:,} tasks succeeded, {failed:,} failed"


def _verdict(description: JobDescription, max_failed_tasks: int | None, contradiction: str) -> str:
    if description.status == "Cancelled":
        return "the job was cancelled"
    if description.status == "Failed":
        return "the job failed"
    if description.failed_tasks is None:
        detail = f": {contradiction}" if contradiction else ""
        return f"the job is complete, but the number of its failed tasks is unknown{detail}"
    lost = _tasks_not_accounted_for(description)
    detail = f": {lost}" if lost else ""
    return f"the job is complete, but with more failed tasks than the {max_failed_tasks} accepted{detail}"


def _tasks_not_accounted_for(description: JobDescription) -> str:
    summary = description.progress_summary
    if summary is None or summary.total_number_of_tasks is None or summary.number_of_tasks_succeeded is None:
        return ""
    lost = summary.total_number_of_tasks - summary.number_of_tasks_succeeded - (summary.number_of_tasks_failed or 0)
    return f"{lost:,} of {summary.total_number_of_tasks:,} tasks are not accounted for" if lost > 0 else ""


def _reasons(description: JobDescription) -> str:
    reasons = "; ".join(
        ": ".join(part for part in (each.failure_code, each.failure_reason) if part)
        for each in description.failure_reasons or ()
        if each.failure_code or each.failure_reason
    )
    if description.status == "Cancelled":
        reasons = description.status_update_reason or reasons
    return f"reasons: {truncate(reasons, 300)}" if reasons else ""


def _report(description: JobDescription) -> str:
    report = description.report
    if report is None or not report.enabled or not report.bucket:
        return ""
    prefix = f" under {truncate(report.prefix, 120)}" if report.prefix else ""
    return f"its report is in {truncate(report.bucket, 120)}{prefix}"
