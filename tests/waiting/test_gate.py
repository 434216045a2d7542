"""What a gate takes, whichever way in: pure functions of its inputs."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_cosjob import InvalidArgumentError
from pulumi_cosjob._waiting.gate import (
    ANY_NUMBER,
    SERVICE_ENDPOINT,
    UNKNOWN,
    TargetInput,
    changed_inputs,
    check_inputs,
    is_known,
    job_ids_of,
    known_inputs,
    limits_of,
    make_id,
    new_job_ids,
    replacing_inputs,
    with_service_endpoint,
)

APPID = "1250000000"
ONE = {"job_id": "a", "appid": APPID}
MANY = {"job_ids": ["a", "b"], "appid": APPID}
CONFIG = {"cosjob:uin": "100000000001", "cosjob:region": "ap-chengdu"}
EMULATOR = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting come from the machine that runs the tests."""
    for name in ("COSJOB_UIN", "COSJOB_ENDPOINT", "TENCENTCLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("value", ["", 0, False, {}, "a", 1, True, {"a": 1}, None])
def test_a_gate_never_waits_for_what_is_no_list(value: object) -> None:
    """What another stack lacks is no list of no jobs, nor is anything else that happens to be empty."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_inputs("job_ids", {"job_ids": value, "appid": APPID})
    assert caught.value.argument == "job_ids"


@pytest.mark.parametrize(
    ("subject", "inputs", "argument"),
    [
        ("job_id", {"appid": APPID}, "job_id"),
        ("job_id", {"job_id": None, "appid": APPID}, "job_id"),
        ("job_id", {"job_ids": ["a"], "appid": APPID}, "job_id"),
        ("job_ids", {"job_id": "a", "appid": APPID}, "job_ids"),
        ("job_id", {"job_id": "a"}, "appid"),
        ("job_ids", {"job_ids": ["a", None], "appid": APPID}, "job_id"),
        ("job_ids", {"job_ids": [["a"]], "appid": APPID}, "job_id"),
        ("job_id", {**ONE, "endpoint": "ftp://host"}, "endpoint"),
        ("job_id", {**ONE, "uin": "main"}, "uin"),
        ("job_id", {**ONE, "max_failed_tasks": -2}, "max_failed_tasks"),
        ("job_id", {**ONE, "max_failed_tasks": True}, "max_failed_tasks"),
        ("job_id", {**ONE, "fail_when_suspended": 0}, "fail_when_suspended"),
        ("job_id", {**ONE, "timeout": UNKNOWN, "region": "."}, "region"),
    ],
)
def test_what_cannot_be_used_is_named(subject: TargetInput, inputs: dict[str, Any], argument: str) -> None:
    """Whether it is missing or malformed, also where other inputs are not known yet."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_inputs(subject, inputs)
    assert caught.value.argument == argument


def test_what_is_not_known_yet_passes() -> None:
    """In a preview: an input as a whole, and a part of a list."""
    check_inputs("job_id", {"job_id": UNKNOWN, "appid": UNKNOWN, "timeout": UNKNOWN, "endpoint": UNKNOWN})
    check_inputs("job_ids", {"job_ids": ["a", UNKNOWN], "appid": APPID})
    check_inputs("job_ids", {"job_ids": [], "appid": APPID})
    assert not is_known({"job_ids": ["a", UNKNOWN]})
    assert known_inputs({"job_ids": ["a", UNKNOWN], "uin": None, "timeout": UNKNOWN}) == {"job_ids": ["a"]}


def test_each_job_is_named_once() -> None:
    """However often a program names it."""
    assert job_ids_of("job_ids", {"job_ids": ["b", "a", "b"]}) == ["b", "a"]
    assert job_ids_of("job_id", ONE) == ["a"]
    assert job_ids_of("job_ids", {"job_ids": UNKNOWN}) == []


@pytest.mark.parametrize(
    ("given", "accepted"), [({}, 0), ({"max_failed_tasks": None}, 0), ({"max_failed_tasks": 3.0}, 3)]
)
def test_a_number_that_got_lost_accepts_no_failed_task(given: dict[str, Any], accepted: int) -> None:
    """Any number is accepted only where that is said."""
    assert limits_of(given).max_failed_tasks == accepted
    assert limits_of({"max_failed_tasks": ANY_NUMBER}).max_failed_tasks is None


def test_the_time_limit_is_the_nearest_one() -> None:
    """That of the inputs, then the engine's, then an hour."""
    assert limits_of({"timeout": "2h"}, 5.0).timeout == 7200
    assert limits_of({}, 5.0).timeout == 5
    assert limits_of({}).timeout == 3600


def test_inputs_that_mean_the_same_do_not_differ() -> None:
    """What is absent is what it is by default."""
    assert changed_inputs(ONE, {**ONE, "max_failed_tasks": 0, "fail_when_suspended": False, "uin": None}) == []
    assert changed_inputs(ONE, {**ONE, "max_failed_tasks": ANY_NUMBER}) == ["max_failed_tasks"]


AT_HOME = "https://100000000001.cos-control.ap-chengdu.myqcloud.com"


@pytest.mark.parametrize(
    ("olds", "news", "replaces"),
    [
        (ONE, {**ONE, "timeout": "2h"}, []),
        (ONE, {**ONE, "job_id": "b"}, ["job_id"]),
        (ONE, {**ONE, "appid": "1"}, ["appid"]),
        (ONE, {**ONE, "job_id": UNKNOWN}, ["job_id"]),
        (MANY, {**MANY, "job_ids": ["c"]}, []),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, {**ONE, SERVICE_ENDPOINT: EMULATOR}, [SERVICE_ENDPOINT]),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, {**ONE, "region": "ap-chengdu", SERVICE_ENDPOINT: AT_HOME}, []),
        # Where it cannot be told what the account was, or is, what has opened stays open.
        (ONE, {**ONE, SERVICE_ENDPOINT: AT_HOME}, []),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, ONE, []),
    ],
)
def test_another_job_or_endpoint_is_another_gate(
    olds: dict[str, Any], news: dict[str, Any], replaces: list[str]
) -> None:
    """By the job, the APPID and the endpoint that each was answered from."""
    assert replacing_inputs(olds, news) == replaces


@pytest.mark.parametrize(
    ("inputs", "config", "environment", "endpoint"),
    [
        ({}, CONFIG, {}, AT_HOME),
        ({"uin": "100000000001", "region": "ap-chengdu"}, {}, {}, AT_HOME),
        ({"endpoint": AT_HOME + "/"}, CONFIG, {}, AT_HOME),
        ({"region": "ap-beijing"}, CONFIG, {}, AT_HOME.replace("chengdu", "beijing")),
        ({}, CONFIG, {"COSJOB_ENDPOINT": EMULATOR}, EMULATOR),
        ({"region": "ap-beijing"}, {"cosjob:endpoint": EMULATOR}, {}, EMULATOR),
        # What it was before stays where it cannot be told.
        ({}, {}, {}, "before"),
        ({"region": UNKNOWN}, CONFIG, {}, "before"),
        ({"endpoint": "ftp://nowhere"}, CONFIG, {}, "before"),
    ],
)
def test_a_gate_keeps_the_endpoint_that_its_settings_lead_to(
    monkeypatch: pytest.MonkeyPatch,
    inputs: dict[str, Any],
    config: dict[str, str],
    environment: dict[str, str],
    endpoint: str,
) -> None:
    """Whether they are inputs, or stand in the configuration or the environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = with_service_endpoint({**ONE, **inputs}, config.get, {SERVICE_ENDPOINT: "before"})
    assert found == {**ONE, **inputs, SERVICE_ENDPOINT: endpoint}


def test_a_gate_without_settings_has_no_endpoint() -> None:
    """Where there is no gate yet there is nothing to keep."""
    assert with_service_endpoint(ONE, lambda _key: None, {}) == ONE


def test_jobs_that_were_not_waited_for_are_new() -> None:
    """By the inputs and by what the state has of them; at another endpoint all are."""
    at_home = {**MANY, SERVICE_ENDPOINT: AT_HOME}
    more = {**at_home, "job_ids": ["a", "c", "c"]}
    assert new_job_ids("job_ids", at_home, more, ["a", "b"]) == ["c"]
    assert new_job_ids("job_ids", at_home, more, ["b"]) == ["a", "c"]
    assert new_job_ids("job_ids", at_home, more, ["a", "b", "c"]) == ["c"]
    assert new_job_ids("job_ids", at_home, {**more, SERVICE_ENDPOINT: EMULATOR}, ["a", "b"]) == ["a", "c"]
    assert new_job_ids("job_ids", {}, more, []) == ["a", "c"]


def test_no_two_gates_have_the_same_id() -> None:
    """Whatever they wait for."""
    assert len({make_id() for _ in range(100)}) == 100
