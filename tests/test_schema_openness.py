"""Where the service may grow, an answer is read: empty elements, new words, long texts; what a gate rests on is strict."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from documents import job, value_at, within, wrapped

from pulumi_cosjob import CosBatchClient, JobDescription, SchemaError
from pulumi_cosjob._job import STATES
from pulumi_cosjob._schema import find_problems, parse_describe_job_result, schema_path
from pulumi_cosjob._waiting import History, Limits, Look, decide
from pulumi_cosjob.testing import CosBatchEmulator

ANSWERS = Path(__file__).parent / "answers"
XS = "{http://www.w3.org/2001/XMLSchema}"
JOB = "/DescribeJobResult/Job"
COPY = "Operation/COSPutObjectCopy"
FULL = (ANSWERS / "full.xml").read_bytes()
APPID = "1250000000"
COUNTS = ("NumberOfTasksFailed", "NumberOfTasksSucceeded", "TotalNumberOfTasks")
DECISIVE = {JOB, f"{JOB}/JobId", f"{JOB}/Status", *(f"{JOB}/ProgressSummary/{name}" for name in COUNTS)}


def emptied() -> Iterator[tuple[str, bytes]]:
    """Yield the full answer with each of its elements emptied, one at a time, and that element's path."""
    paths = list(walk(ET.fromstring(FULL), ""))  # noqa: S314  our own document
    for position, (path, _) in enumerate(paths[1:], 1):
        root = ET.fromstring(FULL)  # noqa: S314  our own document
        element = list(root.iter())[position]
        element[:], element.text = [], None
        yield path, ET.tostring(root, "utf-8")


def walk(element: ET.Element, above: str) -> Iterator[tuple[str, ET.Element]]:
    """Yield an element and all below it with their paths, in the document's order."""
    path = f"{above}/{element.tag}"
    yield path, element
    for child in element:
        yield from walk(child, path)


EMPTIED = dict(enumerate(emptied()))


@pytest.mark.parametrize("number", EMPTIED, ids=[path.removeprefix(JOB) for path, _ in EMPTIED.values()])
def test_an_empty_element_is_no_reason_to_refuse(number: int) -> None:
    """Of a full answer each element may come empty, but for those that a gate rests on."""
    path, document = EMPTIED[number]
    assert bool(find_problems(document)) == (path in DECISIVE)


def test_every_element_was_emptied() -> None:
    """The full answer has 85 elements below its root."""
    assert len(EMPTIED) == 85
    assert DECISIVE <= {path for path, _ in EMPTIED.values()}
