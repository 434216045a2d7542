"""Wait for jobs of two accounts in one program, each read with its own credentials."""

import pulumi

from pulumi_cosjob.native import JobCompletion, Provider


def gate(account: str) -> JobCompletion:
    """Return a gate on a job of the account whose settings stand under this name, such as `archive:jobId`."""
    config = pulumi.Config(account)
    provider = Provider(
        account,
        region=config.get("region"),
        # Only where the jobs are not read at the default endpoint: at an emulator, for example.
        endpoint=config.get("endpoint"),
        # Encrypted in the configuration, and in the state as well.
        secret_id=config.require_secret("secretId"),
        secret_key=config.require_secret("secretKey"),
    )
    return JobCompletion(
        f"{account}-copied",
        job_id=config.require("jobId"),
        timeout=config.get("timeout") or "2h",
        opts=pulumi.ResourceOptions(provider=provider),
    )


# Both wait at the same time.
archive, live = gate("archive"), gate("live")

# Nothing that depends on both starts before both have opened. (A stash stands for whatever you deploy.)
release = pulumi.Stash("release", input="2026.11", opts=pulumi.ResourceOptions(depends_on=[archive, live]))

pulumi.export("released", release.output)
pulumi.export("terminated_at", {"archive": archive.termination_date, "live": live.termination_date})
pulumi.export(
    "objects",
    pulumi.Output.all(
        archive.progress_summary.number_of_tasks_succeeded, live.progress_summary.number_of_tasks_succeeded
    ).apply(sum),
)
