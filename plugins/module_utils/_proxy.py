# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The HTTP proxy that servers are reached through, where there is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADDRESS = re.compile(
    r"http://(?P<host>[a-z0-9_][\w.-]*|\[[0-9a-f:.]+\]):(?P<port>[0-9]{1,5})/?", re.ASCII | re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Proxy(NamedTuple):
    """Where a proxy is, and what it is shown; ``host`` is without the brackets of an IPv6 address."""

    host: str
    port: int
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Leave out the password, wherever this is shown."""
        return f"Proxy({self.address!r})"

    @property
    def address(self) -> str:
        """The URL, without what the proxy is shown."""
        return f"http://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_of(params: Mapping[str, Any]) -> Proxy | None:
    """Return the proxy of the options ``proxy``, ``proxy_username`` and ``proxy_password``, if they name one.

    Raises:
        Failure: one of them is no good; the sentence names it.
    """
    text, username, password = (params[name] or "" for name in ("proxy", "proxy_username", "proxy_password"))
    if not text:
        if username or password:
            raise Failure("proxy: proxy_username and proxy_password are for one, and there is none.")
        return None
    if "@" in text:
        raise Failure("proxy: it must hold no user name and no password; use proxy_username and proxy_password.")
    match = _ADDRESS.fullmatch(text)
    if not match or not 0 < int(match["port"]) < 1 << 16:
        raise Failure(
            "proxy: it must be the URL of an HTTP proxy with its port, such as http://proxy.example.org:3128."
        )
    if bool(username) != bool(password):
        raise Failure("proxy_username, proxy_password: one goes with the other.")
    if _CONTROL.search(username + password):
        raise Failure("proxy_username, proxy_password: they must hold no control characters.")
    if ":" in username:
        raise Failure("proxy_username: it must hold no colon, where HTTP takes it to end.")
    return Proxy(match["host"].strip("[]"), int(match["port"]), username, password)


def hidden_values(params: Mapping[str, Any]) -> set[str]:
    """Return what must not be shown of an option ``proxy`` that holds a password although it must not."""
    text = params["proxy"] or ""
    shown = text.rpartition("@")[0].rpartition("//")[2]
    return {shown, shown.partition(":")[2]} - {""}
