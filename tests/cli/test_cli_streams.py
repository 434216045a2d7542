"""Encodings, and streams that cannot be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from command import run

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.usefixtures("service_environment")


TEXT = "中文 café \x9b31m \u202e 😀"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_describe_escapes_characters_that_the_encoding_lacks(
    service: CosBatchEmulator, encoding: str, output: str
) -> None:
    """Such a description is no error, and JSON and YAML stay valid."""
    job_id = service.create_job("completes", description=TEXT)
    done = run("describe", job_id, "--appid", "1250000000", "--output", output, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    # Click treats ASCII as a wrong setting, and writes UTF-8.
    shown = done.stdout.decode("utf-8" if encoding == "ascii" else encoding)
    assert shown.replace("\n", "").isprintable()
    assert ("中" in shown) is (encoding == "utf-8" and output != "yaml")
    if output == "table":
        assert "\\x9b31m" in shown
    else:
        data = json.loads(shown) if output == "json" else yaml.safe_load(shown)
        assert data["description"] == TEXT


def test_wait_writes_valid_json_in_any_encoding(service: CosBatchEmulator) -> None:
    """Unprintable characters are escaped as JSON escapes them."""
    job_id = service.create_job("completes", seconds=0, description=TEXT)
    service.clock.advance(60)
    done = run("wait", job_id, "--appid", "1250000000", "--output", "json", encoding="latin-1")
    assert done.returncode == 0, done.stderr
    assert b"caf\xe9 \\u009b31m" in done.stdout
    assert json.loads(done.stdout.decode("latin-1"))[job_id]["description"]["description"] == TEXT


@pytest.mark.parametrize(("job_id", "code"), [("completes", 0), ("fails", 1), ("../x", 2)])
def test_the_exit_code_does_not_depend_on_standard_error(service: CosBatchEmulator, job_id: str, code: int) -> None:
    """If standard error cannot be written, each outcome of a wait keeps its exit code."""
    for scenario in ("completes", "fails"):
        service.create_job(scenario, seconds=0, job_id=scenario)
    service.clock.advance(60)
    with Path("/dev/full").open("wb") as full:
        assert run("wait", job_id, "--appid", "1250000000", stderr=full).returncode == code


def test_an_output_that_cannot_be_written_is_reported(service: CosBatchEmulator) -> None:
    """The result is lost: the command fails with a message."""
    job_id = service.create_job("completes")
    with Path("/dev/full").open("wb") as full:
        done = run("describe", job_id, "--appid", "1250000000", stdout=full)
    expected = b"cosjob: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, expected)
