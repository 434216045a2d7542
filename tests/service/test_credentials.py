"""Where keys come from when nobody names any, and that they stay where they are."""

from __future__ import annotations

import builtins
import contextlib
import copy
import errno
import io
import json
import os
import pickle
import pwd
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import dill
import pytest
from tencentcloud.common import credential

from patience import HANGS
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._errors import ConfigurationError, RequestError, TimeLimitError
from pulumi_cosjob._service import credentials
from pulumi_cosjob._service.credentials import Credentials, VendorChain
from pulumi_cosjob._service.settings import Settings
from servers import answer, read_request, serving

SECRET = "s3cr3t-that-nobody-may-see"
HINT = "Look here."


@pytest.fixture(autouse=True)
def _no_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's role away: asking for it would go to the network."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(credential.CVMRoleCredential, "_role_endpoint", f"http://127.0.0.1:{port}/")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a home of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".tencentcloud").mkdir()
    return tmp_path


def write(home: Path, text: str) -> None:
    """Write the vendor's credentials file."""
    (home / ".tencentcloud" / "credentials").write_text(text, encoding="utf-8")


def test_the_vendors_file_is_read(home: Path) -> None:
    """A key pair in the vendor's own file is found, without a token."""
    write(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


def test_a_file_that_is_rewritten_is_read_again(home: Path) -> None:
    """Keys that were exchanged, and tokens that were renewed, serve the next request; a broken file serves none."""
    chain = VendorChain(HINT)
    write(home, f"[default]\nsecret_id = old\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("old", None)
    for token in ("token-1", "token-2%"):
        write(home, f"[default]\nsecret_id = temporary\nsecret_key = {SECRET}\ntoken = {token}\n")
        assert (chain(60.0).secret_id, chain(60.0).token) == ("temporary", token)
    write(home, "")
    with pytest.raises(ConfigurationError):
        chain(60.0)
    write(home, f"[default]\nsecret_id = new\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("new", None)


def test_where_nothing_is_found_the_places_are_listed() -> None:
    """The error carries the caller's list of places, and can be told from a request that failed."""
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert caught.value.hint == HINT


UNUSABLE = {
    "nothing": ("", "has no section [default]"),
    "no INI file": ("no ini file", "has no section [default]"),
    "JSON": (f'{{"secretId": "a", "secretKey": "{SECRET}"}}', "has no section [default]"),
    "another section": (f"[other]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a section in capitals": (f"[DEFAULT]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a name without a value": (f"[default]\nsecret_id\nsecret_key = {SECRET}\n", "is no INI file that can be read"),
    "a name that stands twice": (
        f"[default]\nsecret_id = a\nsecret_id = {SECRET}\n",
        "is no INI file that can be read",
    ),
    "no secret id": (f"[default]\nsecret_key = {SECRET}\n", "has no secret_id in its section [default]"),
    "an empty secret id": (f"[default]\nsecret_id = \nsecret_key = {SECRET}\n", "has no secret_id in its section"),
    "no secret key": (f"[default]\nsecret_id = {SECRET}\n", "has no secret_key in its section [default]"),
    "an empty section": ("[default]\n", "has no secret_id and no secret_key in its section [default]"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_is_of_no_use_is_named(home: Path, name: str) -> None:
    """The error says which file it is and what is missing in it, and does not show what stands there."""
    text, told = UNUSABLE[name]
    write(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials {told}" in str(caught.value)
    assert SECRET not in f"{caught.value!s}{caught.value!r}"
    assert caught.value.__cause__ is None
    assert caught.value.hint == HINT


@pytest.mark.parametrize(
    "text",
    [
        f"[default]\nsecret_id = ключ\nsecret_key = {SECRET}\n",
        f"[default]\nsecret_id = a\nsecret_key = {SECRET} {SECRET}\n",
        f"[default]\nsecret_id = a\nsecret_key = {SECRET}\n  folded\n",
    ],
)
def test_keys_that_are_none_are_refused(home: Path, text: str) -> None:
    """What cannot stand in a header is no key, and is not shown."""
    write(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert SECRET not in f"{caught.value!s}{caught.value!r}"


def test_a_file_that_is_no_text_is_named(home: Path) -> None:
    """Bytes that are no text are an error that says so."""
    (home / ".tencentcloud" / "credentials").write_bytes(b"[default]\nsecret_id = \xff\n")
    with pytest.raises(ConfigurationError, match=r"credentials is no text in UTF-8"):
        VendorChain(HINT)(60.0)


def test_a_folder_in_place_of_the_file_is_named(home: Path) -> None:
    """A mount of something that is not there makes one."""
    (home / ".tencentcloud" / "credentials").mkdir()
    with pytest.raises(ConfigurationError, match=r"credentials is a folder"):
        VendorChain(HINT)(60.0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_is_taken(home: Path, encoding: str) -> None:
    """Editors on Windows write one."""
    text = f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    (home / ".tencentcloud" / "credentials").write_bytes(mark + text.encode(encoding))
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


# ------------------------------------------------------------------------------------------------- the machine's role

ROLE = {"Code": "Success", "TmpSecretId": "role-id", "TmpSecretKey": SECRET, "Token": "role-token"}


@contextlib.contextmanager
def machine(
    monkeypatch: pytest.MonkeyPatch, role: str = "a role", status: str = "200 OK", **changes: object
) -> Iterator[list[str]]:
    """Serve a machine's metadata on loopback; yields the paths that were asked for."""
    asked: list[str] = []
    keys = json.dumps({**ROLE, "ExpiredTime": int(time.time()) + 7200, **changes}).encode()

    def handle(connection: socket.socket) -> None:
        asked.append(read_request(connection).split()[1].decode())
        connection.sendall(answer(role.encode() if asked[-1] == "/" else keys, status=status))

    with serving(handle) as port, monkeypatch.context() as patched:
        patched.setattr(credential.CVMRoleCredential, "_role_endpoint", f"http://127.0.0.1:{port}/")
        yield asked


def test_the_role_is_asked_where_there_is_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its temporary keys are used until shortly before they expire."""
    assert home.is_dir()
    with machine(monkeypatch) as asked:
        chain = VendorChain(HINT)
        for _ in range(3):
            found = chain(60.0)
            assert (found.secret_id, found.secret_key, found.token) == ("role-id", SECRET, "role-token")
    assert asked == ["/", "/a%20role"]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "404 Not Found"},
        {"status": "302 Found"},
        {"Code": "Failure"},
        {"TmpSecretKey": None},
        {"Token": ""},
        {"role": ""},
        {"ExpiredTime": "never"},
    ],
)
def test_a_machine_without_a_role_has_no_keys(
    home: Path, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    """Whatever the metadata service says in place of keys."""
    assert home.is_dir()
    with machine(monkeypatch, **broken), pytest.raises(ConfigurationError, match="no role of this machine"):
        VendorChain(HINT)(60.0)


def test_expired_keys_of_a_role_are_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they cannot be renewed they are used until they expire, and then there are none."""
    assert home.is_dir()
    chain = VendorChain(HINT)
    with machine(monkeypatch, ExpiredTime=int(time.time()) + 200):
        assert chain(60.0).secret_id == "role-id"
    assert chain(60.0).secret_id == "role-id"  # the metadata service has gone
    chain._found._expired_ts = int(time.time())
    with pytest.raises(ConfigurationError, match="they hold no key"):
        chain(60.0)


# The machine's own environment, as a whole: urllib would take proxies from it.
ASKING = """
import sys
from tencentcloud.common import credential
credential.CVMRoleCredential._role_endpoint = sys.argv[1]
from pulumi_cosjob._service.credentials import VendorChain
print(VendorChain("")(60.0).secret_id)
"""


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_no_proxy_is_asked_for_the_role(status: str) -> None:
    """It would see the keys in plain text, and could answer with its own; nor does a redirect lead anywhere."""
    seen: list[bytes] = []
    foreign = json.dumps({**ROLE, "TmpSecretId": "of-the-proxy", "ExpiredTime": int(time.time()) + 7200}).encode()

    def proxy(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(answer(foreign))

    with serving(proxy) as proxy_port:
        keys = json.dumps({**ROLE, "ExpiredTime": int(time.time()) + 7200}).encode()

        def metadata(connection: socket.socket) -> None:
            path = read_request(connection).split()[1]
            where = f"Location: http://127.0.0.1:{proxy_port}/"
            connection.sendall(answer(b"a-role" if path == b"/" else keys, where, status=status))

        with serving(metadata) as port:
            url = f"http://127.0.0.1:{proxy_port}"
            names = ("http_proxy", "https_proxy", "all_proxy")
            proxies = {name: url for each in names for name in (each, each.upper())}
            done = subprocess.run(
                [sys.executable, "-c", ASKING, f"http://127.0.0.1:{port}/"],
                env={**os.environ, **proxies},
                capture_output=True,
                text=True,
                check=False,
            )
    assert seen == []
    assert done.stdout == ("role-id\n" if status == "200 OK" else ""), done.stderr


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR])
def test_a_home_that_cannot_be_looked_at_leaves_the_role(
    home: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A file that cannot be looked at is not there, and the chain goes on."""
    write(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")

    def refusing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if str(path).startswith(str(home)):
                raise OSError(code, os.strerror(code), str(path))
            return real(path, *args, **kwargs)

        return call

    with machine(monkeypatch), monkeypatch.context() as patched:
        for module, name in ((os, "stat"), (io, "open"), (builtins, "open")):
            patched.setattr(module, name, refusing(getattr(module, name)))
        assert VendorChain(HINT)(60.0).secret_id == "role-id"


@pytest.mark.parametrize("value", [None, "", "/" + "a" * 5000, "/dev/null", "\udcff"])
def test_any_home_leaves_the_role(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """A container may run as a user that no file knows, without HOME or with one that is no folder."""

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    if value is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", value)
    with machine(monkeypatch):
        assert VendorChain(HINT)(60.0).secret_id == "role-id"


def test_a_file_that_was_passed_over_is_named_where_nothing_else_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may not read the file that was meant for them is told."""
    write(home, "")
    real = open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if str(path).startswith(str(home)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials: permission denied; no role of this machine" in str(caught.value)


# ---------------------------------------------------------------------------------------------------- the role of a pod

POD = {
    "TKE_REGION": "ap-chengdu",
    "TKE_PROVIDER_ID": "a-provider",
    "TKE_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "TKE_ROLE_ARN": "an-arn",
}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nowhere/token", "TKE_WEB_IDENTITY_TOKEN_FILE: no such file or directory"),
        ("/dev/null/token", "TKE_WEB_IDENTITY_TOKEN_FILE: not a directory"),
        ("/" + "a" * 5000, "TKE_WEB_IDENTITY_TOKEN_FILE: file name too long"),
        ("/", "TKE_WEB_IDENTITY_TOKEN_FILE: is a directory"),
    ],
)
def test_a_pods_token_that_cannot_be_read_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, path: str, told: str
) -> None:
    """The variable that names it is in the message."""
    assert home.is_dir()
    for name, value in {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": path}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert told in str(caught.value)


def test_a_pod_that_lacks_a_variable_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what its role needs is as good as nothing, but is told."""
    assert home.is_dir()
    monkeypatch.setenv("TKE_REGION", "ap-chengdu")
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert "TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_ROLE_ARN are not set" in str(caught.value)


# ---------------------------------------------------------------------------------------------------- keys that change


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
