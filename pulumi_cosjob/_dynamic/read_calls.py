"""What the dynamic providers of reads do when the engine calls them: from the inputs of a read to its outputs.

Only the provider's process loads this module, and all that a read needs with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._program.outputs import dump_job
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob._service.settings import SETTINGS
from pulumi_cosjob._waiting.gate import check_account, check_inputs

if TYPE_CHECKING:
    from pulumi_cosjob._service.clients import Clients

__all__ = ["list_jobs", "read_job", "read_jobs"]


def read_job(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a job that is read. A refresh keeps what was read last.

    If a refresh read the job, `pulumi refresh --expect-no-changes` would fail for as long as a job is under way.
    """
    if props.get("result"):
        return props
    inputs = _present(props, "job_id", "appid", *SETTINGS)
    check_inputs("job_id", inputs)
    client, appid = clients.get(inputs), inputs.get("appid")
    description = client.describe_job(inputs["job_id"], appid)
    return {**inputs, "appid": appid or client.location.appid, "result": dump_job(description)}


def read_jobs(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of many jobs that are read. A refresh keeps what was read last, as for one job.

    They travel as JSON text: the engine takes seconds over hundreds of them as properties.
    """
    if props.get("results"):
        return props
    inputs = _present(props, "job_ids", "appid", "missing", "max_concurrency", *SETTINGS)
    check_inputs("job_ids", inputs)
    options = _present(inputs, "missing", "max_concurrency")
    client, appid = clients.get(inputs), inputs.get("appid")
    found = client.describe_jobs(inputs["job_ids"], appid, **options)
    results = {job_id: to_plain(found[job_id]) for job_id in found}
    return {**inputs, "appid": appid or client.location.appid, "results": json.dumps(results)}


def list_jobs(clients: Clients, props: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a list of jobs, as text too. A refresh keeps what was read last, as for one job."""
    if props.get("results"):
        return props
    inputs = _present(props, "appid", *FILTERS, *SETTINGS)
    check_account(inputs)
    client, appid = clients.get(inputs), inputs.get("appid")
    found = client.list_jobs(appid, **_present(inputs, *FILTERS))
    results = json.dumps([to_plain(job) for job in found])
    return {**inputs, "appid": appid or client.location.appid, "results": results}


def _present(props: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: props[name] for name in names if props.get(name) is not None}
