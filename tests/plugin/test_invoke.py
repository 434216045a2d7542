"""Functions of the plugin and their messages, over real gRPC, against the emulator."""

from __future__ import annotations

import asyncio
import string
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st
from pulumi.runtime.proto import engine_pb2

from list_documents import member, page
from places import RESPONSES
from plugins import (
    APPID,
    FULL,
    JOBS,
    VirtualTime,
    config_of,
    on_a_loop,
    outcome,
    plugin,
    refused,
    wait_until,
)
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._details import Account
from pulumi_cosjob._model.naming import in_snake_case, snake_name
from pulumi_cosjob._model.serialization import to_plain
from pulumi_cosjob._plugin.inputs import truncate_message
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob.testing import Fault
from servers import reply

if TYPE_CHECKING:
    import pytest

    from pulumi_cosjob.testing import CosBatchEmulator


@on_a_loop
async def test_get_job_returns_every_field(service: CosBatchEmulator) -> None:
    """The values are the client's. An absent field is null, so that SDKs know in a preview that it is absent."""
    service.replay(FULL, RESPONSES / "full.xml")
    service.replay("minimal", (RESPONSES / "minimal.xml").read_text().replace(FULL, "minimal"))
    async with plugin(service) as served:
        found = await served.invoke("getJob", jobId=FULL, appid=APPID)
        with CosBatchClient(**client_settings(service)) as client:
            expected = to_plain(client.describe_job(FULL, APPID), exact=False)
        # The engine's numbers are doubles.
        assert in_snake_case(found) == from_struct(to_struct(Properties(expected))).values
        minimal = await served.invoke("getJob", jobId="minimal", appid=APPID)
    assert {name for name, value in minimal.items() if value is not None} == {
        "jobId",
        "status",
        "unknownElements",
        "unknownValues",
    }
    assert set(minimal) == set(found)


def client_settings(service: CosBatchEmulator) -> dict[str, Any]:
    """Return the settings of a client for an emulator."""
    config = config_of(service)
    return {snake_name(name): value for name, value in config.items()}


@on_a_loop
async def test_get_jobs_skips_missing_jobs_or_lists_them(service: CosBatchEmulator) -> None:
    """It works as `get_jobs` of the package."""
    job_ids = [service.create_job("completes") for _ in range(3)]
    async with plugin(service) as served:
        found = await served.invoke("getJobs", jobIds=[*job_ids, "nope"], appid=APPID, missing="skip", maxConcurrency=2)
        assert set(found["jobs"]) == set(job_ids)
        assert {job["status"] for job in found["jobs"].values()} == {"New"}
        assert found["missingJobIds"] == ["nope"]
        message = await refused(served.invoke("getJobs", jobIds=["nope", "neither"], appid=APPID))
        assert "2 of 2 jobs could not be read" in message
        assert await served.invoke("getJobs", jobIds=[], appid=APPID) == {"jobs": {}, "missingJobIds": []}


@on_a_loop
async def test_list_jobs_returns_every_field(service: CosBatchEmulator) -> None:
    """The values are the client's, in its order; without any input it lists all jobs of the account."""
    service.create_job("completes", description="nightly")
    service.clock.advance(60)
    new = service.create_job(description="weekly")
    async with plugin(service) as served:
        found = await served.invoke("listJobs")
        with CosBatchClient(**client_settings(service)) as client:
            expected = [to_plain(job, exact=False) for job in client.list_jobs()]
        assert in_snake_case(found["jobs"]) == from_struct(to_struct(Properties({"jobs": expected}))).values["jobs"]
        assert found["jobIds"] == [job["job_id"] for job in expected]
        assert found["jobIds"][0] == new
        assert found["jobs"][1]["progressSummary"]["numberOfTasksSucceeded"] == 100
        filters: dict[str, Any] = {
            "statuses": ["New", "Ready"],
            "createdAfter": "1h",
            "description": "week*",
            "limit": 1,
        }
        again = await served.invoke("listJobs", appid=APPID, operation="COSPutObjectCopy", **filters)
        assert again["jobIds"] == [new]
        assert await served.invoke("listJobs", createdBefore="1h") == {"jobs": [], "jobIds": []}


@on_a_loop
async def test_an_error_in_a_list_is_one_message(service: CosBatchEmulator) -> None:
    """It names the input by its name in the schema, or is about the list as a whole; no part of a list is returned."""
    async with plugin(service) as served:
        wrong = {"statuses": "active", "createdAfter": "soon", "createdBefore": 7, "description": 1, "limit": 0}
        for name, value in {**wrong, "operation": "", "appid": "a", "uin": "b", "endpoint": "c"}.items():
            [(named, reason)] = (await served.invoke("listJobs", **{name: value})).items()
            assert named == name
            assert reason.startswith(name)
        pair = await served.invoke("listJobs", createdAfter="1h", createdBefore="2h")
        assert pair == {"createdBefore": "createdBefore cannot be '2h'. It is later than createdAfter."}
        assert "there is no input status" in (await served.invoke("listJobs", status="New"))["status"]
        assert service.requests == []
        service.inject(Fault("error", code="InvalidArgument", message="no"))
        assert "Check statuses and appid" in await refused(served.invoke("listJobs", statuses=["New"]))
        service.inject(Fault("error", code="AccessDenied", status=403))
        assert "cos:ListJobs" in await refused(served.invoke("listJobs"))
        for number in range(100):
            service.inject(Fault("raw", body=reply(page([member(JobId=str(number))], str(number)))))
        endless = await refused(served.invoke("listJobs"))
        assert endless.startswith("the list of jobs does not end within 100 pages")
        assert "List the jobs of one status by statuses." in endless
        service.inject(Fault("raw", body=reply(page([member(JobId="a")], "a"))))
        service.inject(Fault("html", status=200))
        assert "must be a ListJobsResult, not 'html'" in await refused(served.invoke("listJobs"))


@on_a_loop
async def test_a_list_that_is_under_way_ends_when_it_is_cancelled(service: CosBatchEmulator) -> None:
    """No further page is requested; meanwhile the plugin serves other calls."""
    service.inject(Fault("delay", action="ListJobs", seconds=600))
    async with plugin(service) as served:
        listing = asyncio.ensure_future(outcome(served.invoke("listJobs")))
        await wait_until(lambda: len(service.requests) == 1)
        assert await served.invoke("getJobs", jobIds=[], appid=APPID) == {"jobs": {}, "missingJobIds": []}
        served.servicer.interrupt()
        assert "the request was cancelled" in await listing


@on_a_loop
async def test_an_error_in_a_function_is_one_message(service: CosBatchEmulator) -> None:
    """It names the argument that it is about, and has no stack trace."""
    async with plugin(service) as served:
        message = await refused(served.invoke("getJob", jobId="nope", appid=APPID))
        assert message.startswith("jobId: there is no such job")
        assert "Check jobId, appid, uin and region" in message
        assert "cannot be 'a/b'" in (await served.invoke("getJob", jobId="a/b", appid=APPID))["jobId"]
        assert "digits only" in (await served.invoke("getJob", jobId="a", appid="main"))["appid"]
        assert await served.invoke("getJob") == {"jobId": "jobId is missing"}
        assert (
            "there is no input wait; there are jobId, "
            in (await served.invoke("getJob", jobId="a", appid=APPID, wait=True))["wait"]
        )
        assert "must be one of" in (await served.invoke("getJobs", jobIds=[], appid=APPID, missing="no"))["missing"]
        assert "list of ids" in (await served.invoke("getJobs", jobIds="a", appid=APPID))["jobIds"]
        assert (
            "from 1 to 64"
            in (await served.invoke("getJobs", jobIds=[], appid=APPID, maxConcurrency=0))["maxConcurrency"]
        )
        assert await refused(served.invoke("getBucket")) == "there is no function cosjob:index:getBucket"
    async with plugin() as served:
        await served.configure(endpoint=service.endpoint)
        message = await refused(served.invoke("getJob", jobId="a", appid=APPID))
        assert "cosjob:secretId and cosjob:secretKey (--secret), environment variables TENCENTCLOUD_" in message
        assert "tencentcloud:" not in message, "the engine does not pass it to a plugin of another name"


@on_a_loop
async def test_a_defect_is_a_sentence_for_users_with_a_stack_trace_in_the_log(
    service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users see no stack trace of an unexpected error either."""

    def fail(*_arguments: Any) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(CosBatchClient, "describe_job", fail)
    async with plugin(service) as served:
        message = await refused(served.invoke("getJob", jobId="a", appid=APPID))
        assert message == "the plugin failed in a way that it should not; please report it: KeyError: 'oops'"
        await wait_until(lambda: bool(served.logged))
        assert "Traceback" in served.logged[0].message


@on_a_loop
async def test_lenient_validation_warns_about_what_it_leaves_out(service: CosBatchEmulator) -> None:
    """The engine shows the warning, which standard error would not reach."""
    service.replay(FULL, (RESPONSES / "full.xml").read_text().replace("<Priority>", "<Priority>-"))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        async with plugin() as served:
            served.engine.pass_on_messages()
            await served.configure(**config_of(service), validation="lenient")
            assert (await served.invoke("getJob", jobId=FULL, appid=APPID))["priority"] is None
            await wait_until(lambda: bool(served.logged))
    [warning] = served.logged
    assert (warning.severity, warning.ephemeral) == (engine_pb2.WARNING, False)
    assert "was left out: /DescribeJobResult/Job/Priority: must be a whole number" in warning.message


def test_what_cannot_be_logged_any_more_fails_no_call(service: CosBatchEmulator) -> None:
    """The hooks stay in the process after the loop of their engine has ended; a thread may still be at work then."""
    service.replay(FULL, (RESPONSES / "full.xml").read_text().replace("<Priority>", "<Priority>-"))

    async def hook() -> None:
        async with plugin() as served:
            served.engine.pass_on_messages()

    asyncio.run(hook())
    with CosBatchClient(**client_settings(service) | {"uin": None}, validation="lenient") as client:
        assert client.describe_job(FULL).priority is None
        assert client.location.account == Account("100000000001", APPID)


@on_a_loop
async def test_a_long_message_arrives_whole(service: CosBatchEmulator) -> None:
    """It lists a hundred places in which a response violates the schema."""
    reason = "<JobFailure><FailureCode>x<b/></FailureCode></JobFailure>"
    text = (RESPONSES / "minimal.xml").read_text()
    service.replay(FULL, text.replace("</Job>", f"<FailureReasons>{reason * 120}</FailureReasons></Job>"))
    async with plugin() as served:
        await served.configure(**config_of(service), validation="strict")
        message = await refused(served.invoke("getJob", jobId=FULL, appid=APPID))
        assert message.count("FailureCode") == 100


@on_a_loop
async def test_every_failed_job_is_listed(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """The first ones have their whole error, the others at least their id, in any alphabet."""
    reasons = [{"failure_code": "任务" * 10, "failure_reason": "原因" * 40}]
    job_ids = [timed_service.create_job("fails", seconds=0, failure_reasons=reasons) for _ in range(300)]
    async with plugin(timed_service, time) as served:
        for some in (job_ids[:25], job_ids):
            message = await refused(served.create(JOBS, jobIds=some))
            assert f"{len(some)} of {len(some)} jobs did not complete" in message
            assert [job_id for job_id in some if job_id not in message] == []
            assert message.count("原因") > 20
            assert message.count("appid 1250000000") == 20


@given(st.text(max_size=30), st.integers(0, 500), st.sampled_from(["", "\n"]))
@example("0::::\x80", 364, "\n")
def test_long_messages_are_truncated(text: str, times: int, end: str) -> None:
    """A message that fits is unchanged; a longer one keeps its beginning."""
    message = (text + end) * times
    cut = truncate_message(message, most_bytes=7000)
    # As gRPC writes it: printable ASCII stands for itself, but for the percent sign.
    plain = "".join(each for each in string.printable if each.isprintable() and each != "%")
    assert cut == message if len(quote(message, safe=plain)) < 6990 else len(quote(cut, safe=plain)) < 8000
    assert cut[:20] == message[:20]
    assert truncate_message("\ud800") == "?"
