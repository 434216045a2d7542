"""Pulumi programs that read jobs, and their floor."""

from __future__ import annotations

from collections.abc import Sequence

import local_service

_READ = """
import pulumi
from pulumi_cosjob import {name}
{calls}
"""
_CONSTANT = """
import pulumi, pulumi.dynamic

class Constant(pulumi.dynamic.ResourceProvider):
    serialize_as_secret_always = False
    def read(self, id_, props):
        return pulumi.dynamic.ReadResult(id_, {{"value": "constant"}})

class Read(pulumi.dynamic.Resource):
    value: pulumi.Output[str]
    def __init__(self, name):
        super().__init__(Constant(), name, {{"value": None}}, pulumi.ResourceOptions(id=name))

for name in {job_ids!r}:
    pulumi.export(name, Read(name).value)
"""


def one_by_one(job_ids: Sequence[str]) -> str:
    """Return a program that reads each job with `get_job`."""
    calls = (
        f'for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, get_job(job_id, "{local_service.APPID}").status)'
    )
    return _READ.format(name="get_job", calls=calls)


def of_the_credentials(job_id: str) -> str:
    """Return a program that reads a job of an account that has to be discovered."""
    return _READ.format(name="get_job", calls=f"pulumi.export({job_id!r}, get_job({job_id!r}).status)")


def together(job_ids: Sequence[str]) -> str:
    """Return a program that reads the same jobs with `get_jobs`, and exports the same."""
    calls = f'read = get_jobs({list(job_ids)!r}, "{local_service.APPID}")\n'
    calls += f"for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, read.jobs[job_id].status)"
    return _READ.format(name="get_jobs", calls=calls)


def constants(job_ids: Sequence[str]) -> str:
    """Return a program with a dynamic read of a constant for each job."""
    return _CONSTANT.format(job_ids=list(job_ids))
