"""Fields of a job as outputs."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from places import RESPONSES
from pulumi_cosjob import parse_describe_job_result
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._program.outputs import Field, missing_ids_output


@pytest.mark.parametrize("kind", Element.__subclasses__(), ids=lambda kind: kind.__name__)
def test_no_field_has_the_name_of_a_method_of_outputs(kind: type[Element]) -> None:
    """The method, of `pulumi.Output` or of ours, would hide the field."""
    methods = {name for name in dir(Field) if not name.startswith("_")} - {"format"}
    assert methods & element_fields(kind).keys() == set()


def full_job() -> Field:
    """Return a full job as one field; a loop has to run."""
    job = parse_describe_job_result((RESPONSES / "full.xml").read_bytes())
    return Field.applied(pulumi.Output.from_input(None), lambda _: job)


def test_format_is_a_field() -> None:
    """`pulumi.Output` has a static method of this name, for text."""

    async def formats() -> list[object]:
        job = full_job()
        return [await each.future() for each in (job.report.format, job.manifest.spec.format)]

    assert asyncio.run(formats()) == ["Report_CSV_V1", "COSBatchOperations_CSV_V1"]


@pytest.mark.newest  # in the oldest version an output that was applied still ends the program by its error
def test_an_error_of_a_field_can_be_recovered_from() -> None:
    """No other output is left that fails: the SDK would end the program with its error."""

    async def recovered() -> tuple[object, list[object]]:
        before = set(SETTINGS.outputs)
        field = full_job().report.colour.of_the_sky.recover(lambda error: type(error).__name__)
        value = await field.future()
        await asyncio.sleep(0)
        return value, [*SETTINGS.outputs - before]

    assert asyncio.run(recovered()) == ("AttributeError", [])


def test_missing_ids_keep_the_secrecy_and_the_dependencies_of_ids() -> None:
    """In a preview too, in which the jobs are not known yet: an update has to have no dependency that it lacks."""

    async def of_unknown_jobs() -> tuple[bool, bool, set[object]]:
        def output(value: object, resource: str, *, known: bool, secret: bool) -> pulumi.Output[Any]:
            return pulumi.Output({resource}, given(value), given(known), given(secret))  # type: ignore[arg-type]

        ids = output(["a", "b"], "of the ids", known=True, secret=True)
        jobs = output(None, "of the jobs", known=False, secret=False)
        found = missing_ids_output(ids, jobs)
        return await found.is_known(), await found.is_secret(), {*await found.resources()}

    async def given(value: object) -> object:
        return value

    assert asyncio.run(of_unknown_jobs()) == (False, True, {"of the ids", "of the jobs"})
