"""COS Batch on loopback: for our tests, the demo and, as `pulumi_cosjob.testing`, for users' own tests.

Nothing here imports the request layer of the package: a mistake there cannot hide itself here. This module
and `_clocks` load without aiohttp.
"""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from pulumi_cosjob._emulator.signature import Credentials

__all__ = ["JobOrder", "parse_job", "parse_replay", "serve"]

# Waiting wakes up now and then: on Windows a wait without end takes no Ctrl-C.
_WAKE_SECONDS = 1.0


_FORM = "ID=SCENARIO[,seconds=N][,tasks=N][,starts=first-request]"


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job that the emulator begins with.

    Args:
        job_id: Its id.
        scenario: What becomes of it.
        seconds: Its length of Active.
        tasks: How many tasks it has.
        starts: When its life begins: `now`, or at the `first-request` about it.
    """

    job_id: str
    scenario: str = "completes"
    seconds: float = 10.0
    tasks: int = 100
    starts: str = "now"


def parse_job(text: str) -> JobOrder:
    """Read a job from text such as `my-job=fails,seconds=30,tasks=500`.

    Args:
        text: `ID=SCENARIO`, then `,seconds=N`, `,tasks=N` and `,starts=first-request` if wanted, in any order.

    Returns:
        The job.

    Raises:
        ValueError: The text cannot be read so; the sentence says what is wrong.
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
        raise ValueError(f"starts is now or first-request, not {starts!r}")
    return JobOrder(job_id, scenario, _seconds(values.get("seconds", "10")), _tasks(values.get("tasks", "100")), starts)


def parse_replay(text: str) -> tuple[str, Path]:
    """Read a replay from text such as `my-job=answer.xml`.

    Args:
        text: `ID=FILE`.

    Returns:
        The job id, and the file.

    Raises:
        ValueError: The text cannot be read so, or there is no such file.
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
        raise ValueError(f"seconds is a number from 0, not {text!r}")
    return seconds


def _tasks(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"tasks is a whole number from 0, not {text!r}")
    return int(text)


def serve(
    host_port: tuple[str, int],
    jobs: Iterable[JobOrder],
    replays: Iterable[tuple[str, str | os.PathLike[str]]],
    credentials: Credentials | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until the process gets SIGINT or SIGTERM; to be called in the main thread.

    Args:
        host_port: A loopback address and a port; 0 for a free one.
        jobs: The jobs to begin with.
        replays: Job ids, and the files to answer with for them.
        credentials: The keys that requests are to be signed with; the emulator's own if there are none.
        ready: Is told the URL once requests are answered.

    Raises:
        OSError: It cannot listen there.
        ValueError: The host is not this machine's own, or a job cannot be created.
        ImportError: The emulator's dependencies are not installed.
    """
    from pulumi_cosjob._emulator.service import Service  # noqa: PLC0415 - as in parse_job
    from pulumi_cosjob._emulator.thread import ServerThread  # noqa: PLC0415 - needs aiohttp

    service = Service(credentials)
    for job in jobs:
        service.put_job(job.scenario, {}, job_id=job.job_id, seconds=job.seconds, tasks=job.tasks, starts=job.starts)
    for job_id, source in replays:
        service.replay(job_id, source)
    stopped = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in signals}
    thread = ServerThread(service, *host_port)
    try:
        thread.start()
        ready(thread.url)
        while not stopped.wait(_WAKE_SECONDS):
            pass
    finally:
        thread.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
