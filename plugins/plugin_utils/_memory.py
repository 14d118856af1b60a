# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether Ansible's fact cache, and AWX around it, keep what the role remembers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_UNSAFE_IN_A_PATH = re.compile(r"/|\.\.|\0")


def refusal(memory: Mapping[str, Any]) -> str:
    """Return why what is remembered would be lost, or an empty text.

    Args:
        memory: ``host``, ``host_is_in_inventory``, ``plugin``, ``uri`` and ``timeout`` as Ansible is configured, and
            ``awx``, which is empty outside AWX and else has ``job``, ``prefix``, ``host_is_known`` and ``timeout``.
    """
    return _host(memory) or (_awx(memory) if memory["awx"] else "") or _cache(memory)


def _host(memory: Mapping[str, Any]) -> str:
    host = memory["host"]
    if _UNSAFE_IN_A_PATH.search(host):
        return (
            'inventory_hostname: a host whose name holds "/", ".." or NUL has no safe place in the fact cache; '
            "give it an alias in the inventory."
        )
    if not memory["host_is_in_inventory"]:
        return (
            f"The host {host} is not in the inventory, so Ansible does not store its facts; "
            f"add it to the inventory, such as with -i {host},."
        )
    return ""


def _awx(memory: Mapping[str, Any]) -> str:
    awx = memory["awx"]
    if not memory["uri"].rstrip("/").endswith(f"artifacts/{awx['job']}/fact_cache"):
        return 'AWX: the job template has "use fact cache" off, so AWX would not keep what is remembered; switch it on.'
    if awx["prefix"]:
        return (
            "AWX: fact_caching_prefix is set in the ansible.cfg of the project, so AWX would not find the facts; "
            "remove it."
        )
    if not awx["host_is_known"]:
        return (
            f"AWX: the host {memory['host']} is not in the AWX inventory, so AWX does not store its facts; "
            "add it there."
        )
    if str(awx["timeout"]) not in {"", "0"}:
        return (
            "AWX: the setting ANSIBLE_FACT_CACHE_TIMEOUT is not 0, so AWX would not restore older facts; set it to 0."
        )
    return ""


def _cache(memory: Mapping[str, Any]) -> str:
    if memory["plugin"] == "memory":
        return (
            'fact_caching is "memory", which forgets the last commit; '
            "set fact_caching = jsonfile and fact_caching_connection in ansible.cfg."
        )
    if not memory["uri"]:
        return (
            f'fact_caching is "{memory["plugin"]}", but its fact_caching_connection is not set or the plugin cannot '
            "be loaded, so Ansible would run without a cache; mend it in ansible.cfg."
        )
    if int(memory["timeout"]):
        return (
            f"fact_caching_timeout is {memory['timeout']}, which forgets the last commit after as many seconds; "
            "set fact_caching_timeout = 0 in ansible.cfg."
        )
    return ""
