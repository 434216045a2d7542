"""Write the table of output fields from the schema; `make docs` runs it, and a test checks that it was run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._job import Element, JobDescription, element_fields, xml_name

if TYPE_CHECKING:
    import xmlschema

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "fields.md"
BEGIN, END = "<!-- fields: written by `make docs` -->", "<!-- end of fields -->"
TYPES = {str: "text", int: "whole number", bool: "true or false"}


def rows(schema: xmlschema.XMLSchema11, cls: type[Element], field_path: str, xml_path: str) -> Iterator[str]:
    """Yield a row for each field of an element, those below it after it."""
    for name, field in element_fields(cls).items():
        path, element_path = f"{field_path}{name}", f"{xml_path}/{xml_name(name)}"
        declared: Any = schema.find(element_path)
        values = getattr(declared.type, "enumeration", None)
        meaning = str(declared.annotation) + (f" One of {', '.join(f'`{each}`' for each in values)}." if values else "")
        kind = TYPES.get(field.type, "")
        if field.item:
            kind = f"list of {kind}s" if kind else "list"
        yield f"| `{path}` | {kind} | {meaning} |"
        if issubclass(field.type, Element):
            below, item = (f"{path}[].", f"/{field.item}") if field.item else (f"{path}.", "")
            yield from rows(schema, field.type, below, element_path + item)


def table() -> str:
    """Return the table as Markdown."""
    import xmlschema  # noqa: PLC0415  slow to load

    schema = xmlschema.XMLSchema11(ROOT / "schema" / "describe_job_result.xsd")
    body = "\n".join(rows(schema, JobDescription, "", "/DescribeJobResult/Job"))
    return f"| output | type | meaning |\n|---|---|---|\n{body}\n"


def with_table(page: str) -> str:
    """Return the page with the table as it should be."""
    return re.sub(f"(?s)(?<={re.escape(BEGIN)}\n).*(?={re.escape(END)})", lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
