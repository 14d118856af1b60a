# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a ledger says of the signatures of commits, beside what these come to when they are verified again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BROKEN = "broken"
_MOST = 100  # sentences
_REASONS_SHOWN = 3


def proof(verified: Mapping[str, Any], reviewed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a ledger is worth, once the signatures of its commits are verified again.

    Args:
        verified: what ``run_ledger`` has found, its ``commits`` included.
        reviewed: what ``git_signed_commit`` has found of each of these commits.
    """
    found = {each["commit"]: each for each in reviewed}
    problems = [f"{said['line']}: {text}." for said in verified["commits"] for text in _problems(said, found)]
    told = {name: value for name, value in verified.items() if name != "commits"}
    if not problems:
        return told
    return {**told, "verdict": BROKEN, "problems": [*verified["problems"], *problems][:_MOST]}


def _problems(said: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    commit, signatures = said["commit"], said["signatures"]
    if len({each["signer"] for each in signatures}) < said["required"]:
        yield f"commit {commit} was let run with fewer signers than the {said['required']} that were required"
    review = found.get(commit)
    if not review or not review["found"]:
        yield f"commit {commit} is not in the history of the branch"
        return
    if said["tree"] not in ("", review["tree"]):
        yield f"commit {commit} does not have the tree {said['tree']}"
    for each in signatures:
        if each["fingerprint"] not in review["fingerprints"]:
            reasons = "; ".join(review["rejected"][:_REASONS_SHOWN])
            yield (
                f"commit {commit} has no good signature by {each['signer']}, {each['fingerprint']}"
                f"{f' ({reasons})' if reasons else ''}"
            )
