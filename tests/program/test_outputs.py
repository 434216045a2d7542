"""Fields of a job as outputs."""

from __future__ import annotations

import asyncio

import pulumi
import pytest

from places import RESPONSES
from pulumi_cosjob import parse_describe_job_result
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._program.outputs import Field


@pytest.mark.parametrize("kind", Element.__subclasses__(), ids=lambda kind: kind.__name__)
def test_no_field_has_the_name_of_a_method_of_outputs(kind: type[Element]) -> None:
    """The method of `pulumi.Output` would hide the field."""
    assert not [name for name in element_fields(kind) if hasattr(pulumi.Output, name) and name not in vars(Field)]


def test_format_is_a_field() -> None:
    """`pulumi.Output` has a static method of this name, for text."""
    job = parse_describe_job_result((RESPONSES / "full.xml").read_bytes())

    async def formats() -> list[object]:
        async def value() -> object:
            return job

        async def resources() -> set[object]:
            return set()

        async def yes() -> bool:
            return True

        async def no() -> bool:
            return False

        field = Field(resources(), value(), yes(), no())  # type: ignore[arg-type]
        return [await each.future() for each in (field.report.format, field.manifest.spec.format)]

    assert asyncio.run(formats()) == ["Report_CSV_V1", "COSBatchOperations_CSV_V1"]
