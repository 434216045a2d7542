"""Read the state of a COS Batch job, and export the fields that other tools need."""

import pulumi

from pulumi_cosjob import get_job

job = get_job(pulumi.Config().require("jobId"))

pulumi.export("status", job.status)
pulumi.export("description", job.description)
pulumi.export("progress", job.progress_summary)
pulumi.export("failed", job.progress_summary.number_of_tasks_failed)
pulumi.export("report", job.report.bucket)
