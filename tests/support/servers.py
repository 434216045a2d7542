"""Small servers on loopback for what the emulator does not do: TLS, and bytes that are not HTTP."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def serving(handle: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Iterator[int]:
    """Handle each connection in a thread of its own; yields the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        threads: list[threading.Thread] = []

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                handle(connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    thread = threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True)
                    thread.start()
                    threads.append(thread)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(60)
            for thread in threads:
                thread.join(60)


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole response as the bytes that are sent."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


# The former name, which tests of other rooms import.


def over_tls(context: ssl.SSLContext, body: bytes) -> Callable[[socket.socket], None]:
    """Return a handler that responds to each request over TLS with a document."""

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            read_request(tls)
            tls.sendall(reply(body, "Content-Type: application/xml"))

    return handle


def read_request(connection: socket.socket) -> bytes:
    """Read a request without a body."""
    request = b""
    while b"\r\n\r\n" not in request and (more := connection.recv(65536)):
        request += more
    return request
