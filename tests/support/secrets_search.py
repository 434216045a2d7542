"""Search all that the package and the engine write for keys, at the highest log levels.

Recognisable keys are put where keys may stand, and everything is run with them: what succeeds, and what fails. Then
every byte of what was printed, logged, kept, pickled or left in a file is searched for them, in all forms in which they
may be written.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gzip
import hashlib
import hmac
import html
import json
import re
import secrets
import string
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from typing_extensions import Self

from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from stacks import Stack

__all__ = ["SOURCES", "Keys", "Round", "Search", "echoes", "run_rounds", "table"]

SOURCES = ("environment", "file", "config", "provider")
"""Where keys stand: the environment, the vendor's file, the stack's configuration, or a provider's own arguments."""

HANDED_OVER = ("config", "provider")
"""From where the engine itself takes them to the providers."""

BIN = Path(sys.executable).parent

# --------------------------------------------------------------------------------------------------- keys, and a search


def _random(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


@dataclasses.dataclass(frozen=True)
class Keys:
    """Keys as nobody else has them. What surrounds them is written in another way by JSON, URLs and shells."""

    secret_id: str = dataclasses.field(default_factory=lambda: f"AKID{_random(32)}")
    secret_key: str = dataclasses.field(default_factory=lambda: f"key+/{_random(24)}=\"<&'")
    token: str = dataclasses.field(default_factory=lambda: f"token+/{_random(40)}=\"<&'")

    def cores(self) -> dict[str, bytes]:
        """Return of each what stays the same wherever it is written."""
        cores = {}
        for name in ("secret_id", "secret_key", "token"):
            cores[name.replace("_", " ")] = max(re.findall(r"\w+", getattr(self, name)), key=len).encode()
        return cores


# Also in the middle of more digits.
_DIGEST = re.compile(rb"(?=([0-9a-f]{40}))")


class Search:
    """Finds keys in bytes, in whatever form.

    Args:
        keys: The keys.
        started: When they were first used: the keys derived from them are made of the time.
    """

    def __init__(self, keys: Keys, started: float) -> None:
        self._secret_key = keys.secret_key.encode()
        self._next = int(started) - 2
        self._derived: set[bytes] = set()
        self._forms = {
            f"{name}{form}": written for name, core in keys.cores().items() for form, written in _written(core).items()
        }

    def find(self, data: bytes) -> Counter[str]:
        """Return how often each form of each key stands there."""
        found: Counter[str] = Counter()
        for name, forms in self._forms.items():
            count = sum(data.count(form) for form in forms)
            if count:
                found[name] = count
        # The key that signs is derived from the secret key, for the time of a request: for so long it is as good.
        for derived in self._signing_keys().intersection(_DIGEST.findall(data)):
            found["signing key"] += data.count(derived)
        return found

    def _signing_keys(self) -> set[bytes]:
        """Return the signing keys of all requests since the start, as the vendor derives them."""
        while self._next < time.time() + 2:
            times = f"{self._next - 60};{self._next + 600}".encode()
            self._derived.add(hmac.new(self._secret_key, times, hashlib.sha1).hexdigest().encode())
            self._next += 1
        return self._derived


def _written(core: bytes) -> dict[str, set[bytes]]:
    """Return all forms in which letters and digits may be written, by what is to be said about them."""
    encoded: set[bytes] = set()
    for before in range(3):
        # What stands before and after is not known: only whole groups in between are.
        text = base64.b64encode(bytes(before) + core)
        whole = text[4 if before else 0 : len(text) // 4 * 4 - 4]
        encoded |= {whole, whole.translate(bytes.maketrans(b"+/", b"-_"))}
    wide = core.decode().encode("utf-16-le")
    hexadecimal = {core.hex().encode(), core.hex().upper().encode()}
    return {
        "": {core, core.lower(), core.upper()},
        " in Base64": encoded,
        " in hex": hexadecimal,
        " in UTF-16": {wide},
        " in references": {_references(core.decode()).encode()},
    }


def _references(text: str) -> str:
    return "".join(f"&#{ord(each)};" for each in text)


def loud_plugin(folder: Path) -> Path:
    """Return a folder with the plugin, which other than that of users takes PYTHONPATH, and so the loud logs."""
    folder.mkdir()
    launcher = write_launcher(folder)
    text = launcher.read_text(encoding="utf-8")
    launcher.write_text(text.replace("unset PYTHONPATH ", "unset "), encoding="utf-8")
    return folder


def echoes(keys: Keys) -> list[Fault]:
    """Return answers that echo what a service is told of keys, as a service or a proxy may write it, each once."""
    found = []
    for key in (keys.secret_id, keys.token):
        comment = f"{escape(key[:8])}<!-- -->{escape(key[8:])}"
        texts = [
            key,
            key.lower(),
            key.upper(),
            quote(key, safe=""),
            json.dumps(key).replace("/", "\\/"),
            html.escape(key),
        ]
        documents = [
            f"<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
            for text in [*map(escape, texts), comment, _references(key)]
        ]
        bodies = [each.encode() for each in documents] + [documents[0].encode("utf-16")]
        pages = [f"<html><br>{key}".encode(), f"<html><br>{key}".encode("utf-16"), json.dumps({"key": key}).encode()]
        found += [Fault("html", status=403, body=body) for body in [*bodies, *pages]]
        for header in ("Content-Encoding", "x-cos-request-id"):
            lines = (
                "HTTP/1.1 403 Forbidden",
                f"{header}: {key}",
                "Connection: close",
                "Content-Length: 8",
                "",
                "<Error/>",
            )
            found.append(Fault("raw", body="\r\n".join(lines).encode()))
    return found


# ------------------------------------------------------------------------------------------------ what is run with them

# Of every Python process: all loggers tell everything, and the standard library prints its requests.
LOUD = """
import http.client, logging, os
file = os.path.join(os.environ["LOUD"], f"{os.getpid()}.log")
logging.basicConfig(filename=file, level=1, format="%(name)s: %(message)s")
ours = ("pulumi", "pulumi_cosjob", "pulumi_cosjob.signing")
for name in (*ours, "qcloud_cos", "qcloud_cos.cos_auth", "tencentcloud", "urllib3", "requests"):
    logging.getLogger(name).setLevel(1)
http.client.HTTPConnection.debuglevel = 1
"""

PROGRAM = """
import os, pulumi
import pulumi_cosjob
from pulumi_cosjob import native

job, appid, waits = os.environ["JOB"], "1250000000", "WAITS" in os.environ
opts = None
if "MINE_SECRET_ID" in os.environ:
    names = {"secret_id": "SECRET_ID", "secret_key": "SECRET_KEY", "token": "SECURITY_TOKEN"}
    values = {name: os.environ[f"MINE_{variable}"] for name, variable in names.items()}
    opts = pulumi.ResourceOptions(provider=native.Provider("mine", **values))
for name, module in {"native": native, "dynamic": pulumi_cosjob}.items():
    if name == "dynamic" and opts:
        continue
    if not waits:
        pulumi.export(name, module.get_job(job, appid, opts=opts).status)
        pulumi.export(f"{name}s", module.get_jobs([job], appid, opts=opts).jobs.apply(len))
    module.JobCompletion(f"{name}-gate", job_id=job, appid=appid, opts=opts)
    module.AllJobsCompletion(f"{name}-gates", job_ids=[job], appid=appid, opts=opts)
"""

# What shows values or carries them away, of all that the package makes public.
SCRIPT = """
import copy, logging, os, pickle, sys, traceback
import dill
import pulumi_cosjob
from pulumi_cosjob._service.settings import resolve

def show(value):
    for how in (str, repr, "{!r:>9}".format, pickle.dumps, dill.dumps, copy.deepcopy, dir):
        try:
            print(how(value))
        except Exception as error:
            print(type(value), how, "".join(traceback.format_exception(error)))

names = {"secret_id": "SECRET_ID", "secret_key": "SECRET_KEY", "token": "SECURITY_TOKEN"}
arguments = {name: os.environ.get(f"TENCENTCLOUD_{variable}") for name, variable in names.items()}
show(pulumi_cosjob.CosBatchClient(**arguments))
client = pulumi_cosjob.CosBatchClient()
for job in sys.argv[1:]:
    try:
        print(client.describe_job(job, "1250000000"))
        show(pulumi_cosjob.describe_job(job, "1250000000"))
    except Exception as error:
        logging.exception("it failed")
        show(error)
    show(client)
    show(client._settings)
    show(client._settings.credentials)
    try:
        show(client._settings.credentials(60.0))
    except pulumi_cosjob.CosJobError as error:
        show(error)
"""

# ------------------------------------------------------------------------------------------------------ what was found

STDOUT = "standard output"
STDERR = "standard error, engine's log"
GRPC = "engine's log of calls"
TRACE = "engine's trace"
PYTHON = "logs of Python"

# What the engine writes of all that it hands to any provider, at its most detailed: each line says what it is about.
_OWN_LINE = re.compile(
    rb'"msg":"(?:Unm|M)arshaling property for RPC\[(?:'
    rb"Provider\[[^\]]*\]\.(?:CheckConfig|DiffConfig|Configure)|ResourceMonitor\.RegisterResource)\("
)
_OWN_CALL = re.compile(
    rb'\{"method":"/pulumirpc\.(?:ResourceProvider/(?:CheckConfig|DiffConfig|Configure)|LanguageRuntime/Run'
    rb'|ResourceMonitor/(?:GetDeploymentInfo|RegisterResource))",'
)
_OWN = {STDERR: _OWN_LINE, GRPC: _OWN_CALL}


class Hits(NamedTuple):
    """How often keys were found in a place.

    Attributes:
        found: Where nobody may see them, by their forms.
        own: In what the engine itself writes about the settings that it hands to providers, when it is told to.
    """

    found: Counter[str]
    own: int


@dataclasses.dataclass
class Round:
    """What came of running everything with keys in one place.

    Attributes:
        source: The place.
        search: Finds the keys.
        places: All that was written, by where it was.
        codes: How each command ended, by its name.
    """

    source: str
    search: Search
    places: dict[str, list[bytes]] = dataclasses.field(default_factory=dict)
    codes: dict[str, int] = dataclasses.field(default_factory=dict)

    def add(self, place: str, data: bytes) -> None:
        """Keep what is to be searched."""
        self.places.setdefault(place, []).append(data)
        if data[:2] == b"\x1f\x8b":
            self.places[place].append(gzip.decompress(data))

    def add_folder(self, place: str, folder: Path, pattern: str = "*") -> None:
        """Keep all files below a folder, and their names."""
        self.places.setdefault(place, [])
        for path in folder.rglob(pattern):
            self.add(place, str(path).encode())
            if path.is_file() and not path.is_symlink():
                self.add(place, path.read_bytes())

    def hits(self) -> dict[str, Hits]:
        """Return what was found, by place."""
        return {place: self._hits(place) for place in self.places}

    def _hits(self, place: str) -> Hits:
        found: Counter[str] = Counter()
        own: Counter[str] = Counter()
        for data in self.places[place]:
            there = self.search.find(data)
            found += there
            if there and self.source in HANDED_OVER:
                own += there if place == TRACE else self._own(place, data)
        return Hits(found - own, sum(own.values()))

    def _own(self, place: str, data: bytes) -> Counter[str]:
        if place not in _OWN:
            return Counter()
        lines = (line for line in data.splitlines() if _OWN[place].search(line))
        return sum(map(self.search.find, lines), Counter())

    def wrong(self) -> list[str]:
        """Return the commands that did not end as they had to: then less was run than is said."""
        return [name for name, code in self.codes.items() if (code == 0) != (name in SUCCEEDING)]


SUCCEEDING = {
    "preview",
    "up",
    "refresh",
    "destroy",
    "describe",
    "describe as JSON",
    "wait",
    "script",
    "script, refused",
}


class _Arguments:
    """Looks at the arguments of all processes, as often as it can."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(path.read_bytes())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


class _Runner:
    """Runs everything with keys in one place.

    Args:
        folder: Holds all files.
        keys: The keys.
        done: Takes what comes of it.
        service: Knows the keys.
        refusing: Does not, and echoes them.
    """

    def __init__(
        self, folder: Path, keys: Keys, done: Round, service: CosBatchEmulator, refusing: CosBatchEmulator
    ) -> None:
        self._folder, self._keys, self._done, self._service, self._refusing = folder, keys, done, service, refusing
        for name in ("home", "tmp", "logs", "loud"):
            (folder / name).mkdir(parents=True)
        (folder / "loud" / "sitecustomize.py").write_text(LOUD)
        public = {name: value for name, value in service.environment().items() if "SECRET" not in name}
        variables = {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "LOUD": str(folder / "logs"),
            "PYTHONPATH": str(folder / "loud"),
            "PYTHONASYNCIODEBUG": "1",
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_DEBUG_GRPC": str(folder / "logs" / "grpc.json"),
        }
        self._stack = Stack(folder / "stack", PROGRAM, variables, plugin=loud_plugin(folder / "plugin"))
        for name in [name for name in self._stack.variables if name.startswith(("COSJOB_", "TENCENTCLOUD_", "TKE_"))]:
            del self._stack.variables[name]
        self._stack.variables.update(public)

    def _put(self, keys: Keys) -> None:
        """Put keys where they are to stand."""
        if self._done.source == "file":
            file = self._folder / "home" / ".tencentcloud" / "credentials"
            file.parent.mkdir(exist_ok=True)
            lines = (f"{name} = {value}" for name, value in dataclasses.asdict(keys).items())
            file.write_text("\n".join(["[default]", *lines, ""]))
        elif self._done.source == "config":
            for name, value in (("secretId", keys.secret_id), ("secretKey", keys.secret_key), ("token", keys.token)):
                # By standard input: arguments are seen by everybody on a machine.
                command = self._stack.command("config", "set", "--secret", f"cosjob:{name}")
                folder, variables = self._stack.folder, self._stack.variables
                subprocess.run(command, input=value, cwd=folder, env=variables, text=True, check=True, timeout=60)
        else:
            prefix = "MINE" if self._done.source == "provider" else "TENCENTCLOUD"
            self._stack.variables[f"{prefix}_SECRET_ID"] = keys.secret_id
            self._stack.variables[f"{prefix}_SECRET_KEY"] = keys.secret_key
            self._stack.variables[f"{prefix}_SECURITY_TOKEN"] = keys.token

    def _run(self, name: str, *command: str | Path, **variables: str) -> None:
        ended = subprocess.run(
            command,
            cwd=self._stack.folder,
            env={**self._stack.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        self._done.codes[name] = ended.returncode
        self._done.add(STDOUT, ended.stdout)
        self._done.add(STDERR, ended.stderr)

    def _pulumi(self, name: str, *arguments: str, **variables: str) -> None:
        trace = self._folder / "logs" / f"{len(self._done.codes)}.trace"
        loud = ("--logtostderr", "--logflow", "-v=11", "--debug", f"--tracing=file:{trace}")
        self._run(name, *self._stack.command(*arguments, *loud), **variables)

    def run(self) -> None:
        """Run everything that succeeds, and everything that fails."""
        self._put(self._keys)
        complete, failed = (self._service.create_job(scenario, seconds=0) for scenario in ("completes", "fails"))
        self._service.clock.advance(60)
        up = ("up", "--yes", "--skip-preview")
        self._pulumi("preview", "preview", JOB=complete)
        self._pulumi("up", *up, JOB=complete)
        self._pulumi("refresh", "refresh", "--yes", "--skip-preview")
        self._pulumi("preview, wrong job", "preview", JOB="nope")
        failing = self._service.create_job("fails", seconds=2)
        self._pulumi("up, failing job", *up, JOB=failing, WAITS="1")
        elsewhere = {"COSJOB_ENDPOINT": self._refusing.endpoint}
        echoed = echoes(self._keys)
        self._refusing.inject(*echoed)
        self._pulumi("preview, refused key", "preview", JOB=complete, **elsewhere)
        if self._done.source not in HANDED_OVER:
            cosjob, account = BIN / "cosjob", ("--appid", "1250000000")
            self._run("describe", cosjob, "describe", complete, *account)
            self._run("describe as JSON", cosjob, "describe", complete, *account, "--output", "json")
            self._run("describe, wrong job", cosjob, "describe", "nope", *account)
            self._run("describe, refused key", cosjob, "describe", complete, *account, **elsewhere)
            self._run("wait", cosjob, "wait", complete, *account)
            self._run("wait, failed job", cosjob, "wait", complete, failed, *account)
            self._run("script", sys.executable, "-c", SCRIPT, complete, "nope")
            self._refusing.inject(*echoed)
            self._run("script, refused", sys.executable, "-c", SCRIPT, *[complete] * (2 * len(echoed) + 1), **elsewhere)
        key = self._keys.secret_key
        self._put(dataclasses.replace(self._keys, secret_key=f"{key[:6]}\n {key}"))
        self._pulumi("preview, malformed key", "preview", JOB=complete)
        if self._done.source not in HANDED_OVER:
            self._run("describe, malformed key", BIN / "cosjob", "describe", complete, "--appid", "1250000000")
        self._put(self._keys)
        self._pulumi("destroy", "destroy", "--yes", "--skip-preview")
        self._keep()

    def _keep(self) -> None:
        """Keep all that was left in files."""
        logs, stack = self._folder / "logs", self._stack.folder
        self._done.add_folder(PYTHON, logs, "*.log")
        self._done.add_folder(GRPC, logs, "grpc.json")
        self._done.add_folder(TRACE, logs, "*.trace")
        self._done.add_folder("state, backups, history", stack / "state")
        self._done.add_folder("home of the engine", stack / "home")
        for path in stack.iterdir():
            if path.is_file():
                self._done.add("folder of the program", path.read_bytes())
        self._done.add_folder("temporary files", self._folder / "tmp")
        self._done.add("recorded requests", repr((self._service.requests, self._refusing.requests)).encode())


def run_round(folder: Path, source: str) -> Round:
    """Run everything with keys of its own in one place, in a folder that is made for it."""
    keys = Keys()
    with (
        CosBatchEmulator(secret_id=keys.secret_id, secret_key=keys.secret_key, token=keys.token) as service,
        CosBatchEmulator() as refusing,
        _Arguments() as arguments,
    ):
        done = Round(source, Search(keys, time.time()))
        _Runner(folder, keys, done, service, refusing).run()
    done.add("arguments of processes", b"\n".join(arguments.seen))
    return done


def run_rounds(folder: Path) -> list[Round]:
    """Run everything with keys in each of the places, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda source: run_round(folder / source, source), SOURCES))


def table(rounds: Sequence[Round]) -> list[str]:
    """Return what was found as lines: a place each, a column for each place of keys."""
    found = [each.hits() for each in rounds]
    places = list(dict.fromkeys(place for hits in found for place in hits))

    def line(name: str, cells: Iterable[str]) -> str:
        return f"{name:30}" + "".join(f"{cell:>12}" for cell in cells)

    def cell(hits: Hits | None) -> str:
        return "-" if hits is None else f"{sum(hits.found.values())}" + (f" ({hits.own})" if hits.own else "")

    megabytes = [sum(len(data) for each in done.places.values() for data in each) / 1e6 for done in rounds]
    return [
        line("hits, by where the keys stood", (done.source for done in rounds)),
        *(line(place, (cell(hits.get(place)) for hits in found)) for place in places),
        line("MB searched", (f"{size:.1f}" for size in megabytes)),
        line("commands run", (str(len(done.codes)) for done in rounds)),
        "(in brackets: the engine's own, about settings that it hands to providers)",
    ]
