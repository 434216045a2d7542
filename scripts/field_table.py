"""Writes the tables of output fields and values from the schema. `make docs` runs it; a test checks the result."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.naming import xml_name

if TYPE_CHECKING:
    import xmlschema

XS = "{http://www.w3.org/2001/XMLSchema}"
ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "fields.md"
BEGIN, END = "<!-- fields: written by `make docs` -->", "<!-- end of fields -->"
TYPES = {str: "text", int: "whole number", bool: "true or false"}


def rows(schema: xmlschema.XMLSchema11, cls: type[Element], field_path: str, xml_path: str) -> Iterator[str]:
    """Yield a row for each field of an element, each followed by the rows of the fields below it."""
    for name, field in element_fields(cls).items():
        path, element_path = f"{field_path}{name}", f"{xml_path}/{xml_name(name)}"
        declared: Any = schema.find(element_path)
        values = [word for member in getattr(declared.type, "member_types", ()) for word in member.enumeration or ()]
        known = f" Known values: {', '.join(f'`{each}`' for each in values)}." if values else ""
        meaning = f"{declared.annotation}{known}"
        kind = TYPES.get(field.type, "")
        if field.item:
            kind = f"list of {kind}s" if kind else "list"
        yield f"| `{path}` | {kind} | {meaning} |"
        if issubclass(field.type, Element):
            below, item = (f"{path}[].", f"/{field.item}") if field.item else (f"{path}.", "")
            yield from rows(schema, field.type, below, element_path + item)


def values(root: ET.Element) -> Iterator[str]:
    """Yield a row for each known value of each list, with the elements that may have it."""
    for declared in root.findall(f"{XS}simpleType"):
        name = declared.get("name", "")
        fields = dict.fromkeys(each.get("name", "") for each in root.iter(f"{XS}element") if each.get("type") == name)
        names = ", ".join(f"`{field}`" for field in fields)
        for value in declared.iter(f"{XS}enumeration"):
            yield f"| {names} | `{value.get('value')}` | {value.findtext(f'{XS}annotation/{XS}documentation')} |"


def tables() -> str:
    """Return the tables as Markdown."""
    import xmlschema  # noqa: PLC0415  slow to load

    schema = xmlschema.XMLSchema11(ROOT / "schema" / "describe_job_result.xsd")
    list_schema = xmlschema.XMLSchema11(ROOT / "schema" / "list_jobs_result.xsd")
    fields = "\n".join(rows(schema, JobDescription, "", "/DescribeJobResult/Job"))
    summary = "\n".join(rows(list_schema, JobSummary, "", "/ListJobsResult/Jobs/member"))
    listed = "\n".join(values(schema.root))
    return (
        f"| output | type | meaning |\n|---|---|---|\n{fields}\n\n"
        "The jobs of a list have these fields, and like a job `unknown_elements` and `unknown_values`:\n\n"
        f"| output | type | meaning |\n|---|---|---|\n{summary}\n\n"
        "Values that the service is known to send, by the element's name:\n\n"
        f"| element | value | meaning |\n|---|---|---|\n{listed}\n"
    )


def with_table(page: str) -> str:
    """Return the page with its tables replaced by new ones."""
    return re.sub(f"(?s)(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", lambda _: tables(), page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
