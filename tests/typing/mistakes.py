"""A program with mistakes. Type checkers must report each line that ends with the comment "wrong", and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

import pulumi_cosjob
from pulumi_cosjob import AllJobsCompletion, JobCompletion, get_job, get_jobs, list_jobs

if TYPE_CHECKING:
    from pulumi_cosjob.types import JobDescription, ProgressSummary, Report

APPID = "1250000000"

job = get_job("job", APPID)
many = get_jobs(["job"], APPID)
gate = JobCompletion("gate", job_id=job.job_id, appid=APPID)
both = AllJobsCompletion("both", job_ids=["job"], appid=APPID)
week = list_jobs(APPID, created_after="7d")

# Unknown names, at each level.
pulumi.export("typo", pulumi_cosjob.get_jbo)  # wrong
pulumi.export("typo", job.typo)  # wrong
pulumi.export("typo", many.typo)  # wrong
pulumi.export("typo", week.typo)  # wrong
pulumi.export("typo", week.jobs.typo)  # wrong
pulumi.export("typo", week.jobs[0].typo)  # wrong
pulumi.export("typo", week.jobs[0].progress_summary.typo)  # wrong
pulumi.export("missing", week.jobs[0].manifest)  # wrong
pulumi.export("typo", week.jobs.apply(lambda jobs: jobs[0].typo))  # wrong
pulumi.export("typo", gate.typo)  # wrong
pulumi.export("typo", both.typo)  # wrong
pulumi.export("typo", both.job_id)  # wrong
pulumi.export("typo", gate.job_ids)  # wrong
pulumi.export("typo", job.progress_summary.typo)  # wrong
pulumi.export("typo", gate.report.typo)  # wrong
pulumi.export("typo", job.manifest.typo)  # wrong
pulumi.export("typo", job.manifest.spec.typo)  # wrong
pulumi.export("typo", job.manifest.location.typo)  # wrong
pulumi.export("typo", job.operation.typo)  # wrong
pulumi.export("typo", job.operation.cos_delete_object.typo)  # wrong
pulumi.export("typo", gate.operation.cos_put_object_copy.typo)  # wrong
pulumi.export("typo", gate.operation.cos_put_object_copy.new_object_metadata.typo)  # wrong
pulumi.export("typo", job.failure_reasons.failure_code)  # wrong
pulumi.export("typo", job.failure_reasons[0].typo)  # wrong
pulumi.export("typo", job.operation.cos_put_object_copy.access_control_grants[0].grantee.typo)  # wrong
pulumi.export("typo", job.result.typo)  # wrong
pulumi.export("typo", job.result.report.typo)  # wrong
pulumi.export("typo", many.jobs["job"].typo)  # wrong
pulumi.export("typo", both.jobs["job"].typo)  # wrong
pulumi.export("typo", both.jobs["job"].progress_summary.typo)  # wrong
pulumi.export("typo", both.jobs.status)  # wrong
pulumi.export("typo", job.result.apply(lambda each: each.typo))  # wrong
pulumi.export("typo", job.failure_reasons.apply(lambda reasons: [each.typo for each in reasons or ()]))  # wrong

# Values that may be None, and wrong types.
pulumi.export("none", job.progress_summary.apply(lambda summary: summary.number_of_tasks_failed))  # wrong
number: pulumi.Output[int] = job.progress_summary.number_of_tasks_failed  # wrong
summary: pulumi.Output[ProgressSummary] = job.progress_summary  # wrong
report: pulumi.Output[Report | None] = job.progress_summary  # wrong
description: pulumi.Output[JobDescription] = job.progress_summary  # wrong
text: pulumi.Output[str] = job.operation.cos_put_object_copy.prefix_replace  # wrong
ids: pulumi.Output[list[int]] = both.job_ids  # wrong
pulumi.export("key", both.jobs[0])  # wrong
pulumi.export("index", job.failure_reasons["job"])  # wrong

pulumi.export("key", week.jobs["job"])  # wrong
name: pulumi.Output[str] = week.jobs[0].description  # wrong

# Arguments.
list_jobs(statuses=[1])  # wrong
list_jobs(created_after=7)  # wrong
list_jobs(limit="1")  # wrong
list_jobs(status="Active")  # wrong
list_jobs(APPID, "Active")  # wrong
get_job(1, APPID)  # wrong
get_job()  # wrong
get_job("job", APPID, regoin="ap-chengdu")  # wrong
get_job(job.progress_summary.number_of_tasks_failed, APPID)  # wrong
get_jobs("job", APPID, missing="leave")  # wrong
JobCompletion("first", job_id=job.description, appid=APPID)  # wrong
JobCompletion("second", job_id="job", appid=APPID, max_failed_tasks="any")  # wrong
JobCompletion("third", job_id="job", appid=APPID, timeout=["2h"])  # wrong
AllJobsCompletion("fourth", job_ids=[1, 2], appid=APPID)  # wrong
AllJobsCompletion("fifth", job_ids=both.jobs, appid=APPID)  # wrong
