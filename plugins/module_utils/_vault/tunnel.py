# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The way through an HTTP proxy, as far as the server; nothing that a call says has gone out before it is open."""

from __future__ import annotations

import base64
import http.client
import socket
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._vault.deadline import Response, time_left

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy

_TOO_MANY = 429
_WHO_ARE_YOU = 407


class BarredError(Exception):
    """The way ends at the proxy; why is a sentence without its end."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        """Take whether it may be open a moment later."""
        super().__init__(reason)
        self.passing = passing


def to_proxy(proxy: Proxy) -> socket.socket:
    """Return a connection to the ``proxy`` itself, made in the time that this thread's call has left.

    Raises:
        BarredError: it cannot be reached.
    """
    try:
        connection = socket.create_connection((proxy.host, proxy.port), time_left())
    except OSError:
        raise BarredError(f"the proxy {proxy.address} cannot be reached; see proxy", passing=True) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def through_proxy(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Return a connection that the ``proxy`` has made to ``host``, in the time that this thread's call has left.

    Raises:
        BarredError: it has not.
    """
    connection = to_proxy(proxy)
    try:
        _ask(connection, proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except BaseException:
        connection.close()
        raise
    return connection


def shown_to(proxy: Proxy) -> dict[str, str]:
    """Return the headers that the ``proxy`` knows us by, if it is to."""
    if not proxy.username:
        return {}
    account = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {account}"}


def _ask(connection: socket.socket, proxy: Proxy, server: str) -> None:
    headers = {"Host": server, **shown_to(proxy)}
    lines = [f"CONNECT {server} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    response = Response(connection, method="CONNECT")
    try:
        connection.sendall("\r\n".join(lines).encode())
        response.begin()
    except socket.timeout:
        raise BarredError(f"the proxy {proxy.address} does not answer in time; see proxy", passing=True) from None
    except OSError:
        raise BarredError(f"the proxy {proxy.address} has closed the connection; see proxy", passing=True) from None
    except http.client.HTTPException:
        raise BarredError(f"what answers at {proxy.address} is not an HTTP proxy; see proxy", passing=False) from None
    finally:
        response.close()
    if response.status == _WHO_ARE_YOU:
        raise BarredError(
            f"the proxy {proxy.address} refused proxy_username and proxy_password, or wants some", passing=False
        )
    if response.status // 100 != 2:  # noqa: PLR2004 -- 2xx
        raise BarredError(
            f"the proxy {proxy.address} does not let it through to {server} (HTTP {response.status}); see proxy",
            passing=response.status >= 500 or response.status == _TOO_MANY,  # noqa: PLR2004 -- 5xx
        )
    if response.getheader("Content-Type", "").startswith("text/html"):
        raise BarredError(
            f"what answers at {proxy.address} sends a page in place of the server; see proxy", passing=False
        )
