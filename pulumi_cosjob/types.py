"""The parts of a job, for annotations in programs.

    from pulumi_cosjob.types import ProgressSummary

    def share(summary: ProgressSummary | None) -> float: ...

    pulumi.export("share", job.progress_summary.apply(share))

Parts are frozen. Their fields are attributes and items (`summary.number_of_tasks_failed` or
`summary["number_of_tasks_failed"]`). A field that the job lacks is None.
"""

from __future__ import annotations

from pulumi_cosjob._model.job import (
    COSDeleteObject,
    COSGrant,
    COSInitiateRestoreObject,
    COSPutObjectCopy,
    COSPutObjectTagging,
    COSTag,
    Grantee,
    JobDescription,
    JobFailure,
    Manifest,
    ManifestLocation,
    ManifestSpec,
    NewObjectMetadata,
    Operation,
    ProgressSummary,
    Report,
    UserMetadataMember,
)
from pulumi_cosjob._model.job_summary import JobSummary, ListedProgressSummary
from pulumi_cosjob._model.states import JobState

__all__ = [
    "COSDeleteObject",
    "COSGrant",
    "COSInitiateRestoreObject",
    "COSPutObjectCopy",
    "COSPutObjectTagging",
    "COSTag",
    "Grantee",
    "JobDescription",
    "JobFailure",
    "JobState",
    "JobSummary",
    "ListedProgressSummary",
    "Manifest",
    "ManifestLocation",
    "ManifestSpec",
    "NewObjectMetadata",
    "Operation",
    "ProgressSummary",
    "Report",
    "UserMetadataMember",
]
