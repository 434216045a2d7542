"""The steps of a provider's process up to its first response; a program that prints their CPU time as JSON, in ms.

It does what the SDK's process for dynamic providers does, in an order that shows where the time goes: what a later step
would import anyway is imported in a step of its own. The first request counts as sent when its first bytes are about
to be written, so that no step before depends on the service.
"""
# ruff: noqa: PLC0415  each import belongs to a step

from __future__ import annotations

import json
import sys
import time
from typing import Any

__all__ = ["OWN", "STEPS"]

PULUMI = "pulumi, without which there is no provider"
OWN = ("this package", "requests", "client", "first request, up to its first byte")
"""The steps that are this package's, before its first request."""
STEPS = (PULUMI, *OWN, "checks compiled from the schema", "response, decoded")
"""All steps."""

_steps: dict[str, float] = {}
_begun = time.process_time()


def _done(name: str) -> None:
    """End a step."""
    global _begun  # noqa: PLW0603  a program of one function
    now = time.process_time()
    _steps[name] = 1000 * (now - _begun)
    _begun = time.process_time()


def _end_step_at_first_byte() -> None:
    """End the step of the first request when it is about to be sent; compile the checks in a step of their own then."""
    import http.client

    connections: Any = http.client.HTTPConnection
    send = connections.send

    def sending(connection: Any, data: Any) -> None:
        connections.send = send  # the first call only
        _done(OWN[-1])
        from pulumi_cosjob._xml.schema import DESCRIBE_JOB, compiled_schema

        compiled_schema(DESCRIBE_JOB)
        _done(STEPS[-2])
        send(connection, data)

    connections.send = sending


def main() -> None:
    """Take the steps, and print how long each took."""
    import pulumi
    import pulumi.dynamic

    _done(PULUMI)
    from pulumi_cosjob._dynamic.providers import JobProvider

    _done("this package")
    import requests  # noqa: F401  loaded by the first request otherwise

    _done("requests")
    provider = JobProvider()
    provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config({}, "bench")))
    provider._clients.get({})  # noqa: SLF001  the first step of its read
    _done("client")
    _end_step_at_first_byte()
    job_id, appid = sys.argv[1:]
    provider.read(job_id, {"job_id": job_id, "appid": appid})
    _done(STEPS[-1])
    print(json.dumps(_steps))


if __name__ == "__main__":
    main()
