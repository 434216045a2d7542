"""The fields of a job as outputs of a Pulumi resource, the same for every resource that has them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pulumi

from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import BEYOND_SCHEMA, JobDescription
from pulumi_cosjob._model.serialization import from_plain, to_plain

if TYPE_CHECKING:
    from pulumi_cosjob._program.output_types import JobAttributes, JobDescriptionOutput, JobsOutput
else:
    JobAttributes = object

__all__ = ["JOB_FIELDS", "Field", "JobOutputs"]


class _Later:
    """Creates a coroutine only when somebody awaits it: one that nobody awaits makes Python warn."""

    def __init__(self, make: Callable[[], Awaitable[Any]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, Any]:
        return self._make().__await__()


class Field(pulumi.Output[Any]):
    """An output that may be None, and from which what lies below it can be taken all the same.

    `job.progress_summary.number_of_tasks_failed` is None where the job has no summary yet.
    """

    @staticmethod
    def of(output: pulumi.Output[Any]) -> Field:
        """Make a field of any output."""
        later = (output.resources, lambda: output.future(with_unknowns=True), output.is_known, output.is_secret)
        return Field(*map(_Later, later))

    def secret_as(self, other: pulumi.Output[Any]) -> Field:
        """Return the same output, secret where another one is."""
        return Field(
            *map(_Later, (self.resources, lambda: self.future(with_unknowns=True), self.is_known, other.is_secret))
        )

    @staticmethod
    def together(
        outputs: Mapping[str, pulumi.Output[Any]],
        made: Callable[[Mapping[str, Any]], Any],
        *,
        known_by: str,
        secret_by: Sequence[str],
    ) -> Field:
        """Make one of several outputs of a resource, which are known at the same time.

        Args:
            outputs: The outputs, by name.
            made: Makes the value of theirs.
            known_by: Which one tells whether they are known: in a preview the SDK takes any other that is None as not
                known. Where this one is None there is no value.
            secret_by: Which ones tell whether it is secret.
        """

        async def value() -> Any:
            known = await outputs[known_by].is_known()
            values = {name: await output.future(with_unknowns=True) for name, output in outputs.items()}
            return made(values) if known and values[known_by] is not None else None

        async def resources() -> set[pulumi.Resource]:
            return set().union(*[await output.resources() for output in outputs.values()])

        async def is_secret() -> bool:
            return any([await outputs[name].is_secret() for name in secret_by])

        return Field(*map(_Later, (resources, value, outputs[known_by].is_known, is_secret)))

    # Of all names in a job the only one that outputs have too: a function of the class, in the way of the attribute.
    @property
    def format(self) -> Field:  # type: ignore[override]
        """How a manifest or a report is written."""
        return self.__getattr__("format")

    def __getattr__(self, name: str) -> Field:
        """Take an attribute, None from None."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Field.of(self.apply(lambda value: None if value is None else getattr(value, name)))

    def __getitem__(self, key: Any) -> Field:
        """Take an item, None from None."""
        return Field.of(self.apply(lambda value: None if value is None else value[key]))


class JobOutputs(JobAttributes):
    """Mixed into a resource with the output `result`: offers each field of the job as an output of its own.

    The engine carries all fields in that one output, as text, and they are taken apart here: a field that a job lacks
    is then known to be absent in a preview too. An output is made when it is first asked for.
    """

    _secret_fields: Collection[str] = ()

    if not TYPE_CHECKING:  # they know the fields, and are to find fault with any other name

        def __getattr__(self, name: str) -> Any:
            """Make the output of a field."""
            if name in JOB_FIELDS:
                output = self.__dict__[name] = self._output_of(name)
                return output
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _carry(
        self, carrier: pulumi.Output[Any], placeholder: pulumi.Output[Any], secret_fields: Collection[str]
    ) -> None:
        """Take the fields from one output of the resource.

        Args:
            carrier: The output.
            placeholder: Is secret where all fields are, as inputs that they echo are.
            secret_fields: Fields that are secret by themselves, which makes the output that carries them secret.
        """
        self.result = described(carrier)
        self._placeholder, self._secret_fields = placeholder, secret_fields

    def _output_of(self, name: str) -> pulumi.Output[Any]:
        field = Field.of(self.result).__getattr__(name)
        carried_for_others = bool(self._secret_fields) and name not in self._secret_fields
        return field.secret_as(self._placeholder) if carried_for_others else field


def described(result: pulumi.Output[Any]) -> JobDescriptionOutput:
    """Turn what the engine carried into a description.

    It is None where the engine was to leave a resource alone that there is not: `up --target`, `--run-program`.
    """
    output = result.apply(lambda text: from_plain(JobDescription, load_job(text)) if text else _without(text))
    return cast("JobDescriptionOutput", Field.of(output))


def dump_job(description: JobDescription) -> str:
    """Return a description as the engine is to carry it: as JSON text.

    As properties, seventy for a job, engine and SDKs take several milliseconds over it.
    """
    return json.dumps(to_plain(description))


def load_job(result: str) -> dict[str, Any]:
    """Return the plain values in such a text."""
    job: dict[str, Any] = json.loads(result)
    return job


class _ById(dict[str, Any]):
    """Jobs by their ids; says so where there is no such one."""

    def __missing__(self, job_id: str) -> NoReturn:
        raise KeyError(f"{job_id}: no job of this id was read; it was not asked for, or skipped as missing")


def jobs_output(results: pulumi.Output[Any]) -> JobsOutput:
    """Do the same for many jobs, by their ids, which travel as JSON text."""
    output = results.apply(lambda text: jobs_by_id(json.loads(text)) if text else _without(text))
    return cast("JobsOutput", Field.of(output))


def _without(text: str | None) -> Any:
    """Return what stands in place of jobs: in a preview the input that is to become secret comes back as it was."""
    return pulumi.output.UNKNOWN if text is not None and pulumi.runtime.is_dry_run() else None


def jobs_by_id(jobs: Mapping[str, Any]) -> Mapping[str, JobDescription]:
    """Turn plain values by job id into descriptions."""
    return _ById({job_id: partial_job({"job_id": job_id, **plain}) for job_id, plain in jobs.items()})


def partial_job(plain: Mapping[str, Any]) -> JobDescription:
    """Turn plain values into a description, of which any field may be absent: the mocks of a unit test may leave it."""
    given = {name: value for name, value in plain.items() if value is not None}
    description = from_plain(JobDescription, {"job_id": "", "status": "", **given})
    required: dict[str, Any] = {name: given.get(name) for name in ("job_id", "status")}
    return dataclasses.replace(description, **required)


def missing_output(
    job_ids: pulumi.Input[Sequence[pulumi.Input[str]]], results: pulumi.Output[Any]
) -> pulumi.Output[Sequence[str]]:
    """Return which of the jobs that were asked for have not been found."""

    def absent(values: list[Any]) -> Any:
        if not values[1]:
            return _without(values[1])
        found = json.loads(values[1])
        return [job_id for job_id in dict.fromkeys(values[0]) if job_id not in found]

    return pulumi.Output.all(job_ids, results).apply(absent)


JOB_FIELDS = frozenset({*element_fields(JobDescription), *BEYOND_SCHEMA})
