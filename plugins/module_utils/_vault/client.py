# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The HTTP API of Vault and OpenBao, as far as it is used here; what goes wrong becomes a sentence without secrets."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._library import check as check_library
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._vault import retry
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected, Reply

try:
    import requests
    from ansible_collections.flant.gitops.plugins.module_utils._vault import transport
    from hvac.adapters import RawAdapter
    from hvac.api.auth_methods import AppRole as AppRoleApi
    from hvac.api.auth_methods import Token as TokenApi
    from requests.exceptions import ChunkedEncodingError, ContentDecodingError, SSLError
    from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NewConnectionError

    _MISSING = None
except ImportError as error:
    _MISSING = error
else:
    _CUT_SHORT = (ChunkedEncodingError, ContentDecodingError)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import AppRole
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Server, WrappedRequest

_Error = TypeVar("_Error", bound=BaseException)

_TLS_WANTED = b"Client sent an HTTP request to an HTTPS server"  # as net/http of Go has it
_CERTIFICATE_WANTED = re.compile("ALERT.*(CERTIFICATE|UNKNOWN_CA)")  # as OpenSSL has it
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Client:
    """Calls one server, with one token or none.

    Attributes:
        halt: once set, no call is sent again; what is under way is still awaited.
    """

    server: Server
    halt: threading.Event
    _session: requests.Session = field(repr=False)
    _transport: transport.Transport = field(repr=False)
    _token: str = field(default="", repr=False)

    def bearing(self, token: str, *, halt: threading.Event | None = None) -> Client:
        """Return a client for the same connections that sends ``token``."""
        return replace(self, _token=token, halt=halt or self.halt)

    def reserve_connections(self, number: int) -> list[Callable[[], None]]:
        """Return calls of which each opens one of ``number`` connections ahead of need, without sending anything."""
        return self._transport.reserve(number)

    def show_certificate(self, certificate: Path, key: Path) -> None:
        """Show the ``certificate`` in the TLS handshakes to come, those of later calls with another token included.

        Raises:
            ssl.SSLError, ValueError: one of the files is not what it should be, or both do not fit.
        """
        self._transport.show_certificate(certificate, key)

    def login(self, mount_point: str, credentials: str, body: Mapping[str, str]) -> Reply:
        """Log in at ``mount_point`` with what is in ``body``, which ``credentials`` names in a sentence.

        Raises:
            Rejected: the server does not accept it.
            Failure: it cannot be asked.
        """
        return self._send(
            f"The login at auth/{mount_point} with {credentials}",
            "POST",
            lambda: self._adapter.post(f"/v1/auth/{mount_point}/login", json=dict(body)),
        )

    def look_up_secret_id(self, approle: AppRole, secret_id: str) -> Reply:
        """Ask for the properties of a secret-id; without it, the reply is empty.

        Raises:
            Failure: the server refuses, or cannot be asked.
        """
        return self._secret_id_call(approle, "/lookup", lambda api, of: api.read_secret_id(secret_id=secret_id, **of))

    def create_secret_id(
        self,
        approle: AppRole,
        metadata: str,
        cidrs: list[str],
        token_cidrs: list[str],
        **limits: int,
    ) -> Reply:
        """Create a secret-id that is bound to ``cidrs``, and its tokens to ``token_cidrs``, where not empty.

        Its ``metadata`` is a JSON text; its ``limits`` are ``ttl`` in seconds and ``num_uses``, or else the role's.

        Raises:
            Failure: the server refuses, or cannot be asked, or may have done it without our hearing of it.
        """
        return self._secret_id_call(
            approle,
            "",
            lambda _api, of: self._adapter.post(
                "/v1/auth/{mount_point}/role/{role_name}/secret-id".format(**of),
                json={
                    "metadata": metadata,
                    **({"cidr_list": cidrs} if cidrs else {}),
                    **({"token_bound_cidrs": token_cidrs} if token_cidrs else {}),
                    **limits,
                },
            ),
        )

    def destroy_secret_id(self, approle: AppRole, secret_id: str) -> None:
        """Destroy a secret-id; that it is gone already is no error.

        Raises:
            Failure: it may still be alive.
        """
        self._secret_id_call(approle, "/destroy", lambda api, of: api.destroy_secret_id(secret_id=secret_id, **of))

    def look_up_wrapping(self, token: str, whose: str) -> Reply:
        """Ask what a wrapping ``token`` wraps, which does not use it up; ``whose`` names it.

        Raises:
            Rejected: it has been used or has expired, or is none.
            Failure: the server cannot be asked.
        """
        body = {"token": token}
        return self._send(
            f"Looking up {whose}", "POST", lambda: self._adapter.post("/v1/sys/wrapping/lookup", json=body)
        )

    def unwrap(self, token: str, whose: str) -> Reply:
        """Unwrap ``token``, which uses it up; ``whose`` names it.

        Raises:
            Rejected: it has been used or has expired, or is none.
            Failure: the server cannot be asked, or may have done it without our hearing of it.
        """
        adapter = self.bearing(token)._adapter  # noqa: SLF001 -- it is our own
        return self._send(f"Unwrapping {whose}", "POST", lambda: adapter.post("/v1/sys/wrapping/unwrap"))

    def _secret_id_call(
        self, approle: AppRole, tail: str, call: Callable[[AppRoleApi, Mapping[str, str]], requests.Response]
    ) -> Reply:
        of = {"role_name": approle.role_name, "mount_point": approle.mount_point}
        purpose = f"POST /v1/auth/{approle.mount_point}/role/{approle.role_name}/secret-id{tail}"
        return self._send(purpose, "POST", lambda: call(AppRoleApi(self._adapter), of))

    def revoke_self(self, whose: str) -> None:
        """Revoke the token that this client bears; ``whose`` names it.

        Raises:
            Failure: the token may still be alive.
        """
        self._send(f"Revoking {whose}", "POST", lambda: TokenApi(self._adapter).revoke_self())

    def wrapped(self, request: WrappedRequest) -> Reply:
        """Send ``request`` and ask for a wrapped response.

        Raises:
            Rejected: the server refuses it.
            Failure: it cannot be asked, or may have done it without our hearing of it.
        """
        return self._send(
            str(request),
            request.method,
            lambda: self._adapter.request(
                request.method,
                f"/v1{request.path}",
                params=request.query or None,
                json=dict(request.body) or None,
                wrap_ttl=f"{request.wrap_ttl}s",
            ),
        )

    @property
    def _adapter(self) -> RawAdapter:
        return RawAdapter(
            base_uri=self.server.address,
            token=self._token,
            timeout=self.server.timeout,
            allow_redirects=False,
            session=self._session,
            namespace=self.server.namespace or None,
            ignore_exceptions=True,
        )

    def _send(self, purpose: str, method: str, send: Callable[[], requests.Response]) -> Reply:
        number = 0
        attempt = self._attempt(purpose, method, send)
        while attempt.repeatable and number < self.server.retries:
            if self.halt.wait(retry.pause(number, attempt.retry_after, longest=self.server.timeout)):
                break
            number += 1
            attempt = self._attempt(purpose, method, send)
        if isinstance(attempt.end, Failure):
            raise attempt.end
        return attempt.end

    def _attempt(self, purpose: str, method: str, send: Callable[[], requests.Response]) -> _Attempt:
        try:
            response = send()
        except requests.RequestException as error:
            return self._unanswered(purpose, method, error)
        except LocationParseError:
            return _Attempt(Failure(f"{purpose}: {self.server.address} has no host's name; see vault_addr."))
        except UnicodeEncodeError:
            return _Attempt(Failure(f"{purpose}: something in it is not allowed in HTTP, so that it cannot be sent."))
        except ValueError:  # requests takes a redirect apart that it is not to follow
            return _lost(purpose, method, "the server redirects to something that is not a URL")
        if len(response.content) < int(response.headers.get("Content-Length", 0)):
            return _lost(purpose, method, "the connection was lost")  # requests before 2.32 does not notice
        return _Attempt(
            _judge(purpose, response),
            repeatable=retry.may_repeat(method, response.status_code),
            retry_after=response.headers.get("Retry-After"),
        )

    def _unanswered(self, purpose: str, method: str, error: requests.RequestException) -> _Attempt:
        if isinstance(error, transport.ReplyTooLong):
            too_long = f"{purpose}: the server's reply is longer than 1 MiB; it may have been carried out."
            return _Attempt(Failure(too_long))
        lacking = _lacking_certificate(error)
        if lacking:
            return _Attempt(Failure(f"{purpose}: {lacking}."))
        no_way = _find(error, transport.NoWayError)
        if no_way:
            return _Attempt(Failure(f"{purpose}: {no_way.barred}."), repeatable=no_way.barred.passing)
        if _find(error, NewConnectionError) or _find(error, ConnectTimeoutError):
            unreachable = f"{purpose}: {self.server.address} cannot be reached; see vault_addr."
            return _Attempt(Failure(unreachable), repeatable=True)
        if not isinstance(error, (requests.ConnectionError, requests.Timeout, *_CUT_SHORT)):
            return _Attempt(Failure(f"{purpose}: something in it is not allowed in HTTP, so that it cannot be sent."))
        what = "the connection was lost"
        if isinstance(error, requests.Timeout):
            what = f"no answer within {self.server.timeout:g}s"
        elif isinstance(error, SSLError):
            what = "the server does not speak TLS as we do (see vault_addr)"
        return _lost(purpose, method, what)


def _lacking_certificate(error: requests.RequestException) -> str:
    """Return which side of the TLS handshake wants another certificate, empty if that is not what went wrong."""
    untrusted = _find(error, ssl.SSLCertVerificationError)
    if untrusted:
        reason = untrusted.verify_message.rstrip(".")
        return f"the server's certificate is not trusted ({reason}); see vault_cacert and vault_tls_server_name"
    alert = _find(error, ssl.SSLError)
    if alert and _CERTIFICATE_WANTED.search(alert.reason or ""):
        return "the server ends the TLS handshake for want of a certificate that it accepts; see client_cert_file"
    return ""


@dataclass(frozen=True)
class _Attempt:
    end: Reply | Failure
    repeatable: bool = False
    retry_after: str | None = None


@contextlib.contextmanager
def connect(server: Server) -> Iterator[Client]:
    """Yield a client for ``server`` that bears no token; its connections are closed afterwards.

    Raises:
        MissingLibrary: hvac is not installed.
        Failure: ``vault_cacert`` holds no certificate.
    """
    check_library("hvac", "1.1.0", error=_MISSING)
    session, connections = transport.open_session(server)
    with session:
        yield Client(server, threading.Event(), session, connections)


def _lost(purpose: str, method: str, what: str) -> _Attempt:
    failure = Failure(f"{purpose}: {what}; it may have been carried out.")
    return _Attempt(failure, repeatable=retry.may_repeat(method, None))


def _judge(purpose: str, response: requests.Response) -> Reply | Failure:
    if response.status_code in _REDIRECTS:
        target = urlsplit(urljoin(response.url, response.headers.get("Location", "")))
        origin = printable(f"{target.scheme}://{target.netloc.rpartition('@')[2]}")
        return Failure(
            f"{purpose}: the server redirects to {origin}, which is not followed; vault_addr "
            "must name what answers itself, such as a cluster's active node."
        )
    if response.status_code == requests.codes.bad_request and response.content.startswith(_TLS_WANTED):
        return Failure(f"{purpose}: the server speaks TLS; vault_addr must begin with https.")
    if not response.ok:
        return Rejected(purpose, response.status_code)
    if not response.content:
        return Reply(purpose, response.status_code, {})
    try:
        content = response.json()
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return Failure(f"{purpose}: the server's reply is not a JSON object; see vault_addr.")
    return Reply(purpose, response.status_code, content)


def _find(error: BaseException, kind: type[_Error]) -> _Error | None:
    """Return the error of that ``kind`` which ``error`` came from; requests and urllib3 wrap theirs several times."""
    if isinstance(error, kind):
        return error
    for inner in (getattr(error, "reason", None), *error.args):
        found = _find(inner, kind) if isinstance(inner, BaseException) else None
        if found:
            return found
    return None
