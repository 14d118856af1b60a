# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault import witness
from ansible_collections.flant.gitops.plugins.plugin_utils._metadata import is_wanted, metadata
from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step

POLL = Step({"commit": "c" * 40, "signers": ["alice", "bob"], "required_signatures": 2})
BEGIN = Step({"run": "f" * 32, "head": "0" * 64})


def test_run_can_be_found_in_the_ledger() -> None:
    assert metadata("web1", "default", POLL, BEGIN) == {
        "instance": "default",
        "host": "web1",
        "commit": "c" * 40,
        "signers": "alice, bob",
        "required": "2",
        "run": "f" * 32,
        "ledger": "0" * 64,
    }


def test_what_is_not_known_is_left_out() -> None:
    assert set(metadata("web1", "default", Step({"commit": "c" * 40}), Step({"run": ""}))) == {
        *("instance", "host", "commit", "required"),
    }


@pytest.mark.parametrize("signers", [1000, 40, 10, 1])
@pytest.mark.parametrize("host", ["web1", "h" * 100, "h" * 101, "\U0001f600" * 50, "web1\u202e", "web1\n"])
def test_it_is_never_too_long_and_never_cut(signers: int, host: str) -> None:
    poll = Step({"commit": "c" * 64, "signers": ["s" * 63] * signers, "required_signatures": 1 << 31})
    said = metadata(host, "i" * 40, poll, BEGIN)
    assert witness.check(said) == said
    assert said["signers"].startswith("s" * 63 if signers == 1 else f"{signers} signers, sha256:")
    assert said["host"] == host if host in ("web1", "h" * 100) else said["host"].startswith("sha256:")


@pytest.mark.parametrize(
    ("chosen", "file", "wanted"),
    [
        ("", "/secret-id", True),
        (None, "/secret-id", True),
        ("", "", False),
        (None, None, False),
        (True, "", True),
        ("yes", "", True),
        (False, "/secret-id", False),
        ("no", "/secret-id", False),
    ],
)
def test_vault_is_told_where_that_was_chosen_or_the_policy_allows_it(
    chosen: object, file: str | None, wanted: bool
) -> None:
    assert is_wanted(chosen, file) is wanted
