"""One release after many COS Batch jobs, all polled at the same time."""

import pulumi

from pulumi_cosjob import AllJobsCompletion

config = pulumi.Config()

copied = AllJobsCompletion(
    "copied",
    job_ids=config.require_object("jobIds"),
    timeout=config.get("timeout") or "2h",
    max_failed_tasks=config.get_int("maxFailedTasks") or 0,
)

# Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
release = pulumi.Stash("release", input="2026.11", opts=pulumi.ResourceOptions(depends_on=[copied]))

pulumi.export("released", release.output)
pulumi.export("statuses", copied.jobs.apply(lambda jobs: {job_id: job.status for job_id, job in jobs.items()}))
