"""What a dynamic provider sends to the engine, over real gRPC on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2

from pulumi_cosjob import JobDescription
from pulumi_cosjob._engine.log import EngineLog, to_engine
from pulumi_cosjob._waiting.state import PollResult, PollState

URN = "urn:pulumi:dev::tests::pulumi-python:dynamic/cosjob:JobCompletion::gate"


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.logged: list[Any] = []

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's name
        self.logged.append(request)
        return empty_pb2.Empty()


@pytest.fixture
def engine() -> Iterator[tuple[_Engine, list[str]]]:
    """Return a server that listens as an engine does, and the arguments with which it starts a provider."""
    engine, server = _Engine(), grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield engine, ["provider", f"127.0.0.1:{port}"]
    server.stop(None)


def report(request: Any, arguments: list[str]) -> None:  # noqa: ARG001  found in the frame, as the SDK's own is
    """Report a job that needs a person, in a frame that holds the engine's request."""
    poll = PollResult(1.0, JobDescription("a", "Suspended"))
    EngineLog(to_engine(arguments))("a", PollState(0.0).add(poll), 1.0)


@pytest.mark.parametrize(
    ("request_", "urn"),
    [
        (provider_pb2.CheckRequest(urn=URN), URN),
        (provider_pb2.CreateRequest(urn=URN), URN),
        (provider_pb2.UpdateRequest(urn=URN), URN),
        ("another request", ""),
    ],
)
def test_lines_are_shown_on_the_row_of_the_resource(engine: tuple[_Engine, list[str]], request_: Any, urn: str) -> None:
    """The warning stays, the progress does not; without a resource, the engine uses the row of the stack."""
    logged, arguments = engine[0].logged, engine[1]
    report(request_, arguments)
    assert [(each.urn, each.severity, each.ephemeral, each.message) for each in logged] == [
        (urn, engine_pb2.WARNING, False, "job a waits for a person to confirm it (cosjob confirm a); the wait goes on"),
        (urn, engine_pb2.INFO, True, "NEEDS CONFIRMATION, Suspended"),
    ]


def test_a_provider_without_an_engine_goes_on() -> None:
    """Neither an engine that has exited nor the lack of one ends a wait."""
    report(provider_pb2.CreateRequest(urn=URN), ["provider", "127.0.0.1:1"])
    report(provider_pb2.CreateRequest(urn=URN), ["provider"])
