"""Rows about Python processes that have just started, and about one that runs for long."""

from __future__ import annotations

import base64
import contextlib
import json
import pickle
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

import local_service
from in_process import RESPONSE, unrecognised
from pulumi_cosjob._dynamic.providers import JobProvider
from rig import Rig, user_environment
from rows import Measurement, alternately
from starting import OWN

__all__ = ["first_unrecognised", "importing", "memory", "own_share"]

_STARTING = Path(__file__).parent / "starting.py"


# ------------------------------------------------------------------------------------------- what an import takes

_IMPORT = """
import pulumi, time
begun = time.process_time()
from pulumi_cosjob import get_job
print(1000 * (time.process_time() - begun))
"""


def importing(_rig: Rig, limit: float) -> Measurement:
    """Measure the CPU time of importing `get_job` after Pulumi, in milliseconds, against a limit."""
    return alternately(lambda: float(_run("-c", _IMPORT)), lambda: limit)


def _run(*arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """Run Python in a process of its own, in a user's environment; return what it prints."""
    environment = user_environment() if variables is None else variables
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, input=given, capture_output=True, check=True).stdout


# ------------------------------------------------------------------------------------------- a provider's first request


def own_share(rig: Rig, limit: float) -> Measurement:
    """Measure the CPU time of this package in a provider's process before its first request, in milliseconds.

    The medians of all steps are in `rig.steps` after the last pair.
    """
    [job_id] = rig.jobs(1)
    found: dict[str, list[float]] = {}

    def ours() -> float:
        steps: dict[str, float] = json.loads(
            _run(str(_STARTING), job_id, local_service.APPID, variables=rig.variables())
        )
        for name, milliseconds in steps.items():
            found.setdefault(name, []).append(milliseconds)
        return sum(steps[name] for name in OWN)

    def note() -> str:
        rig.steps = {name: statistics.median(each) for name, each in found.items()}
        return ""

    return alternately(ours, lambda: limit, note)


# -------------------------------------------------------------------------------------- the first unrecognised response

_FIRST = """
import sys, time, warnings
from pulumi_cosjob import parse_describe_job_result
warnings.simplefilter("ignore")
recognised, unrecognised = sys.stdin.buffer.read().split(b"\\0")
parse_describe_job_result(recognised)
begun = time.perf_counter()
parse_describe_job_result(unrecognised)
print(1000 * (time.perf_counter() - begun))
"""
_FIRST_BY_XMLSCHEMA = """
import sys, time
from xml.etree import ElementTree
from pulumi_cosjob import schema_path
recognised, _ = sys.stdin.buffer.read().split(b"\\0")
begun = time.perf_counter()
import xmlschema
xmlschema.XMLSchema11(schema_path()).to_dict(ElementTree.fromstring(recognised))
print(1000 * (time.perf_counter() - begun))
"""


def first_unrecognised(_rig: Rig) -> Measurement:
    """Measure the first response that is not recognised, against the first use of xmlschema, in milliseconds."""
    recognised = RESPONSE.read_bytes()
    documents = b"\0".join((recognised, unrecognised(recognised)))

    def first(code: str) -> Callable[[], float]:
        return lambda: float(_run("-c", code, given=documents))

    return alternately(first(_FIRST), first(_FIRST_BY_XMLSCHEMA))


# --------------------------------------------------------------------------------------------------- a process for long


def memory(rig: Rig) -> Measurement:
    """Measure the megabytes of a provider's own process, as the engine starts it, after many reads and after fewer."""
    job_ids = rig.jobs(rig.sizes.jobs)

    def pair(_number: int) -> tuple[float, float]:
        with _provider_process(rig.endpoint) as provider:
            sizes = []
            for first, last in ((0, rig.sizes.first_reads), (rig.sizes.first_reads, rig.sizes.reads)):
                for number in range(first, last):
                    provider.read(job_ids[number % len(job_ids)])
                sizes.append(provider.memory())
        return sizes[1], sizes[0]

    return Measurement(pair)


@dataclass
class _Provider:
    """A running provider process of dynamic resources."""

    stub: Any
    pid: int
    props: dict[str, Any] = field(default_factory=dict)

    def read(self, job_id: str) -> None:
        """Read a job as the engine does."""
        props = struct_pb2.Struct()
        props.update({**self.props, "job_id": job_id})
        response = self.stub.Read(provider_pb2.ReadRequest(id=job_id, urn="urn", properties=props), timeout=30)
        if json.loads(response.properties["result"])["job_id"] != job_id:
            raise AssertionError(response)

    def memory(self) -> float:
        """Return the megabytes of the process."""
        listed = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(listed.stdout) / 1024


@contextlib.contextmanager
def _provider_process(endpoint: str) -> Iterator[_Provider]:
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
