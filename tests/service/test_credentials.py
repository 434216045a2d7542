"""Credentials that change, chains that hang, and credentials that are never shown or pickled."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import dill
import pytest
from chains import HINT, SECRET, _no_metadata_service, home, write

from patience import HANGS
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._errors import ConfigurationError, RequestError, TimeLimitError
from pulumi_cosjob._service import credentials
from pulumi_cosjob._service.credentials import Credentials, VendorChain
from pulumi_cosjob._service.settings import Settings

__all__ = ["_no_metadata_service", "home"]


class Temporary:
    """Keys that change with each look, as a role's do."""

    def __init__(self) -> None:
        self.looks = 0

    def get_credential_info(self) -> tuple[str, str, str]:
        """Return the keys of now."""
        self.looks += 1
        return f"id-{self.looks}", f"key-{self.looks}", f"token-{self.looks}"


def test_temporary_keys_are_asked_for_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain is walked once; the keys it found are renewed by the vendor's library at every request."""
    walked: list[Temporary] = []

    def walk() -> Temporary:
        walked.append(Temporary())
        return walked[-1]

    monkeypatch.setattr(credentials, "_default_credential", walk)
    chain = VendorChain(HINT)
    assert [(each.secret_id, each.token) for each in (chain(60.0), chain(60.0))] == [
        ("id-1", "token-1"),
        ("id-2", "token-2"),
    ]
    assert len(walked) == 1


def test_a_role_that_was_taken_away_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vendor's library goes on with nothing, the caller hears that there is no key."""

    class Gone:
        def get_credential_info(self) -> tuple[None, None, None]:
            return None, None, None

    monkeypatch.setattr(credentials, "_default_credential", Gone)
    with pytest.raises(ConfigurationError, match="they hold no key"):
        VendorChain(HINT)(60.0)


def test_many_threads_walk_the_chain_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that begin at the same time share one walk."""
    walked: list[Temporary] = []

    def walk() -> Temporary:
        walked.append(Temporary())
        return walked[-1]

    monkeypatch.setattr(credentials, "_default_credential", walk)
    chain = VendorChain(HINT)
    threads = [threading.Thread(target=chain, args=(60.0,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(walked) == 1
    assert 1 <= walked[0].looks <= 16  # those that come while one looks have its answer


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the chain hang until the test is over, and shorten its time."""
    release = threading.Event()
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", 0.05)
    yield release
    release.set()
    for thread in threading.enumerate():
        if thread.name == "cosjob-credentials":
            thread.join(HANGS)  # or the next test would count it


def lookups() -> int:
    """Return how many threads look for credentials."""
    return sum(thread.name == "cosjob-credentials" for thread in threading.enumerate())


def test_a_chain_that_hangs_is_given_up_and_joined(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """A metadata service that never answers costs one thread, however many ask, and each waits for its own time."""
    monkeypatch.setattr(credentials, "_default_credential", lambda: stuck.wait() and Temporary())
    chain = VendorChain(HINT)
    with ThreadPoolExecutor(16) as pool:
        for asked in [pool.submit(chain, 60.0) for _ in range(16)]:
            with pytest.raises(ConfigurationError, match=r"no answer in 0\.05 s"):
                asked.result()
    with pytest.raises(TimeLimitError, match=r"no credentials came within 0\.01 s"):
        chain(0.01)
    assert lookups() == 1
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", HANGS)
    late = ThreadPoolExecutor(1).submit(chain, HANGS)
    stuck.set()
    assert late.result().secret_id == "id-1"


def test_a_lookup_that_is_stuck_is_left_alone_in_the_end(
    stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that comes back is asked again, though the first question never ends; by few more threads."""
    monkeypatch.setattr(credentials, "_default_credential", stuck.wait)
    chain, patience = VendorChain(HINT), credentials._PATIENCE
    for number in (1, 2, 3):
        for _ in range(3):
            with pytest.raises(ConfigurationError, match="no answer"):
                chain(60.0)
        assert (lookups(), chain._patience) == (number, patience * 2 ** (number - 1))
        chain._patient_until = 0.0  # its time is over
    monkeypatch.setattr(credentials, "_default_credential", Temporary)
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", HANGS)
    assert chain(HANGS).secret_id == "id-1"
    assert chain._patience == patience * 8
    assert chain(HANGS).secret_id == "id-2"
    assert chain._patience == patience


def test_a_lookup_is_called_off(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds up the end of a program by waiting for a role."""
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", 3600.0)
    monkeypatch.setattr(credentials, "_default_credential", stuck.wait)
    client = CosBatchClient(endpoint="http://127.0.0.1:9")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.look, "a", "1")
        while not lookups():
            assert not wait([asked], 0.01).done
        client.abort()
        with pytest.raises(RequestError, match="called off"):
            asked.result(HANGS)


def test_no_thread_to_look_by_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that starts no more threads is told as such, with what to do."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    chain = VendorChain(HINT)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RequestError, match="no thread could be started: can't start new thread") as caught:
            chain(60.0)
    assert "ulimit" in caught.value.hint
    with pytest.raises(ConfigurationError):
        chain(60.0)


def test_a_renewal_that_hangs_is_given_up(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit holds for renewed keys too."""

    class Hanging(Temporary):
        def get_credential_info(self) -> tuple[str, str, str]:
            stuck.wait()
            return super().get_credential_info()

    monkeypatch.setattr(credentials, "_default_credential", Hanging)
    with pytest.raises(ConfigurationError, match="no answer"):
        VendorChain(HINT)(60.0)


def test_a_failing_chain_is_told_by_kind_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the vendor's library says may hold anything; only the kind of its error is shown."""

    def fail() -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(credentials, "_default_credential", fail)
    with pytest.raises(ConfigurationError, match="RuntimeError") as caught:
        VendorChain(HINT)(60.0)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, lambda it: f"{[it]}", lambda it: f"{(it,)}"])
def test_credentials_are_never_shown(show: Any) -> None:
    """No way of printing shows a part of them."""
    assert SECRET not in show(Credentials(SECRET, SECRET, SECRET))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_are_never_pickled(protocol: int) -> None:
    """They do not leave the process in a pickle or a copy, alone or in something else."""
    keys = Credentials(SECRET, SECRET, SECRET)
    for value in (keys, [keys], {"a": keys}):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(keys)


@pytest.mark.parametrize("dumps", [pickle.dumps, dill.dumps])
def test_what_the_chain_has_found_is_never_pickled(home: Path, dumps: Any) -> None:
    """The vendor's library keeps the key in the open, and dill, by which Pulumi pickles, takes locks along."""
    write(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")
    chain = VendorChain(HINT)
    assert chain(60.0).secret_key == SECRET
    for value in (chain, [chain], Settings("https://localhost", chain)):
        with pytest.raises(TypeError, match="never pickled"):
            dumps(value)
