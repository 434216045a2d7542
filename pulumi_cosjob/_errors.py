"""Everything that can go wrong, as one tree.

```
CosJobError
├── InvalidArgumentError        an argument cannot be used as it is (also a ValueError)
├── ConfigurationError          a setting or the credentials are missing or unusable
├── RequestError                there was no response
│   ├── ConnectionFailedError   no route, name not found, connection refused or reset (also a ConnectionError)
│   ├── TimeLimitError          no complete response in time (also a TimeoutError)
│   └── TlsError                the certificate or the handshake was refused
├── ServiceError                the service refused the request
│   ├── NoSuchJobError          the service knows no such job, or no longer keeps it (also a LookupError)
│   ├── AccessDeniedError       the credentials, the signature or the policy were refused
│   └── UnavailableError        the service is not available for the moment
├── InvalidResponseError        the response cannot be trusted
│   ├── NotXmlError             it is no XML document
│   ├── SchemaError             it violates the schema
│   └── WrongJobError           it describes another job
├── JobsNotReadError            some of several jobs could not be read
└── WaitError                   a wait ended without the job's completion
    ├── JobFailedError          the job failed, was cancelled, or has more failed tasks than accepted
    ├── JobSuspendedError       the job waits for a person, and `fail_when_suspended` is set
    ├── JobsFailedError         some of several jobs ended in these ways
    └── WaitTimeoutError        the job was not complete in time (also a TimeoutError)
```

Every message is complete: what failed, for which job and endpoint, the service's code and request id, what to do next.
The parts are attributes too. `str(error)` is the message for Python programs, `error.render(audience)` that for others.
Errors cross processes, so each can be pickled.
"""

from __future__ import annotations

import copy
import copyreg
from typing import TYPE_CHECKING, Any

from pulumi_cosjob import _details
from pulumi_cosjob._details import MOST_PROBLEMS, Account, Problem
from pulumi_cosjob._messages import PYTHON, Audience, Message, render
from pulumi_cosjob._text import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from pulumi_cosjob._model.job import JobDescription

__all__ = [
    "AccessDeniedError",
    "ConfigurationError",
    "ConnectionFailedError",
    "CosJobError",
    "CosJobWarning",
    "InvalidArgumentError",
    "InvalidResponseError",
    "JobFailedError",
    "JobSuspendedError",
    "JobsFailedError",
    "JobsNotReadError",
    "NoSuchJobError",
    "NotXmlError",
    "Problem",
    "RequestError",
    "SchemaError",
    "ServiceError",
    "TimeLimitError",
    "TlsError",
    "UnavailableError",
    "WaitError",
    "WaitTimeoutError",
    "WrongJobError",
    "is_refusal",
    "no_thread",
]


_CHECK_THE_JOB = Message("Check {job_id}, {appid}, {uin} and {region}.")


class CosJobWarning(UserWarning):
    """Something about a response that lenient validation accepted."""


class CosJobError(Exception):
    """The root of all errors of this package.

    Attributes:
        what: What failed, in a few words.
        hint: What to do about it.
        job_id: The job that the request was about, if there was one.
        appid: The APPID that the request was made for.
        account: The account of the credentials, where it was discovered.
        endpoint: The endpoint that the request was sent to.
        code: The service's error code, such as `NoSuchJob`.
        http_status: The HTTP status of the response.
        request_id: The service's id of the request, for its support.
        attempts: How many attempts were made.
        audience: Who reads `str(error)`: Pulumi programs by default.
    """

    def __init__(
        self,
        what: str | Message,
        *,
        hint: str | Message = "",
        job_id: str | None = None,
        appid: str | None = None,
        endpoint: str | None = None,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(str(what))
        self._what = what
        self._hint = hint
        self.job_id = job_id
        self.appid = appid
        self.account: Account | None = None
        self.endpoint = endpoint
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.attempts = 1
        self.audience = PYTHON

    @property
    def what(self) -> str:
        """What failed."""
        return self._render_what(self.audience)

    @property
    def hint(self) -> str:
        """What to do about it; empty if there is nothing."""
        return render(self._hint, self.audience)

    def add_hint(self, hint: str | Message) -> None:
        """Add what else to do about it, as a sentence of its own."""
        self._hint = Message("{first} {second}", {"first": self._hint, "second": hint}) if self._hint else hint

    def __str__(self) -> str:
        """Return what failed, where, and what to do about it."""
        return self.render(self.audience)

    def render(self, audience: Audience) -> str:
        """Return the message with the names that its readers use."""
        context, hint = self._context(), render(self._hint, audience)
        message = f"{self._render_what(audience)}{f' ({context})' if context else ''}"
        lines = self._lines(audience)
        if lines:
            return "\n".join([f"{message}:", *(f"  {line}" for line in lines), *([hint] if hint else [])])
        return f"{message}. {hint}" if hint else f"{message}."

    def _render_what(self, audience: Audience) -> str:
        return render(self._what, audience)

    def _lines(self, _audience: Audience) -> Sequence[str]:
        """Return the lines below the message, if it has any."""
        return ()

    def _context(self) -> str:
        parts = [
            f"job {self.job_id}" if self.job_id else "",
            self.account.describe(self.appid) if self.account else f"appid {self.appid}" if self.appid else "",
            f"endpoint {self.endpoint}" if self.endpoint else "",
            f"code {self.code}" if self.code else "",
            f"HTTP status {self.http_status}" if self.http_status else "",
            f"request id {self.request_id}" if self.request_id else "",
            f"{self.attempts} attempts" if self.attempts > 1 else "",
        ]
        return ", ".join(part for part in parts if part)

    def restated(self, what: Message, hint: Message) -> Self:
        """Return an error of the same kind, with other words for what failed, and a hint after its own."""
        other = copy.copy(self)
        vars(other).update(_what=what)
        other.args = (str(what),)
        other.add_hint(hint)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the attributes, and restore them without the constructor: its arguments differ from class to class."""
        return copyreg.__newobj__, (type(self),), {**vars(self), "args": self.args}  # type: ignore[attr-defined]


class InvalidArgumentError(CosJobError, ValueError):
    """An argument cannot be used as it is.

    Attributes:
        argument: Its name in Python, or the configuration key or environment variable that it was read from.
        problem: Why it cannot be used; follows the name in a sentence.
    """

    def __init__(self, argument: str, problem: str, *, hint: str | Message = "") -> None:
        super().__init__(f"{argument} {problem}", hint=hint)
        self.argument = argument
        self.problem = problem

    def _render_what(self, audience: Audience) -> str:
        return f"{audience.name(self.argument)} {self.problem}"


class ConfigurationError(CosJobError):
    """A setting or the credentials are missing or unusable."""


class RequestError(CosJobError):
    """There was no response."""


class ConnectionFailedError(RequestError, ConnectionError):
    """No route, the name was not found, the connection was refused or reset, or a proxy did not connect.

    Attributes:
        name_not_found: Whether the name of the endpoint or of a proxy did not resolve.
    """

    def __init__(self, what: str | Message, *, name_not_found: bool = False, **context: Any) -> None:
        super().__init__(what, **context)
        self.name_not_found = name_not_found


class TimeLimitError(RequestError, TimeoutError):
    """There was no complete response in time.

    Attributes:
        in_lookup: Whether the lookup of a name, of the endpoint or of a proxy, did not end.
    """

    def __init__(self, what: str | Message, *, in_lookup: bool = False, **context: Any) -> None:
        super().__init__(what, **context)
        self.in_lookup = in_lookup


class TlsError(RequestError):
    """The certificate or the handshake was refused."""


def is_refusal(status: int | None) -> bool:
    """Return whether an HTTP status refuses a request for good: repeating it unchanged is no use."""
    return status is not None and ((400 <= status < 500 and status not in (408, 429)) or status == 501)


def no_thread(error: RuntimeError) -> RequestError:
    """Return the error of a request for which the machine could not start a thread."""
    hint = "Raise the limit of threads (ulimit -u, or that of the container), or make fewer requests at the same time."
    return RequestError(f"no thread could be started: {error}", hint=hint)


class ServiceError(CosJobError):
    """The service refused the request."""


class NoSuchJobError(ServiceError, LookupError):
    """The service knows no such job, or no longer keeps it."""


class AccessDeniedError(ServiceError):
    """The credentials, the signature or the policy were refused."""


class UnavailableError(ServiceError):
    """The service is not available for the moment; a later request may succeed.

    Attributes:
        retry_after: Seconds to wait that the service requests; None if it requests none.
    """

    def __init__(self, what: str | Message, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(what, **context)
        self.retry_after = retry_after


class InvalidResponseError(CosJobError):
    """The response cannot be trusted."""


class NotXmlError(InvalidResponseError):
    """The response is no XML document, or one that must not be read."""


class SchemaError(InvalidResponseError):
    """The response violates the schema.

    Attributes:
        problems: Every place where it does, up to 100.
    """

    def __init__(self, problems: Sequence[Problem], *, document: str = "DescribeJobResult", **context: Any) -> None:
        count = f"{len(problems)} places" if len(problems) != 1 else "one place"
        if len(problems) >= MOST_PROBLEMS:
            count += " or more"
        super().__init__(f"the response violates the schema of {document} in {count}", **context)
        self.problems = tuple(problems)

    def _lines(self, _audience: Audience) -> Sequence[str]:
        return [str(problem) for problem in self.problems]


class WrongJobError(InvalidResponseError):
    """The response describes another job than the requested one."""


class WaitError(CosJobError):
    """A wait ended without the job's completion.

    Attributes:
        description: The job as it was last read; None if there was no valid response.
    """

    def __init__(self, what: str | Message, *, description: JobDescription | None = None, **context: Any) -> None:
        super().__init__(what, job_id=description.job_id if description else None, **context)
        self.description = description


class JobFailedError(WaitError):
    """The job failed, was cancelled, or has more failed tasks than accepted."""

    def __init__(
        self, description: JobDescription, max_failed_tasks: int | None = None, contradiction: str = ""
    ) -> None:
        what = _details.failure(description, max_failed_tasks, contradiction)
        super().__init__(what, description=description, hint=_details.failure_hint(description))


class JobSuspendedError(WaitError):
    """The job waits for a person, which the wait was to treat as a failure."""

    def __init__(self, description: JobDescription) -> None:
        hint = Message(
            "Confirm the job by {command} or in the console, or wait without {fail_when_suspended}.",
            {"command": _details.confirm_command(description.job_id)},
        )
        super().__init__(_details.suspension(description), description=description, hint=hint)


class WaitTimeoutError(WaitError, TimeoutError):
    """The job was not complete in time.

    Attributes:
        seconds: How long the wait was.
    """

    def __init__(
        self,
        seconds: float,
        description: JobDescription | None,
        last_error: CosJobError | None = None,
        first_error: CosJobError | None = None,
    ) -> None:
        first_error = first_error or last_error
        parts = [f"the job was not complete within {duration(seconds)}"]
        hint: str | Message
        if description is not None:
            parts += [f"it was last seen {description.status}", _details.task_counts(description)]
            hint = Message("The job continues. Wait again, with a longer {timeout} if it needs one.")
        else:
            parts.append("there was never a valid response")
            if first_error is not None and last_error is not None and first_error.what != last_error.what:
                parts.append(f"the first request failed: {first_error.what}")
            hint = (first_error._hint if first_error else "") or _CHECK_THE_JOB  # noqa: SLF001  an error of this tree
        if last_error is not None:
            parts.append(f"the last request failed: {last_error.what}")
        super().__init__("; ".join(filter(None, parts)), description=description, hint=hint)
        self.seconds = seconds


class JobsFailedError(WaitError):
    """Some of several jobs did not complete.

    Attributes:
        errors: One for each of them.
    """

    def __init__(self, errors: Sequence[CosJobError], jobs: int) -> None:
        super().__init__(f"{len(errors)} of {jobs} jobs did not complete")
        self.errors = tuple(errors)

    def _lines(self, audience: Audience) -> Sequence[str]:
        return _error_lines(self.errors, audience)


class JobsNotReadError(CosJobError):
    """Some of several jobs could not be read.

    Attributes:
        errors: One for each of them.
    """

    def __init__(self, errors: Sequence[CosJobError], jobs: int) -> None:
        super().__init__(f"{len(errors)} of {jobs} jobs could not be read")
        self.errors = tuple(errors)
        self.audience = self.errors[0].audience

    def _lines(self, audience: Audience) -> Sequence[str]:
        return _error_lines(self.errors, audience)


# The first errors are shown in full; of the others only the jobs, whose ids users need to go on.
_MOST_LINES = 20
_MOST_NAMED = 10_000


def _error_lines(errors: Sequence[CosJobError], audience: Audience) -> Sequence[str]:
    lines = [error.render(audience) for error in errors[:_MOST_LINES]]
    others = [error.job_id or "a job" for error in errors[_MOST_LINES:]]
    if others:
        unnamed = len(others) - _MOST_NAMED
        rest = f", and {unnamed} more" if unnamed > 0 else ""
        lines.append(f"and {len(others)} more: {', '.join(others[:_MOST_NAMED])}{rest}")
    return lines


# What users see and catch is the public name.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "pulumi_cosjob"
