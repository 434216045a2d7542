"""Read Tencent Cloud COS Batch jobs in Pulumi programs.

`get_job`, `get_jobs` and `list_jobs` read jobs in Pulumi programs; `JobCompletion` and `AllJobsCompletion` wait for
them. `describe_job` and `CosBatchClient` are for plain scripts, `parse_describe_job_result` and
`parse_list_jobs_result` are for saved responses. The classes of a job's parts, for annotations, are in
`pulumi_cosjob.types`. A name loads its module when it is first used: importing the package takes a few milliseconds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    JobFailedError,
    JobsFailedError,
    JobsNotReadError,
    JobSuspendedError,
    NoSuchJobError,
    NotXmlError,
    Problem,
    RequestError,
    SchemaError,
    ServiceError,
    TimeLimitError,
    TlsError,
    UnavailableError,
    WaitError,
    WaitTimeoutError,
    WrongJobError,
)

if TYPE_CHECKING:
    from pulumi_cosjob._dynamic.functions import (
        Job,
        JobList,
        Jobs,
        get_job,
        get_job_output,
        get_jobs,
        get_jobs_output,
        list_jobs,
        list_jobs_output,
    )
    from pulumi_cosjob._dynamic.gates import AllJobsCompletion, JobCompletion
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._model.job_summary import JobPage, JobSummary
    from pulumi_cosjob._model.states import STATES, JobState
    from pulumi_cosjob._service.client import CosBatchClient, describe_job
    from pulumi_cosjob._xml.decoder import parse_describe_job_result, parse_list_jobs_result
    from pulumi_cosjob._xml.schema import schema_path

    __version__: str

__all__ = [
    "STATES",
    "AccessDeniedError",
    "AllJobsCompletion",
    "ConfigurationError",
    "ConnectionFailedError",
    "CosBatchClient",
    "CosJobError",
    "CosJobWarning",
    "InvalidArgumentError",
    "InvalidResponseError",
    "Job",
    "JobCompletion",
    "JobDescription",
    "JobFailedError",
    "JobList",
    "JobPage",
    "JobState",
    "JobSummary",
    "JobSuspendedError",
    "Jobs",
    "JobsFailedError",
    "JobsNotReadError",
    "NoSuchJobError",
    "NotXmlError",
    "Problem",
    "RequestError",
    "SchemaError",
    "ServiceError",
    "TimeLimitError",
    "TlsError",
    "UnavailableError",
    "WaitError",
    "WaitTimeoutError",
    "WrongJobError",
    "describe_job",
    "get_job",
    "get_job_output",
    "get_jobs",
    "get_jobs_output",
    "list_jobs",
    "list_jobs_output",
    "parse_describe_job_result",
    "parse_list_jobs_result",
    "schema_path",
]

_LOADED_AT_FIRST_USE = {
    "STATES": "_model.states",
    "AllJobsCompletion": "_dynamic.gates",
    "CosBatchClient": "_service.client",
    "Job": "_dynamic.functions",
    "JobList": "_dynamic.functions",
    "Jobs": "_dynamic.functions",
    "JobCompletion": "_dynamic.gates",
    "JobDescription": "_model.job",
    "JobPage": "_model.job_summary",
    "JobState": "_model.states",
    "JobSummary": "_model.job_summary",
    "describe_job": "_service.client",
    "get_job": "_dynamic.functions",
    "get_job_output": "_dynamic.functions",
    "get_jobs": "_dynamic.functions",
    "get_jobs_output": "_dynamic.functions",
    "list_jobs": "_dynamic.functions",
    "list_jobs_output": "_dynamic.functions",
    "parse_describe_job_result": "_xml.decoder",
    "parse_list_jobs_result": "_xml.decoder",
    "schema_path": "_xml.schema",
}


if not TYPE_CHECKING:  # type checkers know the names, and have to report any other

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from pulumi_cosjob._version import PACKAGE_VERSION as value  # noqa: N811, PLC0415  seldom needed
        elif name in _LOADED_AT_FIRST_USE:
            try:
                module = importlib.import_module(f"{__name__}.{_LOADED_AT_FIRST_USE[name]}")
            except ModuleNotFoundError as missing:
                from pulumi_cosjob._extras import needs_pulumi  # noqa: PLC0415  needed only here

                raise needs_pulumi(name, missing) from None
            value = getattr(module, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
