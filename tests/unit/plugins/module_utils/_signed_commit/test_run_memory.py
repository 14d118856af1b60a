# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going on from what was processed, and never back."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task


def test_a_caller_who_forgot_goes_on_from_what_is_remembered(task: Task) -> None:
    task.upstream.commit()
    processed = task.process()
    quiet = task.poll()
    assert (quiet.status, quiet.commit, len(quiet.warnings)) == ("unchanged", processed, 1)
    head = task.upstream.commit()
    outcome = task.poll()
    assert (outcome.commit, outcome.previous_commit, outcome.commits) == (head, processed, (head,))
    assert processed in outcome.warnings[0]


def test_a_caller_with_an_older_commit_goes_on_from_what_is_remembered(task: Task) -> None:
    old = task.upstream.commit()
    task.process()
    task.upstream.commit()
    processed = task.process(last_commit=old)
    outcome = task.poll(last_commit=old)
    assert (outcome.status, outcome.previous_commit) == ("unchanged", processed)
    assert old in outcome.warnings[0]
    assert processed in outcome.warnings[0]


def test_what_a_caller_knows_is_the_start_where_nothing_is_remembered(task: Task) -> None:
    known = task.upstream.commit()
    before = task.poll().superseded
    head = task.upstream.commit()
    assert task.poll(last_commit=known).commit == head
    assert Path(before).exists()
    assert task.poll().previous_commit == known
    assert task.show().commit == known


@pytest.mark.parametrize("pushed", [True, False])
@pytest.mark.parametrize("head_is_claimed", [True, False])
def test_g11_a_claim_newer_than_what_is_remembered_is_refused_and_moves_nothing(
    task: Task, head_is_claimed: bool, pushed: bool
) -> None:
    task.upstream.commit()
    remembered = task.process()
    claimed = task.upstream.commit()
    if not head_is_claimed:
        task.upstream.commit()
    if pushed:
        task.poll(last_commit=remembered)
    superseded = task.show().superseded
    for check_mode in (True, False):
        with pytest.raises(Failure, match=rf"^last_commit: {claimed} .*{remembered}.* reset .*{claimed}.*{remembered}"):
            task.poll(last_commit=claimed, archive=task.archive, check_mode=check_mode)
    assert (task.show().commit, task.show().superseded) == (remembered, superseded)
    assert not task.archive.exists()
    task.reset(claimed)
    assert task.poll(last_commit=claimed).previous_commit == claimed


def test_g11_a_claim_that_nobody_knows_is_refused_where_something_is_remembered(task: Task) -> None:
    task.upstream.commit()
    remembered = task.process()
    with pytest.raises(Failure, match=rf"^last_commit: {'a' * 40} .*{remembered}"):
        task.poll(last_commit="a" * 40)
    task.upstream.commit()
    with pytest.raises(Failure, match=rf"^last_commit: {'a' * 40} .*{remembered}"):
        task.poll(last_commit="a" * 40)
    assert task.show().commit == remembered


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_forced_push_never_runs(task: Task, forgotten: bool) -> None:
    root = task.upstream.commit()
    task.upstream.commit()
    processed = task.process()
    other = task.upstream.commit(parents=[root])
    with pytest.raises(Failure, match=rf"^branch: .*{other} .*{processed}.*action: reset"):
        task.poll(last_commit="" if forgotten else processed)


def test_a_rollback_never_runs(task: Task) -> None:
    root = task.upstream.commit()
    task.upstream.commit()
    processed = task.process()
    task.upstream.point("refs/heads/main", root)
    with pytest.raises(Failure, match=rf"^branch: .*{root} .*{processed}"):
        task.poll(last_commit=processed)


def test_a_last_commit_that_nobody_knows_is_refused(task: Task) -> None:
    head = task.upstream.commit()
    with pytest.raises(Failure, match=rf"^last_commit: {'a' * 40} .*{head}"):
        task.poll(last_commit="a" * 40)
    with pytest.raises(Failure, match=r"^last_commit: "):
        task.poll(last_commit="a" * 64)


def test_t13_a_last_commit_unrelated_to_what_is_remembered_is_refused(task: Task) -> None:
    task.upstream.commit()
    processed = task.process()
    task.upstream.commit()
    other = task.upstream.commit(parents=[], branch="other")
    with pytest.raises(Failure, match=rf"^last_commit: {other} .*{processed}.*action: reset"):
        task.poll(last_commit=other)


@pytest.mark.parametrize("content", [b"", b"none", b"\0" * 41])
def test_t13_a_lost_memory_is_refused_until_it_is_reset(task: Task, content: bytes) -> None:
    task.upstream.commit()
    commit = task.process()
    (task.git_dir / "last_commit").write_bytes(content)
    for refused in (lambda: task.poll(last_commit=commit), lambda: task.record(commit)):
        with pytest.raises(Failure, match=r"^git_dir: .*last_commit.*action: reset"):
            refused()
    assert task.reset(commit).changed
    assert task.poll(last_commit=commit).status == "unchanged"


def test_t13_a_memory_that_was_removed_is_refused(task: Task) -> None:
    task.upstream.commit()
    task.process()
    (task.git_dir / "last_commit").unlink()
    with pytest.raises(Failure, match=r"^git_dir: "):
        task.poll()


def test_recording_an_older_commit_keeps_the_newer_one(task: Task) -> None:
    old = task.upstream.commit()
    task.poll()
    new = task.upstream.commit()
    task.process()
    outcome = task.record(old)
    assert (outcome.changed, outcome.commit, outcome.previous_commit) == (False, new, new)
    assert old in outcome.warnings[0]


def test_recording_a_commit_beside_the_remembered_one_is_refused(task: Task) -> None:
    root = task.upstream.commit()
    other = task.upstream.commit()
    task.poll()
    task.upstream.commit(parents=[root])
    processed = task.process()
    with pytest.raises(Failure, match=rf"^last_commit: {other} .*{processed}"):
        task.record(other)


def test_recording_what_git_dir_does_not_hold_is_refused(task: Task) -> None:
    task.upstream.commit()
    with pytest.raises(Failure, match=f"^last_commit: {'a' * 40} cannot be recorded"):
        task.record("a" * 40)
    task.poll()
    with pytest.raises(Failure, match=f"^last_commit: {'a' * 40} cannot be recorded"):
        task.record("a" * 40)


def test_t13_after_a_wanted_rewrite_a_reset_goes_on_with_the_new_history(task: Task) -> None:
    root = task.upstream.commit()
    task.upstream.commit()
    task.process()
    other = task.upstream.commit(parents=[root])
    before = task.poll_refused()
    reset = task.reset(root)
    assert (reset.changed, reset.status, reset.commit) == (True, "recorded", root)
    assert before.startswith("branch: ")
    outcome = task.poll(last_commit=root, archive=task.archive)
    assert (outcome.commit, outcome.previous_commit) == (other, root)


def test_a_reset_supersedes_what_was_polled_before_even_if_nothing_changes(task: Task) -> None:
    commit = task.upstream.commit()
    task.process()
    before = task.poll(last_commit=commit).superseded
    outcome = task.reset(commit)
    assert not outcome.changed
    assert Path(before).exists()
    assert not Path(outcome.superseded).exists()


def test_a_reset_to_nothing_forgets_everything_but_what_is_superseded(task: Task) -> None:
    commit = task.upstream.commit()
    task.process()
    before = task.poll(last_commit=commit).superseded
    outcome = task.reset()
    assert (outcome.changed, outcome.commit, outcome.previous_commit) == (True, "", commit)
    assert Path(before).exists()
    again = task.poll()
    assert (again.status, again.commit, again.warnings) == ("new", commit, ())


def test_a_reset_needs_no_repository(task: Task) -> None:
    commit = task.upstream.commit()
    task.reset(commit)
    assert task.poll(last_commit=commit).status == "unchanged"


def test_a_reset_takes_a_commit_that_is_still_to_come(task: Task) -> None:
    task.upstream.commit()
    task.process()
    new = task.upstream.commit()
    task.reset(new)
    assert task.poll(last_commit=new).status == "unchanged"


def test_t16_a_new_object_format_is_refused_until_a_reset(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    task.upstream.path.rename(task.folder / "old.git")
    changed = Repository(task.upstream.path, "sha256")
    new = changed.commit()
    with pytest.raises(Failure, match=r"^repo: .*object format.*action: reset"):
        task.poll(last_commit=commit)
    task.reset()
    assert task.poll().commit == new


def test_t16_a_reset_to_a_commit_of_the_new_object_format_is_enough(task: Task) -> None:
    task.upstream.commit()
    task.process()
    task.upstream.path.rename(task.folder / "old.git")
    changed = Repository(task.upstream.path, "sha256")
    old = changed.commit()
    new = changed.commit()
    task.reset(old)
    assert task.poll(last_commit=old).commit == new


def test_a_call_waits_for_another_one_on_the_same_folder(task: Task) -> None:
    task.upstream.commit()
    task.poll()
    ends = []

    def poll() -> None:
        task.poll()
        ends.append(time.monotonic())

    with (task.git_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=poll)
        thread.start()
        time.sleep(0.3)
        assert not ends
        fcntl.flock(lock, fcntl.LOCK_UN)
        thread.join(30)
    assert ends
