"""The dynamic providers, called as the SDK calls them, against the emulator."""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable, Iterator
from typing import Any

import dill
import pulumi
import pulumi.dynamic
import pytest
from pulumi.runtime import rpc

from pulumi_cosjob import InvalidArgumentError, JobFailedError
from pulumi_cosjob._dynamic import providers
from pulumi_cosjob._dynamic.providers import (
    PREVIEW,
    AllJobsCompletionProvider,
    ConfiguredProvider,
    JobCompletionProvider,
    JobListProvider,
    JobProvider,
    JobsProvider,
)
from pulumi_cosjob._waiting import gate
from pulumi_cosjob.testing import CosBatchEmulator

APPID = "1250000000"
DAY = 24 * 3600
PROVIDERS: list[type[ConfiguredProvider]] = [
    JobProvider,
    JobsProvider,
    JobListProvider,
    JobCompletionProvider,
    AllJobsCompletionProvider,
]


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose clock stands still, with a completed job `a` and a job `b` with failed tasks."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        emulator.create_job("completes", seconds=0, job_id="a")
        emulator.create_job("completes-with-failed-tasks", seconds=0, job_id="b")
        emulator.clock.advance(30)
        yield emulator


@pytest.fixture
def configured(service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Configure a provider by the environment."""
    for name, value in service.environment().items():
        monkeypatch.setenv(name, value)

    def configure(provider: Any) -> Any:
        provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config({}, "tests")))
        return provider

    return configure


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.__name__)
def test_a_state_names_one_module(provider: type[ConfiguredProvider]) -> None:
    """The pickled provider is a reference to its class in `pulumi_cosjob._dynamic.providers`, which never moves."""
    pickled = dill.dumps(provider())
    texts = {str(argument) for _, argument, _ in pickletools.genops(pickled) if argument is not None}
    named = {text for text in texts if "pulumi_cosjob" in text or "Provider" in text}
    assert named == {"pulumi_cosjob._dynamic.providers", provider.__name__}
    assert vars(dill.loads(pickled)) == {}  # noqa: S301  pickled above
    assert provider.serialize_as_secret_always is False


def test_all_providers_are_in_that_module() -> None:
    """No other class can get into a state."""
    found = [
        each for each in vars(providers).values() if isinstance(each, type) and issubclass(each, ConfiguredProvider)
    ]
    assert {each.__name__ for each in found if not each.__name__.startswith("_")} == {
        "ConfiguredProvider",
        *(each.__name__ for each in PROVIDERS),
    }


def test_a_refresh_keeps_what_was_read(configured: Callable[[Any], Any], service: CosBatchEmulator) -> None:
    """A refresh passes the state. It sends no request, and works when the service no longer keeps the jobs."""
    one, many, list_ = (configured(each()) for each in (JobProvider, JobsProvider, JobListProvider))
    job = one.read("a", {"job_id": "a", "appid": APPID, "result": ""})
    jobs = many.read("jobs", {"job_ids": ["a", "b", "c"], "appid": APPID, "missing": "skip", "results": ""})
    assert json.loads(job.outs["result"])["status"] == "Complete"
    assert list(json.loads(jobs.outs["results"])) == ["a", "b"]
    listed = list_.read("job-list", {"appid": APPID, "statuses": ["Complete"], "limit": 2.0, "results": ""})
    assert {each["job_id"] for each in json.loads(listed.outs["results"])} == {"a", "b"}
    empty = list_.read("job-list-2", {"statuses": ["Failed"], "results": None})
    assert (empty.outs["results"], empty.outs["appid"]) == ("[]", APPID)
    requests = len(service.requests)
    service.clock.advance(91 * DAY)
    for provider, read in ((one, job), (many, jobs), (list_, listed), (list_, empty)):
        again = provider.read(read.id, read.outs)
        assert (again.id, again.outs) == (read.id, read.outs)
    assert len(service.requests) == requests


def test_a_duration_counts_back_from_each_read(configured: Callable[[Any], Any], service: CosBatchEmulator) -> None:
    """The state keeps the duration, and the next read has another time."""
    provider = configured(JobListProvider())
    provider._clients = type(provider._clients)(lambda _: None, service.clock)
    inputs = {"created_after": "1h", "description": None, "results": ""}
    read = provider.read("job-list", inputs)
    assert (read.outs["created_after"], len(json.loads(read.outs["results"]))) == ("1h", 2)
    service.clock.advance(3600)
    assert provider.read("job-list", inputs).outs["results"] == "[]"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"appid": "a b"}, "appid cannot be 'a b'"),
        ({"uin": 7}, "uin must be text"),
        ({"endpoint": "http://example.com"}, "endpoint must use https"),
        ({"statuses": []}, "statuses must not be empty"),
        ({"statuses": ["Active", "done"]}, "statuses cannot be 'done'"),
        ({"statuses": {"Active": 1}}, "statuses must be a status or several"),
        ({"created_after": "2026-11-20 18:00:30"}, "created_after cannot be '2026-11-20 18:00:30'"),
        ({"created_after": "1h", "created_before": "1d"}, "created_before cannot be '1d'. It is later than"),
        ({"description": ["a"]}, "description must be text"),
        ({"operation": "copy it"}, "operation cannot be 'copy it'"),
        ({"limit": 2.5}, "limit cannot be 2.5"),
    ],
)
def test_malformed_inputs_of_a_list_are_named(
    configured: Callable[[Any], Any], service: CosBatchEmulator, inputs: dict[str, Any], message: str
) -> None:
    """The values of outputs come to the provider unchecked; nothing is requested."""
    with pytest.raises(InvalidArgumentError) as caught:
        configured(JobListProvider()).read("job-list", {**inputs, "results": ""})
    assert message in str(caught.value)
    assert service.requests == []


@pytest.mark.parametrize(
    ("provider", "named", "output"),
    [
        (JobCompletionProvider(), {"job_id": "b"}, "result"),
        (AllJobsCompletionProvider(), {"job_ids": ["b"]}, "results"),
    ],
    ids=["one", "many"],
)
def test_an_open_gate_sends_no_request(
    configured: Callable[[Any], Any], service: CosBatchEmulator, provider: Any, named: dict[str, Any], output: str
) -> None:
    """Checks, updates of the options and refreshes use the state; fewer accepted failures than there were fail."""
    inputs = {**named, "appid": APPID, "max_failed_tasks": -1}
    configured(provider)
    created = provider.create(inputs)
    assert created.outs[output]
    requests = len(service.requests)
    assert provider.check(inputs, {**inputs, PREVIEW: True}).failures == []
    assert provider.diff(created.id, created.outs, inputs).changes is False
    changed = {**inputs, "timeout": "2h", "max_failed_tasks": 10}
    difference = provider.diff(created.id, created.outs, changed)
    assert (difference.changes, difference.replaces) == (True, [])
    updated = provider.update(created.id, created.outs, changed).outs
    assert updated == {**created.outs, **changed}
    with pytest.raises(JobFailedError, match="more failed tasks than the 0 accepted"):
        provider.update(created.id, created.outs, {**inputs, "max_failed_tasks": None})
    assert provider.read(created.id, updated).outs == updated
    provider.delete(created.id, updated)
    with pytest.raises(InvalidArgumentError, match="a gate cannot be looked up"):
        provider.read("b", inputs)
    assert len(service.requests) == requests


@pytest.mark.parametrize(
    "job", ["{}", '{"job_id": "a"}', '{"status": "Complete"}', '{"job_id": "b", "status": "Complete"}', "no JSON", "7"]
)
def test_a_state_that_was_edited_by_hand_is_refused(configured: Callable[[Any], Any], job: str) -> None:
    """It says so in a sentence. A job without an id or a status, or another one, does not open the gate."""
    for provider, named, outputs in (
        (JobCompletionProvider(), {"job_id": "a"}, {"result": job}),
        (AllJobsCompletionProvider(), {"job_ids": ["a"]}, {"results": f'{{"a": {job}}}'}),
    ):
        inputs = {**named, "appid": APPID, "max_failed_tasks": -1}
        with pytest.raises(InvalidArgumentError, match="state of the gate cannot be used") as caught:
            configured(provider).update("id", {**inputs, **outputs}, {**inputs, "max_failed_tasks": 3})
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_absent_number_of_failed_tasks_is_none(configured: Callable[[Any], Any]) -> None:
    """In the state as in the program: a state without the number accepts no failed task."""
    provider = configured(JobCompletionProvider())
    state = {**provider.create({"job_id": "b", "appid": APPID, "max_failed_tasks": -1}).outs, "max_failed_tasks": None}
    assert provider.diff("id", state, {"job_id": "b", "appid": APPID, "max_failed_tasks": 0}).changes is False
    assert provider.diff("id", state, {"job_id": "b", "appid": APPID, "max_failed_tasks": -1}).changes is True


@pytest.mark.parametrize("unknown", [pulumi.UNKNOWN, rpc.UNKNOWN], ids=["an object", "a text"])
def test_a_check_keeps_inputs_that_are_not_known_yet(configured: Callable[[Any], Any], unknown: object) -> None:
    """As the SDK passed them, which writes no other mark: the APPID of an account that the same update creates."""
    provider = configured(JobCompletionProvider())
    inputs = {"job_id": "a", "appid": unknown, "timeout": "1h", PREVIEW: True}
    checked = provider.check({}, dict(inputs))
    assert (checked.failures, checked.inputs["appid"]) == ([], unknown)
    assert not [value for value in checked.inputs.values() if value is gate.UNKNOWN]


def test_an_update_waits_for_new_jobs_only(configured: Callable[[Any], Any], service: CosBatchEmulator) -> None:
    """Removed jobs are removed from the state, and the others keep what it has."""
    provider = configured(AllJobsCompletionProvider())
    inputs = {"job_ids": ["a"], "appid": APPID, "max_failed_tasks": -1}
    state = provider.create(inputs).outs
    requests = len(service.requests)
    more = {**inputs, "job_ids": ["b", "a"]}
    assert provider.check(inputs, {**more, PREVIEW: False}).failures == []
    updated = provider.update("id", state, more).outs
    assert list(json.loads(updated["results"])) == ["b", "a"]
    assert {request.path for request in service.requests[requests:]} == {"/jobs/b"}
    fewer = provider.update("id", updated, {**inputs, "job_ids": ["b"]}).outs
    assert list(json.loads(fewer["results"])) == ["b"]
