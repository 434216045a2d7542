"""What the command prints as data: YAML, JSON and parts of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from command import FULL, cosjob
from places import RESPONSES
from pulumi_cosjob._cli import formats

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

APPID = "1250000000"

# What is no text by the core schema of YAML 1.2.
CORE = re.compile(
    r"null|Null|NULL|~||true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)
# What is no text by the types of YAML 1.1.
TYPES = re.compile(
    r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+"
    r"|[-+]?([0-9][0-9_]*)?\.[0-9.]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|~|null|Null|NULL|"
    r"|y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|=|<<"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?([Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(\.[0-9]*)?"
    r"(([ \t]*)Z|[-+][0-9][0-9]?(:[0-9]{2})?)?"
)
AMBIGUOUS = (
    *(
        "0o17",
        "1_000",
        "1e3",
        ".5",
        "0x1F",
        "12:30",
        "yes",
        "on",
        "~",
        "null",
        "2026-01-01",
        "1250000000",
        "",
        "=",
        "<<",
    ),
    *("08", "+1", "-.inf", ".NaN", "y", "N", "0b11", "1.", "1E+3", "190:20:30.15", "2026-01-01T00:00:00Z", "1234e56"),
)


def written(value: object) -> str:
    """Return what is printed for a value as YAML."""
    texts: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "write_output", lambda text, **_: texts.append(text))
        formats.print_data(value, "yaml")
    return "".join(texts)


@given(st.from_regex(CORE, fullmatch=True) | st.from_regex(TYPES, fullmatch=True) | st.text(max_size=12))
@example("1\n")
@example(".")
@example("+..e+1")
@example("-.....0")
def test_yaml_is_text_to_both_versions(text: str) -> None:
    """A text that either version reads as another type is in quotes, and every text is read as it was."""
    value, item = written({"value": text}), written({text or "empty": 0})
    assert yaml.safe_load(value) == {"value": text}
    assert yaml.safe_load(item) == {text or "empty": 0}
    if CORE.fullmatch(text) or TYPES.fullmatch(text):
        assert value.startswith(("value: '", 'value: "'))
        assert item.startswith(("'", '"')) or not text


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_yaml_quotes_what_is_ambiguous(text: str) -> None:
    """The texts that readers stumble over, as they are written."""
    assert written(text) == f"'{text}'\n"
    assert written([1, True, None]) == "- 1\n- true\n- null\n"


@pytest.mark.usefixtures("service_environment")
def test_several_jobs_are_an_object_by_their_ids(service: CosBatchEmulator) -> None:
    """One id prints the description itself; what cannot be read is an error, and the others are printed."""
    service.replay(FULL, RESPONSES / "full.xml")
    service.create_job("completes", job_id="1e3")
    one = json.loads(cosjob("describe", FULL, FULL, "--appid", APPID, "-o", "json").stdout)
    result = cosjob("describe", "1e3", "none", FULL, "--appid", APPID, "-o", "json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, list(printed), printed[FULL]) == (1, ["1e3", FULL], one)
    assert result.stderr.startswith("cosjob: there is no such job")
    assert result.stderr.count("\n") == 1
    result = cosjob("describe", "1e3", FULL, "--appid", APPID, "-o", "yaml")
    assert yaml.safe_load(result.stdout) == printed
    assert result.stdout.startswith("'1e3':\n")
    result = cosjob("describe", "none", "nor-this", "--appid", APPID, "-o", "json")
    assert (result.exit_code, result.stdout, result.stderr.count("there is no such job")) == (1, "", 2)


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["--query", "status"], "Active\n"),
        (["--query", "status", "-o", "json"], '"Active"\n'),
        (["--query", "status", "-o", "yaml"], "Active\n"),
        (["--query", "priority", "-o", "yaml"], "2147483647\n"),
        (["--query", "creation_time", "-o", "yaml"], "'2026-11-23T06:00:00Z'\n"),
        (["--query", "manifest.spec.fields"], "Bucket\nKey\nVersionId\nIgnore\n"),
        (["--query", "progress_summary.number_of_tasks_failed > `1`"], "true\n"),
        (["--query", "nothing"], "null\n"),
        (["--query", "[]"], "null\n"),
        (["--query", "{a: report.enabled}"], '{\n  "a": true\n}\n'),
    ],
)
@pytest.mark.usefixtures("service_environment")
def test_a_query_selects_from_the_json(service: CosBatchEmulator, arguments: list[str], printed: str) -> None:
    """A text alone has no quotes unless a format is set; what is no text or number is JSON."""
    service.replay(FULL, RESPONSES / "full.xml")
    result = cosjob("describe", FULL, "--appid", APPID, *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, printed, "")


@pytest.mark.usefixtures("service_environment")
def test_a_summary_has_five_lines_for_each_job(service: CosBatchEmulator) -> None:
    """They say which job, its status and why, its progress, its times and what it does; nothing is cut or folded."""
    service.create_job("fails", job_id="broken", seconds=60, tasks=1000, description="d" * 200)
    service.create_job("restore", job_id="restoring", seconds=60, tasks=10)
    service.clock.advance(300)
    result = cosjob("describe", "broken", "restoring", "--appid", APPID)
    assert result.exit_code == 0
    broken, restoring = (each.splitlines() for each in result.stdout.split("\n\n"))
    assert [line.split()[0] for line in broken] == ["job", "status", "progress", "times", "operation"]
    assert broken[0] == f'job        broken  "{"d" * 200}"'
    assert broken[1] == "status     Failed: ManifestUnreadable: The rest of the manifest cannot be read."
    assert broken[2] == "progress   40 %, 100 of 1,000 tasks succeeded, 300 failed"
    assert re.fullmatch(r"times {6}created \S+Z, ended \S+Z after 1 min 4 s", broken[3])
    assert restoring[4] == "operation  restores for 7 days, Standard, priority 10"


@pytest.mark.usefixtures("service_environment")
def test_settings_that_are_missing_are_one_error_for_all_jobs(
    service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the credentials is written once, and the exit code is the worst one."""
    monkeypatch.delenv("TENCENTCLOUD_SECRET_KEY")
    result = cosjob("describe", "a", "b", "--appid", APPID)
    assert (result.exit_code, result.stdout, result.stderr.count("cosjob: ")) == (2, "", 1)
    assert service.requests == []
