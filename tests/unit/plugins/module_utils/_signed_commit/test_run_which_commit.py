# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commit is meant, and which one it must never be."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import transfer
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


@pytest.mark.parametrize("elsewhere", ["refs/changes", "refs/heads", "refs/tags", "refs/remotes", "refs"])
def test_g1_a_ref_that_only_ends_like_the_branch_is_not_the_branch(task: Task, elsewhere: str) -> None:
    old = task.upstream.commit()
    head = task.upstream.commit()
    task.upstream.point(f"{elsewhere}/refs/heads/main", old)
    assert task.poll().commit == head


@pytest.mark.parametrize("elsewhere", ["refs/changes", "refs/heads", "refs/tags", "refs/remotes", "refs"])
@pytest.mark.parametrize("known", [True, False])
def test_g1_a_ref_that_only_ends_like_the_branch_does_not_stand_in_for_it(
    task: Task, elsewhere: str, known: bool
) -> None:
    task.upstream.commit()
    if known:
        task.process()
    head = task.upstream.commit()
    task.upstream.git("branch", "--move", "main", "other")
    task.upstream.point(f"{elsewhere}/refs/heads/main", head)
    with pytest.raises(Failure, match=r"^branch: refs/heads/main does not exist"):
        task.poll()


def test_g1_a_ref_that_only_begins_like_the_signatures_ref_holds_no_signatures(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    task.upstream.note(commit, signers.alice, ref="refs/tags/latest-signature-of-old")
    with pytest.raises(Failure, match="carries 0 of 1; "):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key])


def test_g2_what_is_verified_is_what_is_archived_wherever_the_branch_has_moved(
    task: Task, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = task.upstream.commit({"file": b"signed"}, signer=signers.alice)
    complete = transfer._complete  # noqa: SLF001 -- the moment between verification and the tree's transfer

    def move_first(*args: object, **kwargs: object) -> None:
        task.upstream.commit({"file": b"unsigned"})
        complete(*args, **kwargs)

    monkeypatch.setattr(transfer, "_complete", move_first)
    outcome = task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key], archive=task.archive)
    assert outcome.commit == signed
    with tarfile.open(task.archive) as tar:
        assert tar.extractfile("file").read() == b"signed"


def test_g3_a_shallow_upstream_that_withholds_its_head_is_refused(task: Task) -> None:
    task.upstream.commit()
    processed = task.process()
    head = task.upstream.commit()
    (task.upstream.path / "shallow").write_text(f"{head}\n")
    with pytest.raises(Failure, match="shallow"):
        task.poll(last_commit=processed)


def test_g4_replacement_refs_and_grafts_swap_no_tree(task: Task, signers: Signers) -> None:
    signed = task.upstream.commit({"file": b"signed"}, signer=signers.alice)
    other = task.upstream.commit({"file": b"swapped"}, parents=[], branch="other")
    task.upstream.point(f"refs/replace/{signed}", other)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "archive": task.archive}
    task.poll(**params)

    cache = Repository(task.git_dir)
    cache.git("fetch", "--quiet", str(task.upstream.path), "refs/heads/other")
    cache.point(f"refs/replace/{signed}", other)
    (task.git_dir / "info" / "grafts").write_text(f"{signed} {other}\n")
    task.archive.unlink()
    outcome = task.poll(**params)

    assert outcome.commit == signed
    with tarfile.open(task.archive) as tar:
        assert tar.extractfile("file").read() == b"signed"


def test_g4_a_graft_turns_no_forced_push_into_a_descent(task: Task) -> None:
    task.upstream.commit()
    processed = task.process()
    unrelated = task.upstream.commit(parents=[])
    (task.git_dir / "info" / "grafts").write_text(f"{unrelated} {processed}\n")
    with pytest.raises(Failure, match=f"{unrelated} does not descend from {processed}"):
        task.poll(last_commit=processed)


def merge_of_an_old_branch(upstream: Repository) -> tuple[str, list[str]]:
    """Return the head before, and the new commits: two on the side, from before the head, and their merge."""
    root = upstream.commit()
    upstream.point("refs/heads/side", root)
    before = upstream.commit()
    side = [upstream.commit(branch="side"), upstream.commit(branch="side")]
    merge = upstream.commit(parents=[before, side[-1]])
    return before, [*side, merge]


def test_g5_oldest_never_acts_on_a_merged_side_commit(task: Task) -> None:
    before, new = merge_of_an_old_branch(task.upstream)
    outcome = task.poll(last_commit=before, select="oldest")
    assert (outcome.commit, outcome.commits) == (new[-1], tuple(new))


@pytest.mark.parametrize("verify", ["tip", "every"])
@pytest.mark.parametrize("between", [0, 1, 2])
def test_g5_oldest_acts_on_a_merge_that_has_the_last_commit_on_its_other_side(
    task: Task, verify: str, between: int
) -> None:
    root = task.upstream.commit()
    last = side = task.upstream.commit(parents=[root])
    for _number in range(between):
        side = task.upstream.commit(parents=[side], branch="side")
    foreign = task.upstream.commit(parents=[root], branch="foreign")
    merge = task.upstream.commit(parents=[foreign, side])
    head = task.upstream.commit(parents=[merge])
    outcome = task.poll(last_commit=last, select="oldest", verify=verify)
    assert (outcome.commit, outcome.head) == (merge, head)


def test_g5_every_verifies_merged_side_commits_too(task: Task, signers: Signers) -> None:
    before, [first, second, merge] = merge_of_an_old_branch(task.upstream)
    task.upstream.note(merge, signers.alice)
    task.upstream.note(second, signers.alice)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "verify": "every"}
    for select in ("head", "oldest"):
        with pytest.raises(Failure, match=f"commit {first} carries 0 of 1"):
            task.poll(last_commit=before, select=select, **params)
    task.upstream.note(first, signers.alice)
    assert task.poll(last_commit=before, select="oldest", **params).commit == merge


def test_g5_a_foxtrot_merge_leads_on_from_its_second_parent(task: Task) -> None:
    task.upstream.commit()
    root = task.upstream.head()
    before = task.upstream.commit()
    aside = task.upstream.commit(parents=[root], branch="aside")
    merge = task.upstream.commit(parents=[aside, before])
    head = task.upstream.commit()
    assert task.poll(last_commit=before, select="oldest").commit == merge
    task.record(merge)
    assert task.poll(last_commit=merge, select="oldest").commit == head


@pytest.mark.parametrize("select", ["head", "oldest"])
@pytest.mark.parametrize("verify", ["tip", "every"])
def test_g6_a_commit_with_a_bad_signature_only_is_never_returned(
    task: Task, signers: Signers, select: str, verify: str
) -> None:
    commit = task.upstream.commit(signer=signers.bob)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "select": select, "verify": verify}
    with pytest.raises(Failure, match=rf"required_signatures: .*{commit}") as raised:
        task.poll(**params, archive=task.archive)
    assert "commit" not in raised.value.result
    waiting = task.poll(**params, archive=task.archive, on_insufficient_signatures="wait")
    assert (waiting.changed, waiting.status, waiting.commit, waiting.archive) == (False, "awaiting_signatures", "", "")
    assert not task.archive.exists()


def test_g7_git_python_reads_no_object(task: Task, tmp_path: Path) -> None:
    upstream = Repository(tmp_path / "sha256.git", "sha256")
    commit = upstream.commit({"file": b"x"})
    assert task.poll(repo=upstream.path, archive=task.archive).commit == commit


@pytest.mark.parametrize(
    ("author", "message"),
    [
        (b"\x1b[31mE <e@x>", b"\x1b]0;title\x07"),
        (b"\xff\xfe <\xff>", b"\xff\xfe"),
        (b"A <a@x> 99999999999999999999 +9999\nx", b"m"),
        (b"", b""),
        (b"no brackets", b"\xe2\x80\xae reversed"),
    ],
)
def test_g8_hostile_words_are_cleaned_and_no_traceback(task: Task, author: bytes, message: bytes) -> None:
    tree = task.upstream.tree({"file": b"x"}).encode()
    raw = b"tree %b\nauthor %b 1 +0000\ncommitter C <c@x> -1 +0000\n\n%b\n" % (tree, author, message)
    commit = task.upstream.raw_commit(raw)
    try:
        outcome = task.poll()
    except Failure as failure:  # git itself disapproves of some of these
        shown = str(failure)
    else:
        assert outcome.commit == commit
        shown = outcome.subject + outcome.author + outcome.committed_at
    assert shown.isprintable()


@pytest.mark.parametrize(
    "params", [{}, {"select": "oldest"}, {"verify": "every"}, {"select": "oldest", "verify": "every"}]
)
@pytest.mark.parametrize("known", [True, False])
def test_a_head_that_is_no_commit_is_refused(
    task: Task,
    params: dict[str, str],
    known: bool,
) -> None:
    commit = task.upstream.commit()
    last = task.process() if known else ""
    tag = task.upstream.object("tag", f"object {commit}\ntype commit\ntag x\ntagger A <a@x> 1 +0000\n\nm\n".encode())
    (task.upstream.path / "refs/heads/main").write_text(f"{tag}\n")
    with pytest.raises(Failure, match=rf"{tag} is not a commit"):
        task.poll(last_commit=last, **params)
