"""What a gate takes, whichever way in: pure functions of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_cosjob import InvalidArgumentError
from pulumi_cosjob._gate_inputs import (
    ANY_NUMBER,
    UNKNOWN,
    Subject,
    changed_inputs,
    check_inputs,
    is_known,
    job_ids_of,
    known_inputs,
    limits_of,
    new_job_ids,
    replacing_inputs,
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
def test_what_cannot_be_used_is_named(subject: Subject, inputs: dict[str, Any], argument: str) -> None:
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


@pytest.mark.parametrize(
    ("olds", "news", "config", "replaces"),
    [
        (ONE, {**ONE, "timeout": "2h"}, {}, []),
        (ONE, {**ONE, "job_id": "b"}, {}, ["job_id"]),
        (ONE, {**ONE, "appid": "1"}, {}, ["appid"]),
        (ONE, {**ONE, "job_id": UNKNOWN}, {}, ["job_id"]),
        (MANY, {**MANY, "job_ids": ["c"]}, {}, []),
        # Naming what the configuration says anyway.
        (ONE, {**ONE, "uin": "100000000001"}, CONFIG, []),
        ({**ONE, "region": "ap-chengdu"}, ONE, CONFIG, []),
        (ONE, {**ONE, "endpoint": "https://100000000001.cos-control.ap-chengdu.myqcloud.com/"}, CONFIG, []),
        (ONE, {**ONE, "region": "ap-beijing"}, {"cosjob:endpoint": EMULATOR}, []),
        # Naming something else.
        (ONE, {**ONE, "uin": "100000000002"}, CONFIG, ["uin"]),
        ({**ONE, "uin": "100000000002"}, ONE, CONFIG, ["uin"]),
        (ONE, {**ONE, "region": "ap-beijing"}, CONFIG, ["region"]),
        (ONE, {**ONE, "endpoint": EMULATOR}, CONFIG, ["endpoint"]),
        ({**ONE, "uin": "1"}, {**ONE, "uin": "2"}, {}, ["uin"]),
        # Where it cannot be told what the account was, what has opened stays open.
        (ONE, {**ONE, "uin": "1", "region": "ap-beijing"}, {}, []),
    ],
)
def test_another_job_or_account_is_another_gate(
    olds: dict[str, Any], news: dict[str, Any], config: dict[str, str], replaces: list[str]
) -> None:
    """By where it asks, whether that stands among its inputs or in the configuration."""
    assert replacing_inputs(olds, news, config.get) == replaces


def test_jobs_that_were_not_waited_for_are_new() -> None:
    """By the inputs and by what the state has of them; of another account all are."""
    more = {**MANY, "job_ids": ["a", "c", "c"]}

    def new(there: list[str], config: Callable[[str], Any] = CONFIG.get, **settings: str) -> list[str]:
        return new_job_ids("job_ids", MANY, {**more, **settings}, there, config)

    assert new(["a", "b"]) == ["c"]
    assert new(["b"]) == ["a", "c"]
    assert new(["a", "b", "c"]) == ["c"]
    assert new(["a", "b"], uin="100000000002") == ["a", "c"]
    assert new_job_ids("job_ids", {}, more, []) == ["a", "c"]
