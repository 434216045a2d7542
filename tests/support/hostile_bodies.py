"""Faulty bodies of responses, and the expected outcome of each: one table.

The documents are made when they are needed: all together have some hundred megabytes.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hostile import FULL, JOB_ID, Fault, Forbidden, job_document

__all__ = ["BodyFault", "body_faults"]

_MIB = 1024 * 1024
_TEXT = FULL.decode().partition("?>")[2]
_LETTERS = [bytes([letter]) for letter in b"abcdefghij"]
_BOMB = b"".join(b"<!ENTITY %b '%b'>" % (b, b"&%b;" % a * 10) for a, b in itertools.pairwise(_LETTERS))
_XSI = b" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"

_Documents = Mapping[str, Callable[[Forbidden], bytes]]


@dataclass(frozen=True, kw_only=True)
class BodyFault(Fault):
    """A faulty body.

    Attributes:
        documents: Makes the bodies; each of them has the same outcome.
        decoder: The outcome of the decoder.
        step: Responses use every `step`-th body only.
    """

    documents: Callable[[Forbidden], Sequence[bytes]]
    decoder: str
    step: int = 1

    def responses(self, forbidden: Forbidden) -> Sequence[bytes]:
        """Return the bodies of responses."""
        return self.documents(forbidden)[self.step - 1 :: self.step]


def _nested(path: bytes, inside: bytes) -> bytes:
    """Return elements, one within the other, around a document."""
    names = path.split(b"/")
    return b"".join(b"<%b>" % name for name in names) + inside + b"".join(b"</%b>" % name for name in reversed(names))


def _attributes(count: int) -> bytes:
    return b" ".join(b"a%d=''" % number for number in range(count))


def _hinted(document: bytes, url: bytes) -> bytes:
    """Return a document with a hint at a schema."""
    hinted = b"<DescribeJobResult%b xsi:noNamespaceSchemaLocation='%b'>" % (_XSI, url)
    return document.replace(b"<DescribeJobResult>", hinted)


_NOT_XML: _Documents = {
    "nothing": lambda _: b"",
    "blanks": lambda _: b" \n\t",
    "JSON": lambda _: b'{"Job": {"JobId": "%b", "Status": "Complete"}}' % JOB_ID.encode(),
    "an HTML page": lambda _: (
        b"<!DOCTYPE html><html><head><title>502</title></head><body>Bad Gateway<br></body></html>"
    ),
    "an HTML page that is not XML": lambda _: b"<html><body><p>Bad Gateway<br></body></html>",
    "NUL bytes": lambda _: b"\0" * 4096,
    "NUL in the middle": lambda _: job_document().replace(b"Active", b"Act\0ive"),
    "two roots": lambda _: job_document() + job_document(status=b"Complete"),
    "an entity bomb": lambda _: b"<!DOCTYPE a [<!ENTITY a 'ha'>%b]>" % _BOMB + job_document(b"<RoleArn>&j;</RoleArn>"),
    "an entity of quadratic growth": lambda _: (
        b"<!DOCTYPE a [<!ENTITY a '%b'>]>" % (b"a" * 100_000) + job_document(b"&a;" * 100_000)
    ),
    "an external entity, file": lambda forbidden: (
        b"<!DOCTYPE a [<!ENTITY a SYSTEM '%b'>]>" % forbidden.file + job_document(b"&a;")
    ),
    "an external entity, web": lambda forbidden: (
        b"<!DOCTYPE a [<!ENTITY a SYSTEM '%b'>]>" % forbidden.url + job_document(b"&a;")
    ),
    "a parameter entity, web": lambda forbidden: (
        b"<!DOCTYPE a [<!ENTITY %% a SYSTEM '%b'>%%a;]>" % forbidden.url + job_document()
    ),
    "an external DTD, file": lambda forbidden: b"<!DOCTYPE a SYSTEM '%b'>" % forbidden.file + job_document(),
    "an external DTD, web": lambda forbidden: b"<!DOCTYPE a PUBLIC 'a' '%b'>" % forbidden.url + job_document(),
    "an undeclared entity": lambda _: job_document(b"<RoleArn>&nbsp;</RoleArn>"),
    "nesting, 100,000 deep": lambda _: job_document(b"<a>" * 100_000 + b"</a>" * 100_000),
    "nesting without an end": lambda _: job_document(b"<a>" * 300_000),
    "an unknown encoding": lambda _: b"<?xml version='1.0' encoding='klingon'?>" + job_document(),
    "EBCDIC": lambda _: ("<?xml version='1.0' encoding='cp037'?>" + _TEXT).encode("cp037", "replace"),
    "Latin-1 labelled as UTF-8": lambda _: FULL.decode().encode("latin-1", "ignore"),
    "UTF-16 labelled as UTF-8": lambda _: b"<?xml version='1.0' encoding='utf-8'?>" + _TEXT.encode("utf-16"),
    "UTF-7": lambda _: b"<?xml version='1.0' encoding='utf-7'?>" + job_document(),
    "a gzip bomb, unannounced": lambda _: gzip.compress(bytes(50 * _MIB)),
}
_TOO_LARGE: _Documents = {
    "millions of siblings": lambda _: job_document(b"<a/>" * 2_500_000),
    "millions of attributes": lambda _: job_document(b"<a " + b"a='' " * 2_500_000 + b"/>"),
    "a text of 50 MiB": lambda _: job_document(b"<Description>" + b"x" * 50 * _MIB + b"</Description>"),
}
_BROKEN: _Documents = {
    "a mebibyte of attributes on the root": lambda _: (
        job_document().replace(b"Result>", b"Result %b>" % _attributes(90_000), 1).replace(b"Active", b"")
    ),
    "a mebibyte of jobs": lambda _: (
        b"<DescribeJobResult>" + b"<Job><JobId/><Status/></Job>" * 37_000 + b"</DescribeJobResult>"
    ),
    "a mebibyte of empty jobs": lambda _: b"<DescribeJobResult>" + b"<Job/>" * 170_000 + b"</DescribeJobResult>",
    "as many jobs as are validated": lambda _: b"<DescribeJobResult>" + b"<Job/>" * 4_990 + b"</DescribeJobResult>",
    "a mebibyte of repeated elements": lambda _: job_document(b"<Priority>1</Priority>" * 45_000),
    "a name of a million letters": lambda _: b"<" + b"a" * 1_000_000 + b"/>",
    "two jobs": lambda _: job_document().replace(b"</Job>", b"</Job>" + job_document(status=b"Complete")[19:-20], 1),
    "two statuses": lambda _: job_document(b"<Status>Complete</Status>"),
    "no status": lambda _: job_document(status=b""),
    "a count that is empty": lambda _: job_document(_nested(b"ProgressSummary", b"<NumberOfTasksFailed/>")),
    "a count that is no number": lambda _: job_document(
        _nested(b"ProgressSummary", b"<NumberOfTasksFailed>many</NumberOfTasksFailed>")
    ),
    "Complete with a space of Unicode": lambda _: job_document(status="Complete\u00a0".encode()),
    "xsi:type that changes the status": lambda _: job_document().replace(
        b"<Status>", b"<Status%b xsi:type='Empty'>" % _XSI
    ),
    "xsi:nil on the status": lambda _: job_document(status=b"").replace(
        b"<Status>", b"<Status%b xsi:nil='true'>" % _XSI
    ),
    "schema hints, and a broken document": lambda forbidden: _hinted(job_document(status=b""), forbidden.url),
    "another document": lambda _: b"<ListJobsResult><Job><Status>Complete</Status></Job></ListJobsResult>",
}
# Faults that lenient validation, the default, leaves out.
_LENIENT: _Documents = {
    "a mebibyte of attributes on a leaf": lambda _: job_document().replace(b"<JobId", b"<JobId " + _attributes(90_000)),
    "a mebibyte of items that are no items": lambda _: job_document(
        _nested(b"Manifest/Spec/Fields", b"<member><a/></member>" * 48_000)
    ),
    "as many items as are validated": lambda _: job_document(
        _nested(b"Manifest/Spec/Fields", b"<member><a/></member>" * 2_490)
    ),
    "a number of a million digits": lambda _: job_document(b"<Priority>" + b"9" * 1_000_000 + b"</Priority>"),
    "a time that is no time": lambda _: job_document(b"<CreationTime>yesterday</CreationTime>"),
}
_HARMLESS: _Documents = {
    "a mebibyte of siblings": lambda _: job_document(b"<a/>" * ((_MIB - 200) // 4)),
    "a mebibyte of attributes, unknown": lambda _: job_document(b"<a %b/>" % _attributes(90_000)),
    "a mebibyte of namespaces": lambda _: job_document(
        b"<a " + b" ".join(b"xmlns:a%d='a'" % number for number in range(60_000)) + b"/>"
    ),
    "a mebibyte of comments": lambda _: job_document(b"<!---->" * 149_000),
    "Complete anywhere else": lambda _: job_document(
        b"<!--Complete--><Old><Status>Complete</Status></Old><status>Complete</status>"
    ),
    "empty elements": lambda _: job_document(
        b"<Priority/><CreationTime/><Operation/><Report><Enabled/><Format/></Report>"
    ),
    "new words": lambda _: job_document(
        b"<Report><Format>Report_JSON_V1</Format></Report>" + _nested(b"Manifest/Spec/Format", b"new")
    ),
    "a long text": lambda _: job_document(b"<SuspendedCause>" + b"x" * 9000 + b"</SuspendedCause>"),
    "a mebibyte of empty items": lambda _: job_document(_nested(b"Manifest/Spec/Fields", b"<member/>" * 110_000)),
    "schema hints": lambda forbidden: _hinted(job_document(b"<a/>"), forbidden.url),
    "UTF-16": lambda _: _TEXT.encode("utf-16"),
}


def _body_fault(
    name: str, document: Callable[[Forbidden], bytes], decoder: str, request: str = "", *, never: bool = False
) -> BodyFault:
    """Return a fault with one body; a request has the outcome of the decoder by default."""
    return BodyFault(
        name=name,
        documents=lambda forbidden: [document(forbidden)],
        decoder=decoder,
        request=request or decoder,
        never=(request or decoder) if never else "",
        times=3,
    )


def body_faults() -> list[BodyFault]:
    """Return all faulty bodies."""
    return [
        *(_body_fault(name, document, "NotXmlError", never="page" in name) for name, document in _NOT_XML.items()),
        BodyFault(
            name="truncation at every byte",
            documents=lambda _: [FULL[:length] for length in range(len(FULL))],
            decoder="NotXmlError",
            request="NotXmlError",
            step=250,
            times=len(FULL) // 250,
        ),
        *(_body_fault(name, document, "InvalidResponseError") for name, document in _TOO_LARGE.items()),
        *(_body_fault(name, document, "SchemaError", never="two" in name) for name, document in _BROKEN.items()),
        *(_body_fault(name, document, "SchemaError", "Active") for name, document in _LENIENT.items()),
        *(_body_fault(name, document, "Active") for name, document in _HARMLESS.items()),
        _body_fault("an unknown status", lambda _: job_document(status=b"Completed"), "Completed"),
        _body_fault(
            "a response about another job",
            lambda _: job_document(status=b"Complete", job_id=b"another"),
            "Complete",
            "WrongJobError",
            never=True,
        ),
        _body_fault(
            "the same id in other letters",
            lambda _: job_document(job_id=JOB_ID.upper().encode()),
            "Active",
            "WrongJobError",
        ),
        _body_fault(
            "the same id with a space", lambda _: job_document(job_id=JOB_ID.encode() + b" "), "Active", "WrongJobError"
        ),
    ]
