# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._git.poll import _id_of
from hypothesis import given
from hypothesis import strategies as st

FETCHED = (
    "1111\t\tbranch 'main' of /srv/up\n"
    "2222\tnot-for-merge\tbranch 'refs/heads/main' of /srv/up\n"
    "3333\tnot-for-merge\ttag 'latest-signature' of /srv/up\n"
    "4444\tnot-for-merge\ttag 'latest-signature-of-old' of /srv/up\n"
    "5555\tnot-for-merge\tremote-tracking branch 'x/y' of /srv/up\n"
    "6666\tnot-for-merge\t'refs/notes/signed' of /srv/up\n"
)


def test_g1_ids_are_found_by_the_whole_name_of_their_ref() -> None:
    refs = {
        "refs/heads/main": "1111",
        "refs/heads/refs/heads/main": "2222",
        "refs/tags/latest-signature": "3333",
        "refs/remotes/x/y": "5555",
        "refs/notes/signed": "6666",
        "refs/tags/main": "",
        "refs/heads/latest-signature": "",
        "refs/tags/latest": "",
        "refs/heads/ain": "",
    }
    assert {ref: _id_of(ref, FETCHED) for ref in refs} == refs


@given(st.text())
def test_any_content_is_read(content: str) -> None:
    assert isinstance(_id_of("refs/heads/main", content), str)
