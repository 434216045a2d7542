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
from chains import HINT, SECRET, _no_metadata_service, home, write_file

from patience import HANGS
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._errors import ConfigurationError, RequestError, TimeLimitError
from pulumi_cosjob._service import credentials
from pulumi_cosjob._service.credentials import Credentials, VendorChain
from pulumi_cosjob._service.settings import Settings

__all__ = ["_no_metadata_service", "home"]


class Temporary:
    """Credentials that change with each read, as those of a role do."""

    def __init__(self) -> None:
        self.reads = 0

    def get_credential_info(self) -> tuple[str, str, str]:
        """Return the current credentials."""
        self.reads += 1
        return f"id-{self.reads}", f"key-{self.reads}", f"token-{self.reads}"


def test_temporary_credentials_are_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain is walked once; the vendor's library renews its credentials at each request."""
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


def test_a_removed_role_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vendor's library returns None, the error is that there are no credentials."""

    class Gone:
        def get_credential_info(self) -> tuple[None, None, None]:
            return None, None, None

    monkeypatch.setattr(credentials, "_default_credential", Gone)
    with pytest.raises(ConfigurationError, match="they have no secret id or no secret key"):
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
    assert 1 <= walked[0].reads <= 16  # threads that come during a read share its result


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the chain hang until the test ends, and shorten its time limit."""
    release = threading.Event()
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", 0.05)
    yield release
    release.set()
    for thread in threading.enumerate():
        if thread.name == "cosjob-credentials":
            thread.join(HANGS)  # or the next test would count it


def lookups() -> int:
    """Return how many threads look up credentials."""
    return sum(thread.name == "cosjob-credentials" for thread in threading.enumerate())


def test_a_chain_that_hangs_times_out_and_is_shared(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """A metadata service that never responds costs one thread; each request has its own time limit."""
    monkeypatch.setattr(credentials, "_default_credential", lambda: stuck.wait() and Temporary())
    chain = VendorChain(HINT)
    with ThreadPoolExecutor(16) as pool:
        for waiting in [pool.submit(chain, 60.0) for _ in range(16)]:
            with pytest.raises(ConfigurationError, match=r"no response in 0\.05 s"):
                waiting.result()
    with pytest.raises(TimeLimitError, match=r"no credentials came within 0\.01 s"):
        chain(0.01)
    assert lookups() == 1
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", HANGS)
    late = ThreadPoolExecutor(1).submit(chain, HANGS)
    stuck.set()
    assert late.result().secret_id == "id-1"


def test_a_hanging_lookup_is_replaced_after_a_while(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another lookup reaches a service that comes back, though the first one never ends; with few more threads."""
    monkeypatch.setattr(credentials, "_default_credential", stuck.wait)
    chain, seconds = VendorChain(HINT), credentials._FIRST_SHARE_SECONDS
    for number in (1, 2, 3):
        for _ in range(3):
            with pytest.raises(ConfigurationError, match="no response"):
                chain(60.0)
        assert (lookups(), chain._share_seconds) == (number, seconds * 2 ** (number - 1))
        chain._shared_until = 0.0  # the lookup is not shared any more
    monkeypatch.setattr(credentials, "_default_credential", Temporary)
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", HANGS)
    assert chain(HANGS).secret_id == "id-1"
    assert chain._share_seconds == seconds * 8
    assert chain(HANGS).secret_id == "id-2"
    assert chain._share_seconds == seconds


def test_a_lookup_is_cancelled(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that waits for a role does not hold up the end of the program."""
    monkeypatch.setattr(credentials, "_CHAIN_TIME_LIMIT", 3600.0)
    monkeypatch.setattr(credentials, "_default_credential", stuck.wait)
    client = CosBatchClient(endpoint="http://127.0.0.1:9")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.poll, "a", "1")
        while not lookups():
            assert not wait([waiting], 0.01).done
        client.abort()
        with pytest.raises(RequestError, match="cancelled"):
            waiting.result(HANGS)


def test_a_lookup_without_threads_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine starts no thread, the error has that reason, and a hint."""

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


def test_a_renewal_that_hangs_times_out(stuck: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit covers the renewal of credentials."""

    class Hanging(Temporary):
        def get_credential_info(self) -> tuple[str, str, str]:
            stuck.wait()
            return super().get_credential_info()

    monkeypatch.setattr(credentials, "_default_credential", Hanging)
    with pytest.raises(ConfigurationError, match="no response"):
        VendorChain(HINT)(60.0)


def test_a_failing_chain_is_reported_by_its_class_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of the vendor's library may contain anything; only the class of its error is shown."""

    def fail() -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(credentials, "_default_credential", fail)
    with pytest.raises(ConfigurationError, match="RuntimeError") as caught:
        VendorChain(HINT)(60.0)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, lambda it: f"{[it]}", lambda it: f"{(it,)}"])
def test_credentials_are_never_shown(show: Any) -> None:
    """No way of formatting shows a part of them."""
    assert SECRET not in show(Credentials(SECRET, SECRET, SECRET))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_are_never_pickled(protocol: int) -> None:
    """They leave the process in no pickle and no copy, alone or in a container."""
    credentials_ = Credentials(SECRET, SECRET, SECRET)
    for value in (credentials_, [credentials_], {"a": credentials_}):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(credentials_)


@pytest.mark.parametrize("dumps", [pickle.dumps, dill.dumps])
def test_a_chain_is_never_pickled(home: Path, dumps: Any) -> None:
    """The vendor's library holds secrets in plain attributes, and dill, which Pulumi uses, pickles locks too."""
    write_file(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")
    chain = VendorChain(HINT)
    assert chain(60.0).secret_key == SECRET
    for value in (chain, [chain], Settings("https://localhost", chain)):
        with pytest.raises(TypeError, match="never pickled"):
            dumps(value)
