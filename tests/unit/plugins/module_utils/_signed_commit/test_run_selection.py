# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several new commits is acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


def branch(task: Task, signers: Signers, signed: str) -> list[str]:
    """Put commits on the branch, ``s`` being a signed one and ``-`` an unsigned one, and return their ids."""
    return [task.upstream.commit(signer=signers.alice if each == "s" else None) for each in signed]


# What is new, and what is chosen by (head, tip), (oldest, tip), (head, every), (oldest, every); None is nothing.
CASES = [
    ("s", 0, 0, 0, 0),
    ("-", None, None, None, None),
    ("ss", 1, 0, 1, 0),
    ("-s", 1, 1, None, None),
    ("s-", None, 0, None, 0),
    ("--s-", None, 2, None, None),
    ("sss", 2, 0, 2, 0),
]


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize(("signed", "head_tip", "oldest_tip", "head_every", "oldest_every"), CASES)
def test_selection(
    task: Task,
    signers: Signers,
    signed: str,
    head_tip: int | None,
    oldest_tip: int | None,
    head_every: int | None,
    oldest_every: int | None,
    fresh: bool,
) -> None:
    previous = "" if fresh else branch(task, signers, "-")[0]
    new = branch(task, signers, signed)
    params = {
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "last_commit": previous,
        "on_insufficient_signatures": "wait",
    }
    for select, verify, index in [
        ("head", "tip", head_tip),
        ("oldest", "tip", oldest_tip),
        ("head", "every", head_every),
        ("oldest", "every", oldest_every),
    ]:
        outcome = task.poll(**params, select=select, verify=verify)
        expected = ("new", new[index]) if index is not None else ("awaiting_signatures", previous)
        assert (outcome.status, outcome.commit) == expected, (select, verify)
        assert outcome.head == new[-1]


def test_oldest_walks_the_branch_commit_by_commit(task: Task, signers: Signers) -> None:
    new = branch(task, signers, "s-s")
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "select": "oldest"}
    assert task.process(**params) == new[0]
    assert task.process(**params, last_commit=new[0]) == new[2]


def test_oldest_without_required_signatures_takes_each_commit_in_turn(task: Task) -> None:
    new = [task.upstream.commit() for _index in range(3)]
    last = ""
    for commit in new:
        assert task.process(select="oldest", last_commit=last) == commit
        last = commit


def test_the_refusal_of_oldest_names_the_newest_commit(task: Task, signers: Signers) -> None:
    new = branch(task, signers, "--")
    with pytest.raises(Failure, match=rf"no new commit carries the 1 required .* {new[1]}, carries 0"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key], select="oldest")


def test_waiting_says_who_has_signed_so_far(task: Task, signers: Signers) -> None:
    branch(task, signers, "s")
    keys = [signers.alice.public_key, signers.bob.public_key]
    outcome = task.poll(required_signatures=2, trusted_keys=keys, on_insufficient_signatures="wait")
    assert (outcome.changed, outcome.verified_signatures, outcome.required_signatures) == (False, 1, 2)
    assert [signature["fingerprint"] for signature in outcome.signatures] == [signers.alice.fingerprint]


@pytest.mark.parametrize(("select", "verify"), [("oldest", "tip"), ("head", "every"), ("oldest", "every")])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_longer_way_than_max_commits_is_refused_where_each_commit_counts(
    task: Task, select: str, verify: str, fresh: bool
) -> None:
    previous = "" if fresh else task.upstream.commit()
    new = [task.upstream.commit() for _index in range(3)]
    params = {"select": select, "verify": verify, "last_commit": previous}
    with pytest.raises(Failure, match=rf"^max_commits: more than 2 .* from {previous or 'the root'} to {new[-1]}"):
        task.poll(**params, max_commits=2)
    assert task.poll(**params, max_commits=3).commit == new[0 if select == "oldest" else -1]


def test_max_commits_does_not_hold_back_the_head(task: Task) -> None:
    previous = task.upstream.commit()
    new = [task.upstream.commit() for _index in range(3)]
    assert task.poll(last_commit=previous, max_commits=1).commits == (new[-1],)
