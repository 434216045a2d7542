"""Rows about whole commands, as users wait for them: `pulumi` on the real engine, and `cosjob`."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import requests

import local_service
from read_programs import (
    constants,
    native,
    native_constant,
    of_the_credentials,
    one_by_one,
    together,
    without_reads,
)
from rig import Rig, control, user_environment
from rows import Measurement, alternately, seconds_of

__all__ = [
    "cosjob_with_a_request",
    "cosjob_without",
    "discovery",
    "growth",
    "preview",
    "preview_native",
    "reads",
    "ups",
]

# A smaller or negative slope, which is noise of process starts, counts as this many ms, so that ratios are positive.
_LEAST_SLOPE = 0.01


def preview(rig: Rig, jobs: int) -> Measurement:
    """Measure a preview that reads jobs with `get_job`, against dynamic reads of a constant."""
    job_ids = rig.jobs(jobs)
    return alternately(rig.preview(one_by_one(job_ids)), rig.preview(constants(job_ids)))


def preview_native(rig: Rig) -> Measurement:
    """Measure a preview with one `get_job` of the plugin, against a function that returns a constant."""
    [job_id] = rig.jobs(1)
    return alternately(rig.preview(native(one_by_one([job_id]))), rig.preview(native_constant(job_id)))


def reads(rig: Rig) -> Measurement:
    """Measure a preview with one `get_job`, against the same program without it."""
    job_ids = rig.jobs(1)
    return alternately(rig.preview(one_by_one(job_ids)), rig.preview(without_reads(job_ids)))


def discovery(rig: Rig) -> Measurement:
    """Measure a preview that discovers its account, where each request takes 20 ms."""
    slow = rig.another("discovery")
    delay = {"kind": "delay", "seconds": 0.02, "times": None}
    control(slow.endpoint, "faults", [delay, {**delay, "action": "GetUserAppId"}])
    [job_id] = slow.jobs(1)
    return alternately(slow.preview(of_the_credentials(job_id)), slow.preview(one_by_one([job_id])))


def ups(rig: Rig) -> Measurement:
    """Measure a first update with many jobs, read with `get_jobs` and with `get_job`."""
    job_ids = rig.jobs(rig.sizes.jobs)

    def up(program: str) -> Callable[[], float]:
        return lambda: rig.update(rig.stack(program))

    return alternately(up(together(job_ids)), up(one_by_one(job_ids)))


def growth(rig: Rig) -> Measurement:
    """Measure the cost of one more job in a preview with `get_jobs`: of the last step, against the step before it."""
    steps = rig.sizes.steps
    runs = {jobs: rig.preview(together(rig.jobs(jobs))) for jobs in steps}
    found: dict[int, list[float]] = {jobs: [] for jobs in steps}

    def pair(number: int) -> tuple[float, float]:
        for jobs in reversed(steps) if number % 2 else steps:
            found[jobs].append(runs[jobs]())
        *_, before, last = slopes({jobs: each[-1] for jobs, each in found.items()})
        return max(last, _LEAST_SLOPE), max(before, _LEAST_SLOPE)

    def note() -> str:
        medians = {jobs: statistics.median(each) for jobs, each in found.items()}
        figures = ", ".join(f"{jobs:,}: {seconds:.2f} s" for jobs, seconds in medians.items())
        return f"{figures}; ms a job between them: {', '.join(f'{each:.1f}' for each in slopes(medians))}"

    return Measurement(pair, note)


def slopes(seconds: dict[int, float]) -> list[float]:
    """Return the milliseconds of one more job, between each number of jobs and the next."""
    points = list(seconds.items())
    return [1000 * (later - earlier) / (more - fewer) for (fewer, earlier), (more, later) in itertools.pairwise(points)]


# -------------------------------------------------------------------------------------------------- the cosjob command

_REQUEST = """
import json, sys, requests
requests.get(sys.argv[1], headers=json.loads(sys.argv[2]), timeout=10).raise_for_status()
"""


def cosjob_with_a_request(rig: Rig, command: str) -> Measurement:
    """Measure a command about a job that has completed, against Python that sends the same request."""
    url = f"{rig.endpoint}/jobs/{rig.completed_job}"

    def signed() -> str:
        request = requests.Request("GET", url, headers={"x-cos-appid": local_service.APPID}).prepare()
        return json.dumps(dict(local_service.signed(request).headers))

    variables = {**rig.variables(), "COSJOB_APPID": local_service.APPID}
    return alternately(
        lambda: _seconds(variables, _cosjob(), command, rig.completed_job),
        lambda: _seconds(variables, sys.executable, "-c", _REQUEST, url, signed()),
    )


def cosjob_without(_rig: Rig, option: str) -> Measurement:
    """Measure a command that sends no request, against Python that imports `requests`."""
    variables = user_environment()
    return alternately(
        lambda: _seconds(variables, _cosjob(), option),
        lambda: _seconds(variables, sys.executable, "-c", "import requests"),
    )


def _cosjob() -> str:
    """Return the path of the command as it is installed."""
    return str(Path(sys.executable).parent / "cosjob")


def _seconds(variables: dict[str, str], *command: str) -> float:
    """Return the seconds of a command."""
    # The arguments of the floor, its signature among them, are made before the time begins.
    return seconds_of(lambda: subprocess.run(command, env=variables, check=True, capture_output=True))
