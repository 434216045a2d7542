"""The list of jobs, without a service: where it ends, which jobs are wanted, in which order, and bad arguments."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cosjob._errors import InvalidArgumentError, InvalidResponseError
from pulumi_cosjob._model.job_summary import JobPage, JobSummary
from pulumi_cosjob._service.job_list import MOST_PAGES, JobListing, check_listing, list_target, read_pages, wanted_jobs

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def listing(**arguments: Any) -> JobListing:
    """Check arguments at noon of a certain day."""
    return check_listing(now=NOW.timestamp(), **arguments)


class Service:
    """Responds with given pages, and notes the tokens that it receives."""

    def __init__(self, pages: Iterable[JobPage]) -> None:
        self._pages = iter(pages)
        self.tokens: list[str | None] = []

    def __call__(self, token: str | None) -> JobPage:
        """Return the next page."""
        self.tokens.append(token)
        return next(self._pages)


def job(job_id: str, created: str | None = "2026-11-20T00:00:00Z", **fields: Any) -> JobSummary:
    """Return a job."""
    return JobSummary(job_id, fields.pop("status", "Complete"), created, **fields)


def ids(jobs: Iterable[JobSummary]) -> list[str]:
    """Return the ids of jobs."""
    return [each.job_id for each in jobs]


def found(*jobs: JobSummary, **arguments: Any) -> list[str]:
    """Return the ids that a list of these jobs has."""
    return ids(wanted_jobs(Service([JobPage(jobs)]), listing(**arguments)))


@pytest.mark.parametrize(
    ("last", "tokens"),
    [
        (JobPage([job("b")]), [None, "a"]),
        (JobPage([], "c"), [None, "a"]),
        (JobPage([job("b")], "a"), [None, "a"]),
        (JobPage([]), [None, "a"]),
    ],
)
def test_a_list_ends_in_each_way(last: JobPage, tokens: list[str | None]) -> None:
    """It ends with a page without a token or without jobs, or with the token that was sent; that page counts."""
    service = Service([JobPage([job("a")], "a"), last])
    assert ids(wanted_jobs(service, listing())) == sorted({"a", *ids(last.jobs)})
    assert service.tokens == tokens


def test_a_list_without_end_is_an_error() -> None:
    """After 100 pages, each with a token of its own or with one of two in turn, nothing is returned."""
    for token in (map(str, itertools.count()), itertools.cycle("ab")):
        service = Service(JobPage([job(each)], each) for each in token)
        with pytest.raises(InvalidResponseError, match="does not end within 100 pages") as caught:
            wanted_jobs(service, listing())
        assert len(service.tokens) == MOST_PAGES == 100
        assert "by statuses" in caught.value.hint
    hundred = [JobPage([job(str(number))], str(number)) for number in range(99)] + [JobPage([job("last")])]
    assert len(wanted_jobs(Service(hundred), listing())) == 100


def test_pages_are_requested_one_by_one() -> None:
    """A reader that stops early requests no further page."""
    service = Service(JobPage([job(str(number))], str(number)) for number in itertools.count())
    assert ids(next(read_pages(service)).jobs) == ["0"]
    assert service.tokens == [None]


def test_the_newest_come_first() -> None:
    """Jobs are sorted by the instant of their creation, then by id; those without one come last."""
    jobs = [
        job("none-b", None),
        job("old", "2026-11-19T23:00:00Z"),
        job("same-b", "2026-11-20T08:00:00+08:00"),
        job("none-a", None),
        job("new", "2026-11-20T00:00:00.5Z"),
        job("same-a"),
    ]
    assert found(*jobs) == ["new", "same-a", "same-b", "old", "none-a", "none-b"]
    assert found(*jobs, limit=2) == ["new", "same-a"]
    assert found(*jobs, limit=99) == found(*jobs)


def test_a_job_on_two_pages_is_listed_once() -> None:
    """It counts as it was listed last: a job that has moved on since is not of its former status."""
    pages = [
        JobPage([job("a", status="Active"), job("b", status="Active")], "b"),
        JobPage([job("a", status="Complete")]),
    ]
    assert [(each.job_id, each.status) for each in wanted_jobs(Service(pages), listing())] == [
        ("a", "Complete"),
        ("b", "Active"),
    ]
    assert ids(wanted_jobs(Service(pages), listing(statuses="Active"))) == ["b"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"statuses": "Active"}, ["active"]),
        ({"statuses": ["Active", "Suspended"]}, ["active", "suspended"]),
        ({"statuses": ("Failed",)}, []),
        ({"description": "nightly*"}, ["active", "suspended"]),
        ({"description": "nightly"}, []),
        ({"description": "Nightly*"}, []),
        ({"description": "*[!y]"}, ["suspended"]),
        ({"description": "*"}, ["active", "suspended", "timeless"]),
        ({"description": ""}, ["timeless"]),
        ({"operation": "COSDeleteObject"}, ["suspended"]),
        ({"operation": "COSPutObjectAcl"}, ["active"]),
        ({"created_after": "2026-11-19T00:00:00Z"}, ["active"]),
        ({"created_after": "2026-11-19T08:00:00+08:00"}, ["active"]),
        ({"created_after": "2026-11-19"}, ["active"]),
        ({"created_after": "2026-11-19T00:00:00.000001"}, []),
        ({"created_after": "36h"}, ["active"]),
        ({"created_after": "35h59m59s"}, []),
        ({"created_after": timedelta(days=2)}, ["active"]),
        ({"created_after": NOW - timedelta(days=3)}, ["active", "suspended"]),
        ({"created_before": "2026-11-19"}, ["suspended"]),
        ({"created_before": "1d"}, ["active", "suspended"]),
        ({"created_after": "100d", "created_before": "36h"}, ["suspended"]),
        (
            {"created_after": "100d", "statuses": "Suspended", "description": "*sync", "operation": "COSDeleteObject"},
            ["suspended"],
        ),
    ],
)
def test_each_filter_is_applied_here(arguments: dict[str, Any], expected: list[str]) -> None:
    """A job is listed where all filters fit it, whatever the service has filtered; one without a time fits no time."""
    jobs = [
        job("active", "2026-11-19T00:00:00Z", status="Active", description="nightly copy", operation="COSPutObjectAcl"),
        job(
            "suspended",
            "2026-11-18T00:00:00Z",
            status="Suspended",
            description="nightly\nsync",
            operation="COSDeleteObject",
        ),
        job("timeless", None, status="Archiving"),
    ]
    assert found(*jobs, **arguments) == expected


def test_one_status_is_requested_and_several_are_not() -> None:
    """The service takes one status; the query is escaped, and has the largest page."""
    assert listing(statuses=["Active", "Active"]).requested_status == "Active"
    assert listing(statuses=["Active", "New"]).requested_status is None
    assert listing().requested_status is None
    assert list_target(None, None) == "/jobs?maxResults=1000"
    target = list_target("Active", "a&b=ü/+ %")
    assert dict(parse_qsl(urlsplit(target).query)) == {
        "jobStatuses": "Active",
        "maxResults": "1000",
        "nextToken": "a&b=ü/+ %",
    }
    assert target.isascii()


NO_TIMES: tuple[Any, ...] = (
    *("7 days", "7", "20261120", "2026-13-01", "2026-11-20T25:00:00Z", "", "yesterday", "0d", "367d", "-7d"),
    *(7, True, []),
)
BAD: list[tuple[Mapping[str, Any], str]] = [
    ({"statuses": "active"}, "statuses cannot be 'active'. Did you mean Active?"),
    ({"statuses": ["Active", "Canceled"]}, "statuses cannot be 'Canceled'. Did you mean Cancelled?"),
    ({"statuses": "Active,Ready"}, "statuses cannot be 'Active,Ready'."),
    ({"statuses": "zzz"}, "statuses cannot be 'zzz'. A status is one of Active, Cancelled, Cancelling, Complete,"),
    ({"statuses": "x" * 10_000}, "statuses cannot be 'xxx"),
    ({"statuses": []}, "statuses must not be empty. Leave it out for all jobs."),
    ({"statuses": [7]}, "statuses must be text, not a number"),
    ({"statuses": 7}, "statuses must be a status or several, not a number"),
    ({"statuses": b"Active"}, "statuses must be a status or several, not bytes"),
    ({"statuses": {"Active": True}}, "statuses must be a status or several, not an object"),
    *(({name: value}, f"{name} cannot be ") for name in ("created_after", "created_before") for value in NO_TIMES),
    ({"created_after": datetime(2026, 11, 20)}, "created_after must have a time zone."),  # noqa: DTZ001  what is tested
    ({"created_after": "1d", "created_before": "1d"}, "created_before cannot be '1d'. It is later than created_after."),
    ({"description": 7}, "description must be text, not a number. It is a glob"),
    ({"operation": "cos_put_object_copy"}, "operation cannot be 'cos_put_object_copy'. Did you mean COSPutObjectCopy?"),
    ({"operation": "PutObjectCopy"}, "operation cannot be 'PutObjectCopy'. Did you mean COSPutObjectCopy?"),
    ({"operation": "cosdeleteobject"}, "operation cannot be 'cosdeleteobject'. Did you mean COSDeleteObject?"),
    ({"operation": "copy objects"}, "operation cannot be 'copy objects'. It is the name of an operation's element"),
    ({"operation": 7}, "operation must be text, not a number"),
    ({"operation": ["COSPutObjectCopy"]}, "operation must be text, not a list"),
    ({"limit": 0}, "limit cannot be 0. It is a whole number from 1."),
    ({"limit": "5"}, "limit cannot be '5'."),
    ({"limit": True}, "limit cannot be True."),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=map(str, range(len(BAD))))
def test_a_bad_argument_is_refused_with_a_suggestion(arguments: Mapping[str, Any], message: str) -> None:
    """The message names the argument, its value, and what it may be; a mistyped word never means no jobs."""
    with pytest.raises(InvalidArgumentError) as caught:
        listing(**arguments)
    assert str(caught.value).startswith(message)
    assert caught.value.hint
    assert len(str(caught.value)) < 400


# ------------------------------------------------------------------------------------- against a plain implementation

STATUSES = ["Active", "Complete", "Failed", "Archiving"]
TIMES = [None, *(f"2026-11-{day:02}T00:00:00{zone}" for day in (17, 18, 19) for zone in ("Z", ".25Z", "+08:00", ""))]
JOBS = st.builds(
    JobSummary,
    job_id=st.sampled_from("abcdefgh"),
    status=st.sampled_from(STATUSES),
    creation_time=st.sampled_from(TIMES),
    description=st.sampled_from([None, "", "nightly copy", "Nightly", "n"]),
    operation=st.sampled_from([None, "COSPutObjectCopy", "COSNew"]),
)
PAGES = st.lists(
    st.builds(JobPage, st.lists(JOBS, max_size=5), st.sampled_from([None, "a", "b", "c", "d"])), max_size=8
)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "statuses": st.one_of(st.sampled_from(STATUSES[:3]), st.lists(st.sampled_from(STATUSES[:3]), min_size=1)),
        "created_after": st.sampled_from(["3d", "2026-11-18", "2026-11-17T16:00:00Z"]),
        "created_before": st.sampled_from(["1d", "2026-11-19", "2026-11-18T16:00:00.3Z"]),
        "description": st.sampled_from(["*", "n*", "[Nn]ightly*", "?", ""]),
        "operation": st.sampled_from(["COSPutObjectCopy", "COSNew"]),
        "limit": st.integers(1, 6),
    },
)
MOMENTS = {
    "3d": NOW - timedelta(days=3),
    "1d": NOW - timedelta(days=1),
    "2026-11-18": datetime(2026, 11, 18, tzinfo=timezone.utc),
    "2026-11-19": datetime(2026, 11, 19, tzinfo=timezone.utc),
    "2026-11-17T16:00:00Z": datetime(2026, 11, 17, 16, tzinfo=timezone.utc),
    "2026-11-18T16:00:00.3Z": datetime(2026, 11, 18, 16, 0, 0, 300_000, tzinfo=timezone.utc),
}


def plainly(pages: Sequence[JobPage], arguments: Mapping[str, Any]) -> list[JobSummary]:
    """Do what `wanted_jobs` does, step by step, without any of its parts but the time of a job."""
    read: list[JobSummary] = []
    sent = None
    for page in pages:
        read += page.jobs
        if not page.jobs or not page.next_token or page.next_token == sent:
            break
        sent = page.next_token
    last = [each for at, each in enumerate(read) if each.job_id not in ids(read[at + 1 :])]
    statuses = arguments.get("statuses", STATUSES)
    statuses = [statuses] if isinstance(statuses, str) else statuses
    kept = []
    for each in last:
        created = each.creation_datetime
        fits = each.status in statuses
        fits = fits and arguments.get("operation") in (None, each.operation)
        fits = fits and fnmatch.fnmatchcase(each.description or "", arguments.get("description", "*"))
        if "created_after" in arguments:
            fits = fits and created is not None and created >= MOMENTS[arguments["created_after"]]
        if "created_before" in arguments:
            fits = fits and created is not None and created < MOMENTS[arguments["created_before"]]
        kept += [each] * fits
    kept.sort(key=lambda each: each.job_id)
    timed = sorted((each for each in kept if each.creation_datetime), key=_created, reverse=True)
    return [*timed, *(each for each in kept if not each.creation_datetime)][: arguments.get("limit", len(kept))]


def _created(each: JobSummary) -> datetime:
    assert each.creation_datetime is not None
    return each.creation_datetime


@given(PAGES, ARGUMENTS)
def test_the_list_is_what_a_plain_implementation_returns(pages: list[JobPage], arguments: dict[str, Any]) -> None:
    """On any pages and for any filters, both return the same jobs in the same order."""
    served = [*pages, JobPage(())]
    wanted = wanted_jobs(Service(served), listing(**arguments))
    assert wanted == plainly(served, arguments)
