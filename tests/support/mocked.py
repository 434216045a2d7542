"""Programs on the real SDK with mocks that replace the engine: tests run them as `pulumi.runtime.test` does."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pulumi
import pytest

import pulumi_cosjob
from pulumi_cosjob import native

if TYPE_CHECKING:
    from pulumi.runtime import MockCallArgs, MockResourceArgs

_T = TypeVar("_T")


class Seen(NamedTuple):
    """The value of an output; an unknown value is None."""

    value: Any
    known: bool = True
    secret: bool = False


UNKNOWN = Seen(None, known=False)

JOB = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
OTHER = "53dc6228-c50b-46f7-8ad7-65e7159f1aaf"
APPID = "1250000000"

both = pytest.mark.parametrize("package", [pulumi_cosjob, native], ids=["dynamic", "native"])
preview_too = pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])


class Mine(pulumi.runtime.Mocks):
    """A user's own mocks: some outputs for each resource and each function, beside the inputs."""

    def __init__(self, outputs: Mapping[str, Any], *, inputs: bool = True) -> None:
        self._outputs, self._inputs = outputs, inputs
        self.made: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Record the resource, and return the outputs."""
        self.made.append(args)
        return args.resource_id or f"{args.name}_id", {**(args.inputs if self._inputs else {}), **self._outputs}

    def call(self, _args: MockCallArgs) -> Any:
        """Return the outputs."""
        return self._outputs


def under_mocks(test: Callable[[], _T]) -> _T:
    """Run a test with its own settings of the SDK and its own event loop, so that tests do not share them."""
    loops: list[asyncio.AbstractEventLoop] = []

    def with_a_loop() -> None:
        # The SDK's mocks would give each thread a loop, and would not close it.
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    def inside() -> _T:
        with_a_loop()
        loops[0].set_default_executor(ThreadPoolExecutor(initializer=with_a_loop))
        try:
            return test()
        finally:
            # On a busy machine, outputs that the test has not read may not have started.
            tasks = asyncio.all_tasks(loops[0])
            for task in tasks:
                task.cancel()
            loops[0].run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loops[0].run_until_complete(loops[0].shutdown_default_executor())
            asyncio.set_event_loop(None)
            for loop in loops:
                loop.close()

    return contextvars.copy_context().run(inside)


def seen(
    mocks: pulumi.runtime.Mocks,
    program: Callable[[], Mapping[str, pulumi.Output[Any]]],
    *,
    preview: bool = False,
) -> dict[str, Seen]:
    """Run a program under mocks and return the values of its outputs, by name; raise the errors of the program."""

    def test() -> dict[str, Seen]:
        pulumi.runtime.set_mocks(mocks, preview=preview)
        return run(program)

    return under_mocks(test)


def run(program: Callable[[], Mapping[str, pulumi.Output[Any]]]) -> dict[str, Seen]:
    """Run a program under the mocks that are set."""
    found: dict[str, Seen] = {}

    async def read(name: str, output: pulumi.Output[Any]) -> None:
        value = await output.future(with_unknowns=True)
        known = await output.is_known()
        found[name] = Seen(value if known else None, known, await output.is_secret())

    def test() -> Any:
        outputs = program()

        async def read_all() -> None:
            for name, output in outputs.items():
                await read(name, output)

        return read_all()

    as_a_test: Callable[[Callable[[], Any]], Callable[[], None]] = pulumi.runtime.test
    as_a_test(test)()
    return found


def everything(package: ModuleType, job_id: Any = JOB, appid: Any = APPID) -> dict[str, pulumi.Output[Any]]:
    """Read a job with each function and each gate."""
    jobs = package.get_jobs([job_id], appid)
    return {
        "get_job": package.get_job(job_id, appid).result,
        "get_jobs": jobs.jobs.apply(lambda found: found[JOB]),
        "missing": jobs.missing_job_ids,
        "JobCompletion": package.JobCompletion("gate", job_id=job_id, appid=appid).result,
        "AllJobsCompletion": package.AllJobsCompletion("gates", job_ids=[job_id], appid=appid).jobs.apply(
            lambda found: found[JOB]
        ),
    }
