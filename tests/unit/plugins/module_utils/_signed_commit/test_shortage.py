# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has signed, and who is missing."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.shortage import shortage


@pytest.mark.parametrize(
    ("signed", "signers", "required", "expected"),
    [
        (["alice"], ["alice", "bob", "carol"], 2, "1 of 2: alice; bob or carol is missing"),
        (["alice"], ["alice", "bob"], 2, "1 of 2: alice; bob is missing"),
        ([], ["alice", "bob"], 2, "0 of 2; alice and bob are missing"),
        ([], ["alice", "bob", "carol"], 1, "0 of 1; alice, bob or carol is missing"),
        ([], ["alice", "bob", "carol"], 2, "0 of 2; 2 of alice, bob and carol are missing"),
        (["bob", "alice"], ["alice", "bob", "carol"], 3, "2 of 3: bob and alice; carol is missing"),
        ([], [*"abcdefgh"], 1, "0 of 1; a, b, c, d or 4 others is missing"),
        ([], [*"abcde"], 5, "0 of 5; a, b, c, d and e are missing"),
    ],
)
def test_the_sentence_names_people(signed: list[str], signers: list[str], required: int, expected: str) -> None:
    assert shortage(signed, signers, required) == expected
