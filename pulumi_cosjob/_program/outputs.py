"""The fields of a job as outputs of a Pulumi resource."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pulumi

from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.serialization import from_plain, to_plain

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import JobAttributes, JobsOutput, JobSummariesOutput
else:
    JobAttributes = object

__all__ = [
    "JOB_FIELDS",
    "Field",
    "JobOutputs",
    "dump_job",
    "jobs_by_id",
    "jobs_output",
    "load_job",
    "missing_ids_output",
    "summaries_output",
    "summary_ids_output",
    "together",
]


class _Deferred:
    """Creates a coroutine when it is awaited: Python warns about coroutines that are never awaited."""

    def __init__(self, create: Callable[[], Awaitable[Any]]) -> None:
        self._create = create

    def __await__(self) -> Generator[Any, None, Any]:
        return self._create().__await__()


class Field(pulumi.Output[Any]):
    """An output whose attributes and items are outputs too, also if its value is None.

    `job.progress_summary.number_of_tasks_failed` is None if the job has no summary yet.
    """

    @staticmethod
    def applied(
        output: pulumi.Output[Any], function: Callable[[Any], Any], *, run_with_unknowns: bool = False
    ) -> Field:
        """Apply a function to an output, as `output.apply` does; the result is a field."""
        result = output.apply(function, run_with_unknowns)
        # In place: another output around it would double the tasks, and fail beside a field that has been recovered.
        result.__class__ = Field
        return cast("Field", result)

    @staticmethod
    def attribute(output: pulumi.Output[Any], name: str) -> Field:
        """Return an attribute of an output's value; None if the value is None."""
        return Field.applied(output, lambda value: None if value is None else getattr(value, name))

    def secret_as(self, other: pulumi.Output[Any]) -> Field:
        """Return the same output, secret if another one is."""
        return Field(
            *map(_Deferred, (self.resources, lambda: self.future(with_unknowns=True), self.is_known, other.is_secret))
        )

    @staticmethod
    def combined(
        outputs: Mapping[str, pulumi.Output[Any]],
        combine: Callable[[Mapping[str, Any]], Any],
        *,
        known_by: str,
        secret_by: Sequence[str],
    ) -> Field:
        """Combine outputs of one resource, which become known at the same time.

        Args:
            outputs: The outputs, by name.
            combine: Returns the value of the field for the values of the outputs.
            known_by: Name of the output that decides whether the field is known: in a preview the SDK treats other
                outputs that are None as unknown. If this one is None, so is the field.
            secret_by: Names of the outputs of which any makes the field secret.
        """

        async def value() -> Any:
            known = await outputs[known_by].is_known()
            values = {name: await output.future(with_unknowns=True) for name, output in outputs.items()}
            return combine(values) if known and values[known_by] is not None else None

        async def resources() -> set[pulumi.Resource]:
            return set().union(*[await output.resources() for output in outputs.values()])

        async def is_secret() -> bool:
            return any([await outputs[name].is_secret() for name in secret_by])

        return Field(*map(_Deferred, (resources, value, outputs[known_by].is_known, is_secret)))

    # The only field of a job whose name outputs have too: their static method would hide it.
    @property
    def format(self) -> Field:  # type: ignore[override]
        """Format of a manifest or a report."""
        return self.__getattr__("format")

    def __getattr__(self, name: str) -> Field:
        """Return an attribute of the value; None if the value is None."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Field.attribute(self, name)

    def __getitem__(self, key: Any) -> Field:
        """Return an item of the value; None if the value is None."""
        return Field.applied(self, lambda value: None if value is None else value[key])


class JobOutputs(JobAttributes):
    """A mixin for resources with the output `result`: each field of the job is an output too.

    The engine carries all fields in that one output, as text. So a field that the job lacks is known to be None in a
    preview too. The output of a field is created when it is first used.
    """

    _carrier: pulumi.Output[Any] | None = None
    _placeholder: pulumi.Output[Any] | None = None
    _secret_fields: Collection[str] = ()

    if not TYPE_CHECKING:  # type checkers know the fields, and have to report any other name

        def __getattr__(self, name: str) -> Any:
            """Create the output of a field."""
            if name in JOB_FIELDS:
                output = self.__dict__[name] = self._output_of(name)
                return output
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        @property
        def result(self) -> pulumi.Output[Any]:
            """The whole job. Few programs use it, so it is made when it is used first."""
            output = self.__dict__.get("result")
            if output is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute 'result'")
            if isinstance(output, _Deferred):
                output = self.__dict__["result"] = self._output_of("result")
            return output

        @result.setter
        def result(self, output: pulumi.Output[Any]) -> None:
            self.__dict__["result"] = output

    def _make_result_when_used(self) -> None:
        """Let `result` be made when it is used. An export of the whole resource uses it: the SDK awaits it then."""

        async def result() -> Any:
            return self.result

        self.__dict__["result"] = _Deferred(result)

    def _carry(self, placeholder: pulumi.Output[Any] | None, secret_fields: Collection[str]) -> None:
        """Read the fields from the output `result` of the resource, which becomes the whole job.

        Args:
            placeholder: Secret if an input that the job echoes is secret; all fields are secret then. None if none is.
            secret_fields: Fields that are secret by `additional_secret_outputs`, which makes the carrier secret.
        """
        self._carrier = self.__dict__["result"]
        self._make_result_when_used()
        self._plain_in = functools.lru_cache(maxsize=1)(_plain_in)  # one reading for all fields
        self._placeholder, self._secret_fields = placeholder, secret_fields

    def _output_of(self, name: str) -> pulumi.Output[Any]:
        if self._carrier is None or isinstance(self.__dict__["result"], pulumi.Output):  # of the plugin, or by mocks
            field = Field.attribute(self.result, name)
        elif name == "result":
            return Field.applied(self._carrier, lambda text: _job_of(self._plain_in(text)))
        else:
            # From the text, not from the whole job: the SDK would search all of that for unknown values.
            field = Field.applied(self._carrier, lambda text: _field_of(self._plain_in(text), name))
        is_secret_by_others = bool(self._secret_fields) and name not in self._secret_fields
        return field.secret_as(pulumi.Output.from_input(self._placeholder)) if is_secret_by_others else field


def _plain_in(text: str | None) -> Any:
    """Return the plain values of the job that an output carries as JSON text.

    It is None for a resource that does not exist and that the engine does not create: `up --target`, `--run-program`.
    """
    return load_job(text) if text else _without_job(text)


def _job_of(plain: Any) -> Any:
    return from_plain(JobDescription, plain) if isinstance(plain, dict) else plain


def _field_of(plain: Any, name: str) -> Any:
    """Return one field of a job; the others are not made."""
    return getattr(_job_of({name: plain.get(name)}), name) if isinstance(plain, dict) else plain


def dump_job(description: JobDescription) -> str:
    """Return a job as JSON text, in which form the engine carries it.

    As properties, about seventy for a job, it would cost the engine and the SDKs several milliseconds.
    """
    return json.dumps(to_plain(description))


def load_job(result: str) -> dict[str, Any]:
    """Return the plain values in such a text."""
    job: dict[str, Any] = json.loads(result)
    return job


class _ById(dict[str, Any]):
    """Jobs by job id; the error for another id gives the reason."""

    def __missing__(self, job_id: str) -> NoReturn:
        raise KeyError(f"{job_id}: no job with this id was read: it was not in job_ids, or it was skipped as missing")


def jobs_output(results: pulumi.Output[Any]) -> JobsOutput:
    """Return the jobs that an output carries as JSON text, by job id; None as for a job."""
    output = Field.applied(results, lambda text: jobs_by_id(json.loads(text)) if text else _without_job(text))
    return cast("JobsOutput", output)


def _without_job(text: str | None) -> Any:
    """Return the value of an output without a job: unknown if a preview returns the placeholder, otherwise None."""
    return pulumi.output.UNKNOWN if text is not None and pulumi.runtime.is_dry_run() else None


def jobs_by_id(jobs: Mapping[str, Any]) -> Mapping[str, JobDescription]:
    """Return jobs by job id, from the plain values of their fields, of which any may be absent."""
    return _ById({job_id: _job_of({"job_id": job_id, **plain}) for job_id, plain in jobs.items()})


def missing_ids_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]], jobs: pulumi.Output[Any]
) -> pulumi.Output[Sequence[str]]:
    """Return the ids of the requested jobs that an output of jobs by job id lacks; None as for a job."""
    # `Output.all` would convert the jobs. Around both, it keeps the dependencies of the ids while the jobs are unknown.
    ids_of_jobs = jobs.apply(lambda found: None if found is None else list(found))

    def missing(values: Sequence[Any]) -> Any:
        wanted, found = values
        return None if found is None else [job_id for job_id in dict.fromkeys(wanted) if job_id not in found]

    return pulumi.Output.all(job_ids, ids_of_jobs).apply(missing)


def summaries_output(results: pulumi.Output[Any]) -> JobSummariesOutput:
    """Return the jobs of a list that an output carries as JSON text; None as for a job."""
    output = Field.applied(
        results,
        lambda text: [from_plain(JobSummary, plain) for plain in json.loads(text)] if text else _without_job(text),
    )
    return cast("JobSummariesOutput", output)


def summary_ids_output(jobs: pulumi.Output[Any]) -> pulumi.Output[Sequence[str]]:
    """Return the ids of the jobs of a list, in its order; None as for a job."""

    def ids(found: Sequence[JobSummary] | None) -> Any:
        return None if found is None else [job.job_id for job in found]

    return jobs.apply(ids)


def together(**outputs: pulumi.Output[Any]) -> pulumi.Output[Mapping[str, Any]]:
    """Return outputs as one, by name. `pulumi.Output.all` would make plain mappings of jobs."""
    wrapped = {name: output.apply(lambda value: lambda: value) for name, output in outputs.items()}
    return pulumi.Output.all(**wrapped).apply(lambda values: {name: value() for name, value in values.items()})


JOB_FIELDS = frozenset(field.name for field in dataclasses.fields(JobDescription))
