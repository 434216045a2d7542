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
    "hint": "Turn it off and on again.",
    "job_id": "job-1",
    "appid": "1250000000",
    "endpoint": "https://100000000001.cos-control.ap-chengdu.myqcloud.com",
    "code": "SomeCode",
    "http_status": 418,
    "request_id": "NjUx",
}
PROBLEMS = [
    Problem("/DescribeJobResult/Job/Status", "'Bogus'", "must be one of them"),
    Problem("/DescribeJobResult/Job", None, "must hold JobId"),
]


SEEN = JobDescription("job-1", "Failed")
# What each class that takes more than a sentence is made of.
MADE_OF: dict[type[CosJobError], tuple[Any, ...]] = {
    InvalidArgumentError: ("appid", "cannot be 'x'"),
    SchemaError: (PROBLEMS,),
    JobFailedError: (SEEN,),
    JobSuspendedError: (SEEN,),
    JobsFailedError: ([NoSuchJobError("gone", **CONTEXT), ConfigurationError("uin is not set")], 3),
    JobsNotReadError: ([NoSuchJobError("gone", **CONTEXT), NoSuchJobError("gone too", **CONTEXT)], 3),
    WaitTimeoutError: (60.0, SEEN),
}


def example(cls: type[CosJobError]) -> CosJobError:
    """Return an error of a class, with every attribute set to something of its own."""
    error = cls(*MADE_OF.get(cls, ("it failed",)))
    error.__dict__.update(CONTEXT, attempts=3)
    if isinstance(error, UnavailableError):
        error.retry_after = 7.5
    if isinstance(error, WaitError):
        error.description = SEEN
    return error


def attributes(error: CosJobError) -> dict[str, Any]:
    """Return all attributes, those of errors within it too: errors themselves are equal to nothing else."""
    told = dict(vars(error))
    if isinstance(error, (JobsFailedError, JobsNotReadError)):
        told["errors"] = [(type(each), attributes(each)) for each in error.errors]
    return told


def drawn_tree(text: str) -> dict[str, str]:
    """Return the parent of each class by what a docstring draws with ├── and └──."""
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
    """Each class stands in the drawing below the class that it derives from, and no other stands there."""
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES if cls is not CosJobError}
    assert drawn_tree(inspect.getdoc(_errors) or "") == real
    assert len(real) >= 13


def test_builtin_relatives_are_drawn() -> None:
    """The builtin that a class mixes in is named on its line of the drawing, and nowhere else."""
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
    """Whoever catches CosJobError catches everything."""
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
    """Callers who know only the builtin exceptions catch these too."""
    with pytest.raises(builtin, match="Turn it off"):
        raise example(cls)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_survive_pickling(cls: type[CosJobError], protocol: int) -> None:
    """An error that crossed a process has its class, its message and every attribute."""
    error = example(cls)
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  our own pickle
    assert type(again) is cls
    assert str(again) == str(error)
    assert attributes(again) == attributes(error)
    assert again.args == error.args


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_can_be_copied(cls: type[CosJobError]) -> None:
    """A deep copy says the same."""
    error = example(cls)
    assert attributes(copy.deepcopy(error)) == attributes(error)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls not in {JobsFailedError, JobsNotReadError}])
def test_messages_are_whole(cls: type[CosJobError]) -> None:
    """A message has what failed, job, endpoint, code, status, request id, attempts and hint."""
    error = example(cls)
    message = str(error)
    for part in (error.what, *map(str, CONTEXT.values()), "3 attempts"):
        assert part in message


def test_several_jobs_have_a_whole_message_each() -> None:
    """The message counts the jobs, and holds what each of their errors says."""
    error = example(JobsFailedError)
    assert isinstance(error, (JobsFailedError, JobsNotReadError))
    first, *lines = str(error).splitlines()
    assert first == "2 of 3 jobs did not complete:"
    assert lines == [f"  {each}" for each in error.errors]


@pytest.mark.parametrize("cls", [JobsFailedError, JobsNotReadError])
@pytest.mark.parametrize(("count", "lines"), [(20, 21), (21, 22), (25, 22), (10_050, 22)])
def test_of_many_jobs_each_is_named(cls: type[Any], count: int, lines: int) -> None:
    """All is reported of the first 20; of the others the ids, up to a number that nobody reads."""
    error = cls([NoSuchJobError("gone", job_id=f"job-{number}") for number in range(count)], count)
    told = str(error).splitlines()
    assert len(told) == lines
    assert told[20] == "  gone (job job-19)."
    named = set(re.findall(r"job-[0-9]+", str(error)))
    assert len(named) == min(count, 10_020)
    if count == 25:
        assert told[21] == "  and 5 more: job-20, job-21, job-22, job-23, job-24"
    if count == 10_050:
        assert told[21].endswith("job-10019, and 30 more")


def test_a_message_without_context_has_no_leftovers() -> None:
    """What is not known leaves no empty brackets or spaces behind."""
    assert str(ConfigurationError("uin is not set")) == "uin is not set."
    assert str(ConfigurationError("uin is not set", hint="Set it.")) == "uin is not set. Set it."
    assert str(AccessDeniedError("no", code="AccessDenied")) == "no (code AccessDenied)."


def test_a_schema_error_has_a_line_for_each_problem() -> None:
    """Path, rule and value of every problem stand on a line of their own, and the count is right."""
    lines = str(SchemaError(PROBLEMS, hint="Report it.")).splitlines()
    assert lines == [
        "the answer breaks the schema of DescribeJobResult in 2 places:",
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
    """Each class says in its own words what it stands for."""
    assert cls.__doc__


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
    """A value in a message is short, and none of its characters can draw on a terminal or break a line."""
    assert quoted(value) == shown
