# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Sending the requests, and what must be true of the tokens that come back.

Protocol: https://openbao.org/docs/concepts/response-wrapping/
"""

from __future__ import annotations

import base64
import math
import re
import time
from concurrent.futures import FIRST_EXCEPTION
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import WrappedRequest

_FORBIDDEN = 403
_NAMESPACED = 2
_NAMESPACED_TOKEN = re.compile(rb"hvs\.[A-Za-z0-9]+\.[A-Za-z0-9]")


@dataclass(frozen=True)
class WrappedToken:
    """A single-use token that unwraps to the response to ``request``.

    Its ``ttl`` is in seconds, and over at ``expires_at`` by the clock of this machine, in ISO 8601.
    """

    request: WrappedRequest
    token: str = field(repr=False)
    accessor: str
    creation_path: str
    ttl: int
    expires_at: str

    def described(self) -> dict[str, object]:
        """Return what may be shown of it."""
        return {
            "name": self.request.name,
            "env": self.request.env,
            "accessor": self.accessor,
            "creation_path": self.creation_path,
            "ttl": self.ttl,
            "expires_at": self.expires_at,
        }


def wrap_all(client: Client, requests: Sequence[WrappedRequest], custody: Custody) -> tuple[WrappedToken, ...]:
    """Send all ``requests`` side by side and return their tokens in the same order.

    Raises:
        Failure: one of them failed; what has arrived for the others is in ``custody``.
    """
    futures = [custody.submit(_wrap, client, request, custody) for request in requests]
    done = wait(futures, return_when=FIRST_EXCEPTION)
    failed = next((future for future in futures if future in done and future.exception()), None)
    return (failed.result(),) if failed else tuple(future.result() for future in futures)


def _wrap(client: Client, request: WrappedRequest, custody: Custody) -> WrappedToken:
    try:
        reply = client.wrapped(request)
    except Rejected as rejected:
        if rejected.status != _FORBIDDEN:
            raise
        raise rejected.because(
            "Its policy must allow the path, and what min_wrapping_ttl and max_wrapping_ttl say there must admit a "
            f"wrap_ttl of {request.wrap_ttl}s."
        ) from None
    wrap_info = reply.section("wrap_info")
    token = wrap_info.text("token")
    if not token:
        raise Failure(f"{request}: carried out, but its response cannot be wrapped (HTTP {reply.status}).")
    custody.enter(token, f"the wrapping token of {request.name!r}")
    creation_path = wrap_info.text("creation_path")
    if not is_path_of(request.path, creation_path, token):
        raise Failure(f"{request}: the server wrapped the response to another path, {printable(creation_path)!r}.")
    ttl = wrap_info.number("ttl")
    expires_at = iso8601(math.ceil(time.time() + ttl))
    return WrappedToken(request, token, wrap_info.text("accessor"), creation_path, ttl, expires_at)


def is_path_of(path: str, creation_path: str, token: str) -> bool:
    """Say whether ``creation_path`` is the ``path`` that was asked for.

    The server adds a slash to what it lists, decodes, and leaves out a namespace at the beginning of ``path``.
    """
    asked, created = unquote(path).strip("/"), creation_path.strip("/")
    if _is_of_namespace(token) and created:
        return f"/{asked}".endswith(f"/{created}")
    return asked == created


def _is_of_namespace(token: str) -> bool:
    """Say whether ``token`` is one of a namespace, whose identifier it ends in: ``s.<random>.<namespace>``.

    Since 1.10, Vault signs its tokens; one like this, ``hvs.<random>.<namespace>``, is then within the Base64 after
    ``hvs.``.
    """
    _prefix, _dot, signed = token.partition(".")
    try:
        inner = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
    except ValueError:
        inner = b""
    return token.count(".") == _NAMESPACED or bool(_NAMESPACED_TOKEN.search(inner))
