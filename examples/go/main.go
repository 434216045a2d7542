// Release only after a COS Batch job has completed, and report what it did in the same update.
package main

import (
	"cmp"

	"github.com/pulumi-cosjob/pulumi-cosjob/sdk/go/cosjob"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		jobID := pulumi.String(settings.Require("jobId"))

		// The gate: it exists once the job is complete, with no failed tasks.
		copied, err := cosjob.NewJobCompletion(ctx, "copied", &cosjob.JobCompletionArgs{
			JobId:   jobID,
			Timeout: pulumi.String(cmp.Or(settings.Get("timeout"), "2h")),
		})
		if err != nil {
			return err
		}

		// Nothing that depends on the gate starts before. (A stash stands for whatever you deploy.)
		after := pulumi.DependsOn([]pulumi.Resource{copied})
		release, err := pulumi.NewStash(ctx, "release", &pulumi.StashArgs{Input: pulumi.String("2026.11")}, after)
		if err != nil {
			return err
		}

		// Read after the gate has opened, so this is the job's final state.
		job := cosjob.GetJobOutput(ctx, cosjob.GetJobOutputArgs{JobId: jobID}, after)

		ctx.Export("released", release.Output)
		ctx.Export("terminatedAt", copied.TerminationDate)
		ctx.Export("isComplete", job.Status().ApplyT(func(status string) bool {
			return status == string(cosjob.StatusComplete)
		}))
		// What a job lacks is nil, and so is all below it.
		ctx.Export("objects", job.ProgressSummary().NumberOfTasksSucceeded())
		return nil
	})
}
