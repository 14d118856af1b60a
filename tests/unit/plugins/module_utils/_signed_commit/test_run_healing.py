# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server offers at one poll is no hindrance to the next one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

OURS = {f"refs/flant_gitops/{name}" for name in ("branch", "signatures", "whole", "folders")}
SIGNATURES = "refs/tags/latest-signature"


def refs(repository: Repository) -> set[str]:
    return set(repository.git("for-each-ref", "--format=%(refname)").split())


@pytest.fixture
def trusting(signers: Signers) -> dict[str, object]:
    return {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}


@pytest.mark.parametrize("name", ["/x", "/x/y", "-of-old", "2", "-of-old/x", "/x.y"])
def test_t17_a_ref_that_only_begins_like_the_signatures_ref_is_not_fetched(
    task: Task, signers: Signers, trusting: dict[str, object], name: str
) -> None:
    first = task.upstream.commit(signer=signers.alice)
    other = task.upstream.commit(branch="other")
    task.upstream.point(SIGNATURES + name, other)
    assert task.process(**trusting) == first
    assert refs(task.cache) <= OURS
    assert other not in task.cache.git("cat-file", "--batch-all-objects", "--batch-check")
    task.upstream.git("update-ref", "-d", SIGNATURES + name)
    second = task.upstream.commit()
    task.upstream.note(second, signers.alice)
    assert task.process(last_commit=first, **trusting) == second


def test_t17_a_signatures_ref_may_come_go_and_become_the_beginning_of_others(
    task: Task, signers: Signers, trusting: dict[str, object]
) -> None:
    last = ""
    for _round in range(2):
        commit = task.upstream.commit()
        task.upstream.note(commit, signers.alice)
        last = task.process(last_commit=last, **trusting)
        task.upstream.git("update-ref", "-d", SIGNATURES)
        task.upstream.point(f"{SIGNATURES}/x", commit)
        assert task.poll(last_commit=last, **trusting).status == "unchanged"
        assert "refs/flant_gitops/signatures" not in refs(task.cache)
        task.upstream.git("update-ref", "-d", f"{SIGNATURES}/x")


def a_folder(ref: Path) -> None:
    ref.unlink(missing_ok=True)
    (ref / "x").mkdir(parents=True)
    (ref / "x" / "y").write_text("1" * 40)


def nothing(ref: Path) -> None:
    ref.write_bytes(b"")


def no_id(ref: Path) -> None:
    ref.write_bytes(b"\xff\0not an id")


def a_link(ref: Path) -> None:
    ref.unlink(missing_ok=True)
    ref.symlink_to("/etc/passwd")


def a_longer_name(ref: Path) -> None:
    ref.with_name(f"{ref.name}-of-old").write_text("1" * 40)


@pytest.mark.parametrize("leave", [a_folder, nothing, no_id, a_link, a_longer_name])
@pytest.mark.parametrize("ref", sorted(OURS))
def test_t17_refs_that_were_left_in_git_dir_are_mended(
    task: Task, signers: Signers, trusting: dict[str, object], ref: str, leave: Callable[[Path], None]
) -> None:
    first = task.upstream.commit()
    task.upstream.note(first, signers.alice)
    task.process(archive=task.archive, **trusting)
    leave(task.git_dir / ref)
    assert task.poll(last_commit=first, **trusting).status == "unchanged"
    assert refs(task.cache) <= OURS
    second = task.upstream.commit()
    task.upstream.note(second, signers.alice)
    leave(task.git_dir / ref)
    assert task.process(last_commit=first, archive=task.archive, **trusting) == second
    assert refs(task.cache) == OURS


@pytest.mark.parametrize("kind", ["blob", "tree", "tag of a blob", "tag of a tree", "tag of a tag"])
@pytest.mark.parametrize("ref", ["refs/heads/main", SIGNATURES])
def test_t17_a_ref_that_named_another_kind_of_object_is_no_hindrance_afterwards(
    task: Task, signers: Signers, trusting: dict[str, object], ref: str, kind: str
) -> None:
    first = task.upstream.commit(signer=signers.alice)
    task.upstream.publish(task.upstream.notes({"x": b"y"}))
    last = task.process(**trusting)
    blob = task.upstream.object("blob", b"x")
    tree = task.upstream.tree({"x": b"y"})
    hostile = {
        "blob": blob,
        "tree": tree,
        "tag of a blob": task.upstream.tag(blob, "blob"),
        "tag of a tree": task.upstream.tag(tree, "tree"),
        "tag of a tag": task.upstream.tag(task.upstream.tag(first, "commit"), "tag"),
    }
    task.upstream.point(ref, hostile[kind])
    try:
        assert task.poll(last_commit=last, **trusting).status == "unchanged"
    except Failure as failure:
        assert str(failure).startswith(("branch: ", "repo: "))  # noqa: PT017 -- some of them are let through
    task.upstream.point("refs/heads/main", first)
    second = task.upstream.commit()
    task.upstream.note(second, signers.alice)
    assert task.process(last_commit=last, archive=task.archive, **trusting) == second


def test_t17_a_cache_of_the_version_before_is_taken_over(
    task: Task, signers: Signers, trusting: dict[str, object]
) -> None:
    first = task.upstream.commit()
    task.upstream.note(first, signers.alice)
    task.process(**trusting)
    (task.git_dir / "HEAD").write_text("ref: refs/heads/master\n")
    shutil.copy(task.git_dir / "refs/flant_gitops/signatures", task.git_dir / "refs/flant_gitops/signatures-of-old")
    second = task.upstream.commit()
    task.upstream.note(second, signers.alice)
    assert task.process(last_commit=first, **trusting) == second
