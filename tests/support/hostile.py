"""What can go wrong with an answer and with the network, and what has to come of it at each place: one table.

`answers()` are bodies that come over the wire as they are, `accidents()` what happens to a connection. What is expected
is the name of the error, or the status that the job has.
"""

from __future__ import annotations

import email.utils
import gzip
import itertools
import select
import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trustme

from places import ROOT
from servers import answer, read_request

__all__ = [
    "JOB_ID",
    "START",
    "Accident",
    "Answer",
    "Handler",
    "accidents",
    "answer",
    "answers",
    "context",
    "saying",
    "well",
]

JOB_ID = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
FULL = (ROOT / "tests" / "responses" / "full.xml").read_bytes()
_MIB = 1024 * 1024
# What the client takes for the time, unless a fault says otherwise: 2024 has just begun.
START = 1_704_067_200.0

Handler = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Answer:
    """A body, and what has to come of it.

    Attributes:
        name: In a few words.
        documents: The bodies; each of them has to end so.
        decoder: What the decoder makes of it.
        request: What a request makes of it; the same where nothing is said.
        asked: Bodies for the other places, where all of them would take too long.
        never: Whether it is tried, too, what a wait makes of it that has never had an answer.
    """

    name: str
    documents: Sequence[bytes]
    decoder: str
    request: str = ""
    asked: Sequence[bytes] = ()
    never: bool = False


@dataclass(frozen=True)
class Accident:
    """Something that happens to a connection, and what has to come of it.

    Attributes:
        name: In a few words.
        handle: What the server does instead of answering; None where nothing listens.
        request: What a request makes of it.
        passes: What a wait makes of it that meets it a few times; nothing where that cannot be.
        persists: What a wait makes of it that meets it for ever; nothing where that cannot be.
        never: What a wait makes of it that has never had an answer; nothing where that is not tried.
        ends: When that wait has to be over at the latest, by the turned clock.
        secure: Whether the endpoint is one of TLS.
        tls: The certificate that the server shows at that time; with none it speaks no TLS.
        times: How often a wait meets it before it passes.
        lasts: How long that has to take at the least, by the turned clock.
        unresolved: Whether the name is not found at that time.
        off: By how much the client's clock is off.
        real: Whether real time is the point: then a question has little of it.
        limit: How long a wait may take that meets it for ever, by the turned clock.
    """

    name: str
    handle: Handler | None
    request: str
    passes: str = "Complete"
    persists: str = "WaitTimeoutError"
    never: str = ""
    ends: float = 330.0
    secure: bool = False
    tls: ssl.SSLContext | None = None
    times: int = 5
    lasts: float = 0.0
    unresolved: bool = False
    off: float = 0.0
    real: bool = False
    limit: float = 4.0


def job(inside: bytes = b"", status: bytes = b"Active", job_id: bytes = JOB_ID.encode()) -> bytes:
    """Return an answer with something inside its Job; one that says Complete lacks nothing to be taken for it."""
    head = b"<DescribeJobResult><Job><JobId>" + job_id + b"</JobId><Status>" + status + b"</Status>"
    count = b"<ProgressSummary><NumberOfTasksFailed>0</NumberOfTasksFailed></ProgressSummary>"
    return head + (count if b"Complete" in status + inside else b"") + inside + b"</Job></DescribeJobResult>"


def _within(tags: bytes, inside: bytes) -> bytes:
    names = tags.split(b"/")
    return b"".join(b"<%b>" % name for name in names) + inside + b"".join(b"</%b>" % name for name in reversed(names))


def _attributes(count: int) -> bytes:
    return b" ".join(b"a%d=''" % number for number in range(count))


def answers(file: str, port: int) -> list[Answer]:
    """Return all bodies.

    Args:
        file: A file that nobody may open.
        port: A port of this machine that nobody may connect to.
    """
    web = f"http://127.0.0.1:{port}/x".encode()
    bomb = b"".join(b"<!ENTITY %b '%b'>" % (b, b"&%b;" % a * 10) for a, b in itertools.pairwise(_LETTERS))
    xsi = b" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
    hinted = b"<DescribeJobResult%b xsi:noNamespaceSchemaLocation='%b'>" % (xsi, web)
    text = FULL.decode().partition("?>")[2]
    no_xml = {
        "nothing": b"",
        "blanks": b" \n\t",
        "JSON": b'{"Job": {"JobId": "%b", "Status": "Complete"}}' % JOB_ID.encode(),
        "an HTML page": b"<!DOCTYPE html><html><head><title>502</title></head><body>Bad Gateway<br></body></html>",
        "an HTML page that is not XML": b"<html><body><p>Bad Gateway<br></body></html>",
        "NUL bytes": b"\0" * 4096,
        "NUL in the middle": job().replace(b"Active", b"Act\0ive"),
        "two roots": job() + job(status=b"Complete"),
        "an entity bomb": b"<!DOCTYPE a [<!ENTITY a 'ha'>%b]>" % bomb + job(b"<RoleArn>&j;</RoleArn>"),
        "an entity of quadratic growth": b"<!DOCTYPE a [<!ENTITY a '%b'>]>" % (b"a" * 100_000) + job(b"&a;" * 100_000),
        "an external entity, file": b"<!DOCTYPE a [<!ENTITY a SYSTEM '%b'>]>" % file.encode() + job(b"&a;"),
        "an external entity, web": b"<!DOCTYPE a [<!ENTITY a SYSTEM '%b'>]>" % web + job(b"&a;"),
        "a parameter entity, web": b"<!DOCTYPE a [<!ENTITY %% a SYSTEM '%b'>%%a;]>" % web + job(),
        "an external DTD, file": b"<!DOCTYPE a SYSTEM '%b'>" % file.encode() + job(),
        "an external DTD, web": b"<!DOCTYPE a PUBLIC 'a' '%b'>" % web + job(),
        "an undeclared entity": job(b"<RoleArn>&nbsp;</RoleArn>"),
        "nesting, 100,000 deep": job(b"<a>" * 100_000 + b"</a>" * 100_000),
        "nesting without an end": job(b"<a>" * 300_000),
        "an unknown encoding": b"<?xml version='1.0' encoding='klingon'?>" + job(),
        "EBCDIC": ("<?xml version='1.0' encoding='cp037'?>" + text).encode("cp037", "replace"),
        "Latin-1 that says UTF-8": FULL.decode().encode("latin-1", "ignore"),
        "UTF-16 that says UTF-8": b"<?xml version='1.0' encoding='utf-8'?>" + text.encode("utf-16"),
        "UTF-7": b"<?xml version='1.0' encoding='utf-7'?>" + job(),
        "a gzip bomb, unannounced": gzip.compress(bytes(50 * _MIB)),
    }
    most = (_MIB - 200) // 4
    large = {
        "millions of siblings": job(b"<a/>" * 2_500_000),
        "millions of attributes": job(b"<a " + b"a='' " * 2_500_000 + b"/>"),
        "a text of 50 MiB": job(b"<Description>" + b"x" * 50 * _MIB + b"</Description>"),
    }
    broken = {
        "a mebibyte of attributes on the root": job()
        .replace(b"Result>", b"Result %b>" % _attributes(90_000), 1)
        .replace(b"Active", b""),
        "a mebibyte of jobs": b"<DescribeJobResult>"
        + b"<Job><JobId/><Status/></Job>" * 37_000
        + b"</DescribeJobResult>",
        "a mebibyte of empty jobs": b"<DescribeJobResult>" + b"<Job/>" * 170_000 + b"</DescribeJobResult>",
        "as many jobs as are judged": b"<DescribeJobResult>" + b"<Job/>" * 4_990 + b"</DescribeJobResult>",
        "a mebibyte of repeated elements": job(b"<Priority>1</Priority>" * 45_000),
        "a name of a million letters": b"<" + b"a" * 1_000_000 + b"/>",
        "two jobs": job().replace(b"</Job>", b"</Job>" + job(status=b"Complete")[19:-20], 1),
        "two statuses": job(b"<Status>Complete</Status>"),
        "no status": job(status=b""),
        "a count that is empty": job(_within(b"ProgressSummary", b"<NumberOfTasksFailed/>")),
        "a count that is none": job(_within(b"ProgressSummary", b"<NumberOfTasksFailed>many</NumberOfTasksFailed>")),
        "Complete with a space of Unicode": job(status="Complete\u00a0".encode()),
        "xsi:type that changes the status": job().replace(b"<Status>", b"<Status%b xsi:type='Empty'>" % xsi),
        "xsi:nil on the status": job(status=b"").replace(b"<Status>", b"<Status%b xsi:nil='true'>" % xsi),
        "schema hints, and a broken answer": job(status=b"").replace(b"<DescribeJobResult>", hinted),
        "another document": b"<ListJobsResult><Job><Status>Complete</Status></Job></ListJobsResult>",
    }
    # What lenient validation, the default, leaves out.
    violating = {
        "a mebibyte of attributes on a leaf": job().replace(b"<JobId", b"<JobId " + _attributes(90_000)),
        "a mebibyte of items that are none": job(_within(b"Manifest/Spec/Fields", b"<member><a/></member>" * 48_000)),
        "as many items as are judged": job(_within(b"Manifest/Spec/Fields", b"<member><a/></member>" * 2_490)),
        "a number of a million digits": job(b"<Priority>" + b"9" * 1_000_000 + b"</Priority>"),
        "a time that is none": job(b"<CreationTime>yesterday</CreationTime>"),
    }
    harmless = {
        "a mebibyte of siblings": job(b"<a/>" * most),
        "a mebibyte of attributes, unknown": job(b"<a %b/>" % _attributes(90_000)),
        "a mebibyte of namespaces": job(b"<a " + b" ".join(b"xmlns:a%d='a'" % n for n in range(60_000)) + b"/>"),
        "a mebibyte of comments": job(b"<!---->" * 149_000),
        "Complete anywhere else": job(b"<!--Complete--><Old><Status>Complete</Status></Old><status>Complete</status>"),
        "empty elements": job(b"<Priority/><CreationTime/><Operation/><Report><Enabled/><Format/></Report>"),
        "new words": job(
            b"<Report><Format>Report_JSON_V1</Format></Report>" + _within(b"Manifest/Spec/Format", b"new")
        ),
        "a long text": job(b"<SuspendedCause>" + b"x" * 9000 + b"</SuspendedCause>"),
        "a mebibyte of empty items": job(_within(b"Manifest/Spec/Fields", b"<member/>" * 110_000)),
        "schema hints": job(b"<a/>").replace(b"<DescribeJobResult>", hinted),
        "UTF-16": text.encode("utf-16"),
    }
    cut = [FULL.rstrip()[:length] for length in range(len(FULL.rstrip()))]
    return [
        *(Answer(name, [document], "NotXmlError", never="page" in name) for name, document in no_xml.items()),
        Answer("truncation at every byte", cut, "NotXmlError", asked=cut[1::250]),
        *(Answer(name, [document], "InvalidResponseError") for name, document in large.items()),
        *(Answer(name, [document], "SchemaError", never="two" in name) for name, document in broken.items()),
        *(Answer(name, [document], "SchemaError", "Active") for name, document in violating.items()),
        *(Answer(name, [document], "Active") for name, document in harmless.items()),
        Answer("a status that there is not", [job(status=b"Completed")], "Completed"),
        Answer(
            "another job's answer",
            [job(status=b"Complete", job_id=b"another")],
            "Complete",
            "WrongJobError",
            never=True,
        ),
        Answer("the same id in other letters", [job(job_id=JOB_ID.upper().encode())], "Active", "WrongJobError"),
        Answer("the same id with a space", [job(job_id=JOB_ID.encode() + b" ")], "Active", "WrongJobError"),
    ]


# As many as Python's own library takes, and each as long.
_COOKIES = ["Set-Cookie: " + "a=b; " * 13_000] * 95
_LETTERS = [bytes([letter]) for letter in b"abcdefghij"]


# -------------------------------------------------------------------------------------------------------- the network


def well(status: bytes) -> Handler:
    """Return what answers as the service does."""
    return saying(answer(job(status=status), "Content-Type: application/xml"))


def saying(whole: bytes) -> Handler:
    """Return what answers with these bytes."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(whole)

    return handle


def _refusing(code: str, status: str, *headers: str) -> Handler:
    return saying(answer(f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), *headers, status=status))


def _reset(part: bytes, *, unasked: bool = False) -> Handler:
    """Return what sends a part of an answer and then resets the connection."""

    def handle(connection: socket.socket) -> None:
        if not unasked:
            read_request(connection)
        connection.sendall(part)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return handle


def _slowly(head: bytes, piece: bytes, seconds: float) -> Handler:
    """Return what sends a piece every so often, until nobody listens any more."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while not select.select([connection], [], [], seconds)[0]:
            connection.sendall(piece)

    return handle


def _endless(head: bytes, piece: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return handle


def _plainly(connection: socket.socket) -> None:
    """Answer in plain HTTP whoever wants to speak TLS."""
    connection.recv(65536)
    connection.sendall(answer(job()))


def _late(seconds: float) -> Handler:
    """Return what answers late, if whoever asked is still there."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        if not select.select([connection], [], [], seconds)[0]:
            connection.sendall(answer(job()))

    return handle


def _checking_the_time(connection: socket.socket) -> None:
    """Answer where the signature is of now, within a quarter of an hour, as the service does."""
    signed = read_request(connection).partition(b"q-sign-time=")[2].partition(b";")[0]
    date = f"Date: {email.utils.formatdate(START, usegmt=True)}"
    if abs(int(signed) - START) < 900:
        connection.sendall(answer(job(), date))
    else:
        body = b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
        connection.sendall(answer(body, date, status="403 Forbidden"))


def accidents(authority: trustme.CA) -> list[Accident]:
    """Return all accidents; the authority is one that the client knows."""
    ok = b"HTTP/1.1 200 OK\r\n"
    whole = answer(job())
    part = whole[: len(whole) - 40]
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    failed, denied = "ConnectionFailedError", "AccessDeniedError"
    return [
        Accident("nothing listens", None, failed, passes="", persists=""),
        Accident("the name is not found", well(b"Active"), failed, unresolved=True, never=failed, ends=40.0),
        Accident("reset at once", _reset(b"", unasked=True), failed),
        Accident("reset before the answer", _reset(b""), failed),
        Accident("reset during the headers", _reset(ok), failed),
        Accident("reset during the body", _reset(part), failed),
        Accident("reset after the answer", _reset(whole), "Active"),
        Accident("an end before the answer", saying(b""), failed),
        Accident("an end during the body", saying(part), failed),
        Accident("an end during a chunk", saying(ok + chunked + b"ff\r\n<a"), failed),
        Accident("an outage of an hour", _reset(b"", unasked=True), failed, times=215, lasts=3600),
        Accident("a connection that is half open", _late(20), "TimeLimitError", real=True),
        Accident("a slow start", _late(0.1), "Active"),
        Accident("a byte a second", _slowly(ok + b"\r\n", b" ", 1), "TimeLimitError", real=True),
        Accident("headers, one every 20 ms", _slowly(ok, b"X: y\r\n", 0.02), "TimeLimitError", real=True),
        Accident("an endless body", _endless(ok + b"\r\n", b" " * 65536), "InvalidResponseError"),
        Accident(
            "an endless body in chunks",
            _endless(ok + chunked, b"1\r\n \r\n" * 9999),
            "InvalidResponseError",
        ),
        Accident("a chunk's size without an end", _endless(ok + chunked, b"0" * 65536), failed),
        Accident("a chunk's extension without an end", _endless(ok + chunked + b"1;", b"x" * 65536), failed),
        Accident("a trailer without an end", _endless(ok + chunked + b"0\r\nX: ", b"y" * 65536), failed),
        Accident(
            "trailers without an end",
            _endless(ok + chunked + b"0\r\n", b"X: y\r\n" * 9999),
            "TimeLimitError",
            real=True,
        ),
        Accident("mebibytes of cookies", saying(answer(job(), *_COOKIES)), "Active"),
        Accident("endless headers", _endless(ok, b"X: y\r\n" * 9999), failed),
        Accident("a header without an end", _endless(ok + b"X: ", b"y" * 65536), failed),
        Accident(
            "a gzip bomb",
            saying(answer(gzip.compress(bytes(100 * _MIB)), "Content-Encoding: gzip")),
            "InvalidResponseError",
        ),
        Accident("no HTTP", saying(b"SSH-2.0-OpenSSH_9.2\r\n"), failed),
        Accident(
            "a length that is no number", saying(ok + b"Content-Length: five\r\n\r\n" + job()[:-1]), "NotXmlError"
        ),
        Accident("a length that is too short", saying(answer(job()[:-9]) + job()[-9:]), "NotXmlError"),
        Accident(
            "a redirect to another host",
            saying(answer(b"", "Location: http://127.0.0.2:9/", status="302 Found")),
            "InvalidResponseError",
            never="InvalidResponseError",
        ),
        Accident(
            "a redirect with an answer",
            saying(answer(job(status=b"Complete"), "Location: http://127.0.0.2:9/", status="307 Temporary Redirect")),
            "InvalidResponseError",
        ),
        Accident(
            "200 with a document that refuses",
            _refusing("AccessDenied", "200 OK"),
            denied,
            persists=denied,
            limit=3600,
            never=denied,
            ends=1.0,
        ),
        *(
            Accident(
                f"a page with {status}",
                saying(answer(b"<html><br>", status=status)),
                "ServiceError",
                persists="ServiceError",
                limit=3600,
                never="ServiceError",
            )
            for status in ("404 Not Found", "405 Method Not Allowed", "451 Unavailable", "501 Not Implemented")
        ),
        Accident("404 with a job", saying(answer(job(status=b"Complete"), status="404 Not Found")), "ServiceError"),
        Accident(
            "206 with a job", saying(answer(job(status=b"Complete"), status="206 Partial Content")), "ServiceError"
        ),
        Accident("a storm of 503", _refusing("SlowDown", "503 Slow Down"), "UnavailableError"),
        Accident(
            "a storm of 503, Retry-After 30",
            _refusing("SlowDown", "503 Slow Down", "Retry-After: 30"),
            "UnavailableError",
            lasts=100,
        ),
        Accident("a storm of 429", saying(answer(b"", status="429 Too Many Requests")), "UnavailableError"),
        Accident(
            "a storm of 429, Retry-After 30",
            saying(answer(b"", "Retry-After: 30", status="429 Too Many Requests")),
            "UnavailableError",
            lasts=100,
        ),
        Accident(
            "503, Retry-After in a million years",
            _refusing("SlowDown", "503 Slow Down", "Retry-After: 99999999999999"),
            "UnavailableError",
        ),
        Accident("a clock an hour behind", _checking_the_time, "Active", off=-3600),
        Accident("a clock an hour ahead", _checking_the_time, "Active", off=3600),
        Accident(
            "a token that has expired",
            _refusing("ExpiredToken", "403 Forbidden"),
            denied,
            persists=denied,
            times=20,
            lasts=30,
            limit=3600,
        ),
        Accident("an unknown issuer", well(b"Complete"), "TlsError", secure=True, tls=context(trustme.CA())),
        Accident(
            "a certificate for another name",
            well(b"Complete"),
            "TlsError",
            secure=True,
            tls=context(authority, "other.example"),
        ),
        Accident(
            "a certificate that has expired",
            well(b"Complete"),
            "TlsError",
            secure=True,
            tls=context(authority, expired=True),
        ),
        Accident("no TLS where there should be", _plainly, "TlsError", secure=True),
    ]


def context(authority: trustme.CA, name: str = "localhost", *, expired: bool = False) -> ssl.SSLContext:
    """Return what a server with a certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = email.utils.parsedate_to_datetime("Mon, 06 Jan 2020 00:00:00 GMT") if expired else None
    began = email.utils.parsedate_to_datetime("Mon, 06 Jan 2014 00:00:00 GMT") if expired else None
    authority.issue_cert(name, not_before=began, not_after=ended).configure_cert(context)
    return context
