"""Errors in the process in which the SDK runs dynamic providers, as a user sees them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dill
import grpc
import pulumi.dynamic
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from places import PYTHONPATH
from pulumi_cosjob._dynamic.providers import JobCompletionProvider, JobProvider
from pulumi_cosjob._engine.log import NO_PROXY
from pulumi_cosjob._errors import NoSuchJobError
from stacks import Run, Stack

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

APPID = "1250000000"


def raise_our_error() -> None:
    """Raise an error of this package."""
    raise NoSuchJobError("there is no such job", job_id="a")


class OtherProvider(pulumi.dynamic.ResourceProvider):
    """A provider of a user, which fails."""

    def create(self, props: dict[str, Any]) -> pulumi.dynamic.CreateResult:
        """Raise an error of the package or another one."""
        if props["raises"] == "ours":
            raise_our_error()
        try:
            props["absent"]
        except KeyError as error:
            raise ValueError("there is no such job") from error
        return pulumi.dynamic.CreateResult("id")


@dataclass
class Process:
    """The SDK's process; its output is available once it has ended."""

    stub: Any
    output: Path

    def error(self, provider: Any, method: str = "Create", **props: Any) -> str:
        """Return how a call fails."""
        values = struct_pb2.Struct()
        values.update({"__provider": base64.b64encode(dill.dumps(provider)).decode(), **props})
        request = getattr(provider_pb2, f"{method}Request")(properties=values)
        if method == "Read":
            request.id = "id"
        with pytest.raises(grpc.RpcError) as caught:
            getattr(self.stub, method)(request)
        return str(caught.value.details())


@contextlib.contextmanager
def provider_process(folder: Path, service: CosBatchEmulator) -> Iterator[Process]:
    """Run what `pulumi-resource-pulumi-python` runs."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: tests\nruntime: python\n")
    paths = os.pathsep.join([str(Path(__file__).parent), PYTHONPATH, os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, **service.environment(), "PYTHONPATH": paths, "PULUMI_PROJECT": "tests"}
    variables["PULUMI_CONFIG"] = json.dumps({})
    output = folder / "output"
    # It watches the engine's address, and ends if no process listens there.
    with socket.create_server(("127.0.0.1", 0)) as engine, output.open("wb") as errors:
        command = [sys.executable, "-u", "-m", "pulumi.dynamic", f"127.0.0.1:{engine.getsockname()[1]}"]
        with subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            try:
                with grpc.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY) as channel:
                    stub = provider_pb2_grpc.ResourceProviderStub(channel)
                    stub.Configure(provider_pb2.ConfigureRequest(args=struct_pb2.Struct()))
                    yield Process(stub, output)
            finally:
                process.kill()


def without_places(text: str) -> str:
    """Return a traceback without the parts that differ between calls."""
    return re.sub(r"0x[0-9a-f]+", "", text)


def test_errors_of_this_package_are_sentences_and_others_unchanged(tmp_path: Path, emulator: CosBatchEmulator) -> None:
    """They are sentences from the first call on. Errors of other providers are shown as before."""
    with provider_process(tmp_path / "work", emulator) as process:
        before = process.error(OtherProvider(), raises="theirs")
        missing = process.error(JobProvider(), "Read", job_id="nope", appid=APPID)
        looked_up = process.error(JobCompletionProvider(), "Read", job_id="nope", appid=APPID)
        again = process.error(JobProvider(), "Read", job_id="a/b", appid=APPID)
        passed_on = process.error(OtherProvider(), raises="ours")
        after = process.error(OtherProvider(), raises="theirs")
        defect = process.error(JobProvider(), "Create", job_id="nope", appid=APPID)
        output = process.output.read_text()
    prefix = "" if "Traceback" in before else "Exception calling application: "
    assert missing.startswith(f"{prefix}there is no such job: 'The specified job does not exist.' (job nope, ")
    assert looked_up.startswith(f"{prefix}id cannot be 'id'; a gate cannot be looked up: declare it, ")
    assert again.startswith(f"{prefix}job_id cannot be 'a/b'")
    assert passed_on == f"{prefix}there is no such job (job a)."
    for text in (missing, looked_up, again, passed_on):
        assert "Traceback" not in text
        assert len(text.splitlines()) == 1
    assert without_places(after) == without_places(before)
    assert before.endswith("there is no such job" if prefix else "ValueError: there is no such job\n")
    assert prefix or "KeyError: 'absent'" in before
    assert prefix or "Traceback (most recent call last)" in before
    assert prefix or "Traceback (most recent call last)" in defect
    assert "must implement 'create'" in defect
    assert output == ""


def test_another_process_is_not_changed(emulator: CosBatchEmulator) -> None:
    """In the process of a program or a test, errors have their tracebacks."""
    provider = JobProvider()
    provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config({}, "tests")))
    assert getattr(sys.modules["__main__"], "traceback", traceback) is traceback
    try:
        raise_our_error()
    except NoSuchJobError:
        assert "Traceback" in traceback.format_exc()
    assert emulator.requests == []


MISSING = """
import pulumi
from pulumi_cosjob import get_job

pulumi.export("status", get_job("nope", "1250000000").status)
"""
WITH_ANOTHER = """
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi_cosjob import get_job

class Other(ResourceProvider):
    def create(self, props):
        raise ValueError("another kind of error")

class OtherResource(Resource, module="other", name="Other"):
    pass

job = get_job("existing", "1250000000")
OtherResource(Other(), "other", {"status": job.status})
"""


def diagnostics(run: Run) -> str:
    """Return the engine's diagnostics."""
    return run.failed().text.partition("Diagnostics:")[2]


@pytest.mark.engine
@pytest.mark.oldest
def test_a_missing_job_is_one_sentence_on_the_engine(tmp_path: Path, emulator: CosBatchEmulator) -> None:
    """In a preview and in an update, with the newest SDK and with the oldest."""
    stack = Stack(tmp_path / "stack", MISSING, emulator.environment())
    for run in (stack.preview(), stack.up()):
        assert re.search(r"error: .*there is no such job: .*job nope, ", diagnostics(run))
        assert "Traceback" not in run.text
        assert "File " not in run.text


@pytest.mark.engine
@pytest.mark.oldest
def test_an_error_of_another_kind_has_its_traceback_on_the_engine(tmp_path: Path, emulator: CosBatchEmulator) -> None:
    """The error of a user's provider in the same process keeps its traceback."""
    emulator.create_job("completes", job_id="existing")
    run = Stack(tmp_path / "stack", WITH_ANOTHER, emulator.environment()).up()
    assert "Traceback (most recent call last)" in run.text or "Exception calling application: another" in run.text
    assert "another kind of error" in diagnostics(run)
