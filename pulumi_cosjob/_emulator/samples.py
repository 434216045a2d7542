"""The elements of a job that no request created: every element of the reference that CreateJob takes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_cosjob._emulator.scenarios import ScenarioDefinition

__all__ = ["JobOwner", "sample_request"]


@dataclass(frozen=True, slots=True)
class JobOwner:
    """The account that owns the jobs.

    Args:
        appid: The APPID.
        uin: The numeric id of the main account.
        region: The region.
        sub_account_uin: The numeric id of the sub-account that the credentials belong to; None for the main account.
    """

    appid: str = "1250000000"
    uin: str = "100000000001"
    region: str = "ap-chengdu"
    sub_account_uin: str | None = None


def sample_request(owner: JobOwner, definition: ScenarioDefinition) -> dict[str, Any]:
    """Return the elements of a CreateJob request, by their own names.

    Args:
        owner: The account that owns the job.
        definition: The job's scenario.
    """
    return {
        "ClientRequestToken": str(uuid.uuid4()),
        "ConfirmationRequired": definition.confirmation_required,
        "Description": "A job of the emulator.",
        "Manifest": _manifest(owner),
        "Operation": {definition.operation: _RESTORE if definition.operation == _RESTORES else _copy(owner)},
        "Priority": 10,
        "Report": {
            "Bucket": _bucket(owner, "reports"),
            "Enabled": True,
            "Format": "Report_CSV_V1",
            "Prefix": "reports/batch",
            "ReportScope": "AllTasks",
        },
        "RoleArn": f"qcs::cam::uin/{owner.uin}:roleName/COS_Batch_QcsRole",
    }


_RESTORES = "COSInitiateRestoreObject"
_RESTORE = {"ExpirationInDays": 7, "JobTier": "Standard"}


def _bucket(owner: JobOwner, name: str) -> str:
    return f"qcs::cos:{owner.region}:uid/{owner.appid}:{name}-{owner.appid}"


def _manifest(owner: JobOwner) -> dict[str, Any]:
    return {
        "Location": {
            # The double quotes are part of the text.
            "ETag": '"15150651828fa9cdcb8356b6d1c7638b"',
            "ObjectArn": f"{_bucket(owner, 'source')}/manifest.csv",
            "ObjectVersionId": "MTg0NDUxNTc1NjIzMTQ1MDAwODg",
        },
        "Spec": {"Fields": ["Bucket", "Key", "VersionId"], "Format": "COSBatchOperations_CSV_V1"},
    }


def _copy(owner: JobOwner) -> dict[str, Any]:
    grantee = {
        "DisplayName": "Owner",
        "Identifier": f"qcs::cam::uin/{owner.uin}:uin/{owner.uin}",
        "TypeIdentifier": "ID",
    }
    return {
        "AccessControlDirective": "Replaced",
        "AccessControlGrants": [{"Grantee": grantee, "Permission": "READ"}],
        "CannedAccessControlList": "private",
        "MetadataDirective": "Replaced",
        "ModifiedSinceConstraint": 1_546_300_800,
        "NewObjectMetadata": {
            "CacheControl": "max-age=86400",
            "ContentDisposition": "attachment",
            "ContentEncoding": "gzip",
            "ContentType": "text/csv",
            "HttpExpiresDate": "2030-01-01T00:00:00Z",
            "SSEAlgorithm": "AES256",
            "UserMetadata": [{"Key": "project", "Value": "archive"}, {"Key": "owner", "Value": "data team"}],
        },
        "NewObjectTagging": [{"Key": "kind", "Value": "copy"}],
        "PrefixReplace": True,
        "ResourcesPrefix": "2019/",
        "StorageClass": "STANDARD_IA",
        "TaggingDirective": "Replaced",
        "TargetKeyPrefix": "archive/2019/",
        "TargetResource": _bucket(owner, "target"),
        "UnModifiedSinceConstraint": 1_893_456_000,
    }
