"""The jobs: created, described, updated and listed, from any thread; methods have the names of the actions."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from pulumi_cosjob._emulator.errors import ServiceError
from pulumi_cosjob._emulator.scenarios import DEFINITIONS, STATUSES, TERMINAL, JobTimeline, Scenario, Snapshot, state_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_cosjob._clock import Clock

__all__ = ["JobPage", "JobStore", "JobView", "StoredJob", "check_job_id"]

_KEPT_SECONDS = 90 * 24 * 3600.0
_MOST_RESULTS = 1000
_CANCELLABLE = frozenset({"Active", "New", "Paused", "Pausing", "Preparing", "Ready", "Suspended"})
_JOB_ID = re.compile(r"[^\s/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_MOST_PRIORITY = 2_147_483_647


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job: its creation, and the actions of its owner.

    Args:
        job_id: Its id.
        appid: The APPID of its owner.
        timeline: The timeline that its state follows from.
        given: The elements that it was created with.
        overrides: Elements that replace the true ones; None leaves one out.
        status_update_reason: The reason given with the last update of its status.
        awaits_request: Whether its timeline begins only with the first request about it.
    """

    job_id: str
    appid: str
    timeline: JobTimeline
    given: Mapping[str, Element]
    overrides: Mapping[str, Element | None] = field(default_factory=dict)
    status_update_reason: str | None = None
    awaits_request: bool = False


@dataclass(frozen=True, slots=True)
class JobView:
    """A job and its state at the time of a request."""

    job: StoredJob
    snapshot: Snapshot

    @property
    def status(self) -> str:
        """The Status that the description shows."""
        if "Status" not in self.job.overrides:
            return self.snapshot.status
        override = self.job.overrides["Status"]
        return "" if override is None else override.text or ""


@dataclass(frozen=True, slots=True)
class JobPage:
    """A part of a list of jobs, and the token for the next part."""

    views: tuple[JobView, ...]
    next_token: str | None


def check_job_id(job_id: str) -> None:
    """Check the form of a job id.

    Args:
        job_id: The id.

    Raises:
        ServiceError: InvalidArgument.
    """
    if not _JOB_ID.fullmatch(job_id) or len(job_id.encode(errors="replace")) > 64:
        raise ServiceError("InvalidArgument", "JobId must have 1 to 64 bytes, without blanks.")


class JobStore:
    """All jobs.

    Args:
        clock: The jobs' clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, StoredJob] = {}
        self._by_token: dict[tuple[str, str], str] = {}

    def put(self, job: StoredJob) -> None:
        """Add a job.

        Args:
            job: The job.

        Raises:
            ValueError: There is a job with that id.
        """
        with self._lock:
            if self._find(job.job_id) is not None:
                raise ValueError(f"there is a job {job.job_id!r} already")
            self._keep(job)

    def create_job(self, appid: str, given: Mapping[str, Element]) -> str:
        """Create a job that completes, after a confirmation if it requires one.

        Args:
            appid: The APPID of its owner.
            given: The elements of the request, which have been checked.

        Returns:
            The new job's id.

        Raises:
            ServiceError: InvalidRequest for a ClientRequestToken that another job was created with.
        """
        waits = "ConfirmationRequired" in given and given["ConfirmationRequired"].text == "true"
        definition = DEFINITIONS[Scenario.WAITS_FOR_CONFIRMATION if waits else Scenario.COMPLETES]
        job = StoredJob(str(uuid.uuid4()), appid, JobTimeline(definition, self._clock.now()), given)
        with self._lock:
            other = self._by_token.get((appid, _token(job)))
            if other is not None and self._find(other) is not None:
                raise ServiceError("InvalidRequest", "A job was created with this ClientRequestToken already.")
            self._keep(job)
        return job.job_id

    def describe_job(self, appid: str, job_id: str) -> JobView:
        """Return a job and its state.

        Args:
            appid: The APPID of the request.
            job_id: The job.

        Returns:
            The job and its state now.

        Raises:
            ServiceError: NoSuchJob.
        """
        with self._lock:
            return self._view(appid, job_id)

    def update_job_status(self, appid: str, job_id: str, requested: str, reason: str | None) -> JobView:
        """Confirm a job that waits for it, or cancel one that has not ended.

        Args:
            appid: The APPID of the request.
            job_id: The job.
            requested: The requested Status, Ready or Cancelled.
            reason: The reason, or None.

        Returns:
            The job and its new state.

        Raises:
            ServiceError: NoSuchJob, InvalidArgument for another status or a long reason, InvalidRequest in a wrong
                state.
        """
        if requested not in ("Ready", "Cancelled"):
            raise ServiceError("InvalidArgument", "requestedJobStatus must be Ready or Cancelled.")
        if reason is not None and len(reason.encode(errors="replace")) > 256:
            raise ServiceError("InvalidArgument", "statusUpdateReason must have 0 to 256 bytes.")
        with self._lock:
            view = self._view(appid, job_id)
            timeline = self._update(view, requested)
            job = replace(view.job, timeline=timeline, status_update_reason=reason or view.job.status_update_reason)
            self._jobs[job_id] = job
            return JobView(job, state_at(timeline, self._clock.now()))

    def update_job_priority(self, appid: str, job_id: str, priority: str | None) -> JobView:
        """Change the priority of a job that has not ended.

        Args:
            appid: The APPID of the request.
            job_id: The job.
            priority: The priority, as text of the request.

        Returns:
            The job with that priority.

        Raises:
            ServiceError: NoSuchJob, also if the job has ended; InvalidRequest without a priority, InvalidArgument for
                an invalid one.
        """
        if not priority:
            raise ServiceError("InvalidRequest", "The request has no priority.")
        if not (priority.isascii() and priority.isdigit() and len(priority) <= 10 and int(priority) <= _MOST_PRIORITY):
            raise ServiceError("InvalidArgument", f"priority must lie between 0 and {_MOST_PRIORITY}.")
        with self._lock:
            view = self._view(appid, job_id)
            if view.snapshot.status in TERMINAL:
                raise ServiceError("NoSuchJob", "The specified job does not exist, or has completed already.")
            given = Element("Priority")
            given.text = str(int(priority))
            overrides = {name: element for name, element in view.job.overrides.items() if name != "Priority"}
            job = replace(view.job, given={**view.job.given, "Priority": given}, overrides=overrides)
            self._jobs[job_id] = job
            return JobView(job, view.snapshot)

    def list_jobs(
        self, appid: str, statuses: Iterable[str], max_results: int | None, next_token: str | None
    ) -> JobPage:
        """List jobs that were created in the last 90 days, in no documented order.

        Args:
            appid: The APPID of their owner.
            statuses: The states of the jobs to list; empty for all jobs.
            max_results: The maximum number of jobs, 1 to 1000.
            next_token: The last JobId of an earlier part of the list.

        Returns:
            The jobs, and the last JobId among them, also for the last part of the list.

        Raises:
            ServiceError: InvalidArgument.
        """
        wanted = frozenset(statuses)
        most = _MOST_RESULTS if max_results is None else max_results
        if not wanted <= STATUSES:
            raise ServiceError("InvalidArgument", f"There is no status {min(wanted - STATUSES)!r}.")
        if not 1 <= most <= _MOST_RESULTS:
            raise ServiceError("InvalidArgument", f"maxResults must lie between 1 and {_MOST_RESULTS}.")
        since = self._clock.now() - _KEPT_SECONDS
        with self._lock:
            own = [self._view_of(job) for job in self._jobs.values() if job.appid == appid]
        listed = [view for view in own if view is not None and view.job.timeline.created_at > since]
        if next_token and next_token not in {view.job.job_id for view in listed}:
            raise ServiceError("InvalidArgument", "nextToken is not the token of a list.")
        after = _list_order(next_token) if next_token else b""
        found = [view for view in listed if not wanted or view.status in wanted]
        rest = sorted((view for view in found if _list_order(view.job.job_id) > after), key=_order_of_view)
        page = tuple(rest[:most])
        return JobPage(page, page[-1].job.job_id if page else None)

    def clear(self) -> None:
        """Remove all jobs."""
        with self._lock:
            self._jobs.clear()
            self._by_token.clear()

    def _keep(self, job: StoredJob) -> None:
        self._jobs[job.job_id] = job
        self._by_token[job.appid, _token(job)] = job.job_id

    def _view(self, appid: str, job_id: str) -> JobView:
        """Return a job and its state; for other accounts than its owner's it does not exist."""
        view = self._find(job_id)
        if view is None or view.job.appid != appid:
            raise ServiceError("NoSuchJob", "The specified job does not exist.")
        if view.job.awaits_request:
            job = self._jobs[job_id] = replace(view.job, awaits_request=False)
            return JobView(job, view.snapshot)
        return view

    def _find(self, job_id: str) -> JobView | None:
        """Return a job and its state; remove a job that is no longer kept."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        view = self._view_of(job)
        if view is None:
            del self._jobs[job_id]
        return view

    def _view_of(self, job: StoredJob) -> JobView | None:
        """Return a job and its state, or None if it is no longer kept."""
        now = self._clock.now()
        if job.awaits_request:
            job = replace(job, timeline=replace(job.timeline, created_at=now))
        snapshot = state_at(job.timeline, now)
        is_over = snapshot.ended_at is not None and now >= job.timeline.created_at + _KEPT_SECONDS
        return None if is_over else JobView(job, snapshot)

    def _update(self, view: JobView, requested: str) -> JobTimeline:
        """Return the timeline of a job after an update."""
        status, now = view.snapshot.status, self._clock.now()
        if requested == "Ready" and status == "Suspended":
            return replace(view.job.timeline, confirmed_at=now)
        if requested == "Cancelled" and view.job.timeline.cancelled_at is None and status in _CANCELLABLE:
            return replace(view.job.timeline, cancelled_at=now)
        raise ServiceError("InvalidRequest", f"A job that is {status} cannot become {requested}.")


def _token(job: StoredJob) -> str:
    """Return the ClientRequestToken that a job was created with."""
    return job.given["ClientRequestToken"].text or ""


def _list_order(job_id: str) -> bytes:
    """Return a job's place in lists: always the same, unrelated to its id and its age."""
    return hashlib.sha256(job_id.encode()).digest()


def _order_of_view(view: JobView) -> bytes:
    return _list_order(view.job.job_id)
