"""Pages of a list of jobs: what is read of them, what is left out, what is refused, and how long that takes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import pytest

from documents import wrapped
from list_documents import FULL_PAGE, LEAVES_OF_MEMBERS, MEMBER_ID, in_member, member, page, usual_member
from pulumi_cosjob._errors import CosJobWarning, InvalidArgumentError, InvalidResponseError, SchemaError
from pulumi_cosjob._model.job_summary import JobPage, JobSummary, ListedProgressSummary
from pulumi_cosjob._xml.decoder import parse_describe_job_result, parse_list_jobs_result
from pulumi_cosjob._xml.schema import LIST_JOBS
from pulumi_cosjob._xml.validation import find_problems
from pulumi_cosjob._xml.xml_reader import MOST_BYTES
from schema_corpus import COUNTS
from schema_reference import XSI

SPARED = "ProgressSummary/AutoManifestStatus"
DECISIVE = [path for path in LEAVES_OF_MEMBERS if path.partition("/")[0] in ("JobId", "Status", "ProgressSummary")]
DECISIVE.remove(SPARED)
# An element inside violates each type.
OPTIONAL = sorted({*LEAVES_OF_MEMBERS} - {*DECISIVE})


def lenient(document: bytes) -> tuple[JobPage, list[str]]:
    """Read a page with lenient validation; return it and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = parse_list_jobs_result(document)
    assert {each.category for each in caught} <= {CosJobWarning}
    assert {each.filename for each in caught} <= {__file__}
    return read, [str(each.message) for each in caught]


@pytest.mark.parametrize("validation", ["strict", "lenient"])
def test_every_element_of_a_page_is_read(validation: str) -> None:
    """A page with everything is read into jobs in its own order, with the token."""
    read = parse_list_jobs_result(FULL_PAGE, validation=validation)  # type: ignore[arg-type]
    assert read == JobPage(
        jobs=(
            JobSummary(
                MEMBER_ID,
                "Complete",
                "2026-11-20T18:00:30Z",
                "nightly copy",
                "COSPutObjectCopy",
                10,
                ListedProgressSummary(1, 9, 10, "Failed"),
                "2026-11-20T18:20:30Z",
            ),
            JobSummary("a", "New"),
        ),
        next_token=MEMBER_ID,
    )


@pytest.mark.parametrize(
    ("document", "token"),
    [
        (page(member()), None),
        (page(member(), ""), None),
        (page(member(), " \n"), None),
        (page("", " a "), "a"),
        (b"<ListJobsResult/>", None),
        (b"<ListJobsResult xmlns='urn:cos'><NextToken>a</NextToken></ListJobsResult>", "a"),
    ],
)
def test_an_empty_token_is_none(document: bytes, token: str | None) -> None:
    """An absent token and an empty one are the same; a page may lack Jobs."""
    assert parse_list_jobs_result(document, validation="strict").next_token == token


def test_what_the_schema_does_not_list_is_reported_where_it_is() -> None:
    """Unknown elements and values of a job are its own; those beside the jobs are the page's."""
    odd = member("<RoleArn/><ProgressSummary><Skipped>1</Skipped></ProgressSummary>", JobId="odd", Status="Archiving")
    read = parse_list_jobs_result(page(f"{member()}<Total>1</Total>{odd}", beside="<Id/>"), validation="strict")
    assert (read.jobs[0].unknown_elements, read.jobs[0].unknown_values) == ((), ())
    assert read.jobs[1].unknown_elements == (
        "/ListJobsResult/Jobs/member/RoleArn",
        "/ListJobsResult/Jobs/member/ProgressSummary/Skipped",
    )
    assert read.jobs[1].unknown_values == ("/ListJobsResult/Jobs/member/Status: Archiving",)
    assert read.unknown_elements == ("/ListJobsResult/Id", "/ListJobsResult/Jobs/Total")


@pytest.mark.parametrize("path", OPTIONAL)
def test_only_the_invalid_element_of_one_job_is_left_out(path: str) -> None:
    """What violates the schema is left out of that job, with a warning; it and the other jobs stay."""
    broken = member(wrapped(path, "<b/>"), JobId="broken")
    document = page([usual_member(1), broken, usual_member(2)])
    with pytest.raises(SchemaError, match="violates the schema of ListJobsResult in one place"):
        parse_list_jobs_result(document, validation="strict")
    read, [warning] = lenient(document)
    assert f"was left out: /ListJobsResult/Jobs/member[2]/{path}: " in warning
    usual = parse_list_jobs_result(page([usual_member(1), usual_member(2)]), validation="strict").jobs
    assert [read.jobs[0], read.jobs[2]] == list(usual)
    left = ListedProgressSummary() if path == SPARED else None
    assert read.jobs[1] == JobSummary("broken", "Complete", progress_summary=left)


DECISIVE_FAULTS = {
    **{f"element in {path}": page([usual_member(1), member(wrapped(path, "<b/>"))]) for path in DECISIVE},
    "no JobId": page([usual_member(1), member(JobId=None)]),
    "no Status": page([usual_member(1), member(Status=None)]),
    **{f"empty {path}": in_member(path, "") for path in DECISIVE},
    **{f"{name} that is no number": in_member(f"ProgressSummary/{name}", "many") for name in COUNTS},
    "text in the counts": page(
        member("<ProgressSummary>0<NumberOfTasksFailed>0</NumberOfTasksFailed></ProgressSummary>")
    ),
    "a repeated element": page(member("<Priority>1</Priority><Priority>1</Priority>")),
    "a repeated element that is spared": page(member(wrapped("ProgressSummary", "<AutoManifestStatus/>" * 2))),
    "two Jobs": b"<ListJobsResult><Jobs/><Jobs/></ListJobsResult>",
    "two tokens": page(member(), "a", beside="<NextToken/>"),
    "element in the token": page(member(), beside="<NextToken>a<b/></NextToken>"),
    "nil token": page(member(), beside=f"<NextToken {XSI} xsi:nil='true'/>"),
    "nil Jobs": page().replace(b"<Jobs>", f"<Jobs {XSI} xsi:nil='true'>".encode()),
    "nil member": page(member()).replace(b"<member>", f"<member {XSI} xsi:nil='true'>".encode()),
    "status of another type": page(member()).replace(b"<Status>", f"<Status {XSI} xsi:type='Empty'>".encode()),
}


@pytest.mark.parametrize("document", DECISIVE_FAULTS.values(), ids=DECISIVE_FAULTS)
def test_a_decisive_fault_refuses_the_page(document: bytes) -> None:
    """No validation leaves out a job, its id, status or counts, or the token: callers would take a part for all."""
    for validation in ("strict", "lenient"):
        with pytest.raises(SchemaError) as caught:
            parse_list_jobs_result(document, validation=validation)
        assert list(caught.value.problems) == find_problems(document)


def test_stray_text_and_attributes_are_left_out() -> None:
    """Texts between elements and attributes have no meaning."""
    inside = "text<Priority a=''>1</Priority>"
    read, found = lenient(page(f"text{member(inside)}"))
    assert read.jobs == (JobSummary(MEMBER_ID, "Complete", priority=1),)
    assert len(found) == 3


def test_each_document_is_refused_by_the_parser_of_the_other() -> None:
    """The error names the document that was expected, and points to the endpoint."""
    with pytest.raises(SchemaError, match="must be a ListJobsResult, not 'DescribeJobResult'") as caught:
        parse_list_jobs_result(b"<DescribeJobResult/>")
    assert "endpoint" in caught.value.hint
    with pytest.raises(SchemaError, match="must be a DescribeJobResult, not 'ListJobsResult'"):
        parse_describe_job_result(FULL_PAGE)
    with pytest.raises(InvalidArgumentError, match="document must be bytes"):
        parse_list_jobs_result("<x/>")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="validation must be one of"):
        parse_list_jobs_result(FULL_PAGE, validation="none")  # type: ignore[arg-type]


def test_a_saved_file_is_held_to_the_schema_of_its_root() -> None:
    """`cosjob validate` needs no option for the kind of the document; a foreign one is refused by both names."""
    assert find_problems(FULL_PAGE) == []
    [broken] = find_problems(in_member("Priority", "urgent"))
    assert str(broken).startswith("/ListJobsResult/Jobs/member/Priority: must be a whole number from 0 to 2147483647")
    [foreign] = find_problems(b"<CreateJobResult/>")
    assert foreign.rule == "the document must be a DescribeJobResult or a ListJobsResult, not 'CreateJobResult'"


# ------------------------------------------------------------------------------------------------ pages of full length


def seconds_of(read: Callable[[], object]) -> float:
    """Return the processor time that something takes."""
    begun = time.process_time()
    read()
    return time.process_time() - begun


def test_a_thousand_jobs_with_a_broken_element_each_are_read() -> None:
    """Each job stays, without the one element; there is one warning for each element and rule."""
    broken = "<Priority>urgent</Priority>"
    members = [usual_member(number, broken) for number in range(1000)]
    members[900] = usual_member(900, broken).replace("2026-11-20T18:00:30Z", "yesterday")
    members[901] = usual_member(901, broken).replace("nightly copy", "<b/>")
    read, found = lenient(page(members, "t"))
    assert len(read.jobs) == 1000
    assert {job.priority for job in read.jobs} == {None}
    assert {job.progress_summary for job in read.jobs} == {ListedProgressSummary(0, 10, 10)}
    assert [index for index, job in enumerate(read.jobs) if job.creation_time is None] == [900]
    assert [index for index, job in enumerate(read.jobs) if job.description is None] == [901]
    assert [each.partition("member[")[2].partition(":")[0] for each in found] == [
        "1]/Priority",
        "901]/CreationTime",
        "902]/Description",
    ]
    with pytest.raises(SchemaError, match="in 100 places or more"):
        parse_list_jobs_result(page(members), validation="strict")


def test_a_thousand_unusual_jobs_are_valid() -> None:
    """An attribute in each of a thousand jobs, and twenty new elements in each, are valid for both validations."""
    for document in (
        page(usual_member(number).replace("<JobId", "<Note a='b'/><JobId") for number in range(1000)),
        page(usual_member(number).replace("<member", "<member a='b'") for number in range(1000)),
        page(usual_member(number, "".join(f"<New{n}/>" for n in range(20))) for number in range(1000)),
    ):
        assert len(parse_list_jobs_result(document, validation="strict").jobs) == 1000
        assert lenient(document)[1] == []


def test_a_page_too_large_to_validate_is_read() -> None:
    """Beyond what the XSD processor validates, what the compiled checks do not recognise is left out of its job."""
    new = "".join(f"<New{number}/>" for number in range(20))
    members = [usual_member(number, f"<Priority>+5</Priority>{new}") for number in range(1000)]
    counts = "<NumberOfTasksFailed>0</NumberOfTasksFailed>"
    members[7] = member(
        f"<ProgressSummary>{counts}<AutoManifestStatus><b/></AutoManifestStatus></ProgressSummary>{new}"
    )
    with pytest.raises(SchemaError, match=f"at most {LIST_JOBS.most_nodes} elements and attributes"):
        parse_list_jobs_result(page(members), validation="strict")
    read, found = lenient(page(members))
    assert len(read.jobs) == 1000
    assert read.jobs[7].progress_summary == ListedProgressSummary(0)
    assert {job.priority for job in read.jobs} == {None}
    assert sorted(each.partition("member/")[2].partition(":")[0] for each in found) == ["Priority", SPARED]
    members[8] = members[8].replace("<NumberOfTasksFailed>0<", "<NumberOfTasksFailed>+0<")
    with pytest.raises(SchemaError):
        parse_list_jobs_result(page(members))


def _filled(piece: str, make: Callable[[str], bytes] = page, size: int = MOST_BYTES - 2000) -> bytes:
    return make(piece * (size // len(piece)))


HOSTILE = {
    "empty members": _filled("<member/>"),
    "members without a status": _filled(member(Status=None)),
    "as many empty members as are validated": page("<member/>" * (LIST_JOBS.most_nodes - 10)),
    "members with attributes": _filled(member().replace("<member", "<member a=''")),
    "one member of many elements": _filled("<a b=''/>", lambda inside: page(member(inside))),
    "a repeated element": _filled("<Priority>1</Priority>", lambda inside: page(member(inside))),
    "unknown elements": _filled("<a/>"),
    "unknown elements as are validated": page(member().replace("<member", "<member a=''") + "<a/>" * 19_000),
    "broken elements as are validated": page(member("<CreationTime>x</CreationTime><Priority>x</Priority>") * 3990),
    "elements within elements": page(member("<Priority><a/></Priority><Description><a/></Description>") * 2850),
    "many tokens": _filled("<NextToken/>", lambda inside: page(beside=inside)),
    "many Jobs": _filled("<Jobs/>", lambda inside: page(beside=inside)),
    "members of members": b"<ListJobsResult><Jobs>" + b"<member>" * 90_000,
    "a long token": page(member(), "a" * (MOST_BYTES - 2000)),
    "a long description": in_member("Description", "%" * (MOST_BYTES - 2000)),
    "a long number": in_member("Priority", "9" * (MOST_BYTES - 2000)),
    "attributes": page("<a " + " ".join(f"a{number}=''" for number in range(90_000)) + "/>"),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("validation", ["strict", "lenient"])
@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pages_take_bounded_time(document: bytes, validation: str) -> None:
    """No page takes more than a few seconds of processor time, or makes a huge message or any other error."""
    messages: list[str] = []

    def read() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", CosJobWarning)
            try:
                parse_list_jobs_result(document, validation=validation)  # type: ignore[arg-type]
            except InvalidResponseError as error:
                messages.append(str(error))
        messages.extend(str(each.message) for each in caught)

    assert len(document) <= MOST_BYTES
    assert seconds_of(read) < 10
    assert sum(map(len, messages)) < 40_000
    assert all(len(line) < 600 for message in messages for line in message.splitlines())
