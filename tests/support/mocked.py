"""Programs on the real SDK with mocks in place of the engine, for tests: as `pulumi.runtime.test` runs them."""

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
    """What an output came to; an unknown value is None."""

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
        """Note the resource."""
        self.made.append(args)
        return args.resource_id or f"{args.name}_id", {**(args.inputs if self._inputs else {}), **self._outputs}

    def call(self, _args: MockCallArgs) -> Any:
        """Return the same."""
        return self._outputs


def under_mocks(test: Callable[[], _T]) -> _T:
    """Do something with settings of the SDK and an event loop of its own, so that no test finds those of another."""
    loops: list[asyncio.AbstractEventLoop] = []

    def with_a_loop() -> None:
        # The SDK's mocks would give each thread one that nobody closes.
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    def inside() -> _T:
        with_a_loop()
        loops[0].set_default_executor(ThreadPoolExecutor(initializer=with_a_loop))
        try:
            return test()
        finally:
            # Outputs that nobody has looked at may not even have begun, where the machine is busy.
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
    """Run a program under mocks and return what its outputs came to, by name; what goes wrong in it is raised."""

    def test() -> dict[str, Seen]:
        pulumi.runtime.set_mocks(mocks, preview=preview)
        return run(program)

    return under_mocks(test)


def run(program: Callable[[], Mapping[str, pulumi.Output[Any]]]) -> dict[str, Seen]:
    """Run a program under the mocks that are set."""
    found: dict[str, Seen] = {}

    async def look(name: str, output: pulumi.Output[Any]) -> None:
        value = await output.future(with_unknowns=True)
        known = await output.is_known()
        found[name] = Seen(value if known else None, known, await output.is_secret())

    def test() -> Any:
        outputs = program()

        async def look_at_all() -> None:
            for name, output in outputs.items():
                await look(name, output)

        return look_at_all()

    as_a_test: Callable[[Callable[[], Any]], Callable[[], None]] = pulumi.runtime.test
    as_a_test(test)()
    return found


def everything(package: ModuleType, job_id: Any = JOB, appid: Any = APPID) -> dict[str, pulumi.Output[Any]]:
    """Read a job in each way that there is."""
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
