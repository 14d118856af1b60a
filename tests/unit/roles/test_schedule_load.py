# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 hosts that follow the schedule as the role renders it are no crowd at any second."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.tests.support.fleet import (
    NEW,
    OLD,
    PERIOD,
    busiest,
    misses,
    seconds,
    timer,
    times,
)

HOSTS = range(10_000)
KINDS = {"systemd": ("systemd", NEW), "old systemd": ("systemd", OLD), "cron": ("cron",)}


@pytest.mark.parametrize("kind", KINDS)
def test_no_second_has_more_than_twice_the_even_share(kind: str) -> None:
    known = times(*KINDS[kind])
    turns = seconds(known, HOSTS)
    assert set(turns) == set(range(PERIOD))
    assert busiest(turns) <= 2
    assert turns == seconds(known, HOSTS)


def test_no_second_has_more_where_some_of_each_kind_are_about() -> None:
    kinds = [times(*kind) for kind in KINDS.values()]
    turns = [turn for number, known in enumerate(kinds) for turn in seconds(known, HOSTS[number :: len(kinds)])]
    assert len(turns) == len(HOSTS)
    assert busiest(turns) <= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_delay_that_is_set_stays_whatever_crowd_it_makes(kind: str) -> None:
    """What the fleet would be without the rest of the period, too: the simulation tells a crowd."""
    turns = seconds(times(*KINDS[kind], delay="30s"), HOSTS)
    assert set(turns) == set(range(30))
    assert busiest(turns) > 10


def test_no_host_is_put_off_behind_its_next_event() -> None:
    assert misses(times("systemd", NEW), HOSTS) == []


def test_a_timer_that_leaves_the_delay_to_the_program_has_none_of_its_own() -> None:
    assert "RandomizedDelaySec" not in timer(times("systemd", OLD))
    assert timer(times("systemd", NEW))["RandomizedDelaySec"] == str(PERIOD)
