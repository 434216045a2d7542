"""Name lookups that hang are cut off, shared and limited in number; nothing here asks a name server."""

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
# Against hanging alone: far more than anything here takes.
LIMIT = 60.0


class NameServer:
    """Stands in for the operating system's lookup: it answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.changed = threading.Condition()
        self.answers: dict[str, Any] = {}
        self.stopped = False

    def __call__(self, host: str, *_rest: object, **_more: object) -> Any:
        """Wait for the answer, and give it."""
        with self.changed:
            self.asked.append(host)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.stopped or host in self.answers)
            answer = self.answers.get(host, FOUND)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def let(self, host: str, answer: Any) -> None:
        """Answer for a name from now on, whoever waits for it included."""
        with self.changed:
            self.answers[host] = answer
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many lookups have begun."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= count, LIMIT)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Let every lookup hang until the end of the test, or until it is answered for."""
    server = NameServer()
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", server)
        yield server
        with server.changed:
            server.stopped = True
            server.changed.notify_all()
        # The threads see the function that they have begun to run; none is left to begin.


def never() -> bool:
    """Tell that the caller still wants to know."""
    return False


def client(**settings: Any) -> CosBatchClient:
    """Return a client whose endpoint has a name."""
    return CosBatchClient(endpoint="https://cos.example.com", secret_id="id", secret_key="key", **settings)


# ------------------------------------------------------------------------------------------------- requests and waits


def test_a_hanging_lookup_is_cut_off_by_the_time_limit(names: NameServer) -> None:
    """The request ends while the lookup still hangs, and its error says what hung."""
    with client(request_timeout=0.2) as asking, ThreadPoolExecutor(1) as pool:
        answered = pool.submit(asking.describe_job, "a", APPID)
        try:
            error = answered.exception(LIMIT)
        finally:
            names.let("cos.example.com", FOUND)
    assert isinstance(error, TimeLimitError)
    assert re.match(r"no answer came within 0\.[0-9]+ s: the name lookup did not end \(job a, ", str(error))
    assert "name server" in error.hint
    assert error.in_lookup


def test_a_hanging_lookup_is_called_off(names: NameServer) -> None:
    """Many requests share the lookup, and all are over once the client is told to end."""
    with client() as asking, ThreadPoolExecutor(8) as pool:
        answered = [pool.submit(asking.describe_job, f"job-{number}", APPID) for number in range(8)]
        names.wait_for(1)
        asking.abort()
        try:
            errors = [each.exception(LIMIT) for each in answered]
        finally:
            names.let("cos.example.com", FOUND)
    assert [type(error) for error in errors] == [RequestError] * 8
    assert all("called off" in str(error) for error in errors)
    assert names.asked == ["cos.example.com"]


# What hangs for good says so first; the program is stopped from outside if it does not end by itself.
HANGING = """
import signal, socket, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
def hang(*_args, **_kwargs):
    print("looking up", flush=True)
    threading.Event().wait()
socket.getaddrinfo = hang
from pulumi_cosjob._cli.main import main
main()
"""
COMMANDS = {
    "describe": (["describe", "a", "--request-timeout", "0.3"], 1, "the name lookup did not end"),
    "wait": (["wait", "a", "--timeout", "0.3", "--request-timeout", "0.3"], 124, "the job was not complete within"),
    "wait, Ctrl-C": (["wait", "a"], 130, ""),
    "describe, Ctrl-C": (["describe", "a"], 1, "Aborted"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_not_wait_for_a_hanging_lookup(name: str) -> None:
    """A time limit or Ctrl-C ends the command, though the lookup never does."""
    arguments, code, told = COMMANDS[name]
    command = [sys.executable, "-c", HANGING, *arguments, "--appid", APPID, "--endpoint", "https://cos.example.com"]
    environment = {**os.environ, "TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "looking up\n"
            if "Ctrl-C" in name:
                process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert process.returncode == code, said
    assert told in said
    assert "Traceback" not in said


# ------------------------------------------------------------------------------------------------------- the resolver


def test_one_name_is_looked_up_once_for_all_that_wait(names: NameServer) -> None:
    """All get its addresses; whoever comes later has it looked up afresh."""
    resolver = Resolver()
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(resolver.resolve, "one", 1, 0, LIMIT, never) for _ in range(16)]
        names.wait_for(1)
        names.let("one", FOUND)
        assert [each.result(LIMIT) for each in waiting] == [FOUND] * 16
    assert len(names.asked) <= 16  # those that came after the answer
    names.let("one", socket.gaierror(socket.EAI_NONAME, "gone"))
    with pytest.raises(socket.gaierror, match="gone"):
        resolver.resolve("one", 1, 0, LIMIT, never)


def test_hanging_lookups_are_limited_in_number(names: NameServer) -> None:
    """One name more than may hang has to wait, is looked up as soon as one of them ends, and may be given up."""
    resolver = Resolver(most=2)
    with ThreadPoolExecutor(8) as pool:
        hanging = [pool.submit(resolver.resolve, name, 1, 0, LIMIT, never) for name in ("one", "two")]
        names.wait_for(2)
        with pytest.raises(LookupTimeoutError, match="the name lookup did not end"):
            resolver.resolve("three", 1, 0, 0.01, never)
        third = pool.submit(resolver.resolve, "three", 1, 0, LIMIT, never)
        names.let("three", FOUND)
        assert sorted(names.asked) == ["one", "two"]
        names.let("one", FOUND)
        assert third.result(LIMIT) == FOUND
        names.let("two", FOUND)
        assert [each.result(LIMIT) for each in hanging] == [FOUND, FOUND]
    assert sorted(names.asked) == ["one", "three", "two"]


def test_a_lookup_that_is_stuck_is_left_alone_in_the_end(names: NameServer) -> None:
    """A name whose lookup never ends is looked up again after a minute, then after two more, and so on."""
    now = [0.0]
    resolver = Resolver(monotonic=lambda: now[0])

    def begun(seconds: float) -> int:
        now[0] = seconds
        with pytest.raises(LookupTimeoutError):
            resolver.resolve("one", 1, 0, 0.0, never)
        return resolver._running

    assert [begun(seconds) for seconds in (0, 59, 60, 179, 180, 419, 420)] == [1, 1, 2, 2, 3, 3, 4]
    names.let("one", FOUND)
    assert resolver.resolve("one", 1, 0, LIMIT, never) == FOUND


def test_a_caller_is_woken_to_be_cancelled(names: NameServer) -> None:
    """Whoever is cancelled is told so at once; the others go on."""
    resolver, cancelled = Resolver(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        going = pool.submit(resolver.resolve, "one", 1, 0, LIMIT, never)
        ended: Future[Any] = pool.submit(resolver.resolve, "one", 1, 0, LIMIT, cancelled.is_set)
        names.wait_for(1)
        cancelled.set()
        resolver.wake()
        assert isinstance(ended.exception(LIMIT), LookupTimeoutError)
        assert not going.done()
        names.let("one", FOUND)
        assert going.result(LIMIT) == FOUND


def test_a_thread_that_cannot_be_started_is_told(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that starts no more threads is told as such, and nothing is left behind."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver = Resolver(most=1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RequestError, match="can't start new thread"):
            resolver.resolve("one", 1, 0, LIMIT, never)
    names.let("one", FOUND)
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
        names.let("one", FOUND)
        assert hanging.result(LIMIT) == FOUND
