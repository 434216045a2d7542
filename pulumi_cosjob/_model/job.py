"""The description of a job: one class for each complex element of the schema, one field for each child element.

The classes are written by hand, so that editors and type checkers know them. A test compares them with the schema,
element by element. A field has the name of its element in snake case; `naming.xml_name` returns the element's name.
"""

# Without `from __future__ import annotations`: the types of the fields are read, and texts would have to be evaluated.
import dataclasses
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pulumi_cosjob._model.element import Element, items
from pulumi_cosjob._model.states import JobState, state_of

__all__ = [
    "BEYOND_SCHEMA",
    "COSDeleteObject",
    "COSGrant",
    "COSInitiateRestoreObject",
    "COSPutObjectCopy",
    "COSPutObjectTagging",
    "COSTag",
    "Grantee",
    "JobDescription",
    "JobFailure",
    "JobProperties",
    "Manifest",
    "ManifestLocation",
    "ManifestSpec",
    "NewObjectMetadata",
    "Operation",
    "ProgressSummary",
    "Report",
    "UserMetadataMember",
    "contradiction",
    "instant",
]

_INSTANT = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})?")


class JobFailure(Element):
    """One reason why a job failed."""

    failure_code: str | None = None
    """Code of the failure. 0 to 64 bytes."""

    failure_reason: str | None = None
    """The failure in words. 0 to 256 bytes."""


class ManifestLocation(Element):
    """The object that lists the objects to work on."""

    etag: str | None = None
    """ETag of the list; its double quotes are part of the text. 1 to 1024 bytes."""

    object_arn: str | None = None
    """Resource name of the list. 1 to 1024 bytes."""

    object_version_id: str | None = None
    """Version of the list, where its bucket keeps versions. 1 to 1024 bytes."""


class ManifestSpec(Element):
    """How that list is written."""

    fields: Sequence[str] | None = items("member")
    """The columns of the list, in their order; not given for an inventory."""

    format: str | None = None
    """A list made by hand, or an inventory that COS made. Known values: `COSBatchOperations_CSV_V1`,
    `COSInventoryReport_CSV_V1`.
    """


class Manifest(Element):
    """The list of objects that a job works on."""

    location: ManifestLocation | None = None
    """The object that holds the list."""

    spec: ManifestSpec | None = None
    """How the list is written."""


class Grantee(Element):
    """Who receives a permission."""

    display_name: str | None = None
    """Name to show for the grantee."""

    identifier: str | None = None
    """The grantee, such as qcs::cam::uin/100000000001:uin/100000000001."""

    type_identifier: str | None = None
    """How Identifier is to be read. Known values: `ID`."""


class COSGrant(Element):
    """One permission for one grantee."""

    grantee: Grantee | None = None
    """Who receives the permission."""

    permission: str | None = None
    """What the grantee may do. Known values: `READ`, `WRITE`, `FULL_CONTROL`."""


class UserMetadataMember(Element):
    """One entry of the user's own metadata."""

    key: str | None = None
    """Name of the metadata entry."""

    value: str | None = None
    """Value of the metadata entry."""


class COSTag(Element):
    """One tag."""

    key: str | None = None
    """Name of the tag."""

    value: str | None = None
    """Value of the tag."""


class NewObjectMetadata(Element):
    """Metadata of the copies."""

    cache_control: str | None = None
    """Cache-Control of the copies."""

    content_disposition: str | None = None
    """Content-Disposition of the copies."""

    content_encoding: str | None = None
    """Content-Encoding of the copies."""

    content_type: str | None = None
    """Content-Type of the copies."""

    http_expires_date: str | None = None
    """Expires header of the copies, as text, because the vendor's pages disagree on its form."""

    sse_algorithm: str | None = None
    """Encryption of the copies on the server. Known values: `AES256`."""

    user_metadata: Sequence[UserMetadataMember] | None = items("member")
    """The user's own metadata of the copies."""


class COSPutObjectCopy(Element):
    """Each object is copied."""

    access_control_directive: str | None = None
    """Whether the copy takes the access rules of its source, replaces or extends them. Known values: `Copy`,
    `Replaced`, `Add`.
    """

    access_control_grants: Sequence[COSGrant] | None = items("COSGrant")
    """Who may do what with the copies."""

    canned_access_control_list: str | None = None
    """Ready-made access rule of the copies. Known values: `private`, `public-read`."""

    metadata_directive: str | None = None
    """Whether the copy takes the metadata of its source, replaces or extends them. Known values: `Copy`, `Replaced`,
    `Add`.
    """

    modified_since_constraint: str | None = None
    """Only objects changed after this time are copied. A timestamp or seconds since 1970."""

    new_object_metadata: NewObjectMetadata | None = None
    """Metadata of the copies."""

    new_object_tagging: Sequence[COSTag] | None = items("COSTag")
    """Tags of the copies."""

    prefix_replace: bool | None = None
    """Whether ResourcesPrefix is replaced by TargetKeyPrefix in the object keys."""

    resources_prefix: str | None = None
    """Prefix of the source object keys that is replaced. 0 to 1024 bytes."""

    storage_class: str | None = None
    """Storage class of the copies. Known values: `STANDARD`, `STANDARD_IA`, `INTELLIGENT_TIERING`, `ARCHIVE`,
    `DEEP_ARCHIVE`, `MAZ_STANDARD`.
    """

    tagging_directive: str | None = None
    """Whether the copy takes the tags of its source, replaces or extends them. Known values: `Copy`, `Replaced`, `Add`.
    """

    target_key_prefix: str | None = None
    """Prefix of the target object keys. 0 to 1024 bytes."""

    target_resource: str | None = None
    """Resource name of the bucket that receives the copies."""

    unmodified_since_constraint: str | None = None
    """Only objects not changed after this time are copied. A timestamp or seconds since 1970."""


class COSInitiateRestoreObject(Element):
    """Each object is restored from an archive."""

    expiration_in_days: int | None = None
    """For how many days the restored copy is kept. 1 to 365."""

    job_tier: str | None = None
    """How fast the objects are restored. Known values: `Bulk`, `Standard`."""


class COSPutObjectTagging(Element):
    """Each object is tagged."""

    tag_set: Sequence[COSTag] | None = items("COSTag")
    """The tags to set."""

    tagging_directive: str | None = None
    """Whether the tags replace or extend the existing tags. Known values: `Copy`, `Replaced`, `Add`."""


class COSDeleteObject(Element):
    """Each object is deleted."""


class Operation(Element):
    """What a job does to each object. One field is set, or none if this version does not know the operation."""

    cos_delete_object: COSDeleteObject | None = None
    """Each object is deleted. Has no parameters."""

    cos_initiate_restore_object: COSInitiateRestoreObject | None = None
    """Each object is restored from an archive."""

    cos_put_object_copy: COSPutObjectCopy | None = None
    """Each object is copied."""

    cos_put_object_tagging: COSPutObjectTagging | None = None
    """Each object is tagged."""


class ProgressSummary(Element):
    """How many tasks there are and how they ended so far."""

    number_of_tasks_failed: int | None = None
    """Tasks that failed; a job can be Complete and have some."""

    number_of_tasks_succeeded: int | None = None
    """Tasks that succeeded."""

    total_number_of_tasks: int | None = None
    """All tasks: one for each object of the manifest."""


def contradiction(summary: ProgressSummary) -> str:
    """Return which counts contradict each other, by their XML names; an empty text if none do."""
    failed, succeeded = summary.number_of_tasks_failed or 0, summary.number_of_tasks_succeeded or 0
    total = summary.total_number_of_tasks
    if total is None or failed + succeeded <= total:
        return ""
    counts = {"NumberOfTasksFailed": failed, "NumberOfTasksSucceeded": succeeded}
    more = {name: count for name, count in counts.items() if count > total} or counts
    words = " and ".join(f"{name} {count}" for name, count in more.items())
    return f"{words} {'is' if len(more) == 1 else 'are'} more than TotalNumberOfTasks {total}"


class Report(Element):
    """Where and how a job reports on its tasks."""

    bucket: str | None = None
    """Resource name of the bucket that receives the report."""

    enabled: bool | None = None
    """Whether a report is written."""

    format: str | None = None
    """How the report is written. Known values: `Report_CSV_V1`."""

    prefix: str | None = None
    """Prefix of the report's object key. 0 to 256 bytes."""

    report_scope: str | None = None
    """Which tasks are reported. Known values: `AllTasks`, `FailedTasksOnly`."""


class JobProperties:
    """What follows from the elements that both DescribeJob and ListJobs return of a job."""

    if TYPE_CHECKING:  # declared by the classes of elements

        @property
        def status(self) -> str: ...
        @property
        def progress_summary(self) -> ProgressSummary | None: ...
        @property
        def creation_time(self) -> str | None: ...
        @property
        def termination_date(self) -> str | None: ...

    @property
    def state(self) -> JobState:
        """What the status means. A status that this version does not know is not final."""
        return state_of(self.status)

    @property
    def failed_tasks(self) -> int | None:
        """How many tasks of a finished job failed or are unaccounted for; None if missing or contradictory."""
        summary = self.progress_summary
        if summary is None or contradiction(summary):
            return None
        failed = summary.number_of_tasks_failed
        if summary.total_number_of_tasks is None or summary.number_of_tasks_succeeded is None:
            return failed
        return max(failed or 0, summary.total_number_of_tasks - summary.number_of_tasks_succeeded)

    @property
    def creation_datetime(self) -> datetime | None:
        """When the job was created."""
        return instant(self.creation_time)

    @property
    def termination_datetime(self) -> datetime | None:
        """When the job ended."""
        return instant(self.termination_date)


class JobDescription(JobProperties, Element):
    """A job as DescribeJob returns it: every element of the schema, absent ones as None, times as text.

    `unknown_elements` and `unknown_values` list what the response holds beyond the schema.
    """

    job_id: str
    """Id of the job, assigned by the service when it created the job. 1 to 64 bytes. Always present."""

    status: str
    """Status of the job. Complete, Failed and Cancelled are final. Always present. Known values: `Active`, `Cancelled`,
    `Cancelling`, `Complete`, `Completing`, `Failed`, `Failing`, `New`, `Paused`, `Pausing`, `Preparing`, `Ready`,
    `Suspended`.
    """

    client_request_token: str | None = None
    """Token that made the request to create the job unique; a second request with it creates nothing. 1 to 64 bytes,
    usually a UUID.
    """

    confirmation_required: bool | None = None
    """Whether a person has to confirm the job before it runs."""

    creation_time: str | None = None
    """When the job was created."""

    description: str | None = None
    """Free text given when the job was created. 0 to 256 bytes."""

    failure_reasons: Sequence[JobFailure] | None = items("JobFailure")
    """Why the job failed: any number of codes, each with a reason."""

    manifest: Manifest | None = None
    """The list of objects that the job works on."""

    operation: Operation | None = None
    """What is done to each object: one operation."""

    priority: int | None = None
    """Jobs with a higher number run first. 0 to 2147483647."""

    progress_summary: ProgressSummary | None = None
    """How many tasks there are and how they ended so far."""

    report: Report | None = None
    """Where and how the job reports on its tasks."""

    role_arn: str | None = None
    """The role in whose name the job runs. 1 to 1024 bytes."""

    status_update_reason: str | None = None
    """Why the status was last changed by request. 0 to 256 bytes."""

    suspended_cause: str | None = None
    """Why the job was suspended, usually to be confirmed by a person. 0 to 1024 bytes."""

    suspended_date: str | None = None
    """When the job was suspended."""

    termination_date: str | None = None
    """When the job ended."""

    unknown_elements: Sequence[str] = dataclasses.field(default=(), metadata={"beyond_schema": True})
    """Paths of the elements of the response that its schema does not list."""

    unknown_values: Sequence[str] = dataclasses.field(default=(), metadata={"beyond_schema": True})
    """Values of the response that its schema does not list, at most 100, each with the path of its element, such as
    `/DescribeJobResult/Job/Status: Archiving`.
    """

    @property
    def suspended_datetime(self) -> datetime | None:
        """When the job was suspended."""
        return instant(self.suspended_date)


def instant(text: str | None) -> datetime | None:
    """Return a timestamp as a datetime, in UTC if it has no offset; None if the text is no timestamp."""
    match = _INSTANT.fullmatch((text or "").strip())
    if match is None:
        return None
    seconds, fraction, offset = match.groups(default="")
    # Python 3.10 reads neither a "Z" nor fractions of any other length than 3 or 6.
    read = datetime.fromisoformat(f"{seconds}.{fraction:0<6.6}{offset.replace('Z', '')}")
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


BEYOND_SCHEMA: tuple[str, ...] = tuple(
    field.name for field in dataclasses.fields(JobDescription) if field.metadata.get("beyond_schema")
)
"""The fields of a job that stand for no XML element: they list what the response holds beyond the schema."""
