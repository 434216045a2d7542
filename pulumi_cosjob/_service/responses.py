"""What a response of the service means: pure functions of the response."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timezone
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

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
from pulumi_cosjob._model.states import STATES
from pulumi_cosjob._service.redaction import contains_secret, redact
from pulumi_cosjob._text import quoted, truncate
from pulumi_cosjob._xml.decoder import describe, describe_page, new_warnings
from pulumi_cosjob._xml.modes import DEFAULT_VALIDATION
from pulumi_cosjob._xml.xml_reader import read_xml

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from pulumi_cosjob._errors import Problem
    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._model.job_summary import JobPage
    from pulumi_cosjob._service.transport import Response
    from pulumi_cosjob._xml.modes import Validation

__all__ = [
    "CREDENTIALS_HINT",
    "clock_offset",
    "no_such_job",
    "parse_document",
    "parse_page",
    "parse_response",
    "policy_for",
    "retry_after",
    "service_time",
]

# Signatures are valid from one minute before they are made, so a clock that is wrong by less does no harm.
_TOLERATED_SKEW = 60.0

_AGED_OUT = Message(
    "Check {job_id}, {appid}, {uin} and {region}; jobs are kept for about 90 days (documented: since creation)."
)


def policy_for(actions: str) -> Message:
    """Return what to do where access is denied.

    Args:
        actions: The actions that the policy has to allow, as part of a sentence.
    """
    return Message(
        "Check that {appid} belongs to the account of the credentials, and that their policy allows {actions} on "
        "resource * (a statement that names a bucket grants nothing); docs/errors.md has that policy.",
        {"actions": actions},
    )


_POLICY = policy_for("cos:DescribeJob and cos:ListJobs")
CREDENTIALS_HINT = Message("Check the secret id and the secret key. They can be set by {credentials:places}.")
_BLOCKED = "Settle the payment, or have the vendor unblock the account; then repeat the request."
_ENDPOINT = "Check the endpoint: does COS Batch respond there, or a proxy?"
_CHECK = Message("Check {job_id} and {appid}.")
_CHECK_LIST = Message("Check {statuses} and {appid}.")
_REPORT = "Report this if it came from the service itself."
_MEANINGS: Mapping[str, tuple[type[ServiceError], str, str | Message]] = {
    "NoSuchJob": (NoSuchJobError, "there is no such job", _AGED_OUT),
    "AccessDenied": (AccessDeniedError, "access was denied", _POLICY),
    "SignatureDoesNotMatch": (AccessDeniedError, "the signature was refused: wrong secret key", CREDENTIALS_HINT),
    "InvalidAccessKeyId": (AccessDeniedError, "the service does not know the secret id", CREDENTIALS_HINT),
    "RequestTimeTooSkewed": (
        AccessDeniedError,
        "this machine's clock is too far from the service's",
        "Set this machine's clock; using the service's own time did not help.",
    ),
    "ExpiredToken": (
        AccessDeniedError,
        "the temporary credentials have expired",
        "Get new credentials, and set secret id, secret key and token together.",
    ),
    "Request has expired": (
        AccessDeniedError,
        "the signature has expired",
        "Set this machine's clock; if it is right, the request took too long to arrive.",
    ),
    "UnavailableForLegalReasons": (ServiceError, "the account is blocked, or a payment is overdue", _BLOCKED),
    "InvalidArgument": (ServiceError, "the service refused an argument", _CHECK),
    "InvalidRequest": (ServiceError, "the service refused the request", _CHECK),
    "TooManyJobs": (UnavailableError, "the service has too many jobs", "Try again later."),
    "ServiceUnavailable": (UnavailableError, "the service is not available", "Try again later."),
    "InternalError": (UnavailableError, "the service failed", "Try again later."),
    "SlowDown": (UnavailableError, "the service throttles requests", "Make requests less often, or try again later."),
    "RequestLimitExceeded": (UnavailableError, "too many requests", "Make requests less often, or try again later."),
}


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _raises_own_errors(parse: Callable[_P, _R]) -> Callable[_P, _R]:
    """Turn errors of any other kind into an `InvalidResponseError`, so that no response can end a wait."""

    @functools.wraps(parse)
    def parse_safely(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return parse(*args, **kwargs)
        except (CosJobError, CosJobWarning):
            raise
        except Exception as error:  # noqa: BLE001  a response may cause any
            kind = type(error).__name__
        # Outside of the handler, so that the new error does not keep the other one, which may quote the response.
        status = getattr(args[0], "status", None)
        raise InvalidResponseError(f"the response cannot be processed ({kind})", hint=_REPORT, http_status=status)

    return parse_safely


@_raises_own_errors
def parse_response(
    response: Response,
    *,
    job_id: str,
    endpoint: str,
    validation: Validation = DEFAULT_VALIDATION,
    secrets: Sequence[str | None] = (),
    warned: set[str] | None = None,
) -> JobDescription:
    """Return the job that a response to a DescribeJob request describes.

    Args:
        response: The response.
        job_id: The job that was requested.
        endpoint: Where it was requested, for messages.
        validation: What to do with a response that violates the schema.
        secrets: The credentials of the request: no error and no warning shows them, even if the response echoes them.
        warned: Warnings that were shown before, which are not shown again; new ones are added.

    Raises:
        ServiceError: The service refused; class and code are the reason.
        InvalidResponseError: The response cannot be trusted, or could not be processed.
    """
    redacted = functools.partial(_redacted, job_id=job_id, secrets=secrets)

    def read(root: ET.Element) -> tuple[JobDescription, Sequence[Problem]]:
        description, problems = describe(root, validation=validation, redact=redacted)
        if description.job_id != job_id:
            what = f"the response describes another job, {quoted(redacted(description.job_id))}"
            raise WrongJobError(what, hint=f"Nothing of it was used. {_REPORT}")
        # Messages show a status, which may be any word.
        if description.status not in STATES and redacted(description.status) != description.status:
            raise InvalidResponseError("the Status of the response echoes a secret")
        return description, problems

    with _context(response, endpoint, redacted, job_id):
        description, problems = read(_read(response, secrets, redacted))
    for text in new_warnings(problems, set() if warned is None else warned):
        _warn(text)
    return description


@_raises_own_errors
def parse_page(
    response: Response,
    *,
    endpoint: str,
    validation: Validation = DEFAULT_VALIDATION,
    secrets: Sequence[str | None] = (),
    warned: set[str] | None = None,
) -> JobPage:
    """Return the page that a response to a ListJobs request holds; arguments and errors as for `parse_response`."""
    redacted = functools.partial(redact, secrets=secrets)
    with _context(response, endpoint, redacted):
        root = _read(response, secrets, redacted, check=_CHECK_LIST)
        page, problems = describe_page(root, validation=validation, redact=redacted)
        _refuse_echoes(page, secrets)
    for text in new_warnings(problems, set() if warned is None else warned):
        _warn(text)
    return page


@_raises_own_errors
def parse_document(
    response: Response,
    decode: Callable[[ET.Element, Callable[[str], str]], _R],
    *,
    job_id: str,
    endpoint: str,
    secrets: Sequence[str | None] = (),
    policy: Message = _POLICY,
) -> _R:
    """Return what the document of a response about a job means.

    Args:
        response: The response.
        decode: Returns it, of a successful response. The second argument removes secrets from a text before it is
            quoted.
        job_id: The job that the request was about.
        endpoint: Where it was sent, for messages.
        secrets: The credentials of the request, which no error shows.
        policy: What to do where access is denied.

    Raises:
        ServiceError: The service refused; class and code are the reason.
        InvalidResponseError: The response cannot be trusted, or could not be processed.
    """
    redacted = functools.partial(_redacted, job_id=job_id, secrets=secrets)
    with _context(response, endpoint, redacted, job_id):
        return decode(_read(response, secrets, redacted, policy=policy), redacted)


def _refuse_echoes(page: JobPage, secrets: Sequence[str | None]) -> None:
    """Refuse a page with a secret in what messages, addresses and further requests show: ids, statuses, the token."""
    shown = {
        "JobId": {job.job_id for job in page.jobs},
        "Status": {job.status for job in page.jobs} - STATES.keys(),
        "NextToken": {page.next_token or ""},
    }
    for name, texts in shown.items():
        # First all at once, as a page has a thousand; secrets split by line breaks are found too, so then one by one.
        if contains_secret("\n".join(texts), secrets) and any(contains_secret(text, secrets) for text in texts):
            raise InvalidResponseError(f"the {name} of the response echoes a secret")


@contextlib.contextmanager
def _context(
    response: Response, endpoint: str, redacted: Callable[[str], str], job_id: str | None = None
) -> Iterator[None]:
    """Add to an error where the response came from."""
    try:
        yield
    except CosJobError as error:
        error.job_id, error.endpoint, error.http_status = job_id, endpoint, response.status
        error.request_id = truncate(redacted(response.headers.get("x-cos-request-id", ""))) or error.request_id
        raise


def _warn(text: str) -> None:
    try:
        warnings.warn(text, CosJobWarning, stacklevel=3)
    except CosJobWarning as warning:
        # A filter turns warnings into errors: the job is returned all the same, so that a wait goes on.
        warnings.showwarning(warning, CosJobWarning, __file__, 0)


def _redacted(text: str, *, job_id: str, secrets: Sequence[str | None]) -> str:
    """Return a text without secrets; the job id is none, even where it is like one."""
    return text if text == job_id else redact(text, secrets)


def _read(
    response: Response,
    secrets: Sequence[str | None],
    redacted: Callable[[str], str],
    *,
    check: Message = _CHECK,
    policy: Message = _POLICY,
) -> ET.Element:
    """Return the document of a successful response; raise what any other response stands for.

    Args:
        response: The response.
        secrets: The credentials of the request.
        redacted: Removes them from a text.
        check: The hint where the service refuses the request's arguments.
        policy: The hint where access is denied.
    """
    root, unreadable = None, ""
    try:
        root = read_xml(response.body)
    except NotXmlError as error:
        unreadable = error.what
    # Outside of the handler, so that the new error does not keep this one, which quotes the response.
    if root is None:
        if contains_secret(response.body.decode("latin-1"), secrets):
            unreadable = "the response cannot be read as XML, and is not quoted because it echoes a secret"
        _refuse_without_xml(unreadable, response)
    if root.tag == "Error" or response.status != 200:
        _refuse(root, response, redacted, check, policy)
    return root


def _refuse(
    root: ET.Element, response: Response, redacted: Callable[[str], str], check: Message, policy: Message
) -> NoReturn:
    """Raise what an error document, or a status other than 200, stands for."""
    if 300 <= response.status < 400:
        raise InvalidResponseError("the endpoint redirects, which is not followed", hint=_ENDPOINT)
    if root.tag != "Error":
        _refuse_by_status(response, "the response is no error document of COS Batch", hint=_ENDPOINT)
    code = _text(root, "Code")
    message = " ".join(_text(root, "Message").split())
    request_id = truncate(redacted(_text(root, "RequestId")))
    context: dict[str, Any] = {"code": truncate(redacted(code)) or None, "request_id": request_id or None}
    if code not in _MEANINGS:
        words = quoted(redacted(message or code), 120)
        what = f"the service reports {words}" if message or code else "the service reports an error without a reason"
        _refuse_by_status(response, what, **context)
    kind, what, hint = _MEANINGS[code]
    hint = check if hint is _CHECK else policy if hint is _POLICY else hint
    if kind is UnavailableError:
        context["retry_after"] = retry_after(response)
    raise kind(f"{what}: {quoted(redacted(message), 120)}" if message else what, hint=hint, **context)


def _text(root: ET.Element, name: str) -> str:
    """Return the whole text of a child: an element inside it must not hide a part of an echoed secret."""
    child = root.find(name)
    return "" if child is None else "".join(child.itertext()).strip()


def _refuse_without_xml(what: str, response: Response) -> NoReturn:
    if 300 <= response.status < 400:
        raise InvalidResponseError("the endpoint redirects, which is not followed", hint=_ENDPOINT)
    if response.status < 400:
        raise NotXmlError(what, hint=_ENDPOINT)
    _refuse_by_status(response, what, hint=_ENDPOINT)


def _refuse_by_status(response: Response, what: str, *, hint: str = "", **context: Any) -> NoReturn:
    """Raise by the HTTP status alone; never "no such job", which needs the service's own code.

    Args:
        response: The response.
        what: What happened.
        hint: What else to do, where it may not be the service that responds.
        **context: Attributes of the error.
    """
    if response.status in (408, 429) or (response.status >= 500 and not is_refusal(response.status)):
        raise UnavailableError(what, hint="Try again later.", retry_after=retry_after(response), **context)
    if response.status in (401, 403):
        both = (
            Message("{credentials} {hint}", {"credentials": CREDENTIALS_HINT, "hint": hint})
            if hint
            else CREDENTIALS_HINT
        )
        raise AccessDeniedError(what, hint=both, **context)
    if response.status == 451:
        raise ServiceError(what, hint=" ".join(filter(None, (_BLOCKED, hint))), **context)
    raise ServiceError(what, hint=_ENDPOINT, **context)


def no_such_job(job_id: str, appid: str | None) -> ServiceError:
    """Return the error for a job that the service does not know, where no service is involved.

    Args:
        job_id: Id of the job.
        appid: APPID of the account in which it was searched.
    """
    code = "NoSuchJob"
    kind, what, hint = _MEANINGS[code]
    return kind(what, hint=hint, job_id=job_id, appid=appid, code=code)


def retry_after(response: Response) -> float | None:
    """Return the seconds of the Retry-After header, None without a valid one; a date counts from the response's own."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), 999_999_999.0)
    until, now = _timestamp(text), service_time(response)
    return None if until is None or now is None else max(0.0, until - now)


def _timestamp(date: str) -> float | None:
    try:
        parsed = email.utils.parsedate_to_datetime(date)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def service_time(response: Response) -> float | None:
    """Return the service's own time of a response, in seconds since the epoch; None where it has no valid Date."""
    return _timestamp(response.headers.get("Date", ""))


def clock_offset(response: Response, now: float) -> float | None:
    """Return by how many seconds the service's clock is ahead of ours, where that explains a refusal; else None."""
    if response.status != 403:
        return None
    theirs = service_time(response)
    return None if theirs is None or abs(theirs - now) <= _TOLERATED_SKEW else theirs - now
