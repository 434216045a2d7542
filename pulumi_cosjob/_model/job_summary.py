"""The summary of a job in a list, and a page of the list; a test compares the classes with the list's own schema."""

# Without `from __future__ import annotations`: the types of the fields are read, and texts would have to be evaluated.
import dataclasses
from collections.abc import Sequence

from pulumi_cosjob._model.element import Element
from pulumi_cosjob._model.job import JobProperties, ProgressSummary
from pulumi_cosjob._records import Record

__all__ = ["JobPage", "JobSummary", "ListedProgressSummary"]


class ListedProgressSummary(ProgressSummary):
    """How many tasks there are and how they ended so far, as a list shows it."""

    auto_manifest_status: str | None = None
    """Status of a manifest that the service writes itself, such as Failed; its values are not documented."""


class JobSummary(JobProperties, Element):
    """A job as ListJobs returns it: every element of the list's schema, absent ones as None, times as text.

    It lacks what only DescribeJob returns, such as the manifest, the report and the reasons of a failure.
    `unknown_elements` and `unknown_values` list what the response holds of this job beyond the schema.
    """

    job_id: str
    """Id of the job, assigned by the service when it created the job. 1 to 64 bytes. Always present."""

    status: str
    """Status of the job. Complete, Failed and Cancelled are final. Always present. Known values: `Active`, `Cancelled`,
    `Cancelling`, `Complete`, `Completing`, `Failed`, `Failing`, `New`, `Paused`, `Pausing`, `Preparing`, `Ready`,
    `Suspended`.
    """

    creation_time: str | None = None
    """When the job was created."""

    description: str | None = None
    """Free text given when the job was created. 0 to 256 bytes."""

    operation: str | None = None
    """What is done to each object: the name of the operation's element, such as COSPutObjectCopy."""

    priority: int | None = None
    """Jobs with a higher number run first. 0 to 2147483647."""

    progress_summary: ListedProgressSummary | None = None
    """How many tasks there are and how they ended so far."""

    termination_date: str | None = None
    """When the job ended."""

    unknown_elements: Sequence[str] = dataclasses.field(default=(), metadata={"beyond_schema": True})
    """Paths of the elements of this job that the schema does not list."""

    unknown_values: Sequence[str] = dataclasses.field(default=(), metadata={"beyond_schema": True})
    """Values of this job that the schema does not list, each with the path of its element, such as
    `/ListJobsResult/Jobs/member/Status: Archiving`.
    """


class JobPage(Record):
    """One page of a list of jobs.

    Attributes:
        jobs: The jobs, in the order of the response.
        next_token: The token of the next page; None where there is none or it is empty. The last page may have one.
        unknown_elements: Paths of the elements beside the jobs that the schema does not list.
    """

    jobs: Sequence[JobSummary]
    next_token: str | None = None
    unknown_elements: Sequence[str] = ()
