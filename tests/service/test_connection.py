"""Connections that fail, names that do not resolve, and errors of the HTTP libraries."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests
import urllib3
from clients import APPID, ID, KEY, client_of, clock, failure, service

from pulumi_cosjob._errors import ConnectionFailedError, RequestError
from pulumi_cosjob._service import transport
from pulumi_cosjob._service.client import CosBatchClient

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator, ManualClock

__all__ = ["clock", "service"]


def test_an_unreachable_service_is_reported(service: CosBatchEmulator, clock: ManualClock) -> None:
    """The message has the operating system's reason, and the error is a ConnectionError."""
    endpoint = service.endpoint
    service.stop()
    with client_of(service, clock, endpoint=endpoint) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "Connection refused" in str(error)
    assert error.attempts > 5
    assert isinstance(error, ConnectionError)


def test_a_restarted_service_is_reached(service: CosBatchEmulator, clock: ManualClock) -> None:
    """Broken connections are not reused."""
    job_id = service.create_job()
    with client_of(service, clock) as client:
        client.describe_job(job_id, APPID)
        service.stop()
        failure(client, job_id, ConnectionFailedError)
        service.start()
        assert client.describe_job(job_id, APPID).job_id == job_id


def test_an_unknown_name_is_reported(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """The message has the resolver's reason, and the hint names the region."""

    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with CosBatchClient(uin="1", region="ap-nowhere", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert "the endpoint's name was not found: Name or service not known" in str(error)
    assert "region" in error.hint
    assert error.name_not_found
    assert 3 <= clock.monotonic() <= 5
    assert error.attempts > 2


def test_a_name_that_stops_resolving_is_an_outage(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """Where an attempt has found the name, attempts go on for the whole time limit."""
    lookups = itertools.count()

    def sometimes(*_args: object, **_kwargs: object) -> None:
        if next(lookups) == 1:
            raise ConnectionRefusedError(111, "Connection refused")
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", sometimes)
    with CosBatchClient(uin="1", region="ap-x", secret_id=ID, secret_key=KEY, clock=clock) as client:
        error = failure(client, kind=ConnectionFailedError)
    assert error.name_not_found
    assert 45 <= clock.monotonic() < 60


def subclasses(cls: type[Exception]) -> Iterator[type[Exception]]:
    """Yield a class and its subclasses, at any depth."""
    yield cls
    for each in cls.__subclasses__():
        yield from subclasses(each)


LIBRARY_ERRORS = {*subclasses(requests.exceptions.RequestException), *subclasses(urllib3.exceptions.HTTPError)}


@pytest.mark.parametrize("cls", sorted(LIBRARY_ERRORS, key=str))
def test_every_error_of_the_libraries_is_translated(cls: type[Exception]) -> None:
    """No error of requests or urllib3 reaches the caller, not even as a cause."""
    theirs = cls.__new__(cls)
    with pytest.raises(RequestError) as caught:
        transport._translate(theirs)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
