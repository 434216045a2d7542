"""`cosjob describe`, called as from a shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from command import FULL, cosjob
from places import RESPONSES

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.usefixtures("service_environment")


def test_describe_prints_all_fields_as_a_table(service: CosBatchEmulator) -> None:
    """Each field that has a value has a row, below those of its parents; absent fields have none."""
    service.replay(FULL, RESPONSES / "full.xml")
    result = cosjob("describe", FULL, "--appid", "1250000000", "--full")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [line.rstrip() for line in result.stdout.splitlines()]
    assert rows[1].split(maxsplit=1) == ["status", "Active: works on its tasks"]
    assert '    etag                         "a7ba0ad1f1a5d7e5f5b5a1c6d6e7f809"' in rows
    assert "    fields                       Bucket, Key, VersionId, Ignore" in rows
    assert "    prefix_replace               no" in rows
    assert not any("cos_delete_object" in row for row in rows)


def test_describe_escapes_control_characters(service: CosBatchEmulator) -> None:
    """A job cannot move the cursor of the terminal."""
    response = (RESPONSES / "full.xml").read_bytes().replace(b">in/<", ">in\u009b2J\r\n/<".encode())
    service.replay(FULL, response)
    result = cosjob("describe", FULL, "--appid", "1250000000", "--full")
    assert "\x9b" not in result.stdout
    assert "in\\x9b2J\\n/" in result.stdout


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_describe_prints_the_whole_description_as_data(service: CosBatchEmulator, output: str) -> None:
    """JSON and YAML have all fields, absent ones as null."""
    service.replay(FULL, RESPONSES / "full.xml")
    result = cosjob("describe", FULL, "--appid", "1250000000", "--output", output)
    data = json.loads(result.stdout) if output == "json" else yaml.safe_load(result.stdout)
    expected = json.loads((RESPONSES / "full.json").read_text())
    assert data == {**expected, "unknown_elements": [], "unknown_values": []}, "compare tests/responses/full.json"


def test_describe_shows_unknown_and_removed_values(service: CosBatchEmulator) -> None:
    """A removed value is a warning on standard error; values that the schema does not list are in the table."""
    response = (
        (RESPONSES / "full.xml").read_text().replace(">2147483647<", ">urgent<").replace("DEEP_ARCHIVE", "DEEP_COLD")
    )
    service.replay(FULL, response.replace(">Active<", ">Archiving<"))
    result = cosjob("describe", FULL, "--appid", "1250000000", "--full")
    assert result.exit_code == 0
    assert result.stderr == (
        "cosjob: warning: a part of the response violates the schema and was left out: "
        "/DescribeJobResult/Job/Priority: must be a whole number from 0 to 2147483647, or nothing, but is 'urgent'\n"
    )
    shown = "".join(result.stdout.split())
    assert "statusArchiving:astatusthatthisversiondoesnotknow" in shown
    copied = "/DescribeJobResult/Job/Operation/COSPutObjectCopy"
    assert shown.endswith(f"unknown_values{copied}/StorageClass:DEEP_COLD,/DescribeJobResult/Job/Status:Archiving")
    assert "priority" not in shown
    result = cosjob("describe", FULL, "--appid", "1250000000", "--validation", "strict")
    assert result.exit_code == 1
    assert "/DescribeJobResult/Job/Priority: must be a whole number" in result.stderr


def test_describe_reads_the_account_from_options(service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options take precedence over the environment."""
    job_id = service.create_job("completes", appid="1250000001")
    monkeypatch.setenv("COSJOB_ENDPOINT", "http://127.0.0.1:1")
    result = cosjob(
        "describe", job_id, "--appid", "1250000001", "--endpoint", service.endpoint, "--request-timeout", "5"
    )
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope", "--appid", "1250000000"], 1, "there is no such job"),
        (["nope", "--appid", "appid"], 2, "cosjob: --appid cannot be 'appid'"),
        (["../nope", "--appid", "1250000000"], 2, "cosjob: JOB_ID cannot be '../nope'"),
        (["nope", "--appid", "1", "--validation", "lax"], 2, "--validation must be one of strict, lenient, not 'lax'"),
        (["nope", "--appid", "1", "--request-timeout", "nan"], 2, "cosjob: --request-timeout cannot be 'nan'"),
        ([], 2, "cosjob: there is no JOB_ID: give one at least."),
        (["nope", "--appid", "1", "-o", "text"], 2, "'text' is not one of 'table', 'json', 'yaml'"),
    ],
)
@pytest.mark.usefixtures("service")
def test_describe_fails_with_a_message(arguments: list[str], code: int, message: str) -> None:
    """Failures and malformed arguments have different exit codes, and standard output stays empty."""
    result = cosjob("describe", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
