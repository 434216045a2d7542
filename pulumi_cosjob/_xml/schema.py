"""The schema file, loaded once: by the XSD processor, and as compiled checks."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pulumi_cosjob._xml.fast_validator import Declared, compile_schema

if TYPE_CHECKING:
    import xmlschema

__all__ = ["compiled_schema", "load_schema", "schema_path"]

_FILE = "describe_job_result.xsd"
_loading = threading.Lock()


def schema_path() -> Path:
    """Return the path of the schema: inside the installed package, or in the project's source tree."""
    package = Path(__file__).parents[1]
    installed = package / _FILE
    return installed if installed.exists() else package.parent / "schema" / _FILE


@functools.cache
def _load() -> xmlschema.XMLSchema11:
    import xmlschema  # noqa: PLC0415  takes half a second; needed for unrecognised responses only

    return xmlschema.XMLSchema11(schema_path(), allow="local", defuse="always")


def load_schema() -> xmlschema.XMLSchema11:
    """Return the schema as the XSD processor reads it; the first call takes half a second."""
    with _loading:
        return _load()


@functools.cache
def compiled_schema() -> Declared:
    """Return the root element as the compiled checks know it."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    return compile_schema(root)["DescribeJobResult"]
