"""Types of outputs, for type checkers and editors. No program loads this module.

When a program runs, a field of a job is a `Field`, which accepts any name. Here each name is declared with its type and
its meaning; any other name is an error.

The attributes of resources are declared here too, not in the resources' own classes. When a program runs, the SDK
resolves the annotations of those classes, and a preview hangs if it cannot find a type. Editors show no docstrings of
attributes below `if TYPE_CHECKING`. Only whole numbers are declared in the resources' classes: the engine returns them
as floats, and the SDK converts them by those annotations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar, overload

import pulumi

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

if TYPE_CHECKING:
    from pulumi_cosjob._model.states import JobState

_T_co = TypeVar("_T_co", covariant=True)
_Item = TypeVar("_Item")
_ItemOutput_co = TypeVar("_ItemOutput_co", covariant=True)


class TypedOutput(pulumi.Output[_T_co]):
    """An output that has only the declared fields."""

    # Hides the method of `pulumi.Output`, for which type checkers accept any name as an `Output[Any]`.
    __getattr__: None  # type: ignore[assignment,misc]


class ListOutput(TypedOutput[Sequence[_Item] | None], Generic[_Item, _ItemOutput_co]):
    """A list of elements, or None; an item of None is None."""

    @overload
    def __getitem__(self, key: int) -> _ItemOutput_co: ...
    @overload
    def __getitem__(self, key: slice) -> pulumi.Output[Sequence[_Item] | None]: ...
    def __getitem__(self, key: int | slice) -> object:
        """Return an item, or a slice."""
        raise NotImplementedError


class JobsOutput(TypedOutput[Mapping[str, JobDescription]]):
    """Jobs by job id."""

    def __getitem__(self, key: str) -> JobDescriptionOutput:
        """Return the job with this id."""
        raise NotImplementedError


class JobSummariesOutput(TypedOutput[Sequence[JobSummary]]):
    """The jobs of a list."""

    @overload
    def __getitem__(self, key: int) -> JobSummaryOutput: ...
    @overload
    def __getitem__(self, key: slice) -> pulumi.Output[Sequence[JobSummary]]: ...
    def __getitem__(self, key: int | slice) -> object:
        """Return a job, or a slice."""
        raise NotImplementedError


class AccountAttributes:
    """The inputs that select an account, as outputs."""

    appid: pulumi.Output[str]
    """APPID of the account that owns the jobs."""

    uin: pulumi.Output[str | None]
    """UIN of the main account; None if the program does not set it."""

    region: pulumi.Output[str | None]
    """Region of the jobs; None if the program does not set it."""

    endpoint: pulumi.Output[str | None]
    """Endpoint of the service, in place of the default for `uin` and `region`; None if the program does not set it."""


class JobsAttributes(AccountAttributes):
    """The outputs of `get_jobs`."""

    jobs: JobsOutput
    """The jobs by job id, each with every field."""

    missing_job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs that were skipped because the service does not know them."""

    job_ids: pulumi.Output[Sequence[str]]
    """Ids of the requested jobs."""

    missing: pulumi.Output[str]
    """How to treat jobs that the service does not know: `error` or `skip`."""

    results: pulumi.Output[str]
    """The jobs as JSON text, in which form the engine carries them; `jobs` is read from it."""


class JobListAttributes(AccountAttributes):
    """The outputs of `list_jobs`."""

    jobs: JobSummariesOutput
    """The jobs, newest first; without a creation time they are the last."""

    job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs, in the same order."""

    statuses: pulumi.Output[Sequence[str] | None]
    """The statuses of which the jobs have one; None for any."""

    created_after: pulumi.Output[str | None]
    """The earliest time of creation, or how long ago that is, as text; None for any."""

    created_before: pulumi.Output[str | None]
    """The time before which the jobs were created, or how long ago that is, as text; None for any."""

    description: pulumi.Output[str | None]
    """The glob that the descriptions match; None for any."""

    operation: pulumi.Output[str | None]
    """Name of the operation's element; None for any."""

    results: pulumi.Output[str]
    """The jobs as JSON text, in which form the engine carries them; `jobs` is read from it."""


class GateAttributes(AccountAttributes):
    """The outputs of all gates, except their jobs."""

    timeout: pulumi.Output[str | None]
    """How long to wait at most, such as `2h`; None if the program does not set it."""

    fail_when_suspended: pulumi.Output[bool]
    """Whether to fail when a job waits for a person to confirm it."""

    service_endpoint: pulumi.Output[str]
    """The endpoint that the jobs were read from. Another one replaces the gate."""


class AllJobsAttributes(GateAttributes):
    """The outputs of gates for many jobs."""

    jobs: JobsOutput
    """The jobs by job id, with their values at the time when they had completed."""

    job_ids: pulumi.Output[Sequence[str]]
    """Ids of the jobs to wait for."""


class DynamicAllJobsAttributes(AllJobsAttributes):
    """The outputs of gates for many jobs of the dynamic provider."""

    results: pulumi.Output[str]
    """The jobs as JSON text, in which form the engine carries them; `jobs` is read from it."""


# Written by `make docs` from here on.


class JobFailureOutput(TypedOutput[JobFailure | None]):
    """One reason why a job failed."""

    failure_code: pulumi.Output[str | None]
    """Code of the failure. 0 to 64 bytes."""

    failure_reason: pulumi.Output[str | None]
    """The failure in words. 0 to 256 bytes."""


class ManifestLocationOutput(TypedOutput[ManifestLocation | None]):
    """The object that lists the objects to work on."""

    etag: pulumi.Output[str | None]
    """ETag of the list; its double quotes are part of the text. 1 to 1024 bytes."""

    object_arn: pulumi.Output[str | None]
    """Resource name of the list. 1 to 1024 bytes."""

    object_version_id: pulumi.Output[str | None]
    """Version of the list, where its bucket keeps versions. 1 to 1024 bytes."""


class ManifestSpecOutput(TypedOutput[ManifestSpec | None]):
    """How that list is written."""

    fields: pulumi.Output[Sequence[str] | None]
    """The columns of the list, in their order; not given for an inventory."""

    format: pulumi.Output[str | None]  # type: ignore[assignment]
    """A list made by hand, or an inventory that COS made. Known values: `COSBatchOperations_CSV_V1`,
    `COSInventoryReport_CSV_V1`.
    """


class ManifestOutput(TypedOutput[Manifest | None]):
    """The list of objects that a job works on."""

    location: ManifestLocationOutput
    """The object that holds the list."""

    spec: ManifestSpecOutput
    """How the list is written."""


class GranteeOutput(TypedOutput[Grantee | None]):
    """Who receives a permission."""

    display_name: pulumi.Output[str | None]
    """Name to show for the grantee."""

    identifier: pulumi.Output[str | None]
    """The grantee, such as qcs::cam::uin/100000000001:uin/100000000001."""

    type_identifier: pulumi.Output[str | None]
    """How Identifier is to be read. Known values: `ID`."""


class COSGrantOutput(TypedOutput[COSGrant | None]):
    """One permission for one grantee."""

    grantee: GranteeOutput
    """Who receives the permission."""

    permission: pulumi.Output[str | None]
    """What the grantee may do. Known values: `READ`, `WRITE`, `FULL_CONTROL`."""


class UserMetadataMemberOutput(TypedOutput[UserMetadataMember | None]):
    """One entry of the user's own metadata."""

    key: pulumi.Output[str | None]
    """Name of the metadata entry."""

    value: pulumi.Output[str | None]
    """Value of the metadata entry."""


class COSTagOutput(TypedOutput[COSTag | None]):
    """One tag."""

    key: pulumi.Output[str | None]
    """Name of the tag."""

    value: pulumi.Output[str | None]
    """Value of the tag."""


class NewObjectMetadataOutput(TypedOutput[NewObjectMetadata | None]):
    """Metadata of the copies."""

    cache_control: pulumi.Output[str | None]
    """Cache-Control of the copies."""

    content_disposition: pulumi.Output[str | None]
    """Content-Disposition of the copies."""

    content_encoding: pulumi.Output[str | None]
    """Content-Encoding of the copies."""

    content_type: pulumi.Output[str | None]
    """Content-Type of the copies."""

    http_expires_date: pulumi.Output[str | None]
    """Expires header of the copies, as text, because the vendor's pages disagree on its form."""

    sse_algorithm: pulumi.Output[str | None]
    """Encryption of the copies on the server. Known values: `AES256`."""

    user_metadata: ListOutput[UserMetadataMember, UserMetadataMemberOutput]
    """The user's own metadata of the copies."""


class COSPutObjectCopyOutput(TypedOutput[COSPutObjectCopy | None]):
    """Each object is copied."""

    access_control_directive: pulumi.Output[str | None]
    """Whether the copy takes the access rules of its source, replaces or extends them. Known values: `Copy`,
    `Replaced`, `Add`.
    """

    access_control_grants: ListOutput[COSGrant, COSGrantOutput]
    """Who may do what with the copies."""

    canned_access_control_list: pulumi.Output[str | None]
    """Ready-made access rule of the copies. Known values: `private`, `public-read`."""

    metadata_directive: pulumi.Output[str | None]
    """Whether the copy takes the metadata of its source, replaces or extends them. Known values: `Copy`, `Replaced`,
    `Add`.
    """

    modified_since_constraint: pulumi.Output[str | None]
    """Only objects changed after this time are copied. A timestamp or seconds since 1970."""

    new_object_metadata: NewObjectMetadataOutput
    """Metadata of the copies."""

    new_object_tagging: ListOutput[COSTag, COSTagOutput]
    """Tags of the copies."""

    prefix_replace: pulumi.Output[bool | None]
    """Whether ResourcesPrefix is replaced by TargetKeyPrefix in the object keys."""

    resources_prefix: pulumi.Output[str | None]
    """Prefix of the source object keys that is replaced. 0 to 1024 bytes."""

    storage_class: pulumi.Output[str | None]
    """Storage class of the copies. Known values: `STANDARD`, `STANDARD_IA`, `INTELLIGENT_TIERING`, `ARCHIVE`,
    `DEEP_ARCHIVE`, `MAZ_STANDARD`.
    """

    tagging_directive: pulumi.Output[str | None]
    """Whether the copy takes the tags of its source, replaces or extends them. Known values: `Copy`, `Replaced`, `Add`.
    """

    target_key_prefix: pulumi.Output[str | None]
    """Prefix of the target object keys. 0 to 1024 bytes."""

    target_resource: pulumi.Output[str | None]
    """Resource name of the bucket that receives the copies."""

    unmodified_since_constraint: pulumi.Output[str | None]
    """Only objects not changed after this time are copied. A timestamp or seconds since 1970."""


class COSInitiateRestoreObjectOutput(TypedOutput[COSInitiateRestoreObject | None]):
    """Each object is restored from an archive."""

    expiration_in_days: pulumi.Output[int | None]
    """For how many days the restored copy is kept. 1 to 365."""

    job_tier: pulumi.Output[str | None]
    """How fast the objects are restored. Known values: `Bulk`, `Standard`."""


class COSPutObjectTaggingOutput(TypedOutput[COSPutObjectTagging | None]):
    """Each object is tagged."""

    tag_set: ListOutput[COSTag, COSTagOutput]
    """The tags to set."""

    tagging_directive: pulumi.Output[str | None]
    """Whether the tags replace or extend the existing tags. Known values: `Copy`, `Replaced`, `Add`."""


class COSDeleteObjectOutput(TypedOutput[COSDeleteObject | None]):
    """Each object is deleted."""


class OperationOutput(TypedOutput[Operation | None]):
    """What a job does to each object. One field is set, or none if this version does not know the operation."""

    cos_delete_object: COSDeleteObjectOutput
    """Each object is deleted. Has no parameters."""

    cos_initiate_restore_object: COSInitiateRestoreObjectOutput
    """Each object is restored from an archive."""

    cos_put_object_copy: COSPutObjectCopyOutput
    """Each object is copied."""

    cos_put_object_tagging: COSPutObjectTaggingOutput
    """Each object is tagged."""


class ProgressSummaryOutput(TypedOutput[ProgressSummary | None]):
    """How many tasks there are and how they ended so far."""

    number_of_tasks_failed: pulumi.Output[int | None]
    """Tasks that failed; a job can be Complete and have some."""

    number_of_tasks_succeeded: pulumi.Output[int | None]
    """Tasks that succeeded."""

    total_number_of_tasks: pulumi.Output[int | None]
    """All tasks: one for each object of the manifest."""


class ReportOutput(TypedOutput[Report | None]):
    """Where and how a job reports on its tasks."""

    bucket: pulumi.Output[str | None]
    """Resource name of the bucket that receives the report."""

    enabled: pulumi.Output[bool | None]
    """Whether a report is written."""

    format: pulumi.Output[str | None]  # type: ignore[assignment]
    """How the report is written. Known values: `Report_CSV_V1`."""

    prefix: pulumi.Output[str | None]
    """Prefix of the report's object key. 0 to 256 bytes."""

    report_scope: pulumi.Output[str | None]
    """Which tasks are reported. Known values: `AllTasks`, `FailedTasksOnly`."""


class ListedProgressSummaryOutput(TypedOutput[ListedProgressSummary | None]):
    """How many tasks there are and how they ended so far, as a list shows it."""

    number_of_tasks_failed: pulumi.Output[int | None]
    """Tasks that failed; a job can be Complete and have some."""

    number_of_tasks_succeeded: pulumi.Output[int | None]
    """Tasks that succeeded."""

    total_number_of_tasks: pulumi.Output[int | None]
    """All tasks: one for each object of the manifest."""

    auto_manifest_status: pulumi.Output[str | None]
    """Status of a manifest that the service writes itself, such as Failed; its values are not documented."""


class JobFields:
    """The fields of a job, each as an output."""

    job_id: pulumi.Output[str]
    """Id of the job, assigned by the service when it created the job. 1 to 64 bytes. Always present."""

    status: pulumi.Output[str]
    """Status of the job. Complete, Failed and Cancelled are final. Always present. Known values: `Active`, `Cancelled`,
    `Cancelling`, `Complete`, `Completing`, `Failed`, `Failing`, `New`, `Paused`, `Pausing`, `Preparing`, `Ready`,
    `Suspended`.
    """

    client_request_token: pulumi.Output[str | None]
    """Token that made the request to create the job unique; a second request with it creates nothing. 1 to 64 bytes,
    usually a UUID.
    """

    confirmation_required: pulumi.Output[bool | None]
    """Whether a person has to confirm the job before it runs."""

    creation_time: pulumi.Output[str | None]
    """When the job was created."""

    description: pulumi.Output[str | None]
    """Free text given when the job was created. 0 to 256 bytes."""

    failure_reasons: ListOutput[JobFailure, JobFailureOutput]
    """Why the job failed: any number of codes, each with a reason."""

    manifest: ManifestOutput
    """The list of objects that the job works on."""

    operation: OperationOutput
    """What is done to each object: one operation."""

    priority: pulumi.Output[int | None]
    """Jobs with a higher number run first. 0 to 2147483647."""

    progress_summary: ProgressSummaryOutput
    """How many tasks there are and how they ended so far."""

    report: ReportOutput
    """Where and how the job reports on its tasks."""

    role_arn: pulumi.Output[str | None]
    """The role in whose name the job runs. 1 to 1024 bytes."""

    status_update_reason: pulumi.Output[str | None]
    """Why the status was last changed by request. 0 to 256 bytes."""

    suspended_cause: pulumi.Output[str | None]
    """Why the job was suspended, usually to be confirmed by a person. 0 to 1024 bytes."""

    suspended_date: pulumi.Output[str | None]
    """When the job was suspended."""

    termination_date: pulumi.Output[str | None]
    """When the job ended."""

    unknown_elements: pulumi.Output[Sequence[str]]
    """Paths of the elements of the response that its schema does not list."""

    unknown_values: pulumi.Output[Sequence[str]]
    """Values of the response that its schema does not list, at most 100, each with the path of its element, such as
    `/DescribeJobResult/Job/Status: Archiving`.
    """


class JobDescriptionOutput(JobFields, TypedOutput[JobDescription]):
    """A whole job as an output, and its fields."""

    state: pulumi.Output[JobState]
    """What the status means. A status that this version does not know is not final."""

    failed_tasks: pulumi.Output[int | None]
    """How many tasks of a finished job failed or are unaccounted for; None if missing or contradictory."""

    creation_datetime: pulumi.Output[datetime | None]
    """When the job was created."""

    termination_datetime: pulumi.Output[datetime | None]
    """When the job ended."""

    suspended_datetime: pulumi.Output[datetime | None]
    """When the job was suspended."""


class JobAttributes(JobFields):
    """The attributes of a resource that represents a job."""

    result: JobDescriptionOutput
    """The whole job."""


class JobSummaryOutput(TypedOutput[JobSummary]):
    """A job of a list as an output, and its fields."""

    job_id: pulumi.Output[str]
    """Id of the job, assigned by the service when it created the job. 1 to 64 bytes. Always present."""

    status: pulumi.Output[str]
    """Status of the job. Complete, Failed and Cancelled are final. Always present. Known values: `Active`, `Cancelled`,
    `Cancelling`, `Complete`, `Completing`, `Failed`, `Failing`, `New`, `Paused`, `Pausing`, `Preparing`, `Ready`,
    `Suspended`.
    """

    creation_time: pulumi.Output[str | None]
    """When the job was created."""

    description: pulumi.Output[str | None]
    """Free text given when the job was created. 0 to 256 bytes."""

    operation: pulumi.Output[str | None]
    """What is done to each object: the name of the operation's element, such as COSPutObjectCopy."""

    priority: pulumi.Output[int | None]
    """Jobs with a higher number run first. 0 to 2147483647."""

    progress_summary: ListedProgressSummaryOutput
    """How many tasks there are and how they ended so far."""

    termination_date: pulumi.Output[str | None]
    """When the job ended."""

    unknown_elements: pulumi.Output[Sequence[str]]
    """Paths of the elements of this job that the schema does not list."""

    unknown_values: pulumi.Output[Sequence[str]]
    """Values of this job that the schema does not list, each with the path of its element, such as
    `/ListJobsResult/Jobs/member/Status: Archiving`.
    """

    state: pulumi.Output[JobState]
    """What the status means. A status that this version does not know is not final."""

    failed_tasks: pulumi.Output[int | None]
    """How many tasks of a finished job failed or are unaccounted for; None if missing or contradictory."""

    creation_datetime: pulumi.Output[datetime | None]
    """When the job was created."""

    termination_datetime: pulumi.Output[datetime | None]
    """When the job ended."""
