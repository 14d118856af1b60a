# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit's whole way: polled, verified, archived, recorded."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


@pytest.fixture(params=["sha1", "sha256"])
def upstream(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream.git", request.param)


def test_g7_a_signed_commit_of_either_object_format_is_archived_and_recorded(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit({"folder/file": b"content\n", "run*": b"#!/bin/sh\n"}, signer=signers.alice)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "archive": task.archive}

    first = task.poll(**params)
    recorded = task.record(commit)
    second = task.poll(**params, last_commit=commit)

    assert (first.changed, first.status, first.commit, first.previous_commit) == (True, "new", commit, "")
    assert [signature["fingerprint"] for signature in first.signatures] == [signers.alice.fingerprint]
    assert (first.verified_signatures, first.required_signatures) == (1, 1)
    with tarfile.open(task.archive) as tar:
        assert {member.name: member.mode for member in tar} == {"folder": 0o755, "folder/file": 0o644, "run": 0o755}
    assert stat.S_IMODE(task.archive.stat().st_mode) == 0o600
    assert (recorded.changed, recorded.status, recorded.commit) == (True, "recorded", commit)
    assert Path(first.superseded).exists()
    assert (second.changed, second.status, second.commit, second.head) == (False, "unchanged", commit, commit)
    assert not Path(second.superseded).exists()


def test_what_is_new_is_reported_oldest_first(task: Task) -> None:
    first = task.upstream.commit()
    assert task.poll().commits == (first,)
    task.record(first)
    new = tuple(task.upstream.commit() for _index in range(4))
    assert task.poll(last_commit=first).commits == new
    assert task.poll(last_commit=first, max_commits=2).commits == new[-2:]


def test_without_a_last_commit_the_head_alone_is_new(task: Task) -> None:
    task.upstream.commit()
    head = task.upstream.commit()
    assert task.poll().commits == (head,)
    assert task.poll(select="oldest").commits == (head,)


def test_the_commits_words_are_reported(task: Task) -> None:
    task.upstream.commit(message="Raise the limits\n\nThey were low.")
    outcome = task.poll()
    assert (outcome.subject, outcome.author) == ("Raise the limits", "A. Author <author@example.test>")
    assert outcome.committed_at == "2023-11-14T22:13:20Z"
    assert outcome.tree == task.upstream.git("rev-parse", f"{outcome.commit}^{{tree}}")


def test_check_mode_verifies_but_writes_and_remembers_nothing(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    outcome = task.poll(**params, archive=task.archive, check_mode=True)
    assert (outcome.changed, outcome.commit, outcome.archive) == (True, commit, "")
    assert not task.archive.exists()

    recorded = task.record(commit, check_mode=True)
    reset = task.reset(commit, check_mode=True)
    assert (recorded.changed, reset.changed) == (True, True)
    assert task.poll(**params).previous_commit == ""
    given = task.poll(last_commit=commit, check_mode=True)
    assert given.status == "unchanged"
    assert task.poll().previous_commit == ""


def test_check_mode_fails_where_a_run_would(task: Task, signers: Signers) -> None:
    task.upstream.commit()
    with pytest.raises(Failure, match="required_signatures"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key], check_mode=True)


def test_recording_twice_changes_nothing(task: Task) -> None:
    commit = task.process() if task.upstream.commit() else ""
    again = task.record(commit)
    assert (again.changed, again.status, again.commit, again.previous_commit) == (False, "recorded", commit, commit)


def test_an_upper_case_id_is_the_same_id(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    assert task.poll(last_commit=commit.upper()).status == "unchanged"
