"""Builds responses to ListJobs for tests: a page around the members that a test is about."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from documents import wrapped

__all__ = ["FULL_PAGE", "LEAVES_OF_MEMBERS", "MEMBER_ID", "in_member", "member", "page", "usual_member"]

MEMBER_ID = "00000000-0000-4000-8000-000000000007"
_REQUIRED = {"JobId": MEMBER_ID, "Status": "Complete"}
LEAVES_OF_MEMBERS = (
    "CreationTime",
    "Description",
    "JobId",
    "Operation",
    "Priority",
    "ProgressSummary/NumberOfTasksFailed",
    "ProgressSummary/NumberOfTasksSucceeded",
    "ProgressSummary/TotalNumberOfTasks",
    "ProgressSummary/AutoManifestStatus",
    "Status",
    "TerminationDate",
)


def member(inside: str = "", **instead: str | None) -> str:
    """Return a member: the required elements (replaced or left out by name), then the given content."""
    leaves = {**_REQUIRED, **instead}
    required = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in leaves.items() if text is not None)
    return f"<member>{required}{inside}</member>"


def usual_member(number: int, inside: str = "") -> str:
    """Return a member with every element that the service's pages show, as one of many."""
    counts = "".join(
        f"<{name}>{count}</{name}>"
        for name, count in (("NumberOfTasksFailed", 0), ("NumberOfTasksSucceeded", 10), ("TotalNumberOfTasks", 10))
    )
    return member(
        f"<ProgressSummary>{counts}</ProgressSummary>{inside}",
        CreationTime="2026-11-20T18:00:30Z",
        Description="nightly copy",
        JobId=f"00000000-0000-4000-8000-{number:012}",
        Operation="COSPutObjectCopy",
        TerminationDate="2026-11-20T18:20:30Z",
    )


def page(members: str | Iterable[str] = "", token: str | None = None, beside: str = "") -> bytes:
    """Return a page of members, with a token where one is given, and with something beside them."""
    listed = members if isinstance(members, str) else "".join(members)
    next_token = "" if token is None else f"<NextToken>{escape(token)}</NextToken>"
    return f"<ListJobsResult><Jobs>{listed}</Jobs>{next_token}{beside}</ListJobsResult>".encode()


def in_member(path: str, text: str) -> bytes:
    """Return a page in which the element at a path below the only member holds a text."""
    if path in _REQUIRED:
        return page(member(**{path: text}))
    return page(member(wrapped(path, escape(text))))


_FULL_MEMBER = (
    "<Priority>10</Priority><ProgressSummary><NumberOfTasksFailed>1</NumberOfTasksFailed>"
    "<NumberOfTasksSucceeded>9</NumberOfTasksSucceeded><TotalNumberOfTasks>10</TotalNumberOfTasks>"
    "<AutoManifestStatus>Failed</AutoManifestStatus></ProgressSummary>"
)
FULL_PAGE = page(
    [
        member(
            _FULL_MEMBER,
            CreationTime="2026-11-20T18:00:30Z",
            Description="nightly copy",
            Operation="COSPutObjectCopy",
            TerminationDate="2026-11-20T18:20:30Z",
        ),
        member(JobId="a", Status="New"),
    ],
    MEMBER_ID,
)
"""A page with every element, and a job that has the required ones only."""
