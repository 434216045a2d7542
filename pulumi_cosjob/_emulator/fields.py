"""The elements of a job as one table, read from the reference: what each may hold, and how Python names it.

The table serves two ways: it judges what CreateJob sends, and it turns Python values into elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from xml.etree.ElementTree import Element

from pulumi_cosjob._emulator.errors import ServiceError
from pulumi_cosjob._emulator.checks import check_name, check_text, shown
from pulumi_cosjob._emulator.scenarios import STATUSES
from pulumi_cosjob._emulator.xml import parse_fragment

__all__ = [
    "CREATE_JOB_REQUEST",
    "JOB",
    "Group",
    "check",
    "check_request",
    "element",
    "snake_case",
    "timestamp",
    "xml_name",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Text of so many bytes of UTF-8, or one of some values."""

    shortest: int = 0
    longest: int | None = None
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number."""

    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp or, where the pages disagree, the seconds since the epoch."""

    seconds_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Members:
    """Any number of elements of one name."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Group:
    """Elements of different names, in any order, each at most once; of a choice, exactly one."""

    children: Mapping[str, Kind]
    required: frozenset[str] = frozenset()
    choice: bool = False


Kind = Text | Integer | Boolean | Moment | Members | Group


def _one_of(*values: str) -> Text:
    return Text(values=frozenset(values))


_KEY_AND_VALUE = Group({"Key": Text(1), "Value": Text()}, required=frozenset({"Key", "Value"}))
# Pages disagree about the third one's name.
_DIRECTIVE = _one_of("Add", "Copy", "Replace", "Replaced")

_GRANT = Group(
    {
        "Grantee": Group(
            {"DisplayName": Text(), "Identifier": Text(1), "TypeIdentifier": _one_of("ID")},
            required=frozenset({"Identifier", "TypeIdentifier"}),
        ),
        "Permission": _one_of("FULL_CONTROL", "READ", "WRITE"),
    },
    required=frozenset({"Grantee", "Permission"}),
)

_COPY = Group(
    {
        "AccessControlDirective": _DIRECTIVE,
        "AccessControlGrants": Members("COSGrant", _GRANT),
        "CannedAccessControlList": _one_of("private", "public-read"),
        "MetadataDirective": _DIRECTIVE,
        "ModifiedSinceConstraint": Moment(seconds_allowed=True),
        "NewObjectMetadata": Group(
            {
                "CacheControl": Text(),
                "ContentDisposition": Text(),
                "ContentEncoding": Text(),
                "ContentType": Text(),
                "HttpExpiresDate": Text(),
                "SSEAlgorithm": _one_of("AES256"),
                "UserMetadata": Members("member", _KEY_AND_VALUE),
            }
        ),
        "NewObjectTagging": Members("COSTag", _KEY_AND_VALUE),
        "PrefixReplace": Boolean(),
        "ResourcesPrefix": Text(0, 1024),
        "StorageClass": Text(1),
        "TaggingDirective": _DIRECTIVE,
        "TargetKeyPrefix": Text(0, 1024),
        "TargetResource": Text(1),
        "UnModifiedSinceConstraint": Moment(seconds_allowed=True),
    },
    required=frozenset({"TargetResource"}),
)

_OPERATION = Group(
    {
        "COSDeleteObject": Group({}),
        "COSInitiateRestoreObject": Group(
            {"ExpirationInDays": Integer(1, 365), "JobTier": _one_of("Bulk", "Standard")},
            required=frozenset({"ExpirationInDays", "JobTier"}),
        ),
        "COSPutObjectCopy": _COPY,
        "COSPutObjectTagging": Group(
            {"TaggingDirective": _DIRECTIVE, "TagSet": Members("COSTag", _KEY_AND_VALUE)},
            required=frozenset({"TagSet"}),
        ),
    },
    choice=True,
)

_MANIFEST = Group(
    {
        "Location": Group(
            {"ETag": Text(1, 1024), "ObjectArn": Text(1, 1024), "ObjectVersionId": Text(1, 1024)},
            required=frozenset({"ETag", "ObjectArn"}),
        ),
        "Spec": Group(
            {
                "Fields": Members("member", _one_of("Bucket", "Ignore", "Key", "VersionId")),
                "Format": _one_of("COSBatchOperations_CSV_V1", "COSInventoryReport_CSV_V1"),
            },
            required=frozenset({"Format"}),
        ),
    },
    required=frozenset({"Location", "Spec"}),
)

_REPORT = Group(
    {
        "Bucket": Text(),
        "Enabled": Boolean(),
        "Format": _one_of("Report_CSV_V1"),
        "Prefix": Text(0, 256),
        "ReportScope": _one_of("AllTasks", "FailedTasksOnly"),
    },
    required=frozenset({"Enabled"}),
)

_GIVEN: dict[str, Kind] = {
    "ClientRequestToken": Text(1, 64),
    "ConfirmationRequired": Boolean(),
    "Description": Text(0, 256),
    "Manifest": _MANIFEST,
    "Operation": _OPERATION,
    "Priority": Integer(0, 2_147_483_647),
    "Report": _REPORT,
    "RoleArn": Text(1, 1024),
}

CREATE_JOB_REQUEST = Group(
    _GIVEN,
    required=frozenset({"ClientRequestToken", "Manifest", "Operation", "Priority", "Report", "RoleArn"}),
)

JOB = Group(
    {
        **_GIVEN,
        "CreationTime": Moment(),
        "FailureReasons": Members("JobFailure", Group({"FailureCode": Text(0, 64), "FailureReason": Text(0, 256)})),
        "JobId": Text(1, 64),
        "ProgressSummary": Group(
            {
                "NumberOfTasksFailed": Integer(),
                "NumberOfTasksSucceeded": Integer(),
                "TotalNumberOfTasks": Integer(),
            }
        ),
        "Status": Text(values=STATUSES),
        "StatusUpdateReason": Text(0, 256),
        "SuspendedCause": Text(0, 1024),
        "SuspendedDate": Moment(),
        "TerminationDate": Moment(),
    },
    required=frozenset({"JobId", "Status"}),
)

_SPELT_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Names whose capitals do not begin words.
_IRREGULAR = {"ETag": "etag", "UnModifiedSinceConstraint": "unmodified_since_constraint"}
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
# Longer numbers are refused for their length: reading them costs more than it is worth.
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")


def timestamp(when: float) -> str:
    """Return a time as the service writes it, such as `2019-12-19T18:00:30Z`.

    Args:
        when: Seconds since the epoch.
    """
    return datetime.fromtimestamp(int(when), tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def snake_case(name: str) -> str:
    """Return the Python name of an element."""
    return _IRREGULAR.get(name) or _SPELT_APART.sub("_", name).lower()


def xml_name(name: str, kind: Kind) -> str:
    """Return the name of an element that Python names.

    Args:
        name: The name in snake case, or the element's own name; one that no page knows begins with a capital.
        kind: What the element above may hold.

    Returns:
        The element's own name.

    Raises:
        ValueError: There is no such element.
    """
    known = kind.children if isinstance(kind, Group) else {}
    for candidate in known:
        if name in (candidate, snake_case(candidate)):
            return candidate
    if name[:1].isupper():
        return name
    names = ", ".join(sorted(snake_case(candidate) for candidate in known)) or "none here"
    raise ValueError(f"there is no element {shown(name)}; the elements are: {names}")


def element(name: str, value: Any, kind: Kind | None) -> Element:
    """Turn a Python value into an element.

    Args:
        name: The element's name.
        value: Text, a number, a bool or a datetime; a mapping or a sequence for an element that holds others,
            or its content as XML text; or an element, which is taken as it is.
        kind: What the element may hold; None if no page knows.

    Returns:
        The element.

    Raises:
        ValueError: The value names an element that does not exist, or is XML that is not well-formed.
        TypeError: No element can hold such a value.
    """
    if isinstance(value, Element):
        return value
    if isinstance(value, str) and isinstance(kind, (Group, Members)):
        return parse_fragment(check_name(name), check_text(name, value))
    made = Element(check_name(name))
    if isinstance(value, Mapping):
        made.extend(_children(value, kind))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        member = kind if isinstance(kind, Members) else Members("member", Text())
        made.extend([element(member.name, item, member.kind) for item in value])
    else:
        made.text = _text(name, value)
    return made


def _children(values: Mapping[str, Any], kind: Kind | None) -> list[Element]:
    """Turn the entries of a mapping into elements, leaving out those that are None."""
    group = kind if isinstance(kind, Group) else Group({})
    named = [(xml_name(key, group), value) for key, value in values.items() if value is not None]
    return [element(name, value, group.children.get(name)) for name, value in named]


def _text(name: str, value: Any) -> str:
    """Return the text of a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value.timestamp())
    if isinstance(value, (str, int, float)):
        return check_text(name, str(value))
    raise TypeError(f"an element {name} cannot hold {shown(value)}")


def check_request(root: Element) -> None:
    """Judge what CreateJob is given: each element, and what one of them demands of another.

    Args:
        root: The document.

    Raises:
        Refused: MalformedXML for a wrong structure, InvalidArgument for a wrong value.
    """
    check(root, CREATE_JOB_REQUEST)
    if root.findtext("Manifest/Spec/Format") == "COSBatchOperations_CSV_V1":
        _demand(root, "Manifest/Spec", ["Fields"], "of a CSV manifest")
    if root.findtext("Report/Enabled") == "true":
        _demand(root, "Report", ["Bucket", "Format", "ReportScope"], "where it is enabled")
    copy = "Operation/COSPutObjectCopy"
    if root.findtext(f"{copy}/TaggingDirective") in ("Add", "Replace", "Replaced"):
        _demand(root, copy, ["NewObjectTagging"], "where TaggingDirective adds or replaces")


def _demand(root: Element, path: str, names: Sequence[str], when: str) -> None:
    """Refuse an element in which others are missing or empty."""
    missing = [name for name in names if _is_empty(root.find(f"{path}/{name}"))]
    if missing:
        raise ServiceError("MalformedXML", f"{path} lacks {', '.join(missing)}; it needs that {when}.")


def _is_empty(node: Element | None) -> bool:
    return node is None or not (len(node) or (node.text or "").strip())


def check(node: Element, kind: Kind) -> None:
    """Judge an element that a request holds.

    Args:
        node: The element.
        kind: What it may hold.

    Raises:
        Refused: MalformedXML for a wrong structure, InvalidArgument for a wrong value.
    """
    if isinstance(kind, Group):
        _check_group(node, kind)
    elif isinstance(kind, Members):
        _check_members(node, kind)
    elif len(node):
        raise ServiceError("MalformedXML", f"{node.tag} holds text, not elements.")
    else:
        _check_value(node.tag, node.text or "", kind)


def _check_group(node: Element, group: Group) -> None:
    """Judge an element that holds elements of different names."""
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
        # The vendor's own SDK sends words that are not given as empty elements.
        is_absent = _is_empty(child) and child.tag not in group.required and isinstance(kind, Text) and kind.values
        if not is_absent:
            check(child, kind)


def _check_members(node: Element, members: Members) -> None:
    """Judge an element that holds elements of one name."""
    _refuse_stray_text(node)
    for child in node:
        if child.tag != members.name:
            raise ServiceError("MalformedXML", f"{node.tag} holds {members.name}, not {child.tag}.")
        check(child, members.kind)


def _refuse_stray_text(node: Element) -> None:
    """Refuse text where only elements belong."""
    if any((text or "").strip() for text in (node.text, *(child.tail for child in node))):
        raise ServiceError("MalformedXML", f"{node.tag} holds elements, not text.")


def _check_value(name: str, text: str, kind: Text | Integer | Boolean | Moment) -> None:
    """Judge the text of an element."""
    problem = _problem(text, kind)
    if problem is not None:
        raise ServiceError("InvalidArgument", f"{name} {problem}.")


def _problem(text: str, kind: Text | Integer | Boolean | Moment) -> str | None:
    """Return what is wrong with a text, as the rest of a sentence, or None."""
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
    """Return what is wrong with a whole number, as the rest of a sentence, or None."""
    if not _INTEGER.fullmatch(text):
        return "is not a whole number"
    if int(text) < kind.least or (kind.most is not None and int(text) > kind.most):
        return f"must lie between {kind.least} and {kind.most}"
    return None
