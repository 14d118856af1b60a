# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller's memory against the ratchet's."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.base import Base, base

HISTORY = ["oldest", "older", "newer"]


def is_ancestor(older: str, newer: str) -> bool:
    return older in HISTORY and newer in HISTORY and HISTORY.index(older) <= HISTORY.index(newer)


@pytest.mark.parametrize(
    ("claimed", "remembered", "expected"),
    [
        ("", "", ""),
        ("older", "", "older"),
        ("older", "older", "older"),
        ("newer", "older", "newer"),
    ],
)
def test_the_newer_one_rules(claimed: str, remembered: str, expected: str) -> None:
    assert base(claimed, remembered, is_ancestor) == Base(expected)


@pytest.mark.parametrize("claimed", ["", "oldest"])
def test_what_is_remembered_rules_over_a_caller_who_forgot_with_a_warning(claimed: str) -> None:
    decided = base(claimed, "older", is_ancestor)
    assert decided.commit == "older"
    assert len(decided.warnings) == 1
    assert "older" in decided.warnings[0]
    assert claimed in decided.warnings[0]


@pytest.mark.parametrize(("claimed", "remembered"), [("stranger", "older"), ("older", "stranger")])
def test_t13_unrelated_commits_are_refused_and_both_are_named(claimed: str, remembered: str) -> None:
    with pytest.raises(Failure, match=f"^last_commit: {claimed} .*{remembered}"):
        base(claimed, remembered, is_ancestor)
