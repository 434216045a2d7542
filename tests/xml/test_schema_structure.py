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
def test_children_may_come_in_any_order(random: object) -> None:
    """The order of the children of any element does not matter; lists keep their order."""
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
def test_unknown_elements_are_valid_anywhere(where: int) -> None:
    """An undocumented element, with attributes and content, is tolerated at any place, and listed."""
    root = ET.fromstring(FULL)  # noqa: S314  our own document
    parent = list(root.iter())[where]
    unknown = ET.SubElement(parent, "NewThing", {"a": "b"})
    ET.SubElement(unknown, "Status").text = "Complete"
    parent.set("unknown", "attribute")
    parent.insert(0, ET.Element("{urn:other}Status"))
    described = parse_describe_job_result(ET.tostring(root, "utf-8"))
    first, last = described.unknown_elements
    assert first.endswith(f"{parent.tag}/{{urn:other}}Status")
    assert last.endswith(f"{parent.tag}/NewThing")
    assert {**described, "unknown_elements": ()} == parse_describe_job_result(FULL)


@pytest.mark.parametrize("path", [path for path in LEAVES if not path.endswith("member")])
def test_a_repeated_leaf_is_refused(path: str) -> None:
    """A repeated leaf never counts as an unknown element."""
    parent, _, name = path.rpartition("/")
    first = ET.fromstring(within(path, "1"))  # noqa: S314  our own document
    holder = first.find(f"Job/{parent}" if parent else "Job")
    assert holder is not None
    ET.SubElement(holder, name).text = "1"
    rules = {problem.path: problem.rule for problem in find_problems(ET.tostring(first))}
    assert rules[f"/DescribeJobResult/Job{f'/{parent}' if parent else ''}"] == f"must hold {name} only once"


def test_a_second_job_is_refused() -> None:
    """With two jobs in one response, it is unclear which one is meant."""
    one = job("").decode().removeprefix("<DescribeJobResult>").removesuffix("</DescribeJobResult>")
    (problem,) = find_problems(f"<DescribeJobResult>{one}{one}</DescribeJobResult>".encode())
    assert problem.rule == "must hold Job only once"


def test_text_between_elements_is_refused() -> None:
    """Stray text means that the response was garbled."""
    (problem,) = find_problems(job("Complete"))
    assert "character data" in problem.rule


@pytest.mark.parametrize(
    ("inside", "problems"),
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
def test_wrong_attributes_and_children_have_their_own_rules(inside: str, problems: list[str]) -> None:
    """The rule of a type describes the value; an attribute, a child or a nil has another rule."""
    assert [str(problem) for problem in find_problems(job(inside))] == [
        f"/DescribeJobResult/Job/{each}" for each in problems
    ]


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2028", "\u0085"])
def test_foreign_white_space_is_text(space: str) -> None:
    """XML defines four white-space characters; any other between elements is refused, with a rule that explains it."""
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


def test_comments_and_instructions_are_ignored() -> None:
    """They are no content, not even in the middle of a text."""
    document = job("<!-- Status: Complete --><?order 1?>").replace(b"New", b"N<!-- -->e<?x?>w")
    assert parse_describe_job_result(document) == JobDescription(JOB_ID, "New")
