"""The measurements of `make bench`: each value against its floor, in alternating pairs on the same machine.

The service is the emulator in a process of its own, and the engine is the real one. Where users wait for whole
processes, whole processes are measured.
"""

from __future__ import annotations

import base64
import json
import math
import os
import pickle
import socket
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import requests

import gate_measurements
import local_service
from pulumi_environment import write_project
from read_programs import constants, of_the_credentials, one_by_one, together
from rows import Row, Sizes, time_alternately, timed

RESPONSE = Path(__file__).parent.parent / "tests" / "responses" / "full.xml"


# ------------------------------------------------------------------------------------------------------ on the engine


class Bench:
    """The emulator with its jobs, and stacks on the real engine.

    Args:
        endpoint: The emulator.
        folder: For stacks.
        sizes: The sizes of the run.
    """

    def __init__(self, endpoint: str, folder: Path, sizes: Sizes) -> None:
        self.endpoint = endpoint
        self.sizes = sizes
        self._folder = folder
        self._stacks = 0
        self.job_ids = [f"job-{number}" for number in range(max(sizes.jobs, sizes.some, *sizes.steps))]
        for job_id in self.job_ids:
            job = {"job_id": job_id, "scenario": "completes", "seconds": 3600}
            requests.post(f"{endpoint}/_emulator/jobs", json=job, timeout=10).raise_for_status()

    def stack(self, program: str) -> local_service.Shell:
        """Create a stack of a program."""
        self._stacks += 1
        name = f"bench{self._stacks}"
        folder = self._folder / name
        folder.mkdir()
        write_project(folder, name, program)
        shell = local_service.Shell(folder, local_service.environment(self.endpoint, folder))
        shell.read("pulumi", "stack", "init", "bench")
        return shell

    def _preview(self, program: str) -> Callable[[], object]:
        shell = self.stack(program)

        def run() -> str:
            return shell.read("pulumi", "preview", "--non-interactive")

        run()  # a first one, so that files are in memory
        return run

    def previews(self, jobs: int, pairs: int, target: float) -> Row:
        """Measure a preview that reads jobs with `get_job`."""
        job_ids = self.job_ids[:jobs]
        ours, floor = self._preview(one_by_one(job_ids)), self._preview(constants(job_ids))
        reads = "a dynamic read of a constant" if jobs == 1 else f"{jobs} dynamic reads of constants"
        return Row(f"preview with {jobs} get_job", reads, "s", time_alternately(pairs, ours, floor), target)

    def discovery(self) -> Row:
        """Measure a preview that discovers its account, where each request takes 20 ms."""
        with local_service.emulator() as endpoint:
            slow = {"kind": "delay", "seconds": 0.02, "times": None}
            delays = [slow, {**slow, "action": "GetUserAppId"}]
            requests.post(f"{endpoint}/_emulator/faults", json=delays, timeout=10).raise_for_status()
            bench = Bench(endpoint, self._folder / "discovery", Sizes(some=1, jobs=1, steps=()))
            bench._folder.mkdir()
            [job_id] = bench.job_ids
            ours, floor = bench._preview(of_the_credentials(job_id)), bench._preview(one_by_one([job_id]))
            pairs = time_alternately(self.sizes.pairs, ours, floor)
        return Row("preview with discovery of the account", "the same with an APPID", "s", pairs, 1.1)

    def ups(self) -> Row:
        """Measure a first update with many jobs, read with `get_jobs` and with `get_job`."""
        job_ids = self.job_ids[: self.sizes.jobs]

        def up(program: str) -> Callable[[], object]:
            return lambda: self.stack(program).read("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")

        pairs = time_alternately(1, up(together(job_ids)), up(one_by_one(job_ids)))
        return Row(f"up with {len(job_ids)} jobs by get_jobs", "the same by get_job", "s", pairs, 0.1)

    def growth(self) -> Row:
        """Measure the cost of more jobs, in a preview with `get_jobs`."""
        seconds = []
        for jobs in self.sizes.steps:
            run = self._preview(together(self.job_ids[:jobs]))
            seconds.append(statistics.median(timed(run) for _ in range(self.sizes.many_pairs)))
        steps = self.sizes.steps
        figures = ", ".join(f"{jobs}: {each:.2f} s" for jobs, each in zip(steps, seconds, strict=True))
        most = 1000 * (seconds[-1] - seconds[0]) / (steps[-1] - steps[0])
        less = 1000 * (seconds[-2] - seconds[0]) / (steps[-2] - steps[0])
        note = f"{figures}; slope {most:.1f} ms a job up to {steps[-1]}, {less:.1f} up to {steps[-2]}"
        # The value on the line through the steps before; at least that of a single job.
        expected = max(seconds[0], seconds[0] + less / 1000 * (steps[-1] - steps[0]))
        return Row(
            f"growth: preview of {steps[-1]} jobs by get_jobs",
            f"the line through 1 and {steps[-2]} jobs",
            "s",
            [(seconds[-1], expected)],
            note=note,
        )

    # ------------------------------------------------------------------------------------------- inside the provider

    def fetching(self) -> Row:
        """Measure the provider's read of many jobs, against the same signed requests without any parsing."""
        from pulumi_cosjob._dynamic.providers import JobsProvider  # noqa: PLC0415  measured, not used
        from pulumi_cosjob._service.clients import Clients  # noqa: PLC0415  measured, not used

        config = {
            "cosjob:endpoint": self.endpoint,
            "cosjob:secretId": local_service.SECRET_ID,
            "cosjob:secretKey": local_service.SECRET_KEY,
        }
        job_ids = self.job_ids[: self.sizes.jobs]
        provider = JobsProvider()
        provider._clients = Clients(config.get)  # noqa: SLF001  as configure does
        props = {"appid": local_service.APPID, "missing": "error", "max_concurrency": 16}
        provider.read("first", {**props, "job_ids": job_ids[:1]})
        pairs = time_alternately(
            self.sizes.pairs,
            lambda: provider.read("jobs", {**props, "job_ids": job_ids}),
            lambda: self._bare(job_ids),
        )
        what = f"fetching {len(job_ids)} jobs by get_jobs, in the provider"
        return Row(what, "16 bare threads with requests, nothing parsed", "s", pairs, 2.0)

    def _bare(self, job_ids: Sequence[str]) -> None:
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

        def request(job_id: str) -> bytes:
            response = session.get(
                f"{self.endpoint}/jobs/{job_id}",
                headers={"x-cos-appid": local_service.APPID},
                auth=local_service.signed,
                timeout=10,
            )
            response.raise_for_status()
            return response.content

        with session, ThreadPoolExecutor(16) as pool:
            list(pool.map(request, job_ids))

    def memory(self) -> Row:
        """Measure the provider's own process, as the engine starts it, before and after thousands of reads."""
        with _provider_process(self.endpoint) as provider:
            before, after = self.sizes.reads
            read = 0
            sizes = []
            for reads in (before, after):
                while read < reads:
                    provider.read(self.job_ids[read % len(self.job_ids)])
                    read += 1
                sizes.append(provider.memory())
        what = f"memory of the provider after {after:,} reads"
        return Row(what, f"after {before:,}", "MB", [(sizes[1], sizes[0])], 1.05)


@dataclass
class _Provider:
    """A running provider process of dynamic resources."""

    stub: Any
    pid: int
    props: dict[str, Any] = field(default_factory=dict)

    def read(self, job_id: str) -> None:
        """Read a job as the engine does."""
        from google.protobuf import struct_pb2  # noqa: PLC0415  comes with pulumi
        from pulumi.runtime.proto import provider_pb2  # noqa: PLC0415  as above

        props = struct_pb2.Struct()
        props.update({**self.props, "job_id": job_id})
        response = self.stub.Read(provider_pb2.ReadRequest(id=job_id, urn="urn", properties=props), timeout=30)
        if json.loads(response.properties["result"])["job_id"] != job_id:
            raise AssertionError(response)

    def memory(self) -> float:
        """Return the megabytes of the process."""
        listed = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(listed.stdout) / 1024


@contextmanager
def _provider_process(endpoint: str) -> Iterator[_Provider]:
    import grpc  # noqa: PLC0415  comes with pulumi
    from google.protobuf import struct_pb2  # noqa: PLC0415  as above
    from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc  # noqa: PLC0415  as above

    from pulumi_cosjob._dynamic.providers import JobProvider  # noqa: PLC0415  measured, not used

    # The process would end if no port accepted connections, as the engine's does.
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        command = [sys.executable, "-u", "-m", "pulumi.dynamic", f"127.0.0.1:{listening.getsockname()[1]}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None  # noqa: S101  it is piped
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                arguments = struct_pb2.Struct()
                arguments.update(
                    {
                        "cosjob:endpoint": endpoint,
                        "cosjob:secretId": local_service.SECRET_ID,
                        "cosjob:secretKey": local_service.SECRET_KEY,
                    }
                )
                stub.Configure(provider_pb2.ConfigureRequest(args=arguments), timeout=30)
                pickled = base64.b64encode(pickle.dumps(JobProvider())).decode()
                yield _Provider(stub, process.pid, {"__provider": pickled, "appid": local_service.APPID})
        finally:
            process.terminate()
            process.communicate()


# ------------------------------------------------------------------------------------------------------- in one process


def parsing(sizes: Sizes) -> list[Row]:
    """Measure the parsing of a full response."""
    from pulumi_cosjob import parse_describe_job_result  # noqa: PLC0415  measured, not used
    from pulumi_cosjob._xml.schema import DESCRIBE_JOB, load_schema  # noqa: PLC0415  as above

    document = RESPONSE.read_bytes()
    processor = load_schema(DESCRIBE_JOB)
    ours = lambda: parse_describe_job_result(document)  # noqa: E731
    floors: tuple[tuple[str, Callable[[], object], float | None], ...] = (
        ("xmlschema's to_dict with the same schema", lambda: processor.to_dict(ET.fromstring(document)), 1.0),  # noqa: S314
        ("xml.etree, parsing alone", lambda: ET.fromstring(document), None),  # noqa: S314
    )
    rows = []
    for compared_with, floor, target in floors:
        pairs = [(1000 * a, 1000 * b) for a, b in time_alternately(sizes.repeats, ours, floor)]
        rows.append(Row("validate and decode a full response", compared_with, "ms", pairs, target))
    unusual = document.replace(b"<Report>", b"<Report unusual='yes'>")
    pairs = [
        (1000 * a, 1000 * b)
        for a, b in time_alternately(sizes.repeats // 2 + 1, lambda: parse_describe_job_result(unusual), floors[0][1])
    ]
    rows.append(Row("the same, not recognised by the compiled checks", floors[0][0], "ms", pairs))
    return rows


def importing(sizes: Sizes) -> Row:
    """Measure the cost of importing the package in a program that imports Pulumi anyway."""

    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    pairs = time_alternately(4 * sizes.pairs, run("import pulumi, pulumi_cosjob"), run("import pulumi"))
    return Row("import pulumi and pulumi_cosjob", "import pulumi", "s", pairs, 1.05)


_STARTING = """
import time
steps = {}
def done(name):
    global begun
    now = time.perf_counter()
    steps[name] = 1000 * (now - begun)
    begun = time.perf_counter()
begun = time.perf_counter()
import pulumi, pulumi.dynamic
done("pulumi, without which there is no provider")
from pulumi_cosjob._service.clients import Clients
from pulumi_cosjob._dynamic.providers import JobProvider
done("this package")
import requests
done("requests")
import tenacity
done("retries")
from pulumi_cosjob._xml.schema import DESCRIBE_JOB, compiled_schema
compiled_schema(DESCRIBE_JOB)
done("checks compiled from the schema")
import os
provider = JobProvider()
provider._clients = Clients(lambda key: None)
provider._clients.get({})
done("client")
provider.read("job-0", {"job_id": "job-0", "appid": "1250000000"})
done("first request and response")
import json
print(json.dumps(steps))
"""


def starting(endpoint: str, sizes: Sizes) -> dict[str, float]:
    """Return the milliseconds of each step of a provider process up to its first response."""
    variables = local_service.service_environment(endpoint)
    found: dict[str, list[float]] = {}
    for _ in range(sizes.pairs):
        done = subprocess.run(
            [sys.executable, "-c", _STARTING],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        for name, milliseconds in json.loads(done.stdout).items():
            found.setdefault(name, []).append(milliseconds)
    return {name: statistics.median(each) for name, each in found.items()}


def measure(sizes: Sizes, show: Callable[[str], None]) -> tuple[list[Row], dict[str, float]]:
    """Measure everything.

    Args:
        sizes: The sizes of the run.
        show: Called with each result.
    """
    warnings.simplefilter("ignore")
    rows: list[Row] = []

    def add(*found: Row) -> None:
        for row in found:
            if not math.isfinite(row.ratio):
                raise AssertionError(row)
            rows.append(row)
            show(f"{row.what}: {row.ratio:.2f}")

    with tempfile.TemporaryDirectory(prefix="cosjob-bench-") as temporary, local_service.emulator() as endpoint:
        bench = Bench(endpoint, Path(temporary), sizes)
        add(importing(sizes))
        add(*parsing(sizes))
        steps = starting(endpoint, sizes)
        add(bench.fetching())
        add(bench.memory())
        add(bench.previews(1, sizes.pairs, 1.25))
        add(bench.previews(sizes.some, sizes.many_pairs, 1.3))
        add(bench.discovery())
        add(bench.growth())
        add(bench.ups())
        add(*gate_measurements.measure(bench, Path(temporary)))
    return rows, steps
