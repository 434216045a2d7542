"""The order of elements, unknown and repeated ones, and what stands between them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import JOB_ID, job, within, wrapped
from pulumi_cosjob._errors import (
    SchemaError,
)
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.validation import find_problems
from schema_reference import (
    FULL,
    LEAVES,
    lenient,
)


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
