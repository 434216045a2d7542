"""The parts of the service that the server, the control routes and the public class share."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._emulator.checks import check_header, check_text, shown
from pulumi_cosjob._emulator.clocks import JobClock
from pulumi_cosjob._emulator.element_values import element, xml_name
from pulumi_cosjob._emulator.elements import JOB
from pulumi_cosjob._emulator.errors import ServiceError
from pulumi_cosjob._emulator.faults import Faults
from pulumi_cosjob._emulator.request_log import Records
from pulumi_cosjob._emulator.samples import Account, sample_request
from pulumi_cosjob._emulator.scenarios import SCRIPTS, JobTimeline, Scenario
from pulumi_cosjob._emulator.signature import Credentials
from pulumi_cosjob._emulator.state import Job, Jobs, check_job_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from pulumi_cosjob._clock import Clock

__all__ = ["FIRST_REQUEST", "NOW", "STARTS", "Service"]

NOW, FIRST_REQUEST = STARTS = ("now", "first-request")
"""When a job's life may begin."""

_LONGEST_APPID = 64


class Service:
    """All that the service knows; any thread may use it.

    Args:
        credentials: The only keys that requests may be signed with.
        account: Whose jobs are created where nobody says otherwise.
        clock: The service's clock; the machine's if there is none.
        seed: Where the chance of faults begins.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        account: Account | None = None,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.account = account or Account()
        self.clock: Clock = clock or SystemClock()
        self.job_clock = JobClock(self.clock)
        self.jobs = Jobs(self.job_clock)
        self.faults = Faults(seed)
        self.records = Records()
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
        """Create a job that no request asked for.

        Args:
            scenario: What becomes of it.
            overrides: Elements to show in place of the usual ones; None leaves one out.
            job_id: Its id; a new one if there is none.
            appid: Whose it is; the account's if nobody's.
            seconds: Its length of Active.
            tasks: How many tasks it has.
            starts: When its life begins: `now`, or at the `first-request` about it.

        Returns:
            Its id.

        Raises:
            ValueError: There is no such scenario or element, there is such a job already, or an id, a length
                or a number that no job can have.
            TypeError: A value is of the wrong kind.
        """
        if starts not in STARTS:
            raise ValueError(f"starts is {' or '.join(STARTS)}, not {shown(starts)}")
        script = SCRIPTS[_scenario(scenario)]
        chosen = str(uuid.uuid4()) if job_id is None else check_text("job_id", job_id)
        owner = self.account.appid if appid is None else check_header("appid", appid)
        if not 1 <= len(owner) <= _LONGEST_APPID:
            raise ValueError(f"appid has 1 to {_LONGEST_APPID} characters, not {len(owner)}")
        try:
            check_job_id(chosen)
        except ServiceError as error:
            raise ValueError(f"{shown(chosen)} is no job id: {error.message}") from error
        given = {name: element(name, value, JOB.children[name]) for name, value in self._sample(script).items()}
        life = JobTimeline(script, self.job_clock.now(), seconds, tasks)
        awaits = starts == FIRST_REQUEST
        self.jobs.put(Job(chosen, owner, life, given, _elements(overrides), awaits_request=awaits))
        return chosen

    def replay(self, job_id: str, source: bytes | str | os.PathLike[str]) -> None:
        """Answer for a job with a document that is not made here.

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
        """Return the document that is answered with for a job, or None if it is to be made.

        Args:
            job_id: The job.

        Raises:
            Refused: InternalError if its file cannot be read any more.
        """
        source = self._replays.get(job_id)
        if not isinstance(source, Path):
            return source
        try:
            return source.read_bytes()
        except OSError as error:
            raise ServiceError("InternalError", f"The file to replay cannot be read: {error.strerror}.") from error

    def reset(self) -> None:
        """Forget jobs, replays, faults and requests, and turn the jobs' clock back to the service's."""
        self.jobs.clear()
        self.faults.clear()
        self.records.clear()
        self._replays.clear()
        self.job_clock.reset()

    def _sample(self, script: Any) -> dict[str, Any]:
        return sample_request(self.account, script)


def _scenario(name: str) -> Scenario:
    """Return a scenario by its name."""
    try:
        return Scenario(name)
    except ValueError:
        names = ", ".join(sorted(scenario.value for scenario in Scenario))
        raise ValueError(f"there is no scenario {shown(name)}; the scenarios are: {names}") from None


def _elements(overrides: Mapping[str, Any]) -> dict[str, Element | None]:
    """Turn values by Python name into elements by their own."""
    named = {xml_name(key, JOB): value for key, value in overrides.items()}
    return {
        name: None if value is None else element(name, value, JOB.children.get(name)) for name, value in named.items()
    }
