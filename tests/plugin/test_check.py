"""The plugin's checks of configuration and inputs, and what it compares, over real gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import provider_pb2

from plugins import (
    APPID,
    JOB,
    JOBS,
    SECRET,
    UNKNOWN,
    URN,
    DiffResponse,
    config_of,
    on_a_loop,
    plugin,
    refused,
)
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

# ------------------------------------------------------------------------------------------------------- configuration


async def check_config(served: Any, **config: Any) -> tuple[dict[str, str], Properties]:
    """Check a configuration; return the failures by property, and the inputs that are stored."""
    response = await served.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(Properties(config))))
    return {each.property: each.reason for each in response.failures}, from_struct(response.inputs)


@on_a_loop
async def test_the_configuration_is_checked_and_credentials_are_secret() -> None:
    """A failure names each malformed setting. Credentials are stored as secrets, and no message contains them."""
    async with plugin() as served:
        failures, stored = await check_config(
            served, uin="100000000001", region="ap-chengdu", secretId="a", secretKey="b", token="c"
        )
        assert failures == {}
        assert stored.secret == {"secretId", "secretKey", "token"}
        for config, name, expected in (
            ({"uin": "main"}, "uin", "digits only"),
            ({"region": "Chengdu!"}, "region", "such as ap-chengdu"),
            ({"endpoint": "http://example.com"}, "endpoint", "must use https"),
            ({"validation": "loose"}, "validation", "must be one of strict, lenient"),
            ({"requestTimeout": "soon"}, "requestTimeout", "requestTimeout cannot be 'soon'"),
            ({"secretId": "half"}, "", "cosjob:secretId is set but cosjob:secretKey is not"),
            # Without a property: the engine shows the value of a property that a failure names.
            ({"secretId": "a", "secretKey": SECRET + "\n"}, "", "cosjob:secretKey must be printable ASCII"),
        ):
            failures, _ = await check_config(served, **config)
            assert list(failures) == [name]
            assert expected in failures[name]
            assert SECRET not in failures[name]
        assert (await check_config(served, uin=UNKNOWN, secretId="a", secretKey=UNKNOWN))[0] == {}
        assert (await check_config(served))[0] == {}
        assert (await check_config(served, requestTimeout="30"))[0] == {}


@on_a_loop
async def test_another_configuration_replaces_nothing() -> None:
    """Open gates stay when requests are sent by another account."""
    async with plugin() as served:
        olds, news = (to_struct(Properties({"uin": uin, "region": "ap-chengdu"})) for uin in ("1", "2"))
        response = await served.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=news))
        assert (list(response.diffs), list(response.replaces)) == (["uin"], [])
        assert response.changes == DiffResponse.DIFF_SOME
        same = await served.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=olds))
        assert same.changes == DiffResponse.DIFF_NONE


@on_a_loop
async def test_a_call_may_name_another_account(service: CosBatchEmulator) -> None:
    """The uin, region and endpoint of a call take precedence over the provider's."""
    job_id = service.create_job("completes")
    async with plugin() as served:
        await served.configure(**{**config_of(service), "endpoint": "http://127.0.0.1:9"})
        found = await served.invoke("getJob", jobId=job_id, appid=APPID, endpoint=service.endpoint)
        assert found["status"] == "New"


# --------------------------------------------------------------------------------------------------------------- check


@on_a_loop
async def test_malformed_inputs_are_refused_by_name() -> None:
    """The failure has the name that the program uses. No request is sent."""
    async with plugin() as served:
        for kind, inputs, name, expected in (
            (JOB, {"appid": APPID}, "jobId", "jobId is missing"),
            (JOBS, {"appid": APPID}, "jobIds", "jobIds is missing"),
            (JOB, {"jobId": "a/b", "appid": APPID}, "jobId", "jobId cannot be 'a/b'"),
            (JOBS, {"jobIds": ["a", "b c"], "appid": APPID}, "jobIds", "cannot be 'b c'"),
            (JOBS, {"jobIds": "a", "appid": APPID}, "jobIds", "must be a list of ids, not text"),
            (JOBS, {"jobIds": "", "appid": APPID}, "jobIds", "must be a list of ids, not text"),
            (JOBS, {"jobIds": {}, "appid": APPID}, "jobIds", "must be a list of ids, not an object"),
            (JOBS, {"jobIds": False, "appid": APPID}, "jobIds", "must be a list of ids, not true or false"),
            (JOB, {"jobId": "a", "appid": APPID, "endpoint": "ftp://a"}, "endpoint", "endpoint cannot be 'ftp://a'"),
            (
                JOB,
                {"jobId": "a", "appid": 7.0},
                "appid",
                "not a number. It is digits only, such as 1250000000; put it in quotes",
            ),
            (JOB, {"jobId": "a", "appid": APPID, "timeout": []}, "timeout", 'not a list. It is a text such as "90s"'),
            (JOB, {"jobId": "a", "appid": APPID, "timeout": "soon"}, "timeout", "cannot be 'soon'"),
            (JOB, {"jobId": "a", "appid": APPID, "timeout": float("inf")}, "timeout", "cannot be"),
            (
                JOB,
                {"jobId": "a", "appid": APPID, "maxFailedTasks": -2},
                "maxFailedTasks",
                "maxFailedTasks cannot be -2",
            ),
            (
                JOB,
                {"jobId": "a", "appid": APPID, "maxFailedTasks": 0.5},
                "maxFailedTasks",
                "from 0, or -1 for any number",
            ),
            (
                JOB,
                {"jobId": "a", "appid": APPID, "failWhenSuspended": "no"},
                "failWhenSuspended",
                "It is true or false.",
            ),
            (JOB, {"jobId": "a", "appid": APPID, "region": "."}, "region", "such as ap-chengdu"),
            (JOB, {"jobId": "a", "appid": APPID, "jobID": "a"}, "jobID", "there is no input jobID; there are jobId, "),
        ):
            failures = await served.check(kind, **inputs)
            assert list(failures) == [name]
            assert expected in failures[name]
        assert "there is no resource" in await refused(served.check("Bucket"))


@on_a_loop
async def test_unknown_inputs_pass_and_secret_ones_are_not_shown() -> None:
    """The known parts are checked."""
    async with plugin() as served:
        assert await served.check(JOB, jobId=UNKNOWN, appid=UNKNOWN, timeout=UNKNOWN, maxFailedTasks=UNKNOWN) == {}
        assert await served.check(JOBS, jobIds=["a", UNKNOWN], appid=APPID) == {}
        assert list(await served.check(JOBS, jobIds=["a b", UNKNOWN], appid=APPID)) == ["jobIds"]
        failures = await served.check(JOB, frozenset({"jobId"}), jobId=SECRET + "!", appid=APPID)
        assert failures[""].startswith("jobId cannot be '[secret]'.")


@on_a_loop
async def test_only_another_job_or_account_replaces_a_gate() -> None:
    """Other changes update it in place."""
    base = {"jobId": "a", "appid": APPID, "timeout": "1h"}
    opened = {**base, "serviceEndpoint": "https://1.cos-control.ap-chengdu.myqcloud.com"}
    moved = ["uin", "serviceEndpoint"]
    async with plugin() as served:
        for kind, olds, news, changed, replaces in (
            (JOB, base, base, [], []),
            (JOB, base, {**base, "timeout": "2h", "maxFailedTasks": 3}, ["timeout", "maxFailedTasks"], []),
            (JOB, base, {**base, "jobId": "b"}, ["jobId"], ["jobId"]),
            (JOB, base, {**base, "jobId": UNKNOWN}, ["jobId"], ["jobId"]),
            (JOB, base, {**base, "appid": "1"}, ["appid"], ["appid"]),
            (JOB, base, {**base, "uin": "1"}, ["uin"], []),
            (JOB, opened, {**base, "uin": "2", "region": "ap-chengdu"}, [*moved[:1], "region", *moved[1:]], moved[1:]),
            (JOB, opened, {**base, "uin": "1", "region": "ap-chengdu"}, ["uin", "region"], []),
            (JOB, base, {**base, "maxFailedTasks": 0}, [], []),
            (JOBS, {"jobIds": ["a"], "appid": "1"}, {"jobIds": ["a", "b"], "appid": "1"}, ["jobIds"], []),
            (JOBS, {"jobIds": ["a"], "appid": "1"}, {"jobIds": ["a"], "appid": "2"}, ["appid"], ["appid"]),
        ):
            response = await served.diff(kind, olds, news)
            assert (list(response.diffs), list(response.replaces)) == (changed, replaces)
            assert response.changes == (DiffResponse.DIFF_SOME if changed else DiffResponse.DIFF_NONE)
            assert set(response.detailedDiff) == set(changed)


@on_a_loop
async def test_an_input_that_repeats_the_configuration_replaces_nothing() -> None:
    """Another account does; older engines send the inputs among the outputs."""
    endpoint = "https://100000000001.cos-control.ap-chengdu.myqcloud.com"
    base = {"jobId": "a", "appid": APPID, "status": "Complete", "serviceEndpoint": endpoint}
    async with plugin() as served:
        await served.configure(uin="100000000001", region="ap-chengdu")
        for named, replaces in (
            ({"uin": "100000000001"}, []),
            ({"uin": "100000000002"}, ["serviceEndpoint"]),
            ({"endpoint": "http://127.0.0.1:9"}, ["serviceEndpoint"]),
        ):
            assert list((await served.diff(JOB, base, {**base, **named})).replaces) == replaces
        olds, news = (to_struct(Properties(each)) for each in (base, {"jobId": "a", "appid": APPID}))
        response = await served.stub.Diff(provider_pb2.DiffRequest(urn=URN.format(JOB), olds=olds, news=news))
        assert response.changes == DiffResponse.DIFF_NONE
