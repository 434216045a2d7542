"""Pulumi programs that read jobs, and their floors."""

from __future__ import annotations

from collections.abc import Sequence

import local_service

__all__ = [
    "constants",
    "native",
    "native_constant",
    "of_the_credentials",
    "one_by_one",
    "together",
    "without_reads",
]

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
# As the SDKs that Pulumi generates for a provider call its functions.
_NATIVE_CONSTANT = """
import pulumi

options = pulumi.InvokeOptions(version="0.1.0")
read = pulumi.runtime.invoke_output("sleeper:index:constant", {{"name": {job_id!r}}}, options)
pulumi.export({job_id!r}, read.apply(lambda found: found["value"]))
"""


def one_by_one(job_ids: Sequence[str]) -> str:
    """Return a program that reads each job with `get_job`."""
    calls = (
        f'for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, get_job(job_id, "{local_service.APPID}").status)'
    )
    return _READ.format(name="get_job", calls=calls)


def native(program: str) -> str:
    """Return the same program with the functions of the native plugin."""
    return program.replace("from pulumi_cosjob ", "from pulumi_cosjob.native ")


def of_the_credentials(job_id: str) -> str:
    """Return a program that reads a job of an account that has to be discovered."""
    return _READ.format(name="get_job", calls=f"pulumi.export({job_id!r}, get_job({job_id!r}).status)")


def together(job_ids: Sequence[str]) -> str:
    """Return a program that reads the same jobs with `get_jobs`, and exports the same."""
    calls = f'read = get_jobs({list(job_ids)!r}, "{local_service.APPID}")\n'
    calls += f"for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, read.jobs[job_id].status)"
    return _READ.format(name="get_jobs", calls=calls)


def without_reads(job_ids: Sequence[str]) -> str:
    """Return the program of `one_by_one` without its reads; it exports a constant for each job."""
    calls = f'for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, "Active")'
    return _READ.format(name="get_job", calls=calls)


def constants(job_ids: Sequence[str]) -> str:
    """Return a program with a dynamic read of a constant for each job."""
    return _CONSTANT.format(job_ids=list(job_ids))


def native_constant(job_id: str) -> str:
    """Return a program that calls a function of a native provider, which returns a constant."""
    return _NATIVE_CONSTANT.format(job_id=job_id)
