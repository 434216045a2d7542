"""The jobs: created, described, updated and listed, from any thread; methods bear the actions' names."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator._refusals import Refused
from pulumi_cosjob._emulator._scenarios import SCRIPTS, STATUSES, Life, Scenario, Snapshot, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

    from pulumi_cosjob._clock import Clock

__all__ = ["Job", "Jobs", "Page", "View", "check_job_id"]

_KEPT_SECONDS = 90 * 24 * 3600.0
_MOST_RESULTS = 1000
_CANCELLABLE = frozenset({"Active", "New", "Paused", "Pausing", "Preparing", "Ready", "Suspended"})
_JOB_ID = re.compile(r"[^\s/\x00-\x1f\x7f]+")


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
    """

    job_id: str
    appid: str
    life: Life
    given: Mapping[str, Element]
    overrides: Mapping[str, Element | None] = field(default_factory=dict)
    status_update_reason: str | None = None


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
        raise Refused("InvalidArgument", "JobId must have 1 to 64 bytes, without blanks.")


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
        job = Job(str(uuid.uuid4()), appid, Life(script, self._clock.now()), given)
        with self._lock:
            other = self._by_token.get((appid, _token(job)))
            if other is not None and self._find(other) is not None:
                raise Refused("InvalidRequest", "A job was created with this ClientRequestToken already.")
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
            raise Refused("InvalidArgument", "requestedJobStatus must be Ready or Cancelled.")
        if reason is not None and len(reason.encode(errors="replace")) > 256:
            raise Refused("InvalidArgument", "statusUpdateReason must have 0 to 256 bytes.")
        with self._lock:
            view = self._view(appid, job_id)
            life = self._update(view, requested)
            job = replace(view.job, life=life, status_update_reason=reason or view.job.status_update_reason)
            self._jobs[job_id] = job
            return View(job, look(life, self._clock.now()))

    def list_jobs(self, appid: str, statuses: Iterable[str], max_results: int | None, next_token: str | None) -> Page:
        """List jobs, the newest first.

        Args:
            appid: Whose jobs.
            statuses: Only jobs in one of these states; all jobs if there is none.
            max_results: How many at most, 1 to 1000.
            next_token: Where an earlier list broke off.

        Returns:
            The jobs, and where this list breaks off.

        Raises:
            Refused: InvalidArgument.
        """
        wanted = frozenset(statuses)
        most = _MOST_RESULTS if max_results is None else max_results
        if not wanted <= STATUSES:
            raise Refused("InvalidArgument", f"There is no status {min(wanted - STATUSES)!r}.")
        if not 1 <= most <= _MOST_RESULTS:
            raise Refused("InvalidArgument", f"maxResults must lie between 1 and {_MOST_RESULTS}.")
        after = None if next_token is None else _read_token(next_token)
        with self._lock:
            own = [self._view_of(job) for job in self._jobs.values() if job.appid == appid]
        found = sorted(
            (view for view in own if view is not None and (not wanted or view.status in wanted)),
            key=_list_order,
        )
        rest = [view for view in found if after is None or _list_order(view) > after]
        token = _write_token(rest[most - 1]) if len(rest) > most else None
        return Page(tuple(rest[:most]), token)

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
            raise Refused("NoSuchJob", "The specified job does not exist.")
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
        snapshot = look(job.life, now)
        ended_at = snapshot.ended_at
        return None if ended_at is not None and now >= ended_at + _KEPT_SECONDS else View(job, snapshot)

    def _update(self, view: View, requested: str) -> Life:
        """Return the life of a job from now on."""
        status, now = view.snapshot.status, self._clock.now()
        if requested == "Ready" and status == "Suspended":
            return replace(view.job.life, confirmed_at=now)
        if requested == "Cancelled" and view.job.life.cancelled_at is None and status in _CANCELLABLE:
            return replace(view.job.life, cancelled_at=now)
        raise Refused("InvalidRequest", f"A job that is {status} cannot become {requested}.")


def _token(job: Job) -> str:
    """Return the ClientRequestToken that a job was created with."""
    return job.given["ClientRequestToken"].text or ""


def _list_order(view: View) -> tuple[float, str]:
    return -view.job.life.created_at, view.job.job_id


def _write_token(last: View) -> str:
    """Return the token by which a list goes on after this job."""
    return base64.urlsafe_b64encode(json.dumps(_list_order(last)).encode()).decode()


def _read_token(token: str) -> tuple[float, str]:
    """Return the place in the list that a token stands for."""
    try:
        created_at, job_id = json.loads(base64.urlsafe_b64decode(token))
        return float(created_at), str(job_id)
    except (binascii.Error, ValueError, TypeError) as error:
        raise Refused("InvalidArgument", "nextToken is not one that a list gave.") from error
