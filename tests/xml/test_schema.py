"""The schema and what is made of answers with it."""

from __future__ import annotations

import io
import itertools
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import JOB_ID, job, value_at, within, wrapped, written
from places import RESPONSES
from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import (
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    NotXmlError,
    SchemaError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._xml import schema
from pulumi_cosjob._xml.schema import MOST_BYTES, find_problems, parse_describe_job_result, read_xml, schema_path

XS = "{http://www.w3.org/2001/XMLSchema}"
COPY = "Operation/COSPutObjectCopy"

# ------------------------------------------------------------------------------------- the reference, value by value

# Path below Job, fewest and most bytes.
TEXTS: list[tuple[str, int, int]] = [
    ("ClientRequestToken", 1, 64),
    ("Description", 0, 256),
    ("FailureReasons/JobFailure/FailureCode", 0, 64),
    ("FailureReasons/JobFailure/FailureReason", 0, 256),
    ("JobId", 1, 64),
    ("Manifest/Location/ETag", 1, 1024),
    ("Manifest/Location/ObjectArn", 1, 1024),
    ("Manifest/Location/ObjectVersionId", 1, 1024),
    (f"{COPY}/ResourcesPrefix", 0, 1024),
    (f"{COPY}/TargetKeyPrefix", 0, 1024),
    ("Report/Prefix", 0, 256),
    ("RoleArn", 1, 1024),
    ("StatusUpdateReason", 0, 256),
    ("SuspendedCause", 0, 1024),
]
CHARACTERS = {1: "a", 2: "é", 3: "档", 4: "😀"}
STATUSES = "Active Cancelled Cancelling Complete Completing Failed Failing New Paused Pausing Preparing Ready Suspended"
ENUMERATIONS = [
    ("Status", STATUSES),
    ("Manifest/Spec/Format", "COSBatchOperations_CSV_V1 COSInventoryReport_CSV_V1"),
    ("Manifest/Spec/Fields/member", "Ignore Bucket Key VersionId"),
    (f"{COPY}/AccessControlDirective", "Copy Replaced Add"),
    (f"{COPY}/MetadataDirective", "Copy Replaced Add"),
    (f"{COPY}/TaggingDirective", "Copy Replaced Add"),
    ("Operation/COSPutObjectTagging/TaggingDirective", "Copy Replaced Add"),
    (f"{COPY}/CannedAccessControlList", "private public-read"),
    (f"{COPY}/AccessControlGrants/COSGrant/Grantee/TypeIdentifier", "ID"),
    (f"{COPY}/AccessControlGrants/COSGrant/Permission", "READ WRITE FULL_CONTROL"),
    (f"{COPY}/NewObjectMetadata/SSEAlgorithm", "AES256"),
    ("Operation/COSInitiateRestoreObject/JobTier", "Bulk Standard"),
    (f"{COPY}/StorageClass", "STANDARD STANDARD_IA INTELLIGENT_TIERING ARCHIVE DEEP_ARCHIVE MAZ_STANDARD"),
    ("Report/Format", "Report_CSV_V1"),
    ("Report/ReportScope", "AllTasks FailedTasksOnly"),
]
NUMBERS = [
    ("Priority", 0, 2147483647),
    ("ProgressSummary/NumberOfTasksFailed", 0, 2**64 - 1),
    ("ProgressSummary/NumberOfTasksSucceeded", 0, 2**64 - 1),
    ("ProgressSummary/TotalNumberOfTasks", 0, 2**64 - 1),
    ("Operation/COSInitiateRestoreObject/ExpirationInDays", 1, 365),
]
BOOLEANS = ["ConfirmationRequired", f"{COPY}/PrefixReplace", "Report/Enabled"]
TIMES = ["CreationTime", "SuspendedDate", "TerminationDate"]
TIMES_OR_SECONDS = [f"{COPY}/ModifiedSinceConstraint", f"{COPY}/UnModifiedSinceConstraint"]
OPEN_TEXTS = [
    f"{COPY}/TargetResource",
    f"{COPY}/AccessControlGrants/COSGrant/Grantee/DisplayName",
    f"{COPY}/AccessControlGrants/COSGrant/Grantee/Identifier",
    *(
        f"{COPY}/NewObjectMetadata/{name}"
        for name in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentType", "HttpExpiresDate")
    ),
    f"{COPY}/NewObjectMetadata/UserMetadata/member/Key",
    f"{COPY}/NewObjectMetadata/UserMetadata/member/Value",
    f"{COPY}/NewObjectTagging/COSTag/Key",
    f"{COPY}/NewObjectTagging/COSTag/Value",
    "Operation/COSPutObjectTagging/TagSet/COSTag/Key",
    "Operation/COSPutObjectTagging/TagSet/COSTag/Value",
    "Report/Bucket",
]
LEAVES: list[str] = [
    *(path for path, _, _ in TEXTS),
    *(path for path, _ in ENUMERATIONS),
    *(path for path, _, _ in NUMBERS),
    *BOOLEANS,
    *TIMES,
    *TIMES_OR_SECONDS,
    *OPEN_TEXTS,
]
FULL = (RESPONSES / "full.xml").read_bytes()


def refused(document: bytes, path: str) -> str:
    """Check that an answer is refused for one element alone, and return the rule."""
    (problem,) = find_problems(document)
    assert problem.path == f"/DescribeJobResult/Job/{path}"
    with pytest.raises(SchemaError) as caught:
        strict(document)
    assert caught.value.problems == (problem,)
    return problem.rule


def strict(document: bytes) -> JobDescription:
    """Read an answer strictly."""
    return parse_describe_job_result(document, validation="strict")


def test_the_tables_above_are_complete() -> None:
    """Every leaf of the schema stands in one of the tables of this file, and nothing else does."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    types = {each.get("name"): each for each in root.iter(f"{XS}complexType")}

    def leaves(complex_type: str, path: str) -> Iterator[str]:
        for element in types[complex_type].iter(f"{XS}element"):
            below = f"{path}/{element.get('name')}"
            if element.get("type") in types:
                yield from leaves(element.get("type", ""), below)
            else:
                yield below.removeprefix("/")

    assert sorted(leaves("Job", "")) == sorted(LEAVES)


@pytest.mark.parametrize("path", [path for path, *_ in TEXTS if path != "JobId"])
@pytest.mark.parametrize("text", ["", "档" * 400, "a" * 1025])
def test_texts_of_any_length_are_read(path: str, text: str) -> None:
    """The lengths that CreateJob takes are no reason to distrust an answer."""
    described = strict(within(path, text))
    assert value_at(described, path) == text
    assert described.unknown_values == ()


@pytest.mark.parametrize("width", CHARACTERS)
def test_the_id_of_a_job_is_limited_in_bytes(width: int) -> None:
    """An id of 64 bytes is read; one byte more is refused, however few characters it has, and so is none."""
    character = CHARACTERS[width]
    longest = character * (64 // width) + "a" * (64 % width)
    assert len(longest.encode()) == 64
    assert strict(job("", JobId=longest)).job_id == longest
    for wrong in (longest + "a", "a" + longest, ""):
        assert refused(job("", JobId=wrong), "JobId") == "must be 1 to 64 bytes of UTF-8"


def test_percent_signs_count_as_one_byte() -> None:
    """Text that looks escaped already is counted as it stands."""
    assert find_problems(job("", JobId=("%41" * 64)[:64])) == []
    assert refused(job("", JobId=("%41" * 64)[:65]), "JobId")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=70))
def test_the_limit_is_the_number_of_bytes(text: str) -> None:
    """Any text of up to 64 bytes of UTF-8 is an id, and no longer one is."""
    document = job("", JobId=text.replace("\ufffe", "").replace("\uffff", "") or "a")
    job_id = ET.fromstring(document).findtext("Job/JobId") or ""  # noqa: S314  our own document
    assert (find_problems(document) == []) == (len(job_id.encode()) <= 64)


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path, values in ENUMERATIONS for value in values.split()]
)
def test_every_listed_value_is_read(path: str, value: str) -> None:
    """Each value of a list is read, with XML's white space around it taken off."""
    described = strict(within(path, f"\n  {value}\t"))
    assert value_at(described, path) == value
    assert described.unknown_values == ()


@pytest.mark.parametrize(("path", "values"), [each for each in ENUMERATIONS if each[0] != "Status"])
@pytest.mark.parametrize(
    "change", [str.swapcase, "{}x".format, "\u00a0{}".format, "{}\u2003".format, " a \n {}".format]
)
def test_values_that_are_not_listed_are_read_and_listed(path: str, values: str, change: Callable[[str], str]) -> None:
    """Another case, a longer word and foreign white space make another word, which the outputs list with its path."""
    text = change(values.split(maxsplit=1)[0])
    value = text.replace(" a \n ", "a ")
    described = strict(within(path, text))
    found = value_at(described, path)
    assert (list(found) if isinstance(found, tuple) else found) == value
    assert described.unknown_values == (f"/DescribeJobResult/Job/{path}: {value}",)


@pytest.mark.parametrize("text", ["Archiving", "complete", " Waiting  for\ncapacity ", "!", "a" * 64, "Complete.", "~"])
def test_a_status_that_is_not_listed_is_read_and_listed(text: str) -> None:
    """Any printable text of up to 64 characters is a status: not a final one."""
    described = strict(job("", Status=text))
    assert described.status == " ".join(text.split())
    assert not described.state.final
    assert described.unknown_values == (f"/DescribeJobResult/Job/Status: {described.status}",)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a" * 65, "档", "Complete\u00a0", "\u2003Complete", "Com\u200bplete", "Complete\x7f", "\x85Failed"],
)
def test_what_is_no_word_is_no_status(text: str) -> None:
    """Nothing, a long text, other scripts and what cannot be seen are refused."""
    assert refused(job("", Status=text), "Status")
    with pytest.raises(SchemaError):
        parse_describe_job_result(job("", Status=text))


@pytest.mark.parametrize(("path", "least", "most"), NUMBERS)
def test_numbers_have_their_limits(path: str, least: int, most: int) -> None:
    """The least and the greatest number are read exactly; what is just beyond is refused, with the limits named."""
    for number in (least, least + 1, most - 1, most):
        assert value_at(parse_describe_job_result(within(path, str(number))), path) == number
    for number in (least - 1, most + 1, -most, 10**30):
        nothing = "" if path.startswith("ProgressSummary/") else ", or nothing"
        assert refused(within(path, str(number)), path) == f"must be a whole number from {least} to {most}{nothing}"


@pytest.mark.parametrize("path", [*(path for path, *_ in NUMBERS), *TIMES_OR_SECONDS])
@pytest.mark.parametrize(
    "text",
    ["1.0", "1e3", "0x1", "1_000", "1 000", "\u0663", "\uff15", "\u00a05", "5\u2003", "NaN", "INF", "0" * 5000 + "1"],
)
def test_what_only_python_or_nobody_takes_for_a_number_is_refused(path: str, text: str) -> None:
    """Underscores, digits of other scripts and foreign white space are no numbers in XML, and neither is the rest."""
    assert refused(within(path, text), path)


@pytest.mark.parametrize(("text", "number"), [("+5", 5), ("007", 7), (" 5\n", 5)])
def test_numbers_as_xml_writes_them(text: str, number: int) -> None:
    """A plus sign, leading zeros and XML's white space are part of XML's numbers."""
    assert parse_describe_job_result(within("Priority", text)).priority == number


@pytest.mark.parametrize("path", [path for path, *_ in NUMBERS if path.startswith("ProgressSummary/")])
@pytest.mark.parametrize("text", ["", " \n"])
def test_a_count_cannot_be_empty(path: str, text: str) -> None:
    """A count with nothing in it is refused: gates rest on it."""
    assert refused(within(path, text), path)


@pytest.mark.parametrize("path", BOOLEANS)
def test_booleans(path: str) -> None:
    """XML's four words for true and false are read; all others are refused, rather than taken for false."""
    for text, value in (("true", True), ("1", True), ("false", False), ("0", False), (" true\n", True)):
        assert value_at(parse_describe_job_result(within(path, text)), path) is value
    for text in ("True", "TRUE", "yes", "2", "\u00a0true"):
        assert refused(within(path, text), path)


GOOD_TIMES = [
    "2019-12-19T18:00:30Z",
    "2019-12-19T18:00:30",
    "2019-12-19T18:00:30+08:00",
    "2019-12-19T18:00:30.1Z",
    "2019-12-19T18:00:30.123456789-03:30",
    "2020-02-29T23:59:59Z",
    "9999-12-31T23:59:59Z",
    "1000-01-01T00:00:00+14:00",
]
BAD_TIMES = [
    "2019-12-19",
    "2019-12-19 18:00:30Z",
    "2019-12-19T18:00Z",
    "2019-02-29T00:00:00Z",
    "2019-13-01T00:00:00Z",
    "2019-12-19T24:00:00Z",
    "2019-12-19T18:00:60Z",
    "2019-12-19T18:00:30.Z",
    "2019-12-19T18:00:30.1234567890Z",
    "2019-12-19T18:00:30+14:01",
    "2019-12-19T18:00:30+0800",
    "0999-12-19T18:00:30Z",
    "12019-12-19T18:00:30Z",
    "-2019-12-19T18:00:30Z",
    "\uff12019-12-19T18:00:30Z",
    "\u00a02019-12-19T18:00:30Z",
    "now",
]


@pytest.mark.parametrize("path", [*TIMES, *TIMES_OR_SECONDS])
def test_times(path: str) -> None:
    """Times are kept as they were written; what is no time is refused."""
    for text in GOOD_TIMES:
        assert value_at(parse_describe_job_result(within(path, f" {text}\n")), path) == text
    for text in BAD_TIMES:
        assert "must" in refused(within(path, text), path)


@pytest.mark.parametrize("path", TIMES_OR_SECONDS)
def test_seconds_may_stand_for_a_time(path: str) -> None:
    """The vendor's pages and SDK disagree: both forms are read, and kept as text."""
    for text in ("0", "1798000000", str(2**64 - 1)):
        assert value_at(parse_describe_job_result(within(path, text)), path) == text
    for text in ("-1", str(2**64), "1.5"):
        assert refused(within(path, text), path)


@pytest.mark.parametrize("path", OPEN_TEXTS)
@pytest.mark.parametrize("text", ["", "a word", "  spaces stay ", "a" * 5000, '"quoted" & <escaped>', "档 😀"])
def test_open_texts_are_kept_as_they_are(path: str, text: str) -> None:
    """Elements without a limit hold any text, white space included."""
    assert value_at(parse_describe_job_result(within(path, text)), path) == text


@pytest.mark.parametrize(
    "operation",
    ["<COSPutObjectCopy/>", "<COSInitiateRestoreObject/>", "<COSPutObjectTagging/>", "<COSDeleteObject/>"],
)
def test_each_operation_stands_alone(operation: str) -> None:
    """Any one operation is read; a second one, of the same or another name, is refused."""
    described = parse_describe_job_result(job(wrapped("Operation", operation)))
    assert described.operation is not None
    assert [value is None for value in described.operation.values()].count(False) == 1
    for other in ("<COSDeleteObject/>", "<COSPutObjectCopy/>"):
        assert "Operation" in str(find_problems(job(wrapped("Operation", operation + other)))[0])


def test_an_operation_that_no_page_names_is_not_lost() -> None:
    """Its path is listed."""
    described = parse_describe_job_result(job("<Operation><COSPutObjectAcl><A/></COSPutObjectAcl></Operation>"))
    assert described.operation is not None
    assert set(described.operation.values()) == {None}
    assert described.unknown_elements == ("/DescribeJobResult/Job/Operation/COSPutObjectAcl",)


def test_an_answer_needs_its_job_id_and_status() -> None:
    """The two required elements are enough; without either, or without a Job, the answer is refused by name."""
    assert parse_describe_job_result(job("")) == JobDescription(JOB_ID, "New")
    for name in ("JobId", "Status"):
        (problem,) = find_problems(job("", **{name: None}))
        assert problem.rule == f"must hold {name}"
    (problem,) = find_problems(b"<DescribeJobResult/>")
    assert problem.rule == "must hold Job"


def test_empty_elements_on_a_job_that_completed() -> None:
    """The service puts an empty failure on jobs that did not fail: it is read as one with empty texts."""
    described = parse_describe_job_result(
        job("<FailureReasons><JobFailure><FailureCode/></JobFailure></FailureReasons>", Status="Complete")
    )
    assert described.failure_reasons is not None
    assert dict(described.failure_reasons[0]) == {"failure_code": "", "failure_reason": None}
    assert parse_describe_job_result(job("<FailureReasons/>")).failure_reasons == ()
    assert parse_describe_job_result(job("")).failure_reasons is None


# ---------------------------------------------------------------------------------- order, unknown and repeated parts


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_any_order_says_the_same(random: object) -> None:
    """However the children of every element stand, the description is the same; lists keep their order."""
    root = ET.fromstring(FULL)  # noqa: S314  our own document
    lists = {"FailureReasons", "Fields", "AccessControlGrants", "UserMetadata", "NewObjectTagging"}
    for element in root.iter():
        if element.tag not in lists:
            children = list(element)
            random.shuffle(children)  # type: ignore[attr-defined]
            element[:] = children
    assert parse_describe_job_result(ET.tostring(root, "utf-8")) == parse_describe_job_result(FULL)


ROOT = ET.fromstring(FULL)  # noqa: S314  our own document
PARENTS = [index for index, element in enumerate(ROOT.iter()) if len(element)]


@pytest.mark.parametrize("where", PARENTS, ids=[list(ROOT.iter())[index].tag for index in PARENTS])
def test_unknown_elements_pass_anywhere(where: int) -> None:
    """An element that no page names, with attributes and content, is tolerated at any place, and reported."""
    root = ET.fromstring(FULL)  # noqa: S314  our own document
    parent = list(root.iter())[where]
    stranger = ET.SubElement(parent, "NewThing", {"a": "b"})
    ET.SubElement(stranger, "Status").text = "Complete"
    parent.set("unknown", "attribute")
    parent.insert(0, ET.Element("{urn:other}Status"))
    described = parse_describe_job_result(ET.tostring(root, "utf-8"))
    first, last = described.unknown_elements
    assert first.endswith(f"{parent.tag}/{{urn:other}}Status")
    assert last.endswith(f"{parent.tag}/NewThing")
    assert {**described, "unknown_elements": ()} == parse_describe_job_result(FULL)


@pytest.mark.parametrize("path", [path for path in LEAVES if not path.endswith("member")])
def test_a_second_one_is_refused(path: str) -> None:
    """A leaf that stands twice never passes for an unknown element."""
    parent, _, name = path.rpartition("/")
    first = ET.fromstring(within(path, "1"))  # noqa: S314  our own document
    holder = first.find(f"Job/{parent}" if parent else "Job")
    assert holder is not None
    ET.SubElement(holder, name).text = "1"
    rules = {problem.path: problem.rule for problem in find_problems(ET.tostring(first))}
    assert rules[f"/DescribeJobResult/Job{f'/{parent}' if parent else ''}"] == f"must hold {name} only once"


def test_a_second_job_is_refused() -> None:
    """Two jobs in one answer: nobody can say which one was meant."""
    one = job("").decode().removeprefix("<DescribeJobResult>").removesuffix("</DescribeJobResult>")
    (problem,) = find_problems(f"<DescribeJobResult>{one}{one}</DescribeJobResult>".encode())
    assert problem.rule == "must hold Job only once"


def test_text_between_elements_is_refused() -> None:
    """Stray text means that the answer was garbled."""
    (problem,) = find_problems(job("Complete"))
    assert "character data" in problem.rule


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<Description lang='en'>5</Description>", ["Description: must not have the attribute 'lang'"]),
        ("<Priority a='1' b='2'>5</Priority>", ["Priority: must not have the attribute 'a', 'b'"]),
        ("<Priority xmlns:o='urn:o' o:a=''>5</Priority>", ["Priority: must not have the attribute '{urn:o}a'"]),
        (
            "<Priority a=''>x</Priority>",
            [
                "Priority: must not have the attribute 'a'",
                "Priority: must be a whole number from 0 to 2147483647, or nothing, but is 'x'",
            ],
        ),
        ("<RoleArn>5<b/></RoleArn>", ["RoleArn: a simple content element can't have child elements"]),
        (
            "<Priority xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'>5</Priority>",
            ["Priority: element is not nillable"],
        ),
    ],
)
def test_what_is_wrong_beside_the_value_is_not_said_of_the_value(inside: str, told: list[str]) -> None:
    """The words of its type tell what a value has to be; an attribute, a child or a nil has its own."""
    assert [str(problem) for problem in find_problems(job(inside))] == [
        f"/DescribeJobResult/Job/{each}" for each in told
    ]


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2028", "\u0085"])
def test_white_space_that_xml_does_not_know_is_text(space: str) -> None:
    """XML knows four characters; any other between elements is refused, and said to be so where it stands."""
    rule = "must not hold white space that XML does not know between its elements"
    problems = find_problems(job(f"{space}<FailureReasons><JobFailure/>{space}</FailureReasons>"))
    assert [(each.path, each.rule) for each in problems] == [
        ("/DescribeJobResult/Job", rule),
        ("/DescribeJobResult/Job/FailureReasons", rule),
    ]
    assert lenient(job(f"{space}<Priority>1</Priority>"))[0].priority == 1
    assert find_problems(job(f"<Other>{space}<a/></Other>")) == []
    with pytest.raises(SchemaError):
        parse_describe_job_result(job(wrapped("ProgressSummary", f"<a/>{space}")), validation="lenient")


def test_comments_and_instructions_are_passed_over() -> None:
    """They are no content, not even in the middle of a text."""
    document = job("<!-- Status: Complete --><?order 1?>").replace(b"New", b"N<!-- -->e<?x?>w")
    assert parse_describe_job_result(document) == JobDescription(JOB_ID, "New")


# ------------------------------------------------------------------------------------------------------- all problems


def test_all_problems_at_once() -> None:
    """Every place is reported with its path, its value and its rule."""
    document = job(
        "<Priority>-1</Priority><Report><Enabled>maybe</Enabled></Report>"
        "<FailureReasons><JobFailure/><JobFailure>text</JobFailure>"
        "</FailureReasons><CreationTime>yesterday</CreationTime>",
        Status="x" * 65,
    )
    with pytest.raises(SchemaError) as caught:
        strict(document)
    found = {problem.path.removeprefix("/DescribeJobResult/Job/"): problem for problem in caught.value.problems}
    assert {path: problem.value for path, problem in found.items()} == {
        "Priority": "'-1'",
        "Report/Enabled": "'maybe'",
        "FailureReasons/JobFailure[2]": "'text'",
        "CreationTime": "'yesterday'",
        "Status": "'" + "x" * 30 + "…" + "x" * 15 + "'",
    }
    assert found["Priority"].rule == "must be a whole number from 0 to 2147483647, or nothing"
    assert found["Status"].rule == "must be 1 to 64 printable characters of ASCII"
    assert "2019-12-19T18:00:30Z" in found["CreationTime"].rule
    assert "validation=lenient" in caught.value.hint


def test_another_document_is_named() -> None:
    """An answer of something else is refused with what it is, and a look at the endpoint is suggested."""
    with pytest.raises(SchemaError, match="must be a DescribeJobResult, not 'ListJobsResult'") as caught:
        parse_describe_job_result(b"<ListJobsResult/>")
    assert "endpoint" in caught.value.hint


@pytest.mark.parametrize("document", ["<x/>", None, 7, memoryview(b"<x/>"), io.BytesIO(b"<x/>")])
def test_an_answer_is_bytes(document: object) -> None:
    """Text has lost the encoding that the answer declared, so only bytes are taken."""
    with pytest.raises(InvalidArgumentError, match="document must be bytes"):
        parse_describe_job_result(document)  # type: ignore[arg-type]


@pytest.mark.parametrize("validation", ["", "Strict", "none", None, ["strict"]])
def test_validation_is_one_of_two_words(validation: object) -> None:
    """A misspelt mode is refused, and never means no validation at all."""
    with pytest.raises(InvalidArgumentError, match="validation must be one of strict, lenient"):
        parse_describe_job_result(job(""), validation=validation)  # type: ignore[arg-type]


def test_a_bytearray_is_taken_and_left_alone() -> None:
    """A buffer that the caller goes on using is not touched."""
    document = bytearray(job(""))
    assert parse_describe_job_result(document).status == "New"  # type: ignore[arg-type]
    assert document == job("")


# ------------------------------------------------------------------------------------------------------------ lenient


XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"


def lenient(document: bytes) -> tuple[JobDescription, str]:
    """Read an answer leniently; return the description and the warnings."""
    with pytest.warns(CosJobWarning) as caught:
        described = parse_describe_job_result(document, validation="lenient")
    assert {warning.filename for warning in caught} == {__file__}
    return described, "\n".join(str(warning.message) for warning in caught)


def test_lenient_says_nothing_about_a_valid_answer() -> None:
    """A valid answer reads the same in both modes, without a warning; lenient is the default."""
    assert parse_describe_job_result(FULL, validation="lenient") == strict(FULL)
    assert lenient(job("<Priority>-1</Priority>"))[0] == JobDescription(JOB_ID, "New")
    with pytest.warns(CosJobWarning):
        assert parse_describe_job_result(job("<Priority>-1</Priority>")) == JobDescription(JOB_ID, "New")


DECISIVE = [path for path in LEAVES if path.partition("/")[0] in ("JobId", "Status", "ProgressSummary")]
LIMITED = [
    path for path in (*(path for path, *_ in NUMBERS), *BOOLEANS, *TIMES, *TIMES_OR_SECONDS) if path not in DECISIVE
]


@pytest.mark.parametrize("path", LIMITED)
def test_lenient_loses_the_broken_element_alone(path: str) -> None:
    """Only what violates the schema is left out, and the warning names its path, its value and the rule."""
    described, message = lenient(within(path, "☠" * 2000).replace(b"</Job>", b"<RoleArn>r</RoleArn></Job>"))
    assert value_at(described, path) is None
    assert described.role_arn == "r"
    assert message.startswith(
        f"a part of the response violates the schema and was left out: /DescribeJobResult/Job/{path}: must be "
    )
    assert message.endswith(f", but is '{'☠' * 30}…{'☠' * 15}'")


@pytest.mark.parametrize(
    "document",
    [
        job("", Status=""),
        job("", Status=None),
        job("", JobId=None),
        job("", JobId="x" * 65),
        job("<Status>New</Status>"),
        job("<Status>Complete</Status>"),
        job(f"<JobId>{JOB_ID}</JobId>"),
        job("<Status><New/></Status>", Status=None),
        b"<DescribeJobResult/>",
        b"<DescribeJobResult><Job/><Job/></DescribeJobResult>",
        b"<ListJobsResult/>",
        *(within(path, "-3") for path in DECISIVE if path.startswith("ProgressSummary/")),
        job("<ProgressSummary>0<NumberOfTasksFailed>0</NumberOfTasksFailed></ProgressSummary>"),
        job("<ProgressSummary/><ProgressSummary/>"),
        job("<Priority>1</Priority><RoleArn>r</RoleArn><Priority>1</Priority>"),
        job("<Report><Bucket>a</Bucket><Bucket>b</Bucket></Report>"),
        job("<Operation><COSDeleteObject/><COSDeleteObject/></Operation>"),
        job("<Operation><COSDeleteObject/><COSPutObjectCopy/><COSPutObjectCopy/></Operation>"),
        job(wrapped("FailureReasons/JobFailure", "<FailureCode/><FailureCode/>")),
        job("<FailureReasons/><FailureReasons/>"),
        *(within(f"ProgressSummary/{name}", "") for name in ("NumberOfTasksFailed", "TotalNumberOfTasks")),
        job(f"<ProgressSummary><NumberOfTasksFailed {XSI} xsi:nil='true'/></ProgressSummary>"),
        job("").replace(b"<Status>", f"<Status {XSI} xsi:type='Empty'>".encode()),
        job(f"<Priority {XSI} xsi:type='Bogus'/>").replace(b"<JobId>", f"<JobId {XSI} xsi:type='Empty'>".encode()),
        job("").replace(b"<Job>", f"<Job {XSI} xsi:nil='true'>".encode()),
    ],
)
def test_lenient_never_loses_what_decides(document: bytes) -> None:
    """Where job, id, status or counts are not as they should be, or an element stands twice, it refuses."""
    with pytest.raises(SchemaError) as caught:
        parse_describe_job_result(document, validation="lenient")
    assert list(caught.value.problems) == find_problems(document)


def test_lenient_keeps_the_first_of_two_operations() -> None:
    """Others go, each with its warning."""
    described, _ = lenient(job("<Operation><COSDeleteObject/><COSPutObjectTagging/><COSPutObjectCopy/></Operation>"))
    assert described.operation is not None
    assert described.operation.cos_delete_object is not None
    assert described.operation.cos_put_object_tagging is None
    assert described.operation.cos_put_object_copy is None


def test_lenient_passes_over_stray_text_and_bad_attributes() -> None:
    """Text between elements and attributes with a meaning of their own are left out, and nothing else is."""
    assert lenient(job("stray<Priority>1</Priority>text"))[0].priority == 1
    assert lenient(job(f"<Priority {XSI} xsi:type='Bogus'>1</Priority>"))[0].priority == 1


def test_lenient_copes_with_any_number_of_broken_elements() -> None:
    """A thousand reasons that are no texts are left out, each alone; there is one warning for all."""
    failure = "<JobFailure><FailureCode>a</FailureCode><FailureReason>x<b/></FailureReason></JobFailure>"
    described, message = lenient(job(wrapped("FailureReasons", failure * 1000)))
    assert described.failure_reasons is not None
    assert [failure.failure_code for failure in described.failure_reasons] == ["a"] * 1000
    assert {failure.failure_reason for failure in described.failure_reasons} == {None}
    assert message == (
        "a part of the response violates the schema and was left out: /DescribeJobResult/Job/FailureReasons/"
        "JobFailure[1]/FailureReason: a simple content element can't have child elements"
    )


def test_lenient_reads_what_is_too_large_to_be_validated() -> None:
    """Of an answer with thousands of failures and an unusual number, the job is read, and what is unusual left out."""
    failures = wrapped("FailureReasons", "<JobFailure><FailureCode>a</FailureCode></JobFailure>" * 3000)
    large = job(f"<Priority a=''>+5</Priority><Report><Enabled>maybe</Enabled></Report>{failures}", Status="Complete")
    with pytest.raises(SchemaError, match="at most 5000 elements"):
        strict(large)
    described, message = lenient(large)
    assert (described.status, described.priority, described.report) == ("Complete", None, None)
    assert len(described.failure_reasons or ()) == 3000
    assert re.findall("/Job/([A-Za-z]+): must hold at most 5000 elements and attributes", message) == [
        "Priority",
        "Report",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        odd = parse_describe_job_result(job(failures).replace(b"<Job>", b"<Job a=''>"))
    assert len(odd.failure_reasons or ()) == 3000
    for broken in (
        b"<Priority>1</Priority>" * 2,
        b"<ProgressSummary><NumberOfTasksFailed>x</NumberOfTasksFailed></ProgressSummary>",
    ):
        with pytest.raises(SchemaError):
            parse_describe_job_result(large.replace(b"</Job>", broken + b"</Job>"))


def test_lenient_warnings_do_not_become_more_and_more() -> None:
    """However an answer changes, in a wait of days there is one warning for each element and rule."""
    warned: set[str] = set()
    said = []
    for number in range(100):
        attributes = f"a{number}='' b='{number}'"
        inside = (
            f"<Priority {attributes}>-{number + 1}</Priority><ConfirmationRequired>{number + 2}</ConfirmationRequired>"
        )
        inside += wrapped("FailureReasons", f"{number}<JobFailure {XSI} xsi:type='T{number}'/>" * (number % 2))
        _, left_out = schema.describe(read_xml(job(inside)), validation="lenient")
        said += schema.warnings_of(left_out, warned)
    assert len(said) == len(set(said)) < 12
    assert len(warned) < 12
    assert any(
        each.endswith("Priority: must be a whole number from 0 to 2147483647, or nothing, but is '-1'") for each in said
    )
    assert all(len(each) < 300 for each in said)


breakages = st.sampled_from(["", "☠" * 2000, "1", "<Priority/>", "<JobFailure/>", "<member/>", "<COSDeleteObject/>"])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 10_000), breakages, st.booleans()), min_size=1, max_size=6))
def test_a_lenient_answer_is_always_valid(changes: list[tuple[int, str, bool]]) -> None:
    """However an answer was broken, what lenient validation returns fits the schema, or it refuses."""
    root = ET.fromstring(FULL)  # noqa: S314  our own document
    for position, inside, repeat in changes:
        every = list(root.iter())
        element = every[position % len(every)]
        if repeat and element is not root:
            parent = next(each for each in every if element in list(each))
            parent.append(element)
        elif inside.startswith("<"):
            element.append(ET.fromstring(inside))  # noqa: S314  our own document
        else:
            element.text = inside
    document = ET.tostring(root, "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CosJobWarning)
        try:
            described = parse_describe_job_result(document, validation="lenient")
        except SchemaError:
            assert find_problems(document)
            return
    assert described.job_id in {JOB_ID, "1"}
    assert described.status in {"Active", "1"}
    assert find_problems(written(described)) == []
    if find_problems(document):
        with pytest.raises(SchemaError):
            strict(document)
    else:
        assert strict(document) == described


# ---------------------------------------------------------------------------------------------- encodings, namespaces


@pytest.mark.parametrize(
    "document",
    [
        b"\xef\xbb\xbf" + FULL,
        FULL.decode().replace("UTF-8", "utf-16").encode("utf-16"),
        b"\xff\xfe" + FULL.decode().replace("UTF-8", "UTF-16").encode("utf-16-le"),
        b"\xfe\xff" + FULL.decode().replace("UTF-8", "UTF-16").encode("utf-16-be"),
        FULL.replace(b"UTF-8", b"US-ASCII").decode().encode("ascii", "xmlcharrefreplace"),
        FULL.replace(b"UTF-8", b"iso-8859-1").decode().encode("iso-8859-1", "xmlcharrefreplace"),
        FULL.partition(b"\n")[2],
        FULL.replace(b"\n", b"\r\n"),
        FULL + b"\n\n<!-- the end -->\n",
    ],
    ids=["bom", "utf-16", "utf-16-le", "utf-16-be", "ascii", "latin-1", "undeclared", "crlf", "trailer"],
)
def test_encodings_make_no_difference(document: bytes) -> None:
    """The same answer in another encoding, with a BOM or without a declaration is the same job."""
    assert parse_describe_job_result(document) == parse_describe_job_result(FULL)


@pytest.mark.parametrize("root", ["<DescribeJobResult xmlns='urn:cos'>", "<DescribeJobResult xmlns='http://a/?b=c#d'>"])
def test_a_default_namespace_is_taken_off(root: str) -> None:
    """A service that begins to send a namespace on its answers does not break programs."""
    document = FULL.replace(b"<DescribeJobResult>", root.encode())
    assert parse_describe_job_result(document) == parse_describe_job_result(FULL)


def test_another_namespace_inside_is_unknown() -> None:
    """Only the root's namespace is the service's own: a Status of another one is not the status."""
    (problem,) = find_problems(job("<o:Status xmlns:o='urn:o'>Complete</o:Status>", Status=None))
    assert problem.rule == "must hold Status"


NO_XML = {
    "empty": b"",
    "blank": b" \n ",
    "text": b"Service Unavailable",
    "html": b"<html><head><meta charset=utf-8></head><body>502<br></body></html>",
    "json": b'{"Job": {"Status": "Complete"}}',
    "nul": b"\0" * 100,
    "bad utf-8": job("<Description>\xff</Description>").replace(b"\xc3\xbf", b"\xff"),
    "unknown encoding": b"<?xml version='1.0' encoding='klingon'?>" + job(""),
    "utf-7": b"<?xml version='1.0' encoding='utf-7'?>" + job(""),
    "two roots": job("") + job(""),
    "unbound prefix": job("<a:b/>"),
    "control character": job("<Description>&#1;</Description>"),
}
WITH_DTD = {
    "bare": b"<!DOCTYPE DescribeJobResult>" + job(""),
    "external": b"<!DOCTYPE DescribeJobResult SYSTEM 'file:///etc/hostname'>" + job(""),
    "entity": b"<!DOCTYPE a [<!ENTITY s 'Complete'>]>" + job("").replace(b"New", b"&s;"),
    "file": b"<!DOCTYPE a [<!ENTITY s SYSTEM 'file:///etc/hostname'>]>" + job("<RoleArn>&s;</RoleArn>"),
    "parameter": b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'>%p;]>" + job(""),
    "laughs": b"<!DOCTYPE a [<!ENTITY a 'ha'>"
    + b"".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>".encode() for a, b in itertools.pairwise("abcdefghijk"))
    + b"]>"
    + job("<RoleArn>&k;</RoleArn>"),
    "attributes": b"<!DOCTYPE a [<!ATTLIST Job x CDATA 'y'>]>" + job(""),
    "utf-16": ("<!DOCTYPE a [<!ENTITY s 'x'>]>" + job("").decode()).encode("utf-16"),
}


@pytest.mark.parametrize("validation", ["strict", "lenient"])
@pytest.mark.parametrize("document", NO_XML.values(), ids=NO_XML)
def test_what_is_no_xml_is_refused(document: bytes, validation: str) -> None:
    """What cannot be read as XML is refused in both modes, with how it begins, and never more than that."""
    with pytest.raises(NotXmlError) as caught:
        parse_describe_job_result(document, validation=validation)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 500
    assert "<stdin>" not in str(caught.value)


@pytest.mark.parametrize("document", WITH_DTD.values(), ids=WITH_DTD)
def test_document_types_and_entities_are_refused(document: bytes) -> None:
    """No answer needs them: they are refused before anything is expanded or fetched."""
    with pytest.raises(NotXmlError, match="document type declaration is not allowed"):
        parse_describe_job_result(document)


@pytest.mark.parametrize("place", ["<RoleArn>{}</RoleArn>", "<RoleArn a='{}'/>"])
def test_nothing_is_expanded_before_it_is_refused(place: str) -> None:
    """A document type is refused when it begins: what it declares costs nothing, whatever the parser's own limits."""
    document = b"<!DOCTYPE a [<!ENTITY a '%b'>]>" % (b"x" * 290) + job(place.format("&a;" * 340_000))
    begun = time.process_time()
    with pytest.raises(NotXmlError, match="document type declaration is not allowed"):
        parse_describe_job_result(document)
    assert time.process_time() - begun < 0.05


@pytest.mark.parametrize(("blanks", "refused"), [(4_000, False), (5_000, True)])
def test_the_root_begins_soon(blanks: int, *, refused: bool) -> None:
    """What stands before the root is read with care, and so there may not be too much of it."""
    document = b"<!-- %b -->" % (b" " * blanks) + job("")
    if refused:
        with pytest.raises(NotXmlError, match="no element begins in the first 4096 bytes"):
            parse_describe_job_result(document)
    else:
        assert parse_describe_job_result(document).status == "New"


CP037 = "<?xml version='1.0' encoding='cp037'?>" + "<!DOCTYPE a>".encode("cp037").decode("latin-1")


@pytest.mark.parametrize(
    "document",
    [
        *NO_XML.values(),
        *WITH_DTD.values(),
        FULL,
        CP037.encode("latin-1") + job(""),
        b"\xef\xbb\xbf" + job(""),
        *(job("<a>" * depth + "</a>" * depth) for depth in (97, 98, 99, 100)),
        *(job("<a>" * depth + "<b/>" + "</a>" * depth) for depth in (97, 98, 99, 100)),
        b"<a>" * 200,
        b"<a>" * 201,
    ],
)
def test_the_fast_way_to_read_refuses_no_less(document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the parser's own builder may read a document is decided so that the result is always the same."""

    def read() -> str:
        try:
            return ET.tostring(read_xml(document), "unicode")
        except NotXmlError:
            return "refused"

    fast = read()
    monkeypatch.setattr(schema, "_is_harmless", lambda _document: False)
    assert read() == fast


def test_undeclared_entities_are_refused() -> None:
    """A reference to nothing does not become nothing."""
    with pytest.raises(NotXmlError):
        parse_describe_job_result(job("<RoleArn>&nbsp;</RoleArn>"))


def test_schema_hints_are_never_followed() -> None:
    """An answer that names schemas of its own is judged by ours, and nothing is fetched from where they point."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        where = f"http://127.0.0.1:{server.server_port}/any.xsd"
        hints = (
            "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:o='urn:o' "
            f"xsi:noNamespaceSchemaLocation='{where}' xsi:schemaLocation='urn:o {where}'"
        ).encode()
        for inside in ("<o:NewThing/>", "<NewThing/>"):
            document = job(inside).replace(b"<DescribeJobResult", b"<DescribeJobResult " + hints)
            assert parse_describe_job_result(document).status == "New"
            with pytest.raises(SchemaError):
                parse_describe_job_result(document.replace(b">New<", b"><"))
        server.shutdown()
        thread.join()
    assert asked == []


XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='http://www.w3.org/2001/XMLSchema'"


@pytest.mark.parametrize(
    "attribute", ["xsi:type='xs:string'", "xsi:type='Nothing'", "xsi:nil='true'", "xsi:type='a:b'"]
)
def test_an_answer_cannot_choose_its_own_types(attribute: str) -> None:
    """Attributes that tell a validator what to believe do not make a wrong status right, or crash anything."""
    document = job("").replace(b"<Status>New", f"<Status {XSI} {attribute}>".encode())
    with pytest.raises(SchemaError):
        strict(document)
    with pytest.raises(SchemaError):
        parse_describe_job_result(document, validation="lenient")


# -------------------------------------------------------------------------------------------------- hostile documents

MIB = 1024 * 1024


def filled(piece: str, before: str = "", after: str = "", size: int = MIB // 8) -> bytes:
    """Return an answer of about a size, full of one piece."""
    return job(before + piece * (size // len(piece)) + after)


HOSTILE = {
    "deep": job("<a>" * 70_000 + "</a>" * 70_000),
    "deep and cut off": job("<a>" * 200_000),
    "wide": filled("<a/>"),
    "duplicates": filled("<Priority>1</Priority>"),
    "bad items": filled("<member/>", "<Manifest><Spec><Fields>", "</Fields></Spec></Manifest>"),
    "empty items": filled("<JobFailure/>", "<FailureReasons>", "</FailureReasons>"),
    "bad operations": filled("<COSDeleteObject/>", "<Operation>", "</Operation>"),
    "attributes": job("<a " + " ".join(f"a{number}=''" for number in range(20_000)) + "/>"),
    "namespaces": job("<a " + " ".join(f"xmlns:a{number}='a'" for number in range(20_000)) + "/>"),
    "long text": job("<Description>" + "%" * (MIB - 500) + "</Description>"),
    "long number": job("<Priority>" + "9" * (MIB - 500) + "</Priority>"),
    "long time": job("<CreationTime>" + "2019-12-19T18:00:30." + "1" * (MIB - 500) + "Z</CreationTime>"),
    "long name": job(f"<{'a' * (MIB - 500)}/>"),
    "white space": job(" " * (MIB - 500)),
    "comments": filled("<!---->"),
    "attributes of a leaf": job("").replace(b"<JobId", b"<JobId " + b" ".join(b"a%d=''" % n for n in range(90_000))),
    "long name of the root": b"<" + b"a" * (MIB - 500) + b"/>",
    "long name of an attribute": job(f"<Priority {'a' * (MIB - 500)}=''>1</Priority>"),
    "long type": job(f"<Priority {XSI} xsi:type='{'a' * (MIB - 500)}'>1</Priority>"),
    "long boolean": job("<ConfirmationRequired>" + "a" * (MIB - 500) + "</ConfirmationRequired>"),
    "long names of attributes": job(
        wrapped("Manifest/Location", "<ETag " + " ".join(f"{'a' * 9000}{n}=''" for n in range(100)) + ">a</ETag>")
    ),
    "many jobs": b"<DescribeJobResult>" + b"<Job><JobId/><Status/></Job>" * 37_000 + b"</DescribeJobResult>",
    "a mebibyte of bad items": filled("<member/>", "<Manifest><Spec><Fields>", "</Fields></Spec></Manifest>", 990_000),
    "deep jobs": b"<DescribeJobResult>" + b"<Job>" * 90_000 + b"</Job>" * 90_000 + b"</DescribeJobResult>",
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("validation", ["strict", "lenient"])
@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_are_dealt_with_in_bounded_time(document: bytes, validation: str) -> None:
    """No shape of an answer takes more than a few seconds, makes a huge message or any error but ours."""
    begun = time.process_time()
    message = ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", CosJobWarning)
        try:
            assert parse_describe_job_result(document, validation=validation).status == "New"  # type: ignore[arg-type]
        except InvalidResponseError as error:
            message = str(error)
    assert len(message) < 30_000
    assert all(len(line) < 600 for line in message.splitlines())
    assert sum(len(str(each.message)) for each in told) < 30_000
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("read", [parse_describe_job_result, find_problems])
def test_what_no_answer_can_be_is_not_even_read(read: Callable[[bytes], object]) -> None:
    """The limit of the request layer holds for saved answers too: their size does not become memory and time."""
    largest = job("<a/>" * ((MOST_BYTES - len(job(""))) // 4))
    read(largest.ljust(MOST_BYTES))
    with pytest.raises(InvalidResponseError, match="larger than 1048576 bytes"):
        read(largest.ljust(MOST_BYTES + 1))


@pytest.mark.parametrize(("count", "refused"), [(4_995, False), (4_996, True)])
def test_what_is_not_recognised_has_its_limit(count: int, *, refused: bool) -> None:
    """An answer that needs the XSD processor may hold so many elements and attributes, and no more."""
    document = job("<a/>" * count).replace(b"<Job>", b"<Job odd=''>")
    if refused:
        with pytest.raises(SchemaError, match="at most 5000 elements and attributes"):
            strict(document)
    else:
        assert strict(document).status == "New"


def test_a_message_lists_a_hundred_problems_and_says_that_there_are_more() -> None:
    """A thousand broken elements make an error of a hundred lines."""
    document = job(wrapped("Manifest/Spec/Fields", "<member><a/></member>" * 1000))
    with pytest.raises(SchemaError, match=r"in 100 places or more") as caught:
        strict(document)
    assert len(caught.value.problems) == len(set(caught.value.problems)) == MOST_PROBLEMS


# ----------------------------------------------------------------------------------------- never a false word of hope


def outcome(document: bytes) -> JobDescription | None:
    """Return what an answer says, or None where it is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CosJobWarning)
            return parse_describe_job_result(document)
    except InvalidResponseError:
        return None


def test_an_answer_that_was_cut_off_is_never_read() -> None:
    """Wherever the full answer ends too early, it is refused."""
    whole = FULL.rstrip()
    assert outcome(whole) is not None
    assert {outcome(whole[:length]) for length in range(len(whole))} == {None}


COMPLETE = FULL.replace(b"<Status>Active</Status>", b"<Status>Complete</Status>")


@settings(max_examples=300)
@given(st.integers(0, len(FULL) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_garbled_answer_never_becomes_complete(position: int, inserted: bytes, removed: int) -> None:
    """Bytes changed, added or lost at any place make no final status: the job is refused, or goes on."""
    described = outcome(FULL[:position] + inserted + FULL[position + removed :])
    assert described is None or not described.state.final


def test_every_single_byte_can_be_wrong() -> None:
    """With any one byte of the status replaced, the answer is refused, says the same or has no final status."""
    start = COMPLETE.index(b"<Status>")
    end = COMPLETE.index(b"</Status>") + len(b"</Status>")
    for position in range(start, end):
        for byte in b"\x00 <>/&aCct\xa0\xff":
            described = outcome(COMPLETE[:position] + bytes([byte]) + COMPLETE[position + 1 :])
            assert described is None or described.status == "Complete" or not described.state.final


def test_complete_somewhere_else_is_not_the_status() -> None:
    """The word in an unknown element, a comment, an attribute or another element says nothing about the job."""
    document = job(
        "<NewThing><Status>Complete</Status></NewThing><!-- <Status>Complete</Status> --><Description>Complete"
        "</Description><Old Status='Complete'/><status>Complete</status>",
        Status="Active",
    )
    assert parse_describe_job_result(document).status == "Active"


# ----------------------------------------------------------------------------------------------------- the file itself


def test_every_element_and_value_of_the_schema_is_documented() -> None:
    """Each says in a whole sentence what it is."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    elements, values = (list(root.iter(f"{XS}{kind}")) for kind in ("element", "enumeration"))
    assert len(elements) > 70
    assert len(values) > 30
    for element in (*elements, *values):
        text = (element.findtext(f"{XS}annotation/{XS}documentation") or "").strip()
        assert text.endswith("."), element.attrib
        assert text[0].isupper()


@pytest.mark.parametrize(("path", "fewest", "most"), TEXTS)
def test_the_documentation_tells_the_limits(path: str, fewest: int, most: int) -> None:
    """The lengths that CreateJob takes are in the prose."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    texts = [
        element.findtext(f"{XS}annotation/{XS}documentation") or ""
        for element in root.iter(f"{XS}element")
        if element.get("name") == path.rpartition("/")[2]
    ]
    assert any(f"{fewest} to {most} bytes" in text for text in texts)


def test_the_schema_lies_where_it_is_said_to() -> None:
    """The path leads to a schema that declares the answer's root."""
    assert schema_path().is_file()
    assert b'name="DescribeJobResult"' in schema_path().read_bytes()


def test_the_schema_is_loaded_once_by_many_threads() -> None:
    """The first answers of a process, read by many threads at once, are all read, with one load of the schema."""
    program = """
import sys, threading, xmlschema
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(1e-6)
loads, real = [], xmlschema.XMLSchema11
def counted(*args, **kwargs):
    loads.append(1)
    return real(*args, **kwargs)
xmlschema.XMLSchema11 = counted
from pulumi_cosjob import parse_describe_job_result
document, start = sys.stdin.buffer.read(), threading.Barrier(16)
def read(_):
    start.wait()
    return parse_describe_job_result(document)
with ThreadPoolExecutor(16) as pool:
    jobs = list(pool.map(read, range(16)))
print(len(loads), len(set(jobs)), jobs[0].status)
"""
    unusual = FULL.replace(b"<Report>", b"<Report odd='1'>")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], input=unusual, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["1", "1", "Active"]
