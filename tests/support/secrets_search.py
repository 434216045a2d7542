"""Searches all that the package and the engine write, at the highest log levels, for credentials.

Everything is run with marked credentials from each source: commands that succeed, and commands that fail. Then every
byte that was printed, logged, kept in a state, pickled or left in a file is searched for them, in all forms in which
they may be written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import html
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from typing_extensions import Self

from marked_credentials import MarkedCredentials, Search, references
from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob.testing import CosBatchEmulator, Fault
from secrets_found import GRPC, HANDED_OVER, PYTHON, SOURCES, STDERR, STDOUT, TRACE, Round
from stacks import Stack

__all__ = ["echoes", "run_rounds"]

BIN = Path(sys.executable).parent

# Loaded by every Python process: all loggers log everything, and the standard library prints its requests.
LOUD = """
import http.client, logging, os
file = os.path.join(os.environ["LOUD"], f"{os.getpid()}.log")
logging.basicConfig(filename=file, level=1, format="%(name)s: %(message)s")
ours = ("pulumi", "pulumi_cosjob", "pulumi_cosjob._service")
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

# Prints, copies and pickles the public objects that hold credentials.
SCRIPT = """
import copy, logging, os, pickle, sys, traceback
import dill
import pulumi_cosjob
from pulumi_cosjob._service.settings import resolve

def show(value):
    for convert in (str, repr, "{!r:>9}".format, pickle.dumps, dill.dumps, copy.deepcopy, dir):
        try:
            print(convert(value))
        except Exception as error:
            print(type(value), convert, "".join(traceback.format_exception(error)))

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


def loud_plugin(folder: Path) -> Path:
    """Return a folder with a plugin that, unlike that of users, reads PYTHONPATH, and so logs everything."""
    folder.mkdir()
    launcher = write_launcher(folder)
    text = launcher.read_text(encoding="utf-8")
    launcher.write_text(text.replace("unset PYTHONPATH ", "unset "), encoding="utf-8")
    return folder


def echoes(credentials: MarkedCredentials) -> list[Fault]:
    """Return responses that echo credentials, in all the ways in which a service or a proxy may write them."""
    found = []
    for secret in (credentials.secret_id, credentials.token):
        comment = f"{escape(secret[:8])}<!-- -->{escape(secret[8:])}"
        texts = [
            secret,
            secret.lower(),
            secret.upper(),
            quote(secret, safe=""),
            json.dumps(secret).replace("/", "\\/"),
            html.escape(secret),
        ]
        documents = [
            f"<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
            for text in [*map(escape, texts), comment, references(secret)]
        ]
        bodies = [each.encode() for each in documents] + [documents[0].encode("utf-16")]
        pages = [
            f"<html><br>{secret}".encode(),
            f"<html><br>{secret}".encode("utf-16"),
            json.dumps({"key": secret}).encode(),
        ]
        found += [Fault("html", status=403, body=body) for body in [*bodies, *pages]]
        for header in ("Content-Encoding", "x-cos-request-id"):
            lines = (
                "HTTP/1.1 403 Forbidden",
                f"{header}: {secret}",
                "Connection: close",
                "Content-Length: 8",
                "",
                "<Error/>",
            )
            found.append(Fault("raw", body="\r\n".join(lines).encode()))
    return found


class _Arguments:
    """Collects the arguments of all processes of this machine."""

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
    """Runs everything with credentials from one source.

    Args:
        folder: Holds all files.
        credentials: The credentials.
        done: Receives the results.
        service: An emulator that accepts the credentials.
        refusing: An emulator that refuses and echoes them.
    """

    def __init__(
        self,
        folder: Path,
        credentials: MarkedCredentials,
        done: Round,
        service: CosBatchEmulator,
        refusing: CosBatchEmulator,
    ) -> None:
        self._folder, self._credentials, self._done = folder, credentials, done
        self._service, self._refusing = service, refusing
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

    def _put(self, credentials: MarkedCredentials) -> None:
        """Write credentials to their source."""
        if self._done.source == "file":
            file = self._folder / "home" / ".tencentcloud" / "credentials"
            file.parent.mkdir(exist_ok=True)
            lines = (f"{name} = {value}" for name, value in dataclasses.asdict(credentials).items())
            file.write_text("\n".join(["[default]", *lines, ""]))
        elif self._done.source == "config":
            for name, value in (
                ("secretId", credentials.secret_id),
                ("secretKey", credentials.secret_key),
                ("token", credentials.token),
            ):
                # By standard input: other users of the machine can read arguments.
                command = self._stack.command("config", "set", "--secret", f"cosjob:{name}")
                folder, variables = self._stack.folder, self._stack.variables
                subprocess.run(command, input=value, cwd=folder, env=variables, text=True, check=True, timeout=60)
        else:
            prefix = "MINE" if self._done.source == "provider" else "TENCENTCLOUD"
            self._stack.variables[f"{prefix}_SECRET_ID"] = credentials.secret_id
            self._stack.variables[f"{prefix}_SECRET_KEY"] = credentials.secret_key
            self._stack.variables[f"{prefix}_SECURITY_TOKEN"] = credentials.token

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
        """Run all commands, those that succeed and those that fail."""
        self._put(self._credentials)
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
        echoed = echoes(self._credentials)
        self._refusing.inject(*echoed)
        self._pulumi("preview, refused credentials", "preview", JOB=complete, **elsewhere)
        if self._done.source not in HANDED_OVER:
            cosjob, account = BIN / "cosjob", ("--appid", "1250000000")
            self._run("describe", cosjob, "describe", complete, *account)
            self._run("describe as JSON", cosjob, "describe", complete, *account, "--output", "json")
            self._run("describe, wrong job", cosjob, "describe", "nope", *account)
            self._run("describe, refused credentials", cosjob, "describe", complete, *account, **elsewhere)
            self._run("wait", cosjob, "wait", complete, *account)
            self._run("wait, failed job", cosjob, "wait", complete, failed, *account)
            self._run("script", sys.executable, "-c", SCRIPT, complete, "nope")
            self._refusing.inject(*echoed)
            self._run("script, refused", sys.executable, "-c", SCRIPT, *[complete] * (2 * len(echoed) + 1), **elsewhere)
        secret_key = self._credentials.secret_key
        self._put(dataclasses.replace(self._credentials, secret_key=f"{secret_key[:6]}\n {secret_key}"))
        self._pulumi("preview, malformed credentials", "preview", JOB=complete)
        if self._done.source not in HANDED_OVER:
            self._run("describe, malformed credentials", BIN / "cosjob", "describe", complete, "--appid", "1250000000")
        self._put(self._credentials)
        self._pulumi("destroy", "destroy", "--yes", "--skip-preview")
        self._done.methods = {request.method for request in self._service.requests if request.path != "/"}
        if self._done.source not in HANDED_OVER:
            suspended = self._service.create_job("waits-for-confirmation", seconds=3600)
            self._service.clock.advance(60)
            for arguments in (("confirm", suspended), ("set-priority", suspended, "5"), ("cancel", suspended, "--yes")):
                self._run(arguments[0], BIN / "cosjob", *arguments, "--appid", "1250000000")
        self._keep()

    def _keep(self) -> None:
        """Collect all files for the search."""
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
    """Run everything with new credentials from one source, in a new folder."""
    credentials = MarkedCredentials()
    with (
        CosBatchEmulator(
            secret_id=credentials.secret_id, secret_key=credentials.secret_key, token=credentials.token
        ) as service,
        CosBatchEmulator() as refusing,
        _Arguments() as arguments,
    ):
        done = Round(source, Search(credentials, time.time()))
        _Runner(folder, credentials, done, service, refusing).run()
    done.add("arguments of processes", b"\n".join(arguments.seen))
    return done


def run_rounds(folder: Path) -> list[Round]:
    """Run everything with credentials from each source, two sources at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda source: run_round(folder / source, source), SOURCES))
