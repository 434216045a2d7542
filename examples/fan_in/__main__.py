"""One release after many COS Batch jobs, all polled at the same time."""

import pulumi

from pulumi_cosjob import AllJobsCompletion
from release import Release

config = pulumi.Config()
job_ids = config.require_object("jobIds")

copied = AllJobsCompletion(
    "copied",
    job_ids=job_ids,
    appid=config.get("appid") or "1250000000",
    timeout=config.get("timeout") or "2h",
    max_failed_tasks=config.get_int("maxFailedTasks") or 0,
)
release = Release("release", version="2026.11", opts=pulumi.ResourceOptions(depends_on=[copied]))

pulumi.export("released_at", release.released_at)
pulumi.export("statuses", copied.jobs.apply(lambda jobs: {job_id: job.status for job_id, job in jobs.items()}))
