"""CreateJob: the requests that it accepts and refuses."""

from __future__ import annotations

import threading
from xml.etree import ElementTree as ET

import pytest

from emulator_client import REQUEST, Bench, bench, create

__all__ = ["bench"]

RESTORE = """<COSInitiateRestoreObject><ExpirationInDays>3</ExpirationInDays><JobTier>Bulk</JobTier>
  </COSInitiateRestoreObject>"""
COPY = (
    "<COSPutObjectCopy><TaggingDirective>DIRECTIVE</TaggingDirective>"
    "<TargetResource>qcs::cos:ap-chengdu::b-1250000000</TargetResource></COSPutObjectCopy>"
)
TAGS = "<NewObjectTagging><COSTag><Key>a</Key><Value>b</Value></COSTag></NewObjectTagging>"
FULL_REPORT = (
    "<Bucket>qcs::cos:ap-chengdu::b-1250000000</Bucket><Format>Report_CSV_V1</Format>"
    "<ReportScope>AllTasks</ReportScope>"
)


def test_create_job_echoes_what_it_was_given(bench: Bench) -> None:
    """The description of a created job has the elements of the request, and adds only those of its state."""
    reply = create(bench, REQUEST.format(token="t-1"))
    assert reply.status == 200
    job = bench.describe(reply.text("JobId") or "").root.find("Job")
    assert job is not None
    given = ET.fromstring(REQUEST.format(token="t-1"))  # noqa: S314 - this file's own
    for element in given:
        shown = job.find(element.tag)
        assert shown is not None
        assert ET.canonicalize(ET.tostring(shown), strip_text=True) == ET.canonicalize(
            ET.tostring(element), strip_text=True
        )
    assert {child.tag for child in job} == {child.tag for child in given} | {"CreationTime", "JobId", "Status"}


def test_token_creates_one_job(bench: Bench) -> None:
    """A repeated ClientRequestToken is refused, for this account and while the job is kept."""
    document = REQUEST.format(token="t-1")
    assert create(bench, document).status == 200
    again = create(bench, document)
    assert (again.status, again.code) == (400, "InvalidRequest")
    other = bench.caller(headers={"x-cos-appid": "1250000001"})
    assert other.request("POST", "/jobs", body=document.encode()).status == 200
    bench.clock.advance(100 * 86400)
    assert create(bench, document).status == 200


def test_created_job_can_wait_for_a_confirmation(bench: Bench) -> None:
    """ConfirmationRequired decides whether a created job is suspended."""
    document = REQUEST.format(token="t-1").replace(">false</Conf", ">true</Conf")
    job_id = create(bench, document).text("JobId") or ""
    bench.clock.advance(3)
    assert bench.status(job_id) == "Suspended"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<Priority>2147483647", "<Priority>2147483648", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>-1", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>many", "InvalidArgument"),
        ("<Priority>2147483647", "<Priority>" + "9" * 5000, "InvalidArgument"),
        ("{token}", "", "InvalidArgument"),
        ("{token}", "ü" * 33, "InvalidArgument"),
        ("{token}", "ü" * 32, None),
        ("nightly", "x" * 250, "InvalidArgument"),
        ("<Description>nightly &amp; süß</Description>", "<Description/>", None),
        ("<ExpirationInDays>3", "<ExpirationInDays>366", "InvalidArgument"),
        (">Bulk<", ">Slow<", "InvalidArgument"),
        (">false</Enabled>", ">maybe</Enabled>", "InvalidArgument"),
        ("<Priority>2147483647</Priority>", "", "MalformedXML"),
        ("<Priority>", "<Priority>1</Priority><Priority>", "MalformedXML"),
        ("<Priority>", "<Colour>red</Colour><Priority>", "MalformedXML"),
        ("<Priority>", "stray<Priority>", "MalformedXML"),
        ("<member>Key</member>", "<number>Key</number>", "MalformedXML"),
        ("</COSInitiateRestoreObject>", "</COSInitiateRestoreObject><COSDeleteObject/>", "MalformedXML"),
        ("</CreateJobRequest>", "", "MalformedXML"),
        ("CreateJobRequest>", "DeleteJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<!DOCTYPE r [<!ENTITY e 'x'>]><CreateJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<!DOCTYPE r SYSTEM 'file:///etc/hosts'><CreateJobRequest>", "MalformedXML"),
        ("<CreateJobRequest>", "<?xml version='1.0' encoding='utf-7'?><CreateJobRequest>", "MalformedXML"),
        ("nightly", "&undefined;", "MalformedXML"),
        ("<Priority>", "<a>" * 40 + "</a>" * 40 + "<Priority>", "MalformedXML"),
        # Elements that others require, and the empty elements that the vendor's own SDK sends.
        ("<Fields><member>Bucket</member><member>Key</member></Fields>", "", "MalformedXML"),
        ("<Fields><member>Bucket</member><member>Key</member></Fields>", "<Fields/>", "MalformedXML"),
        ("<Enabled>false</Enabled>", "<Enabled>true</Enabled>", "MalformedXML"),
        ("<Enabled>false</Enabled>", "<Enabled>true</Enabled>" + FULL_REPORT, None),
        (
            "<Enabled>false</Enabled>",
            "<Enabled>true</Enabled>" + FULL_REPORT.replace("AllTasks", ""),
            "MalformedXML",
        ),
        (
            "<Enabled>false</Enabled>",
            "<Bucket></Bucket><Enabled>false</Enabled><Format></Format><ReportScope></ReportScope>",
            None,
        ),
        (RESTORE, COPY.replace("DIRECTIVE", ""), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Copy"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Replaced"), "MalformedXML"),
        (RESTORE, COPY.replace("DIRECTIVE", "Add"), "MalformedXML"),
        (RESTORE, COPY.replace("DIRECTIVE", "Replace").replace("<Target", TAGS + "<Target"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Replaced").replace("<Target", TAGS + "<Target"), None),
        (RESTORE, COPY.replace("DIRECTIVE", "Refill"), "InvalidArgument"),
        ("</CreateJobRequest>", "<!--" + "x" * 70_000 + "--></CreateJobRequest>", "MalformedXML"),
    ],
)
def test_create_job_checks_its_elements(bench: Bench, old: str, new: str, code: str | None) -> None:
    """CreateJob refuses elements against the reference: wrong structure is MalformedXML, a value InvalidArgument."""
    document = REQUEST.replace(old, new).format(token="t-1") if old != "{token}" else REQUEST.format(token=new)
    assert document != REQUEST.format(token="t-1")
    reply = create(bench, document)
    assert (reply.status, reply.code) == (400 if code else 200, code)


def test_create_job_refuses_bytes_that_are_not_xml(bench: Bench) -> None:
    """They are MalformedXML, and the server still serves."""
    for body in (b"", b"\x00\xff", b"{}"):
        assert create(bench, body).code == "MalformedXML"
    assert create(bench, REQUEST.format(token="t-1")).status == 200


def test_jobs_may_be_created_and_described_from_many_threads(bench: Bench) -> None:
    """Of many equal CreateJob requests at the same time one succeeds, and DescribeJob works meanwhile."""
    job_id = bench.emulator.create_job("never-ends")
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        statuses.append(create(bench, REQUEST.format(token="same")).status)
        assert bench.describe(job_id).status == 200

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7
