"""How a provider's process notices that the engine has exited."""

from __future__ import annotations

import os
import signal
import socket
import threading

import pytest

from patience import HANGS, new_threads, until
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
    """It is the last address, whatever arguments are before it."""
    assert engine_address(arguments) == expected


def test_the_process_ends_as_the_engine_would_have_ended_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while the engine's port accepts connections, but soon after; then no sleep goes on."""
    monkeypatch.setattr(watch, "_CHECK_INTERVAL", 0.02)
    sent: list[tuple[int, int]] = []
    checked: list[str] = []
    real = watch.listens

    def listens(address: str) -> bool:
        checked.append(address)
        return real(address)

    monkeypatch.setattr(watch, "listens", listens)
    monkeypatch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
    exited = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        watching = threading.Thread(target=watch._watch, args=(address, exited))
        watching.start()
        until(lambda: len(checked) > 3)
        assert not exited.is_set()
    watching.join(HANGS)
    assert exited.is_set()
    assert sent == [(os.getpid(), signal.SIGINT)]
    monkeypatch.setattr(watch, "engine_exited", lambda: exited)
    with pytest.raises(RequestError, match="engine"):
        CancellableClock().sleep(DAY)


def test_a_cancelled_clock_ends_all_sleeps() -> None:
    """Sleeps in progress end with an error, and later ones begin with it."""
    clock = SystemClock()
    assert not is_cancelled(clock)
    threading.Timer(0.1, clock.ended.set).start()
    with pytest.raises(RequestError, match="cancelled"):
        clock.sleep(DAY)
    assert is_cancelled(clock)
    assert not is_cancelled(ManualClock())


def test_only_a_refused_connection_is_a_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is too busy to accept connections is still running."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", fail)
    assert watch.listens("127.0.0.1:1")


def test_another_process_is_not_watched() -> None:
    """Only the process of the SDK's dynamic providers ends with the engine."""
    before = threading.enumerate()
    CancellableClock().sleep(0.0)
    assert not engine_exited().is_set()
    assert new_threads(before) == []
