"""Malformed values for every argument of every public function and command: one clear error that names the argument.

Nothing is sent: the endpoint of these tests refuses every connection, which would be another error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pytest
from click.testing import CliRunner
from pulumi.runtime.proto import provider_pb2

import pulumi_cosjob
from mocked import under_mocks
from plugins import JOB, JOBS, config_of, plugin
from pulumi_cosjob import CosBatchClient, InvalidArgumentError, native, parse_describe_job_result
from pulumi_cosjob._checks import check_endpoint
from pulumi_cosjob._cli.main import main
from pulumi_cosjob._plugin.properties import Properties, to_struct
from pulumi_cosjob.testing import CosBatchEmulator

APPID = "1250000000"
NOWHERE = "http://127.0.0.1:9"
ARABIC, LONG, HUGE = "\u0661\u0662\u0663", "a" * 100_000, 10**400
# Python refuses to convert it to text.
HUGER = 10**5000


class Unprintable:
    """Has no representation as text."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


UNPRINTABLE: tuple[Any, ...] = (HUGER, -HUGER, Unprintable())
NO_TEXT: tuple[Any, ...] = (b"a", 7, 7.5, True, ["a"], {"a": 1}, object(), float("nan"), HUGE, *UNPRINTABLE)
NO_NAME = ("", " ", "a b", "a\tb", "a\r\nX-Injected: 1", "a\0", "\u00e9", "\ud800", "a/b", "a?b", "a#b", "a%2eb", LONG)
NO_JOB_ID = (*NO_NAME, ".", "..", "%2e", "%2e%2e", "a" * 65, *NO_TEXT)
NO_DIGITS = (*NO_NAME, ARABIC, "12\u0660", "-1", "+1", "1.0", "1e3", "0x10", " 1", "1\n", "1" * 65, *NO_TEXT)
NO_REGION = (*NO_NAME, "Chengdu", "-a", "a-", "a.b", "a_b", "a:b", "a@b", ".", "..", "a" * 64, *NO_TEXT)
NO_ENDPOINT = (
    *("", " ", "x", "//x", "ftp://x", "file:///etc/passwd", "http://example.com", "https://", "https://a b"),
    *("https://a\r\nX: 1", "https://user:word@host", "https://host/path", "https://host?x", "https://host#x"),
    *("https://host:99999", "https://host:-1", "https://\ud800", "https://\u00e9", "https://[::1", f"https://{LONG}"),
    *("http://127.0.0.1.example.com", "http://localhost.example.com", *NO_TEXT),
)
NO_SECRET = ("hush hush", "hush\n", "hush\r\nX: 1", "\u00e9", "\ud800", "hush\0", *NO_TEXT)
NO_TIMEOUT: tuple[Any, ...] = (
    *("", " ", "soon", "-1", "1e3", "nan", "inf", "1h 30m", "30m1h", f"{ARABIC}h", "9" * 400, "0", "0s", "367d"),
    *(0, -1, float("nan"), float("inf"), HUGE, -HUGE, True, [], {}, b"1h", object(), *UNPRINTABLE),
)
NO_COUNT: tuple[Any, ...] = (
    -1,
    -HUGE,
    1.5,
    float("nan"),
    float("inf"),
    "3",
    True,
    [3],
    {},
    b"3",
    object(),
    -HUGER,
    Unprintable(),
)
NO_FLAG: tuple[Any, ...] = ("yes", "true", 1, 0, [], {}, b"", object(), float("nan"), *UNPRINTABLE)
NO_CONCURRENCY: tuple[Any, ...] = (0, 65, HUGE, HUGER, *NO_COUNT)
NO_MISSING: tuple[Any, ...] = (
    "",
    "no",
    "Error",
    "skip ",
    LONG,
    7,
    True,
    ["error"],
    {"error": 1},
    b"skip",
    *UNPRINTABLE,
)
NO_VALIDATION: tuple[Any, ...] = ("", "loose", "STRICT", LONG, 7, True, ["strict"], {}, b"strict")
NO_SECONDS: tuple[Any, ...] = (
    "",
    "soon",
    "nan",
    "-1",
    0,
    -1,
    3601,
    float("nan"),
    float("inf"),
    HUGE,
    True,
    [],
    {},
    b"1",
    object(),
    *UNPRINTABLE,
)
NO_LIST: tuple[Any, ...] = ("a", b"a", 7, 7.5, True, object(), {"a": 1}.keys, *UNPRINTABLE)


def client(**settings: Any) -> CosBatchClient:
    """Make a client whose endpoint refuses connections."""
    pair = {"secret_id": "id", "secret_key": "key"}
    return CosBatchClient(**{"endpoint": NOWHERE, **pair, **settings})


def refused(call: Callable[[], Any], argument: str) -> InvalidArgumentError:
    """Return the expected error, which names the argument."""
    with pytest.raises(InvalidArgumentError) as raised:
        call()
    error, text = raised.value, str(raised.value)
    assert error.argument == argument
    assert argument.removeprefix("cosjob:") in text
    assert len(text) < 700
    assert text.isprintable(), "unprintable characters are escaped"
    text.encode()
    return error


def cases(table: Mapping[str, tuple[tuple[Any, ...], Callable[[Any], Any]]]) -> list[Any]:
    """Return a test case for each argument and each value."""
    return [
        pytest.param(name, call, value, id=f"{name}-{number}")
        for name, (values, call) in table.items()
        for number, value in enumerate(values)
    ]


# -------------------------------------------------------------------------------------------------- in plain scripts

SCRIPTS: Mapping[str, tuple[tuple[Any, ...], Callable[[Any], Any]]] = {
    "job_id": ((*NO_JOB_ID, None), lambda value: client().describe_job(value, APPID)),
    "appid": (NO_DIGITS, lambda value: client().describe_job("a", value)),
    "job_id of poll": ((*NO_JOB_ID, None), lambda value: client().poll(value, APPID)),
    "appid of poll": (NO_DIGITS, lambda value: client().poll("a", value)),
    "job_id of describe_job": (NO_JOB_ID, lambda value: pulumi_cosjob.describe_job(value, APPID, endpoint=NOWHERE)),
    "job_ids": ((*NO_LIST, "", b"", 0, False, None), lambda value: client().describe_jobs(value, APPID)),
    "job_id of describe_jobs": (NO_JOB_ID, lambda value: client().describe_jobs(["a", value], APPID)),
    "appid of describe_jobs": (NO_DIGITS, lambda value: client().describe_jobs(["a"], value)),
    "missing": (NO_MISSING, lambda value: client().describe_jobs([], APPID, missing=value)),
    "max_concurrency": (NO_CONCURRENCY, lambda value: client().describe_jobs([], APPID, max_concurrency=value)),
    "uin": (NO_DIGITS, lambda value: client(uin=value)),
    "region": (NO_REGION, lambda value: client(region=value)),
    "endpoint": (NO_ENDPOINT, lambda value: client(endpoint=value)),
    "endpoint alone": ((*NO_ENDPOINT, None), check_endpoint),
    "secret_id": (NO_SECRET, lambda value: client(secret_id=value)),
    "secret_key": (NO_SECRET, lambda value: client(secret_key=value)),
    "token": (NO_SECRET, lambda value: client(token=value)),
    "validation": ((*NO_VALIDATION, *UNPRINTABLE), lambda value: client(validation=value)),
    "request_timeout": (NO_SECONDS, lambda value: client(request_timeout=value)),
    "clock": ((5, "now", True, object(), Unprintable()), lambda value: client(clock=value)),
    "validation of parse": (NO_VALIDATION, lambda value: parse_describe_job_result(b"<a/>", validation=value)),
    "document": ((None, "<a/>", 7, [], object()), parse_describe_job_result),
}


@pytest.mark.parametrize(("name", "call", "value"), cases(SCRIPTS))
def test_arguments_of_scripts(name: str, call: Callable[[Any], Any], value: Any) -> None:
    """Arguments of the client and its methods are refused by name, and a malformed secret is not shown."""
    text = str(refused(lambda: call(value), name.partition(" ")[0]))
    if name in ("secret_id", "secret_key", "token") and isinstance(value, str):
        assert "hush" not in text, "a malformed secret is still a secret"


# --------------------------------------------------------------------------------------------------------- in programs


def gate(module: Any, **arguments: Any) -> Any:
    """Make a gate of one job."""
    return module.JobCompletion("gate", **{"job_id": "a", "appid": APPID, **arguments})


def gates(module: Any, **arguments: Any) -> Any:
    """Make a gate of many jobs."""
    return module.AllJobsCompletion("gates", **{"job_ids": ["a"], "appid": APPID, **arguments})


PROGRAMS: Mapping[str, tuple[tuple[Any, ...], Callable[[Any, Any], Any]]] = {
    "job_id": (NO_JOB_ID, lambda module, value: module.get_job(value, APPID)),
    "appid": (NO_DIGITS, lambda module, value: module.get_job("a", value)),
    "uin": (NO_DIGITS, lambda module, value: module.get_job("a", APPID, uin=value)),
    "region": (NO_REGION, lambda module, value: module.get_job("a", APPID, region=value)),
    "job_ids": (NO_LIST[:2], lambda module, value: module.get_jobs(value, APPID)),
    "job_id of get_jobs": (NO_JOB_ID, lambda module, value: module.get_jobs([value], APPID)),
    "appid of get_jobs": (NO_DIGITS, lambda module, value: module.get_jobs([], value)),
    "missing": (NO_MISSING, lambda module, value: module.get_jobs([], APPID, missing=value)),
    "max_concurrency": (NO_CONCURRENCY, lambda module, value: module.get_jobs([], APPID, max_concurrency=value)),
    "job_id of a gate": (NO_JOB_ID, lambda module, value: gate(module, job_id=value)),
    "appid of a gate": (NO_DIGITS, lambda module, value: gate(module, appid=value)),
    "uin of a gate": (NO_DIGITS, lambda module, value: gate(module, uin=value)),
    "region of a gate": (NO_REGION, lambda module, value: gate(module, region=value)),
    "timeout": (NO_TIMEOUT, lambda module, value: gate(module, timeout=value)),
    "max_failed_tasks": (NO_COUNT, lambda module, value: gate(module, max_failed_tasks=value)),
    "fail_when_suspended": (NO_FLAG, lambda module, value: gate(module, fail_when_suspended=value)),
    "job_ids of a gate": (NO_LIST[:2], lambda module, value: gates(module, job_ids=value)),
    "job_id of gates": (NO_JOB_ID, lambda module, value: gates(module, job_ids=["a", value])),
    "timeout of gates": (NO_TIMEOUT, lambda module, value: gates(module, timeout=value)),
    "max_failed_tasks of gates": (NO_COUNT, lambda module, value: gates(module, max_failed_tasks=value)),
}


@pytest.mark.parametrize("module", [pulumi_cosjob, native], ids=["dynamic", "native"])
@pytest.mark.parametrize(("name", "call", "value"), cases(PROGRAMS))  # type: ignore[arg-type]
def test_arguments_of_programs(name: str, call: Callable[[Any, Any], Any], value: Any, module: Any) -> None:
    """Arguments of functions and gates are refused before anything is registered, without a traceback."""
    error = under_mocks(lambda: refused(lambda: call(module, value), name.partition(" ")[0]))
    assert isinstance(error, pulumi.RunError)


@pytest.mark.parametrize(("name", "values"), [("uin", NO_DIGITS), ("region", NO_REGION)])
def test_arguments_of_an_explicit_provider(name: str, values: tuple[Any, ...]) -> None:
    """Values that are known in the program are checked there; the plugin checks the others."""
    for value in values:
        refused(lambda value=value: native.Provider("p", **{name: value}), name)  # type: ignore[misc]


# -------------------------------------------------------------------------------------------------------- in the plugin

INPUTS = {
    "jobId": NO_JOB_ID,
    "appid": NO_DIGITS,
    "uin": NO_DIGITS,
    "region": NO_REGION,
    "timeout": NO_TIMEOUT,
    "maxFailedTasks": (-2, *(value for value in NO_COUNT if value != -1)),
    "failWhenSuspended": NO_FLAG,
}
CONFIG = {
    "uin": NO_DIGITS,
    "region": NO_REGION,
    "endpoint": NO_ENDPOINT,
    "validation": NO_VALIDATION,
    "requestTimeout": NO_SECONDS,
}


def on_the_wire(values: tuple[Any, ...]) -> Iterator[Any]:
    """Yield the values that the protocol can carry: no bytes, no unpaired surrogates, numbers as doubles."""
    for value in values:
        if isinstance(value, (str, bool, list, dict, float)) or (isinstance(value, int) and abs(value) < HUGE):
            if isinstance(value, str) and ("\ud800" in value):
                continue
            yield value


def test_inputs_of_the_plugin() -> None:
    """Inputs of gates and functions: each failure is about the malformed property, and about no other."""

    async def check() -> None:
        with CosBatchEmulator() as service:
            async with plugin(service) as served:
                for name, values in INPUTS.items():
                    for value in on_the_wire(values):
                        failures = await served.check(JOB, **{"jobId": "a", "appid": APPID, name: value})
                        assert list(failures) == [name], (name, value)
                        assert name in failures[name]
                        assert failures[name].isprintable()
                        if name in ("jobId", "appid", "uin", "region"):
                            again = await served.invoke("getJob", **{"jobId": "a", "appid": APPID, name: value})
                            assert list(again) == [name]
                for value in on_the_wire((*NO_LIST, ["a b"], [7], [["a"]])):
                    assert list(await served.check(JOBS, jobIds=value, appid=APPID)) == ["jobIds"]
                for value in on_the_wire(NO_MISSING):
                    assert list(await served.invoke("getJobs", jobIds=[], appid=APPID, missing=value)) == ["missing"]
                for value in on_the_wire(NO_CONCURRENCY):
                    found = await served.invoke("getJobs", jobIds=[], appid=APPID, maxConcurrency=value)
                    assert list(found) == ["maxConcurrency"]
                assert service.requests == []

    asyncio.run(check())


def test_configuration_of_the_plugin() -> None:
    """A malformed setting is reported before any request; an empty one counts as not set."""

    async def check() -> None:
        with CosBatchEmulator() as service:
            async with plugin() as served:
                for name, values in CONFIG.items():
                    for value in on_the_wire(values):
                        news = to_struct(Properties({**config_of(service), name: value}))
                        response = await served.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
                        named = [failure.property for failure in response.failures]
                        assert named == ([] if value == "" else [name]), (name, value)

    asyncio.run(check())


# ---------------------------------------------------------------------------------------------------- on a command line

COMMANDS = {
    "job_id": (NO_JOB_ID, ("describe", "--appid", APPID, "--", "{}")),
    "appid": (NO_DIGITS, ("describe", "a", "--appid={}")),
    "uin": (NO_DIGITS, ("describe", "a", "--appid", APPID, "--uin={}")),
    "region": (NO_REGION, ("describe", "a", "--appid", APPID, "--region={}")),
    "endpoint": (NO_ENDPOINT, ("describe", "a", "--appid", APPID, "--endpoint={}")),
    "validation": (NO_VALIDATION, ("describe", "a", "--appid", APPID, "--validation={}")),
    "request_timeout": (NO_SECONDS, ("describe", "a", "--appid", APPID, "--request-timeout={}")),
    "output": (("", "xml"), ("describe", "a", "--appid", APPID, "--output={}")),
    "job_id of wait": (NO_JOB_ID, ("wait", "--appid", APPID, "--", "{}")),
    "appid of wait": (NO_DIGITS, ("wait", "a", "--appid={}")),
    "timeout": (NO_TIMEOUT, ("wait", "a", "--appid", APPID, "--timeout={}")),
    "max_failed_tasks": (
        ("", " ", "-1", "1.5", "many", ARABIC, "nan"),
        ("wait", "a", "--appid", APPID, "--max-failed-tasks={}"),
    ),
    "status": (("", "active", "Active,New", LONG), ("list", "--status={}")),
    "since": (("", "soon", "5", "2024-02-30", ARABIC, "0d", LONG), ("list", "--since={}")),
    "before": (("", "soon", "367d", "2024-01-01T00:00:00+99:00"), ("list", "--since=1d", "--before={}")),
    "operation": (("", "copy it", "\u00e9", LONG), ("list", "--operation={}")),
    "limit": (("", "0", "-1", "1.5", "many", ARABIC, "9" * 5000), ("list", "--limit={}")),
    "query": (("", "a[", "nosuch(@)"), ("list", "--query={}")),
    "port": (("", "a", "-1", "65536", ARABIC + "x"), ("emulator", "--port={}")),
    "job": (("", "a", "a=never", "a=completes,seconds=x", "a=completes,x=1"), ("emulator", "--job={}")),
    "replay": (("", "a", "a="), ("emulator", "--replay={}")),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_of_commands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message on standard error names the option; the exit code is 2."""
    for variable, value in (
        ("COSJOB_ENDPOINT", NOWHERE),
        ("TENCENTCLOUD_SECRET_ID", "a"),
        ("TENCENTCLOUD_SECRET_KEY", "b"),
    ):
        monkeypatch.setenv(variable, value)
    values, arguments = COMMANDS[name]
    for value in (each for each in values if isinstance(each, str) and "\0" not in each):
        result = CliRunner().invoke(main, [each.format(value) for each in arguments], prog_name="cosjob")
        assert result.exit_code == 2, (value, result.output)
        assert result.stdout == ""
        assert name.partition(" ")[0] in result.stderr.lower().replace("-", "_"), (value, result.stderr)
        assert "Traceback" not in result.stderr
        assert all(line.isprintable() for line in result.stderr.splitlines())


@pytest.mark.parametrize("document", [b"", b"\0", b"<a>", b"{}", b"\xff\xfe"])
def test_files_to_validate(document: bytes) -> None:
    """A file that is no response, or that does not exist, is reported by its name."""
    result = CliRunner().invoke(main, ["validate", "-"], input=document, prog_name="cosjob")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith("-: ")
    for name in ("", "no-such-file", "a\tb", LONG):
        missing = CliRunner().invoke(main, ["validate", name], prog_name="cosjob")
        assert missing.exit_code == 2
        assert missing.stderr.startswith("cosjob: ")
        assert all(line.isprintable() for line in missing.stderr.splitlines())
