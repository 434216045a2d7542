"""The list of an account's jobs: which pages are requested, where it ends, and which of its jobs are wanted.

The service promises neither an order nor that it filters as requested, and its last page may have a token like any
other. So all pages are read, to an end that can show in four ways; then the jobs are filtered and sorted here.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pulumi_cosjob._checks import check_number, check_timeout
from pulumi_cosjob._errors import InvalidArgumentError, InvalidResponseError
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.element import element_fields
from pulumi_cosjob._model.job import Operation, instant
from pulumi_cosjob._model.naming import xml_name
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._records import Record
from pulumi_cosjob._text import format_value, kind_of, quoted

if TYPE_CHECKING:
    from pulumi_cosjob._model.job_summary import JobPage, JobSummary

__all__ = ["FILTERS", "MOST_PAGES", "JobListing", "check_listing", "list_target", "read_pages", "wanted_jobs"]

MOST_PAGES = 100
"""How many pages of a list are read; a longer list is an error, as a part of it would appear to be all."""

FILTERS = ("statuses", "created_after", "created_before", "description", "operation", "limit")
"""The arguments of `check_listing` that select jobs, each of which is optional."""

_JOBS_PER_PAGE = 1000
_OPERATIONS = tuple(map(xml_name, element_fields(Operation)))
_OPERATION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r".*[dhms]")
_TIME_HINT = (
    'It is a datetime with a time zone, a text such as "2026-11-20T18:00:30Z" or "2026-11-20" (UTC if it has no '
    'offset), or a duration back from now such as "7d".'
)
_ENDLESS_HINT = Message(
    "List the jobs of one status by {statuses}. Report this if the account has not created that many jobs in 90 days."
)


class JobListing(Record):
    """Which jobs are wanted; None is no limit. `check_listing` makes one of arguments.

    Attributes:
        statuses: The statuses.
        created_after: The earliest time of creation.
        created_before: The time of creation before which the jobs were created.
        description: A glob that the whole description matches.
        operation: Name of the operation's element.
        limit: How many jobs are wanted, the newest.
    """

    statuses: frozenset[str] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    description: str | None = None
    operation: str | None = None
    limit: int | None = None

    @property
    def requested_status(self) -> str | None:
        """The status that the service is to filter by: it takes a single one."""
        return next(iter(self.statuses)) if self.statuses is not None and len(self.statuses) == 1 else None

    def wants(self, job: JobSummary) -> bool:
        """Return whether a job is wanted, whatever the service has filtered."""
        if self.statuses is not None and job.status not in self.statuses:
            return False
        if self.operation is not None and job.operation != self.operation:
            return False
        # A description that is absent is an empty one.
        if self.description is not None and not fnmatch.fnmatchcase(job.description or "", self.description):
            return False
        if self.created_after is None and self.created_before is None:
            return True
        created = job.creation_datetime
        if created is None or (self.created_after is not None and created < self.created_after):
            return False
        return self.created_before is None or created < self.created_before


def wanted_jobs(fetch: Callable[[str | None], JobPage], listing: JobListing) -> list[JobSummary]:
    """Return the wanted jobs, newest first, those of the same time by their ids, those without a time last.

    Args:
        fetch: Returns the page for a token; None is the first page.
        listing: Which jobs are wanted.

    Raises:
        InvalidResponseError: The list has more than `MOST_PAGES` pages.
    """
    # A job that is listed twice counts as it was listed last.
    jobs = {job.job_id: job for page in read_pages(fetch) for job in page.jobs}
    return sorted(filter(listing.wants, jobs.values()), key=_newest_first)[: listing.limit]


def read_pages(fetch: Callable[[str | None], JobPage]) -> Iterator[JobPage]:
    """Yield the pages up to the last: the one without a token or without jobs, or with the token that was sent.

    Args:
        fetch: Returns the page for a token; None is the first page.

    Raises:
        InvalidResponseError: There are more than `MOST_PAGES` pages.
    """
    token = None
    for _ in range(MOST_PAGES):
        page = fetch(token)
        yield page
        if not page.jobs or page.next_token in (None, token):
            return
        token = page.next_token
    raise InvalidResponseError(f"the list of jobs does not end within {MOST_PAGES} pages", hint=_ENDLESS_HINT)


def list_target(status: str | None, token: str | None) -> str:
    """Return the path and the query of a request for a page.

    Args:
        status: The status that the service is to filter by; None for all jobs.
        token: The token of the page; None for the first.
    """
    query = {"jobStatuses": status, "maxResults": str(_JOBS_PER_PAGE), "nextToken": token}
    return "/jobs?" + "&".join(f"{name}={quote(text, safe='')}" for name, text in query.items() if text is not None)


def _newest_first(job: JobSummary) -> tuple[float, str]:
    created = job.creation_datetime
    return (float("inf") if created is None else -created.timestamp(), job.job_id)


def check_listing(
    *,
    now: float,
    statuses: Any = None,
    created_after: Any = None,
    created_before: Any = None,
    description: Any = None,
    operation: Any = None,
    limit: Any = None,
) -> JobListing:
    """Return which jobs are wanted; arguments as for `CosBatchClient.list_jobs`.

    Args:
        now: The time that durations count back from, in seconds since the epoch.
        statuses: A status or several.
        created_after: The earliest time of creation.
        created_before: The time of creation before which the jobs were created.
        description: A glob.
        operation: Name of the operation's element.
        limit: How many jobs are wanted.

    Raises:
        InvalidArgumentError: One of them cannot be used.
    """
    after, before = _time("created_after", created_after, now), _time("created_before", created_before, now)
    if after is not None and before is not None and after >= before:
        problem, later = f"cannot be {format_value(created_before)}", Message("It is later than {created_after}.")
        raise InvalidArgumentError("created_before", problem, hint=later)
    if description is not None and not isinstance(description, str):
        hint = 'It is a glob such as "nightly*", in which * is any text, ? any character and [ab] one of some.'
        raise InvalidArgumentError("description", f"must be text, not {kind_of(description)}", hint=hint)
    return JobListing(
        statuses=_statuses(statuses),
        created_after=after,
        created_before=before,
        description=description,
        operation=_operation(operation),
        limit=None if limit is None else check_number("limit", limit, 1),
    )


def _statuses(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    hint = f"A status is one of {', '.join(sorted(STATES))}."
    several = [value] if isinstance(value, str) else value
    if isinstance(several, (bytes, Mapping)) or not isinstance(several, Iterable):
        raise InvalidArgumentError("statuses", f"must be a status or several, not {kind_of(value)}", hint=hint)
    checked = frozenset(_status(each, hint) for each in several)
    if not checked:
        raise InvalidArgumentError("statuses", "must not be empty", hint=f"Leave it out for all jobs. {hint}")
    return checked


def _status(value: Any, hint: str) -> str:
    if not isinstance(value, str):
        raise InvalidArgumentError("statuses", f"must be text, not {kind_of(value)}", hint=hint)
    if value in STATES:
        return value
    known = {each.lower(): each for each in STATES}
    import difflib  # noqa: PLC0415  needed for a refused word only

    close = difflib.get_close_matches(value.lower()[:64], known, n=1)
    raise InvalidArgumentError(
        "statuses", f"cannot be {quoted(value)}", hint=f"Did you mean {known[close[0]]}?" if close else hint
    )


def _operation(value: Any) -> str | None:
    if value is None or value in _OPERATIONS:
        return value  # type: ignore[no-any-return]  # one of our own words
    hint = f"It is the name of an operation's element: {', '.join(_OPERATIONS)}, or one that is newer."
    if not isinstance(value, str):
        raise InvalidArgumentError("operation", f"must be text, not {kind_of(value)}", hint=hint)
    written = value.lower().replace("_", "").removeprefix("cos")
    meant = next((each for each in _OPERATIONS if each.lower().removeprefix("cos") == written), None)
    if meant is not None:
        raise InvalidArgumentError("operation", f"cannot be {quoted(value)}", hint=f"Did you mean {meant}?")
    if not _OPERATION.fullmatch(value):
        raise InvalidArgumentError("operation", f"cannot be {quoted(value)}", hint=hint)
    return value


def _time(name: str, value: Any, now: float) -> datetime | None:
    """Return a time, given as such or by how long ago it was."""
    if value is None:
        return None
    refusal = InvalidArgumentError(name, f"cannot be {format_value(value)}", hint=_TIME_HINT)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise InvalidArgumentError(name, "must have a time zone", hint=_TIME_HINT)
        return value
    try:
        # Not a number alone: it might be a year, or seconds since 1970.
        if isinstance(value, timedelta) or (isinstance(value, str) and _DURATION.fullmatch(value)):
            return datetime.fromtimestamp(now, timezone.utc) - timedelta(seconds=check_timeout(value))
        if isinstance(value, str):
            found = instant(f"{value}T00:00:00Z" if _DATE.fullmatch(value) else value)
            if found is not None:
                return found
    except ValueError:  # no such day, or no such duration
        pass
    raise refusal
