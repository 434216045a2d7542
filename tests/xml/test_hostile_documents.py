"""Documents of any shape and size take bounded time."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import pytest

from documents import job, wrapped
from pulumi_cosjob._errors import (
    CosJobWarning,
    InvalidResponseError,
    SchemaError,
)
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.validation import find_problems
from pulumi_cosjob._xml.xml_reader import MOST_BYTES
from schema_reference import (
    XSI,
    strict,
)

MIB = 1024 * 1024


def filled(piece: str, before: str = "", after: str = "", size: int = MIB // 8) -> bytes:
    """Return a response of about the given size, filled with one piece."""
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
def test_hostile_documents_take_bounded_time(document: bytes, validation: str) -> None:
    """No document takes more than a few seconds, makes a huge message or raises any error but the package's own."""
    begun = time.process_time()
    message = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CosJobWarning)
        try:
            assert parse_describe_job_result(document, validation=validation).status == "New"  # type: ignore[arg-type]
        except InvalidResponseError as error:
            message = str(error)
    assert len(message) < 30_000
    assert all(len(line) < 600 for line in message.splitlines())
    assert sum(len(str(each.message)) for each in caught) < 30_000
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("read", [parse_describe_job_result, find_problems])
def test_a_document_over_the_limit_is_not_parsed(read: Callable[[bytes], object]) -> None:
    """The size limit on responses holds for saved ones too, so that size costs neither memory nor time."""
    largest = job("<a/>" * ((MOST_BYTES - len(job(""))) // 4))
    read(largest.ljust(MOST_BYTES))
    with pytest.raises(InvalidResponseError, match="larger than 1048576 bytes"):
        read(largest.ljust(MOST_BYTES + 1))


@pytest.mark.parametrize(("count", "refused"), [(4_995, False), (4_996, True)])
def test_unrecognised_documents_have_a_limit(count: int, *, refused: bool) -> None:
    """A response that needs the XSD processor may hold 5,000 elements and attributes."""
    document = job("<a/>" * count).replace(b"<Job>", b"<Job odd=''>")
    if refused:
        with pytest.raises(SchemaError, match="at most 5000 elements and attributes"):
            strict(document)
    else:
        assert strict(document).status == "New"
