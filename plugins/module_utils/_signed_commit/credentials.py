# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A password that lies in a file, and a proxy: what few tasks have, so that the others do not load it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.undisclosed import passes_by_the_proxy
from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy, proxy_of
from ansible_collections.flant.gitops.plugins.module_utils._secret_file import secret_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access


def completed(access: Access, params: Mapping[str, Any], *, read: bool = True) -> Access:
    """Return ``access`` with what a module's parameters say of the password's file and of the proxy.

    Without ``read`` the file is not looked at, and its name stands for what it holds.

    Raises:
        Failure: one of the options is no good; the sentence names it.
    """
    if params["password_file"]:
        access = access._replace(password=_password(access, params, read=read))
    access = access._replace(proxy=_proxy(params))
    if passes_by_the_proxy(access):
        raise Failure(f"proxy: {access.url.scheme} has none; use an https repo, or no proxy.")
    return access


def _password(access: Access, params: Mapping[str, Any], *, read: bool) -> str:
    path = params["password_file"]
    if access.password:
        raise Failure("password_file: it is for the place of password, which is given too.")
    if not access.username:
        raise Failure("password_file: it goes with username.")
    if access.url.scheme != "https":
        raise Failure(f"password_file: what it holds is sent over https only, and repo is {access.url.scheme}.")
    if "\0" in path:
        raise Failure("password_file: this is not a path.")
    return secret_in(Path(path).absolute(), "password_file") if read else str(path)


def _proxy(params: Mapping[str, Any]) -> Proxy | None:
    proxy = proxy_of(params)
    if proxy and re.search(r"%[0-9A-Fa-f]{2}", f"{proxy.username} {proxy.password}"):  # some versions of curl decode
        raise Failure("proxy_username, proxy_password: git can hand on no % before two hexadecimal digits.")
    return proxy
