# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller's memory against the ratchet's."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.base import Base, base, recorded

HISTORY = ["oldest", "older", "newer"]


def is_ancestor(older: str, newer: str) -> bool:
    return older in HISTORY and newer in HISTORY and HISTORY.index(older) <= HISTORY.index(newer)


@pytest.mark.parametrize(
    ("claimed", "remembered", "expected"),
    [
        ("", "", ""),
        ("older", "", "older"),
        ("older", "older", "older"),
    ],
)
def test_a_claim_is_the_start_where_nothing_is_remembered(claimed: str, remembered: str, expected: str) -> None:
    assert base(claimed, remembered, is_ancestor) == Base(expected)


@pytest.mark.parametrize("claimed", ["", "oldest"])
def test_what_is_remembered_rules_over_a_caller_who_forgot_with_a_warning(claimed: str) -> None:
    decided = base(claimed, "older", is_ancestor)
    assert decided.commit == "older"
    assert len(decided.warnings) == 1
    assert "older" in decided.warnings[0]
    assert claimed in decided.warnings[0]


@pytest.mark.parametrize(("claimed", "remembered"), [("newer", "older"), ("stranger", "older"), ("older", "stranger")])
def test_g11_a_claim_that_is_newer_or_unknown_is_refused_with_the_two_ways_out(claimed: str, remembered: str) -> None:
    reason = (
        f"^last_commit: {claimed} does not lie behind {remembered}, which git_dir remembers; use action: reset "
        f"with {claimed} if that was processed, and with {remembered} if it was not"
    )
    with pytest.raises(Failure, match=reason):
        base(claimed, remembered, is_ancestor)


@pytest.mark.parametrize(
    ("processed", "remembered", "expected"),
    [("older", "", "older"), ("older", "older", "older"), ("newer", "older", "newer")],
)
def test_what_is_remembered_moves_forward(processed: str, remembered: str, expected: str) -> None:
    assert recorded(processed, remembered, is_ancestor) == Base(expected)


def test_what_is_remembered_never_moves_back() -> None:
    decided = recorded("older", "newer", is_ancestor)
    assert decided.commit == "newer"
    assert "older" in decided.warnings[0]


@pytest.mark.parametrize(("processed", "remembered"), [("stranger", "older"), ("older", "stranger")])
def test_t13_what_is_unrelated_is_not_recorded(processed: str, remembered: str) -> None:
    with pytest.raises(Failure, match=f"^last_commit: {processed} .*{remembered}"):
        recorded(processed, remembered, is_ancestor)
