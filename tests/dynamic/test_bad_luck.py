"""Failures of other parts while a gate waits on the real engine: the next update recovers, and creates nothing twice.

Needs Linux, and a kernel that lets this user mount a file system of its own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from patience import HANGS, until
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Process, Running, Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi, pulumi.dynamic
from pulumi_cosjob{module} import JobCompletion

class Counting(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        with open("created", "a") as file:
            file.write(props["name"] + "\\n")
        return pulumi.dynamic.CreateResult(props["name"], props)

class Counted(pulumi.dynamic.Resource):
    def __init__(self, name, after=()):
        super().__init__(Counting(), name, {{"name": name}}, pulumi.ResourceOptions(depends_on=after))

before = Counted("before")
gate = JobCompletion("gate", job_id="job", appid="1250000000", opts=pulumi.ResourceOptions(depends_on=[before]))
Counted("after", [gate])
pulumi.export("status", gate.status)
"""
UP = ("up", "--yes", "--skip-preview")
# What identifies a provider's process: the SDK's for dynamic providers, and the plugin.
PROVIDERS = {"dynamic": " -m pulumi.dynamic ", "native": "pulumi_cosjob._plugin import main"}


class Gate:
    """A stack with a gate whose job completes when a test says so, and resources before and after it."""

    def __init__(self, folder: Path, service: CosBatchEmulator, kind: str) -> None:
        self.service = service
        self.kind = kind
        service.clock.hold()
        service.create_job("completes", seconds=100, job_id="job")
        service.clock.advance(50)
        program = PROGRAM.format(module=".native" if kind == "native" else "")
        self.stack = Stack(folder, program, service.environment())

    @contextlib.contextmanager
    def waiting(self) -> Iterator[tuple[Running, Process]]:
        """Start an update; yields it during the wait, with the process that waits."""
        with self.stack.running(*UP) as up:
            until(lambda: " of 100 tasks" in up.text or up.process.poll() is not None, lambda: up.text)
            assert up.process.poll() is None, up.text
            [provider] = [
                each
                for each in up.children()
                if PROVIDERS[self.kind] in each.command and not each.command.startswith("/bin/sh ")
            ]
            assert self.created() == ["before"]
            yield up, provider

    def created(self) -> list[str]:
        """Return the resources besides the gate in the order of their creation, each as often as it was created."""
        return (self.stack.folder / "created").read_text().split()

    def complete(self) -> None:
        """Let the job complete."""
        self.service.clock.advance(100)

    def recover(self) -> str:
        """Update once the job is complete, and check that each resource exists once; return the engine's output."""
        self.complete()
        text = self.stack.up().ok().text
        assert self.created() == ["before", "after"]
        assert self.stack.outputs() == {"status": "Complete"}
        names = [each["urn"].rpartition("::")[2] for each in self.stack.resources()]
        assert sorted(name for name in names if name in ("after", "before", "gate")) == ["after", "before", "gate"]
        self.stack.up("--expect-no-changes").ok()
        assert self.created() == ["before", "after"]
        return text


@pytest.fixture(params=PROVIDERS)
def gate(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gate]:
    """Return a stack with a gate of each kind."""
    with CosBatchEmulator() as service:
        yield Gate(tmp_path / "stack", service, request.param)


def test_a_killed_provider_fails_the_gate(gate: Gate) -> None:
    """The engine reports it and ends, and the state has no gate. The next update waits again."""
    with gate.waiting() as (up, provider):
        provider.kill()
        text = up.wait().failed().text
        assert "error: error reading from server: EOF" in text
        assert not [each for each in up.children() if "pulumi" in each.command]
    assert "pending" not in gate.recover()


def test_a_killed_engine_takes_the_wait_with_it(gate: Gate) -> None:
    """The provider ends and sends no more requests. Once the lock is removed, the next update waits again."""
    with gate.waiting() as (up, provider):
        up.process.kill()
        up.process.wait()
        provider.wait()
        requests = len(gate.service.requests)
        locked = gate.stack.up().failed().text
        assert "the stack is currently locked by 1 lock(s)" in locked
        assert "`pulumi cancel`" in locked
        assert len(gate.service.requests) == requests
    gate.stack.run("cancel", "--yes").ok()
    text = gate.recover()
    assert "1 pending operations from previous deployment" in text
    assert "JobCompletion::gate, interrupted while creating" in text
    # The engine mentions that there is a way, and the README shows it.
    gate.stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates").ok()
    assert "pending" not in gate.stack.up("--expect-no-changes").ok().text
    assert gate.created() == ["before", "after"]


def test_a_second_update_is_refused_and_the_first_goes_on(gate: Gate) -> None:
    """The second one fails by the backend's lock. It creates neither the gate nor what depends on it."""
    with gate.waiting() as (up, _provider):
        requests = len(gate.service.requests)
        second = gate.stack.up().failed().text
        assert f"(pid {up.process.pid})" in second
        assert "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end" in second
        gate.complete()
        up.wait().ok()
        assert len(gate.service.requests) <= requests + 5
    assert gate.created() == ["before", "after"]
    gate.recover()


@contextlib.contextmanager
def tiny_disk(folder: Path) -> Iterator[list[str]]:
    """Mount a file system for 200 files in its own namespace; yields the prefix of a command that runs there."""
    is_root = os.getuid() == 0
    unshare = ["unshare", "--mount", *([] if is_root else ["--user", "--map-root-user"])]
    # It ends with the process that holds the namespace, also if the test fails.
    hold = 'mount -t tmpfs -o nr_inodes=200 tmpfs "$0" && echo mounted && exec cat'
    with subprocess.Popen(
        [*unshare, "sh", "-c", hold, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            assert holder.stdout.readline() == "mounted\n", f"no disk can be made: {holder.stderr.read()}"
            enter = ["nsenter", "--target", str(holder.pid), "--mount"]
            as_user = [] if is_root else ["--user", "--preserve-credentials"]
            # A working directory from outside of the namespace has no name in it.
            yield [*enter, *as_user, "sh", "-c", 'cd "$0" && exec "$@"', str(folder.parent)]
        finally:
            holder.stdin.close()
            holder.wait(HANGS)


def fill_the_disk(gate: Gate) -> None:
    """Fill the disk of the state during a wait, and empty it afterwards.

    The disk runs out of files, not of bytes. Without bytes, the engine's library replaces the state with the part that
    it could write, and what happens to the stack is not determined.
    """
    state = gate.stack.folder / "state"
    filler = f"'{state}/filler'"
    with tiny_disk(state) as prefix:
        gate.stack.prefix = prefix
        gate.stack.run("stack", "init", "dev").ok()
        with gate.waiting() as (up, _provider):
            fill = f"mkdir {filler}; cd {filler}; number=0; while : > $number; do number=$((number + 1)); done"
            full = subprocess.run(
                [*prefix, "sh", "-c", fill], capture_output=True, text=True, check=False, timeout=HANGS
            )
            assert full.returncode != 0
            gate.complete()
            text = up.wait().failed().text
        assert "failed to save snapshot: " in text
        assert "no space left on device" in text
        assert gate.created() == ["before"], "the update stops"
        subprocess.run([*prefix, "sh", "-c", f"rm -r {filler}"], check=True, timeout=HANGS)
        assert "JobCompletion::gate, interrupted while creating" in gate.recover()


@pytest.fixture(scope="module", autouse=True)
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Future[None]]]:
    """Fill the disks of both kinds during the other tests: the engine repeats its writes for a long time."""
    folder = tmp_path_factory.mktemp("disks")
    with CosBatchEmulator() as one, CosBatchEmulator() as other, ThreadPoolExecutor(2) as pool:
        gates = [Gate(folder / kind, service, kind) for kind, service in zip(PROVIDERS, (one, other), strict=True)]
        yield [pool.submit(fill_the_disk, gate) for gate in gates]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_full_disk_fails_the_update(filled: list[Future[None]], kind: str) -> None:
    """The engine reports that it cannot write the state, and stops. Once there is room, the next update works."""
    filled[list(PROVIDERS).index(kind)].result()
