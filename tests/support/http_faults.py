# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that misbehaves as a real one cannot be made to: it redirects, cuts, stalls and answers nonsense.

This is the tests' own fake. It stands before a real OpenBao, to which it passes everything that no fault is set for.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of being answered as it should.

    Attributes:
        status: what is answered; 0: what the real server says.
        headers, body: what is answered with it.
        carried_out: the real server gets the request all the same.
        delay: seconds before the answer.
        cut: the connection is closed: "reply" before the answer, "body" in the midst of it.
        drip: seconds before each byte of what is ``dripping``, "headers" or "body".
        repeat: how many times the body is sent.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    carried_out: bool = False
    delay: float = 0.0
    cut: str = ""
    drip: float = 0.0
    dripping: str = "body"
    repeat: int = 1


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    connection: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_arguments: object) -> None:
        """Keep quiet about clients that hang up, as they are made to."""


class _Dripping:
    """Writes to a ``file``, byte by byte where there is to be a ``pause`` before each."""

    def __init__(self, file: IO[bytes], pause: float) -> None:
        self._file = file
        self.pause = pause

    def write(self, content: bytes) -> None:
        pieces = [content] if not self.pause else [bytes([byte]) for byte in content]
        for piece in pieces:
            time.sleep(self.pause)
            self._file.write(piece)

    def send(self, content: bytes, times: int) -> None:
        for _number in range(times):
            self.write(content)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


class FaultyServer:
    """The server, its faults, and what has been asked of it; made by `faulty`."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None, through: ssl.SSLContext | None) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self.server_names: list[str | None] = []
        self._upstream = urlsplit(upstream).netloc
        self._through = through
        self._faults: list[tuple[str, str, Fault]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def address(self) -> str:
        """The URL to give to a client."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, method: str, path_start: str, fault: Fault, *, times: int = 1) -> None:
        """Let ``fault`` happen to the next ``times`` requests of that method whose path starts so."""
        self._faults += [(method, path_start, fault)] * times

    def count(self, method: str, path_start: str) -> int:
        """Return how many such requests have arrived."""
        return sum(seen.method == method and seen.path.startswith(path_start) for seen in self.seen)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, seen: Seen, body: bytes) -> tuple[Fault, int, Mapping[str, str], bytes]:
        """Note a request and return what is to happen to it, with the status, headers and body to answer."""
        fault = self._take(seen)
        real = self._ask_upstream(seen, body) if fault.carried_out or not fault.status else None
        if fault.status or not real:
            return fault, fault.status, fault.headers, fault.body
        return fault, *real

    def _take(self, seen: Seen) -> Fault:
        with self._lock:
            self.seen.append(seen)
            for index, (method, path_start, _fault) in enumerate(self._faults):
                if method == seen.method and seen.path.startswith(path_start):
                    return self._faults.pop(index)[2]
        return Fault()

    def _ask_upstream(self, seen: Seen, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=30)
        if self._through:
            connection = http.client.HTTPSConnection(self._upstream, timeout=30, context=self._through)
        with contextlib.closing(connection):
            connection.request(seen.method, seen.path, body, dict(seen.headers))
            reply = connection.getresponse()
            return reply.status, {"Content-Type": reply.getheader("Content-Type", "")}, reply.read()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                server.connections += 1
                if isinstance(self.request, ssl.SSLSocket):
                    self.request.do_handshake()  # not where others would have to wait for it to be accepted
                super().setup()

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                port: int = self.client_address[1]
                seen = Seen(self.command, self.path, dict(self.headers), port)
                fault, status, headers, content = server.answer(seen, body)
                time.sleep(fault.delay)
                self._answer(fault, status, headers, content)

            def _answer(self, fault: Fault, status: int, headers: Mapping[str, str], content: bytes) -> None:
                if fault.cut == "reply":
                    self._hang_up()
                    return
                self.wfile = _Dripping(self.wfile, fault.drip if fault.dripping == "headers" else 0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content) * fault.repeat))
                self.end_headers()
                self.wfile.pause = fault.drip
                self.wfile.send(content, fault.repeat - 1)
                self.wfile.write(content[: len(content) // 2] if fault.cut == "body" else content)
                if fault.cut == "body":
                    self._hang_up()

            def _hang_up(self) -> None:
                self.close_connection = True
                self.wfile.flush()
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            do_GET = do_POST = do_LIST = do_PUT = do_DELETE = handle_any  # noqa: N815 -- names the base class looks for

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output quiet."""

        return Handler


@contextlib.contextmanager
def faulty(
    upstream: str = "http://127.0.0.1:9", *, tls: ssl.SSLContext | None = None, through: ssl.SSLContext | None = None
) -> Iterator[FaultyServer]:
    """Yield a server before ``upstream``; without it, only what has a fault is answered.

    That is a plain http one, unless it is reached ``through`` TLS.
    """
    server = FaultyServer(upstream, tls, through)
    server.start()
    try:
        yield server
    finally:
        server.stop()
