"""The native plugin's protocol over real gRPC, against the emulator; waits go by a clock that is turned."""

from __future__ import annotations

import asyncio
import json
import re
import string
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import grpc
import pytest
import xmlschema
from google.protobuf import empty_pb2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulumi.runtime.proto import engine_pb2, provider_pb2, provider_pb2_grpc

from patience import HANGS
from places import RESPONSES, TESTS
from plugins import JOB, JOBS, UNKNOWN, URN, TurnedTime, config_of, on_a_loop, plugin
from pulumi_cosjob import CosBatchClient, JobFailedError, JobsFailedError, parse_describe_job_result, schema_path
from pulumi_cosjob._clock import SystemClock
from pulumi_cosjob._model.job import (
    Element,
    JobDescription,
    camel_name,
    element_fields,
    from_plain,
    in_camel_case,
    in_snake_case,
    snake_name,
    to_plain,
    xml_name,
)
from pulumi_cosjob._plugin import accounts
from pulumi_cosjob._plugin.inputs import fitting
from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct
from pulumi_cosjob._plugin.servicer import Servicer
from pulumi_cosjob._program.outputs import load_job
from pulumi_cosjob._version import semantic
from pulumi_cosjob._waiting import loop
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob.testing import CosBatchEmulator, Fault

DAY = 24 * 3600.0

FULL = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
APPID = "1250000000"
SECRET = "job-of-no-ones-business"
DiffResponse = provider_pb2.DiffResponse


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs stand still until a test turns their clock."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


@pytest.fixture
def turned() -> TurnedTime:
    """The time of service and plugin alike."""
    return TurnedTime()


@pytest.fixture
def living(turned: TurnedTime) -> Iterator[CosBatchEmulator]:
    """An emulator whose jobs live by that time."""
    with CosBatchEmulator(clock=turned.clock) as emulator:
        yield emulator


async def refused(call: Any) -> str:
    """Return the message that a call fails with."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.NOT_FOUND)
    assert "Traceback" not in str(raised.value.details())
    return str(raised.value.details())


async def outcome(call: Any) -> str:
    """Return the status and the message that a call fails with; nothing where it does not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()}"
    return ""


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something is so."""
    while not condition():  # noqa: ASYNC110  it happens in another process or thread
        await asyncio.sleep(0.01)


# ---------------------------------------------------------------------------------------------------------- the schema


UNSIGNED_LONG = "{http://www.w3.org/2001/XMLSchema}unsignedLong"


def declared(schema: Any, properties: dict[str, Any], cls: type[Element], path: str) -> None:
    """Compare the properties of an object with the elements that an XSD processor finds at a place."""
    names = {camel_name(name) for name in element_fields(cls)}
    assert set(properties) - {"unknownElements", "unknownValues"} == names
    types = package_schema("0.1.0")["types"]
    for name, field in element_fields(cls).items():
        property_, element_path = properties[camel_name(name)], f"{path}/{xml_name(name)}"
        element = schema.find(element_path)
        description, annotation = property_["description"], str(element.annotation)
        if field.item:
            assert property_["type"] == "array"
            property_, element_path = property_["items"], f"{element_path}/{field.item}"
            element = schema.find(element_path)
        referred = types.get(property_.get("$ref", "").removeprefix("#/types/"))
        values = [word for member in getattr(element.type, "member_types", ()) for word in member.enumeration or ()]
        assert description == annotation + (
            f" Known values: {', '.join(f'`{each}`' for each in values)}." * bool(values)
        )
        if values:
            known = types[f"cosjob:index:{element.type.name}"]
            assert [each["value"] for each in known["enum"]] == values
            assert all(each["name"].isidentifier() for each in known["enum"])
            assert known["description"]
            assert property_["type"] == "string", "SDKs raise for what an enumeration does not list"
        elif issubclass(field.type, Element):
            declared(schema, referred["properties"], field.type, element_path)
        else:
            # An integer has 32 bits in some languages.
            whole = "number" if element.type.is_derived(schema.maps.types[UNSIGNED_LONG]) else "integer"
            assert property_["type"] == {str: "string", int: whole, bool: "boolean"}[field.type]


def test_the_schema_has_every_element_of_the_xsd() -> None:
    """Types, texts and enumerations are those that another reader of the XSD finds."""
    xsd = xmlschema.XMLSchema11(schema_path())
    schema = package_schema("0.1.0")
    inputs = {"appid", "uin", "region", "endpoint", "timeout", "maxFailedTasks", "failWhenSuspended"}
    inputs.add("serviceEndpoint")
    gate = schema["resources"]["cosjob:index:JobCompletion"]["properties"]
    for properties in (
        schema["functions"]["cosjob:index:getJob"]["outputs"]["properties"],
        schema["types"]["cosjob:index:JobDescription"]["properties"],
        {name: each for name, each in gate.items() if name not in inputs},
    ):
        declared(xsd, properties, JobDescription, "/DescribeJobResult/Job")


@pytest.mark.parametrize(
    ("python", "pulumi"),
    [
        ("0.1.0", "0.1.0"),
        ("0.2.0rc1", "0.2.0-rc.1"),
        ("1.0.0a2.dev3", "1.0.0-alpha.2.dev.3"),
        ("1.0.0.dev3+gabc", "1.0.0-dev.3"),
        ("2024.1", "2024.1"),
    ],
)
def test_versions_are_written_as_pulumi_writes_them(python: str, pulumi: str) -> None:
    """Python's way of writing a release candidate is none that the engine reads."""
    assert semantic(python) == pulumi


@on_a_loop
async def test_the_plugin_says_what_it_is() -> None:
    """Its version and its schema."""
    async with plugin() as served:
        assert (await served.stub.GetPluginInfo(empty_pb2.Empty())).version == "0.1.0"
        answer = await served.stub.GetSchema(provider_pb2.GetSchemaRequest())
        assert json.loads(answer.schema) == package_schema("0.1.0")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.stub.Construct(provider_pb2.ConstructRequest())
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_no_method_of_the_protocol_answers_with_a_stack_trace() -> None:
    """What is inherited would."""
    service = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"]
    inherited = provider_pb2_grpc.ResourceProviderServicer
    names = [method.name for method in service.methods]
    assert [name for name in names if getattr(Servicer, name) is getattr(inherited, name)] == []


# ---------------------------------------------------------------------------------------------------------- properties

TEXTS = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXTS | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.data())
def test_properties_are_read_as_they_were_written(values: dict[str, Any], data: st.DataObject) -> None:
    """Values, secrets and what is not known yet, at any depth."""
    secret = frozenset(data.draw(st.sets(st.sampled_from(sorted(values))))) if values else frozenset()
    assert from_struct(to_struct(Properties(values, secret))) == Properties(values, secret)


def test_secrets_and_outputs_inside_of_values_are_seen() -> None:
    """The engine marks parts of a list, and sends outputs with what they depend on."""
    signature = "4dabf18193072939515e22adb298388d"
    struct = to_struct(
        Properties(
            {
                "ids": ["a", {signature: "1b47061264138c4ac30d75fd1eb44270", "value": "b"}],
                "plain": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "c", "dependencies": []},
                "output": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "d", "secret": True},
                "later": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4"},
            }
        )
    )
    read = from_struct(struct)
    assert read.values == {"ids": ["a", "b"], "plain": "c", "output": "d", "later": UNKNOWN}
    assert read.secret == {"ids", "output"}


def test_names_in_camel_case_lead_back_to_the_fields(full_response: bytes) -> None:
    """Every field of every element, as the one and only name that has these words."""
    description = parse_describe_job_result(full_response)
    plain = to_plain(description)
    assert in_snake_case(in_camel_case(plain)) == plain
    assert to_plain(from_plain(JobDescription, in_snake_case(in_camel_case(plain)))) == plain
    for name in (
        "cos_put_object_copy",
        "sse_algorithm",
        "etag",
        "unmodified_since_constraint",
        "number_of_tasks_failed",
    ):
        assert snake_name(camel_name(name)) == name


# ----------------------------------------------------------------------------------------------------------- functions


@on_a_loop
async def test_get_job_returns_every_field(service: CosBatchEmulator) -> None:
    """As the client reads it; what the job lacks is null, so that SDKs know in previews that it is absent."""
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
async def test_get_jobs_skips_what_is_missing_or_names_it(service: CosBatchEmulator) -> None:
    """As the package's `get_jobs`."""
    job_ids = [service.create_job("completes") for _ in range(3)]
    async with plugin(service) as served:
        found = await served.invoke("getJobs", jobIds=[*job_ids, "nope"], appid=APPID, missing="skip", maxConcurrency=2)
        assert set(found["jobs"]) == set(job_ids)
        assert {job["status"] for job in found["jobs"].values()} == {"New"}
        assert found["missingJobIds"] == ["nope"]
        said = await refused(served.invoke("getJobs", jobIds=["nope", "neither"], appid=APPID))
        assert "2 of 2 jobs could not be read" in said
        assert await served.invoke("getJobs", jobIds=[], appid=APPID) == {"jobs": {}, "missingJobIds": []}


@on_a_loop
async def test_what_goes_wrong_in_a_function_is_one_message(service: CosBatchEmulator) -> None:
    """About the argument where it is about one, and never a stack trace."""
    async with plugin(service) as served:
        said = await refused(served.invoke("getJob", jobId="nope", appid=APPID))
        assert said.startswith("jobId: there is no such job")
        assert "Check jobId, appid, uin and region" in said
        assert "cannot be 'a/b'" in (await served.invoke("getJob", jobId="a/b", appid=APPID))["jobId"]
        assert "digits only" in (await served.invoke("getJob", jobId="a", appid="main"))["appid"]
        assert await served.invoke("getJob") == {"jobId": "jobId is missing", "appid": "appid is missing"}
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
        said = await refused(served.invoke("getJob", jobId="a", appid=APPID))
        assert "cosjob:secretId and cosjob:secretKey (--secret), environment variables TENCENTCLOUD_SECRET_ID" in said
        assert "tencentcloud:" not in said, "which the engine does not tell a plugin of another name"


@on_a_loop
async def test_a_defect_is_a_sentence_for_users_and_a_stack_trace_for_the_log(
    service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody thought of does not look like a stack trace either."""

    def fail(*_arguments: Any) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(CosBatchClient, "describe_job", fail)
    async with plugin(service) as served:
        said = await refused(served.invoke("getJob", jobId="a", appid=APPID))
        assert said == "the plugin failed in a way that it should not; please report it: KeyError: 'oops'"
        await until(lambda: bool(served.logged))
        assert "Traceback" in served.logged[0].message


@on_a_loop
async def test_what_lenient_validation_leaves_out_is_a_warning(service: CosBatchEmulator) -> None:
    """The engine shows it; standard error would go to its log."""
    service.replay(FULL, (RESPONSES / "full.xml").read_text().replace("<Priority>", "<Priority>-"))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        async with plugin() as served:
            served.engine.pass_on_warnings()
            await served.configure(**config_of(service), validation="lenient")
            assert (await served.invoke("getJob", jobId=FULL, appid=APPID))["priority"] is None
            await until(lambda: bool(served.logged))
    [warning] = served.logged
    assert (warning.severity, warning.ephemeral) == (engine_pb2.WARNING, False)
    assert "was left out: /DescribeJobResult/Job/Priority: must be a whole number" in warning.message


@on_a_loop
async def test_a_message_of_any_length_arrives(service: CosBatchEmulator) -> None:
    """An answer that violates the schema in a hundred places is described in all of them."""
    reason = "<JobFailure><FailureCode>x<b/></FailureCode></JobFailure>"
    text = (RESPONSES / "minimal.xml").read_text()
    service.replay(FULL, text.replace("</Job>", f"<FailureReasons>{reason * 120}</FailureReasons></Job>"))
    async with plugin() as served:
        await served.configure(**config_of(service), validation="strict")
        said = await refused(served.invoke("getJob", jobId=FULL, appid=APPID))
        assert said.count("FailureCode") == 100


@on_a_loop
async def test_every_failed_job_is_named(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """However many they are: of the first all is reported, and the others are named at least, in any alphabet."""
    reasons = [{"failure_code": "任务" * 10, "failure_reason": "原因" * 40}]
    job_ids = [living.create_job("fails", seconds=0, failure_reasons=reasons) for _ in range(300)]
    async with plugin(living, turned) as served:
        for some in (job_ids[:25], job_ids):
            said = await refused(served.create(JOBS, jobIds=some))
            assert f"{len(some)} of {len(some)} jobs did not complete" in said
            assert [job_id for job_id in some if job_id not in said] == []
            assert said.count("原因") > 20
            assert said.count("appid 1250000000") == 20


@given(st.text(max_size=30), st.integers(0, 500), st.sampled_from(["", "\n"]))
@example("0::::\x80", 364, "\n")
def test_messages_are_made_to_fit(text: str, times: int, end: str) -> None:
    """They lose nothing where there is room, and begin as they did where there is not."""
    message = (text + end) * times
    cut = fitting(message, most_bytes=7000)
    # As gRPC writes it: printable ASCII stands for itself, but for the percent sign.
    plain = "".join(each for each in string.printable if each.isprintable() and each != "%")
    assert cut == message if len(quote(message, safe=plain)) < 6990 else len(quote(cut, safe=plain)) < 8000
    assert cut[:20] == message[:20]
    assert fitting("\ud800") == "?"


# ------------------------------------------------------------------------------------------------------- configuration


async def checked(served: Any, **config: Any) -> tuple[dict[str, str], Properties]:
    """Check a configuration; return the failures by property, and what is kept."""
    answer = await served.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(Properties(config))))
    return {each.property: each.reason for each in answer.failures}, from_struct(answer.inputs)


@on_a_loop
async def test_the_configuration_is_checked_and_its_secrets_are_kept_as_such() -> None:
    """Each malformed setting is named; keys are secrets whatever the program said, and are never shown."""
    async with plugin() as served:
        failures, kept = await checked(
            served, uin="100000000001", region="ap-chengdu", secretId="a", secretKey="b", token="c"
        )
        assert failures == {}
        assert kept.secret == {"secretId", "secretKey", "token"}
        for config, name, expected in (
            ({"uin": "main"}, "uin", "digits only"),
            ({"region": "Chengdu!"}, "region", "such as ap-chengdu"),
            ({"endpoint": "http://example.com"}, "endpoint", "must use https"),
            ({"validation": "loose"}, "validation", "must be one of strict, lenient"),
            ({"requestTimeout": "soon"}, "requestTimeout", "requestTimeout cannot be 'soon'"),
            ({"secretId": "half"}, "", "cosjob:secretId is set but cosjob:secretKey is not"),
            # No property: the engine shows the value of one that is named.
            ({"secretId": "a", "secretKey": SECRET + "\n"}, "", "cosjob:secretKey must be printable ASCII"),
        ):
            failures, _ = await checked(served, **config)
            assert list(failures) == [name]
            assert expected in failures[name]
            assert SECRET not in failures[name]
        assert (await checked(served, uin=UNKNOWN, secretId="a", secretKey=UNKNOWN))[0] == {}
        assert (await checked(served))[0] == {}
        assert (await checked(served, requestTimeout="30"))[0] == {}


@on_a_loop
async def test_another_configuration_replaces_nothing() -> None:
    """Gates that have opened stay, whoever asks from now on."""
    async with plugin() as served:
        olds, news = (to_struct(Properties({"uin": uin, "region": "ap-chengdu"})) for uin in ("1", "2"))
        answer = await served.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=news))
        assert (answer.changes, list(answer.diffs), list(answer.replaces)) == (DiffResponse.DIFF_SOME, ["uin"], [])
        same = await served.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=olds))
        assert same.changes == DiffResponse.DIFF_NONE


@on_a_loop
async def test_one_call_may_name_another_account(service: CosBatchEmulator) -> None:
    """uin, region and endpoint of a call come before the provider's."""
    job_id = service.create_job("completes")
    async with plugin() as served:
        await served.configure(**{**config_of(service), "endpoint": "http://127.0.0.1:9"})
        found = await served.invoke("getJob", jobId=job_id, appid=APPID, endpoint=service.endpoint)
        assert found["status"] == "New"


# --------------------------------------------------------------------------------------------------------------- check


@on_a_loop
async def test_malformed_inputs_are_refused_by_name() -> None:
    """Each is named as the program names it; nothing is asked."""
    async with plugin() as served:
        for kind, inputs, name, expected in (
            (JOB, {"jobId": "a"}, "appid", "appid is missing"),
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
                "It is a whole number from 0, or -1 for any number.",
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
async def test_inputs_that_are_not_known_yet_pass_and_secret_ones_are_not_shown() -> None:
    """What is known is checked all the same."""
    async with plugin() as served:
        assert await served.check(JOB, jobId=UNKNOWN, appid=UNKNOWN, timeout=UNKNOWN, maxFailedTasks=UNKNOWN) == {}
        assert await served.check(JOBS, jobIds=["a", UNKNOWN], appid=APPID) == {}
        assert list(await served.check(JOBS, jobIds=["a b", UNKNOWN], appid=APPID)) == ["jobIds"]
        failures = await served.check(JOB, frozenset({"jobId"}), jobId=SECRET + "!", appid=APPID)
        assert failures[""].startswith("jobId cannot be '[secret]'.")


@on_a_loop
async def test_only_another_job_or_account_is_another_gate() -> None:
    """What replaces, what updates, what is the same."""
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
            answer = await served.diff(kind, olds, news)
            assert (list(answer.diffs), list(answer.replaces)) == (changed, replaces)
            assert answer.changes == (DiffResponse.DIFF_SOME if changed else DiffResponse.DIFF_NONE)
            assert set(answer.detailedDiff) == set(changed)


@on_a_loop
async def test_what_the_configuration_says_is_the_same_account() -> None:
    """Naming that here is no other gate; naming another one is, and older engines tell inputs as outputs."""
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
        answer = await served.stub.Diff(provider_pb2.DiffRequest(urn=URN.format(JOB), olds=olds, news=news))
        assert answer.changes == DiffResponse.DIFF_NONE


# -------------------------------------------------------------------------------------------------------------- create


@on_a_loop
async def test_a_gate_waits_for_its_job(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """It has the job's fields as they were at its end and an id of its own, and told how the job was doing."""
    job_id = living.create_job("completes", seconds=600)
    async with plugin(living, turned) as served:
        id_, outputs = await served.create(jobId=job_id, timeout="1h", maxFailedTasks=2)
    assert id_ not in ("", job_id)
    assert 604 <= turned.clock.monotonic() <= 604 * 1.05
    assert outputs.values["status"] == "Complete"
    assert outputs.values["progressSummary"]["numberOfTasksSucceeded"] == 100
    assert outputs.values["suspendedCause"] is None
    assert (outputs.values["timeout"], outputs.values["maxFailedTasks"], outputs.secret) == ("1h", 2, frozenset())
    assert {each.urn for each in served.logged} == {URN.format(JOB)}
    lines = served.lines(ephemeral=True)
    assert lines[-1] == "Complete, 100 %, 100 of 100 tasks"
    assert any(re.match(r"\d+ %, \d min left, Active, \d+ of 100 tasks", line) for line in lines), lines


@on_a_loop
async def test_a_gate_for_many_jobs_waits_for_all(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """Each once, however often it was named."""
    job_ids = [living.create_job("completes", seconds=60 * number) for number in (3, 1, 2)]
    async with plugin(living, turned) as served:
        id_, outputs = await served.create(JOBS, jobIds=[*job_ids, job_ids[0]])
        assert set(outputs.values["jobs"]) == set(job_ids)
        assert served.lines(ephemeral=True)[-1] == "3 of 3 jobs Complete"
    assert id_ not in ("", APPID)
    assert {job["status"] for job in outputs.values["jobs"].values()} == {"Complete"}


@on_a_loop
async def test_a_wait_that_ends_badly_is_one_message_about_its_input(
    living: CosBatchEmulator, turned: TurnedTime
) -> None:
    """Failures, suspension, the time limit; and where the limit comes from."""
    failing, stuck = living.create_job("fails", seconds=30), living.create_job("never-ends")
    suspended = living.create_job("waits-for-confirmation", seconds=30)
    async with plugin(living, turned) as served:
        said = await refused(served.create(jobId=failing))
        assert said.startswith("jobId: the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: ")
        assert "its report is in " in said
        said = await refused(served.create(JOBS, jobIds=[failing, stuck]))
        assert said.startswith("jobIds: the job failed")
        said = await refused(served.create(jobId=stuck, timeout="90s", limit=5))
        assert said.startswith("timeout: the job was not complete within 1 min 30 s; it was last seen Active")
        said = await refused(served.create(jobId=stuck, limit=120))
        assert said.startswith("the job was not complete within 2 min")
        before = turned.clock.monotonic()
        said = await refused(served.create(jobId=stuck))
        assert turned.clock.monotonic() - before == pytest.approx(3600)
        said = await refused(served.create(jobId=suspended, failWhenSuspended=True))
        assert said.startswith("failWhenSuspended: the job waits for a person to confirm it")
        assert "wait without failWhenSuspended" in said


@on_a_loop
async def test_failed_tasks_are_accepted_up_to_a_number_or_any(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """None by default; -1 stands for any number."""
    job_id = living.create_job("completes-with-failed-tasks", seconds=0)
    turned.clock.advance(30)
    async with plugin(living, turned) as served:
        said = await refused(served.create(jobId=job_id))
        assert "with more failed tasks than the 0 accepted" in said
        for accepted in (10, -1):
            assert (await served.create(jobId=job_id, maxFailedTasks=accepted))[1].values["status"] == "Complete"


@on_a_loop
async def test_a_job_that_waits_for_a_person_is_told_once(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """By a line that stays."""
    job_id = living.create_job("waits-for-confirmation", seconds=30)
    async with plugin(living, turned) as served:
        await refused(served.create(jobId=job_id, timeout="1h"))
        warnings = [line for line in served.lines(ephemeral=False) if "confirm" in line]
    assert warnings == [f"job {job_id} waits for a person to confirm it; the wait goes on"]


@on_a_loop
async def test_a_preview_looks_and_never_waits(service: CosBatchEmulator) -> None:
    """It fails at once for what can never complete, and knows the outputs of what has completed already."""
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
        asked = len(service.requests)
        _, outputs = await served.create(jobId=UNKNOWN, preview=True)
        assert outputs.values["status"] is UNKNOWN
        _, outputs = await served.create(JOBS, jobIds=[done, UNKNOWN], preview=True)
        assert outputs.values["jobs"] is UNKNOWN
        assert len(service.requests) == asked


@on_a_loop
async def test_a_preview_that_cannot_poll_says_so(service: CosBatchEmulator) -> None:
    """It succeeds, as an update may find the service well, with a warning on the gate's row that names what failed."""
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
    assert page.startswith(f"the preview has no valid response about job {job_id}: the answer cannot be read as XML")
    assert page.endswith("is it COS Batch that answers there, and no proxy? The update polls again.")
    assert many.startswith(f"the preview has no valid response about 1 of 2 jobs, the first of them job {job_id}: ")
    assert "the service is not available" in later
    assert "Connection refused" in away
    assert job_id not in away


@on_a_loop
async def test_a_gate_of_restore_jobs_warns_when_it_opens(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """The requests were sent; nothing is said of a gate that does not open, or of a job that copies."""
    copies = living.create_job("completes", seconds=0)
    document = (RESPONSES / "restore-complete.xml").read_text()
    for job_id in ("nightly", "weekly"):
        living.replay(job_id, document.replace("nightly", job_id))
    living.replay("failed", document.replace("nightly", "failed").replace("Complete", "Failed"))
    turned.clock.advance(30)
    async with plugin(living, turned) as served:
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
async def test_tasks_that_are_not_accounted_for_close_a_gate(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """As failed ones do."""
    living.replay("nightly", (RESPONSES / "complete-with-contradictory-counts.xml").read_bytes())
    async with plugin(living, turned) as served:
        said = await refused(served.create(jobId="nightly", maxFailedTasks=89))
        assert "90 of 100 tasks are not accounted for; 10 of 100 tasks succeeded, 0 failed" in said
        for accepted in (90, -1):
            assert (await served.create(jobId="nightly", maxFailedTasks=accepted))[1].values["status"] == "Complete"


@on_a_loop
async def test_a_secret_job_id_shows_nowhere(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """The outputs that echo it are secret, the resource's id is another, and no message has it."""
    living.create_job("waits-for-confirmation", seconds=5, job_id=SECRET)
    living.create_job("completes", seconds=5, job_id=SECRET + "-2")
    async with plugin(living, turned) as served:
        said = await refused(served.create(jobId=SECRET, timeout="10m", secret=frozenset({"jobId"})))
        assert "job [secret]" in said
        assert "[secret] waits for a person" in " ".join(served.lines(ephemeral=False))
        id_, outputs = await served.create(jobId=SECRET + "-2", secret=frozenset({"jobId"}))
        assert outputs.secret == {"jobId"}
        many, outputs = await served.create(JOBS, jobIds=[SECRET + "-2"], secret=frozenset({"jobIds"}))
        assert outputs.secret == {"jobIds", "jobs"}
        said += await refused(served.create(JOBS, jobIds=[SECRET], timeout="1m", secret=frozenset({"jobIds"})))
    assert SECRET not in id_ + many + said + str([each.message for each in served.logged])


@on_a_loop
async def test_a_secret_shows_in_no_form(service: CosBatchEmulator) -> None:
    """Neither quoted nor shortened, nor as a part of a name, nor where it comes from the configuration."""
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
        answer = await served.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(hidden)))
        assert "hidden-host" not in answer.failures[0].reason
        refusing = Properties({**hidden.values, "endpoint": "https://hidden-host.invalid"}, hidden.secret)
        await served.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(refusing)))
        said = await refused(served.create(jobId="a", timeout="1s", limit=1))
        assert "endpoint [secret]" in said
        assert "hidden-host" not in said


@on_a_loop
async def test_a_gate_never_opens_by_an_input_that_is_not_there(service: CosBatchEmulator) -> None:
    """Whatever the engine sends: outside of previews all that it waits for is known."""
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
async def test_fewer_failed_tasks_than_there_were_close_a_gate(service: CosBatchEmulator) -> None:
    """What is in the state is held against another limit, in previews too; nothing is asked."""
    job_id = service.create_job("completes-with-failed-tasks", seconds=0)
    service.clock.advance(30)
    async with plugin(service) as served:
        for kind, named in ((JOB, {"jobId": job_id}), (JOBS, {"jobIds": [job_id]})):
            _, outputs = await served.create(kind, **named, maxFailedTasks=-1)
            asked = len(service.requests)
            news = {**named, "appid": APPID}
            for preview in (True, False):
                call = served.update(kind, outputs, {**news, "maxFailedTasks": 9}, preview=preview)
                assert "with more failed tasks than the 9 accepted" in await refused(call)
            updated = await served.update(kind, outputs, {**news, "maxFailedTasks": 10})
            assert updated["maxFailedTasks"] == 10
            assert len(service.requests) == asked


@on_a_loop
async def test_an_outage_keeps_no_gate_beyond_its_time(service: CosBatchEmulator) -> None:
    """However many wait for a thread to ask with: each gives up when its own time is over."""
    service.inject(Fault("delay", seconds=DAY, times=None))
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [refused(served.create(jobId=f"job-{number}", timeout="1s")) for number in range(64)]
        said = await asyncio.gather(*waits)
        assert {
            text.startswith("timeout: the job was not complete within 1 s; there was never a valid response")
            for text in said
        } == {True}
        service.reset()


@on_a_loop
async def test_a_proxy_is_not_asked_for_the_engine(
    living: CosBatchEmulator, turned: TurnedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GRPC would ask it even for this machine, and every line of progress would be late or lost."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("grpc_proxy", "http://127.0.0.1:9")
    job_id = living.create_job("completes", seconds=5)
    async with plugin(living, turned) as served:
        await served.create(jobId=job_id)
        assert served.lines(ephemeral=True)[-1] == "Complete, 100 %, 100 of 100 tasks"


@on_a_loop
async def test_ctrl_c_ends_all_waits_at_once(service: CosBatchEmulator) -> None:
    """Those that sleep and those that are being answered; what comes later is not begun."""
    service.inject(Fault("delay", seconds=DAY, job_id=service.create_job("never-ends", job_id="slow")))
    job_ids = ["slow", *(service.create_job("never-ends") for _ in range(20))]
    async with plugin() as served:
        await served.configure(**config_of(service), requestTimeout="3600")
        waits = [asyncio.ensure_future(refused(served.create(jobId=job_id))) for job_id in job_ids]
        # What is being answered is not among the requests yet; its fault has been taken from the queue.
        faults = service._service.faults._queue
        await until(lambda: len({each.path for each in service.requests}) == len(job_ids) - 1 and not faults)
        await served.stub.Cancel(empty_pb2.Empty())
        said = set(await asyncio.gather(*waits))
        said.add(await refused(served.create(jobId="late")))
        cut_off = await refused(served.invoke("getJob", jobId="late", appid=APPID))
    assert said == {"the wait was interrupted, and no job is changed by that; the next update waits again"}
    assert cut_off == "the question was cut off, as the command was interrupted or has failed elsewhere"
    assert not any("late" in request.path for request in service.requests)


class Silent:
    """A client that answers about no job but one, before it is told to."""

    endpoint = "https://cos.example.com"

    def __init__(self) -> None:
        self.told = threading.Event()

    def look(self, job_id: str, _appid: str) -> tuple[JobDescription, float | None]:
        """Answer, once it may."""
        assert job_id == "failed" or self.told.wait(HANGS)
        return JobDescription(job_id, "Failed"), None


@on_a_loop
async def test_a_silent_service_holds_up_neither_a_preview_nor_the_end_of_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has an answer is judged; of what has none it is told whether it was ever asked."""
    monkeypatch.setattr(accounts, "FIRST_POLL_SECONDS", 0.3)
    monkeypatch.setattr(accounts, "MAX_CONCURRENT_POLLS", 3)
    monkeypatch.setattr(loop, "_LAST_POLL_SECONDS", 0.1)
    client: Any = Silent()
    account = accounts.Account(client, SystemClock(), asyncio.sleep)
    try:
        assert await account.poll_before_waiting([], "1", WaitOptions(1.0)) == ({}, None)
        notice = "the preview has no valid response about job a: none came in time. The update polls again."
        assert await account.poll_before_waiting(["a", "a"], "1", WaitOptions(1.0)) == ({}, notice)
        with pytest.raises(JobFailedError):
            await account.poll_before_waiting(["a", "failed"], "1", WaitOptions(1.0))
        with pytest.raises(JobsFailedError) as raised:
            await account.wait_for_jobs(["b", "c"], "1", WaitOptions(0.2), lambda *_: None)
        told = {error.job_id: str(error) for error in raised.value.errors}
        assert "no answer came before the time was up" in told["b"]
        assert "was not asked in time" in told["c"]
    finally:
        client.told.set()


@pytest.mark.newest
@on_a_loop
async def test_hundreds_of_gates_wait_on_a_few_threads() -> None:
    """No wait has a thread of its own, and none is late for it."""
    count = 300
    turned = TurnedTime(count)
    with CosBatchEmulator(clock=turned.clock) as living:
        job_ids = [living.create_job("completes", seconds=2) for _ in range(count)]
        before = threading.active_count()
        most = 0
        async with plugin(living, turned) as served:
            waits = [asyncio.ensure_future(served.create(jobId=job_id, timeout="1h")) for job_id in job_ids]
            for wait in waits:
                wait.add_done_callback(turned.done)
            while not all(wait.done() for wait in waits):
                most = max(most, threading.active_count())
                await asyncio.sleep(0.05)
            statuses = {(await wait)[1].values["status"] for wait in waits}
        assert statuses == {"Complete"}
        assert most - before <= 64 + 16
        assert 6 <= turned.clock.monotonic() < 8
        assert len(living.requests) <= count * 6


# -------------------------------------------------------------------------------------------- update, read and delete


@on_a_loop
async def test_an_update_asks_about_new_jobs_only(living: CosBatchEmulator, turned: TurnedTime) -> None:
    """Another way of waiting asks nothing; of many jobs those that were added are waited for."""
    first, second = (living.create_job("completes", seconds=5) for _ in range(2))
    async with plugin(living, turned) as served:
        _, one = await served.create(jobId=first)
        _, many = await served.create(JOBS, jobIds=[first])
        asked = len(living.requests)
        outputs = await served.update(JOB, one, {"jobId": first, "appid": APPID, "timeout": "2d"})
        assert outputs == {**one.values, "timeout": "2d"}
        outputs = await served.update(JOBS, many, {"jobIds": [second, first], "appid": APPID}, preview=True)
        assert set(outputs["jobs"]) == {first, second}
        outputs = await served.update(JOBS, many, {"jobIds": [second, first], "appid": APPID})
        assert {job["status"] for job in outputs["jobs"].values()} == {"Complete"}
        assert {second in request.path for request in living.requests[asked:]} == {True}
        outputs = await served.update(JOBS, many, {"jobIds": [], "appid": APPID})
        assert outputs["jobs"] == {}
        outputs = await served.update(JOBS, many, {"jobIds": [UNKNOWN], "appid": APPID}, preview=True)
        assert outputs["jobs"] is UNKNOWN


@on_a_loop
async def test_a_gate_takes_over_what_a_dynamic_one_knew(service: CosBatchEmulator) -> None:
    """The states of the first release: nothing is asked, and every field is there."""
    state = json.loads((TESTS / "states" / "0.1.0-gates.json").read_text())
    gates = {each["type"].rpartition(":")[2]: each for each in state["deployment"]["resources"]}
    echoed = ("appid", "serviceEndpoint")
    async with plugin(service) as served:
        for kind in (JOB, JOBS):
            olds = gates[kind]["outputs"]
            inputs = in_camel_case(
                {k: v for k, v in gates[kind]["inputs"].items() if k in ("job_id", "job_ids", "appid")}
            )
            answer = await served.stub.Diff(
                provider_pb2.DiffRequest(
                    urn=URN.format(kind),
                    olds=to_struct(Properties(olds)),
                    old_inputs=to_struct(Properties(gates[kind]["inputs"])),
                    news=to_struct(Properties(inputs)),
                )
            )
            assert (answer.changes, list(answer.replaces)) == (DiffResponse.DIFF_SOME, [])
            outputs = await served.update(kind, Properties(olds), inputs)
            if kind == JOB:
                known = {name: value for name, value in outputs.items() if value is not None and name not in echoed}
                assert in_snake_case(known) == load_job(olds["result"])
            else:
                assert {job_id: in_snake_case(job) for job_id, job in outputs["jobs"].items()} == load_job(
                    olds["results"]
                )
    assert service.requests == []


@on_a_loop
async def test_a_gate_that_is_taken_over_closes_where_it_has_to(service: CosBatchEmulator) -> None:
    """A dynamic gate that accepted any number of failed tasks, at first by saying nothing, is held to the new one."""
    description = from_plain(
        JobDescription,
        {"job_id": "a", "status": "Complete", "progress_summary": {"number_of_tasks_failed": 10}},
    )
    olds = {"job_id": "a", "appid": APPID, "result": json.dumps(to_plain(description))}
    many = {"job_ids": ["a"], "appid": APPID, "results": json.dumps({"a": to_plain(description)})}
    async with plugin(service) as served:
        for kind, state, named in ((JOB, olds, {"jobId": "a"}), (JOBS, many, {"jobIds": ["a"]})):
            for said in ({}, {"max_failed_tasks": -1}):
                before = Properties({**state, **said})
                call = served.update(kind, before, {**named, "appid": APPID})
                assert "with more failed tasks than the 0 accepted" in await refused(call)
                outputs = await served.update(kind, before, {**named, "appid": APPID, "maxFailedTasks": -1})
                assert "10" in json.dumps(outputs)
    assert service.requests == []


SENTENCE = re.compile(r"[^\n]+\.( [^\n]+\.)+")


@on_a_loop
async def test_a_urn_of_no_gate_is_refused_in_a_sentence() -> None:
    """Whatever reads it; the protocol promises a form, and a state is a file that people edit."""
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
                said = await refused(getattr(served.stub, call)(request(urn)))
                assert said.startswith("urn is that of no resource: '")
                assert SENTENCE.fullmatch(said)
            for kind in ("cosjob:index:Bucket", "a$cosjob:index:jobCompletion", "JobCompletion", "cosjob:index:getJob"):
                said = await refused(getattr(served.stub, call)(request(f"urn:pulumi:dev::p::{kind}::n")))
                assert said.startswith(
                    f"urn cannot be used: there is no resource '{kind.rpartition('$')[2]}'. There are cosjob:index:Job"
                )


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a value: what holds it, and its key there."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("kind", [JOB, JOBS])
@pytest.mark.parametrize("is_dynamic", [False, True], ids=["native", "dynamic"])
def test_a_state_that_was_edited_by_hand_is_no_defect(kind: str, is_dynamic: bool) -> None:
    """Any value in it may be any other: what cannot be used is named in a sentence, with what to do."""
    inputs: dict[str, Any] = {"jobId": FULL} if kind == JOB else {"jobIds": [FULL]}
    inputs |= {"appid": APPID, "maxFailedTasks": 7, "timeout": "1s"}
    job = to_plain(parse_describe_job_result((RESPONSES / "full.xml").read_bytes()), exact=False)
    outputs = {**inputs, **({} if kind == JOBS else in_camel_case(job))}
    if kind == JOBS:
        outputs["jobs"] = {FULL: in_camel_case(job)}
    if is_dynamic:
        outputs = {**inputs, **({"result": job} if kind == JOB else {"results": {FULL: job}})}
    found: set[str] = set()

    async def answers(state: dict[str, Any]) -> None:
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
        if holder is not state:
            holder[key] = data.draw(JSON)
        asyncio.run(answers(state))

    edited()
    assert not [said for said in found if "please report it" in said or "Unexpected" in said]
    assert any(said.startswith("UNKNOWN: state of the gate cannot be used: ") for said in found)


@on_a_loop
async def test_a_refresh_leaves_a_gate_be_and_deleting_it_touches_nothing(service: CosBatchEmulator) -> None:
    """Also after the jobs have aged out; what was never created cannot be imported."""
    async with plugin(service) as served:
        inputs = to_struct(Properties({"jobId": "gone"}, frozenset({"jobId"})))
        properties = to_struct(Properties({"jobId": "gone", "status": "Complete"}, frozenset({"jobId"})))
        request = provider_pb2.ReadRequest(id="gone", urn=URN.format(JOB), properties=properties, inputs=inputs)
        answer = await served.stub.Read(request)
        assert (answer.id, answer.properties, answer.inputs) == ("gone", properties, inputs)
        await served.stub.Delete(provider_pb2.DeleteRequest(id="gone", urn=URN.format(JOB), properties=properties))
        # What a program looks up comes as the state and as the inputs: nobody has waited for that.
        for claimed in ({}, {"jobId": "a", "appid": APPID}, {"jobId": "a", "appid": APPID, "status": "Complete"}):
            state = to_struct(Properties(claimed))
            request = provider_pb2.ReadRequest(id="a", urn=URN.format(JOB), properties=state, inputs=state)
            assert (await refused(served.stub.Read(request))).startswith("a gate cannot be imported or looked up")
    assert service.requests == []


@on_a_loop
async def test_it_is_known_whether_a_resource_has_failed(service: CosBatchEmulator) -> None:
    """By a check, a preview or an import; not by a function, whose error is the program's own."""
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
            lambda: served.check(JOB, jobId="a"),
            lambda: refused(served.create(jobId="nope", preview=True)),
            lambda: refused(served.stub.Read(provider_pb2.ReadRequest(id="a", urn=URN.format(JOB), properties=state))),
        ):
            served.servicer.has_failed = False
            await fails()
            assert served.servicer.has_failed
            await served.create(jobId="done", preview=True)
            assert served.servicer.has_failed, "what comes after changes nothing"
