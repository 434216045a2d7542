"""The error tree."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

import pulumi_cosjob
from pulumi_cosjob import _errors
from pulumi_cosjob._errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectionFailedError,
    CosJobError,
    CosJobWarning,
    InvalidArgumentError,
    JobFailedError,
    JobsFailedError,
    JobsNotReadError,
    JobSuspendedError,
    NoSuchJobError,
    Problem,
    SchemaError,
    TimeLimitError,
    UnavailableError,
    WaitError,
    WaitTimeoutError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._text import quoted

CLASSES: list[type[CosJobError]] = [
    each for each in vars(_errors).values() if isinstance(each, type) and issubclass(each, CosJobError)
]
CONTEXT: dict[str, Any] = {
    "job_id": "job-1",
    "appid": "1250000000",
    "endpoint": "https://100000000001.cos-control.ap-chengdu.myqcloud.com",
    "code": "SomeCode",
    "http_status": 418,
    "request_id": "NjUx",
}
HINT = "Check the cable, {and the plug}."
PROBLEMS = [
    Problem("/DescribeJobResult/Job/Status", "'Bogus'", "must be one of them"),
    Problem("/DescribeJobResult/Job", None, "must hold JobId"),
]


SEEN = JobDescription("job-1", "Failed")
# The arguments of each class that takes more than a sentence.
ARGUMENTS: dict[type[CosJobError], tuple[Any, ...]] = {
    InvalidArgumentError: ("appid", "cannot be 'x'"),
    SchemaError: (PROBLEMS,),
    JobFailedError: (SEEN,),
    JobSuspendedError: (SEEN,),
    JobsFailedError: ([NoSuchJobError("gone", **CONTEXT), ConfigurationError("uin is not set")], 3),
    JobsNotReadError: ([NoSuchJobError("gone", **CONTEXT), NoSuchJobError("gone too", **CONTEXT)], 3),
    WaitTimeoutError: (60.0, SEEN),
}


def example(cls: type[CosJobError]) -> CosJobError:
    """Return an error of a class, with every attribute set to a value of its own."""
    error = cls(*ARGUMENTS.get(cls, ("it failed",)))
    vars(error).update(CONTEXT, attempts=3, _hint=HINT)
    if isinstance(error, UnavailableError):
        error.retry_after = 7.5
    if isinstance(error, WaitError):
        error.description = SEEN
    return error


def attributes(error: CosJobError) -> dict[str, Any]:
    """Return all attributes, also of the errors in it: errors do not compare as equal themselves."""
    found = dict(vars(error))
    if isinstance(error, (JobsFailedError, JobsNotReadError)):
        found["errors"] = [(type(each), attributes(each)) for each in error.errors]
    return found


def drawn_tree(text: str) -> dict[str, str]:
    """Return the parent of each class in a docstring's drawing with ├── and └──."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in text.splitlines():
        match = re.match(r"^([│ ├└─]*)([A-Z]\w*Error)\b", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        del above[depth:]
        if above:
            parents[match[2]] = above[-1]
        above.append(match[2])
    return parents


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    """The drawing has each class below the class that it derives from, and no other class."""
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES if cls is not CosJobError}
    assert drawn_tree(inspect.getdoc(_errors) or "") == real
    assert len(real) >= 13


def test_builtin_relatives_are_drawn() -> None:
    """The line of a class in the drawing names the builtin exception that the class derives from too."""
    lines = {
        match[1]: line
        for line in (inspect.getdoc(_errors) or "").splitlines()
        if (match := re.search(r"([A-Z]\w*Error)\b", line))
    }
    for cls in CLASSES:
        mixed_in = [base.__name__ for base in cls.__bases__[1:]]
        assert re.findall(r"\(also an? (\w+)\)", lines[cls.__name__]) == mixed_in, cls


@pytest.mark.parametrize("cls", CLASSES)
def test_one_root_catches_all(cls: type[CosJobError]) -> None:
    """`except CosJobError` catches every error of the package."""
    with pytest.raises(CosJobError):
        raise example(cls)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (InvalidArgumentError, ValueError),
        (ConnectionFailedError, ConnectionError),
        (TimeLimitError, TimeoutError),
        (NoSuchJobError, LookupError),
        (WaitTimeoutError, TimeoutError),
    ],
)
def test_builtins_catch_their_kind(cls: type[CosJobError], builtin: type[Exception]) -> None:
    """Callers that know only the builtin exceptions catch these errors too."""
    with pytest.raises(builtin, match="Check the cable"):
        raise example(cls)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_survive_pickling(cls: type[CosJobError], protocol: int) -> None:
    """An error from another process has its class, its message and every attribute."""
    error = example(cls)
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  our own pickle
    assert type(again) is cls
    assert str(again) == str(error)
    assert attributes(again) == attributes(error)
    assert again.args == error.args


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_can_be_copied(cls: type[CosJobError]) -> None:
    """A copy has the same attributes and the same message."""
    error = example(cls)
    for copied in (copy.copy(error), copy.deepcopy(error)):
        assert attributes(copied) == attributes(error)
        assert str(copied) == str(error)


@pytest.mark.parametrize("cls", CLASSES)
def test_messages_are_complete(cls: type[CosJobError]) -> None:
    """A message has what failed, job, endpoint, code, status, request id, attempts and hint."""
    error = example(cls)
    message = str(error)
    for part in (error.what, *map(str, CONTEXT.values()), "3 attempts", HINT):
        assert part in message


def test_several_jobs_have_a_complete_message_each() -> None:
    """The message has the number of jobs, and the message of each of their errors."""
    error = JobsFailedError(*ARGUMENTS[JobsFailedError])
    first, *lines = str(error).splitlines()
    assert first == "2 of 3 jobs did not complete:"
    assert lines == [f"  {each}" for each in error.errors]


@pytest.mark.parametrize("cls", [JobsFailedError, JobsNotReadError])
@pytest.mark.parametrize(("count", "lines"), [(20, 21), (21, 22), (25, 22), (10_050, 22)])
def test_the_message_about_many_jobs_names_each(cls: type[Any], count: int, lines: int) -> None:
    """The message has the first 20 errors in full, and of the others the ids, up to 10,000."""
    error = cls([NoSuchJobError("gone", job_id=f"job-{number}") for number in range(count)], count)
    shown = str(error).splitlines()
    assert len(shown) == lines
    assert shown[20] == "  gone (job job-19)."
    named = set(re.findall(r"job-[0-9]+", str(error)))
    assert len(named) == min(count, 10_020)
    if count == 25:
        assert shown[21] == "  and 5 more: job-20, job-21, job-22, job-23, job-24"
    if count == 10_050:
        assert shown[21].endswith("job-10019, and 30 more")


def test_a_message_without_context_has_no_leftovers() -> None:
    """Absent attributes leave no empty parentheses or spaces in the message."""
    assert str(ConfigurationError("uin is not set")) == "uin is not set."
    assert str(ConfigurationError("uin is not set", hint="Set it.")) == "uin is not set. Set it."
    assert str(AccessDeniedError("no", code="AccessDenied")) == "no (code AccessDenied)."


def test_a_schema_error_has_a_line_for_each_problem() -> None:
    """Each problem has a line with its path, rule and value, and the number of problems is correct."""
    lines = str(SchemaError(PROBLEMS, hint="Report it.")).splitlines()
    assert lines == [
        "the response violates the schema of DescribeJobResult in 2 places:",
        "  /DescribeJobResult/Job/Status: must be one of them, but is 'Bogus'",
        "  /DescribeJobResult/Job: must hold JobId",
        "Report it.",
    ]
    assert "in one place:" in str(SchemaError(PROBLEMS[:1]))
    assert "in 100 places or more:" in str(SchemaError(PROBLEMS[:1] * 100))


@pytest.mark.parametrize("cls", [*CLASSES, CosJobWarning, Problem])
def test_users_see_the_public_name(cls: type) -> None:
    """A traceback names the class as users import it."""
    assert cls.__module__ == "pulumi_cosjob"
    assert getattr(pulumi_cosjob, cls.__name__) is cls


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_is_documented(cls: type) -> None:
    """Each class has a docstring of its own."""
    assert vars(cls).get("__doc__")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "''"),
        ("a" * 60, repr("a" * 60)),
        ("a" * 40 + "b" * 40, "'" + "a" * 30 + "…" + "b" * 15 + "'"),
        ("a\r\nSet-Cookie: x\x1b[0m", r"'a\r\nSet-Cookie: x\x1b[0m'"),
        ("\udcff", r"'\udcff'"),
    ],
)
def test_values_are_shortened_and_escaped(value: str, shown: str) -> None:
    """A value in a message is short, and its characters neither control a terminal nor break a line."""
    assert quoted(value) == shown
