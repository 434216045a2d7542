"""The schema's file: documented, found, loaded once."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from pulumi_cosjob._xml.schema import DOCUMENTS, schema_path
from schema_reference import (
    FULL,
    TEXTS,
    XS,
)


def test_every_element_and_value_of_the_schema_is_documented() -> None:
    """Each has a documentation that ends as a sentence does."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    elements, values = (list(root.iter(f"{XS}{kind}")) for kind in ("element", "enumeration"))
    assert len(elements) > 70
    assert len(values) > 30
    for element in (*elements, *values):
        text = (element.findtext(f"{XS}annotation/{XS}documentation") or "").strip()
        assert text.endswith("."), element.attrib
        assert text[0].isupper()


@pytest.mark.parametrize(("path", "fewest", "most"), TEXTS)
def test_the_documentation_has_the_limits(path: str, fewest: int, most: int) -> None:
    """The lengths that CreateJob allows are in the documentation."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    texts = [
        element.findtext(f"{XS}annotation/{XS}documentation") or ""
        for element in root.iter(f"{XS}element")
        if element.get("name") == path.rpartition("/")[2]
    ]
    assert any(f"{fewest} to {most} bytes" in text for text in texts)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_schema_is_valid(document: str) -> None:
    """A schema is a schema by XSD 1.1: loading it with all checks finds nothing, and a mistake in it is found."""
    text = schema_path(document).read_text(encoding="utf-8")
    assert xmlschema.XMLSchema11(text).validity == "valid"
    with pytest.raises(xmlschema.XMLSchemaParseError):
        xmlschema.XMLSchema11(text.replace('maxOccurs="unbounded"', 'maxOccurs="many"'))


def test_the_path_leads_to_the_schema() -> None:
    """The file declares the root of the response."""
    assert schema_path().is_file()
    assert b'name="DescribeJobResult"' in schema_path().read_bytes()


def test_the_schema_is_loaded_once_by_many_threads() -> None:
    """The first responses of a process, read by many threads at once, are all read with one load of the schema."""
    program = """
import sys, threading, xmlschema
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(1e-6)
loads, real = [], xmlschema.XMLSchema11
def counted(*args, **kwargs):
    loads.append(1)
    return real(*args, **kwargs)
xmlschema.XMLSchema11 = counted
from pulumi_cosjob import parse_describe_job_result
document, start = sys.stdin.buffer.read(), threading.Barrier(16)
def read(_):
    start.wait()
    return parse_describe_job_result(document)
with ThreadPoolExecutor(16) as pool:
    jobs = list(pool.map(read, range(16)))
print(len(loads), len(set(jobs)), jobs[0].status)
"""
    unusual = FULL.replace(b"<Report>", b"<Report odd='1'>")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], input=unusual, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["1", "1", "Active"]
