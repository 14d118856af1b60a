# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a ledger is verified, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._verification import (
    Verification,
    verification,
    worth,
)

AUTHENTIC = {"verdict": "authentic", "entries": 3, "problems": [], "notes": [], "signing_keys": ["SHA256:key"]}


def asked(**changed: Any) -> Verification:  # noqa: ANN401 -- each argument has its own type
    known = {"copies": [], "repo": "", "folder": "", "found": [], "host": "web1", **changed}
    return verification(**known)


def test_targets_own_ledger_is_fetched_and_must_be_its_own() -> None:
    due = asked()
    assert (due.makes_folder, due.fetches, due.host, due.reviews) == (True, True, "web1", False)
    assert (due.has_folder, due.files) == (False, [])
    due = asked(folder="/tmp/copy")
    assert (due.has_folder, due.dir, due.copies) == (True, "/tmp/copy", [])


def test_copies_need_no_target_and_may_be_of_any_host() -> None:
    due = asked(copies=["/a", "/b", "/c"])
    assert (due.makes_folder, due.fetches, due.host) == (False, False, "")
    assert (due.dir, due.copies) == ("/a", ["/b", "/c"])


def test_signatures_are_verified_in_a_folder_even_for_copies() -> None:
    due = asked(copies=["/a"], repo="https://git.example.com/a.git", folder="/tmp/copy")
    assert (due.makes_folder, due.reviews, due.fetches, due.dir) == (True, True, False, "/a")
    assert asked(repo="https://git.example.com/a.git").makes_folder


def test_target_cannot_name_a_file_outside_the_folder() -> None:
    paths = ["/l/2026.jsonl", "/l/2025.jsonl", "2024.jsonl", "/l/..", "/l/20266.jsonl", "/l/x2026.jsonl"]
    paths += ["/l/2026xjsonl", "/l/2026.jsonl\n", "/l/2026.jsonl/"]
    assert asked(found=[{"path": path} for path in paths]).files == ["2024.jsonl", "2025.jsonl", "2026.jsonl"]


def test_authentic_ledger_stands() -> None:
    found = worth(instance="web", repo="", verified=AUTHENTIC, reviewed=[])
    assert (found.stands, found.falls, found.proven) == (True, False, AUTHENTIC)
    assert found.sentence == "web: the ledger is authentic, 3 entries"


@pytest.mark.parametrize(
    ("verdict", "problems", "reason"),
    [
        ("broken", ["2026.jsonl line 1: it was changed.", "another"], "2026.jsonl line 1: it was changed."),
        ("unproven", [], "flant_gitops_verify_known_hosts names no key that the host is known by."),
    ],
)
def test_any_other_falls_with_the_first_reason(verdict: str, problems: list[str], reason: str) -> None:
    verified = {**AUTHENTIC, "verdict": verdict, "problems": problems}
    found = worth(instance="web", repo="", verified=verified, reviewed=[])
    assert (found.stands, found.falls) == (False, True)
    assert found.sentence == f"web: the ledger is {verdict}, 3 entries: {reason}"


def test_unsigned_ledger_falls_as_nobody_answers_for_it() -> None:
    verified = {**AUTHENTIC, "verdict": "consistent, not authentic", "signing_keys": []}
    said = worth(instance="web", repo="", verified=verified, reviewed=[]).sentence
    assert said.endswith("3 entries: nobody has signed it, as ssh-keygen is not installed on the host.")


def test_signatures_that_are_not_there_break_it_where_they_are_verified() -> None:
    commits = [{"line": "2026.jsonl line 1", "commit": "1" * 40, "tree": "", "required": 0, "signatures": []}]
    verified = {**AUTHENTIC, "commits": commits}
    found = worth(instance="web", repo="https://git.example.com/a.git", verified=verified, reviewed=[])
    assert found.falls
    assert found.proven["verdict"] == "broken"
    assert "commits" not in found.proven
    assert "is not in the history of the branch" in found.sentence
    assert worth(instance="web", repo="", verified=verified, reviewed=[]).stands
