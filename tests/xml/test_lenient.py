"""Lenient validation: what is left out, with which warning, and what is refused even so."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import JOB_ID, job, value_at, within, wrapped, written
from pulumi_cosjob._errors import (
    CosJobWarning,
    SchemaError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._xml.decoder import describe, parse_describe_job_result
from pulumi_cosjob._xml.lenient import warnings_of
from pulumi_cosjob._xml.validation import find_problems
from pulumi_cosjob._xml.xml_reader import read_xml
from schema_reference import (
    BOOLEANS,
    FULL,
    LEAVES,
    NUMBERS,
    TIMES,
    TIMES_OR_SECONDS,
    XSI,
    lenient,
    strict,
)


def test_a_valid_response_has_no_warning() -> None:
    """A valid response reads the same in both modes, without a warning; lenient is the default."""
    assert parse_describe_job_result(FULL, validation="lenient") == strict(FULL)
    assert lenient(job("<Priority>-1</Priority>"))[0] == JobDescription(JOB_ID, "New")
    with pytest.warns(CosJobWarning):
        assert parse_describe_job_result(job("<Priority>-1</Priority>")) == JobDescription(JOB_ID, "New")


DECISIVE = [path for path in LEAVES if path.partition("/")[0] in ("JobId", "Status", "ProgressSummary")]
LIMITED = [
    path for path in (*(path for path, *_ in NUMBERS), *BOOLEANS, *TIMES, *TIMES_OR_SECONDS) if path not in DECISIVE
]


@pytest.mark.parametrize("path", LIMITED)
def test_only_the_invalid_element_is_left_out(path: str) -> None:
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
def test_decisive_elements_are_never_left_out(document: bytes) -> None:
    """A response with an invalid job, id, status or count, or with a repeated element, is refused."""
    with pytest.raises(SchemaError) as caught:
        parse_describe_job_result(document, validation="lenient")
    assert list(caught.value.problems) == find_problems(document)


def test_lenient_keeps_the_first_of_two_operations() -> None:
    """The others are left out, each with its warning."""
    described, _ = lenient(job("<Operation><COSDeleteObject/><COSPutObjectTagging/><COSPutObjectCopy/></Operation>"))
    assert described.operation is not None
    assert described.operation.cos_delete_object is not None
    assert described.operation.cos_put_object_tagging is None
    assert described.operation.cos_put_object_copy is None


def test_stray_text_and_bad_attributes_are_left_out() -> None:
    """Text between elements and attributes with a special meaning are left out, and nothing else is."""
    assert lenient(job("stray<Priority>1</Priority>text"))[0].priority == 1
    assert lenient(job(f"<Priority {XSI} xsi:type='Bogus'>1</Priority>"))[0].priority == 1


def test_a_thousand_invalid_elements_are_left_out() -> None:
    """Each of a thousand invalid reasons is left out; there is one warning for all."""
    failure = "<JobFailure><FailureCode>a</FailureCode><FailureReason>x<b/></FailureReason></JobFailure>"
    described, message = lenient(job(wrapped("FailureReasons", failure * 1000)))
    assert described.failure_reasons is not None
    assert [failure.failure_code for failure in described.failure_reasons] == ["a"] * 1000
    assert {failure.failure_reason for failure in described.failure_reasons} == {None}
    assert message == (
        "a part of the response violates the schema and was left out: /DescribeJobResult/Job/FailureReasons/"
        "JobFailure[1]/FailureReason: a simple content element can't have child elements"
    )


def test_a_response_too_large_to_validate_is_read() -> None:
    """A response with thousands of failures and an unusual number is read without its unusual elements."""
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


def test_the_number_of_warnings_is_bounded() -> None:
    """However a response changes in a wait of days, there is one warning for each element and rule."""
    warned: set[str] = set()
    texts: list[str] = []
    for number in range(100):
        attributes = f"a{number}='' b='{number}'"
        inside = (
            f"<Priority {attributes}>-{number + 1}</Priority><ConfirmationRequired>{number + 2}</ConfirmationRequired>"
        )
        inside += wrapped("FailureReasons", f"{number}<JobFailure {XSI} xsi:type='T{number}'/>" * (number % 2))
        _, left_out = describe(read_xml(job(inside)), validation="lenient")
        texts += warnings_of(left_out, warned)
    assert len(texts) == len(set(texts)) < 12
    assert len(warned) < 12
    assert any(
        each.endswith("Priority: must be a whole number from 0 to 2147483647, or nothing, but is '-1'")
        for each in texts
    )
    assert all(len(each) < 300 for each in texts)


breakages = st.sampled_from(["", "☠" * 2000, "1", "<Priority/>", "<JobFailure/>", "<member/>", "<COSDeleteObject/>"])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 10_000), breakages, st.booleans()), min_size=1, max_size=6))
def test_what_lenient_validation_returns_is_valid(changes: list[tuple[int, str, bool]]) -> None:
    """However a response was broken, the description fits the schema, or the response is refused."""
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
