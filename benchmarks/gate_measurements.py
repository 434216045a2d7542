"""The measurements of the native plugin for `make bench`: a thousand gates, and functions against dynamic reads."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

import local_service
import stalls
from read_programs import one_by_one
from rows import Row, alternate

if TYPE_CHECKING:
    from measurements import Bench

_SLEEPER = Path(__file__).parent / "sleeper.py"
_GATES = """
from pulumi_cosjob{native} import JobCompletion

for number in range({gates}):
    JobCompletion(f"gate-{{number}}", job_id=f"{prefix}-{{number}}", appid="{appid}", timeout="10m")
"""
_SLEEPERS = """
import pulumi

for number in range({gates}):
    pulumi.CustomResource("sleeper:index:Sleeper", f"gate-{{number}}", {{"until": {until}}})
"""
# Seconds that a job of the emulator takes before and after it is Active.
_BESIDE_WORK = 4.0
_STALL_SECONDS = 0.2


@dataclass
class _Used:
    """The largest memory and number of threads of a plugin's process."""

    megabytes: float = 0.0
    threads: int = 0


@contextlib.contextmanager
def _watching(name: str) -> Iterator[_Used]:
    """Watch the process with a name in its arguments, four times a second."""
    used, over = _Used(), threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            listed = subprocess.run(["ps", "-eo", "rss=,nlwp=,args="], capture_output=True, text=True, check=True)
            for line in listed.stdout.splitlines():
                kilobytes, threads, arguments = line.split(maxsplit=2)
                if name in arguments and "ps -eo" not in arguments:
                    used.megabytes = max(used.megabytes, int(kilobytes) / 1024)
                    used.threads = max(used.threads, int(threads))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield used
    finally:
        over.set()
        watching.join()


class Gates:
    """Gates whose jobs all end in the same second, on stacks of a bench."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self._runs = 0
        launcher = folder / "sleeper" / "pulumi-resource-sleeper"
        launcher.parent.mkdir()
        launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(_SLEEPER))} "$@"\n')
        launcher.chmod(0o755)
        self._sleeper = launcher.parent

    def _stack(self, program: str) -> local_service.Shell:
        shell = self._bench.stack(program)
        project = (shell.folder / "Pulumi.yaml").read_text(encoding="utf-8") + "plugins:\n  providers:\n"
        project += f"    - name: sleeper\n      path: {self._sleeper}\n"
        (shell.folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
        # Otherwise the engine would spend most of the time writing its state.
        shell.variables |= {"PULUMI_EXPERIMENTAL": "1", "PULUMI_SKIP_CHECKPOINTS": "1"}
        return shell

    def _up(self, shell: local_service.Shell, gates: int) -> float:
        started = time.perf_counter()
        shell.read("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--parallel", str(2 * gates))
        return time.perf_counter() - started

    def _wait(self, gates: int, seconds: float, native: str) -> tuple[float, _Used, float]:
        """Wait for jobs in a program; return the seconds, what its plugin used, and the requests for each job."""
        self._runs += 1
        prefix, endpoint = f"gate{self._runs}", self._bench.endpoint
        shell = self._stack(_GATES.format(native=native, gates=gates, prefix=prefix, appid=local_service.APPID))
        _control(endpoint, "clock", {"hold": True})
        for number in range(gates):
            _control(endpoint, "jobs", {"job_id": f"{prefix}-{number}", "scenario": "completes", "seconds": seconds})
        before = _requests(endpoint)
        _control(endpoint, "clock", {"hold": False})
        with _watching("pulumi_cosjob._plugin" if native else "pulumi.dynamic") as used:
            took = self._up(shell, gates)
        return took, used, (_requests(endpoint) - before) / gates

    def _sleep(self, gates: int, seconds: float) -> float:
        """Sleep in as many resources for as long as such jobs take; return the seconds."""
        shell = self._stack(_SLEEPERS.format(gates=gates, until=time.time() + seconds + _BESIDE_WORK))
        return self._up(shell, gates)

    def together(self, gates: int, dynamic: int, seconds: float, pairs: int) -> Row:
        """Measure gates whose jobs end at the same time, against resources that only sleep until then."""
        found = alternate(pairs, lambda: self._wait(gates, seconds, ".native"), lambda: self._sleep(gates, seconds))
        _, used, requests_each = found[-1][0]
        took, used_by_four, requests_by_four = self._wait(dynamic, seconds, "")
        note = (
            f"{used.megabytes:.0f} MB and {used.threads} threads in all, {requests_each:.1f} requests for each gate; "
            f"{dynamic} dynamic gates, four at a time: {took:.1f} s, {used_by_four.megabytes:.0f} MB and "
            f"{used_by_four.threads} threads, {requests_by_four:.1f} requests each"
        )
        return Row(
            f"up with {gates} JobCompletion of jobs that end after {seconds + _BESIDE_WORK:.0f} s",
            "as many resources that sleep until then",
            "s",
            [(ours, floor) for (ours, _, _), floor in found],
            1.15,
            note,
        )

    def functions(self, jobs: int, pairs: int) -> list[Row]:
        """Measure getJob by Invoke against dynamic reads: their time, and their size in the state."""
        job_ids = self._bench.job_ids[:jobs]
        reads = f"{jobs} get_job of the dynamic provider"

        def read(native: str) -> tuple[float, float]:
            return self._read(one_by_one(job_ids).replace("from pulumi_cosjob ", f"from pulumi_cosjob{native} "))

        found = alternate(pairs, lambda: read(".native"), lambda: read(""))
        seconds, kilobytes = ([(ours[which], floor[which]) for ours, floor in found] for which in (0, 1))
        took, floor_took = (sum(each) / len(seconds) / jobs * 1000 for each in zip(*seconds, strict=True))
        note = f"{took:.0f} ms a job, dynamic {floor_took:.0f} ms"
        state, floor_state = (sum(each) / len(kilobytes) / jobs * 1024 for each in zip(*kilobytes, strict=True))
        return [
            Row(f"up with {jobs} get_job of the plugin (Invoke)", reads, "s", seconds, note=note),
            Row(
                f"state of {jobs} get_job of the plugin, exports included",
                reads,
                "kB",
                kilobytes,
                note=f"{state:.0f} bytes a job, dynamic {floor_state:.0f}",
            ),
        ]

    def _read(self, program: str) -> tuple[float, float]:
        shell = self._stack(program)
        shell.variables.pop("PULUMI_SKIP_CHECKPOINTS")
        started = time.perf_counter()
        shell.read("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
        took = time.perf_counter() - started
        return took, len(shell.read("pulumi", "stack", "export").encode()) / 1024


def measure(bench: Bench, folder: Path) -> Sequence[Row]:
    """Measure all of it."""
    gates, sizes = Gates(bench, folder), bench.sizes
    return [
        gates.together(sizes.jobs, sizes.dynamic_gates, sizes.seconds, sizes.few_pairs),
        *gates.functions(sizes.some, sizes.few_pairs),
        *_stalls(bench, sizes.jobs_of_a_gate),
    ]


def _stalls(bench: Bench, jobs: int) -> Iterator[Row]:
    """Measure the stalls of the plugin's loop while one gate waits for very many jobs with secret ids."""
    endpoint = bench.endpoint
    config = {
        "uin": "100000000001",
        "region": "ap-chengdu",
        "endpoint": endpoint,
        "secretId": local_service.SECRET_ID,
        "secretKey": local_service.SECRET_KEY,
    }
    for scenario, what in (("completes", ""), ("waits-for-confirmation", ", a warning each")):
        job_ids = [f"{scenario}-{number}" for number in range(jobs)]
        with requests.Session() as session:
            for job_id in job_ids:
                job = {"job_id": job_id, "scenario": scenario, "seconds": 0}
                session.post(f"{endpoint}/_emulator/jobs", json=job, timeout=10).raise_for_status()
        _control(endpoint, "clock", {"advance": _BESIDE_WORK + 1})
        inputs = {"jobIds": job_ids, "appid": local_service.APPID, "failWhenSuspended": True}
        found = stalls.measure(config, inputs, ["jobIds"])
        if (scenario == "completes") is bool(found.error):
            sys.exit(f"bench: unexpected end of the gate: {found.error[:1000] or 'it opened'}")
        yield Row(
            f"longest stall of the plugin by a gate for {jobs:,} jobs{what}",
            f"the {1000 * _STALL_SECONDS:.0f} ms within which Ctrl-C is to be heard",
            "ms",
            [(1000 * found.cpu, 1000 * _STALL_SECONDS)],
            1.0,
            f"computed by the loop's thread; by the wall clock, beside 64 threads, {1000 * found.wall:.0f} ms",
        )


def _control(endpoint: str, what: str, data: object) -> None:
    requests.post(f"{endpoint}/_emulator/{what}", json=data, timeout=10).raise_for_status()


def _requests(endpoint: str) -> int:
    response = requests.get(f"{endpoint}/_emulator/statistics", timeout=60)
    return int(response.json()["requests"])
