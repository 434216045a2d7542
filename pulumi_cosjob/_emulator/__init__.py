"""COS Batch on loopback: for the package's tests, the demo and, as `pulumi_cosjob.testing`, for users' own tests.

Nothing here imports the request layer of the package, so that no mistake is made alike on both sides. This module
and `clocks` load without aiohttp.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from pulumi_cosjob._emulator.signature import AcceptedCredentials

__all__ = ["JobOrder", "parse_job", "parse_replay", "serve"]

# On Windows, Ctrl-C does not interrupt a wait without a time limit.
_WAKE_SECONDS = 1.0
_FORM = "ID=SCENARIO[,seconds=N][,tasks=N][,starts=first-request]"


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job to create before the emulator serves.

    Args:
        job_id: Its id.
        scenario: The name of its scenario.
        seconds: How long it is Active.
        tasks: The number of its tasks.
        starts: When its scenario begins: `now`, or with the `first-request` about it.
    """

    job_id: str
    scenario: str = "completes"
    seconds: float = 10.0
    tasks: int = 100
    starts: str = "now"


def parse_job(text: str) -> JobOrder:
    """Read a job from text such as `my-job=fails,seconds=30,tasks=500`.

    Args:
        text: `ID=SCENARIO`, then optionally `,seconds=N`, `,tasks=N` and `,starts=first-request`, in any order.

    Returns:
        The job.

    Raises:
        ValueError: The text has another form; the message names the mistake.
    """
    from pulumi_cosjob._emulator.scenarios import Scenario  # noqa: PLC0415 - cheap import

    job_id, _, rest = text.partition("=")
    scenario, *settings = rest.split(",")
    if not job_id or not scenario:
        raise ValueError(f"a job is given as {_FORM}, not as {text!r}")
    names = sorted(known.value for known in Scenario)
    if scenario not in names:
        raise ValueError(f"there is no scenario {scenario!r}; the scenarios are: {', '.join(names)}")
    values: dict[str, str] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in ("seconds", "tasks", "starts") or name in values:
            known = "seconds=N, tasks=N and starts=now or first-request"
            raise ValueError(f"after the scenario come {known}, each at most once, not {setting!r}")
        values[name] = value
    starts = values.get("starts", "now")
    if starts not in ("now", "first-request"):
        raise ValueError(f"starts must be now or first-request, not {starts!r}")
    return JobOrder(job_id, scenario, _seconds(values.get("seconds", "10")), _tasks(values.get("tasks", "100")), starts)


def parse_replay(text: str) -> tuple[str, Path]:
    """Read a replay from text such as `my-job=response.xml`.

    Args:
        text: `ID=FILE`.

    Returns:
        The job id, and the file.

    Raises:
        ValueError: The text has another form, or there is no such file.
    """
    job_id, _, name = text.partition("=")
    if not job_id or not name:
        raise ValueError(f"a replay is given as ID=FILE, not as {text!r}")
    if not Path(name).is_file():
        raise ValueError(f"there is no file {name!r} to replay")
    return job_id, Path(name)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"seconds must be a number from 0, not {text!r}")
    return seconds


def _tasks(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"tasks must be a whole number from 0, not {text!r}")
    return int(text)


def serve(
    host_port: tuple[str, int],
    jobs: Iterable[JobOrder],
    replays: Iterable[tuple[str, str | os.PathLike[str]]],
    credentials: AcceptedCredentials | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until the process gets SIGINT or SIGTERM; call it in the main thread.

    Args:
        host_port: A loopback address and a port; 0 for a free one.
        jobs: The jobs to create first.
        replays: Job ids, and the files to send as responses about them.
        credentials: The credentials that requests must be signed with; by default those of the emulator.
        ready: Called with the URL once the emulator serves.

    Raises:
        OSError: The emulator cannot listen there.
        ValueError: The host is not a loopback address, or a job cannot be created.
        ImportError: The emulator's dependencies are not installed.
    """
    from pulumi_cosjob._emulator.service import Service  # noqa: PLC0415 - as in parse_job
    from pulumi_cosjob._emulator.thread import ServerThread  # noqa: PLC0415 - needs aiohttp

    service = Service(credentials)
    for job in jobs:
        service.put_job(job.scenario, {}, job_id=job.job_id, seconds=job.seconds, tasks=job.tasks, starts=job.starts)
    for job_id, source in replays:
        service.replay(job_id, source)
    thread = ServerThread(service, *host_port)
    with _stopped_by_signal() as stopped:
        try:
            thread.start()
            ready(thread.url)
            while not stopped.wait(_WAKE_SECONDS):
                pass
        finally:
            thread.stop()


@contextlib.contextmanager
def _stopped_by_signal() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; restore their handlers afterwards."""
    stopped = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in signals}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
