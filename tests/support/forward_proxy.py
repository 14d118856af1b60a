# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that knows servers by names of the test's own: tunnels for CONNECT, whole URLs for plain HTTP.

This is the tests' own, so that it can be made to fail; a client may be anywhere that its listening socket is.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ansible_collections.flant.gitops.tests.support.round_robin import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOP_BY_HOP = {"connection", "proxy-authorization", "proxy-connection", "keep-alive", "transfer-encoding"}


@dataclass
class ForwardProxy:
    """A running proxy; all but ``url`` may be changed while it runs.

    Attributes:
        url: where it is.
        servers: the ports, on this machine, of the servers by ``host:port`` as clients name them.
        account: user name and password that it wants, as in ``user:password``; empty: none.
        reply: what it answers everybody with, byte for byte; empty: it does what it is there for.
        drip: seconds before each byte of the ``reply``.
        on_request: called before each answer.
        seen: each request's method and target.
        headers: each request's headers.
    """

    url: str
    servers: dict[str, int] = field(default_factory=dict)
    account: str = ""
    reply: bytes = b""
    drip: float = 0.0
    on_request: Callable[[], None] | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, *_arguments: object) -> None:
        """Keep quiet about clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: ForwardProxy

    def do_CONNECT(self) -> None:
        if self._is_refused():
            return
        with socket.create_connection(("127.0.0.1", self.proxy.servers[self.path])) as far:
            self.send_response_only(200, "Connection established")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                join(self.connection, far)
        self.close_connection = True

    def handle_any(self) -> None:
        body = self._body()
        if self._is_refused():
            return
        target = urlsplit(self.path)
        port = self.proxy.servers[f"{target.hostname}:{target.port or 80}"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            path = f"{target.path}?{target.query}" if target.query else target.path
            connection.request(self.command, path, body or None, headers)
            reply = connection.getresponse()
            self._answer(reply.status, dict(reply.getheaders()), reply.read())

    do_GET = do_POST = do_LIST = do_PUT = do_DELETE = handle_any  # noqa: N815 -- names the base class looks for

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _is_refused(self) -> bool:
        proxy = self.proxy
        proxy.seen.append((self.command, self.path))
        proxy.headers.append(dict(self.headers))
        if proxy.on_request:
            proxy.on_request()
        account = base64.b64encode(proxy.account.encode()).decode()
        if proxy.reply:
            for piece in [proxy.reply] if not proxy.drip else (bytes([byte]) for byte in proxy.reply):
                time.sleep(proxy.drip)
                self.wfile.write(piece)
            self.close_connection = True
        elif proxy.account and self.headers.get("Proxy-Authorization") != f"Basic {account}":
            self._answer(407, {"Proxy-Authenticate": 'Basic realm="proxy"'}, b"<title>Who are you?</title>")
        else:
            return False
        return True

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def forward_proxy(listener: socket.socket | None = None) -> Iterator[ForwardProxy]:
    """Yield a proxy that takes its clients from ``listener``, by default one at this machine's loopback."""
    listener = listener or socket.create_server(("127.0.0.1", 0), backlog=64)

    class Handler(_Handler):
        proxy = ForwardProxy(f"http://127.0.0.1:{listener.getsockname()[1]}")

    server = _Server(listener, Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Handler.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
