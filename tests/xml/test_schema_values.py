"""Each leaf of the schema: which values are read, which are refused, by which rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import JOB_ID, job, value_at, within, wrapped
from pulumi_cosjob._errors import (
    SchemaError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.schema import schema_path
from pulumi_cosjob._xml.validation import find_problems
from schema_reference import (
    BOOLEANS,
    ENUMERATIONS,
    LEAVES,
    NUMBERS,
    OPEN_TEXTS,
    TEXTS,
    TIMES,
    TIMES_OR_SECONDS,
    XS,
    refused,
    strict,
)

CHARACTERS = {1: "a", 2: "é", 3: "档", 4: "😀"}


def test_the_tables_are_complete() -> None:
    """Every leaf of the schema is in one of the reference tables, and nothing else is."""
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    types = {each.get("name"): each for each in root.iter(f"{XS}complexType")}

    def leaves(complex_type: str, path: str) -> Iterator[str]:
        for element in types[complex_type].iter(f"{XS}element"):
            below = f"{path}/{element.get('name')}"
            if element.get("type") in types:
                yield from leaves(element.get("type", ""), below)
            else:
                yield below.removeprefix("/")

    differing = sorted(set(leaves("Job", "")) ^ set(LEAVES))
    assert not differing, f"schema and tests/support/schema_reference.py differ in {differing}"
    assert len(LEAVES) == len(set(LEAVES))


@pytest.mark.parametrize("path", [path for path, *_ in TEXTS if path != "JobId"])
@pytest.mark.parametrize("text", ["", "档" * 400, "a" * 1025])
def test_texts_of_any_length_are_read(path: str, text: str) -> None:
    """A response may exceed the lengths that CreateJob allows."""
    described = strict(within(path, text))
    assert value_at(described, path) == text
    assert described.unknown_values == ()


@pytest.mark.parametrize("width", CHARACTERS)
def test_a_job_id_has_at_most_64_bytes(width: int) -> None:
    """An id of 64 bytes is read; an empty one or one more byte is refused, however few the characters."""
    character = CHARACTERS[width]
    longest = character * (64 // width) + "a" * (64 % width)
    assert len(longest.encode()) == 64
    assert strict(job("", JobId=longest)).job_id == longest
    for wrong in (longest + "a", "a" + longest, ""):
        assert refused(job("", JobId=wrong), "JobId") == "must be 1 to 64 bytes of UTF-8"


def test_percent_signs_count_as_one_byte() -> None:
    """Text that seems to be escaped is counted without unescaping."""
    assert find_problems(job("", JobId=("%41" * 64)[:64])) == []
    assert refused(job("", JobId=("%41" * 64)[:65]), "JobId")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=70))
def test_the_limit_is_the_number_of_bytes(text: str) -> None:
    """Any text of 1 to 64 bytes of UTF-8 is an id, and no longer text is."""
    document = job("", JobId=text.replace("\ufffe", "").replace("\uffff", "") or "a")
    job_id = ET.fromstring(document).findtext("Job/JobId") or ""  # noqa: S314  our own document
    assert (find_problems(document) == []) == (len(job_id.encode()) <= 64)


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path, values in ENUMERATIONS for value in values.split()]
)
def test_every_known_value_is_read(path: str, value: str) -> None:
    """Each known value is read, without white space around it."""
    described = strict(within(path, f"\n  {value}\t"))
    assert value_at(described, path) == value
    assert described.unknown_values == ()


@pytest.mark.parametrize(("path", "values"), [each for each in ENUMERATIONS if each[0] != "Status"])
@pytest.mark.parametrize(
    "change", [str.swapcase, "{}x".format, "\u00a0{}".format, "{}\u2003".format, " a \n {}".format]
)
def test_unknown_values_are_read_and_listed(path: str, values: str, change: Callable[[str], str]) -> None:
    """Another case, a longer word and foreign white space make another word, which is listed with its path."""
    text = change(values.split(maxsplit=1)[0])
    value = text.replace(" a \n ", "a ")
    described = strict(within(path, text))
    found = value_at(described, path)
    assert (list(found) if isinstance(found, tuple) else found) == value
    assert described.unknown_values == (f"/DescribeJobResult/Job/{path}: {value}",)


@pytest.mark.parametrize("text", ["Archiving", "complete", " Waiting  for\ncapacity ", "!", "a" * 64, "Complete.", "~"])
def test_an_unknown_status_is_read_and_listed(text: str) -> None:
    """Any printable text of up to 64 characters is a status, and not a final one."""
    described = strict(job("", Status=text))
    assert described.status == " ".join(text.split())
    assert not described.state.final
    assert described.unknown_values == (f"/DescribeJobResult/Job/Status: {described.status}",)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a" * 65, "档", "Complete\u00a0", "\u2003Complete", "Com\u200bplete", "Complete\x7f", "\x85Failed"],
)
def test_an_invalid_status_is_refused(text: str) -> None:
    """Empty and long texts, other scripts and invisible characters are refused."""
    assert refused(job("", Status=text), "Status")
    with pytest.raises(SchemaError):
        parse_describe_job_result(job("", Status=text))


@pytest.mark.parametrize(("path", "least", "most"), NUMBERS)
def test_numbers_have_their_limits(path: str, least: int, most: int) -> None:
    """The least and the greatest number are read exactly; a number beyond is refused, with the limits in the rule."""
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
def test_texts_that_are_no_xml_numbers_are_refused(path: str, text: str) -> None:
    """Underscores, digits of other scripts and foreign white space are invalid, although Python accepts them."""
    assert refused(within(path, text), path)


@pytest.mark.parametrize(("text", "number"), [("+5", 5), ("007", 7), (" 5\n", 5)])
def test_numbers_as_xml_writes_them(text: str, number: int) -> None:
    """A plus sign, leading zeros and XML's white space are allowed."""
    assert parse_describe_job_result(within("Priority", text)).priority == number


@pytest.mark.parametrize("path", [path for path, *_ in NUMBERS if path.startswith("ProgressSummary/")])
@pytest.mark.parametrize("text", ["", " \n"])
def test_a_count_cannot_be_empty(path: str, text: str) -> None:
    """Gates depend on counts."""
    assert refused(within(path, text), path)


@pytest.mark.parametrize("path", BOOLEANS)
def test_booleans(path: str) -> None:
    """XML's four words for true and false are read; all others are refused, and never count as false."""
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
    """Times are kept as they were written; any other text is refused."""
    for text in GOOD_TIMES:
        assert value_at(parse_describe_job_result(within(path, f" {text}\n")), path) == text
    for text in BAD_TIMES:
        assert "must" in refused(within(path, text), path)


@pytest.mark.parametrize("path", TIMES_OR_SECONDS)
def test_seconds_are_valid_for_some_times(path: str) -> None:
    """The vendor's pages and SDK disagree: both forms are read, and kept as text."""
    for text in ("0", "1798000000", str(2**64 - 1)):
        assert value_at(parse_describe_job_result(within(path, text)), path) == text
    for text in ("-1", str(2**64), "1.5"):
        assert refused(within(path, text), path)


@pytest.mark.parametrize("path", OPEN_TEXTS)
@pytest.mark.parametrize("text", ["", "a word", "  spaces stay ", "a" * 5000, '"quoted" & <escaped>', "档 😀"])
def test_open_texts_are_kept_unchanged(path: str, text: str) -> None:
    """Elements without a limit hold any text, white space included."""
    assert value_at(parse_describe_job_result(within(path, text)), path) == text


@pytest.mark.parametrize(
    "operation",
    ["<COSPutObjectCopy/>", "<COSInitiateRestoreObject/>", "<COSPutObjectTagging/>", "<COSDeleteObject/>"],
)
def test_a_job_has_one_operation(operation: str) -> None:
    """Any one operation is read; a second one, of the same or another name, is refused."""
    described = parse_describe_job_result(job(wrapped("Operation", operation)))
    assert described.operation is not None
    assert [value is None for value in described.operation.values()].count(False) == 1
    for other in ("<COSDeleteObject/>", "<COSPutObjectCopy/>"):
        assert "Operation" in str(find_problems(job(wrapped("Operation", operation + other)))[0])


def test_an_unknown_operation_is_listed() -> None:
    """Its path is among the unknown elements."""
    described = parse_describe_job_result(job("<Operation><COSPutObjectAcl><A/></COSPutObjectAcl></Operation>"))
    assert described.operation is not None
    assert set(described.operation.values()) == {None}
    assert described.unknown_elements == ("/DescribeJobResult/Job/Operation/COSPutObjectAcl",)


def test_job_id_and_status_are_required() -> None:
    """The two required elements are enough; a response without either, or without a Job, is refused with its name."""
    assert parse_describe_job_result(job("")) == JobDescription(JOB_ID, "New")
    for name in ("JobId", "Status"):
        (problem,) = find_problems(job("", **{name: None}))
        assert problem.rule == f"must hold {name}"
    (problem,) = find_problems(b"<DescribeJobResult/>")
    assert problem.rule == "must hold Job"


def test_an_empty_failure_on_a_completed_job() -> None:
    """The service adds an empty failure to jobs that did not fail; it is read as one with empty texts."""
    described = parse_describe_job_result(
        job("<FailureReasons><JobFailure><FailureCode/></JobFailure></FailureReasons>", Status="Complete")
    )
    assert described.failure_reasons is not None
    assert dict(described.failure_reasons[0]) == {"failure_code": "", "failure_reason": None}
    assert parse_describe_job_result(job("<FailureReasons/>")).failure_reasons == ()
    assert parse_describe_job_result(job("")).failure_reasons is None
