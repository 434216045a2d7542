"""How documents are read: encodings, namespaces, document types, and what is no XML."""

from __future__ import annotations

import itertools
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

import pytest

from documents import job
from pulumi_cosjob._errors import (
    NotXmlError,
    SchemaError,
)
from pulumi_cosjob._xml import xml_reader
from pulumi_cosjob._xml.decoder import parse_describe_job_result
from pulumi_cosjob._xml.validation import find_problems
from pulumi_cosjob._xml.xml_reader import read_xml
from schema_reference import (
    FULL,
    XSI,
    strict,
)


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
    """A response in another encoding, with a BOM or without a declaration, describes the same job."""
    assert parse_describe_job_result(document) == parse_describe_job_result(FULL)


@pytest.mark.parametrize("root", ["<DescribeJobResult xmlns='urn:cos'>", "<DescribeJobResult xmlns='http://a/?b=c#d'>"])
def test_a_default_namespace_is_ignored(root: str) -> None:
    """Programs go on working if the service adds a namespace to its responses."""
    document = FULL.replace(b"<DescribeJobResult>", root.encode())
    assert parse_describe_job_result(document) == parse_describe_job_result(FULL)


def test_another_namespace_inside_is_unknown() -> None:
    """Only the root's namespace is ignored: a Status of another namespace is not the status."""
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
def test_invalid_xml_is_refused(document: bytes, validation: str) -> None:
    """The message quotes the beginning of the document, and not more."""
    with pytest.raises(NotXmlError) as caught:
        parse_describe_job_result(document, validation=validation)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 500
    assert "<stdin>" not in str(caught.value)


@pytest.mark.parametrize("document", WITH_DTD.values(), ids=WITH_DTD)
def test_document_types_and_entities_are_refused(document: bytes) -> None:
    """No response needs them: they are refused before anything is expanded or fetched."""
    with pytest.raises(NotXmlError, match="document type declaration is not allowed"):
        parse_describe_job_result(document)


@pytest.mark.parametrize("place", ["<RoleArn>{}</RoleArn>", "<RoleArn a='{}'/>"])
def test_no_entity_is_expanded(place: str) -> None:
    """A document type is refused when it begins: its entities cost nothing, whatever the parser's own limits."""
    document = b"<!DOCTYPE a [<!ENTITY a '%b'>]>" % (b"x" * 290) + job(place.format("&a;" * 340_000))

    def seconds() -> float:
        begun = time.process_time()
        with pytest.raises(NotXmlError, match="document type declaration is not allowed"):
            parse_describe_job_result(document)
        return time.process_time() - begun

    # The least of several: a search for garbage may fall into some of them.
    assert min(seconds() for _ in range(5)) < 0.05


@pytest.mark.parametrize(("blanks", "refused"), [(4_000, False), (5_000, True)])
def test_the_root_begins_within_4096_bytes(blanks: int, *, refused: bool) -> None:
    """Text before the root is parsed in small chunks, and is therefore limited."""
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
        job("<a/>" * 300),
        job("<a/>" * 300 + "<a>" * 98 + "</a>" * 98 + "<a/>" * 300),
        job("<a/>" * 300 + "<a>" * 99 + "</a>" * 99 + "<a/>" * 300),
    ],
)
def test_both_builders_return_the_same(document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser's own builder is used only if the result is the same."""

    def read() -> str:
        try:
            return ET.tostring(read_xml(document), "unicode")
        except NotXmlError:
            return "refused"

    fast = read()
    monkeypatch.setattr(xml_reader, "_has_no_doctype", lambda _document: False)
    assert read() == fast


def test_undeclared_entities_are_refused() -> None:
    """A reference to an undeclared entity does not become an empty text."""
    with pytest.raises(NotXmlError):
        parse_describe_job_result(job("<RoleArn>&nbsp;</RoleArn>"))


def test_schema_hints_are_never_followed() -> None:
    """A response that names schemas of its own is validated by the package's, and nothing is fetched."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            """Log nothing."""

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
    assert requested == []


@pytest.mark.parametrize(
    "attribute", ["xsi:type='xs:string'", "xsi:type='Nothing'", "xsi:nil='true'", "xsi:type='a:b'"]
)
def test_a_response_cannot_choose_its_types(attribute: str) -> None:
    """Attributes that choose types make no wrong status valid, and do not crash the processor."""
    document = job("").replace(b"<Status>New", f"<Status {XSI} {attribute}>".encode())
    with pytest.raises(SchemaError):
        strict(document)
    with pytest.raises(SchemaError):
        parse_describe_job_result(document, validation="lenient")
