"""Gates of the plugin that are created or previewed, over real gRPC, against the emulator."""

from __future__ import annotations

import re

import pytest
from pulumi.runtime.proto import engine_pb2, provider_pb2

from places import RESPONSES
from plugins import (
    APPID,
    JOB,
    JOBS,
    SECRET,
    UNKNOWN,
    URN,
    VirtualTime,
    config_of,
    on_a_loop,
    plugin,
    refused,
)
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob.testing import CosBatchEmulator, Fault


@on_a_loop
async def test_a_gate_waits_for_its_job(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """It has the job's fields at its end and a new id, and shows the progress of the job."""
    job_id = timed_service.create_job("completes", seconds=600)
    async with plugin(timed_service, time) as served:
        id_, outputs = await served.create(jobId=job_id, timeout="1h", maxFailedTasks=2)
    assert id_ not in ("", job_id)
    assert 604 <= time.clock.monotonic() <= 604 * 1.05
    assert outputs.values["status"] == "Complete"
    assert outputs.values["progressSummary"]["numberOfTasksSucceeded"] == 100
    assert outputs.values["suspendedCause"] is None
    assert (outputs.values["timeout"], outputs.values["maxFailedTasks"], outputs.secret) == ("1h", 2, frozenset())
    assert {each.urn for each in served.logged} == {URN.format(JOB)}
    lines = served.lines(ephemeral=True)
    assert lines[-1] == "Complete, 100 %, 100 of 100 tasks"
    assert any(re.match(r"\d+ %, \d min left, Active, \d+ of 100 tasks", line) for line in lines), lines


@on_a_loop
async def test_a_gate_for_many_jobs_waits_for_all(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """It waits for each job once, also if the inputs name it twice."""
    job_ids = [timed_service.create_job("completes", seconds=60 * number) for number in (3, 1, 2)]
    async with plugin(timed_service, time) as served:
        id_, outputs = await served.create(JOBS, jobIds=[*job_ids, job_ids[0]])
        assert set(outputs.values["jobs"]) == set(job_ids)
        assert served.lines(ephemeral=True)[-1] == "3 of 3 jobs Complete"
    assert id_ not in ("", APPID)
    assert {job["status"] for job in outputs.values["jobs"].values()} == {"Complete"}


@on_a_loop
async def test_a_failed_wait_is_one_message_about_an_input(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """A failed job, a suspended job and the time limit, which is the input's or the engine's or one hour."""
    failing, stuck = timed_service.create_job("fails", seconds=30), timed_service.create_job("never-ends")
    suspended = timed_service.create_job("waits-for-confirmation", seconds=30)
    async with plugin(timed_service, time) as served:
        message = await refused(served.create(jobId=failing))
        assert message.startswith("jobId: the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: ")
        assert "its report is in " in message
        message = await refused(served.create(JOBS, jobIds=[failing, stuck]))
        assert message.startswith("jobIds: the job failed")
        message = await refused(served.create(jobId=stuck, timeout="90s", limit=5))
        assert message.startswith("timeout: the job was not complete within 1 min 30 s; it was last seen Active")
        message = await refused(served.create(jobId=stuck, limit=120))
        assert message.startswith("the job was not complete within 2 min")
        before = time.clock.monotonic()
        message = await refused(served.create(jobId=stuck))
        assert time.clock.monotonic() - before == pytest.approx(3600)
        message = await refused(served.create(jobId=suspended, failWhenSuspended=True))
        assert message.startswith("failWhenSuspended: the job waits for a person to confirm it")
        assert "wait without failWhenSuspended" in message


@on_a_loop
async def test_failed_tasks_are_accepted_up_to_a_number(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """The default is 0; -1 accepts any number."""
    job_id = timed_service.create_job("completes-with-failed-tasks", seconds=0)
    time.clock.advance(30)
    async with plugin(timed_service, time) as served:
        message = await refused(served.create(jobId=job_id))
        assert "with more failed tasks than the 0 accepted" in message
        for accepted in (10, -1):
            assert (await served.create(jobId=job_id, maxFailedTasks=accepted))[1].values["status"] == "Complete"


@on_a_loop
async def test_a_suspended_job_is_reported_once(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """The line stays in the engine's output."""
    job_id = timed_service.create_job("waits-for-confirmation", seconds=30)
    async with plugin(timed_service, time) as served:
        await refused(served.create(jobId=job_id, timeout="1h"))
        warnings = [line for line in served.lines(ephemeral=False) if "confirm" in line]
    assert warnings == [f"job {job_id} waits for a person to confirm it (cosjob confirm {job_id}); the wait goes on"]


@on_a_loop
async def test_a_preview_polls_and_never_waits(service: CosBatchEmulator) -> None:
    """It fails at once for a job that never completes, and knows the outputs of a job that has completed."""
    going, done = service.create_job("completes", seconds=60), service.create_job("completes", seconds=0)
    failed, missing = service.create_job("fails", seconds=0), "nope"
    service.clock.advance(30)
    async with plugin(service) as served:
        id_, outputs = await served.create(jobId=going, preview=True)
        assert id_ == ""
        assert (outputs.values["jobId"], outputs.values["status"]) == (going, "Active") or outputs.values[
            "status"
        ] is UNKNOWN
        assert outputs.values["progressSummary"] is UNKNOWN
        _, outputs = await served.create(jobId=done, preview=True)
        assert outputs.values["status"] == "Complete"
        _, outputs = await served.create(JOBS, jobIds=[done, going], preview=True)
        assert outputs.values["jobs"] is UNKNOWN
        _, outputs = await served.create(JOBS, jobIds=[done], preview=True)
        assert outputs.values["jobs"][done]["status"] == "Complete"
        assert (await refused(served.create(jobId=failed, preview=True))).startswith("jobId: the job failed")
        assert "no such job" in await refused(served.create(jobId=missing, preview=True))
        service.inject(Fault("error", code="InternalError", status=500, times=100))
        requests = len(service.requests)
        _, outputs = await served.create(jobId=UNKNOWN, preview=True)
        assert outputs.values["status"] is UNKNOWN
        _, outputs = await served.create(JOBS, jobIds=[done, UNKNOWN], preview=True)
        assert outputs.values["jobs"] is UNKNOWN
        assert len(service.requests) == requests


@on_a_loop
async def test_a_preview_without_a_response_warns(service: CosBatchEmulator) -> None:
    """It succeeds, as the service may work again for the update; the warning on the gate's row names the failure."""
    job_id, other = service.create_job("completes"), service.create_job("completes")
    async with plugin(service) as served:
        await served.create(jobId=job_id, preview=True)
        assert served.logged == []
        service.inject(Fault("html", status=200, body=b"<html><br>", times=2, job_id=job_id))
        _, outputs = await served.create(jobId=job_id, preview=True)
        assert outputs.values["status"] is UNKNOWN
        await served.create(JOBS, jobIds=[other, job_id], preview=True)
        old = to_struct(Properties({"jobIds": [other], "appid": APPID}))
        service.inject(Fault("error", code="ServiceUnavailable", status=503))
        await served.update(JOBS, from_struct(old), {"jobIds": [other, job_id], "appid": APPID}, preview=True)
        service.stop()
        await served.create(jobId=job_id, preview=True, secret=frozenset({"jobId"}))
    assert {(each.severity, each.ephemeral, each.urn != "") for each in served.logged} == {
        (engine_pb2.WARNING, False, True)
    }
    assert len(served.logged) == 4
    page, many, later, away = (each.message for each in served.logged)
    assert page.startswith(f"the preview has no valid response about job {job_id}: the response cannot be read as XML")
    assert page.endswith("does COS Batch respond there, or a proxy? The update polls again.")
    assert many.startswith(f"the preview has no valid response about 1 of 2 jobs, the first of them job {job_id}: ")
    assert "the service is not available" in later
    assert "Connection refused" in away
    assert job_id not in away


@on_a_loop
async def test_a_gate_of_restore_jobs_warns_when_it_opens(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """Restore requests were sent, objects come later. A gate that fails or a copying job has no warning."""
    copies = timed_service.create_job("completes", seconds=0)
    document = (RESPONSES / "restore-complete.xml").read_text()
    for job_id in ("nightly", "weekly"):
        timed_service.replay(job_id, document.replace("nightly", job_id))
    timed_service.replay("failed", document.replace("nightly", "failed").replace("Complete", "Failed"))
    time.clock.advance(30)
    async with plugin(timed_service, time) as served:
        await served.create(jobId="nightly", preview=True)
        await served.create(jobId=copies)
        await refused(served.create(JOBS, jobIds=["nightly", "failed"]))
        assert served.lines(ephemeral=False) == []
        await served.create(jobId="nightly")
        _, outputs = await served.create(JOBS, jobIds=["nightly", "weekly", copies])
    meaning = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
    assert served.lines(ephemeral=False) == [
        f"job nightly restores objects: {meaning}",
        f"2 jobs restore objects (nightly, weekly): {meaning}",
    ]
    assert set(outputs.values["jobs"]) == {"nightly", "weekly", copies}


@on_a_loop
async def test_tasks_not_accounted_for_fail_a_gate(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """They count as failed tasks."""
    timed_service.replay("nightly", (RESPONSES / "complete-with-contradictory-counts.xml").read_bytes())
    async with plugin(timed_service, time) as served:
        message = await refused(served.create(jobId="nightly", maxFailedTasks=89))
        assert "90 of 100 tasks are not accounted for; 10 of 100 tasks succeeded, 0 failed" in message
        for accepted in (90, -1):
            assert (await served.create(jobId="nightly", maxFailedTasks=accepted))[1].values["status"] == "Complete"


@on_a_loop
async def test_a_secret_job_id_is_shown_nowhere(timed_service: CosBatchEmulator, time: VirtualTime) -> None:
    """Outputs that contain it are secret; the id of the resource and the messages do not contain it."""
    timed_service.create_job("waits-for-confirmation", seconds=5, job_id=SECRET)
    timed_service.create_job("completes", seconds=5, job_id=SECRET + "-2")
    async with plugin(timed_service, time) as served:
        message = await refused(served.create(jobId=SECRET, timeout="10m", secret=frozenset({"jobId"})))
        assert "job [secret]" in message
        assert "[secret] waits for a person" in " ".join(served.lines(ephemeral=False))
        id_, outputs = await served.create(jobId=SECRET + "-2", secret=frozenset({"jobId"}))
        assert outputs.secret == {"jobId"}
        many, outputs = await served.create(JOBS, jobIds=[SECRET + "-2"], secret=frozenset({"jobIds"}))
        assert outputs.secret == {"jobIds", "jobs"}
        message += await refused(served.create(JOBS, jobIds=[SECRET], timeout="1m", secret=frozenset({"jobIds"})))
    assert SECRET not in id_ + many + message + str([each.message for each in served.logged])


@on_a_loop
async def test_a_secret_is_shown_in_no_form(service: CosBatchEmulator) -> None:
    """It is redacted if it is quoted, truncated, a part of a name, or from the configuration."""
    long = "secret-" + "abcdefghij" * 6 + "!"
    async with plugin(service) as served:
        for value in (long, "my secret\n", "a'b\"c secret"):
            [reason] = (await served.check(JOB, frozenset({"jobId"}), jobId=value, appid=APPID)).values()
            assert "[secret]" in reason
            assert "secret-ab" not in reason
            assert "my secret" not in reason
            assert "c secret" not in reason
        job_id = service.create_job("completes", seconds=0)
        service.clock.advance(30)
        _, outputs = await served.create(jobId=job_id, secret=frozenset({"appid"}))
        assert APPID in outputs.values["report"]["bucket"]
        assert outputs.secret >= {"appid", "report", "manifest", "operation"}
        assert "status" not in outputs.secret
        await served.configure_with(frozenset({"uin"}), **{**config_of(service), "uin": APPID})
        _, outputs = await served.create(jobId=job_id)
        assert outputs.secret >= {"report", "manifest", "operation"}
    hidden = Properties({**config_of(service), "endpoint": "ftp://hidden-host"}, frozenset({"endpoint"}))
    async with plugin() as served:
        response = await served.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(hidden)))
        assert "hidden-host" not in response.failures[0].reason
        refusing = Properties({**hidden.values, "endpoint": "https://hidden-host.invalid"}, hidden.secret)
        await served.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(refusing)))
        message = await refused(served.create(jobId="a", timeout="1s", limit=1))
        assert "endpoint [secret]" in message
        assert "hidden-host" not in message


@on_a_loop
async def test_a_gate_never_opens_without_its_inputs(service: CosBatchEmulator) -> None:
    """Outside of a preview, an input that is missing or not known fails the gate."""
    job_id = service.create_job("completes", seconds=0)
    service.clock.advance(30)
    async with plugin(service) as served:
        for kind, inputs, name in (
            (JOB, {"jobId": job_id, "timeout": UNKNOWN}, "timeout"),
            (JOB, {"jobId": UNKNOWN}, "jobId"),
            (JOB, {}, "jobId"),
            (JOBS, {}, "jobIds"),
            (JOBS, {"jobIds": [job_id, UNKNOWN]}, "jobIds"),
            (JOBS, {"jobIds": ""}, "jobIds"),
            (JOBS, {"jobIds": 0}, "jobIds"),
            (JOB, {"jobId": job_id, "maxFailedTasks": 0.5}, "maxFailedTasks"),
        ):
            assert (await refused(served.create(kind, **inputs))).startswith(name)
        assert await served.create(JOBS, jobIds=[])


@on_a_loop
async def test_a_lower_max_failed_tasks_fails_the_update(service: CosBatchEmulator) -> None:
    """The jobs in the state are compared with the new number, in a preview too. No request is sent."""
    job_id = service.create_job("completes-with-failed-tasks", seconds=0)
    service.clock.advance(30)
    async with plugin(service) as served:
        for kind, named in ((JOB, {"jobId": job_id}), (JOBS, {"jobIds": [job_id]})):
            _, outputs = await served.create(kind, **named, maxFailedTasks=-1)
            requests = len(service.requests)
            news = {**named, "appid": APPID}
            for preview in (True, False):
                call = served.update(kind, outputs, {**news, "maxFailedTasks": 9}, preview=preview)
                assert "with more failed tasks than the 9 accepted" in await refused(call)
            updated = await served.update(kind, outputs, {**news, "maxFailedTasks": 10})
            assert updated["maxFailedTasks"] == 10
            assert len(service.requests) == requests
