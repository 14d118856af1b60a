# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load balancer that gives each connection to the next server of several."""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK = 1 << 16


@contextlib.contextmanager
def round_robin(ports: Sequence[int]) -> Iterator[int]:
    """Yield the port, on this machine's loopback, behind which those are."""
    turns = itertools.cycle(ports)

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", next(turns))) as far, contextlib.suppress(ConnectionError):
                join(self.request, far)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def join(one: socket.socket, other: socket.socket) -> None:
    """Carry what each of two connections sends to the other, until one of them ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _events in selector.select():
                data = key.fileobj.recv(_CHUNK)
                if not data:
                    return
                key.data.sendall(data)
