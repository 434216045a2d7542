"""A machine whose clock is wrong: the client corrects it once by the service's time."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from clients import APPID, ID, KEY, client, client_of, clock, failure, service

from patience import HANGS
from pulumi_cosjob._errors import AccessDeniedError
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


@pytest.mark.parametrize(
    ("off", "attempts"), [(3600, 2), (-3600, 2), (90 * 24 * 3600, 2), (-61, 2), (-60, 1), (61, 1), (590, 1), (610, 2)]
)
def test_a_clock_that_is_off_is_corrected_once(off: float, attempts: int) -> None:
    """One request measures the service's time; each further one is accepted at once."""
    ours = ManualClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + off)) as service:
        job_id = service.create_job()
        with client_of(service, ours, token=None) as client:
            assert client.describe_job(job_id, APPID).job_id == job_id
            first = len(service.requests)
            assert client.describe_job(job_id, APPID).job_id == job_id
    # A signature is valid from a minute before it is made and for ten minutes: a smaller offset does no harm.
    assert (first, len(service.requests)) == (attempts, attempts + 1)


def test_a_wrong_clock_does_not_hide_wrong_credentials() -> None:
    """With the time corrected, the error is about the credentials, after two requests and not more."""
    ours = ManualClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + 3600)) as service:
        with client_of(service, ours, secret_key="wrong", token=None) as client:
            assert failure(client, kind=AccessDeniedError).code == "SignatureDoesNotMatch"
        assert len(service.requests) == 2


def test_a_service_that_changes_its_clock_is_corrected_once(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """Two refusals for two different times end the request."""
    service.inject(Fault("skew", seconds=3600), Fault("skew", seconds=-3600))
    assert failure(client, kind=AccessDeniedError).code == "RequestTimeTooSkewed"
    assert len(service.requests) == 2


class MeetingClock(ManualClock):
    """A clock at which the first two threads meet when each reads it the second time: after its first response."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = threading.Barrier(2, timeout=HANGS)
        self._reads: Counter[int] = Counter()

    def now(self) -> float:
        """Return the time, once both threads have read it."""
        thread = threading.get_ident()
        self._reads[thread] += 1
        if self._reads[thread] == 2 and len(self._reads) <= 2:
            self._meeting.wait()
        return super().now()


def test_threads_that_measure_an_offset_together_correct_the_clock_once() -> None:
    """Two first requests at the same time both succeed: the offset that both measured is not added up."""
    ours = MeetingClock()
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, clock=ManualClock(ours.now() + 3600)) as service:
        ours._reads.clear()
        job_id = service.create_job()
        with client_of(service, ours, token=None) as client, ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda _: client.describe_job(job_id, APPID).job_id, range(2)))
            first = len(service.requests)
            found.append(client.describe_job(job_id, APPID).job_id)
    assert found == [job_id] * 3
    assert (first, len(service.requests)) == (4, 5)
