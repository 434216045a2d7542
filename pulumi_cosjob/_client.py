"""The request layer: asks COS Batch about a job, and says what the answer means.

What an answer means (`judge`), whether a clock is off (`clock_offset`) and how long to pause (`pause`) are pure
functions; `CosBatchClient` is the loop around them.
"""

from __future__ import annotations

import email.utils
import random
from collections.abc import Mapping
from datetime import timezone
from typing import TYPE_CHECKING, Any, NoReturn

from pulumi_cosjob import _schema
from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConnectionFailedError,
    CosJobError,
    InvalidAnswerError,
    NoSuchJobError,
    NotXmlError,
    ServiceError,
    TimeLimitError,
    UnavailableError,
    WrongJobError,
    shorten,
)
from pulumi_cosjob._settings import Settings, check_identifier, resolve

if TYPE_CHECKING:
    from types import TracebackType
    from xml.etree import ElementTree as ET

    import requests
    from typing_extensions import Self

    from pulumi_cosjob._http import Answer
    from pulumi_cosjob._job import JobDescription
    from pulumi_cosjob._schema import Validation

__all__ = ["CosBatchClient", "clock_offset", "describe_job", "judge", "pause"]

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_LONGEST_TRY = 20.0
# Signatures are good from one minute before they are made; a clock that is off by less does no harm.
_TOLERATED_SKEW = 60.0


# ------------------------------------------------------------------------------------------------ what answers mean

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


def clock_offset(answer: Answer, now: float) -> float | None:
    """Return by how many seconds the service's clock is ahead of ours, where that explains a refusal."""
    theirs = _seconds(answer.headers.get("Date", ""))
    if answer.status != 403 or theirs is None or abs(theirs - now) <= _TOLERATED_SKEW:
        return None
    return theirs - now


# -------------------------------------------------------------------------------------------------------- asking again


def is_worth_a_retry(error: BaseException) -> bool:
    """Tell whether the same question may be answered a little later."""
    return isinstance(error, (ConnectionFailedError, TimeLimitError, UnavailableError))


def pause(tries: int, asked_for: float | None, jitter: float) -> float:
    """Return how many seconds to pause before the next try.

    Args:
        tries: How many there were, 1 or more.
        asked_for: What the service asked for (Retry-After), if it did: never less than that.
        jitter: From 0 to 1, at random, so that many do not come back at once.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(tries - 1, 30))
    drawn = longest * (0.5 + jitter / 2)
    return drawn if asked_for is None else asked_for + drawn * 0.2


class CosBatchClient:
    """Asks COS Batch; holds one pool of connections and may be used by many threads at once.

    Args:
        uin: Id of the main account, such as `100000000001`.
        region: Such as `ap-chengdu`.
        endpoint: In place of the one that uin and region make up.
        secret_id: Id of the key to sign with.
        secret_key: The key.
        token: The token that belongs to a temporary key.
        validation: `strict` (default) refuses an answer that breaks the schema, `lenient` warns.
        request_timeout: Seconds for one question with all its tries, 60 by default.
        clock: Another clock than the machine's, for tests.

    What is not given comes from the environment, then from the vendor's credentials files and machine roles.

    Raises:
        ConfigurationError: A setting is missing.
        InvalidArgumentError: A setting cannot be used.
    """

    def __init__(
        self,
        *,
        uin: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        secret_id: str | None = None,
        secret_key: str | None = None,
        token: str | None = None,
        validation: Validation | None = None,
        request_timeout: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "clock")}
        self._start(resolve(arguments), clock)

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock | None = None) -> CosBatchClient:
        """Make a client from settings that were resolved already."""
        client = cls.__new__(cls)
        client._start(settings, clock)  # noqa: SLF001  its own
        return client

    def _start(self, settings: Settings, clock: Clock | None) -> None:
        from pulumi_cosjob._http import Transport  # noqa: PLC0415  loads requests, needed only to ask

        self._settings = settings
        self._clock = clock or SystemClock()
        self._transport = Transport(settings.endpoint)
        self._offset = 0.0

    @property
    def endpoint(self) -> str:
        """Where this client asks."""
        return self._settings.endpoint

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def abort(self) -> None:
        """Cut off all requests that are under way, in whatever thread, and make no more."""
        self._transport.abort()

    def describe_job(self, job_id: str, appid: str) -> JobDescription:
        """Return the state of a job, as it is now.

        Args:
            job_id: Id of the job.
            appid: APPID of the account that owns it, such as `1250000000`.

        Raises:
            InvalidArgumentError: job_id or appid is malformed; nothing was sent.
            RequestError: No answer came before `request_timeout` was over.
            ServiceError: The service refused; `NoSuchJobError` among them.
            InvalidAnswerError: The answer cannot be trusted.
        """
        return self.look(job_id, appid)[0]

    def look(self, job_id: str, appid: str, *, time_limit: float | None = None) -> tuple[JobDescription, float | None]:
        """Return the state of a job, and the service's own time of that answer, in seconds since the epoch.

        Args:
            job_id: Id of the job.
            appid: APPID of the account that owns it.
            time_limit: Seconds for all tries, in place of the settings' request_timeout.

        Raises:
            CosJobError: As `describe_job`.
        """
        import tenacity  # noqa: PLC0415  needed only to ask

        check_identifier("job_id", job_id)
        check_identifier("appid", appid)
        deadline = self._clock.monotonic() + (time_limit or self._settings.request_timeout)

        def asked_for(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            wanted = getattr(error, "retry_after", None)
            return pause(state.attempt_number, wanted, random.random())  # noqa: S311  jitter, no secret

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_worth_a_retry),
            wait=asked_for,
            stop=lambda state: self._clock.monotonic() + state.upcoming_sleep >= deadline,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            seen: tuple[JobDescription, float | None] = retrying(self._try, job_id, appid, deadline)
        except CosJobError as error:
            error.job_id, error.endpoint = job_id, self.endpoint
            error.tries = retrying.statistics.get("attempt_number", 1)
            raise
        return seen

    def _try(self, job_id: str, appid: str, deadline: float) -> tuple[JobDescription, float | None]:
        used = self._offset
        answer = self._ask(job_id, appid, deadline, used)
        offset = clock_offset(answer, self._clock.now() + used)
        if offset is not None:
            # Not added to what is there: another thread may have found out at the same time.
            self._offset = used + offset
            answer = self._ask(job_id, appid, deadline, used + offset)
        described = judge(answer, job_id=job_id, endpoint=self.endpoint, validation=self._settings.validation)
        return described, _seconds(answer.headers.get("Date", ""))

    def _ask(self, job_id: str, appid: str, deadline: float, offset: float) -> Answer:
        from pulumi_cosjob._signing import sign  # noqa: PLC0415  loads the vendor's SDK, needed only to ask

        path = f"/jobs/{job_id}"
        credentials = self._settings.credentials()

        def prepare(request: requests.PreparedRequest) -> None:
            sign(request, path, credentials, self._clock.now() + offset)

        seconds = min(_LONGEST_TRY, max(0.001, deadline - self._clock.monotonic()))
        return self._transport.get(path, {"x-cos-appid": appid, "User-Agent": _user_agent()}, prepare, seconds)


def _user_agent() -> str:
    from pulumi_cosjob import __version__  # noqa: PLC0415  read from the package's metadata at first use

    return f"pulumi-cosjob/{__version__}"


def describe_job(job_id: str, appid: str, **settings: Any) -> JobDescription:
    """Ask about one job, for plain scripts: `CosBatchClient(**settings).describe_job(job_id, appid)`.

    Args:
        job_id: Id of the job.
        appid: APPID of the account that owns it.
        **settings: As `CosBatchClient` takes them.

    Raises:
        CosJobError: As `CosBatchClient` and its `describe_job` do.
    """
    with CosBatchClient(**settings) as client:
        return client.describe_job(job_id, appid)
