"""Name lookups that hang time out, are shared and limited in number; no test uses a name server."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_cosjob import CosBatchClient, RequestError, TimeLimitError
from pulumi_cosjob._service.resolver import RESOLVER, LookupTimeoutError, Resolver

APPID = "1250000000"
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]
# Only ends tests that hang: far more than any step takes.
LIMIT = 60.0


class NameServer:
    """Replaces the operating system's lookup: a lookup ends when the test sets its result."""

    def __init__(self) -> None:
        self.requested: list[str] = []
        self.changed = threading.Condition()
        self.results: dict[str, Any] = {}
        self.stopped = False

    def __call__(self, host: str, *_rest: object, **_more: object) -> Any:
        """Wait for the result, and return or raise it."""
        with self.changed:
            self.requested.append(host)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.stopped or host in self.results)
            result = self.results.get(host, FOUND)
        if isinstance(result, Exception):
            raise result
        return result

    def resolve(self, host: str, result: Any) -> None:
        """Set the result of a name, for lookups under way and later ones."""
        with self.changed:
            self.results[host] = result
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many lookups have begun."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requested) >= count, LIMIT)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Let every lookup hang until the end of the test, or until its result is set."""
    server = NameServer()
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", server)
        yield server
        with server.changed:
            server.stopped = True
            server.changed.notify_all()
        # The threads run the replaced function to its end; no further one begins.


def never() -> bool:
    """Return that the caller is not cancelled."""
    return False


def client(**settings: Any) -> CosBatchClient:
    """Return a client whose endpoint has a name."""
    return CosBatchClient(endpoint="https://cos.example.com", secret_id="id", secret_key="key", **settings)


# ------------------------------------------------------------------------------------------------- requests and waits


def test_the_time_limit_ends_a_hanging_lookup(names: NameServer) -> None:
    """The request ends while the lookup still hangs, and its error names the lookup."""
    with client(request_timeout=0.2) as made, ThreadPoolExecutor(1) as pool:
        read = pool.submit(made.describe_job, "a", APPID)
        try:
            error = read.exception(LIMIT)
        finally:
            names.resolve("cos.example.com", FOUND)
    assert isinstance(error, TimeLimitError)
    assert re.match(r"no response came within 0\.[0-9]+ s: the name lookup did not end \(job a, ", str(error))
    assert "name server" in error.hint
    assert error.in_lookup


def test_abort_ends_a_hanging_lookup(names: NameServer) -> None:
    """Many requests share the lookup, and all end when the client is aborted."""
    with client() as made, ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(made.describe_job, f"job-{number}", APPID) for number in range(8)]
        names.wait_for(1)
        made.abort()
        try:
            errors = [each.exception(LIMIT) for each in reads]
        finally:
            names.resolve("cos.example.com", FOUND)
    assert [type(error) for error in errors] == [RequestError] * 8
    assert all("cancelled" in str(error) for error in errors)
    assert names.requested == ["cos.example.com"]


# The lookup prints a line and hangs for good; the test kills the program if it does not end by itself.
HANGING = """
import signal, socket, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
def hang(*_args, **_kwargs):
    print("resolving", flush=True)
    threading.Event().wait()
socket.getaddrinfo = hang
from pulumi_cosjob._cli.main import main
main()
"""
COMMANDS = {
    "describe": (["describe", "a", "--request-timeout", "0.3"], 1, "the name lookup did not end"),
    "wait": (["wait", "a", "--timeout", "0.3", "--request-timeout", "0.3"], 124, "the job was not complete within"),
    "wait, Ctrl-C": (["wait", "a"], 130, ""),
    "describe, Ctrl-C": (["describe", "a"], 130, "interrupted"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_not_wait_for_a_hanging_lookup(name: str) -> None:
    """A time limit or Ctrl-C ends the command, though the lookup never does."""
    arguments, code, message = COMMANDS[name]
    command = [sys.executable, "-c", HANGING, *arguments, "--appid", APPID, "--endpoint", "https://cos.example.com"]
    environment = {**os.environ, "TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "resolving\n"
            if "Ctrl-C" in name:
                process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert process.returncode == code, errors
    assert message in errors
    assert "Traceback" not in errors


# ------------------------------------------------------------------------------------------------------- the resolver


def test_one_name_is_resolved_once_for_all_that_wait(names: NameServer) -> None:
    """All get its addresses; later callers begin another lookup."""
    resolver = Resolver()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(resolver.resolve, "one", 1, 0, LIMIT, never) for _ in range(16)]
        names.wait_for(1)
        names.resolve("one", FOUND)
        assert [each.result(LIMIT) for each in waiting] == [FOUND] * 16
    assert len(names.requested) <= 16  # those that came after the result
    names.resolve("one", socket.gaierror(socket.EAI_NONAME, "gone"))
    with pytest.raises(socket.gaierror, match="gone"):
        resolver.resolve("one", 1, 0, LIMIT, never)


def test_hanging_lookups_are_limited_in_number(names: NameServer) -> None:
    """One name more has to wait, is resolved as soon as another lookup ends, and may time out."""
    resolver = Resolver(most=2)
    with ThreadPoolExecutor(8) as pool:
        hanging = [pool.submit(resolver.resolve, name, 1, 0, LIMIT, never) for name in ("one", "two")]
        names.wait_for(2)
        with pytest.raises(LookupTimeoutError, match="the name lookup did not end"):
            resolver.resolve("three", 1, 0, 0.01, never)
        third = pool.submit(resolver.resolve, "three", 1, 0, LIMIT, never)
        names.resolve("three", FOUND)
        assert sorted(names.requested) == ["one", "two"]
        names.resolve("one", FOUND)
        assert third.result(LIMIT) == FOUND
        names.resolve("two", FOUND)
        assert [each.result(LIMIT) for each in hanging] == [FOUND, FOUND]
    assert sorted(names.requested) == ["one", "three", "two"]


def test_a_hanging_lookup_is_replaced_after_a_while(names: NameServer) -> None:
    """A name whose lookup never ends is resolved again after a minute, then after two more, and so on."""
    now = [0.0]
    resolver = Resolver(monotonic=lambda: now[0])

    def running(seconds: float) -> int:
        now[0] = seconds
        with pytest.raises(LookupTimeoutError):
            resolver.resolve("one", 1, 0, 0.0, never)
        return resolver._running

    assert [running(seconds) for seconds in (0, 59, 60, 179, 180, 419, 420)] == [1, 1, 2, 2, 3, 3, 4]
    names.resolve("one", FOUND)
    assert resolver.resolve("one", 1, 0, LIMIT, never) == FOUND


def test_a_caller_is_woken_to_be_cancelled(names: NameServer) -> None:
    """A caller that is cancelled fails at once; the others go on."""
    resolver, cancelled = Resolver(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        going = pool.submit(resolver.resolve, "one", 1, 0, LIMIT, never)
        ended: Future[Any] = pool.submit(resolver.resolve, "one", 1, 0, LIMIT, cancelled.is_set)
        names.wait_for(1)
        cancelled.set()
        resolver.wake()
        assert isinstance(ended.exception(LIMIT), LookupTimeoutError)
        assert not going.done()
        names.resolve("one", FOUND)
        assert going.result(LIMIT) == FOUND


def test_a_thread_that_cannot_be_started_is_reported(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine starts no thread, the error has that reason, and the resolver is unchanged."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver = Resolver(most=1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RequestError, match="can't start new thread"):
            resolver.resolve("one", 1, 0, LIMIT, never)
    names.resolve("one", FOUND)
    assert resolver.resolve("one", 1, 0, LIMIT, never) == FOUND


def test_a_fork_leaves_no_lookup_behind(names: NameServer) -> None:
    """The child does not wait for threads that only its parent has."""
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(RESOLVER.resolve, "one", 1, 0, LIMIT, never)
        names.wait_for(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # to fork with threads is what is tested
            child = os.fork()
        if child == 0:
            os._exit(len(RESOLVER._newest) + RESOLVER._running)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        names.resolve("one", FOUND)
        assert hanging.result(LIMIT) == FOUND
