"""What a job holds that was not created by a request: every element of the reference that CreateJob takes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_cosjob._emulator.scenarios import Script

__all__ = ["Account", "sample_request"]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose jobs they are.

    Args:
        appid: The APPID.
        uin: The numeric id of the main account.
        region: The region.
    """

    appid: str = "1250000000"
    uin: str = "100000000001"
    region: str = "ap-chengdu"


def sample_request(account: Account, script: Script) -> dict[str, Any]:
    """Return what somebody could have given to CreateJob, by the elements' own names.

    Args:
        account: Whose job it is.
        script: What becomes of it.
    """
    return {
        "ClientRequestToken": str(uuid.uuid4()),
        "ConfirmationRequired": script.confirmation_required,
        "Description": "A job of the emulator.",
        "Manifest": _manifest(account),
        "Operation": {script.operation: _RESTORE if script.operation == _RESTORES else _copy(account)},
        "Priority": 10,
        "Report": {
            "Bucket": _bucket(account, "reports"),
            "Enabled": True,
            "Format": "Report_CSV_V1",
            "Prefix": "reports/batch",
            "ReportScope": "AllTasks",
        },
        "RoleArn": f"qcs::cam::uin/{account.uin}:roleName/COS_Batch_QcsRole",
    }


_RESTORES = "COSInitiateRestoreObject"
_RESTORE = {"ExpirationInDays": 7, "JobTier": "Standard"}


def _bucket(account: Account, name: str) -> str:
    return f"qcs::cos:{account.region}:uid/{account.appid}:{name}-{account.appid}"


def _manifest(account: Account) -> dict[str, Any]:
    return {
        "Location": {
            # The double quotes are part of the text.
            "ETag": '"15150651828fa9cdcb8356b6d1c7638b"',
            "ObjectArn": f"{_bucket(account, 'source')}/manifest.csv",
            "ObjectVersionId": "MTg0NDUxNTc1NjIzMTQ1MDAwODg",
        },
        "Spec": {"Fields": ["Bucket", "Key", "VersionId"], "Format": "COSBatchOperations_CSV_V1"},
    }


def _copy(account: Account) -> dict[str, Any]:
    grantee = {
        "DisplayName": "Owner",
        "Identifier": f"qcs::cam::uin/{account.uin}:uin/{account.uin}",
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
        "TargetResource": _bucket(account, "target"),
        "UnModifiedSinceConstraint": 1_893_456_000,
    }
