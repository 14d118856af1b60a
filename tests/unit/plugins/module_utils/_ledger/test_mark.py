# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger.mark import line

AT = "2026-11-28T12:00:00Z"


@pytest.mark.parametrize(
    ("reason", "by", "words"),
    [
        ("", "alice", "reason: say why."),
        (" ", "alice", "reason: say why."),
        ("Frozen", "", "by: say who."),
        ("two\nlines", "alice", "reason: it must be one line"),
        ("a\ttab", "alice", "reason: it must be one line"),
        ("\x1b[2J", "alice", "reason: it must be one line"),
        ("Frozen", "\u202e", "reason: it must be one line"),
        ("\u00e4" * 512, "alice", "reason: it must be one line"),
    ],
)
def test_mark_that_could_not_be_shown_is_refused(reason: str, by: str, words: str) -> None:
    with pytest.raises(Failure) as refused:
        line(reason, by, AT)
    assert str(refused.value).startswith(words)
