"""The emulator as a process, and stacks in a folder whose programs use it: for the demo and the benchmarks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests

import engine
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.signing import sign
from pulumi_environment import pulumi_environment

__all__ = [
    "APPID",
    "SECRET_ID",
    "SECRET_KEY",
    "Shell",
    "control",
    "emulator",
    "environment",
    "service_environment",
    "signed",
]

APPID, REGION = "1250000000", "ap-chengdu"
"""The account of the emulator."""
SECRET_ID, SECRET_KEY = "demo-id", "demo-key"
# Longer than a command of the demo or a benchmark takes.
_HANGS = 300


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Run `cosjob emulator` and yield its endpoint."""
    command = ["cosjob", "emulator", "--port", "0", "--secret-id", SECRET_ID, "--secret-key", SECRET_KEY]
    # In a session of its own, so that Ctrl-C ends it last.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101  it is piped
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                sys.exit("the emulator did not start")
            yield line.split()[-1]
        finally:
            process.terminate()


def control(endpoint: str, route: str, **body: object) -> dict[str, str]:
    """Send a request to a control route of the emulator, and return the response."""
    response = requests.post(f"{endpoint}/_emulator/{route}", json=body, timeout=10)
    response.raise_for_status()
    values: dict[str, str] = response.json()
    return values


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign a request with the emulator's credentials, as the `auth` of `requests`."""
    sign(request, Credentials(SECRET_ID, SECRET_KEY), time.time())
    return request


def service_environment(endpoint: str) -> dict[str, str]:
    """Return the settings of the service, as environment variables."""
    return {
        "COSJOB_ENDPOINT": endpoint,
        "TENCENTCLOUD_REGION": REGION,
        "TENCENTCLOUD_SECRET_ID": SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": SECRET_KEY,
    }


def environment(endpoint: str, folder: Path) -> dict[str, str]:
    """Return the environment variables of `cosjob` and `pulumi`, with a backend in a folder."""
    engine.heed_interrupts()
    return {**pulumi_environment(folder), **service_environment(endpoint)}


def _session(leader: int) -> list[int]:
    """Return the processes of a session."""
    listed = subprocess.run(["ps", "-e", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    found = []
    for number in map(int, listed.split()):
        with contextlib.suppress(OSError):
            if os.getsid(number) == leader:
                found.append(number)
    return found


def end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a session, and all processes of the session.

    The engine's processes have groups of their own. After an interrupt the engine waits for a gate of a dynamic
    provider, and its language hosts stay for minutes if it is killed. Nothing here has to be ended with care.
    """
    process.kill()
    process.wait()
    # A few times, because processes that are killed may be listed for a moment, and may have started others.
    for _ in range(50):
        left = _session(process.pid)
        if not left:
            return
        for number in left:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.02)


class Shell:
    """Runs commands in one folder and environment, and prints them."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.variables = variables

    def run(self, *command: str) -> None:
        """Run a command that prints to the terminal. Ctrl-C ends it, with all that it has started."""
        print(f"$ {' '.join(command)}", flush=True)
        with subprocess.Popen(
            command, cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                code = process.wait(_HANGS)
            except BaseException:
                end_session(process)
                raise
        if code:
            raise subprocess.CalledProcessError(code, command)

    def read(self, *command: str) -> str:
        """Run a command and return its output."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.variables, timeout=_HANGS, check=True, capture_output=True, text=True
        )
        return done.stdout
