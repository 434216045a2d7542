"""The client of COS Batch: requests about jobs. `connection` sends them, `responses` knows what a response means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._checks import DEFAULT_CONCURRENCY, check_appid, check_choice, check_concurrency, check_identifier
from pulumi_cosjob._errors import (
    CosJobError,
    InvalidArgumentError,
    JobsNotReadError,
    NoSuchJobError,
    no_thread,
)
from pulumi_cosjob._messages import SCRIPT
from pulumi_cosjob._service.connection import Call, Connection
from pulumi_cosjob._service.job_changes import JobChanges
from pulumi_cosjob._service.job_list import JobListing, check_listing, list_target, wanted_jobs
from pulumi_cosjob._service.responses import parse_page, parse_response, service_time
from pulumi_cosjob._service.settings import MISSING, Missing, Settings, resolve
from pulumi_cosjob._text import format_value, kind_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from types import TracebackType

    from typing_extensions import Self

    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._model.job_summary import JobPage, JobSummary
    from pulumi_cosjob._service.location import Location
    from pulumi_cosjob._service.settings import Site
    from pulumi_cosjob._service.transport import Response
    from pulumi_cosjob._xml.modes import Validation

__all__ = ["CosBatchClient", "describe_job"]

_CLOCK_METHODS = ("now", "monotonic", "sleep")


class CosBatchClient(JobChanges):
    """A client of COS Batch with one pool of connections; safe for use by many threads at once.

    Args:
        uin: Id of the main account, such as `100000000001`.
        appid: Its APPID, such as `1250000000`, for methods that are called without one.
        region: Such as `ap-chengdu`.
        endpoint: Scheme and host, in place of the one that follows from uin and region.
        site: The vendor's site that the account belongs to: `cn` (default), or `intl` for the international one.
        secret_id: Id of the secret key to sign with.
        secret_key: The secret key.
        token: The token of temporary credentials.
        validation: `lenient` (default) leaves out what violates the schema, with a warning; `strict` fails.
        request_timeout: Seconds for one request with all its attempts, 60 by default. A single attempt has 10 s, or a
            sixth of it where that is more.
        clock: A clock in place of the machine's, for tests; it has `now`, `monotonic` and `sleep`.

    Settings that are not given come from the environment, then credentials from the vendor's credentials files and
    machine roles. A uin and an APPID that are set nowhere are discovered with the first request, by one GetUserAppId.

    Raises:
        ConfigurationError: A setting is missing, or the environment names a proxy or certificates that cannot be used.
        InvalidArgumentError: A setting cannot be used.
    """

    def __init__(
        self,
        *,
        uin: str | None = None,
        appid: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        site: Site | None = None,
        secret_id: str | None = None,
        secret_key: str | None = None,
        token: str | None = None,
        validation: Validation | None = None,
        request_timeout: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        arguments = {
            "uin": uin,
            "appid": appid,
            "region": region,
            "endpoint": endpoint,
            "site": site,
            "secret_id": secret_id,
            "secret_key": secret_key,
            "token": token,
            "validation": validation,
            "request_timeout": request_timeout,
        }
        try:
            settings = resolve(arguments)
        except CosJobError as error:
            error.audience = SCRIPT
            raise
        self._open(replace(settings, audience=SCRIPT), clock)

    @staticmethod
    def from_settings(settings: Settings, clock: Clock | None = None) -> CosBatchClient:
        """Return a client for settings that are resolved already.

        Args:
            settings: Endpoint, credentials, validation and time limit.
            clock: As for the class.

        Raises:
            ConfigurationError: The environment names a proxy or certificates that cannot be used.
            InvalidArgumentError: The clock lacks a method.
        """
        return _ResolvedClient(settings, clock)

    def _open(self, settings: Settings, clock: Clock | None) -> None:
        if clock is not None and not all(callable(getattr(clock, name, None)) for name in _CLOCK_METHODS):
            hint = f"It has {', '.join(_CLOCK_METHODS)}."
            raise InvalidArgumentError("clock", f"cannot be {format_value(clock)}", hint=hint)
        self._settings = settings
        self._connection = Connection(settings, clock)
        self._warned: set[str] = set()

    @property
    def endpoint(self) -> str:
        """Scheme, host and port that requests are sent to; empty until a uin that is set nowhere is discovered."""
        return self.location.endpoint

    @property
    def location(self) -> Location:
        """Endpoint, APPID and account, as far as they are known. This sends no request."""
        return self._connection.location

    def locate(self, appid: str | None = None) -> Location:
        """Return endpoint, APPID and account, which are discovered where they are not known yet.

        Args:
            appid: The APPID that requests name, if any.

        Raises:
            CosJobError: The account could not be discovered.
        """
        return self._connection.locate(appid)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def abort(self) -> None:
        """End all requests that are under way, in any thread, with a `RequestError`, and refuse further ones."""
        self._connection.abort()

    def describe_job(self, job_id: str, appid: str | None = None) -> JobDescription:
        """Return the state of a job, as it is now.

        Args:
            job_id: Id of the job.
            appid: APPID of the account that owns it, such as `1250000000`. Default: the client's, else the discovered
                one.

        Raises:
            InvalidArgumentError: job_id or appid is malformed; nothing was sent.
            ConfigurationError: No credentials were found; they are read for each request.
            RequestError: No response came within `request_timeout`.
            ServiceError: The service refused; `NoSuchJobError` among others.
            InvalidResponseError: The response cannot be trusted.
        """
        return self._request(job_id, appid)[0]

    def poll(self, job_id: str, appid: str | None = None) -> tuple[JobDescription, float | None]:
        """Do as `describe_job` with a single attempt, for callers that repeat the request themselves.

        Returns:
            The job, and the service's own time of that response, in seconds since the epoch; None where it has none.
        """
        description, response = self._request(job_id, appid, once=True)
        return description, service_time(response)

    def describe_jobs(
        self,
        job_ids: Iterable[str],
        appid: str | None = None,
        *,
        missing: Missing = "error",
        max_concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Mapping[str, JobDescription]:
        """Return the states of many jobs by their ids, read at the same time.

        Args:
            job_ids: Ids of the jobs; each job is read once.
            appid: APPID of the account that owns them. Default: as for `describe_job`.
            missing: What to do about a job that the service does not know: `error` (default), or `skip` it.
            max_concurrency: How many requests may be under way, 1 to 64 (default 16); fewer while the service throttles
                requests.

        Raises:
            InvalidArgumentError: An argument is malformed; nothing was sent.
            ConfigurationError: No credentials were found, as for `describe_job`.
            CosJobError: One job could not be read: its own error.
            JobsNotReadError: Several could not. If jobs are missing, all missing ones; otherwise those that were under
                way when the first of them failed, and no more requests are made.
            KeyboardInterrupt: Ctrl-C ends the requests at once, and this client makes no more.
        """
        if isinstance(job_ids, (str, bytes)) or not isinstance(job_ids, Iterable):
            raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(job_ids)}")
        unique_ids = list(dict.fromkeys(check_identifier("job_id", job_id) for job_id in job_ids))
        check_appid(appid)
        check_choice("missing", missing, MISSING)
        workers = check_concurrency(max_concurrency)
        found = self._read_all(unique_ids, appid, min(workers, max(1, len(unique_ids))))
        errors = [each for each in found.values() if isinstance(each, BaseException)]
        if missing == "skip":
            errors = [error for error in errors if not isinstance(error, NoSuchJobError)]
        _raise_errors(errors, len(unique_ids))
        return {job_id: each for job_id, each in found.items() if not isinstance(each, BaseException)}

    def _read_all(
        self, job_ids: Sequence[str], appid: str | None, workers: int
    ) -> dict[str, JobDescription | BaseException]:
        """Read jobs until one fails, other than by being missing; return what is known of each, or its error."""

        def read(job_id: str) -> JobDescription | NoSuchJobError:
            try:
                return self.describe_job(job_id, appid)
            except NoSuchJobError as error:
                return error

        pool = ThreadPoolExecutor(workers, "cosjob-read")
        try:
            try:
                reads = {job_id: pool.submit(read, job_id) for job_id in job_ids}
            except RuntimeError as refused:
                raise no_thread(refused) from None
            # This thread is woken once: to be woken by each read takes as long as its parsing.
            wait(reads.values(), return_when=FIRST_EXCEPTION)
            pool.shutdown(cancel_futures=True)
        except BaseException as failure:
            if not isinstance(failure, Exception):
                self.abort()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        ended = {job_id: each for job_id, each in reads.items() if not each.cancelled()}
        return {job_id: each.exception() or each.result() for job_id, each in ended.items()}

    def list_jobs(
        self,
        appid: str | None = None,
        *,
        statuses: str | Iterable[str] | None = None,
        created_after: datetime | timedelta | str | None = None,
        created_before: datetime | timedelta | str | None = None,
        description: str | None = None,
        operation: str | None = None,
        limit: int | None = None,
    ) -> Iterator[JobSummary]:
        """Return the jobs of the last 90 days, newest first; those of the same time by their ids.

        The service returns pages in no promised order, so the first job is returned when all pages have been read.

        Args:
            appid: APPID of the account that owns them. Default: as for `describe_job`.
            statuses: A status such as `Active`, or several: only jobs that have one of them.
            created_after: Only jobs created at this time or later: a datetime with a time zone, a text such as
                `2026-11-20T18:00:30Z` or `2026-11-20` (UTC if it has no offset), or a duration back from now such as
                `7d`. Jobs without a creation time are left out; without this limit they are the last ones.
            created_before: Only jobs created before this time, in the same forms.
            description: Only jobs whose whole description matches this glob, such as `nightly*`, upper and lower case
                apart: `*` is any text, `?` any character, `[ab]` one of some.
            operation: Only jobs of this operation, by the name of its element, such as `COSPutObjectCopy`.
            limit: The newest jobs of those, at most so many. It saves no request.

        Raises:
            InvalidArgumentError: An argument is malformed; raised by the call itself, before any request.
            ConfigurationError: No credentials were found; they are read for each request.
            RequestError: No response came within `request_timeout`, which holds for each page.
            ServiceError: The service refused.
            InvalidResponseError: A response cannot be trusted, or there are more than 100 pages.
        """
        check_appid(appid)
        listing = check_listing(
            now=self._connection.now(),
            statuses=statuses,
            created_after=created_after,
            created_before=created_before,
            description=description,
            operation=operation,
            limit=limit,
        )
        return self._listed(appid, listing)

    def _listed(self, appid: str | None, listing: JobListing) -> Iterator[JobSummary]:
        """Request all pages of a list, and yield the wanted jobs."""

        def parse(response: Response, secrets: Sequence[str | None]) -> JobPage:
            validation = self._settings.validation
            return parse_page(
                response, endpoint=self.endpoint, validation=validation, secrets=secrets, warned=self._warned
            )

        def fetch(token: str | None) -> JobPage:
            return self._connection.send(Call(list_target(listing.requested_status, token), appid), parse)[0]

        try:
            jobs = wanted_jobs(fetch, listing)
        except CosJobError as error:
            self.location.complete(error, appid)
            raise
        yield from jobs

    def _request(self, job_id: str, appid: str | None, *, once: bool = False) -> tuple[JobDescription, Response]:
        """Read a job; return the response too."""
        check_identifier("job_id", job_id)
        check_appid(appid)

        def parse(response: Response, secrets: Sequence[str | None]) -> JobDescription:
            return parse_response(
                response,
                job_id=job_id,
                endpoint=self.endpoint,
                validation=self._settings.validation,
                secrets=secrets,
                warned=self._warned,
            )

        return self._connection.send(Call(f"/jobs/{job_id}", appid, job_id), parse, once=once)


class _ResolvedClient(CosBatchClient):
    """A client for settings that are resolved already."""

    def __init__(self, settings: Settings, clock: Clock | None) -> None:
        # Not by the base class: it would resolve settings from the environment.
        self._open(settings, clock)


def _raise_errors(errors: Sequence[BaseException], jobs: int) -> None:
    """Raise one error for all, if there are any; an error of another library as it is."""
    ours = [error for error in errors if isinstance(error, CosJobError)]
    if len(ours) > 1 and len(ours) == len(errors):
        raise JobsNotReadError(ours, jobs)
    for error in errors:
        raise error


def describe_job(job_id: str, appid: str | None = None, **settings: Any) -> JobDescription:
    """Return the state of a job, for plain scripts: `CosBatchClient(**settings).describe_job(job_id, appid)`.

    Args:
        job_id: Id of the job.
        appid: APPID of the account that owns it. Default: `COSJOB_APPID`, else that of the credentials.
        **settings: As `CosBatchClient` takes them.

    Raises:
        CosJobError: As `CosBatchClient` and its `describe_job` do.
    """
    with CosBatchClient(**settings) as client:
        return client.describe_job(job_id, appid)
