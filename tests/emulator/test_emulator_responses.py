"""Lists, paths, headers and error documents of the emulator."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from emulator_client import Bench, bench, send

__all__ = ["bench"]


def test_list_jobs(bench: Bench) -> None:
    """ListJobs returns members with the elements of a list, in no order, by status and part by part.

    The token is the last JobId of each part, also of the last part, after which there is an empty one.
    """
    ids = []
    for number in range(5):
        scenario = "fails" if number == 1 else "completes"
        ids.append(bench.emulator.create_job(scenario, job_id=f"job-{number}", priority=number))
        bench.clock.advance(1)
    bench.clock.advance(100)
    first = bench.caller().request("GET", "/jobs", {"maxResults": "2"})
    token = first.text("NextToken") or ""
    second = bench.caller().request("GET", "/jobs", {"maxResults": "3", "nextToken": token})
    listed = [element.text for reply in (first, second) for element in reply.root.iter("JobId")]
    assert sorted(listed, key=str) == ids
    assert listed not in (ids, ids[::-1])
    assert (token, second.text("NextToken")) == (listed[1], listed[4])
    after_last = bench.caller().request("GET", "/jobs", {"nextToken": str(listed[4])})
    assert [child.tag for child in after_last.root.iter()] == ["ListJobsResult", "Jobs"]
    again = bench.caller().request("GET", "/jobs", {"nextToken": ""})
    assert [element.text for element in again.root.iter("JobId")] == listed
    failed = bench.caller().request("GET", "/jobs", {"jobStatuses": "Failed,Cancelled"})
    assert [element.text for element in failed.root.iter("JobId")] == [ids[1]]
    member = failed.root.find("Jobs/member")
    assert member is not None
    assert [child.tag for child in member] == [
        "CreationTime",
        "Description",
        "JobId",
        "Operation",
        "Priority",
        "ProgressSummary",
        "Status",
        "TerminationDate",
    ]
    assert (member.findtext("Operation"), member.findtext("Priority")) == ("COSPutObjectCopy", "1")


@pytest.mark.parametrize(
    "params",
    [
        {"maxResults": "0"},
        {"maxResults": "1001"},
        {"maxResults": "-1"},
        {"maxResults": "9" * 5000},
        {"jobStatuses": "Complete,Done"},
        {"nextToken": "nonsense"},
        {"nextToken": "bnVsbA=="},
    ],
)
def test_list_arguments(bench: Bench, params: dict[str, str]) -> None:
    """ListJobs refuses numbers out of range, unknown states, and tokens that it did not return."""
    reply = bench.caller().request("GET", "/jobs", params)
    assert (reply.status, reply.code) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("query", "params", "outcome"),
    [
        ("maxResults=1&maxResults=2", {"maxResults": "1"}, (403, "SignatureDoesNotMatch")),
        ("&".join(["a=1"] * 101), {}, (400, "InvalidArgument")),
    ],
)
def test_query_with_too_many_parameters(
    bench: Bench, query: str, params: dict[str, str], outcome: tuple[int, str]
) -> None:
    """A value added to a signed parameter, or very many parameters, are refused."""
    caller = bench.caller()
    authorization = caller.authorization("GET", "/jobs", params)
    reply = send(caller.endpoint, "GET", f"/jobs?{query}", {**caller.headers, "Authorization": authorization})
    assert (reply.status, reply.code) == outcome


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/jobs/missing", 404, "NoSuchJob"),
        ("GET", "/jobs/" + "x" * 64, 404, "NoSuchJob"),
        ("GET", "/jobs/" + "x" * 65, 400, "InvalidArgument"),
        ("GET", "/jobs/a%2Fb", 400, "InvalidArgument"),
        ("GET", "/jobs/a%20b", 400, "InvalidArgument"),
        ("GET", "/jobs/", 400, "InvalidArgument"),
        ("GET", "/", 400, "InvalidURI"),
        ("GET", "/other/x", 400, "InvalidURI"),
        ("GET", "/jobs/x/y/z", 400, "InvalidURI"),
        ("DELETE", "/jobs/x", 405, "MethodNotAllowed"),
        ("PUT", "/jobs", 405, "MethodNotAllowed"),
    ],
)
def test_paths(bench: Bench, method: str, path: str, status: int, code: str) -> None:
    """The responses to unknown paths, methods and job ids are error documents."""
    reply = bench.caller().request(method, path)
    assert (reply.status, reply.code) == (status, code)


def test_job_id_in_the_path_is_decoded(bench: Bench) -> None:
    """A job id may need encoding in the path; it is signed and found without it."""
    bench.emulator.create_job(job_id="jöb~1")
    assert bench.describe(quote("jöb~1")).text("Job/JobId") == "jöb~1"


def test_error_document(bench: Bench) -> None:
    """An error document has code, message, path, and the ids of its headers."""
    reply = bench.describe("missing")
    values = {child.tag: child.text for child in reply.root}
    assert reply.root.tag == "Error"
    assert values == {
        "Code": "NoSuchJob",
        "Message": "The specified job does not exist.",
        "Resource": "/jobs/missing",
        "RequestId": reply.headers["x-cos-request-id"],
        "TraceId": reply.headers["x-cos-trace-id"],
    }
    assert reply.headers["content-type"] == "application/xml"


def test_headers_of_every_response(bench: Bench) -> None:
    """Every response has a request id of its own, the Date of the service's clock, and the type XML; no trace id."""
    job_id = bench.emulator.create_job()
    first, second = bench.describe(job_id), bench.describe(job_id)
    assert first.headers["x-cos-request-id"] != second.headers["x-cos-request-id"]
    assert first.headers["date"] == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert first.headers["content-type"] == "application/xml"
    assert first.headers["server"] == "tencent-cos"
    assert "x-cos-trace-id" not in first.headers


@pytest.mark.parametrize("value", [None, "", "1" * 65])
def test_appid_is_required(bench: Bench, value: str | None) -> None:
    """A request without an APPID of 1 to 64 bytes is InvalidArgument."""
    caller = bench.caller(headers={} if value is None else {"x-cos-appid": value})
    reply = caller.request("GET", "/jobs/x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")
