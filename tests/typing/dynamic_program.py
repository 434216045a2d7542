"""A correct program that uses what only the dynamic resources have."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from typing_extensions import assert_type

from pulumi_cosjob import AllJobsCompletion, Job, JobCompletion, JobList, Jobs, get_job, get_jobs, list_jobs

APPID = "1250000000"

job: Job = get_job("job", APPID)
jobs: Jobs = get_jobs(["job"], APPID)
week: JobList = list_jobs(created_after="7d")
gate = JobCompletion("gate", job_id="job", appid=APPID)
both = AllJobsCompletion("both", job_ids=["job"], appid=APPID, timeout=gate.timeout.apply(lambda limit: limit or "1m"))

assert_type(gate.timeout, pulumi.Output[str | None])
assert_type(both.timeout, pulumi.Output[str | None])

for each in (job, jobs, week):
    assert_type(each.appid, pulumi.Output[str])
    assert_type(each.uin, pulumi.Output[str | None])
    assert_type(each.region, pulumi.Output[str | None])
    assert_type(each.endpoint, pulumi.Output[str | None])
assert_type(jobs.job_ids, pulumi.Output[Sequence[str]])
assert_type(jobs.missing, pulumi.Output[str])
assert_type(jobs.max_concurrency, pulumi.Output[int])
assert_type(week.statuses, pulumi.Output[Sequence[str] | None])
assert_type(week.created_after, pulumi.Output[str | None])
assert_type(week.description, pulumi.Output[str | None])
assert_type(week.limit, pulumi.Output[int | None])

pulumi.export("gate", gate.urn)
after = pulumi.ResourceOptions(parent=gate, depends_on=[job, jobs, week])
