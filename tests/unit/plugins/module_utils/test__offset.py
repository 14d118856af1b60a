# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter

from ansible_collections.flant.gitops.plugins.module_utils._offset import host, offset


def test_a_host_keeps_to_its_second_and_another_instance_to_another() -> None:
    assert offset("a host", "default", 300) == offset("a host", "default", 300)
    assert offset("a host", "default", 1_000_000) != offset("a host", "second", 1_000_000)
    assert offset("a host", "default", 1_000_000) != offset("b host", "default", 1_000_000)
    assert offset("a host", "default", 0) == 0


def test_10000_hosts_are_at_most_twice_the_even_share_in_any_second() -> None:
    turns = Counter(offset(f"{number:032x} web{number}", "default", 300) for number in range(10_000))
    assert set(turns) == set(range(300))
    assert max(turns.values()) <= 2 * 10_000 / 300


def test_this_host_has_a_name() -> None:
    assert host().strip()
