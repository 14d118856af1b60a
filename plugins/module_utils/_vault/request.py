# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the caller asks for, checked before anything is sent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._loopback import is_loopback
from ansible_collections.flant.gitops.plugins.module_utils._proxy import proxy_of
from ansible_collections.flant.gitops.plugins.module_utils._vault.methods import method_of
from ansible_collections.flant.gitops.plugins.module_utils._vault.options import DAY, HOUR, bounded_duration, segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any
    from urllib.parse import SplitResult

    from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Method

_WITHOUT_BODY = frozenset({"GET", "LIST", "DELETE"})
_ENV_PREFIX = "VAULT_REQUEST_TOKEN_"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Server:
    """Where Vault or OpenBao is, the way there, and how patiently it is asked (``timeout`` in seconds)."""

    address: str
    namespace: str
    tls_server_name: str
    cacert: str
    timeout: float
    retries: int
    proxy: Proxy | None = None

    @property
    def proxy_on_the_way(self) -> Proxy | None:
        """The proxy, if the server is reached through it: never one on this very machine."""
        return None if self._is_here else self.proxy

    @property
    def overheard(self) -> bool:
        """Whether tokens would cross a network unencrypted."""
        return urlsplit(self.address).scheme == "http" and not self._is_here

    @property
    def _is_here(self) -> bool:
        return is_loopback(urlsplit(self.address).hostname or "")


@dataclass(frozen=True)
class WrappedRequest:
    """One request whose response is to be wrapped; ``path`` is without ``/v1`` and query, ``wrap_ttl`` in seconds."""

    name: str
    method: str
    path: str
    query: str
    body: Mapping[str, object] = field(repr=False)
    wrap_ttl: int

    @property
    def env(self) -> str:
        """The environment variable that carries the wrapping token."""
        return env_name(self.name)

    def __str__(self) -> str:
        """Name the request in a sentence."""
        return f"Request {self.name!r} ({self.method} {self.path})"


@dataclass(frozen=True)
class Revocable:
    """A token of an earlier call that can be ended; a ``login`` is what the others' results may hang on."""

    name: str
    token: str = field(repr=False)
    login: bool


@dataclass(frozen=True)
class Request:
    """Everything the module was asked for; ``tokens`` are to be ended, and then nothing else is."""

    server: Server
    method: Method | None
    tokens: tuple[Revocable, ...] | None
    requests: tuple[WrappedRequest, ...]
    revoke_login_token: bool
    check_mode: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any], *, check_mode: bool) -> Request:
        """Make a request of the module's parameters.

        Raises:
            Failure: a parameter is not valid; the sentence names it.
        """
        wraps = params["action"] == "wrap"
        if wraps and params["tokens"]:
            raise Failure("tokens: they are for action: revoke.")
        server = _server(params)
        return cls(
            server=server,
            method=method_of(params, server) if wraps else None,
            tokens=None if wraps else _revocable(params["tokens"]),
            requests=_requests(params["requests"]),
            revoke_login_token=params["revoke_login_token"],
            check_mode=check_mode,
        )


def _revocable(entries: Sequence[object]) -> tuple[Revocable, ...]:
    tokens = []
    for index, entry in enumerate(entries):
        fields = entry if isinstance(entry, dict) else {"token": entry}
        token, name, login = fields.get("token"), fields.get("name", f"tokens[{index}]"), fields.get("login", False)
        if not (isinstance(token, str) and token and isinstance(name, str) and isinstance(login, bool)):
            raise Failure(
                f"tokens[{index}]: it must be a token, or an entry of what an earlier call returned as revocable."
            )
        tokens.append(Revocable(name, token, login))
    return tuple(tokens)


def env_name(name: str) -> str:
    """Return the variable for the request ``name``: upper case, all but ``[A-Z0-9]`` turned into ``_``."""
    return _ENV_PREFIX + re.sub(r"[^A-Z0-9]", "_", name.upper())


def merge(public: Mapping[str, object], secret: Mapping[str, object], option: str) -> dict[str, object]:
    """Return ``public`` with ``secret`` added to it, dictionaries within dictionaries too.

    Raises:
        Failure: both set the same key; the sentence names ``option`` and the key.
    """
    merged = dict(public)
    for key, value in secret.items():
        present = merged.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            merged[key] = merge(present, value, f"{option}.{key}")
        elif key in merged:
            raise Failure(f"{option}: {key!r} is also in options.")
        else:
            merged[key] = value
    return merged


def _server(params: Mapping[str, Any]) -> Server:
    if params["retries"] < 0:
        raise Failure("retries: it must not be negative.")
    return Server(
        address=_address(params["vault_addr"]),
        namespace=segments(params["vault_namespace"] or "", "vault_namespace"),
        tls_server_name=params["vault_tls_server_name"] or "",
        cacert=params["vault_cacert"] or "",
        timeout=bounded_duration(params["timeout"], "timeout", shortest=0.001, longest=HOUR),
        retries=params["retries"],
        proxy=proxy_of(params),
    )


def _address(text: str) -> str:
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failure("vault_addr: it must be a URL such as https://vault.example.com:8200.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Failure("vault_addr: it must hold no user, password, query or fragment.")
    page = re.search(r"/(?:v1|ui)(?:/.*)?$", parts.path)
    if page:
        raise Failure(f"vault_addr: it is the server's address alone, without {page[0]}.")
    return text.rstrip("/")


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 -- reading it is what checks it
    except ValueError:
        return None
    return None if _UNPRINTABLE.search(text) or " " in text else parts


def _requests(entries: Sequence[Mapping[str, Any]]) -> tuple[WrappedRequest, ...]:
    requests = tuple(_request(entry, f"requests[{index}]") for index, entry in enumerate(entries))
    names: dict[str, str] = {}
    for request in requests:
        if request.env in names:
            raise Failure(f"requests: {names[request.env]!r} and {request.name!r} would both be {request.env}.")
        names[request.env] = request.name
    return requests


def _request(entry: Mapping[str, Any], option: str) -> WrappedRequest:
    if not entry["name"]:
        raise Failure(f"{option}: its name must not be empty.")
    option = f"{option} ({entry['name']!r})"
    path, query = _path(entry["path"], option)
    body = merge(entry["options"] or {}, entry["secret_options"] or {}, f"{option}: secret_options")
    if body and entry["method"] in _WITHOUT_BODY:
        raise Failure(f"{option}: the server ignores options of {entry['method']}; write them as a query in path.")
    return WrappedRequest(
        name=entry["name"],
        method=entry["method"],
        path=path,
        query=query,
        body=body,
        wrap_ttl=math.ceil(bounded_duration(entry["wrap_ttl"], f"{option}: wrap_ttl", shortest=60, longest=366 * DAY)),
    )


def _path(text: str, option: str) -> tuple[str, str]:
    if not text.startswith("/"):
        raise Failure(f"{option}: path must start with a slash.")
    if "#" in text or _UNPRINTABLE.search(text):
        raise Failure(f"{option}: path must not hold control characters or #, which is written %23.")
    raw, _separator, query = text.partition("?")
    segments = [segment for segment in raw.split("/") if segment]
    if segments[:1] == ["v1"]:
        del segments[0]
    if not segments:
        raise Failure(f"{option}: path must name something below /v1.")
    if any(unquote(segment) in (".", "..") for segment in segments):
        raise Failure(f"{option}: path must not hold the segments . and ...")
    return "/" + "/".join(segments), query
