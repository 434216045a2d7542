"""Everything that can go wrong, as one tree.

```
CosJobError
├── InvalidArgumentError        an argument cannot be used as it is (also a ValueError)
├── ConfigurationError          a setting or the credentials are missing or unusable
├── RequestError                no answer came
│   ├── ConnectionFailedError   no route, name not found, connection refused or reset (also a ConnectionError)
│   ├── TimeLimitError          no whole answer in time (also a TimeoutError)
│   └── TlsError                the certificate or the handshake was refused
├── ServiceError                the service answered, and refused
│   ├── NoSuchJobError          there is no such job, or there is none any more (also a LookupError)
│   ├── AccessDeniedError       the key, the token, the signature or the policy was refused
│   └── UnavailableError        the service could not answer just now
├── InvalidResponseError          an answer came that cannot be trusted
│   ├── NotXmlError             it is no XML document
│   ├── SchemaError             it breaks the schema
│   └── WrongJobError           it describes another job
├── JobsNotReadError            some of several jobs could not be read
└── WaitError                   a wait ended without the job's completion
    ├── JobFailedError          the job failed, was cancelled, or has more failed tasks than accepted
    ├── JobSuspendedError       the job waits for a person, and the wait was not to
    ├── JobsFailedError         some of several jobs ended in these ways
    └── WaitTimeoutError        the job was not complete in time (also a TimeoutError)
```

Every message is a whole: what failed, for which job and endpoint, the service's code and request id, what to do next.
The parts are attributes too. Errors cross processes, so each can be pickled.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._text import duration, quoted, truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


def _renamed(hint: str, naming: Callable[[str], str]) -> str:
    """Rename arguments in a hint, which is of our own words alone: values stand elsewhere."""
    return _NAME.sub(lambda match: naming(match[0]), hint)


@dataclasses.dataclass(frozen=True)
class Problem:
    """One place where an answer breaks the schema.

    Attributes:
        path: The element, such as `/DescribeJobResult/Job/Status`.
        value: Its text, shortened; None where the problem is not about a text.
        rule: What it should have been.
    """

    path: str
    value: str | None
    rule: str

    def __str__(self) -> str:
        """Say it on one line."""
        return f"{self.path}: {self.rule}" + ("" if self.value is None else f", but is {self.value}")


# A document can break the schema in any number of places.
MOST_PROBLEMS = 100


class CosJobWarning(UserWarning):
    """Something about an answer that lenient validation let pass."""


class CosJobError(Exception):
    """The root of all errors of this package.

    Attributes:
        what: What failed, in a few words.
        hint: What to do about it.
        job_id: The job that was asked for, where there was one.
        appid: The APPID of the account that it was asked for in.
        endpoint: The endpoint that was asked, where there was one.
        code: The service's error code, such as `NoSuchJob`.
        http_status: The HTTP status of the answer.
        request_id: The service's id for the request, to be given to its support.
        attempts: How many attempts were made.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        job_id: str | None = None,
        appid: str | None = None,
        endpoint: str | None = None,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.job_id = job_id
        self.appid = appid
        self.endpoint = endpoint
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.attempts = 1

    def _context(self) -> str:
        parts = [
            f"job {self.job_id}" if self.job_id else "",
            f"appid {self.appid}" if self.appid else "",
            f"endpoint {self.endpoint}" if self.endpoint else "",
            f"code {self.code}" if self.code else "",
            f"HTTP status {self.http_status}" if self.http_status else "",
            f"request id {self.request_id}" if self.request_id else "",
            f"{self.attempts} attempts" if self.attempts > 1 else "",
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        """Say what failed, where, and what to do."""
        return self.told()

    def told(self, naming: Callable[[str], str] = str) -> str:
        """Say it to people who know arguments by other names.

        Args:
            naming: Returns the name that an argument has there.
        """
        context = self._context()
        told = f"{self._named(naming)}{f' ({context})' if context else ''}."
        return f"{told} {_renamed(self.hint, naming)}" if self.hint else told

    def _named(self, _naming: Callable[[str], str]) -> str:
        return self.what

    def __reduce__(self) -> tuple[Callable[..., CosJobError], tuple[type[CosJobError], dict[str, Any]]]:
        """Keep every attribute across processes."""
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(cls: type[CosJobError], attributes: dict[str, Any]) -> CosJobError:
    error = cls.__new__(cls, attributes["what"])
    error.args = (attributes["what"],)
    error.__dict__.update(attributes)
    return error


class InvalidArgumentError(CosJobError, ValueError):
    """An argument cannot be used as it is.

    Attributes:
        argument: Its name.
    """

    def __init__(self, argument: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{argument} {problem}", hint=hint)
        self.argument = argument

    def _named(self, naming: Callable[[str], str]) -> str:
        return naming(self.argument) + self.what.removeprefix(self.argument)


class ConfigurationError(CosJobError):
    """A setting or the credentials are missing or unusable."""


class RequestError(CosJobError):
    """No answer came."""


class ConnectionFailedError(RequestError, ConnectionError):
    """No route, the name was not found, the connection was refused or reset, or a proxy did not make it.

    Attributes:
        name_not_found: Whether it was a name, of the endpoint or of a proxy, that did not resolve.
    """

    def __init__(self, what: str, *, name_not_found: bool = False, **context: Any) -> None:
        super().__init__(what, **context)
        self.name_not_found = name_not_found


class TimeLimitError(RequestError, TimeoutError):
    """No whole answer came in time.

    Attributes:
        in_lookup: Whether it was the lookup of a name, of the endpoint or of a proxy, that did not end.
    """

    def __init__(self, what: str, *, in_lookup: bool = False, **context: Any) -> None:
        super().__init__(what, **context)
        self.in_lookup = in_lookup


class TlsError(RequestError):
    """The certificate or the handshake was refused."""


def is_refusal(status: int | None) -> bool:
    """Tell whether an HTTP status refuses a request that is not worth repeating as it is."""
    return status is not None and ((400 <= status < 500 and status not in (408, 429)) or status == 501)


def no_thread(error: RuntimeError) -> RequestError:
    """Return what it means for a question that the machine starts no thread."""
    hint = "Raise the limit of threads (ulimit -u, or that of the container), or ask fewer questions at once."
    return RequestError(f"no thread could be started: {error}", hint=hint)


class ServiceError(CosJobError):
    """The service answered, and refused."""


class NoSuchJobError(ServiceError, LookupError):
    """There is no such job, or there is none any more."""


class AccessDeniedError(ServiceError):
    """The key, the token, the signature or the policy was refused."""


class UnavailableError(ServiceError):
    """The service could not answer just now; asking again later may help.

    Attributes:
        retry_after: Seconds that the service asks to wait; None where it does not say.
    """

    def __init__(self, what: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(what, **context)
        self.retry_after = retry_after


class InvalidResponseError(CosJobError):
    """An answer came that cannot be trusted."""


class NotXmlError(InvalidResponseError):
    """The answer is no XML document, or one that may not be read."""


class SchemaError(InvalidResponseError):
    """The answer breaks the schema.

    Attributes:
        problems: Every place where it does, or the first hundred.
    """

    def __init__(self, problems: Sequence[Problem], **context: Any) -> None:
        count = f"{len(problems)} places" if len(problems) != 1 else "one place"
        if len(problems) >= MOST_PROBLEMS:
            count += " or more"
        super().__init__(f"the answer breaks the schema of DescribeJobResult in {count}", **context)
        self.problems = tuple(problems)

    def told(self, naming: Callable[[str], str] = str) -> str:
        """Say it with one line for each problem."""
        context = self._context()
        lines = [f"{self.what}{f' ({context})' if context else ''}:"]
        lines += [f"  {problem}" for problem in self.problems]
        return "\n".join([*lines, _renamed(self.hint, naming)] if self.hint else lines)


class WrongJobError(InvalidResponseError):
    """The answer describes another job than the one that was asked for."""


class WaitError(CosJobError):
    """A wait ended without the job's completion.

    Attributes:
        description: The job as it was last seen; None where there never was an answer.
    """

    def __init__(self, what: str, *, description: JobDescription | None = None, **context: Any) -> None:
        super().__init__(what, job_id=description.job_id if description else None, **context)
        self.description = description


class JobFailedError(WaitError):
    """The job failed, was cancelled, or has more failed tasks than accepted."""

    def __init__(
        self, description: JobDescription, most_failed_tasks: int | None = None, contradiction: str = ""
    ) -> None:
        reasons = "; ".join(
            ": ".join(part for part in (failure.failure_code, failure.failure_reason) if part)
            for failure in description.failure_reasons or ()
            if failure.failure_code or failure.failure_reason
        )
        accept = "Accept them by max_failed_tasks"
        if description.status == "Cancelled":
            what, reasons = "the job was cancelled", description.status_update_reason or reasons
        elif description.status == "Failed":
            what = "the job failed"
        elif description.failed_tasks is None:
            what = "the job is complete, but the answer does not tell how many of its tasks failed"
            what += f": {contradiction}" if contradiction else ""
            accept = "Accept any number of them by max_failed_tasks"
        else:
            what = f"the job is complete, but with more failed tasks than the {most_failed_tasks} accepted"
            lost = _tasks_not_accounted_for(description)
            what += f": {lost}" if lost else ""
        hint = "Once it has been seen to, create a new job and wait for that one."
        report, where = description.report, ""
        if report is not None and report.enabled and report.bucket:
            prefix = f" under {truncate(report.prefix, 120)}" if report.prefix else ""
            where = f"its report lies in {truncate(report.bucket, 120)}{prefix}"
        if description.status == "Complete":
            hint = f"{accept}, or: {hint}"
        reasons = f"reasons: {truncate(reasons, 300)}" if reasons else ""
        parts = (what, _tasks_in_words(description), reasons, where)
        super().__init__("; ".join(filter(None, parts)), description=description, hint=hint)


class JobSuspendedError(WaitError):
    """The job waits for a person, and the wait was not to."""

    def __init__(self, description: JobDescription) -> None:
        cause = f": {quoted(description.suspended_cause, 120)}" if description.suspended_cause else ""
        hint = "Confirm the job in the console or by UpdateJobStatus, or wait with fail_when_suspended off."
        super().__init__(f"the job waits for a person to confirm it{cause}", description=description, hint=hint)


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
        what = f"the job was not complete within {duration(seconds)}"
        if description is None:
            what += "; there never was an answer"
            first_error = first_error or last_error
            if first_error is not None and last_error is not None and first_error.what != last_error.what:
                what += f"; the first question failed: {first_error.what}"
            hint = (first_error.hint if first_error else "") or "Check job_id, appid, uin and region."
        else:
            what += "; ".join(filter(None, (f"; it was last seen {description.status}", _tasks_in_words(description))))
            hint = "The job goes on all the same: wait again, with a longer timeout if it needs one."
        if last_error is not None:
            what += f"; the last question failed: {last_error.what}"
        super().__init__(what, description=description, hint=hint)
        self.seconds = seconds


class JobsFailedError(WaitError):
    """Some of several jobs did not complete.

    Attributes:
        errors: One for each of them.
    """

    def __init__(self, errors: Sequence[CosJobError], jobs: int) -> None:
        super().__init__(f"{len(errors)} of {jobs} jobs did not complete")
        self.errors = tuple(errors)

    def told(self, naming: Callable[[str], str] = str) -> str:
        """Say it with one line for each job."""
        return _lines(self, self.errors, naming)


class JobsNotReadError(CosJobError):
    """Some of several jobs could not be read.

    Attributes:
        errors: One for each of them.
    """

    def __init__(self, errors: Sequence[CosJobError], jobs: int) -> None:
        super().__init__(f"{len(errors)} of {jobs} jobs could not be read")
        self.errors = tuple(errors)

    def told(self, naming: Callable[[str], str] = str) -> str:
        """Say it with one line for each job."""
        return _lines(self, self.errors, naming)


# Of so many errors all is reported; of more of them only the jobs, which are what is needed to go on.
_MOST_LINES = 20
_MOST_NAMED = 10_000


def _lines(whole: CosJobError, errors: Sequence[CosJobError], naming: Callable[[str], str]) -> str:
    lines = [f"{whole.what}:", *(f"  {error.told(naming)}" for error in errors[:_MOST_LINES])]
    others = [error.job_id or "a job" for error in errors[_MOST_LINES:]]
    if others:
        unnamed = len(others) - _MOST_NAMED
        rest = f", and {unnamed} more" if unnamed > 0 else ""
        lines.append(f"  and {len(others)} more: {', '.join(others[:_MOST_NAMED])}{rest}")
    return "\n".join(lines)


def _tasks_not_accounted_for(description: JobDescription) -> str:
    summary = description.progress_summary
    if summary is None or summary.total_number_of_tasks is None or summary.number_of_tasks_succeeded is None:
        return ""
    lost = summary.total_number_of_tasks - summary.number_of_tasks_succeeded - (summary.number_of_tasks_failed or 0)
    total = summary.total_number_of_tasks
    return f"{lost:,} of {total:,} tasks are not accounted for" if lost > 0 else ""


def _tasks_in_words(description: JobDescription) -> str:
    summary = description.progress_summary
    if summary is None or summary.total_number_of_tasks is None:
        return ""
    succeeded, failed = summary.number_of_tasks_succeeded or 0, summary.number_of_tasks_failed or 0
    return f"{succeeded:,} of {summary.total_number_of_tasks:,} tasks succeeded, {failed:,} failed"


# What users see and catch is the public name.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "pulumi_cosjob"
