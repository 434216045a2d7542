"""The names of elements, fields and properties."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._xml.schema import schema_path
from schema_comparison import CLASSES, Schema, snake_case


@pytest.fixture
def schema_tree() -> ET.Element:
    """Return the schema as a tree that a test may change."""
    return ET.parse(schema_path()).getroot()  # noqa: S314  our own file


def test_every_xml_name_follows_from_its_field(schema_tree: ET.Element) -> None:
    """`xml_name` is the inverse of `snake_case` for every element."""
    schema = Schema(schema_tree)
    names = {tag for name in CLASSES for tag in schema.elements(name)}
    assert {tag: xml_name(snake_case(tag)) for tag in names} == {tag: tag for tag in names}
    assert len(names) > 60


@pytest.mark.parametrize(
    ("field", "element"),
    [
        ("etag", "ETag"),
        ("sse_algorithm", "SSEAlgorithm"),
        ("cos_put_object_copy", "COSPutObjectCopy"),
        ("unmodified_since_constraint", "UnModifiedSinceConstraint"),
        ("http_expires_date", "HttpExpiresDate"),
        ("role_arn", "RoleArn"),
    ],
)
def test_xml_names_by_value(field: str, element: str) -> None:
    """Names with irregular capitals are those of the API."""
    assert xml_name(field) == element
