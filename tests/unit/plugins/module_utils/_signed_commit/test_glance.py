# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a poll would come to what an earlier one came to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.glance import Seen, glance
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import NAME
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.tests.support.signed_commit import parameters

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


def stands(task: Task, outcome: Outcome, *, counts: bool = True, **params: object) -> bool:
    """Tell whether a poll with ``params`` would come to ``outcome``."""
    given = parameters(repo=task.upstream.path, git_dir=task.git_dir, **params)
    seen = Seen(outcome.status, outcome.head, outcome.signatures_head)
    return glance(Request.from_params(given, check_mode=True), seen, lambda: counts)


def polled_at(task: Task) -> bytes:
    return (task.git_dir / "polled_at").read_bytes()


def remembered(task: Task) -> dict[str, bytes]:
    """Return what the folder holds, less what git leaves of each fetch, and the time of the last answer."""
    passing = ("FETCH_HEAD", "polled_at")
    files = {str(path.relative_to(task.git_dir)): path for path in task.git_dir.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in passing}


def test_a_poll_tells_where_the_signatures_stand_whatever_it_comes_to(task: Task, signers: Signers) -> None:
    trust = {"required_signatures": 2, "trusted_keys": [signers.alice.public_key, signers.bob.public_key]}
    commit = task.upstream.commit(signer=signers.alice)

    def told(**params: object) -> tuple[str, str]:
        outcome = task.poll(**trust, on_insufficient_signatures="wait", **params)
        return outcome.status, outcome.signatures_head

    assert [told(), told()] == [("awaiting_signatures", "")] * 2
    task.upstream.note(commit, signers.bob)
    (signatures,) = task.upstream.git("for-each-ref", "--format=%(objectname)", "refs/tags").split()
    assert told() == ("new", signatures)
    task.record(commit)
    assert [told(last_commit=commit), told(last_commit=commit)] == [("unchanged", signatures)] * 2
    assert task.poll(last_commit=commit).signatures_head == ""


def test_only_an_answer_that_counts_is_written_down(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(last_commit=commit)
    (task.git_dir / "polled_at").write_bytes(b"2026-01-01T00:00:00Z\n")
    assert not stands(task, outcome, counts=False, last_commit=commit)
    assert polled_at(task) == b"2026-01-01T00:00:00Z\n"
    assert stands(task, outcome, last_commit=commit)
    assert polled_at(task) != b"2026-01-01T00:00:00Z\n"


def test_what_is_new_is_neither_kept_nor_chosen(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(last_commit=commit)
    new = task.upstream.commit()
    before = remembered(task)
    assert not stands(task, outcome, last_commit=commit)
    assert remembered(task) == before
    assert task.poll(last_commit=commit).commit == new


def test_another_last_commit_than_the_ratchets_is_no_quiet_branch(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(last_commit=commit)
    assert stands(task, outcome, last_commit=commit)
    task.reset()
    assert not stands(task, outcome, last_commit=commit)


def test_a_branch_whose_commit_is_due_once_more_is_no_quiet_one(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(last_commit=commit)
    assert stands(task, outcome, last_commit=commit, rerun_after="1h")
    recorded = (task.git_dir / NAME).stat().st_mtime
    os.utime(task.git_dir / NAME, (recorded - 3600, recorded - 3600))
    assert not stands(task, outcome, last_commit=commit, rerun_after="1h")
    assert stands(task, outcome, last_commit=commit)


def test_a_server_that_gives_no_answer_is_told(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(last_commit=commit)
    task.upstream.path.rename(task.folder / "elsewhere")
    with pytest.raises(Failure):
        stands(task, outcome, last_commit=commit)
