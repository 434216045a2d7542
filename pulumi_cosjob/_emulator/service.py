"""The parts of the service that the server, the control routes and the public class share."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._emulator.checks import check_header, check_text, format_value
from pulumi_cosjob._emulator.clocks import JobClock
from pulumi_cosjob._emulator.element_values import element, xml_name
from pulumi_cosjob._emulator.elements import JOB
from pulumi_cosjob._emulator.errors import ServiceError
from pulumi_cosjob._emulator.faults import FaultQueue
from pulumi_cosjob._emulator.request_log import RequestLog
from pulumi_cosjob._emulator.samples import JobOwner, sample_request
from pulumi_cosjob._emulator.scenarios import DEFINITIONS, JobTimeline, Scenario
from pulumi_cosjob._emulator.signature import AcceptedCredentials
from pulumi_cosjob._emulator.state import JobStore, StoredJob, check_job_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._emulator.scenarios import ScenarioDefinition

__all__ = ["FIRST_REQUEST", "NOW", "STARTS", "Service"]

NOW, FIRST_REQUEST = STARTS = ("now", "first-request")
"""When the scenario of a job may begin."""

_LONGEST_APPID = 64


class Service:
    """The state of the service; any thread may use it.

    Args:
        credentials: The only credentials that requests may be signed with.
        owner: The account that owns jobs created without an APPID.
        clock: The service's clock; by default the machine's.
        seed: Seed for the random numbers that decide whether a request meets a fault with a probability.
    """

    def __init__(
        self,
        credentials: AcceptedCredentials | None = None,
        owner: JobOwner | None = None,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.credentials = credentials or AcceptedCredentials()
        self.owner = owner or JobOwner()
        self.clock: Clock = clock or SystemClock()
        self.job_clock = JobClock(self.clock)
        self.jobs = JobStore(self.job_clock)
        self.faults = FaultQueue(seed)
        self.request_log = RequestLog()
        self._replays: dict[str, bytes | Path] = {}

    def put_job(
        self,
        scenario: str,
        overrides: Mapping[str, Any],
        *,
        job_id: str | None = None,
        appid: str | None = None,
        seconds: float = 10.0,
        tasks: int = 100,
        starts: str = NOW,
    ) -> str:
        """Create a job without a request.

        Args:
            scenario: The name of its scenario.
            overrides: Elements that replace the usual ones; None leaves one out.
            job_id: Its id; by default a new one.
            appid: The APPID of its owner; by default that of the service's owner.
            seconds: How long it is Active.
            tasks: The number of its tasks.
            starts: When its scenario begins: `now`, or with the `first-request` about it.

        Returns:
            Its id.

        Raises:
            ValueError: The scenario or an element is unknown, the job exists already, or its id, length or number of
                tasks is not possible.
            TypeError: A value is of the wrong kind.
        """
        if starts not in STARTS:
            raise ValueError(f"starts must be {' or '.join(STARTS)}, not {format_value(starts)}")
        definition = DEFINITIONS[_scenario(scenario)]
        chosen = str(uuid.uuid4()) if job_id is None else _job_id(job_id)
        owner = self.owner.appid if appid is None else _appid(appid)
        given = _sample_elements(self.owner, definition)
        timeline = JobTimeline(definition, self.job_clock.now(), seconds, tasks)
        awaits = starts == FIRST_REQUEST
        self.jobs.put(StoredJob(chosen, owner, timeline, given, _elements(overrides), awaits_request=awaits))
        return chosen

    def replay(self, job_id: str, source: bytes | str | os.PathLike[str]) -> None:
        """Respond to requests about a job with a given document.

        Args:
            job_id: The job.
            source: The document, or the path of a file, which is read at each request.

        Raises:
            FileNotFoundError: There is no such file.
        """
        if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("<"):
            source = source.encode()
        if not isinstance(source, bytes):
            source = Path(source)
            if not source.is_file():
                raise FileNotFoundError(f"there is no file {os.fspath(source)!r} to replay")
        self._replays[job_id] = source

    def replayed(self, job_id: str) -> bytes | None:
        """Return the document to respond with about a job, or None if there is no replay for it.

        Args:
            job_id: The job.

        Raises:
            ServiceError: InternalError if the file can no longer be read.
        """
        source = self._replays.get(job_id)
        if not isinstance(source, Path):
            return source
        try:
            return source.read_bytes()
        except OSError as error:
            raise ServiceError("InternalError", f"The file to replay cannot be read: {error.strerror}.") from error

    def reset(self) -> None:
        """Remove jobs, replays, faults and recorded requests, and return the jobs' clock to the service's."""
        self.jobs.clear()
        self.faults.clear()
        self.request_log.clear()
        self._replays.clear()
        self.job_clock.reset()


def _job_id(text: str) -> str:
    """Return a job id that requests can use."""
    try:
        check_job_id(check_text("job_id", text))
    except ServiceError as error:
        raise ValueError(f"{format_value(text)} is no job id: {error.message}") from error
    return text


def _appid(text: str) -> str:
    """Return an APPID that requests can use."""
    if not 1 <= len(check_header("appid", text)) <= _LONGEST_APPID:
        raise ValueError(f"appid must have 1 to {_LONGEST_APPID} characters, not {len(text)}")
    return text


def _scenario(name: str) -> Scenario:
    """Return a scenario by its name."""
    try:
        return Scenario(name)
    except ValueError:
        names = ", ".join(sorted(scenario.value for scenario in Scenario))
        raise ValueError(f"there is no scenario {format_value(name)}; the scenarios are: {names}") from None


def _sample_elements(owner: JobOwner, definition: ScenarioDefinition) -> dict[str, Element]:
    """Return the elements of a job that no request created."""
    sample = sample_request(owner, definition)
    return {name: element(name, value, JOB.children[name]) for name, value in sample.items()}


def _elements(overrides: Mapping[str, Any]) -> dict[str, Element | None]:
    """Convert values by Python name to elements by their own names."""
    named = {xml_name(key, JOB): value for key, value in overrides.items()}
    return {
        name: None if value is None else element(name, value, JOB.children.get(name)) for name, value in named.items()
    }
