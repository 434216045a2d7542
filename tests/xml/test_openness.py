"""Empty elements, new words and long texts are read, as the service may grow; what gates depend on is strict."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from documents import job, value_at, within, wrapped
from places import RESPONSES
from pulumi_cosjob import CosBatchClient, CosJobWarning, JobDescription, SchemaError
from pulumi_cosjob._service.settings import resolve
from pulumi_cosjob._waiting.loop import wait_for_jobs
from pulumi_cosjob._waiting.policy import WaitOptions
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.modes import VALIDATIONS, Validation
from pulumi_cosjob._xml.validation import find_problems
from pulumi_cosjob.testing import CosBatchEmulator, ManualClock
from schema_corpus import COPY, COUNTS, DECISIVE, EMPTIED, JOB

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.state import PollState

FULL = (RESPONSES / "full.xml").read_bytes()
APPID = "1250000000"


@pytest.mark.parametrize("number", EMPTIED, ids=[path.removeprefix(JOB) for path, _ in EMPTIED.values()])
def test_empty_elements_are_valid(number: int) -> None:
    """Each element of a full response may be empty, except those that gates depend on."""
    path, document = EMPTIED[number]
    assert bool(find_problems(document)) == (path in DECISIVE)


def test_every_element_was_emptied() -> None:
    """There is a document for each element of the full response below its root."""
    assert len(EMPTIED) == len(list(ET.fromstring(FULL).iter())) - 1  # noqa: S314  our own file
    assert {path for path, _ in EMPTIED.values()} > DECISIVE


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("Priority", "", None),
        ("Operation/COSInitiateRestoreObject/ExpirationInDays", " ", None),
        ("ConfirmationRequired", "", None),
        ("Report/Enabled", "\n\t", None),
        ("CreationTime", "", None),
        (f"{COPY}/ModifiedSinceConstraint", "", None),
        ("Report/Format", "", None),
        (f"{COPY}/StorageClass", "  ", None),
        ("Description", "", ""),
        ("Report/Bucket", "", ""),
        ("Manifest/Spec/Fields/member", "", ""),
    ],
)
def test_an_empty_element_with_a_type_counts_as_absent(path: str, text: str, value: str | None) -> None:
    """Numbers, booleans, times and words are None; a text is an empty one, and an item of a list is kept."""
    described = parse_describe_job_result(within(path, text), validation="strict")
    found = value_at(described, path)
    assert (found[0] if isinstance(found, tuple) else found) == value
    assert described.unknown_values == ()


# ------------------------------------------------------------------------------------------------------------- listed


def test_unknown_values_are_listed_once_in_order() -> None:
    """Each has the path of its element; unknown elements are listed apart, without their values."""
    described = parse_describe_job_result((RESPONSES / "new-words.xml").read_bytes(), validation="strict")
    assert described.unknown_values == (
        f"{JOB}/{COPY}/CannedAccessControlList: default",
        f"{JOB}/{COPY}/NewObjectMetadata/SSEAlgorithm: cos/kms",
        f"{JOB}/{COPY}/StorageClass: DEEP_COLD",
        f"{JOB}/{COPY}/TaggingDirective: Replace",
    )
    assert described.unknown_elements == (f"{JOB}/ProgressSummary/AutoManifestStatus",)
    assert len(described.description or "") > 256
    members = "".join(f"<member>{word}</member>" for word in ("Size", "Key", "Size", "ETag"))
    described = parse_describe_job_result(job(wrapped("Manifest/Spec/Fields", members)), validation="strict")
    assert described.unknown_values == tuple(f"{JOB}/Manifest/Spec/Fields/member: {word}" for word in ("Size", "ETag"))


def test_unknown_values_have_limits() -> None:
    """At most a hundred values are listed; of a long value, only its length."""
    members = "".join(f"<member>Column{number}</member>" for number in range(1000))
    described = parse_describe_job_result(job(wrapped("Manifest/Spec/Fields", members)))
    assert len(described.unknown_values) == 100
    for length, listed in ((64, "x" * 64), (65, "a text of 65 characters"), (9000, "a text of 9000 characters")):
        described = parse_describe_job_result(within("Report/Format", "x" * length))
        assert described.unknown_values == (f"{JOB}/Report/Format: {listed}",)
        assert value_at(described, "Report/Format") == "x" * length


# ------------------------------------------------------------------------------------------------------------- waiting


@pytest.fixture
def clock() -> ManualClock:
    """The time of service and client alike."""
    return ManualClock()


@pytest.fixture
def service(clock: ManualClock) -> Iterator[CosBatchEmulator]:
    """An emulator on that clock."""
    with CosBatchEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def connect(service: CosBatchEmulator, clock: ManualClock) -> Callable[..., CosBatchClient]:
    """Make clients on that clock."""
    return lambda **settings: CosBatchClient.from_settings(resolve(settings, environment=service.environment()), clock)


@pytest.mark.parametrize("name", ["empty-words.xml", "new-words.xml"])
@pytest.mark.parametrize("validation", ["strict", "lenient"])
def test_a_gate_opens_for_a_job_that_is_complete(
    service: CosBatchEmulator, clock: ManualClock, connect: Callable[..., CosBatchClient], name: str, validation: str
) -> None:
    """Unknown words and empty elements do not prolong a wait."""
    response = (RESPONSES / name).read_bytes()
    job_id = parse_describe_job_result(response).job_id
    service.replay(job_id, response)
    with connect(validation=validation) as client, warnings.catch_warnings():
        warnings.simplefilter("error")
        done = wait_for_jobs(client, [job_id], APPID, WaitOptions(3600.0), clock=clock)
    assert done[job_id].status == "Complete"
    assert len(service.requests) == 1


def test_a_wait_goes_on_through_unknown_statuses(
    service: CosBatchEmulator, clock: ManualClock, connect: Callable[..., CosBatchClient]
) -> None:
    """A service may add a status between Active and Complete; the wait ends with the job."""
    job_id = service.create_job("completes", seconds=10)
    responses = {status: job("", JobId=job_id, Status=status) for status in ("Archiving", "complete")}
    service.replay(job_id, responses["Archiving"])
    seen: list[str | None] = []
    complete = job(wrapped("ProgressSummary/NumberOfTasksFailed", "0"), JobId=job_id, Status="Complete")

    def report(_job_id: str, state: PollState, _now: float) -> None:
        seen.append(state.status)
        if len(seen) == 3:
            service.replay(job_id, responses["complete"])
        if len(seen) == 5:
            service.replay(job_id, complete)

    with connect() as client:
        done = wait_for_jobs(client, [job_id], APPID, WaitOptions(3600.0), report=report, clock=clock)
    assert done[job_id].status == "Complete"
    assert seen == ["Archiving"] * 3 + ["complete"] * 2 + ["Complete"]


# -------------------------------------------------------------------------------------------------- what is left out


BROKEN = wrapped("Priority", "urgent") + wrapped("CreationTime", "yesterday")


def warned(read: Callable[[], object]) -> list[str]:
    """Return the warnings of a call, with repetitions."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read()
    return [str(each.message) for each in caught if issubclass(each.category, CosJobWarning)]


def test_a_client_warns_once_of_each_violation(
    service: CosBatchEmulator, connect: Callable[..., CosBatchClient]
) -> None:
    """There is one warning for each element and rule, with path, value and rule; the field is None."""
    service.replay("j", job(BROKEN, JobId="j", Status="Complete"))
    with connect() as client:
        found: list[JobDescription] = []
        texts = warned(lambda: found.append(client.describe_job("j", APPID)))
        beginning = f"a part of the response violates the schema and was left out: {JOB}"
        assert texts == [
            f"{beginning}/Priority: must be a whole number from 0 to 2147483647, or nothing, but is 'urgent'",
            f"{beginning}/CreationTime: must be a time such as 2019-12-19T18:00:30Z, or nothing, but is 'yesterday'",
        ]
        service.replay("j", job(BROKEN.replace("urgent", "very urgent"), JobId="j", Status="Complete"))
        assert warned(lambda: found.append(client.describe_job("j", APPID))) == []
        assert found == [JobDescription("j", "Complete")] * 2
    with connect(validation="strict") as client, pytest.raises(SchemaError, match="'very urgent'"):
        client.describe_job("j", APPID)


def test_a_warning_never_ends_a_wait(
    service: CosBatchEmulator, clock: ManualClock, connect: Callable[..., CosBatchClient]
) -> None:
    """If a filter turns warnings into errors, the warning is still only printed, and the gate opens."""
    printed: list[str] = []
    count = wrapped("ProgressSummary/NumberOfTasksFailed", "0")
    service.replay("j", job(BROKEN + count, JobId="j", Status="Complete"))
    with connect() as client, warnings.catch_warnings():
        warnings.simplefilter("error")
        # As an interpreter without a test runner prints warnings.
        warnings.showwarning = lambda message, *_where, **_more: printed.append(str(message))
        done = wait_for_jobs(client, ["j"], APPID, WaitOptions(3600.0), clock=clock)
    assert done["j"].status == "Complete"
    assert ["was left out" in each for each in printed] == [True, True]


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("text", ["", "many", "-1", "1.0", "9" * 30])
def test_an_invalid_count_opens_no_gate(
    service: CosBatchEmulator, connect: Callable[..., CosBatchClient], name: str, text: str
) -> None:
    """Lenient validation, the default, refuses it too."""
    service.replay("j", job(wrapped(f"ProgressSummary/{name}", text), JobId="j", Status="Complete"))
    with connect() as client, pytest.raises(SchemaError, match=name):
        client.describe_job("j", APPID)


@pytest.mark.parametrize("validation", VALIDATIONS)
def test_an_element_without_the_namespace_of_the_root_is_unknown(validation: Validation) -> None:
    """It is an unknown element, whatever its name."""
    head = b"<DescribeJobResult xmlns='urn:x'><Job><JobId>a</JobId><Status>Active</Status>"
    for extra in (b"<Priority xmlns=''>5</Priority>", b"<Status xmlns=''>Complete</Status>"):
        found = parse_describe_job_result(head + extra + b"</Job></DescribeJobResult>", validation=validation)
        assert (found.status, found.priority) == ("Active", None)
        name = "Priority" if b"Priority" in extra else "Status"
        assert found.unknown_elements == (f"/DescribeJobResult/Job/{{no namespace}}{name}",)
    foreign = head.replace(b"<Status>Active</Status>", b"<Status xmlns=''>Complete</Status>")
    with pytest.raises(SchemaError):
        parse_describe_job_result(foreign + b"</Job></DescribeJobResult>", validation=validation)
