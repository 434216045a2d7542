"""A client of the emulator, and what the tests of the request layer share."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from documents import JOB_ID
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

APPID = "1250000000"
ID = "emulator-id"
KEY = "s3cr3t-key-that-nobody-may-see"
TOKEN = "s3cr3t-token-that-nobody-may-see"


@pytest.fixture
def clock() -> ManualClock:
    """Return the clock of client and service, which only tests and sleeps advance."""
    return ManualClock()


@pytest.fixture
def service(clock: ManualClock) -> Iterator[CosBatchEmulator]:
    """Serve COS Batch by the same clock."""
    with CosBatchEmulator(secret_id=ID, secret_key=KEY, token=TOKEN, clock=clock) as emulator:
        yield emulator


def client_of(service: CosBatchEmulator, clock: ManualClock | None = None, **settings: Any) -> CosBatchClient:
    """Return a client with credentials that the service accepts."""
    credentials: dict[str, Any] = {"secret_id": ID, "secret_key": KEY, "token": TOKEN}
    return CosBatchClient(**{"endpoint": service.endpoint, **credentials, **settings}, clock=clock)


@pytest.fixture
def client(service: CosBatchEmulator, clock: ManualClock) -> Iterator[CosBatchClient]:
    """Return a client with the service's clock and a minute for each request."""
    with client_of(service, clock) as made:
        yield made


def failure(client: CosBatchClient, job_id: str = JOB_ID, kind: type[CosJobError] = CosJobError) -> Any:
    """Read a job, and return the error."""
    with pytest.raises(kind) as caught:
        client.describe_job(job_id, APPID)
    return caught.value


def collect_what_is_left_open() -> None:
    """Collect the file that Python 3.10 reads a proxy's response from, and leaves open where that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
