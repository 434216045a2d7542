"""Fields of a job as outputs."""

from __future__ import annotations

import asyncio

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from places import RESPONSES
from pulumi_cosjob import parse_describe_job_result
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._program.outputs import Field


@pytest.mark.parametrize("kind", Element.__subclasses__(), ids=lambda kind: kind.__name__)
def test_no_field_has_the_name_of_a_method_of_outputs(kind: type[Element]) -> None:
    """The method of `pulumi.Output` would hide the field."""
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


@pytest.mark.newest  # the oldest version has no `recover`
def test_an_error_of_a_field_can_be_recovered_from() -> None:
    """No other output is left that fails: the SDK would end the program with its error."""

    async def recovered() -> tuple[object, list[object]]:
        before = set(SETTINGS.outputs)
        field = full_job().report.colour.of_the_sky.recover(lambda error: type(error).__name__)
        value = await field.future()
        await asyncio.sleep(0)
        return value, [*SETTINGS.outputs - before]

    assert asyncio.run(recovered()) == ("AttributeError", [])
