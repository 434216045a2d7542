"""Control routes, and replays of documents."""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator_client import APPID, Bench, bench, send
from pulumi_cosjob.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["bench"]


def control(bench: Bench, method: str, path: str, data: object = None, **headers: str) -> tuple[int, Any]:
    """Use a control route."""
    body = None if data is None else json.dumps(data)
    reply = send(bench.emulator.endpoint, method, f"/_emulator/{path}", headers, body)
    return reply.status, json.loads(reply.body)


def test_control_jobs(bench: Bench) -> None:
    """A job is created over HTTP with all arguments of the method in Python."""
    wanted = {"job_id": "j", "scenario": "fails", "appid": APPID, "seconds": 5, "tasks": 8, "description": "made"}
    assert control(bench, "POST", "jobs", wanted) == (200, {"job_id": "j"})
    bench.clock.advance(8)
    assert (bench.status("j"), bench.progress("j")) == ("Failing", (3, 0, 8))
    assert bench.describe("j").text("Job/Description") == "made"
    status, made = control(bench, "POST", "jobs")
    assert (status, bench.status(made["job_id"])) == (200, "New")


def test_control_clock(bench: Bench) -> None:
    """The jobs' clock is advanced, held and released over HTTP; while it is held, time does not move it."""
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
    """Requests are listed over HTTP as in Python; control requests are not among them."""
    bench.describe("missing")
    status, listed = control(bench, "GET", "requests")
    assert (status, len(listed)) == (200, 1)
    (record,) = bench.emulator.requests
    assert listed[0] == {
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
    """A reset removes jobs, replays, faults and requests, and returns the jobs' clock to the service's."""
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
def test_control_serves_no_page_of_another_origin(
    bench: Bench, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """A page in a browser can send requests anywhere; with a host name for this address, it can send any request."""
    own = urlsplit(bench.emulator.endpoint).netloc
    job_id = bench.emulator.create_job()
    found, data = control(bench, method, path, **{name: value.format(own) for name, value in headers.items()})
    assert found == status
    if status == 403:
        assert "control routes" in data["error"]
        assert bench.status(job_id) == "New"


NESTED = [
    "[" * 60_000,
    "[" * 500 + "]" * 500,
    '{"operation": ' + '{"A": ' * 500 + '""' + "}" * 500 + "}",
    '{"A": ' * 40 + "1" + "}" * 40,
]


@pytest.mark.parametrize("path", ["jobs", "clock", "faults"])
@pytest.mark.parametrize("body", NESTED, ids=["open", "lists", "elements", "just too deep"])
def test_control_refuses_data_that_nests_too_deeply(bench: Bench, path: str, body: str) -> None:
    """The response has a message, and the emulator still serves."""
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
def test_control_accepts_only_values_that_it_can_send(
    bench: Bench, job: dict[str, Any], fault: dict[str, Any], kind: str, clock: dict[str, Any]
) -> None:
    """Every job, fault and time that is accepted can be sent in a response; all others are refused at once."""
    endpoint = bench.emulator.endpoint
    fault = {"kind": kind, **fault, "seconds": 0 if kind == "delay" else fault.get("seconds", 1), "times": 1}
    for path, data in (("clock", clock), ("jobs", job), ("faults", fault)):
        body = json.dumps(data).replace('"1e400"', "1e400")
        reply = send(endpoint, "POST", f"/_emulator/{path}", {}, body)
        result = json.loads(reply.body)
        assert reply.status == 200 or (reply.status == 400 and result["error"]), (path, data, reply)
        if path == "jobs" and reply.status == 200:
            headers = {"x-cos-appid": job.get("appid") or APPID}
            caller = bench.caller(headers=headers)
            assert caller.request("GET", f"/jobs/{quote(result['job_id'])}").status == 200, data
            assert caller.request("GET", "/jobs").status == 200
        if path == "faults" and reply.status == 200:
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                faulty = bench.caller().request("GET", "/jobs")
                assert faulty.status != 500 or faulty.root.tag == "Error", data
    assert control(bench, "POST", "reset")[0] == 200


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("jobs", {"scenario": "explodes"}, "there is no scenario 'explodes'"),
        ("jobs", {"colour": "red"}, "there is no element 'colour'"),
        ("jobs", [1], "the body must be a JSON object"),
        ("jobs", {"seconds": "long"}, "must be real number, not str"),
        ("clock", {"advance": -1}, "a clock advances"),
        ("clock", {"advanced": 1}, "the clock takes advance and hold, not advanced"),
        ("faults", {"kind": "explosion"}, "there is no fault 'explosion'"),
        ("faults", {"type": "reset"}, "a fault has a kind and may have action, body, code"),
    ],
)
def test_control_explains_mistakes(bench: Bench, path: str, data: object, message: str) -> None:
    """The response to an impossible control request is 400 with a message."""
    status, result = control(bench, "POST", path, data)
    assert status == 400
    assert message in result["error"]


def test_control_refuses_invalid_json(bench: Bench) -> None:
    """The response to a body that is not JSON is 400."""
    assert send(bench.emulator.endpoint, "POST", "/_emulator/clock", {}, "advance=1").status == 400


def test_control_serves_only_this_machine(bench: Bench) -> None:
    """A page with a host name for the emulator's address cannot control it."""
    status, _ = control(bench, "POST", "reset", {}, Host="rebound.example.com")
    assert status == 403


def test_replay_reads_the_file_each_time(bench: Bench, tmp_path: Path) -> None:
    """The response is the present content of the file, in any form; for a removed file it is an InternalError."""
    file = tmp_path / "response.xml"
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
    """Bytes and documents are sent as they are; other text is a path; the requests must still be signed."""
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
