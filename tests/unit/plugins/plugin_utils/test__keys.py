# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of those who sign, and of those who did."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import with_former


def test_former_keys_of_a_signer_stand_beside_the_ones_of_today() -> None:
    merged = with_former({"alice": "new", "bob": ["b"]}, {"alice": ["old", "older"], "carol": "c"})
    assert merged == {"alice": ["new", "old", "older"], "bob": ["b"], "carol": ["c"]}


@pytest.mark.parametrize(
    ("signers", "former", "words"),
    [
        ([], {}, "flant_gitops_trusted_signers: "),
        ({}, ["key"], "flant_gitops_verify_former_signers: "),
        ({}, {"bob": 1}, r"flant_gitops_verify_former_signers\['bob'\]: "),
    ],
)
def test_what_is_no_dictionary_of_keys_is_refused(signers: object, former: object, words: str) -> None:
    with pytest.raises(Failure, match=f"^{words}"):
        with_former(signers, former)
