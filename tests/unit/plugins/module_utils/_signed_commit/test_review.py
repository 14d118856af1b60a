# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits that were acted on before, looked at once more for an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import UnadvertisedError
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import review as reviews
from ansible_collections.flant.gitops.tests.support.signed_commit import Task, call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers


def review(task: Task, looked_at: Sequence[str], *trusted: Signer, **params: object) -> Outcome:
    keys = [signer.public_key for signer in trusted]
    asked: dict[str, object] = {"commits": [*looked_at], "trusted_keys": keys, "repo": task.upstream.path}
    return call(action="verify", **{**asked, "git_dir": task.folder / "audit", **params})


def one(task: Task, commit: str, *trusted: Signer) -> dict[str, Any]:
    (found,) = review(task, [commit], *trusted).verified
    return found


def test_each_commit_is_told_with_all_who_have_signed_it(task: Task, signers: Signers) -> None:
    first = task.upstream.commit(signer=signers.alice)
    second = task.upstream.commit()
    task.upstream.note(second, signers.bob)
    third = task.upstream.commit()
    outcome = review(task, [third, first, second], signers.alice, signers.bob)
    assert (outcome.status, outcome.changed, outcome.head) == ("verified", False, third)
    assert [(each["commit"], each["found"], each["fingerprints"]) for each in outcome.verified] == [
        (third, True, []),
        (first, True, [signers.alice.fingerprint]),
        (second, True, [signers.bob.fingerprint]),
    ]
    assert [each["tree"] for each in outcome.verified] == [
        task.upstream.git("rev-parse", f"{commit}^{{tree}}") for commit in (third, first, second)
    ]


def test_second_key_of_a_person_is_seen_behind_the_first(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.upstream.note(commit, signers.bob)
    person = {"name": "alice", "public_keys": [signers.alice.public_key, signers.bob.public_key]}
    (found,) = review(task, [commit], trusted_signers=[person]).verified
    assert found["signers"] == ["alice"]
    assert found["fingerprints"] == [signers.alice.fingerprint, signers.bob.fingerprint]


def test_signature_that_does_not_count_is_told_with_its_reason(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.bob)
    found = one(task, commit, signers.alice)
    assert (found["found"], found["fingerprints"]) == (True, [])
    assert found["rejected"] == [
        f"the commit's own signature: made by a key that is not trusted ({signers.bob.fingerprint})"
    ]


def test_signature_of_another_commit_is_none_of_this_one(task: Task, signers: Signers) -> None:
    signed = task.upstream.commit()
    commit = task.upstream.commit()
    task.upstream.publish(task.upstream.notes({commit: signers.alice.note_line(signed)}))
    assert one(task, commit, signers.alice)["fingerprints"] == []


def test_commit_that_is_not_in_the_branchs_history_is_not_found(task: Task, signers: Signers) -> None:
    lost = task.upstream.commit(signer=signers.alice)
    task.upstream.point("refs/heads/elsewhere", lost)
    task.upstream.commit(signer=signers.alice, parents=[])
    outcome = review(task, [lost, "1" * 40], signers.alice)
    assert [(each["found"], each["fingerprints"]) for each in outcome.verified] == [(False, [])] * 2


def test_server_that_gives_only_what_its_refs_point_to_is_asked_for_all(
    task: Task, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in says so in git's place, which has dropped that with its older protocols."""
    given = reviews.published_notes

    def unadvertised(remote: Remote, *arguments: object) -> dict[str, list[bytes]]:
        if remote.cache.filtered:
            raise UnadvertisedError("repo: unadvertised object")
        return given(remote, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(reviews, "published_notes", unadvertised)
    commit = task.upstream.commit()
    task.upstream.note(commit, signers.alice)
    assert one(task, commit, signers.alice)["fingerprints"] == [signers.alice.fingerprint]


def test_folder_that_remembers_something_is_left_alone(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.process()
    with pytest.raises(Failure, match=r"^git_dir: action: verify needs a folder of its own"):
        review(task, [commit], signers.alice, git_dir=task.git_dir)
    assert task.poll(last_commit=commit).status == "unchanged"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"trusted_keys": []}, "trusted_signers: action: verify needs those"),
        ({"commits": ["main"]}, "commits: each must be a full commit id"),
        ({"repo": None}, "repo: action: verify needs the repository"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    task: Task, signers: Signers, params: dict[str, object], words: str
) -> None:
    with pytest.raises(Failure, match=f"^{words}"):
        review(task, ["1" * 40], signers.alice, **params)
    assert not (task.folder / "audit").exists()
