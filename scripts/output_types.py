"""Writes the types of a job's fields as outputs. `make docs` runs it; a test checks the result.

Names, types and texts come from the classes in `_model`, which other tests compare with the schemas.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pulumi

from pulumi_cosjob._model import job as job_module
from pulumi_cosjob._model import job_summary as summary_module

MODULE = Path(job_module.__file__).parents[1] / "_program" / "output_types.py"
BEGIN = "# Written by `make docs` from here on.\n"
WIDTH = 120


def definitions() -> dict[str, ast.ClassDef]:
    """Return all classes of a job and of a list's jobs by name, in their order."""
    trees = [ast.parse(inspect.getsource(module)) for module in (job_module, summary_module)]
    return {each.name: each for tree in trees for each in tree.body if isinstance(each, ast.ClassDef)}


def classes() -> dict[str, ast.ClassDef]:
    """Return the classes of elements by name, in their order."""
    found: dict[str, ast.ClassDef] = {}
    for name, each in definitions().items():
        if {"Element", *found} & {*map(ast.unparse, each.bases)}:
            found[name] = each
    return found


def bases(cls: ast.ClassDef) -> list[ast.ClassDef]:
    """Return the base classes of a class that are in these modules."""
    return [definitions()[name] for name in map(ast.unparse, cls.bases) if name in definitions()]


def fields(cls: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Return annotation and docstring of each field of a class and of its base classes."""
    found = {}
    for each in (*bases(cls), cls):
        for node, after in zip(each.body, [*each.body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign):
                found[ast.unparse(node.target)] = (ast.unparse(node.annotation), _text(after))
    return found


def properties(cls: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Return type and docstring of each property of a class and of its base classes."""
    nodes = [node for each in (*bases(cls), cls) for node in each.body]
    found = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.returns]
    return {node.name: (ast.unparse(node.returns), _text(node.body[0])) for node in found if node.returns}


def _text(node: ast.stmt | None) -> str:
    """Return the text of a docstring, on one line; an empty text for any other statement."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def output_type(annotation: str) -> str:
    """Return the type of an output: a class of this module for an element or a list of them."""
    node = ast.parse(annotation, mode="eval").body
    inner = node.left if isinstance(node, ast.BinOp) else node
    is_list = isinstance(inner, ast.Subscript)
    item = ast.unparse(inner.slice if isinstance(inner, ast.Subscript) else inner)
    if item not in classes():
        return f"pulumi.Output[{annotation}]"
    return f"ListOutput[{item}, {item}Output]" if is_list else f"{item}Output"


def _docstring(text: str, indent: str = "    ") -> str:
    if len(f'{indent}"""{text}"""') <= WIDTH:
        return f'{indent}"""{text}"""'
    # The closing quotes on a line of their own, as the formatter writes them.
    return textwrap.fill(f'"""{text}', WIDTH, initial_indent=indent, subsequent_indent=indent) + f'\n{indent}"""'


def _class(head: str, text: str, members: dict[str, tuple[str, str]]) -> Iterator[str]:
    yield f"\n\nclass {head}:\n{_docstring(text)}\n"
    for name, (annotation, meaning) in members.items():
        # `format` is both a field and a method of outputs.
        hides = "  # type: ignore[assignment]" if hasattr(pulumi.Output, name) else ""
        yield f"\n    {name}: {output_type(annotation)}{hides}\n{_docstring(meaning)}\n"


def declarations() -> Iterator[str]:
    """Yield the classes, piece by piece."""
    for name, cls in classes().items():
        if name not in ("JobDescription", "JobSummary"):
            yield from _class(f"{name}Output(TypedOutput[{name} | None])", _text(cls.body[0]), fields(cls))
    job = classes()["JobDescription"]
    yield from _class("JobFields", "The fields of a job, each as an output.", fields(job))
    text = "A whole job as an output, and its fields."
    yield from _class("JobDescriptionOutput(JobFields, TypedOutput[JobDescription])", text, properties(job))
    result = {"result": ("JobDescription", "The whole job.")}
    yield from _class("JobAttributes(JobFields)", "The attributes of a resource that represents a job.", result)
    summary = classes()["JobSummary"]
    text = "A job of a list as an output, and its fields."
    members = {**fields(summary), **properties(summary)}
    yield from _class("JobSummaryOutput(TypedOutput[JobSummary])", text, members)


def with_declarations(module: str) -> str:
    """Return the module with its generated part replaced by a new one."""
    return module.partition(BEGIN)[0] + BEGIN + "".join(declarations())


if __name__ == "__main__":
    MODULE.write_text(with_declarations(MODULE.read_text(encoding="utf-8")), encoding="utf-8")
