"""What an answer of the service means: pure functions of the answer."""

from __future__ import annotations

import dataclasses
import email.utils
from collections.abc import Mapping
from datetime import timezone
from typing import TYPE_CHECKING, Any, NoReturn
from xml.sax.saxutils import escape

from pulumi_cosjob import _schema
from pulumi_cosjob._errors import (
    AccessDeniedError,
    InvalidAnswerError,
    NoSuchJobError,
    NotXmlError,
    ServiceError,
    UnavailableError,
    WrongJobError,
    shorten,
)

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from pulumi_cosjob._credentials import Credentials
    from pulumi_cosjob._http import Answer
    from pulumi_cosjob._job import JobDescription
    from pulumi_cosjob._schema import Validation

__all__ = ["answered_at", "clock_offset", "judge", "retry_after", "without_keys"]

# What is shorter is no key, and may be part of a word.
_SHORTEST_KEY = 8
# Signatures are good from one minute before they are made; a clock that is off by less does no harm.
_TOLERATED_SKEW = 60.0

_AGED_OUT = "Check job_id, appid, uin and region; the service forgets a job 90 days after its end."
_KEY = "Check the secret id and the secret key (cosjob:secretId, TENCENTCLOUD_SECRET_ID and the like)."
_MEANINGS: Mapping[str, tuple[type[ServiceError], str, str]] = {
    "NoSuchJob": (NoSuchJobError, "there is no such job", _AGED_OUT),
    "AccessDenied": (
        AccessDeniedError,
        "access was denied",
        "Check that the key's policy allows cos:DescribeJob, and that appid belongs to the key's account.",
    ),
    "SignatureDoesNotMatch": (AccessDeniedError, "the signature was refused: wrong secret key", _KEY),
    "InvalidAccessKeyId": (AccessDeniedError, "the service does not know the secret id", _KEY),
    "RequestTimeTooSkewed": (
        AccessDeniedError,
        "this machine's clock is too far off",
        "Set this machine's clock; the service's own time did not help.",
    ),
    "ExpiredToken": (
        AccessDeniedError,
        "the temporary credentials have expired",
        "Get new ones, and set secret id, secret key and token together.",
    ),
    "InvalidArgument": (ServiceError, "the service refused an argument", "Check job_id and appid."),
    "InvalidRequest": (ServiceError, "the service refused the request", "Check job_id and appid."),
    "TooManyJobs": (UnavailableError, "the service has too many jobs", "Try again later."),
    "ServiceUnavailable": (UnavailableError, "the service is not available", "Try again later."),
    "InternalError": (UnavailableError, "the service failed", "Try again later."),
    "SlowDown": (UnavailableError, "the service asks to slow down", "Ask less often, or later."),
    "RequestLimitExceeded": (UnavailableError, "too many requests", "Ask less often, or later."),
}


def without_keys(answer: Answer, credentials: Credentials) -> Answer:
    """Take out of an answer what it echoes of the keys, before it is quoted in a message.

    A service may name the secret id that it does not know, and what stands between may send back whole requests.
    """
    from requests.structures import CaseInsensitiveDict  # noqa: PLC0415  loaded by now, as there is an answer

    body, headers = answer.body, dict(answer.headers)
    for value in (credentials.secret_id, credentials.secret_key, credentials.token):
        if value is None or len(value) < _SHORTEST_KEY:
            continue
        for written in {value, escape(value), escape(value, {'"': "&quot;", "'": "&apos;"})}:
            body = body.replace(written.encode(), b"[secret]")
        headers = {name: text.replace(value, "[secret]") for name, text in headers.items()}
    return dataclasses.replace(answer, body=body, headers=CaseInsensitiveDict(headers))


def judge(answer: Answer, *, job_id: str, endpoint: str, validation: Validation = "strict") -> JobDescription:
    """Say what an answer to a DescribeJob request means.

    Args:
        answer: The answer.
        job_id: The job that was asked for.
        endpoint: Where, for messages.
        validation: What to do with an answer that breaks the schema.

    Raises:
        ServiceError: The service refused; the class and the code say why.
        InvalidAnswerError: The answer cannot be trusted.
    """
    request_id = answer.headers.get("x-cos-request-id")
    context: dict[str, Any] = {
        "job_id": job_id,
        "endpoint": endpoint,
        "http_status": answer.status,
        "request_id": shorten(request_id)[1:-1] if request_id else None,
    }
    try:
        root = _schema.read_xml(answer.body)
    except NotXmlError as error:
        _refuse_without_xml(error, answer, context)
    if root.tag == "Error" or answer.status != 200:
        _refuse(root, answer, context)
    try:
        described = _schema.describe(root, validation=validation)
    except InvalidAnswerError as error:
        error.__dict__.update(context)
        raise
    if described.job_id != job_id:
        hint = "Nothing of it was used. Report this if it came from the service itself."
        raise WrongJobError(f"the answer is about another job, {shorten(described.job_id)}", hint=hint, **context)
    return described


def _refuse(root: ET.Element, answer: Answer, context: dict[str, Any]) -> NoReturn:
    """Raise what an error document, or a status that is no success, stands for."""
    if 300 <= answer.status < 400:
        raise InvalidAnswerError("the endpoint redirects, which is not followed", hint=_ENDPOINT, **context)
    if root.tag != "Error":
        _refuse_by_status(answer, "the answer is no error document of COS Batch", context)
    code = (root.findtext("Code") or "").strip()
    message = " ".join((root.findtext("Message") or "").split())
    context["request_id"] = context["request_id"] or shorten((root.findtext("RequestId") or "").strip())[1:-1] or None
    context["code"] = shorten(code)[1:-1] or None
    if code not in _MEANINGS:
        _refuse_by_status(answer, f"the service says {shorten(message or code, 120)}", context)
    kind, what, hint = _MEANINGS[code]
    if kind is UnavailableError:
        context["retry_after"] = retry_after(answer)
    raise kind(f"{what}: {shorten(message, 120)}" if message else what, hint=hint, **context)


_ENDPOINT = "Check the endpoint: is it COS Batch that answers there, and no proxy?"


def _refuse_without_xml(error: NotXmlError, answer: Answer, context: dict[str, Any]) -> NoReturn:
    if 300 <= answer.status < 400:
        raise InvalidAnswerError("the endpoint redirects, which is not followed", hint=_ENDPOINT, **context) from None
    if answer.status == 200 or answer.status < 400:
        raise NotXmlError(error.what, hint=_ENDPOINT, **context) from None
    _refuse_by_status(answer, error.what, context)


def _refuse_by_status(answer: Answer, what: str, context: dict[str, Any]) -> NoReturn:
    """Raise by the HTTP status alone; never "no such job", which only the service's own code says."""
    if answer.status in (408, 429) or answer.status >= 500:
        raise UnavailableError(what, hint="Try again later.", retry_after=retry_after(answer), **context) from None
    if answer.status in (401, 403):
        raise AccessDeniedError(what, hint=_KEY, **context) from None
    raise ServiceError(what, hint=_ENDPOINT, **context) from None


def retry_after(answer: Answer) -> float | None:
    """Return how many seconds the service asks to wait, where it does; a date is counted from the answer's own."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, now = _seconds(text), _seconds(answer.headers.get("Date", ""))
    return None if until is None or now is None else max(0.0, until - now)


def _seconds(date: str) -> float | None:
    try:
        read = email.utils.parsedate_to_datetime(date)
        return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def answered_at(answer: Answer) -> float | None:
    """Return the service's own time of an answer, in seconds since the epoch, where it tells."""
    return _seconds(answer.headers.get("Date", ""))


def clock_offset(answer: Answer, now: float) -> float | None:
    """Return by how many seconds the service's clock is ahead of ours, where that explains a refusal."""
    if answer.status != 403:
        return None
    theirs = answered_at(answer)
    return None if theirs is None or abs(theirs - now) <= _TOLERATED_SKEW else theirs - now
