"""Read the states of many COS Batch jobs at once, and export which of them have failed."""

import pulumi

from pulumi_cosjob import get_jobs

nightly = get_jobs(pulumi.Config().require_object("jobIds"), missing="skip")

pulumi.export("statuses", nightly.jobs.apply(lambda jobs: {job_id: job.status for job_id, job in jobs.items()}))
pulumi.export(
    "failed", nightly.jobs.apply(lambda jobs: [job.job_id for job in jobs.values() if job.status == "Failed"])
)
pulumi.export("missing", nightly.missing_job_ids)
