"""The methods of the client that change a job. What a change is, and whether it was made, `job_updates` knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi_cosjob._checks import check_appid
from pulumi_cosjob._service.connection import Call, Connection
from pulumi_cosjob._service.job_updates import (
    Change,
    JobUpdate,
    cancellation,
    confirmation,
    perform,
    priority_change,
)

if TYPE_CHECKING:
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.transport import Response

__all__ = ["JobChanges"]


class JobChanges(ABC):
    """What a client changes; nothing else in the package sends anything but GET to COS Batch."""

    _connection: Connection

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Scheme, host and port that requests are sent to."""

    @abstractmethod
    def _request(self, job_id: str, appid: str | None, *, once: bool = False) -> tuple[JobDescription, Response]:
        """Read a job; return the response too."""

    def confirm_job(self, job_id: str, appid: str | None = None) -> JobUpdate:
        """Confirm a job that is Suspended, so that it runs.

        The request is repeated where no response comes. Where a response does not show whether the job was changed, the
        job is read, and its state decides.

        Args:
            job_id: Id of the job.
            appid: As for `describe_job`.

        Returns:
            The job's id, and its status afterwards.

        Raises:
            InvalidArgumentError: An argument is malformed; nothing was sent.
            ConfigurationError: No credentials were found; they are read for each request.
            RequestError: No response came within `request_timeout`; if the hint has it, the job may be changed all the
                same.
            ServiceError: The service refused; the status of the job is part of the message.
            InvalidResponseError: The response cannot be trusted; the hint is as for `RequestError`.
        """
        return self._change(confirmation(job_id), appid)

    def cancel_job(self, job_id: str, appid: str | None = None, *, reason: str | None = None) -> JobUpdate:
        """Cancel a job that has not ended; a job that is cancelled already is no error.

        Args:
            job_id: Id of the job.
            appid: As for `describe_job`.
            reason: Shown in descriptions of the job; at most 256 bytes in UTF-8.

        Returns:
            The job's id, its status afterwards (Cancelling or Cancelled) and the reason.

        Raises:
            CosJobError: As for `confirm_job`.
        """
        return self._change(cancellation(job_id, reason), appid)

    def set_job_priority(self, job_id: str, priority: int, appid: str | None = None) -> JobUpdate:
        """Give a job that has not ended another priority.

        Args:
            job_id: Id of the job.
            priority: 0 to 2147483647.
            appid: As for `describe_job`.

        Returns:
            The job's id and its priority.

        Raises:
            CosJobError: As for `confirm_job`.
        """
        return self._change(priority_change(job_id, priority), appid)

    def _change(self, change: Change, appid: str | None) -> JobUpdate:
        """Send the request for a change; read the job where its response does not show whether it was made."""
        check_appid(appid)

        def parse(response: Response, secrets: Sequence[str | None]) -> JobUpdate:
            return change.parse(response, secrets, endpoint=self.endpoint)

        def send() -> JobUpdate:
            return self._connection.send(Call(change.target, appid, change.job_id, "POST"), parse)[0]

        def describe(once: bool) -> JobDescription:
            return self._request(change.job_id, appid, once=once)[0]

        return perform(change, send, describe)
