"""A correct program. It is checked as it is, and with its imports from `pulumi_cosjob.native`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pulumi
from typing_extensions import assert_type

from pulumi_cosjob import AllJobsCompletion, JobCompletion, get_job, get_jobs, list_jobs, list_jobs_output
from pulumi_cosjob.types import (
    COSGrant,
    COSPutObjectCopy,
    COSTag,
    JobDescription,
    JobFailure,
    JobState,
    JobSummary,
    ListedProgressSummary,
    Manifest,
    Operation,
    ProgressSummary,
    Report,
)

APPID = "1250000000"


def share(summary: ProgressSummary | None) -> float | None:
    """Return the progress of a job."""
    if summary is None or not summary.total_number_of_tasks:
        return None
    return (summary.number_of_tasks_succeeded or 0) / summary.total_number_of_tasks


def export_summary(summary: pulumi.Input[ProgressSummary | None]) -> None:
    """Take a field as an input."""
    pulumi.export("summary", summary)


def codes(reasons: Sequence[JobFailure] | None) -> list[str]:
    """Return the codes of failures."""
    return [reason.failure_code or "" for reason in reasons or ()]


def statuses(jobs: Mapping[str, JobDescription]) -> dict[str, str]:
    """Return each job's status."""
    return {job_id: job.status for job_id, job in jobs.items()}


# ------------------------------------------------------------------------------------------------- the fields of a job

job = get_job("job", APPID, region="ap-chengdu", opts=pulumi.ResourceOptions(depends_on=[]))

assert_type(job.client_request_token, pulumi.Output[str | None])
assert_type(job.confirmation_required, pulumi.Output[bool | None])
assert_type(job.creation_time, pulumi.Output[str | None])
assert_type(job.description, pulumi.Output[str | None])
assert_type(job.job_id, pulumi.Output[str])
assert_type(job.priority, pulumi.Output[int | None])
assert_type(job.role_arn, pulumi.Output[str | None])
assert_type(job.status, pulumi.Output[str])
assert_type(job.status_update_reason, pulumi.Output[str | None])
assert_type(job.suspended_cause, pulumi.Output[str | None])
assert_type(job.suspended_date, pulumi.Output[str | None])
assert_type(job.termination_date, pulumi.Output[str | None])
assert_type(job.unknown_elements, pulumi.Output[Sequence[str]])
assert_type(job.unknown_values, pulumi.Output[Sequence[str]])

# Fields of fields.
assert_type(job.progress_summary.number_of_tasks_failed, pulumi.Output[int | None])
assert_type(job.progress_summary.number_of_tasks_succeeded, pulumi.Output[int | None])
assert_type(job.report.bucket, pulumi.Output[str | None])
assert_type(job.report.enabled, pulumi.Output[bool | None])
assert_type(job.report.format, pulumi.Output[str | None])
assert_type(job.manifest.location.etag, pulumi.Output[str | None])
assert_type(job.manifest.spec.fields, pulumi.Output[Sequence[str] | None])
assert_type(job.manifest.spec.format, pulumi.Output[str | None])
copying = job.operation.cos_put_object_copy
assert_type(copying.target_resource, pulumi.Output[str | None])
assert_type(copying.prefix_replace, pulumi.Output[bool | None])
assert_type(copying.new_object_metadata.sse_algorithm, pulumi.Output[str | None])
assert_type(job.operation.cos_initiate_restore_object.expiration_in_days, pulumi.Output[int | None])

# Items of lists.
assert_type(job.failure_reasons[0].failure_code, pulumi.Output[str | None])
assert_type(job.failure_reasons[:2], pulumi.Output[Sequence[JobFailure] | None])
assert_type(copying.access_control_grants[0].grantee.identifier, pulumi.Output[str | None])
assert_type(copying.new_object_metadata.user_metadata[-1].key, pulumi.Output[str | None])
assert_type(job.operation.cos_put_object_tagging.tag_set[0].value, pulumi.Output[str | None])

# Each is an output of its declared type.
manifest: pulumi.Output[Manifest | None] = job.manifest
operation: pulumi.Output[Operation | None] = job.operation
report: pulumi.Output[Report | None] = job.report
summary: pulumi.Output[ProgressSummary | None] = job.progress_summary
reasons: pulumi.Output[Sequence[JobFailure] | None] = job.failure_reasons
copied: pulumi.Output[COSPutObjectCopy | None] = copying
grants: pulumi.Output[Sequence[COSGrant] | None] = copying.access_control_grants
tags: pulumi.Output[Sequence[COSTag] | None] = copying.new_object_tagging
assert_type(job.progress_summary.apply(share), pulumi.Output[float | None])
assert_type(job.failure_reasons.apply(codes), pulumi.Output[list[str]])
assert_type(
    job.operation.apply(lambda each: each.cos_put_object_copy if each else None), pulumi.Output[COSPutObjectCopy | None]
)
export_summary(job.progress_summary)
pulumi.export("progress", job.progress_summary)
pulumi.export("failed", job.progress_summary.number_of_tasks_failed)
pulumi.export("text", pulumi.Output.concat("job ", job.job_id, " is ", job.status))

# The whole.
whole: pulumi.Output[JobDescription] = job.result
assert_type(job.result.apply(lambda each: each.status), pulumi.Output[str])
assert_type(job.result.status, pulumi.Output[str])
assert_type(job.result.failed_tasks, pulumi.Output[int | None])
assert_type(job.result.progress_summary.number_of_tasks_failed, pulumi.Output[int | None])

# ---------------------------------------------------------------------------------------------------------- many jobs

many = get_jobs([job.job_id, "another"], APPID, missing="skip", max_concurrency=8)
found: pulumi.Output[Mapping[str, JobDescription]] = many.jobs
assert_type(many.missing_job_ids, pulumi.Output[Sequence[str]])
assert_type(many.jobs.apply(statuses), pulumi.Output[dict[str, str]])
assert_type(many.jobs["another"].status, pulumi.Output[str])
assert_type(many.jobs["another"].report.bucket, pulumi.Output[str | None])

# ------------------------------------------------------------------------------------------------------------- a list

weeks = list_jobs(
    statuses=["Active", job.status],
    created_after=timedelta(days=14),
    created_before=datetime(2026, 11, 20, tzinfo=timezone.utc),
    description="nightly*",
    limit=10,
)
listed: pulumi.Output[Sequence[JobSummary]] = weeks.jobs
assert_type(weeks.job_ids, pulumi.Output[Sequence[str]])
assert_type(weeks.jobs.apply(len), pulumi.Output[int])
assert_type(weeks.jobs[0].job_id, pulumi.Output[str])
assert_type(weeks.jobs[:3], pulumi.Output[Sequence[JobSummary]])
assert_type(weeks.jobs[-1].description, pulumi.Output[str | None])
assert_type(weeks.jobs[0].state, pulumi.Output[JobState])
assert_type(weeks.jobs[0].creation_datetime, pulumi.Output[datetime | None])
assert_type(weeks.jobs[0].unknown_values, pulumi.Output[Sequence[str]])
assert_type(weeks.jobs[0].progress_summary.number_of_tasks_failed, pulumi.Output[int | None])
assert_type(weeks.jobs[0].progress_summary.auto_manifest_status, pulumi.Output[str | None])
progress: pulumi.Output[ListedProgressSummary | None] = weeks.jobs[0].progress_summary
assert_type(weeks.jobs.apply(lambda jobs: [each.status for each in jobs]), pulumi.Output[list[str]])
assert_type(list_jobs_output(APPID, statuses="Active"), pulumi.Output[Mapping[str, Any]])
get_jobs(weeks.job_ids)
AllJobsCompletion("listed", job_ids=weeks.job_ids)
list_jobs(statuses=job.status, created_after="7d", created_before=job.creation_time.apply(lambda time: time or "1h"))

# -------------------------------------------------------------------------------------------------------------- gates

gate = JobCompletion("gate", job_id=job.job_id, appid=APPID, timeout="2h", max_failed_tasks=None)
assert_type(gate.status, pulumi.Output[str])
assert_type(gate.progress_summary.total_number_of_tasks, pulumi.Output[int | None])
assert_type(gate.result.state.apply(lambda state: state.final), pulumi.Output[bool])

both = AllJobsCompletion("both", job_ids=[gate.job_id, "another"], appid=gate.appid, fail_when_suspended=True)
opened: pulumi.Output[Mapping[str, JobDescription]] = both.jobs
assert_type(both.jobs["another"].status, pulumi.Output[str])
assert_type(both.jobs["another"].failure_reasons[0].failure_reason, pulumi.Output[str | None])
assert_type(both.jobs.apply(len), pulumi.Output[int])

# Inputs are outputs too.
assert_type(gate.job_id, pulumi.Output[str])
assert_type(both.job_ids, pulumi.Output[Sequence[str]])
for each in (gate, both):
    assert_type(each.appid, pulumi.Output[str])
    assert_type(each.max_failed_tasks, pulumi.Output[int])
    assert_type(each.fail_when_suspended, pulumi.Output[bool])
    assert_type(each.uin, pulumi.Output[str | None])
    assert_type(each.region, pulumi.Output[str | None])
    assert_type(each.endpoint, pulumi.Output[str | None])

again = JobCompletion(
    "again",
    job_id=gate.job_id,
    appid=gate.appid,
    max_failed_tasks=gate.max_failed_tasks,
    fail_when_suspended=gate.fail_when_suspended,
    opts=pulumi.ResourceOptions(depends_on=[gate, both]),
)
AllJobsCompletion("more", job_ids=both.job_ids, appid=both.appid, timeout=90.5)
