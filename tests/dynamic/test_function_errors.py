"""Errors and settings of `get_job` on the real engine, against the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from places import RESPONSES
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import NewStack, error_line

pytestmark = pytest.mark.engine

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
SECRET_KEY = "emulator-key-that-is-never-shown"

READ = """
import pulumi
from pulumi_cosjob import get_job
job = get_job({job_id!r}, "1250000000")
pulumi.export("status", job.status)
"""


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs' clock stands still, with a secret key that is found in no other text."""
    with CosBatchEmulator(secret_key=SECRET_KEY) as emulator:
        emulator.clock.hold()
        yield emulator


def _break_schema(service: CosBatchEmulator) -> None:
    response = (RESPONSES / "full.xml").read_bytes().replace(b">Active<", b"><").replace(b">3<", b">-3<")
    service.replay(FULL, response)


def _page(service: CosBatchEmulator) -> None:
    service.replay(FULL, b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body>")


@pytest.mark.parametrize(
    ("arrange", "variables", "expected"),
    [
        (None, {"COSJOB_ENDPOINT": None, "TENCENTCLOUD_REGION": None}, ["region is not set", "TENCENTCLOUD_REGION"]),
        (
            None,
            {"TENCENTCLOUD_SECRET_ID": None, "TENCENTCLOUD_SECRET_KEY": None},
            ["no credentials", "~/.tencentcloud/credentials"],
        ),
        (None, {}, ["there is no such job", FULL, "code NoSuchJob", "request id", "90 days"]),
        (
            None,
            {"TENCENTCLOUD_SECRET_KEY": "wrong"},
            ["the signature was refused: wrong secret key", "SignatureDoesNotMatch", "request id"],
        ),
        (
            None,
            {"COSJOB_ENDPOINT": "http://127.0.0.1:1", "COSJOB_REQUEST_TIMEOUT": "1"},
            [
                "the service could not be reached: Connection refused",
                "endpoint http://127.0.0.1:1",
                "Check the endpoint",
            ],
        ),
        (_page, {}, ["cannot be read as XML", "<!DOCTYPE html>", "Check the endpoint"]),
        (_break_schema, {}, ["the response violates the schema of DescribeJobResult in 2 places", FULL]),
    ],
    ids=["region", "credentials", "no-such-job", "wrong-key", "no-route", "page", "schema"],
)
def test_an_error_says_what_failed_and_what_to_do(
    new_stack: NewStack,
    service: CosBatchEmulator,
    tmp_path: Path,
    arrange: Callable[[CosBatchEmulator], None] | None,
    variables: dict[str, str | None],
    expected: list[str],
) -> None:
    """The engine shows the whole message in a preview, with the job and without a secret."""
    if arrange is not None:
        arrange(service)
    stack = new_stack(READ.format(job_id=FULL), HOME=str(tmp_path), **variables)
    run = stack.preview()
    line = error_line(run)
    assert [part for part in expected if part not in line] == []
    assert SECRET_KEY not in run.text


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ('"../etc", "1250000000"', "job_id"),
        ('"a", "1250000000\\r\\nx: y"', "appid"),
        ('"a", 1250000000', "appid"),
        ('"a", "1250000000", region="evil.example/"', "region"),
    ],
)
def test_a_malformed_argument_is_named_without_a_traceback(
    new_stack: NewStack, service: CosBatchEmulator, arguments: str, argument: str
) -> None:
    """The message is a sentence about the argument. No request is sent."""
    stack = new_stack(f"from pulumi_cosjob import get_job\nget_job({arguments})\n")
    run = stack.preview().failed()
    assert f"error: {argument} " in run.text
    assert "Traceback" not in run.text
    assert service.requests == []


def files_with(secret: str, folder: Path) -> list[Path]:
    """Return the files below a folder that contain a secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [path for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.oldest
def test_settings_and_credentials_come_from_the_stacks_config(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """Credentials in the config are used, and no message and no file contains them."""
    job_id = service.create_job("completes")
    stack = new_stack(READ.format(job_id=job_id), **dict.fromkeys(service.environment()))
    for name, value in (("endpoint", service.endpoint), ("uin", "100000000001"), ("validation", "strict")):
        stack.run("config", "set", f"cosjob:{name}", value).ok()
    stack.run("config", "set", "--secret", "tencentcloud:secretId", "emulator-id").ok()
    stack.run("config", "set", "--secret", "tencentcloud:secretKey", SECRET_KEY).ok()
    texts = [stack.up().ok().text, stack.refresh().ok().text, stack.run("stack", "export").ok().text]
    assert stack.outputs() == {"status": "New"}
    assert [text for text in texts if SECRET_KEY in text] == []
    assert files_with(SECRET_KEY, stack.folder) == []


def test_credentials_of_the_environment_are_in_no_log(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """With all logs of engine, host and provider at the highest level, no line contains the secret key."""
    job_id = service.create_job("completes")
    stack = new_stack(READ.format(job_id=job_id))
    run = stack.up("--logtostderr", "-v=11", "--logflow", "--debug").ok()
    assert stack.outputs() == {"status": "New"}
    assert len(run.text) > 20_000
    assert SECRET_KEY not in run.text
    assert files_with(SECRET_KEY, stack.folder) == []


def test_lenient_validation_warns_and_goes_on(new_stack: NewStack, service: CosBatchEmulator) -> None:
    """By default an element that violates the schema is left out, with one warning; strict makes it an error."""
    response = (RESPONSES / "full.xml").read_bytes().replace(b">2147483647<", b">-1<")
    service.replay(FULL, response)
    stack = new_stack(READ.format(job_id=FULL))
    run = stack.up().ok()
    warning = "a part of the response violates the schema and was left out: /DescribeJobResult/Job/Priority: must be "
    assert f"warning: {warning}" in run.text
    assert "_answers.py" not in run.text
    assert stack.outputs() == {"status": "Active"}
    stack.run("config", "set", "cosjob:validation", "strict").ok()
    assert "violates the schema" in error_line(stack.preview())
