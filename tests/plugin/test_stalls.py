"""The plugin's event loop goes on hearing Ctrl-C while one gate waits for very many jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugins import config_of
from pulumi_cosjob.testing import CosBatchEmulator
from stalls import Stalls, measure

JOBS = 1500


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs stand still."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


def stalled(service: CosBatchEmulator, scenario: str) -> Stalls:
    """Wait for many jobs with secret ids, which have come to an end or to a halt."""
    job_ids = [service.create_job(scenario, seconds=0) for _ in range(JOBS)]
    service.clock.advance(30)
    inputs = {"jobIds": job_ids, "appid": "1250000000", "failWhenSuspended": True}
    return measure(config_of(service), inputs, ["jobIds"])


def test_a_gate_for_many_jobs_does_not_stall_the_loop(service: CosBatchEmulator) -> None:
    """Neither while it waits nor while its outputs are written and read; a wait over all polls takes 0.5 s."""
    found = stalled(service, "completes")
    assert found.error == ""
    assert found.cpu < 0.2


def test_a_warning_for_each_of_many_jobs_does_not_either(service: CosBatchEmulator) -> None:
    """To search each line for every id alone takes 1.5 s."""
    found = stalled(service, "waits-for-confirmation")
    assert "jobIds: 1500 of 1500 jobs did not complete" in found.error
    assert found.lines > 0
    assert found.cpu < 0.2
