"""The leaves of the schema as tables, written by hand from the vendor's pages, and functions that read responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from places import RESPONSES
from pulumi_cosjob._errors import (
    CosJobWarning,
    SchemaError,
)
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.validation import find_problems

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription

XS = "{http://www.w3.org/2001/XMLSchema}"
COPY = "Operation/COSPutObjectCopy"

# Path below Job, fewest and most bytes.
TEXTS: list[tuple[str, int, int]] = [
    ("ClientRequestToken", 1, 64),
    ("Description", 0, 256),
    ("FailureReasons/JobFailure/FailureCode", 0, 64),
    ("FailureReasons/JobFailure/FailureReason", 0, 256),
    ("JobId", 1, 64),
    ("Manifest/Location/ETag", 1, 1024),
    ("Manifest/Location/ObjectArn", 1, 1024),
    ("Manifest/Location/ObjectVersionId", 1, 1024),
    (f"{COPY}/ResourcesPrefix", 0, 1024),
    (f"{COPY}/TargetKeyPrefix", 0, 1024),
    ("Report/Prefix", 0, 256),
    ("RoleArn", 1, 1024),
    ("StatusUpdateReason", 0, 256),
    ("SuspendedCause", 0, 1024),
]
CHARACTERS = {1: "a", 2: "é", 3: "档", 4: "😀"}
STATUSES = "Active Cancelled Cancelling Complete Completing Failed Failing New Paused Pausing Preparing Ready Suspended"
ENUMERATIONS = [
    ("Status", STATUSES),
    ("Manifest/Spec/Format", "COSBatchOperations_CSV_V1 COSInventoryReport_CSV_V1"),
    ("Manifest/Spec/Fields/member", "Ignore Bucket Key VersionId"),
    (f"{COPY}/AccessControlDirective", "Copy Replaced Add"),
    (f"{COPY}/MetadataDirective", "Copy Replaced Add"),
    (f"{COPY}/TaggingDirective", "Copy Replaced Add"),
    ("Operation/COSPutObjectTagging/TaggingDirective", "Copy Replaced Add"),
    (f"{COPY}/CannedAccessControlList", "private public-read"),
    (f"{COPY}/AccessControlGrants/COSGrant/Grantee/TypeIdentifier", "ID"),
    (f"{COPY}/AccessControlGrants/COSGrant/Permission", "READ WRITE FULL_CONTROL"),
    (f"{COPY}/NewObjectMetadata/SSEAlgorithm", "AES256"),
    ("Operation/COSInitiateRestoreObject/JobTier", "Bulk Standard"),
    (f"{COPY}/StorageClass", "STANDARD STANDARD_IA INTELLIGENT_TIERING ARCHIVE DEEP_ARCHIVE MAZ_STANDARD"),
    ("Report/Format", "Report_CSV_V1"),
    ("Report/ReportScope", "AllTasks FailedTasksOnly"),
]
NUMBERS = [
    ("Priority", 0, 2147483647),
    ("ProgressSummary/NumberOfTasksFailed", 0, 2**64 - 1),
    ("ProgressSummary/NumberOfTasksSucceeded", 0, 2**64 - 1),
    ("ProgressSummary/TotalNumberOfTasks", 0, 2**64 - 1),
    ("Operation/COSInitiateRestoreObject/ExpirationInDays", 1, 365),
]
BOOLEANS = ["ConfirmationRequired", f"{COPY}/PrefixReplace", "Report/Enabled"]
TIMES = ["CreationTime", "SuspendedDate", "TerminationDate"]
TIMES_OR_SECONDS = [f"{COPY}/ModifiedSinceConstraint", f"{COPY}/UnModifiedSinceConstraint"]
OPEN_TEXTS = [
    f"{COPY}/TargetResource",
    f"{COPY}/AccessControlGrants/COSGrant/Grantee/DisplayName",
    f"{COPY}/AccessControlGrants/COSGrant/Grantee/Identifier",
    *(
        f"{COPY}/NewObjectMetadata/{name}"
        for name in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentType", "HttpExpiresDate")
    ),
    f"{COPY}/NewObjectMetadata/UserMetadata/member/Key",
    f"{COPY}/NewObjectMetadata/UserMetadata/member/Value",
    f"{COPY}/NewObjectTagging/COSTag/Key",
    f"{COPY}/NewObjectTagging/COSTag/Value",
    "Operation/COSPutObjectTagging/TagSet/COSTag/Key",
    "Operation/COSPutObjectTagging/TagSet/COSTag/Value",
    "Report/Bucket",
]
LEAVES: list[str] = [
    *(path for path, _, _ in TEXTS),
    *(path for path, _ in ENUMERATIONS),
    *(path for path, _, _ in NUMBERS),
    *BOOLEANS,
    *TIMES,
    *TIMES_OR_SECONDS,
    *OPEN_TEXTS,
]
FULL = (RESPONSES / "full.xml").read_bytes()
XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='http://www.w3.org/2001/XMLSchema'"


def refused(document: bytes, path: str) -> str:
    """Check that a response is refused because of one element only, and return the rule."""
    (problem,) = find_problems(document)
    assert problem.path == f"/DescribeJobResult/Job/{path}"
    with pytest.raises(SchemaError) as caught:
        strict(document)
    assert caught.value.problems == (problem,)
    return problem.rule


def strict(document: bytes) -> JobDescription:
    """Read a response with strict validation."""
    return parse_describe_job_result(document, validation="strict")


def lenient(document: bytes) -> tuple[JobDescription, str]:
    """Read a response with lenient validation; return the description and the warnings."""
    with pytest.warns(CosJobWarning) as caught:
        described = parse_describe_job_result(document, validation="lenient")
    assert {warning.filename for warning in caught} == {__file__}
    return described, "\n".join(str(warning.message) for warning in caught)
