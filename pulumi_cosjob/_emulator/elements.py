"""The elements of a job as one table, written from the vendor's reference: what each may hold.

It has two uses: to check the requests of CreateJob, and to convert Python values to elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_cosjob._emulator.scenarios import STATUSES

__all__ = ["CREATE_JOB_REQUEST", "JOB", "Boolean", "Group", "Integer", "Kind", "Members", "Moment", "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text with a number of bytes in UTF-8, or one of some values."""

    shortest: int = 0
    longest: int | None = None
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number."""

    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp or, where the pages of the vendor disagree, the seconds since the epoch."""

    seconds_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Members:
    """Any number of elements of one name."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Group:
    """Elements of different names, in any order, each at most once; exactly one of them if it is a choice."""

    children: Mapping[str, Kind]
    required: frozenset[str] = frozenset()
    choice: bool = False


Kind = Text | Integer | Boolean | Moment | Members | Group


def _one_of(*values: str) -> Text:
    return Text(values=frozenset(values))


_KEY_AND_VALUE = Group({"Key": Text(1), "Value": Text()}, required=frozenset({"Key", "Value"}))
# The pages of the vendor disagree about the name of the third one.
_DIRECTIVE = _one_of("Add", "Copy", "Replace", "Replaced")

_GRANT = Group(
    {
        "Grantee": Group(
            {"DisplayName": Text(), "Identifier": Text(1), "TypeIdentifier": _one_of("ID")},
            required=frozenset({"Identifier", "TypeIdentifier"}),
        ),
        "Permission": _one_of("FULL_CONTROL", "READ", "WRITE"),
    },
    required=frozenset({"Grantee", "Permission"}),
)

_COPY = Group(
    {
        "AccessControlDirective": _DIRECTIVE,
        "AccessControlGrants": Members("COSGrant", _GRANT),
        "CannedAccessControlList": _one_of("private", "public-read"),
        "MetadataDirective": _DIRECTIVE,
        "ModifiedSinceConstraint": Moment(seconds_allowed=True),
        "NewObjectMetadata": Group(
            {
                "CacheControl": Text(),
                "ContentDisposition": Text(),
                "ContentEncoding": Text(),
                "ContentType": Text(),
                "HttpExpiresDate": Text(),
                "SSEAlgorithm": _one_of("AES256"),
                "UserMetadata": Members("member", _KEY_AND_VALUE),
            }
        ),
        "NewObjectTagging": Members("COSTag", _KEY_AND_VALUE),
        "PrefixReplace": Boolean(),
        "ResourcesPrefix": Text(0, 1024),
        "StorageClass": Text(1),
        "TaggingDirective": _DIRECTIVE,
        "TargetKeyPrefix": Text(0, 1024),
        "TargetResource": Text(1),
        "UnModifiedSinceConstraint": Moment(seconds_allowed=True),
    },
    required=frozenset({"TargetResource"}),
)

_OPERATION = Group(
    {
        "COSDeleteObject": Group({}),
        "COSInitiateRestoreObject": Group(
            {"ExpirationInDays": Integer(1, 365), "JobTier": _one_of("Bulk", "Standard")},
            required=frozenset({"ExpirationInDays", "JobTier"}),
        ),
        "COSPutObjectCopy": _COPY,
        "COSPutObjectTagging": Group(
            {"TaggingDirective": _DIRECTIVE, "TagSet": Members("COSTag", _KEY_AND_VALUE)},
            required=frozenset({"TagSet"}),
        ),
    },
    choice=True,
)

_MANIFEST = Group(
    {
        "Location": Group(
            {"ETag": Text(1, 1024), "ObjectArn": Text(1, 1024), "ObjectVersionId": Text(1, 1024)},
            required=frozenset({"ETag", "ObjectArn"}),
        ),
        "Spec": Group(
            {
                "Fields": Members("member", _one_of("Bucket", "Ignore", "Key", "VersionId")),
                "Format": _one_of("COSBatchOperations_CSV_V1", "COSInventoryReport_CSV_V1"),
            },
            required=frozenset({"Format"}),
        ),
    },
    required=frozenset({"Location", "Spec"}),
)

_REPORT = Group(
    {
        "Bucket": Text(),
        "Enabled": Boolean(),
        "Format": _one_of("Report_CSV_V1"),
        "Prefix": Text(0, 256),
        "ReportScope": _one_of("AllTasks", "FailedTasksOnly"),
    },
    required=frozenset({"Enabled"}),
)

_GIVEN: dict[str, Kind] = {
    "ClientRequestToken": Text(1, 64),
    "ConfirmationRequired": Boolean(),
    "Description": Text(0, 256),
    "Manifest": _MANIFEST,
    "Operation": _OPERATION,
    "Priority": Integer(0, 2_147_483_647),
    "Report": _REPORT,
    "RoleArn": Text(1, 1024),
}

CREATE_JOB_REQUEST = Group(
    _GIVEN,
    required=frozenset({"ClientRequestToken", "Manifest", "Operation", "Priority", "Report", "RoleArn"}),
)

JOB = Group(
    {
        **_GIVEN,
        "CreationTime": Moment(),
        "FailureReasons": Members("JobFailure", Group({"FailureCode": Text(0, 64), "FailureReason": Text(0, 256)})),
        "JobId": Text(1, 64),
        "ProgressSummary": Group(
            {
                "NumberOfTasksFailed": Integer(),
                "NumberOfTasksSucceeded": Integer(),
                "TotalNumberOfTasks": Integer(),
            }
        ),
        "Status": Text(values=STATUSES),
        "StatusUpdateReason": Text(0, 256),
        "SuspendedCause": Text(0, 1024),
        "SuspendedDate": Moment(),
        "TerminationDate": Moment(),
    },
    required=frozenset({"JobId", "Status"}),
)
