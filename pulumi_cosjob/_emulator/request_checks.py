"""Checks of the document that CreateJob receives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from pulumi_cosjob._emulator.elements import CREATE_JOB_REQUEST, Boolean, Group, Integer, Kind, Members, Moment, Text
from pulumi_cosjob._emulator.errors import ServiceError

__all__ = ["check_request"]

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
# Longer numbers are refused without being read.
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")


def check_request(root: Element) -> None:
    """Check the request of CreateJob: each element, and which elements others require.

    Args:
        root: The document.

    Raises:
        ServiceError: MalformedXML for a wrong structure, InvalidArgument for a wrong value.
    """
    _check(root, CREATE_JOB_REQUEST)
    if root.findtext("Manifest/Spec/Format") == "COSBatchOperations_CSV_V1":
        _require(root, "Manifest/Spec", ["Fields"], "for a CSV manifest")
    if root.findtext("Report/Enabled") == "true":
        _require(root, "Report", ["Bucket", "Format", "ReportScope"], "for a report that is enabled")
    copy = "Operation/COSPutObjectCopy"
    if root.findtext(f"{copy}/TaggingDirective") in ("Add", "Replace", "Replaced"):
        _require(root, copy, ["NewObjectTagging"], "for a TaggingDirective that adds or replaces tags")


def _require(root: Element, path: str, names: Sequence[str], case: str) -> None:
    """Refuse an element whose required children are missing or empty."""
    missing = [name for name in names if _is_empty(root.find(f"{path}/{name}"))]
    if missing:
        raise ServiceError("MalformedXML", f"{path} lacks {', '.join(missing)}, required {case}.")


def _is_empty(node: Element | None) -> bool:
    return node is None or not (len(node) or (node.text or "").strip())


def _check(node: Element, kind: Kind) -> None:
    """Check an element of a request, and those below it."""
    if isinstance(kind, Group):
        _check_group(node, kind)
    elif isinstance(kind, Members):
        _check_members(node, kind)
    elif len(node):
        raise ServiceError("MalformedXML", f"{node.tag} holds text, not elements.")
    else:
        _check_value(node.tag, node.text or "", kind)


def _check_group(node: Element, group: Group) -> None:
    """Check an element that holds elements of different names."""
    _refuse_stray_text(node)
    names = [child.tag for child in node]
    for name in names:
        if name not in group.children:
            raise ServiceError("MalformedXML", f"{node.tag} holds no element {name}.")
        if names.count(name) > 1:
            raise ServiceError("MalformedXML", f"{node.tag} holds {name} more than once.")
    missing = sorted(group.required.difference(names))
    if missing:
        raise ServiceError("MalformedXML", f"{node.tag} lacks {', '.join(missing)}.")
    if group.choice and len(names) != 1:
        raise ServiceError("MalformedXML", f"{node.tag} holds exactly one of {', '.join(sorted(group.children))}.")
    for child in node:
        kind = group.children[child.tag]
        # The vendor's own SDK sends empty elements for words that are not given.
        is_absent = _is_empty(child) and child.tag not in group.required and isinstance(kind, Text) and kind.values
        if not is_absent:
            _check(child, kind)


def _check_members(node: Element, members: Members) -> None:
    """Check an element that holds elements of one name."""
    _refuse_stray_text(node)
    for child in node:
        if child.tag != members.name:
            raise ServiceError("MalformedXML", f"{node.tag} holds {members.name}, not {child.tag}.")
        _check(child, members.kind)


def _refuse_stray_text(node: Element) -> None:
    """Refuse text where only elements belong."""
    if any((text or "").strip() for text in (node.text, *(child.tail for child in node))):
        raise ServiceError("MalformedXML", f"{node.tag} holds elements, not text.")


def _check_value(name: str, text: str, kind: Text | Integer | Boolean | Moment) -> None:
    """Check the text of an element."""
    problem = _problem(text, kind)
    if problem is not None:
        raise ServiceError("InvalidArgument", f"{name} {problem}.")


def _problem(text: str, kind: Text | Integer | Boolean | Moment) -> str | None:
    """Return the mistake in a text, as the rest of a sentence, or None."""
    if isinstance(kind, Boolean):
        return None if text in ("true", "false") else "is neither true nor false"
    if isinstance(kind, Integer):
        return _problem_of_integer(text, kind)
    if isinstance(kind, Moment):
        fits = _TIMESTAMP.fullmatch(text) or (kind.seconds_allowed and _INTEGER.fullmatch(text))
        return None if fits else "is not a timestamp"
    if kind.values:
        return None if text in kind.values else f"is none of {', '.join(sorted(kind.values))}"
    length = len(text.encode())
    if length < kind.shortest or (kind.longest is not None and length > kind.longest):
        limits = f"at least {kind.shortest}" if kind.longest is None else f"{kind.shortest} to {kind.longest}"
        return f"has {length} bytes; it must have {limits}"
    return None


def _problem_of_integer(text: str, kind: Integer) -> str | None:
    """Return the mistake in a whole number, as the rest of a sentence, or None."""
    if not _INTEGER.fullmatch(text):
        return "is not a whole number"
    if int(text) < kind.least or (kind.most is not None and int(text) > kind.most):
        return f"must lie between {kind.least} and {kind.most}"
    return None
