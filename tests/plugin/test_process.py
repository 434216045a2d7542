"""The plugin's process: how it starts by its launcher or a folder, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from environments import new_environment, packages
from places import ROOT
from pulumi_cosjob._engine.log import NO_PROXY
from pulumi_cosjob._plugin.install import EXECUTABLE, write_launcher
from pulumi_cosjob._plugin.package_schema import GET_JOB, package_schema
from pulumi_cosjob._plugin.properties import Properties, to_struct
from pulumi_cosjob._plugin.server import serve
from pulumi_cosjob._version import plugin_version

BIN = Path(sys.executable).parent
FOLDER = ROOT / "plugin"
SETTINGS = {"uin": "100000000001", "region": "ap-chengdu", "secretId": "id", "secretKey": "key", "requestTimeout": 1}
ARGUMENTS = {"jobId": "a", "appid": "1250000000"}

Command = list[str | Path]


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """Write the launcher of this environment."""
    return write_launcher(tmp_path)


@pytest.fixture
def engine() -> Iterator[str]:
    """Listen as an engine does; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def started(command: Command, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start a plugin whose output can be read line by line; it is killed at the end if it still runs."""
    with subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    """Return the first line of a plugin: its port."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.fullmatch(r"[1-9][0-9]*\n", line), line or process.communicate()[1]
    return int(line)


@contextlib.contextmanager
def calling(port: int) -> Iterator[Any]:
    """Call a plugin as the engine does, on a separate connection."""
    options = [*NO_PROXY, ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def failed_to_start(command: Command, **variables: str) -> str:
    """Start a plugin that cannot start; return its standard error."""
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


# ------------------------------------------------------------------------------------------------------------- starting


def test_a_start_by_hand_explains_what_it_is(launcher: Path) -> None:
    """Without an engine's address there is no engine to serve."""
    message = failed_to_start([launcher])
    assert "started by the Pulumi engine" in message
    assert "cosjob plugin install" in message
    assert "cosjob plugin serve" in message


def test_pythonpath_and_pythonhome_do_not_affect_it(tmp_path: Path, launcher: Path, engine: str) -> None:
    """The plugin imports neither a package of PYTHONPATH nor another Python's library."""
    (tmp_path / "grpc.py").write_text("raise SystemExit('the wrong one')")
    with started([launcher, engine], PYTHONPATH=str(tmp_path), PYTHONHOME=str(tmp_path)) as process:
        port_of(process)


def test_the_folder_of_the_program_does_not_affect_it(tmp_path: Path, launcher: Path, engine: str) -> None:
    """The engine starts it in that folder, and it imports no module from there."""
    program = tmp_path / "program"
    program.mkdir()
    (program / "grpc.py").write_text("raise SystemExit('the wrong one')")
    with started(["sh", "-c", 'cd "$0" && exec "$@"', program, launcher, engine]) as process:
        port_of(process)


# Prints when it is loaded, and then imports the module that it shadows.
NOISY = """
import os, sys
print("noise")
os.write(1, b"more noise\\n")
sys.path.pop(0)
del sys.modules["grpc"]
import grpc
"""


def test_the_first_line_is_the_port(tmp_path: Path, engine: str) -> None:
    """What an environment prints before the plugin starts goes to standard error."""
    python = new_environment(tmp_path / "loud", lines="import os; os.write(1, b'noise\\n')")
    with started([launcher_of(python, tmp_path), engine]) as process, calling(port_of(process)) as stub:
        assert stub.GetPluginInfo(empty_pb2.Empty()).version == plugin_version()
        process.send_signal(signal.SIGINT)
        assert "noise" in process.communicate(timeout=60)[1]


def test_a_missing_environment_is_reported(tmp_path: Path) -> None:
    """The environment was removed or moved."""
    python = new_environment(tmp_path / "environment")
    launcher = launcher_of(python, tmp_path)
    shutil.rmtree(tmp_path / "environment")
    assert failed_to_start([launcher, "127.0.0.1:9"]) == (
        f"{EXECUTABLE}: the Python environment of {python} is gone; run: cosjob plugin install\n"
    )


def test_a_missing_package_is_reported(tmp_path: Path) -> None:
    """The environment has another version of the package, or cannot import it."""
    python = new_environment(tmp_path / "environment")
    launcher = launcher_of(python, tmp_path)
    packages(python).unlink()
    lacking = failed_to_start([launcher, "127.0.0.1:9"])
    assert lacking.startswith(f"{EXECUTABLE}: the Python environment of {python} lacks the module pulumi_cosjob; ")
    assert lacking.endswith("run in an environment that has it: cosjob plugin install\n")
    launcher.write_text(re.sub("(?m)^package=.*$", f"package={tmp_path / 'gone'}", launcher.read_text()))
    updated = failed_to_start([launcher, "127.0.0.1:9"])
    assert updated.startswith(f"{EXECUTABLE}: the Python environment of {python} no longer has pulumi-cosjob ")
    assert updated.endswith("run in an environment that has it: cosjob plugin install\n")


def test_a_path_with_special_characters_works(tmp_path: Path, engine: str) -> None:
    """The launcher quotes characters of the environment's path that mean something to a shell."""
    folder = tmp_path / 'it\'s $HOME `and` "more"'
    folder.mkdir()
    with started([launcher_of(new_environment(folder / "environment"), folder), engine]) as process:
        port_of(process)


def launcher_of(python: Path, folder: Path) -> Path:
    """Write the launcher of another environment."""
    program = """
import pathlib, sys
from pulumi_cosjob._plugin.install import write_launcher
write_launcher(pathlib.Path(sys.argv[1]))
"""
    subprocess.run([python, "-c", program, folder], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return folder / EXECUTABLE


# ----------------------------------------------------------------------------------------------------------- the folder


def test_the_folder_for_all_languages_serves(tmp_path: Path, engine: str) -> None:
    """Started as the engine starts it, it prints its port and returns its schema, as `pulumi package add` needs."""
    folder = shutil.copytree(FOLDER, tmp_path / "folder", ignore=shutil.ignore_patterns("venv"))
    (folder / "grpc.py").write_text(NOISY)
    # Flags come before the address, and it runs where the program is.
    command: Command = [sys.executable, folder, "--logtostderr", "-v=9", "--tracing", "tcp://127.0.0.1:9", engine]
    with started(["sh", "-c", 'cd "$0" && exec "$@"', tmp_path, *command]) as process:
        with calling(port_of(process)) as stub:
            assert stub.GetPluginInfo(empty_pb2.Empty()).version == plugin_version()
            schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
        assert schema == json.loads(json.dumps(package_schema(plugin_version())))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "noise\nmore noise\n" in err or "more noise\nnoise\n" in err


def test_the_folder_requires_this_version() -> None:
    """The engine makes an environment for the folder, in which pip installs this version."""
    pinned = (FOLDER / "requirements.txt").read_text()
    [version] = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert pinned == f"pulumi-cosjob[pulumi]=={version}\n"
    project = yaml.safe_load((FOLDER / "PulumiPlugin.yaml").read_text())
    assert project == {"runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}}


# --------------------------------------------------------------------------------------------------------------- ending


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_on_a_signal(launcher: Path, engine: str, number: signal.Signals) -> None:
    """The engine sends SIGINT when it is done, and waits up to five seconds for the end."""
    with started([launcher, engine]) as process:
        port_of(process)
        process.send_signal(number)
        assert process.wait(60) == 0


@pytest.mark.parametrize(("appid", "slept"), [("1250000000", []), ("a/b", [1.0])])
def test_it_ends_later_once_a_resource_has_failed(
    monkeypatch: pytest.MonkeyPatch, engine: str, appid: str, slept: list[float]
) -> None:
    """It ends a second later then, as the engine interrupts the program at its end; otherwise it ends at once."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    async def run() -> None:
        reads, writes = os.pipe()
        serving = asyncio.ensure_future(serve(engine, writes, sleep))
        port = int(await asyncio.to_thread(os.read, reads, 16))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY) as channel:
            urn = "urn:pulumi:dev::tests::cosjob:index:JobCompletion::gate"
            news = to_struct(Properties({"jobId": "a", "appid": appid}))
            await provider_pb2_grpc.ResourceProviderStub(channel).Check(provider_pb2.CheckRequest(urn=urn, news=news))
            assert paused == []
            os.kill(os.getpid(), signal.SIGINT)
            await serving
        for each in (reads, writes):
            os.close(each)

    asyncio.run(run())
    assert paused == slept


def test_it_ends_with_the_engine(launcher: Path) -> None:
    """The process that started it may be another one, and still run."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, started([launcher, f"127.0.0.1:{listener.getsockname()[1]}"]) as process:
        port_of(process)
        listener.close()
        assert process.wait(60) == 0


def test_it_ends_if_the_engine_has_ended_before(launcher: Path) -> None:
    """It does not have to see the engine running first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with started([launcher, address]) as process:
        assert process.wait(60) == 0


# ------------------------------------------------------------------------------------------------------------- attached


def test_served_by_hand_it_outlives_engines(engine: str) -> None:
    """It prints how an engine attaches. Each connection is a separate provider, and is cancelled separately."""
    with started([BIN / "cosjob", "plugin", "serve"]) as process:
        assert process.stdout is not None
        message = process.stdout.readline()
        [port] = re.findall(r"^export PULUMI_DEBUG_PROVIDERS=cosjob:([0-9]+)\n$", message)
        with calling(int(port)) as one, calling(int(port)) as other:
            for stub in (one, other):
                assert stub.GetPluginInfo(empty_pb2.Empty()).version == plugin_version()
                stub.Attach(plugin_pb2.PluginAttach(address=engine))
            for stub, endpoint in ((one, "http://127.0.0.1:1"), (other, "http://127.0.0.1:2")):
                args = to_struct(Properties({**SETTINGS, "endpoint": endpoint}))
                stub.Configure(provider_pb2.ConfigureRequest(args=args))
            one.Cancel(empty_pb2.Empty())
            request = provider_pb2.InvokeRequest(tok=GET_JOB, args=to_struct(Properties(ARGUMENTS)))
            with pytest.raises(grpc.RpcError, match=r"127\.0\.0\.1:2"):
                other.Invoke(request)
            with pytest.raises(grpc.RpcError, match="interrupted"):
                one.Invoke(request)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_port_in_use_is_reported() -> None:
    """A chosen port may be in use. It is not shared, as requests would go to either process."""
    with started([BIN / "cosjob", "plugin", "serve"]) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rpartition(":")[2]
        message = failed_to_start([BIN / "cosjob", "plugin", "serve", "--port", port])
        assert (
            f"cosjob: cannot listen on port {port} of 127.0.0.1; choose another one, or 0 for a free one\n" in message
        )
