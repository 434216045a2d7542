// Release only after a COS Batch job has completed, and report what it did in the same update.

import * as pulumi from "@pulumi/pulumi";
import * as cosjob from "pulumi-cosjob";

const config = new pulumi.Config();
const jobId = config.require("jobId");

// The gate: it exists once the job is complete, with no failed tasks.
const copied = new cosjob.JobCompletion("copied", { jobId, timeout: config.get("timeout") ?? "2h" });

// Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
const release = new pulumi.Stash("release", { input: "2026.11" }, { dependsOn: [copied] });

// Read after the gate has opened, so this is the job's final state.
const job = cosjob.getJobOutput({ jobId }, { dependsOn: [copied] });

export const released = release.output;
export const terminatedAt = copied.terminationDate;
export const isComplete = job.status.apply((status) => status === cosjob.Status.Complete);
// What a job lacks is undefined: the compiler requires the `?`.
export const objects = job.apply((found) => found.progressSummary?.numberOfTasksSucceeded);
