"""The checks compiled from the schema: the XSD processor accepts what they recognise."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import job, within
from list_corpus import INVALID_PAGES, UNUSUAL_PAGES, VALID_PAGES
from list_documents import FULL_PAGE, LEAVES_OF_MEMBERS, in_member, member, page
from places import RESPONSES
from pulumi_cosjob import CosBatchClient
from pulumi_cosjob._xml import validation
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.fast_validator import compile_schema
from pulumi_cosjob._xml.readers import root_reader
from pulumi_cosjob._xml.schema import DOCUMENTS, LIST_JOBS, schema_path
from pulumi_cosjob._xml.xml_reader import read_xml
from pulumi_cosjob.testing import CosBatchEmulator, Scenario
from schema_corpus import INVALID, VALID
from schema_reference import LEAVES

FULL = (RESPONSES / "full.xml").read_bytes()
ALL_VALID, ALL_INVALID = {**VALID, **VALID_PAGES}, {**INVALID, **INVALID_PAGES}
# Valid according to the processor, although not recognised.
UNUSUAL = {
    "unknown attributes",
    "priority plus",
    "priority minus zero",
    "priority zeros",
    "boolean with space",
    "status of two words",
}


def is_recognised(document: bytes) -> bool:
    """Return whether the compiled checks recognise a document."""
    root = read_xml(document)
    return root.tag in DOCUMENTS and validation.is_recognised(root, DOCUMENTS[root.tag])


def processor_accepts(document: bytes) -> bool:
    """Return whether a document is valid by the XSD processor alone."""
    root = read_xml(document)
    return root.tag in DOCUMENTS and next(validation.violations(root, DOCUMENTS[root.tag]), None) is None


@pytest.mark.parametrize("document", ALL_INVALID.values(), ids=ALL_INVALID)
def test_nothing_invalid_is_recognised(document: bytes) -> None:
    """No document that two processors refuse is recognised."""
    assert not is_recognised(document)


@pytest.mark.parametrize("name", sorted(ALL_VALID.keys() - UNUSUAL - UNUSUAL_PAGES))
def test_usual_documents_are_recognised(name: str) -> None:
    """Of the documents that two processors accept, all but unusual ones are recognised."""
    assert is_recognised(ALL_VALID[name])


TEXTS = [
    *("", " ", "\u00a0", "\n1\t", "0", "1", "-1", "+1", "007", "1.0", "1e3", "1_0", "\u0663", "true", "True", "Copy"),
    *("365", "366", "2147483647", "2147483648", "18446744073709551615", "18446744073709551616", "0" * 21, "Active"),
    *("2019-12-19T18:00:30Z", "2019-02-29T00:00:00Z", "2019-12-31T23:59:60Z", "2019-12-19T24:00:00Z", "2019-13-01"),
    *("2019-12-19T18:00:30+14:00", "2019-12-19T18:00:30-14:01", "2019-12-19T18:00:30.", "0000-01-01T00:00:00Z"),
    *("2019-12-19T18:00:30.123456789+08:00", "2019-12-19 18:00:30", "20191219T180030Z", "2019-12-19T18:00:30\u00a0"),
    *("a" * 64, "a" * 65, "é" * 32, "é" * 33, "😀" * 256, "😀" * 257, "a" * 1024, "a" * 1025, "%41" * 400),
]


@pytest.mark.parametrize("path", LEAVES)
def test_each_text_is_validated_as_by_the_processor(path: str) -> None:
    """For any text in a leaf: a recognised one is valid, and nearly all valid ones are recognised."""
    documents = [within(path, text) for text in TEXTS]
    recognised = [is_recognised(document) for document in documents]
    valid = [processor_accepts(document) for document in documents]
    assert [text for text, ours, theirs in zip(TEXTS, recognised, valid, strict=True) if ours and not theirs] == []
    missed = {text for text, ours, theirs in zip(TEXTS, recognised, valid, strict=True) if theirs and not ours}
    assert missed <= {"+1", "2019-12-19T18:00:30+14:00"}


@pytest.mark.parametrize("path", LEAVES_OF_MEMBERS)
def test_each_text_of_a_member_is_validated_as_by_the_processor(path: str) -> None:
    """The same holds for any text in a leaf of a page, and in its token."""
    documents = [in_member(path, text) for text in TEXTS]
    recognised = [is_recognised(document) for document in documents]
    valid = [processor_accepts(document) for document in documents]
    assert [text for text, ours, theirs in zip(TEXTS, recognised, valid, strict=True) if ours and not theirs] == []
    missed = {text for text, ours, theirs in zip(TEXTS, recognised, valid, strict=True) if theirs and not ours}
    assert missed <= {"+1", "2019-12-19T18:00:30+14:00"}


BREAKAGES = [
    "",
    "x",
    "☠" * 2000,
    "1",
    "\u00a0",
    *(f"<{tag}/>" for tag in ("Priority", "JobFailure", "member", "Other")),
]
CHANGES = st.tuples(st.integers(0, 10_000), st.sampled_from(["text", "tail", "twice", "gone", "in", "attribute"]))


def changed(original: bytes, changes: list[tuple[tuple[int, str], str]]) -> bytes:
    """Return a response with changes: of a position and a kind of change, with what to put there."""
    root = ET.fromstring(original)  # noqa: S314  our own document
    for (position, kind), inside in changes:
        parents = {child: parent for parent in root.iter() for child in parent}
        element = list(root.iter())[position % (len(parents) + 1)]
        parent = parents.get(element)
        if kind == "twice" and parent is not None:
            parent.append(element)
        elif kind == "gone" and parent is not None:
            parent.remove(element)
        elif kind == "attribute":
            element.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
        elif inside.startswith("<"):
            element.append(ET.fromstring(inside))  # noqa: S314  our own document
        else:
            setattr(element, "tail" if kind == "tail" and parent is not None else "text", inside)
    document: bytes = ET.tostring(root, "utf-8")
    return document


CHANGED = st.builds(
    changed,
    st.sampled_from([FULL, FULL_PAGE]),
    st.lists(st.tuples(CHANGES, st.sampled_from(BREAKAGES)), min_size=1, max_size=4),
)


@settings(max_examples=300)
@given(CHANGED)
def test_recognised_documents_are_valid(document: bytes) -> None:
    """However a response was changed, the processor accepts it if it is recognised."""
    assert processor_accepts(document) or not is_recognised(document)


@settings(max_examples=300)
@given(CHANGED)
def test_the_processor_is_spared_only_what_it_accepts(document: bytes) -> None:
    """However a response was changed, its problems are those that the processor finds in the whole of it."""
    root = read_xml(document)
    kind = DOCUMENTS[root.tag]
    parts = validation.recognised_parts(root, kind)
    of_the_rest, of_all = (
        [(each.offending, each.is_repeated, each.make_problem()) for each in validation.violations(root, kind, spared)]
        for spared in (parts, ())
    )
    assert of_the_rest == of_all


def test_the_processor_is_spared_all_but_the_way_to_what_is_not_recognised() -> None:
    """One unusual count in a page of many jobs costs the validation of a few elements, not of all."""
    root = read_xml(page(member(f"<Priority>{'+' * (number == 7)}1</Priority>") for number in range(50)))
    spared = validation.recognised_parts(root, LIST_JOBS)
    below = {part for top in spared for part in top.iter()}
    left = [each.tag for each in root.iter() if each not in below]
    assert left == ["ListJobsResult", "Jobs", "member", "Priority"]


@pytest.mark.parametrize("scenario", list(Scenario))
def test_usual_responses_are_recognised(
    scenario: Scenario, emulator: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every response in the life of an emulated job is recognised."""
    monkeypatch.setattr(validation, "violations", lambda *_: pytest.fail("the processor was called"))
    emulator.clock.hold()
    job_id = emulator.create_job(scenario, seconds=60)
    with CosBatchClient(endpoint=emulator.endpoint, secret_id="emulator-id", secret_key="emulator-key") as client:
        for _ in range(30):
            emulator.clock.advance(4)
            client.describe_job(job_id, "1250000000")


def test_recognised_responses_load_no_processor() -> None:
    """Only a response that is not recognised costs the half second of loading the processor."""
    program = """
import sys
from pulumi_cosjob import parse_describe_job_result
for path in sys.argv[1:]:
    parse_describe_job_result(open(path, "rb").read())
print("xmlschema" in sys.modules)
odd = "<DescribeJobResult><Job odd='1'><JobId>j</JobId><Status>New</Status></Job></DescribeJobResult>"
parse_describe_job_result(odd.encode())
print("xmlschema" in sys.modules)
"""
    command = [sys.executable, "-c", program, str(RESPONSES / "full.xml"), str(RESPONSES / "minimal.xml")]
    assert subprocess.run(command, capture_output=True, check=True).stdout.split() == [b"False", b"True"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('mode="interleave"', 'mode="suffix"'),
        ('notQName="##definedSibling" ', ""),
        ('<xs:any notQName="##definedSibling" processContents="skip"/>', '<xs:any processContents="strict"/>'),
        ('defaultAttributes="UnknownAttributes"', ""),
        ("</xs:choice>", "</xs:choice><xs:assert test='exists(*)'/>"),
        ('<xs:restriction base="xs:token"/>', '<xs:list itemType="xs:token"/>'),
        ("<xs:all/>", "<xs:sequence/>"),
        ('name="Priority" type="Priority" minOccurs="0"', 'name="Priority" type="Priority" maxOccurs="3"'),
        ('name="Priority" type="Priority"', 'name="Priority" type="Priority" nillable="true"'),
        ('base="xs:int"', 'base="xs:decimal"'),
        ("[0-9]{1,20}", "\\d{1,20}"),
        ('<xs:minInclusive value="0"/>', '<xs:minExclusive value="0"/>'),
        ("string-length(replace(", "string-length(normalize-space("),
        ('name="member"', 'name="Other" type="xs:string"/><xs:element name="member"'),
    ],
)
def test_unknown_xsd_constructs_are_errors(before: str, after: str) -> None:
    """No construct is ignored: a schema that has more than the compiler supports cannot be compiled."""
    text = schema_path().read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(ValueError, match=r"cannot be compiled|unpack"):
        compile_schema(ET.fromstring(text.replace(before, after)))  # noqa: S314  our own file


@pytest.mark.parametrize("change", ["status", "required", "limit"])
def test_the_checks_follow_the_schema(change: str) -> None:
    """A pattern, a requirement or a limit that changes in the schema changes the checks."""
    before, after, document = {
        "status": ("{0,62}", "{0,2}", job("", Status="Bogus")),
        "required": ('name="Priority" type="Priority" minOccurs="0"', 'name="Priority" type="Priority"', job("")),
        "limit": ('le 64"', 'le 49"', job("", JobId="a" * 50)),
    }[change]
    text = schema_path().read_text(encoding="utf-8")
    assert before in text
    root = read_xml(document)
    for schema, expected in ((text, True), (text.replace(before, after), False)):
        compiled = compile_schema(ET.fromstring(schema))["DescribeJobResult"]  # noqa: S314  our own file
        assert root_reader("DescribeJobResult", compiled).accepts(root) is expected


def test_the_known_words_follow_the_schema() -> None:
    """A word added to the schema is known, and was valid before."""
    text = schema_path().read_text(encoding="utf-8")
    for schema, known in ((text, False), (text.replace('value="ARCHIVE"', 'value="DEEP_COLD"'), True)):
        compiled = compile_schema(ET.fromstring(schema))["DescribeJobResult"]  # noqa: S314  our own file
        simple = compiled.find("Job/Operation/COSPutObjectCopy/StorageClass").simple
        assert simple is not None
        assert simple.accepts("DEEP_COLD")
        assert ("DEEP_COLD" in simple.known) is known


def test_both_ways_decode_the_same_description() -> None:
    """A document that the processor has to validate is decoded as if it had been recognised."""
    for document in (FULL, *(path.read_bytes() for path in RESPONSES.glob("*.xml"))):
        odd = document.replace(b"<Job>", b"<Job odd='1'>")
        assert is_recognised(document)
        assert not is_recognised(odd)
        assert parse_describe_job_result(odd) == parse_describe_job_result(document)
