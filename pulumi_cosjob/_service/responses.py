"""What an answer of the service means: pure functions of the answer."""

from __future__ import annotations

import email.utils
import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

from pulumi_cosjob._errors import (
    AccessDeniedError,
    CosJobError,
    CosJobWarning,
    InvalidResponseError,
    NoSuchJobError,
    NotXmlError,
    ServiceError,
    UnavailableError,
    WrongJobError,
    is_refusal,
)
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.job import STATES
from pulumi_cosjob._service.redaction import contains_secret, redact
from pulumi_cosjob._text import quoted, truncate
from pulumi_cosjob._xml import schema as schema_module

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from pulumi_cosjob._errors import Problem
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.transport import Answer
    from pulumi_cosjob._xml.schema import Validation

__all__ = ["answered_at", "clock_offset", "judge", "no_such_job", "retry_after"]

# Signatures are good from one minute before they are made; a clock that is off by less does no harm.
_TOLERATED_SKEW = 60.0

_AGED_OUT = Message(
    "Check {job_id}, {appid}, {uin} and {region}; jobs are kept for about 90 days (the vendor says since creation)."
)
_POLICY = Message(
    "Check that {appid} belongs to the key's account, and that the key's policy allows cos:DescribeJob and "
    "cos:ListJobs on resource * (a statement that names a bucket grants nothing); docs/errors.md has that policy."
)
_KEY = Message("Check the secret id and the secret key. They can be set by {credentials:places}.")
_BLOCKED = "Settle the payment, or ask the vendor to unblock the account; then try again."
_ENDPOINT = "Check the endpoint: is it COS Batch that answers there, and no proxy?"
_CHECK = Message("Check {job_id} and {appid}.")
_REPORT = "Report this if it came from the service itself."
_MEANINGS: Mapping[str, tuple[type[ServiceError], str, str | Message]] = {
    "NoSuchJob": (NoSuchJobError, "there is no such job", _AGED_OUT),
    "AccessDenied": (
        AccessDeniedError,
        "access was denied",
        _POLICY,
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
    "Request has expired": (
        AccessDeniedError,
        "the signature's time is over",
        "Set this machine's clock; where it is right, the request was too long on its way.",
    ),
    "UnavailableForLegalReasons": (ServiceError, "the account is blocked, or a payment is overdue", _BLOCKED),
    "InvalidArgument": (ServiceError, "the service refused an argument", _CHECK),
    "InvalidRequest": (ServiceError, "the service refused the request", _CHECK),
    "TooManyJobs": (UnavailableError, "the service has too many jobs", "Try again later."),
    "ServiceUnavailable": (UnavailableError, "the service is not available", "Try again later."),
    "InternalError": (UnavailableError, "the service failed", "Try again later."),
    "SlowDown": (UnavailableError, "the service asks to slow down", "Ask less often, or later."),
    "RequestLimitExceeded": (UnavailableError, "too many requests", "Ask less often, or later."),
}


_P = ParamSpec("_P")


def _total(judging: Callable[_P, JobDescription]) -> Callable[_P, JobDescription]:
    """Let nothing but this package's errors out of the judgement of an answer: no answer can end a wait otherwise."""

    @functools.wraps(judging)
    def judged(*args: _P.args, **kwargs: _P.kwargs) -> JobDescription:
        try:
            return judging(*args, **kwargs)
        except (CosJobError, CosJobWarning):
            raise
        except Exception as error:  # noqa: BLE001  whatever an answer can be made to do
            kind = type(error).__name__
        # Out here, as an error that is raised from another one keeps it: that one may quote the answer as it is.
        status = getattr(args[0], "status", None)
        raise InvalidResponseError(f"the answer cannot be judged ({kind})", hint=_REPORT, http_status=status)

    return judged


@_total
def judge(
    answer: Answer,
    *,
    job_id: str,
    endpoint: str,
    validation: Validation = schema_module.DEFAULT_VALIDATION,
    secrets: Sequence[str | None] = (),
    warned: set[str] | None = None,
) -> JobDescription:
    """Say what an answer to a DescribeJob request means.

    Args:
        answer: The answer.
        job_id: The job that was asked for.
        endpoint: Where, for messages.
        validation: What to do with an answer that breaks the schema.
        secrets: The keys that the question came with: no error and no warning shows them, whatever the answer echoes.
        warned: What was warned of before, which is not warned of again; what is new is added.

    Raises:
        ServiceError: The service refused; the class and the code say why.
        InvalidResponseError: The answer cannot be trusted, or judging it failed in whatever way.
    """
    shown = functools.partial(_shown, job_id=job_id, secrets=secrets)
    try:
        described, left_out = _described(answer, job_id, validation, secrets, shown)
    except CosJobError as error:
        error.job_id, error.endpoint, error.http_status = job_id, endpoint, answer.status
        error.request_id = _quoted(shown(answer.headers.get("x-cos-request-id", ""))) or error.request_id
        raise
    for text in schema_module.warnings_of(left_out, set() if warned is None else warned):
        _warn(text)
    return described


def _warn(text: str) -> None:
    try:
        warnings.warn(text, CosJobWarning, stacklevel=3)
    except CosJobWarning as warning:
        # Where a filter makes errors of warnings: what can be read is read all the same, and a wait goes on.
        warnings.showwarning(warning, CosJobWarning, __file__, 0)


def _shown(text: str, *, job_id: str, secrets: Sequence[str | None]) -> str:
    """Rid a text of keys; what the user calls the job is no secret, although it may look like one."""
    return text if text == job_id else redact(text, secrets)


def _quoted(text: str) -> str:
    return truncate(text)


def _described(
    answer: Answer, job_id: str, validation: Validation, secrets: Sequence[str | None], shown: Callable[[str], str]
) -> tuple[JobDescription, Sequence[Problem]]:
    root, unreadable = None, ""
    try:
        root = schema_module.read_xml(answer.body)
    except NotXmlError as error:
        unreadable = error.what
    # Out here, as an error that is raised from another one keeps it: that one quotes the answer as it is.
    if root is None:
        if contains_secret(answer.body.decode("latin-1"), secrets):
            unreadable = "the answer cannot be read as XML, and is not quoted because it echoes a key"
        _refuse_without_xml(unreadable, answer)
    if root.tag == "Error" or answer.status != 200:
        _refuse(root, answer, shown)
    described, left_out = schema_module.describe(root, validation=validation, shown=shown)
    if described.job_id != job_id:
        hint = f"Nothing of it was used. {_REPORT}"
        raise WrongJobError(f"the answer is about another job, {quoted(shown(described.job_id))}", hint=hint)
    # Unlike other fields it is part of messages, and any word may be one.
    if described.status not in STATES and shown(described.status) != described.status:
        raise InvalidResponseError("the Status of the answer echoes a key")
    return described, left_out


def _refuse(root: ET.Element, answer: Answer, shown: Callable[[str], str]) -> NoReturn:
    """Raise what an error document, or a status that is no success, stands for."""
    if 300 <= answer.status < 400:
        raise InvalidResponseError("the endpoint redirects, which is not followed", hint=_ENDPOINT)
    if root.tag != "Error":
        _refuse_by_status(answer, "the answer is no error document of COS Batch", hint=_ENDPOINT)
    code = _text(root, "Code")
    message = " ".join(_text(root, "Message").split())
    request_id = _quoted(shown(_text(root, "RequestId")))
    context: dict[str, Any] = {"code": _quoted(shown(code)) or None, "request_id": request_id or None}
    if code not in _MEANINGS:
        says = f"says {quoted(shown(message or code), 120)}" if message or code else "refused, and does not say why"
        _refuse_by_status(answer, f"the service {says}", **context)
    kind, what, hint = _MEANINGS[code]
    if kind is UnavailableError:
        context["retry_after"] = retry_after(answer)
    raise kind(f"{what}: {quoted(shown(message), 120)}" if message else what, hint=hint, **context)


def _text(root: ET.Element, name: str) -> str:
    """Return the whole text of a child: of a key that an element splits, no part is to be taken for a harmless word."""
    child = root.find(name)
    return "" if child is None else "".join(child.itertext()).strip()


def _refuse_without_xml(what: str, answer: Answer) -> NoReturn:
    if 300 <= answer.status < 400:
        raise InvalidResponseError("the endpoint redirects, which is not followed", hint=_ENDPOINT)
    if answer.status < 400:
        raise NotXmlError(what, hint=_ENDPOINT)
    _refuse_by_status(answer, what, hint=_ENDPOINT)


def _refuse_by_status(answer: Answer, what: str, *, hint: str = "", **context: Any) -> NoReturn:
    """Raise by the HTTP status alone; never "no such job", which only the service's own code says.

    Args:
        answer: The answer.
        what: What it says.
        hint: What to do besides, where it is not the service that answers.
        **context: For the error.
    """
    if answer.status in (408, 429) or (answer.status >= 500 and not is_refusal(answer.status)):
        raise UnavailableError(what, hint="Try again later.", retry_after=retry_after(answer), **context)
    if answer.status in (401, 403):
        raise AccessDeniedError(
            what, hint=Message("{key} {hint}", {"key": _KEY, "hint": hint}) if hint else _KEY, **context
        )
    if answer.status == 451:
        raise ServiceError(what, hint=" ".join(filter(None, (_BLOCKED, hint))), **context)
    raise ServiceError(what, hint=_ENDPOINT, **context)


def no_such_job(job_id: str, appid: str) -> ServiceError:
    """Return what it means that the service does not know a job, where no service was asked.

    Args:
        job_id: The job.
        appid: APPID of the account in which it was asked for.
    """
    code = "NoSuchJob"
    kind, what, hint = _MEANINGS[code]
    return kind(what, hint=hint, job_id=job_id, appid=appid, code=code)


def retry_after(answer: Answer) -> float | None:
    """Return how many seconds the service asks to wait, where it does; a date is counted from the answer's own."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), 999_999_999.0)
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
