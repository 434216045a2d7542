"""Starting, stopping and turning the emulator: from Python, over HTTP and as a command."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_jobs import APPID, Bench, Caller, bench, send

import pulumi_cosjob.testing
from pulumi_cosjob._emulator import JobOrder, parse_job, parse_replay, serve
from pulumi_cosjob.testing import CosBatchEmulator, Fault, ManualClock, Scenario

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["bench"]


def control(bench: Bench, method: str, path: str, data: object = None, **headers: str) -> tuple[int, Any]:
    """Use a control route."""
    body = None if data is None else json.dumps(data)
    reply = send(bench.emulator.endpoint, method, f"/_emulator/{path}", headers, body)
    return reply.status, json.loads(reply.body)


def test_control_jobs(bench: Bench) -> None:
    """A job is created over HTTP with all that Python can say, but for elements."""
    wanted = {"job_id": "j", "scenario": "fails", "appid": APPID, "seconds": 5, "tasks": 8, "description": "made"}
    assert control(bench, "POST", "jobs", wanted) == (200, {"job_id": "j"})
    bench.clock.advance(8)
    assert (bench.status("j"), bench.progress("j")) == ("Failing", (3, 0, 8))
    assert bench.describe("j").text("Job/Description") == "made"
    status, made = control(bench, "POST", "jobs")
    assert (status, bench.status(made["job_id"])) == (200, "New")


def test_control_clock(bench: Bench) -> None:
    """The jobs' clock is turned on, held and released over HTTP; held, it stands while time passes."""
    job_id = bench.emulator.create_job()
    start = bench.clock.now()
    assert control(bench, "POST", "clock", {"advance": 5}) == (200, {"now": start + 5})
    assert bench.status(job_id) == "Active"
    assert control(bench, "POST", "clock", {"hold": True}) == (200, {"now": start + 5})
    bench.clock.advance(100)
    assert bench.status(job_id) == "Active"
    assert control(bench, "POST", "clock", {"advance": 8}) == (200, {"now": start + 13})
    assert bench.status(job_id) == "Completing"
    assert control(bench, "POST", "clock", {"hold": False}) == (200, {"now": start + 13})
    bench.clock.advance(1)
    assert bench.status(job_id) == "Complete"


def test_control_faults(bench: Bench) -> None:
    """One fault or several are added over HTTP, with all their fields."""
    job_id = bench.emulator.create_job()
    assert control(bench, "POST", "faults", {"kind": "error", "code": "SlowDown", "retry_after": 3}) == (
        200,
        {"added": 1},
    )
    faults = [{"kind": "html", "body": "<p>ü</p>"}, {"kind": "empty", "times": None}]
    assert control(bench, "POST", "faults", faults) == (200, {"added": 2})
    first = bench.describe(job_id)
    assert (first.code, first.headers["retry-after"]) == ("SlowDown", "3")
    assert [bench.describe(job_id).body for _ in range(3)] == ["<p>ü</p>".encode(), b"", b""]


def test_control_requests(bench: Bench) -> None:
    """Requests are told over HTTP as Python tells them; control requests are not among them."""
    bench.describe("missing")
    status, told = control(bench, "GET", "requests")
    assert (status, len(told)) == (200, 1)
    (record,) = bench.emulator.requests
    assert told[0] == {
        "time": bench.clock.now(),
        "method": "GET",
        "path": "/jobs/missing",
        "headers": dict(record.headers),
        "status": 404,
        "fault": None,
    }
    assert record.headers["authorization"] == "REDACTED"
    assert control(bench, "GET", "statistics") == (200, {"requests": 1, "faulty": 0})


def test_control_reset(bench: Bench, tmp_path: Path) -> None:
    """A reset forgets jobs, replays, faults, requests and what the clock was turned on by."""
    (tmp_path / "a.xml").write_bytes(b"<x/>")
    job_id = bench.emulator.create_job()
    bench.emulator.replay("replayed", tmp_path / "a.xml")
    bench.emulator.inject(Fault("empty", times=None))
    bench.emulator.clock.advance(50)
    bench.emulator.clock.hold()
    bench.describe(job_id)
    assert control(bench, "POST", "reset") == (200, {})
    assert bench.emulator.requests == []
    assert bench.emulator.clock.now() == bench.clock.now()
    assert [bench.describe(name).code for name in (job_id, "replayed")] == ["NoSuchJob"] * 2


ORIGINS = [
    ({"Origin": "https://evil.example.com"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403),
    ({"Origin": "https://{}"}, 403),
    ({"Origin": "http://{}"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://{}"}, 200),
    ({"Host": "rebound.example.com"}, 403),
    ({"Host": "127.0.0.1.example.com"}, 403),
    ({"Host": "rebound.example.com", "Origin": "http://rebound.example.com"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), ORIGINS)
@pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("POST", "jobs"), ("GET", "requests")])
def test_control_answers_no_page_of_another_origin(
    bench: Bench, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Any page in a browser may send a request anywhere, and one that has a name of its own for this address any."""
    own = urlsplit(bench.emulator.endpoint).netloc
    job_id = bench.emulator.create_job()
    found, told = control(bench, method, path, **{name: value.format(own) for name, value in headers.items()})
    assert found == status
    if status == 403:
        assert "control routes" in told["error"]
        assert bench.status(job_id) == "New"


NESTED = [
    "[" * 60_000,
    "[" * 500 + "]" * 500,
    '{"operation": ' + '{"A": ' * 500 + '""' + "}" * 500 + "}",
    '{"A": ' * 40 + "1" + "}" * 40,
]


@pytest.mark.parametrize("path", ["jobs", "clock", "faults"])
@pytest.mark.parametrize("body", NESTED, ids=["open", "lists", "elements", "just too deep"])
def test_control_refuses_what_nests_without_end(bench: Bench, path: str, body: str) -> None:
    """It is answered with a sentence, by an emulator that goes on."""
    reply = send(bench.emulator.endpoint, "POST", f"/_emulator/{path}", {}, body)
    assert reply.status == 400
    assert "nests more than 32 deep" in json.loads(reply.body)["error"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 1e300, "1e400", "\x00", "\ud800", "a\r\nSet-Cookie: x", "\uffff", "ü", ""])
    | st.floats()
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
JOB_FIELDS = ["job_id", "scenario", "appid", "seconds", "tasks", "starts", "description", "operation", "A", "B b"]
FAULT_FIELDS = [each.name for each in fields(Fault)]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(
    st.dictionaries(st.sampled_from(JOB_FIELDS), ANYTHING, max_size=3),
    st.dictionaries(st.sampled_from(FAULT_FIELDS), ANYTHING, max_size=3),
    st.sampled_from(["delay", "empty", "error", "html", "other-job", "raw", "redirect", "skew", "wrong-length"]),
    st.dictionaries(st.sampled_from(["advance", "hold"]), ANYTHING),
)
def test_control_takes_only_what_can_be_answered(
    bench: Bench, job: dict[str, Any], fault: dict[str, Any], kind: str, clock: dict[str, Any]
) -> None:
    """Whatever is created, injected or turned to can be sent; what cannot be is refused when it is given."""
    endpoint = bench.emulator.endpoint
    fault = {"kind": kind, **fault, "seconds": 0 if kind == "delay" else fault.get("seconds", 1), "times": 1}
    for path, data in (("clock", clock), ("jobs", job), ("faults", fault)):
        body = json.dumps(data).replace('"1e400"', "1e400")
        reply = send(endpoint, "POST", f"/_emulator/{path}", {}, body)
        told = json.loads(reply.body)
        assert reply.status == 200 or (reply.status == 400 and told["error"]), (path, data, reply)
        if path == "jobs" and reply.status == 200:
            headers = {"x-cos-appid": job.get("appid") or APPID}
            caller = bench.caller(headers=headers)
            assert caller.ask("GET", f"/jobs/{quote(told['job_id'])}").status == 200, data
            assert caller.ask("GET", "/jobs").status == 200
        if path == "faults" and reply.status == 200:
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                answer = bench.caller().ask("GET", "/jobs")
                assert answer.status != 500 or answer.root.tag == "Error", data
    assert control(bench, "POST", "reset")[0] == 200


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("jobs", {"scenario": "explodes"}, "there is no scenario 'explodes'"),
        ("jobs", {"colour": "red"}, "there is no element 'colour'"),
        ("jobs", [1], "the body must be a JSON object"),
        ("jobs", {"seconds": "long"}, "must be real number, not str"),
        ("clock", {"advance": -1}, "a clock goes forward"),
        ("clock", {"advanced": 1}, "the clock knows advance and hold, not advanced"),
        ("faults", {"kind": "explosion"}, "there is no fault 'explosion'"),
        ("faults", {"type": "reset"}, "a fault has a kind and may have body, code"),
    ],
)
def test_control_explains_mistakes(bench: Bench, path: str, data: object, message: str) -> None:
    """A control request that cannot be done is answered with 400 and a sentence."""
    status, told = control(bench, "POST", path, data)
    assert status == 400
    assert message in told["error"]


def test_control_refuses_what_is_no_json(bench: Bench) -> None:
    """A body that is no JSON is answered with 400."""
    assert send(bench.emulator.endpoint, "POST", "/_emulator/clock", {}, "advance=1").status == 400


def test_control_answers_only_this_machine(bench: Bench) -> None:
    """A page that reaches the emulator by a name of its own cannot turn it."""
    status, _ = control(bench, "POST", "reset", {}, Host="rebound.example.com")
    assert status == 403


def test_replay_reads_the_file_each_time(bench: Bench, tmp_path: Path) -> None:
    """A replayed file is answered with as it is now, whatever it holds; one that is gone is an InternalError."""
    file = tmp_path / "answer.xml"
    file.write_bytes(b"<DescribeJobResult>\r\n")
    bench.emulator.replay("job-1", file)
    assert bench.describe("job-1").body == b"<DescribeJobResult>\r\n"
    file.write_bytes(b"\xff\x00 no XML")
    reply = bench.describe("job-1")
    assert (reply.status, reply.body) == (200, b"\xff\x00 no XML")
    file.unlink()
    reply = bench.describe("job-1")
    assert (reply.status, reply.code) == (500, "InternalError")


def test_replay_of_documents(bench: Bench, tmp_path: Path) -> None:
    """Bytes and text are answered with as they are; a text that is no document is a path; requests stay signed."""
    bench.emulator.replay("bytes", b"\x00")
    bench.emulator.replay("text", "\n<ä/>")
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    bench.emulator.replay("path", str(tmp_path / "a.xml"))
    assert bench.describe("bytes").body == b"\x00"
    assert bench.describe("text").body == "\n<ä/>".encode()
    assert bench.describe("path").body == b"<a/>"
    assert send(bench.emulator.endpoint, "GET", "/jobs/bytes", {"x-cos-appid": APPID}).status == 403
    with pytest.raises(FileNotFoundError, match=r"there is no file 'missing\.xml' to replay"):
        bench.emulator.replay("missing", "missing.xml")


def test_environment_reaches_the_emulator() -> None:
    """The environment says endpoint, account and keys."""
    with CosBatchEmulator(uin="100000000001", region="ap-guangzhou", token="t") as emulator:
        assert emulator.environment() == {
            "COSJOB_ENDPOINT": emulator.endpoint,
            "COSJOB_UIN": "100000000001",
            "TENCENTCLOUD_REGION": "ap-guangzhou",
            "TENCENTCLOUD_SECRET_ID": "emulator-id",
            "TENCENTCLOUD_SECRET_KEY": "emulator-key",
            "TENCENTCLOUD_SECURITY_TOKEN": "t",
        }


def test_account_shows_in_the_jobs() -> None:
    """APPID, UIN and region of the emulator are those of its jobs' resources."""
    clock = ManualClock()
    with CosBatchEmulator(clock=clock, appid="1250000007", uin="100000000007", region="ap-beijing") as emulator:
        job_id = emulator.create_job()
        caller = Caller(emulator.endpoint, clock.now(), headers={"x-cos-appid": "1250000007"})
        reply = caller.ask("GET", f"/jobs/{job_id}")
    assert reply.text("Job/RoleArn") == "qcs::cam::uin/100000000007:roleName/COS_Batch_QcsRole"
    assert reply.text("Job/Report/Bucket") == "qcs::cos:ap-beijing:uid/1250000007:reports-1250000007"


def test_endpoint_is_known_once_started() -> None:
    """Before its start the emulator has no endpoint, and says what to do."""
    emulator = CosBatchEmulator()
    with pytest.raises(RuntimeError, match=r"has not been started: .* call start\(\)"):
        _ = emulator.endpoint
    with emulator:
        assert emulator.endpoint.startswith("http://127.0.0.1:")


def test_stopped_emulator_comes_back_as_it_was(bench: Bench) -> None:
    """A stopped emulator refuses connections; started again it is at the same place, with its jobs."""
    job_id = bench.emulator.create_job()
    endpoint = bench.emulator.endpoint
    bench.emulator.stop()
    bench.emulator.stop()
    with pytest.raises(ConnectionRefusedError):
        bench.describe(job_id)
    bench.emulator.start()
    assert bench.emulator.endpoint == endpoint
    assert bench.status(job_id) == "New"


def test_address_in_use_is_the_callers_to_know() -> None:
    """A port that is taken raises in the thread that starts the emulator, which can start once the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        emulator = CosBatchEmulator(port=port)
        with pytest.raises(OSError, match="in use"):
            emulator.start()
    with emulator:
        assert urlsplit(emulator.endpoint).port == port


def test_start_and_stop_from_many_threads() -> None:
    """However many threads start and stop it at the same time, it ends with no thread and no listener left."""
    before = threading.active_count()
    emulator = CosBatchEmulator()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                emulator.start()
                emulator.stop()
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert threading.active_count() == before
    with emulator.start():
        assert send(emulator.endpoint, "GET", "/_emulator/requests", {}).status == 200


def test_connection_made_while_stopping_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that comes in the moment the emulator stops is closed with the others."""
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    emulator = CosBatchEmulator()
    for _ in range(30):
        with emulator:
            address = ("127.0.0.1", int(urlsplit(emulator.endpoint).port or 0))
            connections = [socket.create_connection(address) for _ in range(4)]
        for connection in connections:
            connection.close()
    gc.collect()
    assert lost == []


def test_emulator_listens_on_this_machine_only() -> None:
    """No other address than a loopback one is listened on."""
    with pytest.raises(ValueError, match=r"on this machine only, not on '0\.0\.0\.0'"):
        serve(("0.0.0.0", 0), [], [], None, print)  # noqa: S104 - that it is refused is the point


def test_manual_clock() -> None:
    """The clock stands until it is turned; sleeping turns it; it does not go back."""
    clock = ManualClock(start=100.0)
    clock.advance(5)
    clock.sleep(2.5)
    assert (clock.now(), clock.monotonic()) == (107.5, 7.5)
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a clock goes forward"):
            clock.advance(seconds)


def test_manual_clock_is_turned_from_many_threads() -> None:
    """No turn is lost when many threads turn the clock."""
    clock = ManualClock(start=0.0)

    def work() -> None:
        for _ in range(1000):
            clock.sleep(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 8000


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a=completes", JobOrder("a", "completes", 10.0, 100)),
        ("a=fails,seconds=2.5", JobOrder("a", "fails", 2.5, 100)),
        ("a=stalls,tasks=7,seconds=0", JobOrder("a", "stalls", 0.0, 7)),
        ("a=restore,starts=first-request,tasks=7", JobOrder("a", "restore", 10.0, 7, "first-request")),
        ("a=gains-a-word,starts=now", JobOrder("a", "gains-a-word", 10.0, 100, "now")),
    ],
)
def test_parse_job(text: str, order: JobOrder) -> None:
    """A job on the command line is an id, a scenario and, if wanted, seconds and tasks."""
    assert parse_job(text) == order


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", r"a job is given as ID=SCENARIO\[,seconds=N\]\[,tasks=N\]\[,starts=first-request\], not as 'a'"),
        ("=fails", "a job is given as"),
        ("a=", "a job is given as"),
        ("a=explodes", "there is no scenario 'explodes'; the scenarios are: cancelled"),
        ("a=fails,colour=red", "not 'colour=red'"),
        ("a=fails,tasks=1,tasks=2", "each at most once, not 'tasks=2'"),
        ("a=fails,seconds=soon", "seconds is a number from 0, not 'soon'"),
        ("a=fails,seconds=-1", "seconds is a number from 0, not '-1'"),
        ("a=fails,seconds=nan", "seconds is a number from 0, not 'nan'"),
        ("a=fails,tasks=1.5", "tasks is a whole number from 0, not '1.5'"),
        ("a=fails,", "not ''"),
        ("a=fails,starts=soon", "starts is now or first-request, not 'soon'"),
    ],
)
def test_parse_job_explains_mistakes(text: str, message: str) -> None:
    """A job that cannot be read is refused with a sentence that says how it is given."""
    with pytest.raises(ValueError, match=message):
        parse_job(text)


def test_parse_replay(tmp_path: Path) -> None:
    """A replay on the command line is an id and a file that exists; the file's name may hold an equals sign."""
    file = tmp_path / "a=b.xml"
    file.touch()
    assert parse_replay(f"id={file}") == ("id", file)
    for text, message in (("id", "as ID=FILE, not as 'id'"), ("id=missing.xml", "no file 'missing.xml'")):
        with pytest.raises(ValueError, match=message):
            parse_replay(text)


SERVE = """
import sys
from pulumi_cosjob._emulator import parse_job, serve
serve(("127.0.0.1", 0), [parse_job("j=completes,seconds=60")], [("r", sys.argv[1])], None,
      lambda url: print("listening on " + url, flush=True))
print("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """The command's server tells its URL first, serves jobs and replays, and ends well at either signal."""
    (tmp_path / "r.xml").write_bytes(b"<r/>")
    command = [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path / "r.xml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("listening on ")
        try:
            caller = Caller(url, time.time())
            assert caller.ask("GET", "/jobs/j").text("Job/JobId") == "j"
            assert caller.ask("GET", "/jobs/r").body == b"<r/>"
        finally:
            process.send_signal(number)
            output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "ended\n", "")


WITHOUT = """
import sys
sys.modules["aiohttp"] = None
import pulumi_cosjob._emulator
import pulumi_cosjob.testing
try:
    pulumi_cosjob.testing.CosBatchEmulator()
except ImportError as error:
    print(error)
"""


def test_without_aiohttp_the_install_command_is_told() -> None:
    """Where aiohttp is missing, the error says how to install it; `_emulator` itself still loads."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == 'the emulator needs aiohttp; install it with: pip install "pulumi-cosjob[emulator]"\n'


def test_module_does_not_load_pytest_or_the_request_layer() -> None:
    """The public module needs no pytest, and nothing of the layer that it is there to judge."""

    def loaded_by(module: str) -> set[str]:
        program = f"import sys, {module}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    loaded = loaded_by("pulumi_cosjob.testing") - loaded_by("pulumi_cosjob")
    own = {name for name in loaded if name.startswith("pulumi_cosjob") and "._emulator" not in name}
    assert own <= {"pulumi_cosjob._clock", "pulumi_cosjob.testing"}
    assert not loaded & {"pytest", "requests", "xmlschema", "qcloud_cos", "pulumi"}


PLUGIN_TEST = '''
def test_one(cos_batch_emulator):
    """The fixture yields an emulator that serves."""
    assert cos_batch_emulator.create_job("fails")
    assert cos_batch_emulator.environment()["COSJOB_ENDPOINT"].startswith("http://127.0.0.1:")
'''


def test_fixture_for_users(tmp_path: Path) -> None:
    """A conftest that names the module as a plugin has the fixture, even where warnings are errors."""
    (tmp_path / "conftest.py").write_text('import pulumi_cosjob.testing\npytest_plugins = ["pulumi_cosjob.testing"]\n')
    (tmp_path / "test_it.py").write_text(PLUGIN_TEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
    ]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_exported_names() -> None:
    """The public names are sorted, exist, and are all there is but for the fixture."""
    names = pulumi_cosjob.testing.__all__
    assert names == sorted(names)
    assert all(hasattr(pulumi_cosjob.testing, name) for name in names)
    public = {
        name
        for name, value in vars(pulumi_cosjob.testing).items()
        if getattr(value, "__module__", "").startswith("pulumi_cosjob") and not name.startswith("_")
    }
    assert set(names) - {"CosJobMocks"} <= public
    assert public - set(names) <= {"Account", "Credentials", "ServerThread", "Service", "cos_batch_emulator"}
    assert Scenario("fails") is Scenario.FAILS
