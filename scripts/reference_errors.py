"""Writes the page on the classes of errors and on the service's codes, from the tree and the table of meanings."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_cosjob import CosJobError, CosJobWarning, _errors
from pulumi_cosjob._messages import render
from pulumi_cosjob._service.responses import _MEANINGS, CREDENTIALS_HINT, parse_response
from pulumi_cosjob._service.transport import Response
from reference_parts import NOTICE, code, first_sentence, section, table, text_of

__all__ = ["page"]

_HEAD = f"""# Classes of errors, and codes

{NOTICE}

What each error means and what to do about it stands in [Errors, and what to do](../errors.md). This page lists the
classes with their attributes, and the codes of the service that have a meaning of their own.

Each error is a class of `pulumi_cosjob`, and is caught as `CosJobError` too. `{CosJobWarning.__name__}` is the class of
warnings.
"""


def _tree(cls: type[CosJobError], depth: int = 0) -> Iterator[tuple[int, type[CosJobError]]]:
    """Yield a class, then those that derive from it, in the order of the module."""
    yield depth, cls
    for below in vars(_errors).values():
        if isinstance(below, type) and below.__bases__[:1] == (cls,):
            yield from _tree(below, depth + 1)


def _rows() -> Iterator[tuple[str, str, str]]:
    for _depth, cls in _tree(CosJobError):
        bases = [base.__name__ for base in cls.__bases__]
        yield code(cls.__name__), code(*bases), text_of(cls)


def _attributes() -> Iterator[tuple[str, str, str]]:
    for _depth, cls in _tree(CosJobError):
        for name, meaning in section(cls, "Attributes").items():
            yield code(cls.__name__), code(name), meaning


def _codes() -> Iterator[tuple[str, str, str, str]]:
    for name, (cls, meaning, hint) in _MEANINGS.items():
        what = (
            f"{first_sentence(render(hint))} [Where](settings.md#credentials)."
            if hint is CREDENTIALS_HINT
            else render(hint)
        )
        yield code(name), code(cls.__name__), meaning, what


def _statuses() -> Iterator[tuple[str, str]]:
    """Yield each class with the HTTP statuses that lead to it, where the code has no meaning of its own."""
    found: dict[str, list[str]] = {}
    for status in (*range(400, 432), 451, *range(500, 512)):
        response = Response(status, {}, b"<Error><Code>AnyOther</Code></Error>")
        try:
            parse_response(response, job_id="job", endpoint="https://example.com")
        except CosJobError as error:
            found.setdefault(type(error).__name__, []).append(str(status))
    rest = max(found, key=lambda name: name == "ServiceError")
    for name, statuses in found.items():
        yield code(name), "all others" if name == rest else ", ".join(statuses)


def page() -> str:
    """Return the page."""
    drawing = "".join(f"{'    ' * depth}{cls.__name__}\n" for depth, cls in _tree(CosJobError))
    return (
        f"{_HEAD}\n```text\n{drawing}```\n\n"
        f"## Classes\n\n{table(('class', 'derives from', 'meaning'), _rows())}\n"
        f"## Attributes\n\nEach class has those of the classes that it derives from, too.\n\n"
        f"{table(('class', 'attribute', 'meaning'), _attributes())}\n"
        "## Codes of the service\n\n`code` has the service's own code. Hints name arguments as Python does.\n\n"
        f"{table(('code', 'class', 'meaning', 'what to do'), _codes())}\n"
        f"With any other code, the HTTP status decides:\n\n{table(('class', 'HTTP status'), _statuses())}"
    )
