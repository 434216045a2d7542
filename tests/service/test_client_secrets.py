"""Credentials stay out of errors, logs and the client's repr."""

from __future__ import annotations

import logging
import os
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest
from clients import KEY, TOKEN, client, clock, failure, service

from pulumi_cosjob._messages import Audience
from pulumi_cosjob.testing import CosBatchEmulator, Fault

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient

__all__ = ["client", "clock", "service"]


LEAKS = [
    Fault("error", code="AccessDenied", status=403),
    Fault("error", code="InternalError", status=500, times=None),
    Fault("html", status=407),
    Fault("html", status=200),
    Fault("empty"),
    Fault("redirect"),
    Fault("reset", times=None),
    Fault("reset-in-body", times=None),
    Fault("truncated", times=None),
    Fault("raw", body=b"garbage", times=None),
    Fault("other-job"),
    Fault("skew", seconds=99999),
]


@pytest.mark.parametrize("fault", LEAKS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_no_error_or_log_shows_a_secret(
    client: CosBatchClient, service: CosBatchEmulator, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """Secret key, token and signature are in no message, attribute, traceback, pickle or log record of any library."""
    job_id = service.create_job()
    service.inject(fault)
    with caplog.at_level(logging.DEBUG):
        for name in ("urllib3", "requests", "tencentcloud", "tenacity"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        error = failure(client, job_id)
    text = "".join(
        [
            str(error),
            repr(error),
            repr(vars(error)),
            "".join(traceback.format_exception(error)),
            pickle.dumps(error).decode("latin-1"),
            caplog.text,
            "".join(repr(vars(record)) for record in caplog.records),
        ]
    )
    assert job_id in text
    for secret in (KEY, TOKEN, "q-signature", "sign_key"):
        assert secret not in text


def test_errors_keep_no_response_or_request(client: CosBatchClient, service: CosBatchEmulator) -> None:
    """The attributes of an error are plain values and its audience: no object with headers goes into a pickle."""
    service.inject("other-job")
    error = failure(client, service.create_job())
    assert {type(value) for value in vars(error).values()} <= {str, int, float, type(None), Audience}
    assert error.__context__ is None or not vars(error.__context__).get("request")


def test_a_client_does_not_show_its_credentials(client: CosBatchClient) -> None:
    """Printing a client or its attributes shows no secret."""
    shown = repr(client) + repr(vars(client))
    assert KEY not in shown
    assert TOKEN not in shown


def test_no_proxy_and_no_account_is_configured() -> None:
    """The environment of these tests names no proxy and no account."""
    assert not [name for name in os.environ if name.startswith(("COSJOB_", "TENCENTCLOUD_")) or "proxy" in name.lower()]
