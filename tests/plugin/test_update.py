"""Gates of the plugin that are updated, read or deleted, over real gRPC, against the emulator."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pulumi.dynamic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2

from places import RESPONSES
from plugins import (
    APPID,
    FULL,
    JOB,
    JOBS,
    UNKNOWN,
    URN,
    DiffResponse,
    VirtualTime,
    config_of,
    on_a_loop,
    outcome,
    plugin,
    refused,
)
from pulumi_cosjob import parse_describe_job_result
from pulumi_cosjob._dynamic import gate_calls
from pulumi_cosjob._dynamic.providers import AllJobsCompletionProvider, JobCompletionProvider
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.naming import in_camel_case, in_snake_case
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._plugin.gates import DYNAMIC
from pulumi_cosjob._plugin.properties import Properties, to_struct

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator


@on_a_loop
async def test_an_update_polls_new_jobs_only(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """Other options send no request; a gate for many jobs waits for the added ones."""
    first, second = (timed_service.create_job("completes", seconds=5) for _ in range(2))
    async with plugin(timed_service, time) as served:
        _, one = await served.create(jobId=first)
        _, many = await served.create(JOBS, jobIds=[first])
        requests = len(timed_service.requests)
        outputs = await served.update(JOB, one, {"jobId": first, "appid": APPID, "timeout": "2d"})
        assert outputs == {**one.values, "timeout": "2d"}
        outputs = await served.update(JOBS, many, {"jobIds": [second, first], "appid": APPID}, preview=True)
        assert set(outputs["jobs"]) == {first, second}
        outputs = await served.update(JOBS, many, {"jobIds": [second, first], "appid": APPID})
        assert {job["status"] for job in outputs["jobs"].values()} == {"Complete"}
        assert {second in request.path for request in timed_service.requests[requests:]} == {True}
        outputs = await served.update(JOBS, many, {"jobIds": [], "appid": APPID})
        assert outputs["jobs"] == {}
        outputs = await served.update(JOBS, many, {"jobIds": [UNKNOWN], "appid": APPID}, preview=True)
        assert outputs["jobs"] is UNKNOWN


@on_a_loop
async def test_a_gate_takes_over_the_state_of_a_dynamic_one(service: CosBatchEmulator) -> None:
    """No request is sent, and every field is in the outputs."""
    job_ids = [service.create_job("completes", seconds=0) for _ in range(2)]
    service.clock.advance(30)
    states = (
        (JOB, JobCompletionProvider(), {"job_id": job_ids[0]}),
        (JOBS, AllJobsCompletionProvider(), {"job_ids": job_ids}),
    )
    config = {f"cosjob:{name}": value for name, value in config_of(service).items()}
    async with plugin(service) as served:
        for kind, provider, named in states:
            provider.configure(pulumi.dynamic.ConfigureRequest(pulumi.dynamic.Config(config, "tests")))
            inputs = {**named, "appid": APPID, "service_endpoint": service.endpoint}
            outputs = dict((await asyncio.to_thread(provider.create, inputs)).outs or {})
            requests = len(service.requests)
            native_inputs = in_camel_case({**named, "appid": APPID})
            response = await served.stub.Diff(
                provider_pb2.DiffRequest(
                    urn=URN.format(kind),
                    olds=to_struct(Properties(outputs)),
                    old_inputs=to_struct(Properties(inputs)),
                    news=to_struct(Properties(native_inputs)),
                )
            )
            assert (response.changes, list(response.replaces)) == (DiffResponse.DIFF_SOME, [])
            updated = await served.update(kind, Properties(outputs), native_inputs)
            assert updated["serviceEndpoint"] == service.endpoint
            jobs = {job_ids[0]: updated} if kind == JOB else updated["jobs"]
            expected = gate_calls._completed(provider.target, outputs)
            assert jobs.keys() == expected.keys()
            for job_id, job in jobs.items():
                known = {name: value for name, value in job.items() if value is not None}
                assert in_snake_case(known).items() >= expected[job_id].items()
            assert len(service.requests) == requests


@on_a_loop
async def test_the_failed_tasks_of_a_dynamic_gate_are_rechecked(service: CosBatchEmulator) -> None:
    """A dynamic gate that accepted any number of failed tasks fails if the native one accepts none."""
    description = from_plain(
        JobDescription,
        {"job_id": "a", "status": "Complete", "progress_summary": {"number_of_tasks_failed": 10}},
    )
    one = {"job_id": "a", "appid": APPID, "result": json.dumps(to_plain(description))}
    many = {"job_ids": ["a"], "appid": APPID, "results": json.dumps({"a": to_plain(description)})}
    async with plugin(service) as served:
        for kind, state, named in ((JOB, one, {"jobId": "a"}), (JOBS, many, {"jobIds": ["a"]})):
            prior = Properties({**state, "max_failed_tasks": -1})
            call = served.update(kind, prior, {**named, "appid": APPID})
            assert "with more failed tasks than the 0 accepted" in await refused(call)
            outputs = await served.update(kind, prior, {**named, "appid": APPID, "maxFailedTasks": -1})
            assert "10" in json.dumps(outputs)
            outputs = await served.update(
                kind, prior, {**named, "appid": APPID, "maxFailedTasks": UNKNOWN}, preview=True
            )
            assert outputs["maxFailedTasks"] is UNKNOWN
    assert service.requests == []


@on_a_loop
@pytest.mark.parametrize("broken", [{}, {"job_id": "a"}, {"status": "Complete"}, {"job_id": "b", "status": "Complete"}])
async def test_a_state_without_the_job_is_refused(service: CosBatchEmulator, broken: dict[str, str]) -> None:
    """A job without an id or a status, or another one, is not rechecked as if it were complete."""
    prior = Properties({"job_ids": ["a"], "appid": APPID, "results": json.dumps({"a": broken}), "max_failed_tasks": -1})
    async with plugin(service) as served:
        message = await refused(served.update(JOBS, prior, {"jobIds": ["a"], "appid": APPID}))
    assert "state of the gate cannot be used: the description of job 'a' is not as it was read" in message
    assert service.requests == []


SENTENCE = re.compile(r"[^\n]+\.( [^\n]+\.)+")


@on_a_loop
async def test_a_urn_of_another_resource_is_refused() -> None:
    """Every method refuses it in a sentence: a state is a file that can be edited by hand."""
    properties = to_struct(Properties({"jobId": "a", "appid": APPID, "status": "Complete"}))
    calls: dict[str, Callable[[str], Any]] = {
        "Check": lambda urn: provider_pb2.CheckRequest(urn=urn, news=properties),
        "Diff": lambda urn: provider_pb2.DiffRequest(urn=urn, news=properties, olds=properties),
        "Create": lambda urn: provider_pb2.CreateRequest(urn=urn, properties=properties),
        "Update": lambda urn: provider_pb2.UpdateRequest(urn=urn, news=properties, olds=properties),
    }
    async with plugin() as served:
        for call, request in calls.items():
            for urn in (
                "",
                "::",
                "urn:pulumi:dev",
                "urn:pulumi:dev::p::::n",
                "urn:pulumi:dev::p::cosjob:index:JobCompletion",
            ):
                message = await refused(getattr(served.stub, call)(request(urn)))
                assert message.startswith("urn is that of no resource: '")
                assert SENTENCE.fullmatch(message)
            for kind in ("cosjob:index:Bucket", "a$cosjob:index:jobCompletion", "JobCompletion", "cosjob:index:getJob"):
                message = await refused(getattr(served.stub, call)(request(f"urn:pulumi:dev::p::{kind}::n")))
                assert message.startswith(
                    f"urn cannot be used: there is no resource '{kind.rpartition('$')[2]}'. There are cosjob:index:Job"
                )


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a value: its container, and the key or index in it."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("kind", [JOB, JOBS])
@pytest.mark.parametrize("is_dynamic", [False, True], ids=["native", "dynamic"])
def test_a_state_that_was_edited_by_hand_is_no_defect(kind: str, is_dynamic: bool) -> None:
    """Any value may be replaced or removed. The message names the value that cannot be used, and what to do."""
    inputs: dict[str, Any] = {"jobId": FULL} if kind == JOB else {"jobIds": [FULL]}
    inputs |= {"appid": APPID, "maxFailedTasks": 7, "timeout": "1s"}
    job = to_plain(parse_describe_job_result((RESPONSES / "full.xml").read_bytes()), exact=False)
    outputs = {**inputs, **({} if kind == JOBS else in_camel_case(job))}
    if kind == JOBS:
        outputs["jobs"] = {FULL: in_camel_case(job)}
    if is_dynamic:
        outputs = {**inputs, **({"result": job} if kind == JOB else {"results": {FULL: job}})}
    found: set[str] = set()

    async def compare(state: dict[str, Any]) -> None:
        news = to_struct(Properties({**inputs, "maxFailedTasks": 8, "endpoint": "http://127.0.0.1:9"}))
        olds, old_inputs = (to_struct(Properties(state[which])) for which in ("outputs", "inputs"))
        old = {"urn": URN.format(kind), "olds": olds, "old_inputs": old_inputs, "news": news}
        async with plugin() as served:
            await served.configure(secretId="emulator-id", secretKey="emulator-key", requestTimeout=0.5)
            calls = (
                served.stub.Diff(provider_pb2.DiffRequest(**old)),
                served.stub.Update(provider_pb2.UpdateRequest(**old, preview=True)),
            )
            found.update([await outcome(call) for call in calls])

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def edited(data: st.DataObject) -> None:
        state = json.loads(json.dumps({"outputs": outputs, "inputs": inputs}))
        holder, key = data.draw(st.sampled_from(list(places(state))))
        if holder is not state and data.draw(st.booleans()):
            del holder[key]
        elif holder is not state:
            holder[key] = data.draw(JSON)
        for name, value in state["outputs"].items() if isinstance(state["outputs"], dict) else ():
            if name in DYNAMIC and isinstance(value, dict):
                state["outputs"][name] = json.dumps(value)
        asyncio.run(compare(state))

    edited()
    assert not [message for message in found if "please report it" in message or "Unexpected" in message]
    assert any(message.startswith("UNKNOWN: state of the gate cannot be used: ") for message in found)


@on_a_loop
async def test_a_refresh_keeps_a_gate_and_a_delete_sends_no_request(service: CosBatchEmulator) -> None:
    """Both work when the service no longer keeps the job. A gate that was not created cannot be imported."""
    async with plugin(service) as served:
        inputs = to_struct(Properties({"jobId": "gone"}, frozenset({"jobId"})))
        properties = to_struct(Properties({"jobId": "gone", "status": "Complete"}, frozenset({"jobId"})))
        request = provider_pb2.ReadRequest(id="gone", urn=URN.format(JOB), properties=properties, inputs=inputs)
        response = await served.stub.Read(request)
        assert (response.id, response.properties, response.inputs) == ("gone", properties, inputs)
        await served.stub.Delete(provider_pb2.DeleteRequest(id="gone", urn=URN.format(JOB), properties=properties))
        # On a lookup the engine sends the same values as state and as inputs: no gate has waited for them.
        for claimed in ({}, {"jobId": "a", "appid": APPID}, {"jobId": "a", "appid": APPID, "status": "Complete"}):
            state = to_struct(Properties(claimed))
            request = provider_pb2.ReadRequest(id="a", urn=URN.format(JOB), properties=state, inputs=state)
            assert (await refused(served.stub.Read(request))).startswith("a gate cannot be imported or looked up")
    assert service.requests == []


@on_a_loop
async def test_the_servicer_knows_whether_a_resource_has_failed(service: CosBatchEmulator) -> None:
    """A check, a preview and an import count; a function does not, as its error is raised in the program."""
    service.create_job("completes", seconds=0, job_id="done")
    service.clock.advance(30)
    state = to_struct(Properties({"jobId": "a"}))
    async with plugin(service) as served:
        assert await served.check(JOB, jobId="done", appid=APPID) == {}
        await served.create(jobId="done", preview=True)
        await refused(served.invoke("getJob", jobId="nope", appid=APPID))
        assert not served.servicer.has_failed
        for fails in (
            lambda: served.check(JOB, jobId="a/b", appid=APPID),
            lambda: served.check(JOB, appid=APPID),
            lambda: refused(served.create(jobId="nope", preview=True)),
            lambda: refused(served.stub.Read(provider_pb2.ReadRequest(id="a", urn=URN.format(JOB), properties=state))),
        ):
            served.servicer.has_failed = False
            await fails()
            assert served.servicer.has_failed
            await served.create(jobId="done", preview=True)
            assert served.servicer.has_failed, "what comes after changes nothing"
