"""The functions of the plugin: from the inputs of a call to its outputs. The servicer has the protocol around them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY, check_appid, check_choice, check_concurrency, check_identifier
from pulumi_cosjob._model.naming import in_camel_case
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._plugin.gates import JOB_OUTPUTS, job_outputs
from pulumi_cosjob._plugin.package_schema import GET_JOB, GET_JOBS, LIST_JOBS
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob._service.settings import MISSING
from pulumi_cosjob._waiting.gate import check_account, check_inputs, job_ids_of

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.accounts import AccountPool

__all__ = ["FUNCTIONS", "Function"]

Inputs = Mapping[str, Any]
"""Inputs by their names in Python."""


class Function(Record):
    """A function.

    Attributes:
        check: Refuses inputs that cannot be used.
        call: Returns the outputs.
        many: Whether outputs or inputs may be about many jobs, which takes long enough to hold up an event loop.
    """

    check: Callable[[Inputs], None]
    call: Callable[[AccountPool, Inputs], Coroutine[Any, Any, Mapping[str, Any]]]
    many: bool


async def _get_job(accounts: AccountPool, inputs: Inputs) -> Mapping[str, Any]:
    account = accounts.get(inputs)
    job_id, appid = check_identifier("job_id", inputs.get("job_id")), check_appid(inputs.get("appid"))
    description = await account.run_blocking(account.client.describe_job, job_id, appid)
    # A field that the job lacks is null: in a preview SDKs treat an output that is not present as not known.
    return {**dict.fromkeys(JOB_OUTPUTS), **job_outputs(description)}


async def _get_jobs(accounts: AccountPool, inputs: Inputs) -> Mapping[str, Any]:
    account = accounts.get(inputs)
    job_ids, appid = job_ids_of("job_ids", inputs), check_appid(inputs.get("appid"))
    missing = check_choice("missing", inputs.get("missing", "error"), MISSING)
    most = check_concurrency(inputs.get("max_concurrency", DEFAULT_CONCURRENCY))

    def read() -> Mapping[str, Any]:
        found = account.client.describe_jobs(
            job_ids, appid, missing="skip" if missing == "skip" else "error", max_concurrency=most
        )
        return {
            "jobs": {job_id: job_outputs(found[job_id]) for job_id in found},
            "missingJobIds": [job_id for job_id in job_ids if job_id not in found],
        }

    return await account.run_blocking(read)


async def _list_jobs(accounts: AccountPool, inputs: Inputs) -> Mapping[str, Any]:
    account = accounts.get(inputs)
    filters = {name: inputs[name] for name in FILTERS if name in inputs}

    def read() -> Mapping[str, Any]:
        found = list(account.client.list_jobs(inputs.get("appid"), **filters))
        return {
            "jobs": [in_camel_case(to_plain(job, exact=False)) for job in found],
            "jobIds": [job.job_id for job in found],
        }

    return await account.run_blocking(read)


FUNCTIONS: Mapping[str, Function] = {
    GET_JOB: Function(lambda inputs: check_inputs("job_id", inputs), _get_job, many=False),
    GET_JOBS: Function(lambda inputs: check_inputs("job_ids", inputs), _get_jobs, many=True),
    LIST_JOBS: Function(check_account, _list_jobs, many=True),
}
"""The functions by token."""
