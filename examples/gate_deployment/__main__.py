"""Release only after a COS Batch job has completed, and report what it did in the same update."""

import pulumi

from pulumi_cosjob import JobCompletion, get_job

config = pulumi.Config()
job_id = config.require("jobId")

# The gate: it exists once the job is complete, with no failed tasks.
copied = JobCompletion("copied", job_id=job_id, timeout=config.get("timeout") or "2h")

# Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
after = pulumi.ResourceOptions(depends_on=[copied])
release = pulumi.Stash("release", input="2026.11", opts=after)

# Read after the gate has opened, so this is the job's final state.
job = get_job(job_id, opts=after)

pulumi.export("released", release.output)
pulumi.export("terminated_at", copied.termination_date)
pulumi.export("status", job.status)
pulumi.export("copied", job.progress_summary.number_of_tasks_succeeded)
