"""The requests that change a job: what is sent, what the response means, and whether the change was made.

A change is the same however often it is requested, so a request without a response is repeated. But the attempt without
a response may have been the one that changed the job, and then the service refuses the next one. So the job is read
where a response does not show whether the change was made, and its state decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pulumi_cosjob._checks import check_identifier, check_number
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    CosJobError,
    InvalidArgumentError,
    InvalidResponseError,
    ServiceError,
    TlsError,
    WrongJobError,
)
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.responses import parse_document, policy_for
from pulumi_cosjob._service.retries import is_retryable
from pulumi_cosjob._text import format_value, kind_of, quoted

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.transport import Response

__all__ = ["Change", "JobUpdate", "cancellation", "confirmation", "perform", "priority_change"]

_MOST_PRIORITY = 2_147_483_647
_MOST_REASON_BYTES = 256
_STATUS_RESULT, _PRIORITY_RESULT = "UpdateJobStatusResult", "UpdateJobPriorityResult"
_STATUS = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")
_PRIORITY = re.compile(r"[0-9]{1,10}")
_CANCELLED = frozenset({"Cancelling", "Cancelled"})
# A job with any other status, also one that this version does not know, runs or has completed.
_UNCONFIRMED = frozenset({"New", "Preparing", "Suspended", "Failing", "Failed", *_CANCELLED})
_MAY_BE_RECEIVED = "The service may have received the request all the same: read the job before you repeat it."


class JobUpdate(Record):
    """What the service reports about a job after a change.

    Attributes:
        job_id: Id of the job.
        status: Its status; None after a change of the priority.
        status_update_reason: The reason of the latest change of the status; None if there is none.
        priority: Its priority; None after a change of the status.
    """

    job_id: str
    status: str | None = None
    status_update_reason: str | None = None
    priority: int | None = None


class Change(Record):
    """A change of one job.

    Attributes:
        job_id: Id of the job.
        target: Path and query of the request, escaped as they are sent.
        document: The name of the document with which the service responds.
        action: The action that a policy has to allow.
        participle: What was to be done with the job; follows "the job cannot be".
        hint: What to do about a job that the change is not possible for.
        update: Returns what the service reports after the change, from a description of the job.
        is_shown: Whether a response shows that the change was made.
        is_made: Whether the job is as the change was to make it. The second argument is whether a request for the
            change may have been performed: if not, the change was refused.
    """

    job_id: str
    target: str
    document: str
    action: str
    participle: str
    hint: str
    update: Callable[[JobDescription], JobUpdate]
    is_shown: Callable[[JobUpdate], bool]
    is_made: Callable[[JobDescription, bool], bool]

    def parse(self, response: Response, secrets: Sequence[str | None], *, endpoint: str) -> JobUpdate:
        """Return what a response reports about the job.

        Args:
            response: The response.
            secrets: The credentials of the request, which no error shows.
            endpoint: Where it was requested, for messages.

        Raises:
            ServiceError: The service refused.
            InvalidResponseError: The response cannot be trusted.
        """

        def decode(root: ET.Element, redacted: Callable[[str], str]) -> JobUpdate:
            return _decode(root, self, redacted)

        policy = policy_for(self.action)
        return parse_document(response, decode, job_id=self.job_id, endpoint=endpoint, secrets=secrets, policy=policy)


def confirmation(job_id: str) -> Change:
    """Return the change by which a job that is Suspended may run.

    Args:
        job_id: Id of the job.

    Raises:
        InvalidArgumentError: The job id is malformed.
    """
    return Change(
        job_id=check_identifier("job_id", job_id),
        target=_status_target(job_id, "Ready", None),
        document=_STATUS_RESULT,
        action="cos:UpdateJobStatus",
        participle="confirmed",
        hint="Only a job that is Suspended waits for a confirmation.",
        update=_status_of,
        is_shown=lambda update: update.status not in _UNCONFIRMED,
        is_made=lambda job, performed: performed and job.status not in _UNCONFIRMED and _was_suspended(job),
    )


def cancellation(job_id: str, reason: str | None) -> Change:
    """Return the change by which a job is cancelled.

    Args:
        job_id: Id of the job.
        reason: The reason, which descriptions of the job show; at most 256 bytes in UTF-8. None for no reason.

    Raises:
        InvalidArgumentError: The job id or the reason is malformed.
    """
    return Change(
        job_id=check_identifier("job_id", job_id),
        target=_status_target(job_id, "Cancelled", _check_reason(reason)),
        document=_STATUS_RESULT,
        action="cos:UpdateJobStatus",
        participle="cancelled",
        hint="There is nothing left to cancel.",
        update=_status_of,
        is_shown=lambda update: update.status in _CANCELLED,
        is_made=lambda job, _performed: job.status in _CANCELLED,
    )


def priority_change(job_id: str, priority: int) -> Change:
    """Return the change by which a job gets another priority.

    Args:
        job_id: Id of the job.
        priority: 0 to 2147483647.

    Raises:
        InvalidArgumentError: The job id or the priority is malformed.
    """
    number = check_number("priority", priority, 0, _MOST_PRIORITY)
    return Change(
        job_id=check_identifier("job_id", job_id),
        target=f"/jobs/{job_id}/priority?priority={number}",
        document=_PRIORITY_RESULT,
        action="cos:UpdateJobPriority",
        participle="given another priority",
        hint="The priority of a job can be changed until it ends.",
        update=lambda job: JobUpdate(job.job_id, priority=job.priority),
        is_shown=lambda update: update.priority == number,
        is_made=lambda job, performed: job.priority == number and (performed or not job.state.final),
    )


def perform(change: Change, send: Callable[[], JobUpdate], describe: Callable[[bool], JobDescription]) -> JobUpdate:
    """Make a change, and return what the service reports about the job; the job is read where that is not certain.

    Args:
        change: The change.
        send: Sends the request for it, repeated where there is no response.
        describe: Reads the job; the argument is whether there is only one attempt.

    Raises:
        CosJobError: The change was not made, or it is not known whether it was.
    """
    try:
        return send()
    except CosJobError as error:
        failure = error
    # Outside of the handler, so that a new error does not keep the other one.
    return _settle(change, failure, describe)


# With these, a first attempt did not reach the service, or was refused for its caller.
_WITHOUT_EFFECT = (AccessDeniedError, ConfigurationError, InvalidArgumentError, TlsError)


def _settle(change: Change, failure: CosJobError, describe: Callable[[bool], JobDescription]) -> JobUpdate:
    """Return the update if the job shows that the change was made; else raise the reason that it was not."""
    if failure.attempts == 1 and isinstance(failure, _WITHOUT_EFFECT):
        raise failure
    refused = isinstance(failure, ServiceError) and not is_retryable(failure)
    performed = failure.attempts > 1 or not refused
    try:
        job = describe(is_retryable(failure))
    except CosJobError:
        job = None
    if job is None:
        if performed:
            failure.add_hint(_MAY_BE_RECEIVED)
        raise failure
    if change.is_made(job, performed):
        return change.update(job)
    if job.state.final or refused:
        raise _impossible(change, job, failure)
    failure.add_hint(f"Afterwards the status of the job was {job.status}: repeat the request if it stays so.")
    raise failure


def _impossible(change: Change, job: JobDescription, failure: CosJobError) -> ServiceError:
    """Return the error for a job in whose state the change is not possible."""
    state = f"it has ended already, its status is {job.status}" if job.state.final else f"its status is {job.status}"
    reason = "" if job.state.final else f" ({failure.what})"
    error = ServiceError(
        f"the job cannot be {change.participle}: {state}{reason}",
        hint=change.hint,
        job_id=failure.job_id,
        appid=failure.appid,
        endpoint=failure.endpoint,
        code=failure.code,
        http_status=failure.http_status,
        request_id=failure.request_id,
    )
    error.attempts = failure.attempts
    return error


def _status_target(job_id: str, status: str, reason: str | None) -> str:
    query = {"requestedJobStatus": status, **({} if reason is None else {"statusUpdateReason": reason})}
    return f"/jobs/{job_id}/status?{urlencode(query, quote_via=quote, safe='')}"


def _check_reason(reason: str | None) -> str | None:
    """Return a reason that the service takes."""
    if reason is None:
        return None
    hint = f"It is a text of at most {_MOST_REASON_BYTES} bytes in UTF-8."
    if not isinstance(reason, str):
        raise InvalidArgumentError("reason", f"must be text, not {kind_of(reason)}", hint=hint)
    try:
        length = len(reason.encode())
    except UnicodeEncodeError:
        raise InvalidArgumentError("reason", f"cannot be {format_value(reason)}", hint=hint) from None
    if length > _MOST_REASON_BYTES:
        raise InvalidArgumentError("reason", f"has {length} bytes", hint=hint)
    return reason


def _was_suspended(job: JobDescription) -> bool:
    """Return whether a job may have waited for a confirmation; one that needs none never did."""
    return job.confirmation_required is not False or job.suspended_date is not None


def _status_of(job: JobDescription) -> JobUpdate:
    return JobUpdate(job.job_id, job.status, job.status_update_reason)


def _decode(root: ET.Element, change: Change, redacted: Callable[[str], str]) -> JobUpdate:
    """Return what a document reports about the job of the change."""
    if root.tag != change.document:
        raise InvalidResponseError(f"the response is no {change.document}, but {quoted(redacted(root.tag))}")
    job_id = _text(root, "JobId") or ""
    if job_id != change.job_id:
        raise WrongJobError(f"the response is about another job, {quoted(redacted(job_id))}")
    if change.document == _PRIORITY_RESULT:
        update = JobUpdate(job_id, priority=_priority(root))
        reported = f"priority {update.priority}"
    else:
        update = JobUpdate(job_id, _status(root, redacted), redacted(_text(root, "StatusUpdateReason") or "") or None)
        reported = f"status {update.status}"
    if not change.is_shown(update):
        raise InvalidResponseError(f"the service accepted the request, but reports the {reported}")
    return update


def _priority(root: ET.Element) -> int:
    priority = _text(root, "Priority") or ""
    if not _PRIORITY.fullmatch(priority):
        raise InvalidResponseError("the response has no valid Priority")
    return int(priority)


def _status(root: ET.Element, redacted: Callable[[str], str]) -> str:
    status = _text(root, "Status") or ""
    # Messages show a status, which may be any word.
    if not _STATUS.fullmatch(status) or redacted(status) != status:
        raise InvalidResponseError("the response has no valid Status")
    return status


def _text(root: ET.Element, name: str) -> str | None:
    """Return the text of a child, None without one."""
    found = root.findall(name)
    if len(found) > 1:
        raise InvalidResponseError(f"the response has {name} more than once")
    return "".join(found[0].itertext()).strip() if found else None
