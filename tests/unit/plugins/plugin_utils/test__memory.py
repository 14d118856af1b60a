# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's fact cache and AWX around it keep."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._memory import refusal

IN_AWX = {"job": 7, "prefix": "", "host_is_known": True, "timeout": ""}
JOBS = "/runner/artifacts/7/fact_cache"
OFF = 'AWX: the job template has "use fact cache" off, so AWX would not keep what is remembered; switch it on.'
PREFIX = (
    "AWX: fact_caching_prefix is set in the ansible.cfg of the project, so AWX would not find the facts; remove it."
)
UNKNOWN = "AWX: the host web1 is not in the AWX inventory, so AWX does not store its facts; add it there."
OLD = "AWX: the setting ANSIBLE_FACT_CACHE_TIMEOUT is not 0, so AWX would not restore older facts; set it to 0."
HOST = (
    'inventory_hostname: a host whose name holds "/", ".." or NUL has no safe place in the fact cache; '
    "give it an alias in the inventory."
)
STRANGER = (
    "The host web1 is not in the inventory, so Ansible does not store its facts; "
    "add it to the inventory, such as with -i web1,."
)
FORGETFUL = (
    'fact_caching is "memory", which forgets the last commit; '
    "set fact_caching = jsonfile and fact_caching_connection in ansible.cfg."
)
NOWHERE = (
    'fact_caching is "redis", but its fact_caching_connection is not set or the plugin cannot be loaded, '
    "so Ansible would run without a cache; mend it in ansible.cfg."
)
SHORT = (
    "fact_caching_timeout is 60, which forgets the last commit after as many seconds; "
    "set fact_caching_timeout = 0 in ansible.cfg."
)


def refused(*, awx: dict[str, object] | None = None, **changed: object) -> str:
    known = {"host": "web1", "host_is_in_inventory": True, "plugin": "jsonfile", "uri": "/facts", "timeout": "0"}
    return refusal({**known, "awx": awx or {}, **changed})


def in_awx(**changed: object) -> str:
    return refused(awx={**IN_AWX, **changed}, uri=JOBS)


def test_what_is_kept_is_not_refused() -> None:
    assert refused() == refused(timeout=0) == refused(plugin="redis") == refused(host="web.1") == ""
    assert in_awx() == in_awx(timeout="0") == in_awx(timeout=0) == refused(awx=IN_AWX, uri=f"{JOBS}/") == ""


@pytest.mark.parametrize("host", ["a/b", "..", "a..b", "a\0b"])
def test_host_without_a_safe_place_is_refused_first(host: str) -> None:
    assert refused(host=host, host_is_in_inventory=False) == HOST


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host_is_in_inventory": False, "plugin": "memory"}, STRANGER),
        ({"plugin": "memory", "uri": ""}, FORGETFUL),
        ({"plugin": "redis", "uri": "", "timeout": "60"}, NOWHERE),
        ({"timeout": "60"}, SHORT),
        ({"timeout": 60}, SHORT),
    ],
)
def test_cache_that_forgets_is_refused(changed: dict[str, object], sentence: str) -> None:
    assert refused(**changed) == sentence


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"job": 8, "prefix": "x"}, OFF),
        ({"prefix": "x", "host_is_known": False}, PREFIX),
        ({"host_is_known": False, "timeout": "60"}, UNKNOWN),
        ({"timeout": "60"}, OLD),
        ({"timeout": 60}, OLD),
    ],
)
def test_awx_that_forgets_is_refused(changed: dict[str, object], sentence: str) -> None:
    assert in_awx(**changed) == sentence


def test_awx_is_looked_at_between_the_host_and_the_cache() -> None:
    assert refused(awx=IN_AWX, uri="", host_is_in_inventory=False) == STRANGER
    assert refused(awx=IN_AWX, uri="", plugin="memory") == OFF
    assert refused(awx=IN_AWX, uri=f"{JOBS}X") == OFF
    assert refused(awx=IN_AWX, uri=JOBS, timeout=60) == SHORT
