"""The plugin's event loop reacts to Ctrl-C while one gate waits for very many jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugins import config_of
from pulumi_cosjob.testing import CosBatchEmulator
from stalls import Stalls, measure

pytestmark = pytest.mark.newest
JOBS = 1500


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs make no progress by themselves."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


def stalls_of(service: CosBatchEmulator, scenario: str) -> Stalls:
    """Wait for many jobs with secret ids, which have ended or are suspended."""
    job_ids = [service.create_job(scenario, seconds=0) for _ in range(JOBS)]
    service.clock.advance(30)
    inputs = {"jobIds": job_ids, "appid": "1250000000", "failWhenSuspended": True}
    return measure(config_of(service), inputs, ["jobIds"])


def test_a_gate_for_many_jobs_does_not_stall_the_loop(service: CosBatchEmulator) -> None:
    """Neither while it waits nor while its outputs are written and read. A loop over all polls would take 0.5 s."""
    found = stalls_of(service, "completes")
    assert found.error == ""
    assert found.cpu < 0.2


def test_a_warning_for_each_of_many_jobs_does_not_stall_the_loop(service: CosBatchEmulator) -> None:
    """A search of each line for every id would take 1.5 s."""
    found = stalls_of(service, "waits-for-confirmation")
    assert "jobIds: 1500 of 1500 jobs did not complete" in found.error
    assert found.lines > 0
    assert found.cpu < 0.2
