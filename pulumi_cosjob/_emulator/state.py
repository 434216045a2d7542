"""The jobs: created, described, updated and listed, from any thread; methods bear the actions' names."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from pulumi_cosjob._emulator.errors import ServiceError
from pulumi_cosjob._emulator.scenarios import SCRIPTS, STATUSES, TERMINAL, JobTimeline, Scenario, Snapshot, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_cosjob._clock import Clock

__all__ = ["Job", "Jobs", "Page", "View", "check_job_id"]

_KEPT_SECONDS = 90 * 24 * 3600.0
_MOST_RESULTS = 1000
_CANCELLABLE = frozenset({"Active", "New", "Paused", "Pausing", "Preparing", "Ready", "Suspended"})
_JOB_ID = re.compile(r"[^\s/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_MOST_PRIORITY = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was created, and what its owner did to it since.

    Args:
        job_id: Its id.
        appid: Whose it is.
        life: What its state follows from.
        given: The elements that it was created with.
        overrides: Elements to show in place of the true ones; None for one to leave out.
        status_update_reason: The reason given when its status was updated.
        awaits_request: Whether its life begins only at the first request about it.
    """

    job_id: str
    appid: str
    life: JobTimeline
    given: Mapping[str, Element]
    overrides: Mapping[str, Element | None] = field(default_factory=dict)
    status_update_reason: str | None = None
    awaits_request: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A job and its state at the time somebody looked."""

    job: Job
    snapshot: Snapshot

    @property
    def status(self) -> str:
        """The Status that the description shows."""
        if "Status" not in self.job.overrides:
            return self.snapshot.status
        shown = self.job.overrides["Status"]
        return "" if shown is None else shown.text or ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list of jobs, and where the next part begins."""

    views: tuple[View, ...]
    next_token: str | None


def check_job_id(job_id: str) -> None:
    """Judge the form of a job id.

    Args:
        job_id: The id.

    Raises:
        Refused: InvalidArgument.
    """
    if not _JOB_ID.fullmatch(job_id) or len(job_id.encode(errors="replace")) > 64:
        raise ServiceError("InvalidArgument", "JobId must have 1 to 64 bytes, without blanks.")


class Jobs:
    """All jobs.

    Args:
        clock: The time the jobs live by.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._by_token: dict[tuple[str, str], str] = {}

    def put(self, job: Job) -> None:
        """Add a job as it is.

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
        """Create a job that completes, after a confirmation if it is to wait for one.

        Args:
            appid: Whose job it is.
            given: The elements of the request, which have been judged.

        Returns:
            The new job's id.

        Raises:
            Refused: InvalidRequest for a ClientRequestToken that another job was created with.
        """
        waits = "ConfirmationRequired" in given and given["ConfirmationRequired"].text == "true"
        script = SCRIPTS[Scenario.WAITS_FOR_CONFIRMATION if waits else Scenario.COMPLETES]
        job = Job(str(uuid.uuid4()), appid, JobTimeline(script, self._clock.now()), given)
        with self._lock:
            other = self._by_token.get((appid, _token(job)))
            if other is not None and self._find(other) is not None:
                raise ServiceError("InvalidRequest", "A job was created with this ClientRequestToken already.")
            self._keep(job)
        return job.job_id

    def describe_job(self, appid: str, job_id: str) -> View:
        """Look at a job.

        Args:
            appid: Who asks.
            job_id: The job.

        Returns:
            The job and its state now.

        Raises:
            Refused: NoSuchJob.
        """
        with self._lock:
            return self._view(appid, job_id)

    def update_job_status(self, appid: str, job_id: str, requested: str, reason: str | None) -> View:
        """Confirm a job that waits for it, or cancel one that has not ended.

        Args:
            appid: Who asks.
            job_id: The job.
            requested: The Status asked for, Ready or Cancelled.
            reason: The reason, if one was given.

        Returns:
            The job and its state from now on.

        Raises:
            Refused: NoSuchJob, InvalidArgument for another status or a long reason, InvalidRequest in a wrong
                state.
        """
        if requested not in ("Ready", "Cancelled"):
            raise ServiceError("InvalidArgument", "requestedJobStatus must be Ready or Cancelled.")
        if reason is not None and len(reason.encode(errors="replace")) > 256:
            raise ServiceError("InvalidArgument", "statusUpdateReason must have 0 to 256 bytes.")
        with self._lock:
            view = self._view(appid, job_id)
            life = self._update(view, requested)
            job = replace(view.job, life=life, status_update_reason=reason or view.job.status_update_reason)
            self._jobs[job_id] = job
            return View(job, look(life, self._clock.now()))

    def update_job_priority(self, appid: str, job_id: str, priority: str | None) -> View:
        """Give a job that has not ended another priority.

        Args:
            appid: Who asks.
            job_id: The job.
            priority: The priority, as it was written.

        Returns:
            The job, with that priority.

        Raises:
            Refused: NoSuchJob, also where the job has ended; InvalidRequest without a priority, InvalidArgument for
                one that is none.
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
            return View(job, view.snapshot)

    def list_jobs(self, appid: str, statuses: Iterable[str], max_results: int | None, next_token: str | None) -> Page:
        """List jobs that were created in the last 90 days, in an order that nobody promises.

        Args:
            appid: Whose jobs.
            statuses: Only jobs in one of these states; all jobs if there is none.
            max_results: How many at most, 1 to 1000.
            next_token: The last JobId of an earlier part of the list.

        Returns:
            The jobs, and the last JobId among them: that of the last part, too.

        Raises:
            Refused: InvalidArgument.
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
        listed = [view for view in own if view is not None and view.job.life.created_at > since]
        if next_token and next_token not in {view.job.job_id for view in listed}:
            raise ServiceError("InvalidArgument", "nextToken is not one that a list gave.")
        after = _list_order(next_token) if next_token else b""
        found = [view for view in listed if not wanted or view.status in wanted]
        rest = sorted((view for view in found if _list_order(view.job.job_id) > after), key=_order_of_view)
        page = tuple(rest[:most])
        return Page(page, page[-1].job.job_id if page else None)

    def clear(self) -> None:
        """Forget all jobs."""
        with self._lock:
            self._jobs.clear()
            self._by_token.clear()

    def _keep(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        self._by_token[job.appid, _token(job)] = job.job_id

    def _view(self, appid: str, job_id: str) -> View:
        """Return a job and its state; to anybody else than its owner it does not exist."""
        view = self._find(job_id)
        if view is None or view.job.appid != appid:
            raise ServiceError("NoSuchJob", "The specified job does not exist.")
        if view.job.awaits_request:
            job = self._jobs[job_id] = replace(view.job, awaits_request=False)
            return View(job, view.snapshot)
        return view

    def _find(self, job_id: str) -> View | None:
        """Return a job and its state; one that has been kept for long enough is forgotten."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        view = self._view_of(job)
        if view is None:
            del self._jobs[job_id]
        return view

    def _view_of(self, job: Job) -> View | None:
        """Return a job and its state, or None if it is no longer kept."""
        now = self._clock.now()
        if job.awaits_request:
            job = replace(job, life=replace(job.life, created_at=now))
        snapshot = look(job.life, now)
        is_over = snapshot.ended_at is not None and now >= job.life.created_at + _KEPT_SECONDS
        return None if is_over else View(job, snapshot)

    def _update(self, view: View, requested: str) -> JobTimeline:
        """Return the life of a job from now on."""
        status, now = view.snapshot.status, self._clock.now()
        if requested == "Ready" and status == "Suspended":
            return replace(view.job.life, confirmed_at=now)
        if requested == "Cancelled" and view.job.life.cancelled_at is None and status in _CANCELLABLE:
            return replace(view.job.life, cancelled_at=now)
        raise ServiceError("InvalidRequest", f"A job that is {status} cannot become {requested}.")


def _token(job: Job) -> str:
    """Return the ClientRequestToken that a job was created with."""
    return job.given["ClientRequestToken"].text or ""


def _list_order(job_id: str) -> bytes:
    """Return a job's place in lists: always the same, and none that follows from its id or its age."""
    return hashlib.sha256(job_id.encode()).digest()


def _order_of_view(view: View) -> bytes:
    return _list_order(view.job.job_id)
