"""Release only after a COS Batch job has completed, and report what it did in the same update."""

import pulumi

from pulumi_cosjob import JobCompletion, get_job
from release import Release

config = pulumi.Config()
job_id = config.require("jobId")
appid = config.get("appid") or "1250000000"

# The gate: it exists once the job is complete, with no failed tasks.
copied = JobCompletion("copied", job_id=job_id, appid=appid, timeout=config.get("timeout") or "2h")

# Nothing that depends on the gate starts before. (Release stands for whatever you deploy.)
after = pulumi.ResourceOptions(depends_on=[copied])
release = Release("release", version="2026.11", opts=after)

# Read after the gate has opened, so this is the job's final state.
job = get_job(job_id, appid, opts=after)

pulumi.export("released_at", release.released_at)
pulumi.export("terminated_at", copied.termination_date)
pulumi.export("status", job.status)
pulumi.export("copied", job.progress_summary.number_of_tasks_succeeded)
