"""Faulty connections, and the expected outcome of each: one table."""

from __future__ import annotations

import email.utils
import gzip
import select
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass

import trustme

from hostile import START, Fault, job_document
from servers import read_request, reply

__all__ = ["ConnectionFault", "Handler", "connection_faults", "respond_with", "respond_with_job", "tls_context"]

_MIB = 1024 * 1024
_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
_WHOLE = reply(job_document())
_PART = _WHOLE[: len(_WHOLE) - 40]
_FAILED, _DENIED = "ConnectionFailedError", "AccessDeniedError"

Handler = Callable[[socket.socket], None]


@dataclass(frozen=True, kw_only=True)
class ConnectionFault(Fault):
    """A fault of a connection.

    Attributes:
        handle: Handles a connection while the server is faulty; None if nothing listens.
    """

    handle: Handler | None


# ----------------------------------------------------------------------------------------------------------- handlers


def respond_with(response: bytes) -> Handler:
    """Return a handler that responds with these bytes."""
    return _respond_with_made(lambda: response)


def respond_with_job(status: bytes) -> Handler:
    """Return a handler that responds as the service does."""
    return respond_with(reply(job_document(status=status), "Content-Type: application/xml"))


def _respond_with_made(make: Callable[[], bytes]) -> Handler:
    """Return a handler that makes its large response only when it is requested."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(make())

    return handle


def _error(code: str, status: str, *headers: str) -> Handler:
    document = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return respond_with(reply(document, *headers, status=status))


def _reset(part: bytes, *, at_once: bool = False) -> Handler:
    """Return a handler that sends a part of a response and then resets the connection."""

    def handle(connection: socket.socket) -> None:
        if not at_once:
            read_request(connection)
        connection.sendall(part)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return handle


def _slow(head: bytes, piece: bytes, seconds: float) -> Handler:
    """Return a handler that sends a piece in each period, until the client closes the connection."""

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


def _late(seconds: float) -> Handler:
    """Return a handler that responds late, if the client has not closed the connection."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        if not select.select([connection], [], [], seconds)[0]:
            connection.sendall(_WHOLE)

    return handle


def _plain_http(connection: socket.socket) -> None:
    """Respond in plain HTTP to a client that speaks TLS."""
    connection.recv(65536)
    connection.sendall(_WHOLE)


def _check_time(connection: socket.socket) -> None:
    """Respond if the signature is at most a quarter of an hour off, as the service does."""
    signed = read_request(connection).partition(b"q-sign-time=")[2].partition(b";")[0]
    date = f"Date: {email.utils.formatdate(START, usegmt=True)}"
    if abs(int(signed) - START) < 900:
        connection.sendall(reply(job_document(), date))
    else:
        document = b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
        connection.sendall(reply(document, date, status="403 Forbidden"))


def _many_cookies() -> bytes:
    # Python's own library accepts no more and no longer ones.
    return reply(job_document(), *(["Set-Cookie: " + "a=b; " * 13_000] * 95))


def _gzip_bomb() -> bytes:
    return reply(gzip.compress(bytes(100 * _MIB)), "Content-Encoding: gzip")


def tls_context(authority: trustme.CA, name: str = "localhost", *, expired: bool = False) -> ssl.SSLContext:
    """Return the TLS settings of a server with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = email.utils.parsedate_to_datetime("Mon, 06 Jan 2020 00:00:00 GMT") if expired else None
    began = email.utils.parsedate_to_datetime("Mon, 06 Jan 2014 00:00:00 GMT") if expired else None
    authority.issue_cert(name, not_before=began, not_after=ended).configure_cert(context)
    return context


# ---------------------------------------------------------------------------------------------------------- the table


def _fault(name: str, handle: Handler | None, request: str) -> ConnectionFault:
    """Return a fault that a wait outlives, if it passes in time."""
    return ConnectionFault(name=name, handle=handle, request=request)


def _slow_fault(name: str, handle: Handler) -> ConnectionFault:
    """Return a fault that ends with the time limit of a request."""
    return ConnectionFault(name=name, handle=handle, request="TimeLimitError", real_time=True)


def _interrupted() -> list[ConnectionFault]:
    """Return faults with which a connection fails or ends early."""
    return [
        ConnectionFault(name="nothing listens", handle=None, request=_FAILED, passes="", persists=""),
        ConnectionFault(
            name="the name is not found",
            handle=respond_with_job(b"Active"),
            request=_FAILED,
            unresolved=True,
            never=_FAILED,
            ends=40.0,
        ),
        _fault("reset at once", _reset(b"", at_once=True), _FAILED),
        _fault("reset before the response", _reset(b""), _FAILED),
        _fault("reset during the headers", _reset(_OK), _FAILED),
        _fault("reset during the body", _reset(_PART), _FAILED),
        _fault("reset after the response", _reset(_WHOLE), "Active"),
        _fault("an end before the response", respond_with(b""), _FAILED),
        _fault("an end during the body", respond_with(_PART), _FAILED),
        _fault("an end during a chunk", respond_with(_OK + _CHUNKED + b"ff\r\n<a"), _FAILED),
        ConnectionFault(
            name="an outage of an hour", handle=_reset(b"", at_once=True), request=_FAILED, times=215, lasts=3600
        ),
    ]


def _slow_or_endless() -> list[ConnectionFault]:
    """Return faults that would take for ever, or all memory."""
    return [
        _slow_fault("a connection that is half open", _late(20)),
        _fault("a slow start", _late(0.1), "Active"),
        _slow_fault("a byte a second", _slow(_OK + b"\r\n", b" ", 1)),
        _slow_fault("headers, one every 20 ms", _slow(_OK, b"X: y\r\n", 0.02)),
        _fault("an endless body", _endless(_OK + b"\r\n", b" " * 65536), "InvalidResponseError"),
        _fault("an endless body in chunks", _endless(_OK + _CHUNKED, b"1\r\n \r\n" * 9999), "InvalidResponseError"),
        _fault("a chunk's size without an end", _endless(_OK + _CHUNKED, b"0" * 65536), _FAILED),
        _fault("a chunk's extension without an end", _endless(_OK + _CHUNKED + b"1;", b"x" * 65536), _FAILED),
        _fault("a trailer without an end", _endless(_OK + _CHUNKED + b"0\r\nX: ", b"y" * 65536), _FAILED),
        _slow_fault("trailers without an end", _endless(_OK + _CHUNKED + b"0\r\n", b"X: y\r\n" * 9999)),
        _fault("mebibytes of cookies", _respond_with_made(_many_cookies), "Active"),
        _fault("endless headers", _endless(_OK, b"X: y\r\n" * 9999), _FAILED),
        _fault("a header without an end", _endless(_OK + b"X: ", b"y" * 65536), _FAILED),
        _fault("a gzip bomb", _respond_with_made(_gzip_bomb), "InvalidResponseError"),
    ]


def _wrong_http() -> list[ConnectionFault]:
    """Return responses whose HTTP is wrong, or leads elsewhere."""
    complete = job_document(status=b"Complete")
    short = reply(job_document()[:-9])
    elsewhere = "Location: http://127.0.0.2:9/"
    return [
        _fault("no HTTP", respond_with(b"SSH-2.0-OpenSSH_9.2\r\n"), _FAILED),
        _fault(
            "a length that is no number",
            respond_with(_OK + b"Content-Length: five\r\n\r\n" + job_document()[:-1]),
            "NotXmlError",
        ),
        _fault("a length that is too short", respond_with(short + job_document()[-9:]), "NotXmlError"),
        ConnectionFault(
            name="a redirect to another host",
            handle=respond_with(reply(b"", elsewhere, status="302 Found")),
            request="InvalidResponseError",
            never="InvalidResponseError",
        ),
        _fault(
            "a redirect with a document",
            respond_with(reply(complete, elsewhere, status="307 Temporary Redirect")),
            "InvalidResponseError",
        ),
        *(
            ConnectionFault(
                name=f"a page with {status}",
                handle=respond_with(reply(b"<html><br>", status=status)),
                request="ServiceError",
                persists="ServiceError",
                limit=3600,
                never="ServiceError",
            )
            for status in ("404 Not Found", "405 Method Not Allowed", "451 Unavailable", "501 Not Implemented")
        ),
        _fault("404 with a job", respond_with(reply(complete, status="404 Not Found")), "ServiceError"),
        _fault("206 with a job", respond_with(reply(complete, status="206 Partial Content")), "ServiceError"),
    ]


def _overloaded() -> list[ConnectionFault]:
    """Return faults with which the service delays requests."""
    patient = "Retry-After: 30"
    too_many = "429 Too Many Requests"
    unavailable = "UnavailableError"
    return [
        _fault("a storm of 503", _error("SlowDown", "503 Slow Down"), unavailable),
        ConnectionFault(
            name="a storm of 503, Retry-After 30",
            handle=_error("SlowDown", "503 Slow Down", patient),
            request=unavailable,
            lasts=100,
        ),
        _fault("a storm of 429", respond_with(reply(b"", status=too_many)), unavailable),
        ConnectionFault(
            name="a storm of 429, Retry-After 30",
            handle=respond_with(reply(b"", patient, status=too_many)),
            request=unavailable,
            lasts=100,
        ),
        _fault(
            "503, Retry-After in a million years",
            _error("SlowDown", "503 Slow Down", "Retry-After: 99999999999999"),
            unavailable,
        ),
    ]


def _refused() -> list[ConnectionFault]:
    """Return faults with which the service refuses requests, and clocks that differ."""
    return [
        ConnectionFault(
            name="200 with an error document",
            handle=_error("AccessDenied", "200 OK"),
            request=_DENIED,
            persists=_DENIED,
            limit=3600,
            never=_DENIED,
            ends=1.0,
        ),
        ConnectionFault(name="a clock an hour behind", handle=_check_time, request="Active", clock_error=-3600),
        ConnectionFault(name="a clock an hour ahead", handle=_check_time, request="Active", clock_error=3600),
        ConnectionFault(
            name="a token that has expired",
            handle=_error("ExpiredToken", "403 Forbidden"),
            request=_DENIED,
            persists=_DENIED,
            times=20,
            lasts=30,
            limit=3600,
        ),
    ]


def _wrong_tls() -> list[ConnectionFault]:
    """Return faults of certificates and of TLS itself."""
    contexts: dict[str, Callable[[trustme.CA], ssl.SSLContext]] = {
        "an unknown issuer": lambda _: tls_context(trustme.CA()),
        "a certificate for another name": lambda authority: tls_context(authority, "other.example"),
        "a certificate that has expired": lambda authority: tls_context(authority, expired=True),
    }
    complete = respond_with_job(b"Complete")
    return [
        *(
            ConnectionFault(name=name, handle=complete, request="TlsError", secure=True, tls=tls)
            for name, tls in contexts.items()
        ),
        ConnectionFault(name="no TLS where there should be", handle=_plain_http, request="TlsError", secure=True),
    ]


def connection_faults() -> list[ConnectionFault]:
    """Return all faulty connections."""
    return [*_interrupted(), *_slow_or_endless(), *_wrong_http(), *_overloaded(), *_refused(), *_wrong_tls()]
