# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The connections to one server: who is trusted, how many there are, and how they are opened ahead of need.

Only `client` imports this file, as it needs requests, which comes with hvac.
"""

from __future__ import annotations

import contextlib
import functools
import io
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import MAX_CONNECTIONS
from ansible_collections.flant.gitops.plugins.module_utils._vault.deadline import Response as TimelyResponse
from ansible_collections.flant.gitops.plugins.module_utils._vault.deadline import begin_call
from ansible_collections.flant.gitops.plugins.module_utils._vault.tunnel import (
    BarredError,
    shown_to,
    through_proxy,
    to_proxy,
)

try:
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ReadTimeout, RequestException
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError
except ImportError:
    # Without requests, `client` does not get this far.
    HTTPAdapter = HTTPConnection = HTTPConnectionPool = object  # type: ignore[assignment,misc]
    HTTPSConnection = HTTPSConnectionPool = RequestException = object  # type: ignore[assignment,misc]
    NewConnectionError = object  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Server
    from requests import PreparedRequest, Response
    from urllib3._base_connection import BaseHTTPConnection

_DEFAULT_PORT = {"http": 80, "https": 443}
_LONGEST_REPLY = 1 << 20


class ReplyTooLong(RequestException):
    """The server's reply was not read to its end."""


class NoWayError(NewConnectionError):
    """There is no connection to the server, because of the proxy on the way."""

    def __init__(self, connection: HTTPConnection, barred: BarredError) -> None:
        """Take what ``barred`` the way."""
        super().__init__(connection, str(barred))
        self.barred = barred


class Transport(HTTPAdapter):
    """Sends everything through one pool, whatever requests would derive from a URL or from the environment."""

    def __init__(self, pool: HTTPConnectionPool, server: Server) -> None:
        """Take the ``pool`` to the only ``server`` there is."""
        super().__init__()
        self._pool = pool
        self._timeout = server.timeout
        self._proxy = server.proxy_on_the_way
        self._forwards = self._proxy if isinstance(pool, _PlainPool) else None

    def send(self, request: PreparedRequest, *_arguments: object, **_keywords: object) -> Response:
        """Send ``request`` and read the reply to its end, in time and as far as a reply can be long.

        Raises:
            ReplyTooLong: it is longer.
            RequestException: there is no whole reply.
        """
        begin_call(self._timeout)
        response = super().send(request, stream=True, timeout=self._timeout)
        try:
            body = response.raw.read(_LONGEST_REPLY + 1, decode_content=False)
            if len(body) > _LONGEST_REPLY:
                raise ReplyTooLong(request=request)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise ContentDecodingError(request=request)
        except ReadTimeoutError as error:
            raise ReadTimeout(error, request=request) from None
        except HTTPError as error:
            raise ChunkedEncodingError(error, request=request) from None
        finally:
            response.close()  # which does no harm to a connection whose reply was read to its end
        response.raw = io.BytesIO(body)
        return response

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,  # noqa: ARG002 -- the signature is that of requests
        verify: bool | str | None,  # noqa: ARG002, FBT001 -- likewise
        proxies: object = None,  # noqa: ARG002 -- likewise
        cert: object = None,  # noqa: ARG002 -- likewise
    ) -> HTTPConnectionPool:
        """Return the pool; requests 2.32.2 and newer ask here."""
        return self._pool

    def get_connection(self, url: str | bytes, proxies: object = None) -> HTTPConnectionPool:  # noqa: ARG002 -- likewise
        """Return the pool; older ones ask here."""
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """Return what a request line names: the path, or all of the URL to a proxy that forwards the request."""
        return str(request.url) if self._forwards else super().request_url(request, proxies)

    def add_headers(self, request: PreparedRequest, **_keywords: object) -> None:
        """Show a proxy that forwards the request who asks."""
        if self._forwards:
            request.headers.update(shown_to(self._forwards))

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Leave trust to the pool's TLS context; requests would add the CA bundle of its own to it."""

    def show_certificate(self, certificate: Path, key: Path) -> None:
        """Show the ``certificate`` in the TLS handshakes to come; a ``key`` with a passphrase is none.

        Raises:
            ssl.SSLError, ValueError: one of the files is not what it should be, or both do not fit.
        """
        self._pool.conn_kw["ssl_context"].load_cert_chain(certificate, key, password=lambda: "")

    def reserve(self, number: int) -> list[Callable[[], None]]:
        """Take ``number`` connections out of the pool, at most all but one; each call of what is returned opens one.

        A connection that cannot be opened is left to the first request that gets it, which will say why. Where a proxy
        wants a password there are none: a wrong one would be shown to it as many times at once.
        """
        if self._proxy and self._proxy.password:
            return []
        # urllib3 has no public way to connect without sending a request.
        connections = [self._pool._get_conn() for _index in range(min(number, MAX_CONNECTIONS - 1))]  # noqa: SLF001
        return [functools.partial(self._open, connection) for connection in connections]

    def _open(self, connection: BaseHTTPConnection) -> None:
        begin_call(self._timeout)
        try:
            connection.connect()
        except (HTTPError, OSError):
            connection.close()
        finally:
            self._pool._put_conn(connection)  # noqa: SLF001 -- likewise

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        super().close()


class _PlainConnection(HTTPConnection):
    """A connection to the server, or to the ``way`` there, a proxy that forwards requests."""

    response_class = TimelyResponse

    def __init__(self, *arguments: Any, way: Proxy | None = None, **keywords: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, **keywords)
        self._way = way

    def _new_conn(self) -> socket.socket:  # as urllib3's own connection through SOCKS has it
        if not self._way:
            return super()._new_conn()
        try:
            return to_proxy(self._way)
        except BarredError as barred:
            raise NoWayError(self, barred) from None


class _Connection(HTTPSConnection):
    """A TLS connection, made by the ``way`` of a proxy's tunnel if there is one.

    It is not taken for closed because of what a server sends after the handshake.
    """

    response_class = TimelyResponse

    def __init__(self, *arguments: Any, way: Proxy | None = None, **keywords: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, **keywords)
        self._way = way

    def _new_conn(self) -> socket.socket:  # likewise
        if not self._way:
            return super()._new_conn()
        try:
            return through_proxy(self._way, self.host, self.port)
        except BarredError as barred:
            raise NoWayError(self, barred) from None

    @property
    def is_connected(self) -> bool:
        """Say whether the connection can be used.

        urllib3 says no once there is something to read, as that has to be the end. With TLS 1.3 it may be session
        tickets, which a server sends unasked (RFC 8446, 4.6.1); reading makes OpenSSL take them in.
        """
        if self.sock is None:
            return False
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(timeout)
        return False


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def open_session(server: Server) -> tuple[Session, Transport]:
    """Return a session that reaches ``server`` and nothing else, with its transport.

    Proxies but the server's own, netrc, CA bundles and other settings of the environment do not act.

    Raises:
        Failure: ``vault_cacert`` holds no certificate.
    """
    transport = Transport(_pool(server), server)
    session = Session()
    session.trust_env = False
    session.headers["Accept-Encoding"] = "identity"
    session.adapters.clear()
    session.mount(f"{urlsplit(server.address).scheme}://", transport)
    return session, transport


def _pool(server: Server) -> HTTPConnectionPool:
    parts = urlsplit(server.address)
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORT[parts.scheme]
    timeout = Timeout(connect=server.timeout, read=server.timeout)
    way = server.proxy_on_the_way
    if parts.scheme == "http":
        return _PlainPool(host, port, timeout=timeout, maxsize=MAX_CONNECTIONS, block=True, way=way)
    name = server.tls_server_name or host
    return _TlsPool(
        host,
        port,
        timeout=timeout,
        maxsize=MAX_CONNECTIONS,
        block=True,
        ssl_context=_tls_context(name, server.cacert),
        server_hostname=name,
        way=way,
    )


class _TlsContext(ssl.SSLContext):
    """Asks for one name and checks for it, also where that is an IP address, with which urllib3 1.26 fails."""

    server_name: str

    def wrap_socket(self, sock: socket.socket, *_arguments: object, **_keywords: object) -> ssl.SSLSocket:
        """Make a TLS connection of ``sock``."""
        return super().wrap_socket(sock, server_hostname=self.server_name)


def _tls_context(server_name: str, cacert: str) -> ssl.SSLContext:
    """Return a context that trusts ``cacert`` alone, or without it the system's authorities.

    Made from scratch, as ``ssl.create_default_context`` heeds ``SSLKEYLOGFILE`` and ``SSL_CERT_FILE``.
    """
    context = _TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = server_name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not cacert:
        paths = ssl.get_default_verify_paths()
        for keyword in ({"cafile": paths.openssl_cafile}, {"capath": paths.openssl_capath}):
            with contextlib.suppress(OSError):
                context.load_verify_locations(**keyword)
        return context
    try:
        context.load_verify_locations(cadata=cacert)
    except (ssl.SSLError, ValueError, TypeError):
        raise Failure("vault_cacert: it holds no certificate in PEM form.") from None
    return context
