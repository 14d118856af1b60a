# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ledger says of the signatures of its commits stands only where they are good."""

from __future__ import annotations

from typing import Any

from ansible_collections.flant.gitops.plugins.plugin_utils._proof import proof

COMMIT = "1" * 40
TREE = "7" * 40
ALICE, BOB = "A" * 40, "B" * 40


def judged(reviewed: list[dict[str, Any]], *signed: str, required: int = 1, tree: str = TREE) -> dict[str, Any]:
    signatures = [{"signer": name, "fingerprint": {"alice": ALICE, "bob": BOB}[name]} for name in signed]
    told = {"line": "2026.jsonl line 1", "commit": COMMIT, "tree": tree, "required": required}
    commits = [{**told, "signatures": signatures}]
    return proof({"verdict": "authentic", "problems": [], "notes": [], "commits": commits}, reviewed)


def review(*fingerprints: str, found: bool = True, rejected: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    told = {"fingerprints": [*fingerprints], "rejected": [*rejected]}
    return [{"commit": COMMIT, "found": found, "tree": TREE if found else "", **told}]


def test_what_has_the_signatures_that_it_names_stays_what_it_is() -> None:
    told = judged(review(BOB, ALICE), "alice")
    assert told == {"verdict": "authentic", "problems": [], "notes": []}


def test_signature_that_is_not_there_breaks_it_with_the_line_and_the_reasons() -> None:
    told = judged(review(ALICE, rejected=("signature 1 in the notes: made by a key that has expired",)), "alice", "bob")
    (problem,) = told["problems"]
    assert told == {"verdict": "broken", "problems": [problem], "notes": []}
    assert problem == (
        f"2026.jsonl line 1: commit {COMMIT} has no good signature by bob, {BOB} "
        "(signature 1 in the notes: made by a key that has expired)."
    )


def test_first_three_reasons_are_told_if_there_are_any() -> None:
    (problem,) = judged(review(ALICE, rejected=("one", "two", "three", "four")), "alice", "bob")["problems"]
    assert problem.endswith(" (one; two; three).")
    (problem,) = judged(review(ALICE), "alice", "bob")["problems"]
    assert problem.endswith(f" by bob, {BOB}.")


def test_commit_that_is_nowhere_breaks_it() -> None:
    for reviewed in ([], review(found=False)):
        (problem,) = judged(reviewed, "alice")["problems"]
        assert problem == f"2026.jsonl line 1: commit {COMMIT} is not in the history of the branch."


def test_tree_that_is_not_the_commits_breaks_it() -> None:
    (problem,) = judged(review(ALICE), "alice", tree="8" * 40)["problems"]
    assert problem == f"2026.jsonl line 1: commit {COMMIT} does not have the tree {'8' * 40}."
    assert judged(review(ALICE), "alice", tree="")["verdict"] == "authentic"  # an older entry does not say


def test_fewer_signers_than_were_required_break_it() -> None:
    (problem,) = judged(review(ALICE), "alice", "alice", required=2)["problems"]
    assert "was let run with fewer signers than the 2 that were required" in problem
    assert judged(review(), required=0)["verdict"] == "authentic"


def test_problems_are_bounded() -> None:
    commits = [{"line": "line", "commit": COMMIT, "tree": TREE, "required": 1, "signatures": []}] * 100
    told = proof({"verdict": "broken", "problems": ["an older one"], "commits": commits}, [])
    assert (len(told["problems"]), told["problems"][0]) == (100, "an older one")
