"""`CosJobMocks`: mocks for unit tests of Pulumi programs, in place of the engine and of the service."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import MockCallArgs, MockResourceArgs, rpc

from pulumi_cosjob._checks import check_appid, check_identifier
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._mocks.job_table import job_table, summary_of
from pulumi_cosjob._model.job import JobDescription, ProgressSummary
from pulumi_cosjob._model.job_summary import JobPage, JobSummary
from pulumi_cosjob._model.naming import in_camel_case, snake_name
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._plugin.inputs import core_inputs, secret_outputs, secret_texts
from pulumi_cosjob._plugin.properties import Properties
from pulumi_cosjob._program.outputs import dump_job
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.job_list import FILTERS, check_listing, wanted_jobs
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._service.responses import no_such_job
from pulumi_cosjob._waiting.gate import INPUTS, UNKNOWN, Gate, TargetInput, is_known
from pulumi_cosjob._waiting.loop import FirstPolls, JobWaiter
from pulumi_cosjob._waiting.state import PollResult

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.policy import WaitOptions

__all__ = ["CosJobMocks"]

_Outputs = tuple[str | None, dict[str, Any]]


class CosJobMocks(pulumi.runtime.Mocks):
    """Mocks that serve all resources and functions of this package from a table of jobs.

    Pass them to `pulumi.runtime.set_mocks`. They serve programs that use `pulumi_cosjob` or `pulumi_cosjob.native`, in
    an update and in a preview. A job that is not in the table fails with `NoSuchJobError`. A gate opens if its job is
    Complete and has at most the failed tasks that the gate accepts. If not, it fails at once with the error of an
    update in which the jobs do not change: that of a failed job, or that of a wait whose time limit is over.
    `list_jobs` lists the jobs of the table that its filters want; durations count back from this machine's time.

    Args:
        jobs: The jobs by job id: each a `JobDescription`, or a mapping of its fields in snake case, with mappings and
            lists below them. Fields default to None, and the status to Complete. If a mapping has no
            `progress_summary`, a gate treats the job as one without failed tasks.
        fallback: Serves the resources and functions of all other packages. Without it a resource has its inputs as
            outputs, and a function returns nothing.

    Raises:
        InvalidArgumentError: A job has an unknown field or an invalid value; the error names it.
    """

    def __init__(
        self, jobs: Mapping[str, JobDescription | Mapping[str, Any]], fallback: pulumi.runtime.Mocks | None = None
    ) -> None:
        self._client = _TableClient(job_table(jobs))
        self._described = {job_id for job_id, given in jobs.items() if isinstance(given, JobDescription)}
        self._fallback = fallback
        logging.getLogger("asyncio").addFilter(_is_not_repeated)
        self._resources: Mapping[str, Callable[[MockResourceArgs], _Outputs]] = {
            "pulumi-python:dynamic/cosjob:Job": self._read_job,
            "pulumi-python:dynamic/cosjob:Jobs": self._read_jobs,
            "pulumi-python:dynamic/cosjob:JobList": self._read_list,
            "pulumi-python:dynamic/cosjob:JobCompletion": lambda args: self._gate(args, "job_id", _dynamic_job),
            "pulumi-python:dynamic/cosjob:AllJobsCompletion": lambda args: self._gate(args, "job_ids", _dynamic_jobs),
            "cosjob:index:JobCompletion": lambda args: self._gate(args, "job_id", _native_job),
            "cosjob:index:AllJobsCompletion": lambda args: self._gate(args, "job_ids", _native_jobs),
        }
        self._functions: Mapping[str, Callable[..., dict[str, Any]]] = {
            "cosjob:index:getJob": self._get_job,
            "cosjob:index:getJobs": self._get_jobs,
            "cosjob:index:listJobs": self._list_jobs,
        }

    def new_resource(self, args: MockResourceArgs) -> _Outputs:
        """Return the id and the outputs of a resource.

        Args:
            args: The resource.

        Raises:
            CosJobError: The resource is one of this package, and fails.
        """
        if args.typ in self._resources:
            return self._resources[args.typ](args)
        if self._fallback is not None:
            return self._fallback.new_resource(args)
        return args.resource_id or f"{args.name}_id", dict(args.inputs)

    def call(self, args: MockCallArgs) -> Any:
        """Return the result of a function, and an empty list of failures.

        Args:
            args: The function and its arguments.

        Raises:
            CosJobError: The function is one of this package, and fails.
        """
        if args.token in self._functions:
            given = {snake_name(name): value for name, value in args.args.items()}
            return self._functions[args.token](**given), []
        return ({}, []) if self._fallback is None else self._fallback.call(args)

    def register_transform(self, transform: Any) -> None:
        """Pass a transform on to the fallback; older SDKs do not call this.

        Args:
            transform: The transform.
        """
        getattr(self._fallback, "register_transform", _nothing)(transform)

    def register_invoke_transform(self, transform: Any) -> None:
        """Pass a transform of function calls on to the fallback; older SDKs do not call this.

        Args:
            transform: The transform.
        """
        getattr(self._fallback, "register_invoke_transform", _nothing)(transform)

    # ------------------------------------------------------------------------------------------------ reading

    def _get_job(self, job_id: Any = None, appid: Any = None, **_settings: Any) -> dict[str, Any]:
        return _native(self._client.describe_job(job_id, appid))

    def _get_jobs(self, job_ids: Any = None, appid: Any = None, **how: Any) -> dict[str, Any]:
        found = self._describe_jobs(job_ids, appid, how)
        missing = [job_id for job_id in dict.fromkeys(job_ids) if job_id not in found]
        return {"jobs": {job_id: _native(job) for job_id, job in found.items()}, "missingJobIds": missing}

    def _describe_jobs(self, job_ids: Any, appid: Any, how: Mapping[str, Any]) -> Mapping[str, JobDescription]:
        given = {name: how[name] for name in ("missing", "max_concurrency") if how.get(name) is not None}
        return self._client.describe_jobs(job_ids, appid, **given)

    def _list_jobs(self, appid: Any = None, **filters: Any) -> dict[str, Any]:
        found = self._listed(appid, filters)
        return {"jobs": [_native(job) for job in found], "jobIds": [job.job_id for job in found]}

    def _listed(self, appid: Any, filters: Mapping[str, Any]) -> list[JobSummary]:
        check_appid(appid)
        given = {name: filters[name] for name in FILTERS if filters.get(name) is not None}
        listing = check_listing(now=SystemClock().now(), **given)
        page = JobPage([summary_of(job) for job in self._client.jobs.values()])
        return wanted_jobs(lambda _token: page, listing)

    def _read_job(self, args: MockResourceArgs) -> _Outputs:
        def read(inputs: Mapping[str, Any]) -> JobDescription:
            job_id: Any = inputs.get("job_id")  # the client checks both
            appid: Any = inputs.get("appid")
            return self._client.describe_job(job_id, appid)

        return self._read(args, "job_id", read, _dynamic_job)

    def _read_jobs(self, args: MockResourceArgs) -> _Outputs:
        return self._read(
            args,
            "job_ids",
            lambda inputs: self._describe_jobs(inputs.get("job_ids"), inputs.get("appid"), inputs),
            _dynamic_jobs,
        )

    def _read_list(self, args: MockResourceArgs) -> _Outputs:
        return self._read(args, "a filter", lambda inputs: self._listed(inputs.get("appid"), inputs), _dynamic_jobs)

    def _read(
        self,
        args: MockResourceArgs,
        subject: str,
        read: Callable[[Mapping[str, Any]], Any],
        outputs_of: Callable[[Any], dict[str, Any]],
    ) -> _Outputs:
        """Read the job or jobs of an external resource of the dynamic variant."""
        properties = _properties(args.inputs)
        if args.resource_id == rpc.UNKNOWN or not is_known(properties.values):
            if not pulumi.runtime.is_dry_run():
                raise InvalidArgumentError(subject, "is not known")
            return args.resource_id, dict(args.inputs)
        found = read(properties.values)
        outputs = outputs_of(found)
        return args.resource_id, _beside_inputs(outputs, args.inputs, properties)

    # -------------------------------------------------------------------------------------------------- gates

    def _gate(
        self, args: MockResourceArgs, subject: TargetInput, outputs_of: Callable[[Any], dict[str, Any]]
    ) -> _Outputs:
        """Return the id and the outputs of a gate that opens; raise the error of one that fails."""
        properties = _properties(args.inputs)
        gate = Gate(subject, {name: value for name, value in core_inputs(properties).items() if name in INPUTS})
        gate.check()
        preview = pulumi.runtime.is_dry_run()
        jobs: Mapping[str, JobDescription] = {}
        job_ids = gate.job_ids
        if job_ids:
            jobs = (self._check if preview else self._wait_for)(job_ids, gate.inputs.get("appid"), gate.options())
        is_native = not args.typ.startswith("pulumi-python:")
        if not gate.is_known or (preview and not (is_native and len(jobs) == len(job_ids))):
            return None, dict(args.inputs)
        outputs = outputs_of(jobs if subject == "job_ids" else jobs[job_ids[0]])
        return None if preview else f"{args.name}_id", _beside_inputs(outputs, args.inputs, properties)

    def _check(self, job_ids: Sequence[str], appid: str | None, limits: WaitOptions) -> Mapping[str, JobDescription]:
        """Check as a preview does: fail for a job that can never complete, and return the completed ones."""
        first_polls = FirstPolls(job_ids, limits, preview=True)
        for job_id in first_polls.job_ids:
            first_polls.record(job_id, self._poll(job_id, appid, 0.0))
        first_polls.result(Location(), appid)
        return {job_id: self._client.jobs[job_id] for job_id in first_polls.completed}

    def _wait_for(self, job_ids: Sequence[str], appid: str | None, limits: WaitOptions) -> Mapping[str, JobDescription]:
        """Wait as an update does, with two polls: at the start, and at the time limit."""
        waits = JobWaiter(job_ids, limits, 0.0, _nothing)
        for now in (0.0, limits.timeout):
            while due := waits.take_due(now):
                for job_id in due:
                    waits.record(job_id, self._poll(job_id, appid, now), now)
        return {job_id: self._client.jobs[job_id] for job_id in waits.result(Location(), appid)}

    def _poll(self, job_id: str, appid: str | None, now: float) -> PollResult:
        try:
            job = self._client.describe_job(job_id, appid)
        except CosJobError as error:
            return PollResult(now, error=error)
        if job.progress_summary is None and job_id not in self._described:
            # The service returns a summary for every job.
            job = replace(job, progress_summary=ProgressSummary(number_of_tasks_failed=0))
        return PollResult(now, job)


def _nothing(*_arguments: Any) -> None:
    pass


def _is_not_repeated(record: logging.LogRecord) -> bool:
    """Return whether asyncio should log a record: not one about a failure that the SDK raises in the test anyway.

    Each output of each resource that fails with a gate has futures that are never awaited: 3,400 lines for one gate.
    """
    error = record.exc_info[1] if record.exc_info else None
    is_ours = isinstance(error, CosJobError) or isinstance(getattr(error, "__context__", None), CosJobError)
    return not (is_ours and record.getMessage().partition("\n")[0].endswith("exception was never retrieved"))


class _TableClient(CosBatchClient):
    """Reads jobs from a table.

    Args:
        jobs: The jobs by job id.
    """

    def __init__(self, jobs: Mapping[str, JobDescription]) -> None:
        self.jobs = jobs

    def describe_job(self, job_id: str, appid: str | None = None) -> JobDescription:
        """Return a job."""
        check_identifier("job_id", job_id)
        check_appid(appid)
        if job_id not in self.jobs:
            raise no_such_job(job_id, appid)
        return self.jobs[job_id]


# ------------------------------------------------------------------------------------------------ providers


def _dynamic_job(job: JobDescription) -> dict[str, Any]:
    return {"result": dump_job(job)}


def _dynamic_jobs(jobs: Mapping[str, JobDescription] | Sequence[JobSummary]) -> dict[str, Any]:
    return {"results": json.dumps(to_plain(jobs))}


def _native(job: JobDescription | JobSummary) -> dict[str, Any]:
    outputs: dict[str, Any] = in_camel_case(to_plain(job, exact=False))
    return outputs


_native_job = _native


def _native_jobs(jobs: Mapping[str, JobDescription]) -> dict[str, Any]:
    return {"jobs": {job_id: _native(job) for job_id, job in jobs.items()}}


def _properties(inputs: Mapping[str, Any]) -> Properties:
    """Return inputs as the plugin has them: their values, and which of them are secret."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        return UNKNOWN if isinstance(value, Unknown) else value

    values = {name: plain(rpc.unwrap_rpc_secret(value)) for name, value in inputs.items() if name != "__provider"}
    return Properties(values, frozenset(name for name in values if rpc.is_rpc_secret(inputs[name])))


def _beside_inputs(outputs: dict[str, Any], inputs: Mapping[str, Any], properties: Properties) -> dict[str, Any]:
    """Return the inputs and outputs; an output that echoes a secret input, or has the name of one, is secret."""
    names = secret_outputs(outputs, secret_texts(properties)) | (properties.secret & outputs.keys())
    return {**inputs, **outputs, **{name: rpc.wrap_rpc_secret(outputs[name]) for name in names}}
