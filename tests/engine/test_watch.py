"""How a provider's process learns that the engine has gone."""

from __future__ import annotations

import os
import signal
import socket
import threading

import pytest

from patience import HANGS, until
from pulumi_cosjob._clock import SystemClock, is_cancelled
from pulumi_cosjob._engine import watch
from pulumi_cosjob._engine.watch import CancellableClock, engine_address, engine_exited
from pulumi_cosjob._errors import RequestError
from pulumi_cosjob.testing import ManualClock

DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["provider", "127.0.0.1:4000"], "127.0.0.1:4000"),
        (["provider", "--logtostderr", "-v=11", "--tracing", "tcp://1.2.3.4:5", "[::1]:4000"], "[::1]:4000"),
        (["provider"], None),
        (["127.0.0.1:4000"], None),
    ],
)
def test_the_engines_address_is_among_the_arguments(arguments: list[str], expected: str | None) -> None:
    """It comes last, whatever stands before it."""
    assert engine_address(arguments) == expected


def test_the_process_ends_as_the_engine_would_have_ended_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while somebody listens, and soon after nobody does any more; then no sleep goes on."""
    monkeypatch.setattr(watch, "_SECONDS", 0.02)
    sent: list[tuple[int, int]] = []
    asked: list[str] = []
    real = watch.listens

    def listens(address: str) -> bool:
        asked.append(address)
        return real(address)

    monkeypatch.setattr(watch, "listens", listens)
    monkeypatch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        watching = threading.Thread(target=watch._watch, args=(address, gone))
        watching.start()
        until(lambda: len(asked) > 3)
        assert not gone.is_set()
    watching.join(HANGS)
    assert gone.is_set()
    assert sent == [(os.getpid(), signal.SIGINT)]
    monkeypatch.setattr(watch, "engine_exited", lambda: gone)
    with pytest.raises(RequestError, match="engine"):
        CancellableClock().sleep(DAY)


def test_a_clock_that_has_ended_lets_nobody_sleep() -> None:
    """The machine's own clock sleeps until it is told that there is nothing to wait for any more."""
    clock = SystemClock()
    assert not is_cancelled(clock)
    threading.Timer(0.1, clock.ended.set).start()
    with pytest.raises(RequestError, match="cancelled"):
        clock.sleep(DAY)
    assert is_cancelled(clock)
    assert not is_cancelled(ManualClock())


def test_what_is_no_refusal_is_no_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is too busy to accept is still there."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", fail)
    assert watch.listens("127.0.0.1:1")


def test_another_process_is_left_alone() -> None:
    """Only that of the SDK's dynamic providers is watched over: this one has other things to do."""
    before = threading.active_count()
    CancellableClock().sleep(0.0)
    assert not engine_exited().is_set()
    assert threading.active_count() == before
