"""The rules of a gate, whichever way in: pure functions of its inputs and of the state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from pulumi_cosjob import InvalidArgumentError
from pulumi_cosjob._checks import ANY_NUMBER
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._waiting.gate import (
    SERVICE_ENDPOINT,
    UNKNOWN,
    Gate,
    TargetInput,
    check_inputs,
    is_known,
    job_ids_of,
    known_inputs,
    make_id,
    wait_options,
)

APPID = "1250000000"
ONE = {"job_id": "a", "appid": APPID}
MANY = {"job_ids": ["a", "b"], "appid": APPID}
EMULATOR = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of the machine that runs the tests."""
    for name in ("COSJOB_UIN", "COSJOB_APPID", "COSJOB_ENDPOINT", "TENCENTCLOUD_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("value", ["", 0, False, {}, "a", 1, True, {"a": 1}, None])
def test_job_ids_that_are_not_a_list_are_refused(value: object) -> None:
    """A null output of another stack is not an empty list of jobs, nor is any other empty value."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_inputs("job_ids", {"job_ids": value, "appid": APPID})
    assert caught.value.argument == "job_ids"


@pytest.mark.parametrize(
    ("target", "inputs", "argument"),
    [
        ("job_id", {"appid": APPID}, "job_id"),
        ("job_id", {"job_id": None, "appid": APPID}, "job_id"),
        ("job_id", {"job_ids": ["a"], "appid": APPID}, "job_id"),
        ("job_ids", {"job_id": "a", "appid": APPID}, "job_ids"),
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
def test_an_input_that_cannot_be_used_is_named(target: TargetInput, inputs: dict[str, Any], argument: str) -> None:
    """The error names a missing or malformed input, also if other inputs are not known yet."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_inputs(target, inputs)
    assert caught.value.argument == argument


def test_inputs_that_are_not_known_yet_pass() -> None:
    """In a preview an input may be unknown as a whole or in part."""
    check_inputs("job_id", {"job_id": UNKNOWN, "appid": UNKNOWN, "timeout": UNKNOWN, "endpoint": UNKNOWN})
    check_inputs("job_ids", {"job_ids": ["a", UNKNOWN], "appid": APPID})
    check_inputs("job_ids", {"job_ids": [], "appid": APPID})
    assert not is_known({"job_ids": ["a", UNKNOWN]})
    assert known_inputs({"job_ids": ["a", UNKNOWN], "uin": None, "timeout": UNKNOWN}) == {"job_ids": ["a"]}


def test_each_job_id_is_returned_once() -> None:
    """A program may name a job several times; the order is that of the inputs."""
    assert job_ids_of("job_ids", {"job_ids": ["b", "a", "b"]}) == ["b", "a"]
    assert job_ids_of("job_id", ONE) == ["a"]
    assert job_ids_of("job_ids", {"job_ids": UNKNOWN}) == []


@pytest.mark.parametrize(
    ("inputs", "accepted"), [({}, 0), ({"max_failed_tasks": None}, 0), ({"max_failed_tasks": 3.0}, 3)]
)
def test_an_absent_number_accepts_no_failed_task(inputs: dict[str, Any], accepted: int) -> None:
    """Any number is accepted only if the inputs say so."""
    assert wait_options(inputs).max_failed_tasks == accepted
    assert wait_options({"max_failed_tasks": ANY_NUMBER}).max_failed_tasks is None


def test_the_time_limit_is_the_nearest_one() -> None:
    """The inputs come first, then the engine's limit, then one hour. The engine's is not checked again."""
    assert wait_options({"timeout": "2h"}, 5.0).timeout == 7200
    assert wait_options({}, 5.0).timeout == 5
    assert wait_options({}, 1e9).timeout == 1e9
    assert wait_options({}).timeout == 3600


def gate(inputs: Mapping[str, Any], completed: Collection[str] = ()) -> Gate:
    """Return a gate for one job or for many, whatever the inputs name."""
    target: TargetInput = "job_ids" if "job_ids" in inputs else "job_id"
    return Gate(target, inputs, {job_id: f"description of {job_id}" for job_id in completed})


def test_only_a_preview_accepts_unknown_inputs() -> None:
    """An update fails and names the input; a gate that is not known has no jobs to wait for."""
    unknown = gate({**MANY, "timeout": UNKNOWN})
    unknown.check()
    assert unknown.job_ids == []
    with pytest.raises(InvalidArgumentError) as caught:
        unknown.check(preview=False)
    assert caught.value.argument == "timeout"
    gate({"job_id": "a"}).check(preview=False)
    gate(MANY).check(preview=False)
    assert gate({**ONE, "timeout": "2h"}).options(5.0).timeout == 7200


def test_inputs_of_the_same_meaning_do_not_differ() -> None:
    """An absent input equals its default, in the state too."""
    same = {**ONE, "max_failed_tasks": 0, "fail_when_suspended": False, "uin": None}
    assert gate(same).changed(gate(ONE)) == gate(ONE).changed(gate(same)) == []
    assert gate({**ONE, "max_failed_tasks": ANY_NUMBER}).changed(gate(ONE)) == ["max_failed_tasks"]


AT_HOME = "https://100000000001.cos-control.ap-chengdu.myqcloud.com"


@pytest.mark.parametrize(
    ("prior", "declared", "replacing"),
    [
        (ONE, {**ONE, "timeout": "2h"}, []),
        (ONE, {**ONE, "job_id": "b"}, ["job_id"]),
        (ONE, {**ONE, "appid": "1"}, ["appid"]),
        (ONE, {**ONE, "job_id": UNKNOWN}, ["job_id"]),
        (MANY, {**MANY, "job_ids": ["c"]}, []),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, {**ONE, SERVICE_ENDPOINT: EMULATOR}, [SERVICE_ENDPOINT]),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, {**ONE, "region": "ap-chengdu", SERVICE_ENDPOINT: AT_HOME}, []),
        # If the endpoint of the state or of the program is not known, an open gate stays open.
        (ONE, {**ONE, SERVICE_ENDPOINT: AT_HOME}, []),
        ({**ONE, SERVICE_ENDPOINT: AT_HOME}, ONE, []),
    ],
)
def test_another_job_account_or_endpoint_replaces_a_gate(
    prior: dict[str, Any], declared: dict[str, Any], replacing: list[str]
) -> None:
    """The endpoint counts, not which of the settings lead there."""
    assert gate(declared).replacing(gate(prior)) == replacing
    assert set(replacing) <= set(gate(declared).changed(gate(prior)))


@pytest.mark.parametrize(
    ("inputs", "location", "prior", "found"),
    [
        ({}, Location(AT_HOME, "1"), {}, (AT_HOME, "1")),
        ({"appid": APPID}, Location(AT_HOME, "1"), {}, (AT_HOME, APPID)),
        ({"appid": UNKNOWN}, Location(AT_HOME, "1"), {}, (AT_HOME, UNKNOWN)),
        # Where nothing is known, nothing is known to have changed.
        ({}, None, {SERVICE_ENDPOINT: EMULATOR, "appid": "2"}, (EMULATOR, "2")),
        ({}, Location(AT_HOME, "1"), {SERVICE_ENDPOINT: EMULATOR, "appid": "2"}, (AT_HOME, "1")),
        ({}, None, {}, (None, None)),
    ],
)
def test_a_gate_has_the_endpoint_and_the_appid_of_its_account(
    inputs: dict[str, Any], location: Location | None, prior: dict[str, Any], found: tuple[Any, Any]
) -> None:
    """The program's APPID comes first, then that of the account, then what the gate in the state has."""
    located = gate({"job_id": "a", **inputs}).located(location, gate(prior) if prior else None)
    assert (located.inputs.get(SERVICE_ENDPOINT), located.inputs.get("appid")) == found


def test_new_jobs_are_those_that_were_not_waited_for() -> None:
    """A job counts as waited for if the prior inputs name it and the state has it; at another endpoint all are new."""
    at_home = {**MANY, SERVICE_ENDPOINT: AT_HOME}
    more = {**at_home, "job_ids": ["a", "c", "c"]}
    assert gate(more).new_job_ids(gate(at_home, "ab")) == ["c"]
    assert gate(more).new_job_ids(gate(at_home, "b")) == ["a", "c"]
    assert gate(more).new_job_ids(gate(at_home, "abc")) == ["c"]
    assert gate({**more, SERVICE_ENDPOINT: EMULATOR}).new_job_ids(gate(at_home, "ab")) == ["a", "c"]
    assert gate(more).new_job_ids(Gate("job_ids", {})) == ["a", "c"]
    assert gate({**more, "timeout": UNKNOWN}).new_job_ids(gate(at_home, "ab")) == []


def test_completed_jobs_are_rechecked_when_the_accepted_failures_change() -> None:
    """Only then, and neither new jobs nor removed ones; nothing is rechecked while an input is not known."""
    prior = gate({**MANY, "max_failed_tasks": ANY_NUMBER}, "ab")
    declared = {**MANY, "job_ids": ["b", "c"]}
    assert gate(declared).jobs_to_recheck(prior) == {"b": "description of b"}
    assert gate({**declared, "max_failed_tasks": ANY_NUMBER, "timeout": "2h"}).jobs_to_recheck(prior) == {}
    assert gate({**declared, "max_failed_tasks": UNKNOWN}).jobs_to_recheck(prior) == {}
    assert gate({**ONE, "max_failed_tasks": 0}).jobs_to_recheck(gate(ONE, "a")) == {}


def test_an_updated_gate_has_the_jobs_of_its_inputs() -> None:
    """Prior and new jobs, in the order of the inputs; removed jobs are left out, and so are jobs without a result."""
    prior, declared = gate(MANY, "ab"), gate({**MANY, "job_ids": ["c", "b"]})
    assert list(declared.completed_jobs(prior, {"c": "new"}).items()) == [("c", "new"), ("b", "description of b")]
    assert declared.completed_jobs(prior, {}) == {"b": "description of b"}
    assert declared.completed_jobs(None, {}) == {}


def test_each_gate_has_another_id() -> None:
    """An id does not depend on the jobs."""
    assert len({make_id() for _ in range(100)}) == 100
