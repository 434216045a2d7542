"""A resource that creates a job at the emulator; it stands for the vendor's own, which creates one at the service."""

import os
from typing import Any

import pulumi
import pulumi.dynamic
import requests


class _Batches(pulumi.dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> pulumi.dynamic.CreateResult:
        job = {"description": props["description"], "seconds": props["seconds"]}
        created = requests.post(f"{os.environ['COSJOB_ENDPOINT']}/_emulator/jobs", json=job, timeout=10)
        created.raise_for_status()
        job_id = created.json()["job_id"]
        return pulumi.dynamic.CreateResult(job_id, {**props, "job_id": job_id})


class Batch(pulumi.dynamic.Resource):
    """A job that is created once, and left to the service when the resource is deleted."""

    job_id: pulumi.Output[str]

    def __init__(self, name: str, description: str, seconds: float, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(_Batches(), name, {"description": description, "seconds": seconds, "job_id": None}, opts)
