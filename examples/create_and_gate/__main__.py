"""Create a COS Batch job, and release once it has completed, in one update."""

import pulumi
from batch import Batch

from pulumi_cosjob.native import JobCompletion, get_job

config = pulumi.Config()

# Any resource that creates a job. (Batch stands for the vendor's, see docs/with-the-vendors-provider.md.)
job = Batch("archive", description="Copy last year to the archive", seconds=config.get_float("seconds") or 20)

# The gate takes the id as an output: a preview goes through, although no job has been created.
copied = JobCompletion("copied", job_id=job.job_id, timeout="2h")

# Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
after = pulumi.ResourceOptions(depends_on=[copied])
release = pulumi.Stash("release", input="2026.11", opts=after)

pulumi.export("job_id", job.job_id)
pulumi.export("released", release.output)
pulumi.export("status", get_job(job.job_id, opts=after).status)
pulumi.export("copied", copied.progress_summary.number_of_tasks_succeeded)
