"""What `make bench` measures: each thing against its floor, in pairs that take turns on the same machine.

The service is the emulator, in a process of its own; the engine is the real one; whole processes where users wait for
whole processes.
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
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import requests

import demo
from pulumi_environment import write_project

_A = TypeVar("_A")
_B = TypeVar("_B")

ANSWER = Path(__file__).parent.parent / "tests" / "responses" / "full.xml"
_KEYS = types.SimpleNamespace(
    _secret_id=demo.SECRET_ID, _secret_key=demo.SECRET_KEY, _anonymous=False, _sign_params=True, _sign_host=True
)


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: What is measured.
        compared_with: Its floor.
        unit: Of both, `s`, `ms`, `kB` or `MB`.
        pairs: Ours and the floor's, measured one after the other.
        target: What the median ratio may be at the most; None where it is printed for the record.
        note: What else there is to say.
    """

    what: str
    compared_with: str
    unit: str
    pairs: Sequence[tuple[float, float]]
    target: float | None = None
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """How many times the floor ours is, for each pair."""
        return sorted(ours / floor for ours, floor in self.pairs)

    @property
    def ratio(self) -> float:
        """The median of them."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """From the best pair's to the worst's; of many pairs, without the tenth at either end."""
        ratios = self.ratios
        cut = len(ratios) // 10
        return ratios[cut], ratios[-1 - cut]

    @property
    def missed(self) -> bool:
        """Whether the row is over its target."""
        return self.target is not None and not self.ratio <= self.target

    def medians(self) -> tuple[float, float]:
        """Return the medians of ours and of the floor's."""
        ours, floors = zip(*self.pairs, strict=True)
        return statistics.median(ours), statistics.median(floors)


@dataclass(frozen=True)
class Sizes:
    """How much is measured; smaller for a test that every row works.

    Attributes:
        pairs: Of whole processes.
        many_pairs: Of things that take long.
        few_pairs: Of things that take longer.
        some: Jobs in a preview that is still pleasant.
        jobs: Jobs that are many.
        reads: Reads of one provider process, before and after.
        steps: Numbers of jobs by which growth is shown.
        dynamic_gates: Gates of the dynamic provider beside those of the plugin.
        jobs_of_a_gate: Jobs of one gate that are very many.
        seconds: For how long their jobs work.
        repeats: Repeats of what takes a millisecond.
    """

    pairs: int = 9
    many_pairs: int = 3
    few_pairs: int = 2
    some: int = 200
    jobs: int = 1000
    reads: tuple[int, int] = (1000, 10_000)
    steps: tuple[int, ...] = (1, 10, 100, 1000)
    dynamic_gates: int = 20
    jobs_of_a_gate: int = 10_000
    seconds: float = 36
    repeats: int = 200


SMALL = Sizes(
    pairs=1,
    many_pairs=1,
    few_pairs=1,
    some=3,
    jobs=6,
    reads=(20, 60),
    steps=(1, 2, 4),
    dynamic_gates=2,
    jobs_of_a_gate=60,
    seconds=1,
    repeats=3,
)


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def in_turn(pairs: int, ours: Callable[[], _A], floor: Callable[[], _B]) -> list[tuple[_A, _B]]:
    """Measure both, one after the other, and each first in every second pair; return what they return."""
    found = []
    for number in range(pairs):
        if number % 2:
            second = floor()
            found.append((ours(), second))
        else:
            found.append((ours(), floor()))
    return found


def _in_turn(pairs: int, ours: Callable[[], object], floor: Callable[[], object]) -> list[tuple[float, float]]:
    """Time both in turn."""
    return in_turn(pairs, lambda: _timed(ours), lambda: _timed(floor))


# ------------------------------------------------------------------------------------------------------ on the engine

_READ = """
import pulumi
from pulumi_cosjob import {name}
{calls}
"""
_CONSTANT = """
import pulumi, pulumi.dynamic

class Constant(pulumi.dynamic.ResourceProvider):
    serialize_as_secret_always = False
    def read(self, id_, props):
        return pulumi.dynamic.ReadResult(id_, {{"value": "constant"}})

class Read(pulumi.dynamic.Resource):
    value: pulumi.Output[str]
    def __init__(self, name):
        super().__init__(Constant(), name, {{"value": None}}, pulumi.ResourceOptions(id=name))

for name in {job_ids!r}:
    pulumi.export(name, Read(name).value)
"""


def one_by_one(job_ids: Sequence[str]) -> str:
    """Return a program that reads jobs by `get_job`."""
    calls = f'for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, get_job(job_id, "{demo.APPID}").status)'
    return _READ.format(name="get_job", calls=calls)


def together(job_ids: Sequence[str]) -> str:
    """Return a program that reads the same jobs by `get_jobs`, and exports the same."""
    calls = f'read = get_jobs({list(job_ids)!r}, "{demo.APPID}")\n'
    calls += f"for job_id in {list(job_ids)!r}:\n    pulumi.export(job_id, read.jobs[job_id].status)"
    return _READ.format(name="get_jobs", calls=calls)


class Bench:
    """The emulator with its jobs, and stacks on the real engine.

    Args:
        endpoint: The emulator.
        folder: For stacks.
        sizes: How much is measured.
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

    def stack(self, program: str) -> demo.Shell:
        """Make a stack of a program."""
        self._stacks += 1
        name = f"bench{self._stacks}"
        folder = self._folder / name
        folder.mkdir()
        write_project(folder, name, program)
        shell = demo.Shell(folder, demo.environment(self.endpoint, folder))
        shell.read("pulumi", "stack", "init", "bench")
        return shell

    def _preview(self, program: str) -> Callable[[], object]:
        shell = self.stack(program)

        def run() -> str:
            return shell.read("pulumi", "preview", "--non-interactive")

        run()  # a first one, so that files are in memory
        return run

    def previews(self, jobs: int, pairs: int, target: float) -> Row:
        """Measure a preview that reads jobs one by one."""
        job_ids = self.job_ids[:jobs]
        ours, floor = self._preview(one_by_one(job_ids)), self._preview(_CONSTANT.format(job_ids=job_ids))
        reads = "a dynamic read of a constant" if jobs == 1 else f"{jobs} dynamic reads of constants"
        return Row(f"preview with {jobs} get_job", reads, "s", _in_turn(pairs, ours, floor), target)

    def ups(self) -> Row:
        """Measure a first update with many jobs, read together and one by one."""
        job_ids = self.job_ids[: self.sizes.jobs]

        def up(program: str) -> Callable[[], object]:
            return lambda: self.stack(program).read("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")

        pairs = _in_turn(1, up(together(job_ids)), up(one_by_one(job_ids)))
        return Row(f"up with {len(job_ids)} jobs by get_jobs", "the same by get_job", "s", pairs, 0.1)

    def growth(self) -> Row:
        """Measure what more jobs cost, in a preview by `get_jobs`."""
        seconds = []
        for jobs in self.sizes.steps:
            run = self._preview(together(self.job_ids[:jobs]))
            seconds.append(statistics.median(_timed(run) for _ in range(self.sizes.many_pairs)))
        steps = self.sizes.steps
        told = ", ".join(f"{jobs}: {each:.2f} s" for jobs, each in zip(steps, seconds, strict=True))
        most = 1000 * (seconds[-1] - seconds[0]) / (steps[-1] - steps[0])
        less = 1000 * (seconds[-2] - seconds[0]) / (steps[-2] - steps[0])
        note = f"{told}; slope {most:.1f} ms a job up to {steps[-1]}, {less:.1f} up to {steps[-2]}"
        # What the step before lets expect, were it a line; never less than a single job.
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
        """Measure the provider's read of many jobs, against the same signed requests whose answers nobody looks at."""
        from pulumi_cosjob._dynamic.functions import JobsProvider  # noqa: PLC0415  measured, not used
        from pulumi_cosjob._service.client import Clients  # noqa: PLC0415  measured, not used

        config = {
            "cosjob:endpoint": self.endpoint,
            "cosjob:secretId": demo.SECRET_ID,
            "cosjob:secretKey": demo.SECRET_KEY,
        }
        job_ids = self.job_ids[: self.sizes.jobs]
        provider = JobsProvider()
        provider._clients = Clients(config.get)  # noqa: SLF001  as configure does
        props = {"appid": demo.APPID, "missing": "error", "max_concurrency": 16}
        provider.read("first", {**props, "job_ids": job_ids[:1]})
        pairs = _in_turn(
            self.sizes.pairs,
            lambda: provider.read("jobs", {**props, "job_ids": job_ids}),
            lambda: self._bare(job_ids),
        )
        what = f"fetching {len(job_ids)} jobs by get_jobs, in the provider"
        return Row(what, "16 bare threads with requests, nothing parsed", "s", pairs, 2.0)

    def _bare(self, job_ids: Sequence[str]) -> None:
        from qcloud_cos import CosS3Auth  # noqa: PLC0415  measured, not used

        session = requests.Session()
        session.trust_env = False
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

        def ask(job_id: str) -> bytes:
            answer = session.get(
                f"{self.endpoint}/jobs/{job_id}",
                headers={"x-cos-appid": demo.APPID},
                auth=CosS3Auth(_KEYS, key=f"/jobs/{job_id}"),
                timeout=10,
            )
            answer.raise_for_status()
            return answer.content

        with session, ThreadPoolExecutor(16) as pool:
            list(pool.map(ask, job_ids))

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
        """Read a job, as the engine does."""
        from google.protobuf import struct_pb2  # noqa: PLC0415  comes with pulumi
        from pulumi.runtime.proto import provider_pb2  # noqa: PLC0415  as above

        props = struct_pb2.Struct()
        props.update({**self.props, "job_id": job_id})
        answer = self.stub.Read(provider_pb2.ReadRequest(id=job_id, urn="urn", properties=props), timeout=30)
        if json.loads(answer.properties["result"])["job_id"] != job_id:
            raise AssertionError(answer)

    def memory(self) -> float:
        """Return how many megabytes it holds."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(told.stdout) / 1024


@contextmanager
def _provider_process(endpoint: str) -> Iterator[_Provider]:
    import grpc  # noqa: PLC0415  comes with pulumi
    from google.protobuf import struct_pb2  # noqa: PLC0415  as above
    from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc  # noqa: PLC0415  as above

    from pulumi_cosjob._dynamic.functions import JobProvider  # noqa: PLC0415  measured, not used

    # Without anybody who listens as the engine does, the process would end.
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
                        "cosjob:secretId": demo.SECRET_ID,
                        "cosjob:secretKey": demo.SECRET_KEY,
                    }
                )
                stub.Configure(provider_pb2.ConfigureRequest(args=arguments), timeout=30)
                pickled = base64.b64encode(pickle.dumps(JobProvider())).decode()
                yield _Provider(stub, process.pid, {"__provider": pickled, "appid": demo.APPID})
        finally:
            process.terminate()
            process.communicate()


# ------------------------------------------------------------------------------------------------------- in one process


def parsing(sizes: Sizes) -> list[Row]:
    """Measure what is made of a full answer."""
    from pulumi_cosjob._xml import schema  # noqa: PLC0415  measured, not used

    document = ANSWER.read_bytes()
    processor = schema._schema()  # noqa: SLF001  measured
    ours = lambda: schema.parse_describe_job_result(document)  # noqa: E731
    floors: tuple[tuple[str, Callable[[], object], float | None], ...] = (
        ("xmlschema's to_dict with the same schema", lambda: processor.to_dict(ET.fromstring(document)), 1.0),  # noqa: S314
        ("xml.etree, parsing alone", lambda: ET.fromstring(document), None),  # noqa: S314
    )
    rows = []
    for compared_with, floor, target in floors:
        pairs = [(1000 * a, 1000 * b) for a, b in _in_turn(sizes.repeats, ours, floor)]
        rows.append(Row("validate and decode a full answer", compared_with, "ms", pairs, target))
    unusual = document.replace(b"<Report>", b"<Report unusual='yes'>")
    pairs = [
        (1000 * a, 1000 * b)
        for a, b in _in_turn(sizes.repeats // 2 + 1, lambda: schema.parse_describe_job_result(unusual), floors[0][1])
    ]
    rows.append(Row("the same, not recognised by the compiled checks", floors[0][0], "ms", pairs))
    return rows


def importing(sizes: Sizes) -> Row:
    """Measure what importing the package costs a program that imports Pulumi anyway."""

    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    pairs = _in_turn(4 * sizes.pairs, run("import pulumi, pulumi_cosjob"), run("import pulumi"))
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
from pulumi_cosjob._service.client import Clients
from pulumi_cosjob._dynamic.functions import JobProvider
done("this package")
import requests
done("requests")
import qcloud_cos.cos_auth
done("the vendor's signing code")
import tenacity
done("retries")
from pulumi_cosjob._xml import schema
schema._compiled()
done("checks compiled from the schema")
import os
provider = JobProvider()
provider._clients = Clients(lambda key: None)
provider._clients.get({})
done("client")
provider.read("job-0", {"job_id": "job-0", "appid": "1250000000"})
done("first question and answer")
import json
print(json.dumps(steps))
"""


def starting(endpoint: str, sizes: Sizes) -> dict[str, float]:
    """Return the steps of a provider process up to its first answer, with the milliseconds that each takes."""
    variables = demo.service_environment(endpoint)
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


def measure(sizes: Sizes, say: Callable[[str], None]) -> tuple[list[Row], dict[str, float]]:
    """Measure everything.

    Args:
        sizes: How much.
        say: Told what is measured next.
    """
    import gate_measurements  # noqa: PLC0415  it takes its bench and rows from here

    warnings.simplefilter("ignore")
    rows: list[Row] = []

    def add(*found: Row) -> None:
        for row in found:
            if not math.isfinite(row.ratio):
                raise AssertionError(row)
            rows.append(row)
            say(f"{row.what}: {row.ratio:.2f}")

    with tempfile.TemporaryDirectory(prefix="cosjob-bench-") as temporary, demo.emulator() as endpoint:
        bench = Bench(endpoint, Path(temporary), sizes)
        add(importing(sizes))
        add(*parsing(sizes))
        steps = starting(endpoint, sizes)
        add(bench.fetching())
        add(bench.memory())
        add(bench.previews(1, sizes.pairs, 1.25))
        add(bench.previews(sizes.some, sizes.many_pairs, 1.3))
        add(bench.growth())
        add(bench.ups())
        add(*gate_measurements.measure(bench, Path(temporary)))
    return rows, steps
