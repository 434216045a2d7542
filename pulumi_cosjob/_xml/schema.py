"""The schema files, one for each kind of response, each loaded once: by the XSD processor, and as compiled checks."""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pulumi_cosjob._checks import check_choice
from pulumi_cosjob._records import Record
from pulumi_cosjob._xml.fast_validator import Declared, compile_schema

if TYPE_CHECKING:
    import xmlschema

__all__ = ["DESCRIBE_JOB", "DOCUMENTS", "LIST_JOBS", "Document", "compiled_schema", "load_schema", "schema_path"]

_loading = threading.Lock()


class Document(Record):
    """A kind of response, with a schema of its own.

    Attributes:
        root: Name of its root.
        file: Name of the schema's file.
        job: Path below the root of the elements that each describe a job.
        skeleton: Paths below the root of the elements around the jobs, and of the jobs: each of them is decisive.
        decisive: Names of the elements of a job that callers depend on: neither they nor what is below them is ever
            left out.
        spared: Paths below those of the elements that are left out all the same.
        most_nodes: How many elements and attributes of a response the XSD processor validates.
    """

    root: str
    file: str
    job: str
    skeleton: tuple[str, ...]
    decisive: frozenset[str]
    spared: tuple[str, ...]
    most_nodes: int


_DECISIVE = frozenset({"JobId", "Status", "ProgressSummary"})

DESCRIBE_JOB = Document(
    root="DescribeJobResult",
    file="describe_job_result.xsd",
    job="Job",
    skeleton=("Job",),
    decisive=_DECISIVE,
    spared=(),
    # The processor needs quadratic time in places: minutes for the largest response. A real response has dozens of
    # elements, and a few more for each failure reason.
    most_nodes=5_000,
)
"""The response to DescribeJob: one job."""

LIST_JOBS = Document(
    root="ListJobsResult",
    file="list_jobs_result.xsd",
    job="Jobs/member",
    skeleton=("Jobs", "Jobs/member", "NextToken"),
    decisive=_DECISIVE,
    # Its values are not documented: callers cannot depend on it.
    spared=("AutoManifestStatus",),
    # A page has up to a thousand jobs of 13 elements. The processor needs linear time here: 0.4 s for that page.
    most_nodes=20_000,
)
"""The response to ListJobs: one page of a list of jobs."""

DOCUMENTS: Mapping[str, Document] = types.MappingProxyType({each.root: each for each in (DESCRIBE_JOB, LIST_JOBS)})
"""Both, by the name of the root."""


def schema_path(document: str = DESCRIBE_JOB.root) -> Path:
    """Return the path of a schema: inside the installed package, or in the project's source tree.

    Args:
        document: Name of the response's root: `DescribeJobResult` (default), or `ListJobsResult`.

    Raises:
        InvalidArgumentError: There is no schema for that document.
    """
    file = DOCUMENTS[check_choice("document", document, tuple(DOCUMENTS))].file
    package = Path(__file__).parents[1]
    installed = package / file
    return installed if installed.exists() else package.parent / "schema" / file


@functools.cache
def _load(document: Document) -> xmlschema.XMLSchema11:
    import xmlschema  # noqa: PLC0415  takes half a second; needed for unrecognised responses only

    # Our own schema is valid, as a test shows: it is not validated in each process, which takes a third of the time.
    return xmlschema.XMLSchema11(schema_path(document.root), validation="skip", allow="local", defuse="always")


def load_schema(document: Document) -> xmlschema.XMLSchema11:
    """Return a schema as the XSD processor reads it; the first call takes half a second."""
    with _loading:
        return _load(document)


@functools.cache
def compiled_schema(document: Document) -> Declared:
    """Return the root element of a document as the compiled checks know it."""
    root = ET.parse(schema_path(document.root)).getroot()  # noqa: S314  our own file
    return compile_schema(root)[document.root]
