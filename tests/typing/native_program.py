"""A correct program that uses what only the native plugin has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from typing_extensions import assert_type

from pulumi_cosjob.native import (
    AllJobsCompletion,
    Job,
    JobCompletion,
    JobList,
    Jobs,
    Provider,
    get_job,
    get_job_output,
    get_jobs,
    list_jobs,
)

if TYPE_CHECKING:
    from pulumi_cosjob.types import JobDescription

APPID = "1250000000"

provider = Provider("mine", uin="100000000001", region="ap-chengdu", request_timeout=30)
mine = pulumi.ResourceOptions(provider=provider)
job: Job = get_job("job", APPID, opts=pulumi.InvokeOptions(provider=provider))
jobs: Jobs = get_jobs(["job"], APPID, opts=mine)
week: JobList = list_jobs(created_after="7d", opts=mine)
gate = JobCompletion("gate", job_id="job", appid=APPID, opts=mine)
both = AllJobsCompletion("both", job_ids=["job"], appid=APPID, timeout=gate.timeout.apply(lambda limit: limit or "1h"))

assert_type(gate.timeout, pulumi.Output[str | None])
assert_type(both.timeout, pulumi.Output[str | None])

whole: pulumi.Output[JobDescription] = get_job_output("job", APPID)
assert_type(get_job_output("job", APPID).report.bucket, pulumi.Output[str | None])
