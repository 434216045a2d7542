"""Find the COS Batch jobs that are under way by their description, and release once they have completed."""

import pulumi

from pulumi_cosjob import STATES, AllJobsCompletion, list_jobs

config = pulumi.Config()

found = list_jobs(
    statuses=[status for status, state in STATES.items() if not state.final],
    description=config.require("description"),
    created_after=config.get("createdAfter") or "7d",
)

# The next update waits for what it finds then. Jobs that are no longer under way leave the gate, and it stays open.
copied = AllJobsCompletion("copied", job_ids=found.job_ids, timeout=config.get("timeout") or "2h")

# Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
release = pulumi.Stash("release", input="2026.11", opts=pulumi.ResourceOptions(depends_on=[copied]))

pulumi.export("released", release.output)
pulumi.export("found", found.jobs.apply(lambda jobs: {job.job_id: job.description for job in jobs}))
pulumi.export("statuses", copied.jobs.apply(lambda jobs: {job_id: job.status for job_id, job in jobs.items()}))
