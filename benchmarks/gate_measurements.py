"""Rows about the native plugin: a thousand gates, one very large gate, and functions against dynamic reads."""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

import local_service
import stalls
from read_programs import native, one_by_one
from rig import BESIDE_WORK, Rig, control
from rows import Alternating, Measurement, alternately

__all__ = ["invoke", "invoke_state", "memory", "stall", "threads", "together"]

_GATES = """
from pulumi_cosjob{native} import JobCompletion

for number in range({gates}):
    JobCompletion(f"gate-{{number}}", job_id=f"{prefix}-{{number}}", appid="{appid}", timeout="10m")
"""
_SLEEPERS = """
import os
import pulumi

until = float(os.environ["UNTIL"])
options = pulumi.ResourceOptions(version="0.1.0")
for number in range({gates}):
    pulumi.CustomResource("sleeper:index:Sleeper", f"gate-{{number}}", {{"until": until}}, options)
"""
# Part of the arguments of a provider's process.
_PLUGIN, _DYNAMIC, _SLEEPER = "pulumi_cosjob._plugin", "pulumi.dynamic", "from sleeper"


@dataclass
class _Used:
    """The largest memory and number of threads of a plugin's process."""

    megabytes: float = 0.0
    threads: int = 0


@contextlib.contextmanager
def _watching(name: str) -> Iterator[_Used]:
    """Watch the process below this one with a name in its arguments, four times a second."""
    used, over = _Used(), threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            for kilobytes, threads, arguments in _processes_below(os.getpid()):
                if name in arguments:
                    used.megabytes = max(used.megabytes, kilobytes / 1024)
                    used.threads = max(used.threads, threads)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield used
    finally:
        over.set()
        watching.join()
    if not used.threads:
        sys.exit(f"bench: there was no process with {name} in its arguments")


def _processes_below(ancestor: int) -> Iterator[tuple[int, int, str]]:
    """Yield memory in kilobytes, number of threads and arguments of each process that another has started."""
    # With -ww whatever COLUMNS is: a line that is cut lacks the name.
    command = ["ps", "-ww", "-eo", "pid=,ppid=,rss=,nlwp=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=4) for line in listed.splitlines()]
    parents = {int(pid): int(parent) for pid, parent, *_ in lines}
    for pid, _, kilobytes, threads, *arguments in lines:
        above = parents[int(pid)]
        while above in parents and above != ancestor:
            above = parents[above]
        if above == ancestor:
            yield int(kilobytes), int(threads), " ".join(arguments)


# ----------------------------------------------------------------------------------------------------- a thousand gates


@dataclass(frozen=True)
class _Update:
    """An update whose gates open, or whose resources have slept, at the same time.

    Attributes:
        seconds: How long it took.
        used: What the plugin's process used.
        requests: Requests to the service for each gate.
    """

    seconds: float
    used: _Used
    requests: float = 0.0


class Gates:
    """Updates with gates whose jobs all end in the same second, and such that only sleep.

    Attributes:
        pairs: Updates of as many native gates as a large program has jobs, and of resources that sleep.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._runs = 0
        self.pairs = Alternating(lambda: self.wait(rig.sizes.jobs, ".native"), self._sleep)

    def wait(self, gates: int, native: str) -> _Update:
        """Update a stack with gates.

        Args:
            gates: How many.
            native: `.native`, or nothing for dynamic gates.
        """
        self._runs += 1
        prefix, rig = f"gate{self._runs}", self._rig
        shell = rig.stack(_GATES.format(native=native, gates=gates, prefix=prefix, appid=local_service.APPID))
        control(rig.endpoint, "clock", {"hold": True})
        rig.create([f"{prefix}-{number}" for number in range(gates)], rig.sizes.seconds)
        before = _requests(rig.endpoint)
        control(rig.endpoint, "clock", {"hold": False})
        with _watching(_PLUGIN if native else _DYNAMIC) as used:
            seconds = self._up(shell, gates)
        return _Update(seconds, used, (_requests(rig.endpoint) - before) / gates)

    def _sleep(self) -> _Update:
        gates = self._rig.sizes.jobs
        shell = self._rig.stack(_SLEEPERS.format(gates=gates))
        # As the jobs of gates, which begin when the update does.
        shell.variables["UNTIL"] = str(time.time() + self._rig.sizes.seconds + BESIDE_WORK)
        with _watching(_SLEEPER) as used:
            return _Update(self._up(shell, gates), used)

    def _up(self, shell: local_service.Shell, gates: int) -> float:
        # Otherwise the engine would spend most of the time writing its state.
        shell.variables |= {"PULUMI_EXPERIMENTAL": "1", "PULUMI_SKIP_CHECKPOINTS": "1"}
        return self._rig.update(shell, "--parallel", str(2 * gates))


def _requests(endpoint: str) -> int:
    response = requests.get(f"{endpoint}/_emulator/statistics", timeout=60)
    return int(response.json()["requests"])


_gates_of = functools.cache(Gates)  # several rows share their updates


def together(rig: Rig) -> Measurement:
    """Measure gates whose jobs end at the same time, against resources that only sleep until then."""
    gates = _gates_of(rig)

    def pair(number: int) -> tuple[float, float]:
        ours, floor = gates.pairs.pair(number)
        return ours.seconds, floor.seconds

    def note() -> str:
        ours, _ = gates.pairs.last
        dynamic = gates.wait(rig.sizes.dynamic_gates, "")
        return (
            f"{ours.requests:.1f} requests for each gate; {rig.sizes.dynamic_gates} dynamic gates, four at a time: "
            f"{dynamic.seconds:.1f} s, {dynamic.used.megabytes:.0f} MB and {dynamic.used.threads} threads, "
            f"{dynamic.requests:.1f} requests each"
        )

    return Measurement(pair, note)


def memory(rig: Rig, limit: float) -> Measurement:
    """Measure the megabytes of the plugin's process while gates wait, against a limit."""
    return _against(rig, limit, lambda used: used.megabytes, "MB")


def threads(rig: Rig, limit: float) -> Measurement:
    """Measure the threads of the plugin's process while gates wait, against a limit."""
    return _against(rig, limit, lambda used: used.threads, "threads")


def _against(rig: Rig, limit: float, value: Callable[[_Used], float], unit: str) -> Measurement:
    gates = _gates_of(rig)

    def note() -> str:
        ours, floor = (value(each.used) for each in gates.pairs.last)
        return f"the process of the provider that sleeps: {floor:.0f} {unit}, ratio {ours / floor:.2f}"

    return Measurement(lambda number: (value(gates.pairs.pair(number)[0].used), limit), note)


# ----------------------------------------------------------------------------------------- functions, and dynamic reads


@dataclass(frozen=True)
class _Read:
    """An update that read jobs: its seconds, and the kilobytes of the stack's state after it."""

    seconds: float
    kilobytes: float


@functools.cache  # two rows share the updates
def _reads_of(rig: Rig) -> Alternating[_Read]:
    program = one_by_one(rig.jobs(rig.sizes.some))

    def read(program: str) -> _Read:
        shell = rig.stack(program)
        return _Read(rig.update(shell), len(shell.read("pulumi", "stack", "export").encode()) / 1024)

    return Alternating(lambda: read(native(program)), lambda: read(program))


def invoke(rig: Rig) -> Measurement:
    """Measure an update that reads jobs with functions of the plugin, against dynamic reads."""
    return _of_reads(rig, lambda read: read.seconds, lambda seconds: f"{1000 * seconds:.0f} ms")


def invoke_state(rig: Rig) -> Measurement:
    """Measure the kilobytes of the state of a stack that reads jobs with functions, against dynamic reads."""
    return _of_reads(rig, lambda read: read.kilobytes, lambda kilobytes: f"{1024 * kilobytes:.0f} bytes")


def _of_reads(rig: Rig, value: Callable[[_Read], float], shown: Callable[[float], str]) -> Measurement:
    reads = _reads_of(rig)

    def pair(number: int) -> tuple[float, float]:
        ours, floor = reads.pair(number)
        return value(ours), value(floor)

    def note() -> str:
        ours, floor = (shown(value(each) / rig.sizes.some) for each in reads.last)
        return f"{ours} a job, dynamic {floor}"

    return Measurement(pair, note)


# ---------------------------------------------------------------------------------------------------- a very large gate


def stall(rig: Rig, limit: float, scenario: str) -> Measurement:
    """Measure the longest stall of the plugin's loop while one gate waits for very many jobs with secret ids.

    Args:
        rig: The emulator.
        limit: The milliseconds that a stall may last.
        scenario: What the jobs do: `completes`, or `waits-for-confirmation`, which is a warning for each.
    """
    job_ids = [f"{scenario}-{number}" for number in range(rig.sizes.jobs_of_a_gate)]
    rig.create(job_ids, 0, scenario)
    control(rig.endpoint, "clock", {"advance": BESIDE_WORK + 1})
    config = {
        "uin": "100000000001",
        "region": "ap-chengdu",
        "endpoint": rig.endpoint,
        "secretId": local_service.SECRET_ID,
        "secretKey": local_service.SECRET_KEY,
    }
    inputs = {"jobIds": job_ids, "appid": local_service.APPID, "failWhenSuspended": True}
    delays = []

    def milliseconds() -> float:
        found = stalls.measure(config, inputs, ["jobIds"])
        if (scenario == "completes") is bool(found.error):
            sys.exit(f"bench: unexpected end of the gate: {found.error[:1000] or 'it opened'}")
        delays.append(1000 * found.wall)
        return 1000 * found.cpu

    def note() -> str:
        wall = statistics.median(delays)
        return f"computed by the loop's thread; by the wall clock, beside the threads that poll, {wall:.0f} ms"

    return alternately(milliseconds, lambda: limit, note)
