"""Valid and invalid pages of a list of jobs by name, on which all XSD 1.1 processors have to agree."""

from __future__ import annotations

from collections.abc import Callable

from documents import emptied, wrapped
from list_documents import FULL_PAGE, LEAVES_OF_MEMBERS, MEMBER_ID, in_member, member, page, usual_member
from schema_corpus import COUNTS, SPACES
from schema_reference import STATUSES

__all__ = ["INVALID_PAGES", "UNUSUAL_PAGES", "VALID_PAGES"]

_MEMBER = "/ListJobsResult/Jobs/member"
_REQUIRED = {f"{_MEMBER}/JobId", f"{_MEMBER}/Status", *(f"{_MEMBER}/ProgressSummary/{name}" for name in COUNTS)}
_EMPTIED = dict(enumerate(emptied(FULL_PAGE)))
_TYPED = {"CreationTime", "TerminationDate", "Priority", "Status", *(f"ProgressSummary/{name}" for name in COUNTS)}
_XSI = b" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
# White space that XML does not know, where only elements are.
_PLACES: dict[str, Callable[[str], bytes]] = {
    "before Jobs": lambda space: page().replace(b"<Jobs>", f"{space}<Jobs>".encode()),
    "in Jobs": lambda space: page(f"{space}{member()}"),
    "between members": lambda space: page(f"{member()}{space}{member(JobId='a')}"),
    "in a member": lambda space: page(member(space)),
    "in the counts of a member": lambda space: page(member(wrapped("ProgressSummary", f"{space}<Other/>"))),
}

VALID_PAGES = {
    "page: full": FULL_PAGE,
    "page: nothing": b"<ListJobsResult/>",
    "page: no members": b"<ListJobsResult><Jobs/></ListJobsResult>",
    "page: no Jobs": b"<ListJobsResult><NextToken>a</NextToken></ListJobsResult>",
    "page: token first": page(member()).replace(b"<Jobs>", b"<NextToken>a</NextToken><Jobs>"),
    "page: token empty": page(member(), ""),
    "page: token of white space": page(member(), " \n"),
    "page: token of 65 bytes": page(member(), "a" * 65),
    "page: a hundred members": page(map(usual_member, range(100))),
    "page: the same member twice": page(member() * 2),
    "page: any order": page(f"<member><Status>New</Status><Priority>1</Priority><JobId>{MEMBER_ID}</JobId></member>"),
    "page: unknown beside Jobs": page(member(), beside="<RequestId>1</RequestId><IsTruncated/>"),
    "page: unknown beside members": page(f"<Total>1</Total>{member()}<Total>2</Total>"),
    "page: unknown in a member": page(member("<RoleArn a='b'><Status>Bogus</Status>text</RoleArn>")),
    "page: unknown in the counts": page(
        member(wrapped("ProgressSummary", "<NumberOfTasksSkipped>1</NumberOfTasksSkipped>"))
    ),
    "page: unknown attributes": page(member()).replace(b"<member>", b"<member a='b'>"),
    "page: unknown status": page(member(Status="Archiving")),
    "page: status with space": page(member(Status=" Active\n")),
    "page: status of two words": page(member(Status=" Waiting  for\ncapacity")),
    "page: unknown operation": in_member("Operation", "COSPutObjectAcl"),
    "page: operation of many words": in_member("Operation", " of\n many words "),
    "page: any status of a manifest": in_member("ProgressSummary/AutoManifestStatus", " 失败 "),
    "page: time with offset": in_member("CreationTime", "2019-12-19T18:00:30.5+08:00"),
    "page: time with space": in_member("TerminationDate", " 2019-12-19T18:00:30Z\n"),
    "page: priority plus": in_member("Priority", "+5"),
    "page: count of 64 bits": in_member("ProgressSummary/TotalNumberOfTasks", str(2**64 - 1)),
    "page: description of 257 bytes": in_member("Description", "a" * 257),
    "page: id of 21 han": page(member(JobId="档" * 21)),
    "page: no counts": page(member("<ProgressSummary/>")),
    **{f"page: status {word}": page(member(Status=word)) for word in STATUSES.split()},
    **{f"page: emptied {n} {path}": each for n, (path, each) in _EMPTIED.items() if path not in (*_REQUIRED, _MEMBER)},
    **{f"page: space {place}": make(" \t\r\n") for place, make in _PLACES.items()},
}
UNUSUAL_PAGES = {"page: unknown attributes", "page: priority plus", "page: status of two words"}
"""Valid according to the processors, although the compiled checks do not recognise them."""

INVALID_PAGES = {
    "page: another root": b"<ListJobs/>",
    "page: two Jobs": b"<ListJobsResult><Jobs/><Jobs/></ListJobsResult>",
    "page: two tokens": page(member(), "a", beside="<NextToken>a</NextToken>"),
    "page: element in the token": page(member(), beside="<NextToken>a<b/></NextToken>"),
    "page: text beside members": page(f"text{member()}"),
    "page: text beside Jobs": page().replace(b"<Jobs>", b"text<Jobs>"),
    "page: text in a member": page(member("text")),
    "page: no JobId": page(member(JobId=None)),
    "page: no Status": page(member(Status=None)),
    "page: one without a JobId": page([member(), member(JobId=None), member()]),
    **{f"page: emptied {n} {path}": each for n, (path, each) in _EMPTIED.items() if path in (*_REQUIRED, _MEMBER)},
    **{
        f"page: second {path}": page(
            member(f"<{path}/><{path}/>" if path not in ("JobId", "Status") else f"<{path}>a</{path}>")
        )
        for path in (*(each for each in LEAVES_OF_MEMBERS if "/" not in each), "ProgressSummary")
    },
    **{
        f"page: second {name}": page(member(wrapped("ProgressSummary", f"<{name}>1</{name}>" * 2)))
        for name in (*COUNTS, "AutoManifestStatus")
    },
    **{f"page: element in {path}": page(member(wrapped(path, "<b/>"))) for path in LEAVES_OF_MEMBERS},
    **{f"page: foreign space in {path}": in_member(path, "\u00a01") for path in sorted(_TYPED)},
    "page: status of 65 characters": page(member(Status="~" * 65)),
    "page: status of another script": page(member(Status="完成")),
    "page: status nil": page(member()).replace(b"<Status>Complete", b"<Status" + _XSI + b" xsi:nil='true'>"),
    "page: id of 65 bytes": page(member(JobId="a" * 65)),
    "page: id of 22 han": page(member(JobId="档" * 22)),
    "page: priority negative": in_member("Priority", "-1"),
    "page: priority word": in_member("Priority", "urgent"),
    "page: count negative": in_member("ProgressSummary/NumberOfTasksFailed", "-1"),
    "page: count of 65 bits": in_member("ProgressSummary/NumberOfTasksFailed", str(2**64)),
    "page: date only": in_member("CreationTime", "2019-12-19"),
    "page: leap second": in_member("TerminationDate", "2019-12-31T23:59:60Z"),
    **{f"page: {name} space {place}": make(space) for name, space in SPACES.items() for place, make in _PLACES.items()},
}
