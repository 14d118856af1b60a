# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What git is told of passwords and of a proxy by its environment, as anybody may read a command line.

No helper and no prompt has a part in it: git would ask it for the proxy's password before the server's.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access


def variables(access: Access) -> dict[str, str]:
    """Return the environment variables that git takes for its configuration; see git-config(1), "ENVIRONMENT"."""
    configuration = _configuration(access)
    result = {"GIT_CONFIG_COUNT": str(len(configuration))}
    for number, (name, value) in enumerate(configuration.items()):
        result[f"GIT_CONFIG_KEY_{number}"] = name
        result[f"GIT_CONFIG_VALUE_{number}"] = value
    return result


def passes_by_the_proxy(access: Access) -> bool:
    """Say whether there is a proxy and the server would be reached without it, by a protocol that has none."""
    return access.proxy is not None and access.url.scheme in ("ssh", "git")


def _configuration(access: Access) -> dict[str, str]:
    result = {}
    if access.has_credentials:
        account = base64.b64encode(f"{access.username}:{access.password}".encode()).decode()
        server = f"https://{access.url.host}:{access.url.port}/"
        result[f"http.{server}.extraHeader"] = f"Authorization: Basic {account}"
    proxy = access.proxy_on_the_way
    if proxy:
        account = f"{quote(proxy.username, safe='')}:{quote(proxy.password, safe='')}@" if proxy.username else ""
        result["http.proxy"] = f"http://{account}{proxy.authority}"
        result["http.proxyAuthMethod"] = "basic"
    return result
